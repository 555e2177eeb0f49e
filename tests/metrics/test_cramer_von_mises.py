"""The Cramer-von Mises statistic against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.metrics.drift_columns import numeric_pair
from watchkeeper.metrics.cramer_von_mises import cramer_von_mises, limit_sf

numbers = st.lists(st.integers(-9, 9), min_size=2, max_size=40)


@given(st.sets(st.integers(-500, 500), min_size=4, max_size=100), st.randoms())
def test_equals_scipys_without_ties(values, random):
    """Statistic and asymptotic p-value are SciPy's where every value is another."""
    values = sorted(values)
    random.shuffle(values)
    cut = max(2, len(values) // 3)
    one, two = np.array(values[:cut], float), np.array(values[cut:], float)
    # One grid with a bin for every value: the reference comes first, so measure both on all.
    pair = _on_common_grid(one, two)
    result = stats.cramervonmises_2samp(one, two, method="asymptotic")
    estimate = cramer_von_mises(pair)
    assert estimate.value == pytest.approx(result.statistic, abs=1e-9)
    if 1e-5 < result.pvalue < 1:
        assert estimate.p_value == pytest.approx(result.pvalue, rel=0.01, abs=1e-6)


@given(numbers, numbers)
def test_is_the_integral_with_ties(reference, current):
    """The mean of (F - G)² over the rows of both, times n m / N, by definition."""
    current = [value for value in current if value in reference] or reference
    one, two = np.sort(reference), np.sort(current)
    points = np.concatenate((one, two))
    gap = (
        np.searchsorted(one, points, side="right") / one.size
        - np.searchsorted(two, points, side="right") / two.size
    )
    oracle = one.size * two.size / points.size * np.mean(gap**2)
    assert cramer_von_mises(numeric_pair(one, two)).value == pytest.approx(oracle, abs=1e-9)


def test_a_constant_column_is_equal_to_itself():
    """No distance anywhere: 0, and p = 1."""
    estimate = cramer_von_mises(numeric_pair([1.0] * 50, [1.0] * 50))
    assert (estimate.value, estimate.p_value) == (0, 1)


def test_is_close_to_scipys_where_binned():
    """Within half a reference row at each edge, since an edge is itself a row of the reference."""
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=5000), rng.normal(size=3000) + 0.1
    oracle = stats.cramervonmises_2samp(reference, current, method="asymptotic").statistic
    estimate = cramer_von_mises(numeric_pair(reference, current))
    largest = np.max(np.abs(numeric_pair(reference, current).gap))
    slack = 5000 * 3000 / 8000 * 2 * largest * 0.5 / 5000
    assert abs(estimate.value - oracle) <= slack


@pytest.mark.parametrize(("x", "p"), [(0.34730, 0.1), (0.46136, 0.05), (0.74346, 0.01)])
def test_the_limiting_law_is_the_published_one(x, p):
    """Anderson and Darling (1952), table 1."""
    assert limit_sf(x) == pytest.approx(p, rel=1e-4)


def test_series_and_tail_join():
    """The tail takes over within a thousandth of the series, and goes on falling for ever."""
    assert limit_sf(1.5000001) == pytest.approx(limit_sf(1.5), rel=2e-3)
    assert 0 < limit_sf(50.0) < 1e-100


def _on_common_grid(one, two):
    from watchkeeper.metrics.pairs import NumericPair
    from watchkeeper.profiles import numeric
    from watchkeeper.profiles.grid import fit_grid

    grid = fit_grid(np.concatenate((one, two)))
    return NumericPair(numeric.measure(one, 0, grid), numeric.measure(two, 0, grid), grid)
