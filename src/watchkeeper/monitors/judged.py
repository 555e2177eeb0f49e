"""What a rule's condition was found to be in the past, and what late data make of it.

An evaluation answers for the data that were there. Labels come days later; the same windows then
say something else. What was found is kept by the hour, so that the two can be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from watchkeeper.core.estimate import finite
from watchkeeper.core.windows import from_seconds
from watchkeeper.monitors.backtest import backtest
from watchkeeper.monitors.rule import Observation, Rule, Truth
from watchkeeper.monitors.truths import ERROR, FALSE, NO_DATA, TRUE, Truths

KEPT: Final = timedelta(days=35)
"""So long a judgement may be amended."""

_LETTERS: Final = {Truth.TRUE: "t", Truth.FALSE: "f", Truth.NO_DATA: "n", Truth.ERROR: "e"}
_TRUTHS: Final = {letter: truth for truth, letter in _LETTERS.items()}
_CODES: Final = {"t": TRUE, "f": FALSE, "n": NO_DATA, "e": ERROR}

Effect = Literal["would_have_fired", "would_not_have_fired", ""]
"""What an amended judgement would have made of the alert; empty where it is as it was."""


class Track(msgspec.Struct, frozen=True, omit_defaults=True):
    """The judgements of one alert of a rule, one an hour.

    Attributes
    ----------
    asked
        What was asked: another condition begins anew.
    times
        Of evaluation, in seconds since 1970, ascending.
    truths
        A letter each: t(rue), f(alse), n(o data), e(rror).
    values
        The number that was compared.
    """

    asked: str
    times: tuple[int, ...] = ()
    truths: str = ""
    values: tuple[float | None, ...] = ()


class Amendment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of evaluations that late data have changed.

    Attributes
    ----------
    at, until
        The first and the last of them.
    before, after
        What the condition was found to be, and what it is.
    value_before, value
        The number that was compared at the last of them.
    effect
        What it would have made of the alert. Nobody is told: it is past.
    """

    at: datetime
    until: datetime
    before: Truth
    after: Truth
    value_before: float | None = None
    value: float | None = None
    effect: Effect = ""


@dataclass(frozen=True, slots=True)
class Amended:
    """A track, and what has changed in it."""

    track: Track
    amendments: tuple[Amendment, ...] = ()


def asked_of(rule: Rule) -> str:
    """What a rule asks, so that the answers of another condition are not compared.

    >>> asked_of(Rule("Low", "f1 < 0.9")) == asked_of(Rule("Low", "f1 < 0.8"))
    False
    """
    return f"{rule.expr}|{rule.window}|{rule.min_rows}|{rule.calendar}"


def noted(track: Track, seen: Sequence[Observation]) -> Track:
    """A track with the first evaluation of each hour that is new, without what is too old.

    Examples
    --------
    >>> from datetime import UTC
    >>> hours = [datetime(2026, 1, 1, 12, minute, tzinfo=UTC) for minute in (0, 1)]
    >>> found = noted(Track(""), [Observation(at, Truth.TRUE, value=0.5) for at in hours])
    >>> len(found.times), found.truths, found.values
    (1, 't', (0.5,))
    """
    times, truths, values = list(track.times), list(track.truths), list(track.values)
    for one in seen:
        at = int(one.at.timestamp())
        if times and at // 3600 <= times[-1] // 3600:
            continue
        times.append(at)
        truths.append(_LETTERS[one.truth])
        values.append(None if one.value is None else finite(one.value))
    first = int(np.searchsorted(times, times[-1] - KEPT // timedelta(seconds=1))) if times else 0
    return Track(track.asked, tuple(times[first:]), "".join(truths[first:]), tuple(values[first:]))


def amended(track: Track, again: Mapping[int, Observation], rule: Rule) -> Amended:
    """A track with evaluations of the past as they are now.

    What had no data and is now fine is put right without a word.

    Parameters
    ----------
    track
        What was found.
    again
        What is found now, by the time in seconds; other times stay as they are.
    rule
        The rule, for what the alert would have done.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> track = noted(Track(""), [Observation(at, Truth.NO_DATA)])
    >>> late = {int(at.timestamp()): Observation(at, Truth.TRUE, value=0.7)}
    >>> (one,) = amended(track, late, Rule("Low", "f1 < 0.9")).amendments
    >>> str(one.before), str(one.after), one.value, one.effect
    ('no_data', 'true', 0.7, 'would_have_fired')
    """
    truths, values = list(track.truths), list(track.values)
    for place, at in enumerate(track.times):
        if (now := again.get(at)) is not None:
            truths[place] = _LETTERS[now.truth]
            values[place] = None if now.value is None else finite(now.value)
    after = Track(track.asked, track.times, "".join(truths), tuple(values))
    return Amended(after, _amendments(track, after, rule))


def _amendments(before: Track, after: Track, rule: Rule) -> tuple[Amendment, ...]:
    """Stretches in which the condition is another one, and true on one side."""
    pairs = list(zip(before.truths, after.truths, strict=True))
    found = []
    place = 0
    for (old, new), run in groupby(pairs):
        length = len(list(run))
        last = place + length - 1
        if old != new and "t" in (old, new):
            found.append((place, last))
        place += length
    if not found:
        return ()
    fired = [_fired(track, rule) for track in (before, after)]
    return tuple(
        Amendment(
            _moment(before.times[first]),
            _moment(before.times[last]),
            _TRUTHS[before.truths[first]],
            _TRUTHS[after.truths[first]],
            before.values[last],
            after.values[last],
            _effect(*(bool(one[first : last + 1].any()) for one in fired)),
        )
        for first, last in found
    )


def _effect(before: bool, after: bool) -> Effect:  # noqa: FBT001  # a pair
    if before == after:
        return ""
    return "would_have_fired" if after else "would_not_have_fired"


def _fired(track: Track, rule: Rule) -> npt.NDArray[np.bool_]:
    """At which times the alert would have fired, had these been its evaluations."""
    times = np.array(track.times, dtype="datetime64[s]")
    codes: Truths = np.array([_CODES[letter] for letter in track.truths], dtype=np.int8)
    found = np.zeros(times.size, dtype=np.bool_)
    for one in backtest(rule, codes, None, times).firings:
        first, until = (
            None if end is None else np.datetime64(int(end.timestamp()), "s")
            for end in (one.fired_at, one.until)
        )
        found |= (times >= first) & (True if until is None else times < until)
    return found


def _moment(seconds: int) -> datetime:
    return from_seconds(seconds)
