"""Estimates with weights and without, against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from watchkeeper.metrics import service_intervals as si
from watchkeeper.metrics.intervals import Z
from watchkeeper.profiles.durations import measure_durations
from watchkeeper.profiles.log_grid import MILLISECONDS
from watchkeeper.profiles.weighted import Moments, Weighted, measure_moments, weigh


def plain(rows: int) -> Weighted:
    """Rows that weigh 1 each."""
    return Weighted(rows, float(rows), float(rows))


@pytest.mark.parametrize(("hits", "rows"), [(0, 5), (5, 5), (1, 1000), (40, 100)])
def test_a_share_without_weights_has_wilsons_interval(hits: int, rows: int) -> None:
    """As SciPy computes it."""
    found = si.share(plain(hits), plain(rows), "none")
    exact = stats.binomtest(hits, rows).proportion_ci(method="wilson")
    assert found.value == hits / rows
    assert found.low == pytest.approx(exact.low, abs=1e-12)
    assert found.high == pytest.approx(exact.high, abs=1e-12)
    assert found.n_current == rows


def test_equal_weights_say_as_much_as_the_rows_that_were_kept() -> None:
    """One row in ten kept: the value of all, the doubt of the tenth."""
    found = si.share(Weighted(40, 400.0, 4000.0), Weighted(100, 1000.0, 10_000.0), "none")
    same = si.share(plain(40), plain(100), "none")
    assert (found.value, found.low, found.high) == pytest.approx((same.value, same.low, same.high))


def test_rows_that_were_all_kept_are_nearly_as_sure_as_all_rows() -> None:
    """Keeping every error and a hundredth of successes loses next to nothing of the error rate."""
    errors, others = Weighted(50, 50.0, 50.0), Weighted(1000, 1e5, 1e7)
    whole = errors | others
    assert 0.9 * whole.weight < si.effective_rows(errors, whole) <= whole.weight
    assert whole.effective < 1200


def test_effective_rows_are_the_variance_of_the_ratio() -> None:
    """Against the linearised variance summed over the rows."""
    rng = np.random.default_rng(1)
    weights, hit = rng.uniform(1, 20, 500), rng.random(500) < 0.2
    share = weights[hit].sum() / weights.sum()
    variance = (weights**2 * (hit - share) ** 2).sum() / weights.sum() ** 2
    found = si.effective_rows(weigh(hit, weights), weigh(np.ones(500, bool), weights))
    assert found == pytest.approx(share * (1 - share) / variance)


@pytest.mark.parametrize("rows", [0, 1, 7, 1000, 10_000_000])
def test_a_count_without_weights_has_garwoods_interval(rows: int) -> None:
    """From the chi-squared distribution of SciPy."""
    found = si.count(plain(rows), None if rows == 0 else 1.0)
    assert found.value == rows
    assert found.low == pytest.approx(stats.chi2.ppf(0.025, 2 * rows) / 2 if rows else 0.0)
    assert found.high == pytest.approx(stats.chi2.ppf(0.975, 2 * rows + 2) / 2)


def test_a_count_with_weights_has_fay_and_feuers_interval() -> None:
    """Their formula, with the chi-squared distribution of SciPy."""
    weights = np.array([1.0, 1.0, 5.0, 20.0])
    total, squares, step = weights.sum(), (weights**2).sum(), 20.0
    found = si.count(weigh(np.ones(4, bool), weights), step)
    low = squares / (2 * total) * stats.chi2.ppf(0.025, 2 * total**2 / squares)
    above, spread = total + step, squares + step**2
    high = spread / (2 * above) * stats.chi2.ppf(0.975, 2 * above**2 / spread)
    assert (found.value, found.low, found.high) == pytest.approx((total, low, high))


def test_fay_and_feuers_interval_covers() -> None:
    """At least 95 % of the intervals of weighted Poisson counts hold the expectation."""
    rng = np.random.default_rng(2)
    weights, expected, inside = np.array([1.0, 4.0, 10.0]), np.array([3.0, 2.0, 1.0]), 0
    truth = float(weights @ expected)
    for counts in rng.poisson(expected, (2000, 3)):
        held = Weighted(int(counts.sum()), float(counts @ weights), float(counts @ weights**2))
        low, high = si.poisson(held, 10.0)
        inside += low <= truth <= high
    assert inside / 2000 > 0.945


def test_a_mean_without_weights_has_students_interval() -> None:
    """As SciPy computes it; on the logarithmic scale for positive values."""
    values = np.random.default_rng(3).gamma(3, size=40)
    held = measure_moments(values, None)
    found = si.mean(held, "none", positive_only=False)
    exact = stats.ttest_1samp(values, 0).confidence_interval()
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    on_log = si.mean(held, "none", positive_only=True)
    factor = math.exp((exact.high - values.mean()) / values.mean())
    assert (on_log.low, on_log.high) == pytest.approx(
        (values.mean() / factor, values.mean() * factor)
    )


def test_a_mean_with_weights_is_numpys_with_the_variance_of_the_ratio() -> None:
    """Against the linearised variance summed over the rows."""
    rng = np.random.default_rng(4)
    values, weights = rng.normal(5, 2, 300), rng.uniform(1, 9, 300)
    found = si.mean(measure_moments(values, weights), "none", positive_only=False)
    average = np.average(values, weights=weights)
    rows = weights.sum() ** 2 / (weights**2).sum()
    variance = (weights**2 * (values - average) ** 2).sum() / weights.sum() ** 2 * rows / (rows - 1)
    spread = stats.t.ppf(0.975, rows - 1) * math.sqrt(variance)
    assert found.value == pytest.approx(average)
    assert (found.low, found.high) == pytest.approx((average - spread, average + spread))


def test_constant_values_leave_next_to_no_doubt() -> None:
    """Rounding in the sums does not make the variance negative, nor large."""
    held = measure_moments(np.full(1000, 0.1), None)
    found = si.mean(held, "none", positive_only=True)
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1, rel=1e-6)
    assert found.low <= found.value <= found.high


def test_a_total_is_a_compound_poisson_sum() -> None:
    """Its variance is the sum of the squares; on the logarithmic scale for positive values."""
    values, weights = np.array([3.0, 5.0, 8.0]), np.array([1.0, 2.0, 10.0])
    held = measure_moments(values, weights)
    spread = Z * math.sqrt(((weights * values) ** 2).sum())
    found = si.total(held, "none", positive_only=False)
    assert (found.value, found.low, found.high) == pytest.approx((93, 93 - spread, 93 + spread))
    found = si.total(held, "none", positive_only=True)
    assert (found.low, found.high) == pytest.approx(
        (93 / math.exp(spread / 93), 93 * math.exp(spread / 93))
    )


def test_what_cannot_be_said_is_said_so() -> None:
    """No rows, weights of 0, one row, and sums beyond the largest number."""
    for found in (
        si.share(Weighted(), Weighted(), "why"),
        si.mean(Moments(), "why", positive_only=True),
        si.total(Moments(), "why", positive_only=True),
        si.quantile(measure_durations(np.empty(0), None, MILLISECONDS), MILLISECONDS, 0.5, "why"),
    ):
        assert (found.value, found.note) == (None, "why")
    assert si.share(Weighted(2), Weighted(2), "why").note == si.WEIGHTLESS
    weightless = measure_moments(np.ones(2), np.zeros(2))
    assert si.mean(weightless, "why", positive_only=True).note == si.WEIGHTLESS
    one = si.mean(measure_moments(np.ones(1), None), "why", positive_only=True)
    assert one.value == 1.0
    assert one.low is None
    assert "too few" in str(one.note)
    huge = measure_moments(np.full(3, 1e308), None)
    assert si.mean(huge, "why", positive_only=True).note == si.OVERFLOW
    assert si.total(huge, "why", positive_only=True).note == si.OVERFLOW
    large = si.total(measure_moments(np.full(3, 1e200), None), "why", positive_only=True)
    assert large.value == pytest.approx(3e200)
    assert large.low is None


def test_binomial_points_equal_scipys() -> None:
    """From few rows to millions, in the middle and far out."""
    for rows in (1, 2, 10, 117, 5000, 3_000_000):
        for chance in (0.001, 0.25, 0.5, 0.95, 0.999):
            for level in (0.025, 0.4, 0.975):
                expected = stats.binom.ppf(level, rows, chance)
                assert si.binomial_point(level, rows, chance) == expected
    assert si.binomial_point(0.5, 0, 0.5) == 0


@pytest.mark.parametrize("point", [0.5, 0.75, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("rows", [1, 30, 400, 20_000])
def test_quantiles_lie_between_order_statistics(point: float, rows: int) -> None:
    """The interval holds the exact one between order statistics, and is wider by bins at most."""
    values = np.sort(np.random.default_rng(rows).lognormal(3, 1, rows))
    found = si.quantile(
        measure_durations(values, None, MILLISECONDS), MILLISECONDS, point, "no rows"
    )
    exact = np.quantile(values, point, method="inverted_cdf")
    assert found.value is not None
    assert found.bound is not None
    assert abs(found.value - exact) <= found.bound <= 0.05 * exact
    first = int(stats.binom.ppf(0.025, rows, point))
    last = int(stats.binom.ppf(0.975, rows, point)) + 1
    if first >= 1:
        assert values[first - 1] / 1.05 <= found.low <= values[first - 1]
    else:
        assert found.low is None
    if last <= rows:
        assert values[last - 1] <= found.high <= values[last - 1] * 1.05
    else:
        assert found.high is None
    assert (found.note is None) == (found.low is not None and found.high is not None)


def test_a_constant_is_its_own_quantile() -> None:
    """Where all rows are alike, such as at a time limit, neither value nor interval moves."""
    held = measure_durations(np.full(1000, 30_000.0), None, MILLISECONDS)
    found = si.quantile(held, MILLISECONDS, 0.95, "none")
    assert (found.value, found.low, found.high, found.bound) == (30_000, 30_000, 30_000, 0)
