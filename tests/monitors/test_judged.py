"""Judgements of the past beside what late data make of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.monitors.backtest import backtest
from watchkeeper.monitors.judged import KEPT, Track, amended, asked_of, noted
from watchkeeper.monitors.rule import Observation, Rule, Truth
from watchkeeper.monitors.truths import ERROR, FALSE, NO_DATA, TRUE

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = Rule("Low", "f1 < 0.9", for_=2 * HOUR)
CODES = {Truth.TRUE: TRUE, Truth.FALSE: FALSE, Truth.NO_DATA: NO_DATA, Truth.ERROR: ERROR}
truths = st.sampled_from(list(Truth))


def seen(found: list[Truth]) -> list[Observation]:
    """An evaluation each hour."""
    return [Observation(NOON + n * HOUR, one, value=float(n)) for n, one in enumerate(found)]


def firing(found: list[Truth]) -> set[datetime]:
    """The hours at which an alert with these evaluations fires."""
    times = np.array([np.datetime64((NOON + n * HOUR).replace(tzinfo=None), "s")
                      for n in range(len(found))])  # fmt: skip
    codes = np.array([CODES[one] for one in found], dtype=np.int8)
    firings = backtest(RULE, codes, None, times).firings
    hours = [NOON + n * HOUR for n in range(len(found))]
    return {
        at for at in hours for one in firings
        if one.fired_at <= at and (one.until is None or at < one.until)
    }  # fmt: skip


@given(st.lists(st.tuples(truths, truths), min_size=1, max_size=30), st.data())
def test_every_change_from_or_to_true_is_told_once(
    pairs: list[tuple[Truth, Truth]], data: st.DataObject
) -> None:
    """In stretches that do not overlap; nothing else is told, and a second look tells nothing."""
    before = [one for one, _ in pairs]
    again = data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    after = [new if anew else old for (old, new), anew in zip(pairs, again, strict=True)]
    track = noted(Track(asked_of(RULE)), seen(before))
    late = {
        int(one.at.timestamp()): one for one, anew in zip(seen(after), again, strict=True) if anew
    }
    done = amended(track, late, RULE)
    told: list[datetime] = []
    for one in done.amendments:
        count = (one.until - one.at) // HOUR + 1
        stretch = [one.at + n * HOUR for n in range(count)]
        places = [(at - NOON) // HOUR for at in stretch]
        assert {before[n] for n in places} == {one.before}
        assert {after[n] for n in places} == {one.after}
        fired = [bool(firing(which) & set(stretch)) for which in (before, after)]
        wanted = {(False, True): "would_have_fired", (True, False): "would_not_have_fired"}
        assert one.effect == wanted.get((fired[0], fired[1]), "")
        told += stretch
    changed = [
        NOON + n * HOUR for n, (old, new) in enumerate(zip(before, after, strict=True))
        if old is not new and Truth.TRUE in (old, new)
    ]  # fmt: skip
    assert told == changed
    assert amended(done.track, late, RULE).amendments == ()
    assert msgspec.json.decode(msgspec.json.encode(done.track), type=Track) == done.track


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40))
def test_one_judgement_an_hour_is_kept(minutes: list[int]) -> None:
    """The first of each hour, whether evaluations come together or one by one."""
    moments, at = [], NOON
    for step in minutes:
        at += timedelta(minutes=step)
        moments.append(Observation(at, Truth.FALSE))
    together = noted(Track(""), moments)
    alone = Track("")
    for one in moments:
        alone = noted(alone, [one])
    assert together == alone
    hours = [second // 3600 for second in together.times]
    assert len(set(hours)) == len(hours)
    assert set(hours) == {int(one.at.timestamp()) // 3600 for one in moments}


def test_what_is_too_old_is_forgotten() -> None:
    """A track is no longer than a judgement may be amended."""
    moments = [Observation(NOON + n * HOUR, Truth.FALSE) for n in range(KEPT // HOUR + 100)]
    track = noted(Track(""), moments)
    assert len(track.times) == len(track.truths) == len(track.values) == KEPT // HOUR + 1
