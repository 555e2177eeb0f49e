"""A back-test is the state machine, faster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.backtest import Firing, Firings, Span, backtest
from watchkeeper.monitors.machine import step
from watchkeeper.monitors.rule import Observation, Rule
from watchkeeper.monitors.truths import BY_CODE

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = {"model": "flights"}


def hours(count, gaps=None):
    """Times of evaluation, an hour or some hours apart."""
    apart = np.ones(count, dtype=int) if gaps is None else np.resize(gaps, count)
    return np.datetime64("2026-01-01T00:00:00", "s") + 3600 * (np.cumsum(apart) - apart[0])


def stepped(rule, truth, clear, times, values):
    """The same by stepping the machine, from what it remembers and hands on."""
    instance, pending, told, flapped, firings = None, 0, 0, 0, []
    spans = {"NoData": [], "EvaluationError": []}
    for place, time in enumerate(times.tolist()):
        at = time.replace(tzinfo=UTC)
        code = None if clear is None else BY_CODE[clear[place]]
        seen = Observation(at, BY_CODE[truth[place]], code, float(values[place]))
        before, done = instance, step(instance, seen, rule, LABELS, {})
        instance = done.instance
        fires, fired = bool(instance and instance.fires), bool(before and before.fires)
        if fires and not fired:
            firings.append([instance.active_at, at, None])
        if fired and not fires:
            firings[-1][2] = at
        was_pending = before is not None and before.active_at and not fired
        pending += bool(was_pending and not fires and not (instance and instance.active_at))
        told += bool(instance and instance.told and is_new(before, instance))
        flapped += done.began_flapping
        for alert in done.alerts:
            if alert.name in spans:
                held = [one for one in spans[alert.name] if one[0] != alert.starts_at]
                spans[alert.name] = [*held, (alert.starts_at, alert.ends_at)]
    return firings, pending, told, flapped, spans


def is_new(before, instance):
    """Whether an alert is told as firing that was not."""
    was = before.told if before else None
    return instance.told.until is None and (was is None or was.until is not None)


def compared(found):
    """The parts of a back-test that stepping shows too."""
    firings = [[one.pending_since, one.fired_at, one.until] for one in found.firings]
    spans = {
        name: [(one.start, one.until) for one in found]
        for name, found in (("NoData", found.no_data), ("EvaluationError", found.errors))
    }
    return firings, found.pending, found.told, found.flapped, spans


policies = st.sampled_from(["alert", "keep", "ok"])
rules = st.builds(
    Rule,
    st.just("Low"),
    for_=st.integers(0, 4).map(lambda n: n * HOUR) | st.just(timedelta(milliseconds=500)),
    keep_firing_for=st.integers(0, 4).map(lambda n: n * HOUR),
    no_data=policies,
    on_error=policies,
    no_data_after=st.integers(0, 4),
)


@st.composite
def outcomes(draw):
    """Truths of a rule and of its clear condition, in spells."""
    spells = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), min_size=1, max_size=40)
    truth = np.repeat(*np.array(draw(spells)).T).astype(np.int8)
    if draw(st.booleans()):
        return truth, None
    clear = np.repeat(*np.array(draw(spells)).T).astype(np.int8)
    return truth, np.resize(clear, truth.size)


@given(rules, outcomes(), st.lists(st.integers(1, 5), min_size=1, max_size=9) | st.none())
def test_it_is_what_stepping_gives(rule, outcome, gaps):
    """Firings, pendings, missing data, errors, flaps and who is told, to the last time."""
    truth, clear = outcome
    times = hours(truth.size, gaps)
    values = np.zeros(truth.size)
    found = backtest(rule, truth, clear, times, values)
    firings, pending, told, flapped, spans = stepped(rule, truth, clear, times, values)
    assert compared(found) == (firings, pending, told, flapped, spans)
    assert (found.first, found.evaluations) == (START, truth.size)


@pytest.mark.parametrize("wait", [0, 1])
@pytest.mark.parametrize("policy", ["alert", "ok"])
def test_it_is_what_stepping_gives_for_months(policy, wait):
    """Restless weeks and calm ones, so that flapping comes and goes."""
    rng = np.random.default_rng(7)
    spells = np.concatenate([rng.geometric(p, 150) for p in (0.9, 0.1, 0.5, 0.3)])
    truth, clear = (
        np.repeat(rng.choice(4, spells.size, p=[0.5, 0.44, 0.04, 0.02]), spells).astype(np.int8)
        for _ in range(2)
    )
    rule = Rule("Low", for_=wait * HOUR, no_data=policy)
    times, values = hours(truth.size), np.zeros(truth.size)
    for cleared in (None, clear):
        found = backtest(rule, truth, cleared, times, values)
        assert compared(found) == stepped(rule, truth, cleared, times, values)
        assert found.flapped > 1
        assert found.told < len(found.firings)
        assert found.no_data or policy == "ok"


@pytest.mark.parametrize("held", [2, 3])
def test_what_resolves_for_want_of_clear_is_false_from_then_on(held):
    """So that missing data are counted anew after it, though its own truth never changed."""
    rule = Rule("Low", on_error="ok")
    truth = np.array([1, *[0] * held, 2, 2, 2], dtype=np.int8)
    clear = np.full(truth.size, 3, dtype=np.int8)
    times = hours(truth.size)
    found = backtest(rule, truth, clear, times)
    assert compared(found) == stepped(rule, truth, clear, times, np.zeros(truth.size))
    assert found.no_data == (Span(START + (3 if held == 2 else 5) * HOUR, None),)


def test_the_peak_is_farthest_from_what_is_usual():
    """Above or below; what is undefined counts for nothing."""
    truth = np.array([0, 0, 1, 1, 1, 0, 1, 2, 1], dtype=np.int8)
    values = np.array([0.9, 0.92, 0.8, 0.5, np.nan, 0.9, np.nan, np.nan, np.nan])
    low, none = backtest(Rule("Low"), truth, None, hours(9), values).firings
    assert low == Firing(START + 2 * HOUR, START + 2 * HOUR, START + 5 * HOUR, 0.5)
    assert (none.until, none.peak) == (None, None)
    high = backtest(Rule("High"), truth, None, hours(9), 10 - values).firings[0]
    assert high.peak == 9.5
    assert backtest(Rule("Low"), truth, None, hours(9)).firings[0].peak is None


def test_trouble_is_told_apart():
    """Missing data and errors have their own spans, the last of which may be open."""
    truth = np.array([2, 2, 3, 0, 3, 3], dtype=np.int8)
    found = backtest(Rule("Low"), truth, None, hours(6))
    assert found.no_data == (Span(START + HOUR, START + 2 * HOUR),)
    assert found.errors == (
        Span(START + 2 * HOUR, START + 3 * HOUR),
        Span(START + 5 * HOUR, None),
    )


def test_nothing_is_nothing():
    """No times, no firings."""
    none = np.array([], dtype=np.int8)
    assert backtest(Rule("Low"), none, None, hours(1)[:0]) == Firings("Low", None, None, 0)


def test_what_does_not_fit_is_refused():
    """Lengths that differ, and times that do not ascend."""
    two = np.zeros(2, dtype=np.int8)
    with pytest.raises(InputError, match="2 answers do not belong to 3 times"):
        backtest(Rule("Low"), two, None, hours(3))
    with pytest.raises(InputError, match="must ascend"):
        backtest(Rule("Low"), two, None, hours(2)[::-1])
