"""Factors, detection times and budgets against the published numbers and by simulation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.monitors.slo.made import MINUTES_5, START, accuracy, answers, events
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.slo.alerting import alerting
from watchkeeper.monitors.slo.burn import burn_rates, error_budgets, wilson, window_sums
from watchkeeper.monitors.slo.check import detection_time
from watchkeeper.monitors.slo.objective import EVENT_PAIRS, Indicator, Kind, Pair, Urgency
from watchkeeper.monitors.slo.slices import event_slices, met_target, slices, was_fresh
from watchkeeper.monitors.truths import ERROR, FALSE, NO_DATA, TRUE


@pytest.mark.parametrize(
    ("days", "factors"),
    [
        (7, [3.36, 1.4, 0.7, 0.2333]),
        (28, [13.44, 5.6, 2.8, 0.9333]),
        (30, [14.4, 6, 3, 1]),
    ],
)
def test_factors(days, factors):
    """The four pairs by the length of the period, of the table of Google's workbook."""
    slo = answers(period=timedelta(days=days))
    assert [slo.factor(pair) for pair in EVENT_PAIRS] == pytest.approx(factors, abs=5e-5)
    assert all(pair.short * 12 == pair.long for pair in EVENT_PAIRS)


@pytest.mark.parametrize(
    ("objective", "needed"),
    [
        (0.999, [70, 167, 334, 1000]),
        (0.99, [7, 17, 34, 100]),
        (0.95, [2, 4, 7, 20]),
        (0.9, [1, 2, 4, 10]),
    ],
)
def test_events_needed(objective, needed):
    """How many events make one bad one harmless; with one fewer it alone would alert."""
    slo = answers(objective)
    assert [slo.needed(pair) for pair in EVENT_PAIRS] == needed
    for pair, count in zip(EVENT_PAIRS, needed, strict=True):
        assert 1 / count <= slo.limit(pair) * (1 + 1e-9)
        assert count == 1 or slo.limit(pair) < 1 / (count - 1)


def test_detection_times():
    """Total outage at 99.9 %: 51.84, 129.6, 259.2 and 259.2 seconds."""
    slo = answers()
    found = [detection_time(slo, pair, 1.0).total_seconds() for pair in EVENT_PAIRS]
    assert found == pytest.approx([51.84, 129.6, 259.2, 259.2])
    assert detection_time(slo, EVENT_PAIRS[0], 0.0144) is None


@pytest.mark.parametrize("ratio", [1.0, 0.2, 0.05])
def test_detection_times_by_simulation(ratio):
    """A constant error ratio after clean days alerts when the formula says, to the bucket."""
    slo = answers(0.99, min_bad=1)
    second = timedelta(seconds=10)
    count, clean = 30_000, 26_000
    bad = np.where(np.arange(count) >= clean, 1000 * ratio, 0.0)
    found = alerting(slo, events(bad, np.full(count, 1000.0), second))
    for row, pair in enumerate(EVENT_PAIRS):
        told = detection_time(slo, pair, ratio)
        first = np.flatnonzero(found.pairs[row] == TRUE)
        if told is None or told > second * (count - clean):
            assert len(first) == 0
        else:
            assert abs((first[0] + 1 - clean) * second - told) <= second


@pytest.mark.parametrize("pair", EVENT_PAIRS, ids=lambda pair: pair.name)
@pytest.mark.parametrize("objective", [0.999, 0.99])
def test_a_burn_of_the_factor_spends_the_share(pair, objective):
    """A burn of exactly the factor for one long window spends the stated share of the budget."""
    slo = answers(objective)
    count = int(slo.period / MINUTES_5)
    bad = np.zeros(count)
    bad[-int(pair.long / MINUTES_5) :] = 1e6 * slo.limit(pair)
    left = error_budgets(slo, events(bad, np.full(count, 1e6))).remaining[-1]
    assert 1 - left == pytest.approx(pair.share)


def test_a_budget_may_be_overspent():
    """Twice the budget over the whole period leaves −1."""
    slo = answers(0.9, period=timedelta(hours=1))
    left = error_budgets(slo, events([20] * 12, [100] * 12)).remaining
    assert left[-1] == pytest.approx(-1)


def test_one_bad_hour_is_not_the_month():
    """In the first hour of a model's life an outage has spent one hour's worth, not all."""
    slo = answers(0.999)
    left = error_budgets(slo, events([100] * 12, [100] * 12))
    assert left.remaining[-1] == pytest.approx(1 - 1000 / 720)
    assert left.elapsed[-1] == pytest.approx(1 / 720)


