"""How an SLO stands: what is left, how fast it burns, how long it lasts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tests.monitors.slo.made import START, answers, events
from watchkeeper.core.windows import Window
from watchkeeper.monitors.slo.status import Condition, slo_status

HOUR = timedelta(hours=1)
HOURS = 30 * 24


def test_a_month_and_a_bad_day():
    """Half the budget spent evenly, then a day at twice the budget: numbers by hand."""
    slo = answers(0.99)
    bad = np.full(HOURS, 5.0)
    bad[-24:] = 20
    found = slo_status(slo, events(bad, np.full(HOURS, 1000.0), HOUR))
    spent = (5 * (HOURS - 24) + 20 * 24) / (0.01 * 1000 * HOURS)
    assert found.remaining == pytest.approx(1 - spent)
    assert (found.bad, found.total) == (5 * (HOURS - 24) + 480, 1000 * HOURS)
    assert found.ratio.value == pytest.approx(1 - spent * 0.01)
    assert found.ratio.low < found.ratio.value < found.ratio.high
    # At twice the budget what is left of the period's lasts half of that share.
    assert found.exhausted_in == slo.period * (found.remaining / 2)
    first, *_, last = found.pairs
    assert first.condition is Condition.FINE
    assert (first.long.value, first.factor) == (pytest.approx(2), pytest.approx(14.4))
    assert (last.condition, last.long.value) == (Condition.FINE, pytest.approx(1))


def test_burning():
    """An hour of nothing but errors burns in the pairs that it fills."""
    bad = np.zeros(HOURS)
    bad[-1] = 1000
    found = slo_status(answers(0.99), events(bad, np.full(HOURS, 1000.0), HOUR))
    assert [pair.condition for pair in found.pairs][:2] == [Condition.BURNING, Condition.BURNING]


def test_no_traffic_says_so():
    """Nothing happened: no number is made up."""
    found = slo_status(answers(), events([0, 0], [0, 0], HOUR))
    assert (found.remaining, found.ratio.value, found.exhausted_in) == (None, None, None)
    assert {pair.condition for pair in found.pairs} == {Condition.NOT_ENOUGH_TRAFFIC}
    assert found.pairs[0].long.note == "no events"


def test_a_spent_budget_lasts_no_time():
    """Beyond the budget there is nothing to wait for."""
    found = slo_status(answers(0.99), events([20.0] * HOURS, [1000.0] * HOURS, HOUR))
    assert found.remaining == pytest.approx(-1)
    assert found.exhausted_in == timedelta()


def test_a_budget_that_lasts():
    """At half the allowed rate the budget outlives the period."""
    found = slo_status(answers(0.99), events([2.0] * HOURS, [1000.0] * HOURS, HOUR))
    assert found.exhausted_in is None


def test_planned_work_is_left_out():
    """The ratio and the rates are those of the other time."""
    work = Window(START + HOUR, START + 2 * HOUR)
    found = slo_status(answers(0.99, maintenance=(work,)), events([0, 9, 0], [9, 9, 9], HOUR))
    assert found.ratio.value == 1
    assert found.total == 18