@pytest.mark.parametrize(
    ("calendar", "start", "days"),
    [
        ("week", datetime(2026, 1, 3, tzinfo=UTC), 2),  # a Saturday
        ("month", datetime(2026, 1, 30, tzinfo=UTC), 2),
        ("quarter", datetime(2026, 3, 30, tzinfo=UTC), 2),
        ("year", datetime(2025, 12, 30, tzinfo=UTC), 2),
    ],
)
def test_a_calendar_period_begins_anew(calendar, start, days):
    """At midnight of the first day the budget is whole again."""
    slo = answers(calendar=calendar, period=timedelta(days=30))
    found = error_budgets(slo, events([5] * 96, [100] * 96, timedelta(hours=1), start))
    assert found.bad[24 * days - 1] == 5 * 24 * days
    assert found.bad[24 * days] == 5
    assert found.remaining[24 * days] > found.remaining[24 * days - 1]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 70), st.integers(0, 9))
def test_sums_and_rates_equal_plain_ones(total, steps, divisor):
    """Window sums are sums of slices; the burn rate is their ratio over the budget."""
    bad = [n // (divisor + 1) for n in total]
    held = burn_rates(events(bad, total), [MINUTES_5 * steps], 0.05)
    for end in range(1, len(total) + 1):
        first = max(0, end - steps)
        few, all_of = sum(bad[first:end]), sum(total[first:end])
        assert held.total[0][end - 1] == all_of
        rate = few / all_of / 0.05 if all_of else np.nan
        assert held.rate[0][end - 1] == pytest.approx(rate, nan_ok=True)
    assert window_sums(np.array(total, float), 1) == pytest.approx(total)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_wilson_equals_scipy(total, share):
    """The interval is SciPy's Wilson interval."""
    bad = round(total * share)
    oracle = stats.binomtest(bad, total).proportion_ci(0.95, "wilson")
    _, low, high = wilson(np.array([float(bad)]), np.array([float(total)]), 1.959963984540054)
    assert (low[0], high[0]) == pytest.approx((oracle.low, oracle.high), abs=1e-12)


def test_both_windows_must_burn():
    """After an outage the short window ends the alert long before the long one is clean."""
    slo = answers()
    bad = np.zeros(400)
    bad[200:212] = 100
    found = alerting(slo, events(bad, np.full(400, 1000.0)))
    page = np.flatnonzero(found.of(Urgency.PAGE) == TRUE)
    # A tenth of the events is bad: 14.4 * 0.1 % * 1 h / 10 % is 518 s, the second bucket.
    assert page[0] == 201
    # The pair of 6 hours has a short window of 30 minutes, which is clean after six buckets.
    assert page[-1] <= 212 + 6
    assert found.long[0][215] > slo.factor(EVENT_PAIRS[0]) > found.short[0][215]
    assert set(found.of()) <= {TRUE, FALSE}


def test_one_bad_event_never_alerts():
    """Whatever the traffic, a single bad event is no alert."""
    for total in (1, 2, 10, 69, 70, 1000):
        bad = np.zeros(40)
        bad[20] = 1
        traffic = np.zeros(40)
        traffic[20] = total
        assert TRUE not in alerting(answers(), events(bad, traffic)).pairs


def test_low_traffic_needs_the_lower_bound():
    """With too few events two bad ones alert where chance does not explain them; else unknown."""
    slo = answers()
    sure = alerting(slo, events([0] * 20 + [8], [0] * 20 + [10]))
    assert sure.of()[-1] == TRUE
    unsure = alerting(answers(0.9, min_bad=3, pairs=(EVENT_PAIRS[3],)), events([2], [5]))
    # Two of five: 40 % is over the limit of 10 %, and its lower bound 13 % too.
    assert unsure.pairs[0, 0] == TRUE
    chance = alerting(answers(0.9, pairs=(EVENT_PAIRS[3],)), events([2], [9]))
    assert chance.pairs[0, 0] == NO_DATA
    assert chance.long[0, 0] > 1 > chance.low[0, 0]


def test_few_bad_events_need_the_lower_bound():
    """Two of ten exceed 14.4 %, and chance would too: below `min_bad` the interval decides."""
    held = events([2], [10])
    assert alerting(answers(0.99), held).pairs[0, 0] == FALSE
    assert alerting(answers(0.99, min_bad=2), held).pairs[0, 0] == TRUE


def test_no_traffic_is_no_data():
    """No events at all are neither good nor bad."""
    found = alerting(answers(), events([0, 0], [0, 0]))
    assert found.of().tolist() == [NO_DATA, NO_DATA]
    assert np.isnan(error_budgets(answers(), events([0], [0])).remaining[0])
    assert alerting(answers(pairs=()), events([0], [9])).of().tolist() == [NO_DATA]


def test_maintenance_does_not_count():
    """What falls into planned work is in neither number, to the bucket."""
    work = Window(START + timedelta(hours=1), START + timedelta(hours=2, minutes=1))
    slo = answers(maintenance=(work,))
    bad = np.zeros(60)
    bad[12:25] = 1000
    found = alerting(slo, events(bad, np.full(60, 1000.0)))
    assert TRUE not in found.pairs
    assert found.total[3][-1] == 1000 * (60 - 13)
    assert TRUE in alerting(answers(), events(bad, np.full(60, 1000.0))).pairs
    # A budget is not spent by planned work either.
    assert error_budgets(slo, events(bad, np.full(60, 1000.0))).remaining[-1] == 1.0


def test_slices():
    """Unknown slices do not count, or are bad where the SLO says so."""
    codes = np.array([TRUE, FALSE, NO_DATA, ERROR], np.int8)
    found = slices(accuracy(), codes, START)
    assert (found.bad.tolist(), found.total.tolist()) == ([0, 1, 0, 0], [1, 1, 0, 0])
    found = slices(accuracy(no_data="bad"), codes, START)
    assert (found.bad.tolist(), found.total.tolist()) == ([0, 1, 1, 1], [1, 1, 1, 1])
    assert found.bucket == timedelta(hours=1)


def test_slices_of_events():
    """A slice is good where enough of its events are; without events nothing is known of it."""
    slo = answers(0.95, budgeting="timeslices", slice_target=0.9, slice=timedelta(minutes=10))
    found = event_slices(slo, events([0, 2, 1, 1, 0, 0, 9], [10, 10, 10, 10, 0, 0, 9]))
    assert (found.bad.tolist(), found.total.tolist()) == ([0, 0, 0], [1, 1, 0])
    strict = replace(slo, slice_target=0.95)
    assert event_slices(strict, events([0, 2, 0, 1], [10, 10, 10, 10])).bad.tolist() == [1, 0]


def test_what_makes_a_slice_good():
    """A metric at its target or better, in the direction that is better, of rows enough."""
    values, rows = np.array([0.2, 0.3, 0.4, np.nan, 0.1]), np.array([50, 50, 50, 50, 3])
    loss = Indicator(Kind.QUALITY, metric="log_loss", target=0.3, better="lower")
    assert met_target(loss, values, rows, 10).tolist() == [TRUE, TRUE, FALSE, NO_DATA, NO_DATA]
    gain = Indicator(Kind.QUALITY, metric="f1", target=0.3)
    assert met_target(gain, values, rows, 10).tolist() == [FALSE, TRUE, TRUE, NO_DATA, NO_DATA]
    fresh = Indicator(Kind.FRESHNESS, within=timedelta(minutes=1))
    ages = np.array([0.0, 60.0, 61.0, np.inf])
    assert was_fresh(fresh, ages).tolist() == [TRUE, TRUE, FALSE, NO_DATA]


def test_slices_alert():
    """Bad hours alert when they spend a tenth of 36 in a day: at the fourth, until two are good."""
    slo = accuracy()
    good = np.full(24 * 40, TRUE, np.int8)
    good[24 * 35 : 24 * 35 + 6] = FALSE
    found = alerting(slo, slices(slo, good, START))
    fired = np.flatnonzero(found.of() == TRUE) - 24 * 35
    assert fired[0] == 3
    # While the short window of six hours of the second pair holds more than a tenth of bad ones …
    assert fired[-1] <= 6 + 6
    assert slo.factor(slo.pairs[0]) == pytest.approx(3)
    assert slo.factor(slo.pairs[1]) == pytest.approx(2)


def test_a_window_below_a_bucket_is_one_bucket():
    """Hourly counts have no five minutes, and ninety are two hours."""
    hourly = events([1] * 4, [10] * 4, timedelta(hours=1))
    windows = [MINUTES_5, timedelta(minutes=90), timedelta(hours=2)]
    assert burn_rates(hourly, windows, 0.1).total[:, -1].tolist() == [10, 20, 20]


def test_ends_of_buckets():
    """A bucket is judged at its end."""
    assert events([0, 0], [1, 1]).ends.tolist() == [
        datetime(2026, 1, 1, 0, 5),  # noqa: DTZ001  # NumPy has no zones
        datetime(2026, 1, 1, 0, 10),  # noqa: DTZ001
    ]


def test_bad_counts_are_refused():
    """More bad than all, negative counts, lengths that differ."""
    with pytest.raises(InputError, match="bucket 1 has 5 bad events of 4"):
        events([0, 5], [4, 4])
    with pytest.raises(InputError, match="bucket 0 has -1"):
        events([-1], [4])
    with pytest.raises(InputError, match="2 counts of bad events, 1 of all"):
        events([0, 0], [1])
    with pytest.raises(InputError, match="shorter than a second"):
        events([0], [1], timedelta())


def test_the_name_of_a_pair():
    """Long before short, in the notation of rule files."""
    assert Pair(timedelta(days=1), timedelta(hours=2), 0.1).name == "1d/2h"
