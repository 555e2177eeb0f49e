"""The Wasserstein distance against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.metrics.drift_columns import numeric_pair, shared_sample
from watchkeeper.metrics.wasserstein import wasserstein

numbers = st.lists(st.integers(-20, 20), min_size=2, max_size=60)


@given(numbers, numbers)
def test_equals_scipys_where_every_value_has_a_bin(reference, current):
    """On values of the reference alone it is SciPy's over the reference's standard deviation."""
    current = [value for value in current if value in reference] or reference
    estimate = wasserstein(numeric_pair(reference, current))
    deviation = np.std(reference, ddof=1)
    if deviation == 0:
        assert estimate.value == 0
    else:
        oracle = stats.wasserstein_distance(reference, current) / deviation
        assert estimate.value == pytest.approx(oracle, rel=1e-9, abs=1e-12)
        assert estimate.bound == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("make", ["normal", "standard_cauchy", "lognormal", "uniform"])
def test_is_within_its_bound_where_binned(make):
    """On continuous data, heavy tails too, it is off by no more than it says."""
    rng = np.random.default_rng(2)
    reference, current = getattr(rng, make)(size=4000), getattr(rng, make)(size=3000) * 1.3 + 0.2
    estimate = wasserstein(numeric_pair(reference, current))
    oracle = stats.wasserstein_distance(reference, current) / np.std(reference, ddof=1)
    assert abs(estimate.value - oracle) <= estimate.bound
    assert estimate.low <= oracle <= estimate.high


def test_the_shared_sample():
    """Section 5.5: 0.269536 in column units; ours is that over the standard deviation."""
    reference, current, *_ = shared_sample()
    estimate = wasserstein(numeric_pair(reference, current))
    deviation = np.std(reference, ddof=1)
    assert abs(estimate.value * deviation - 0.269536) < 0.002


def test_has_the_same_value_in_any_unit():
    """Kilometres or metres, epoch or not: the number is in standard deviations."""
    rng = np.random.default_rng(4)
    reference, current = rng.normal(size=800), rng.normal(size=700) + 0.5
    plain = wasserstein(numeric_pair(reference, current)).value
    moved = wasserstein(numeric_pair(reference * 1000 + 1.7e9, current * 1000 + 1.7e9)).value
    assert moved == pytest.approx(plain, rel=1e-3)


def test_a_constant_reference_gives_no_number_but_says_why():
    """There is no standard deviation to measure in; equal constants are at 0."""
    assert wasserstein(numeric_pair([5.0] * 9, [5.0] * 7)).value == 0
    away = wasserstein(numeric_pair([5.0] * 9, [7.0] * 7))
    assert away.value is None
    assert "does not vary" in away.note


def test_infinite_rows_are_left_out_and_told():
    """One infinite row would make any distance infinite."""
    reference = np.arange(100.0)
    estimate = wasserstein(numeric_pair(reference, np.append(reference, np.inf)))
    assert estimate.value == pytest.approx(0, abs=1e-12)
    assert estimate.note == "1 infinite rows are left out"


def test_the_interval_covers_the_true_distance():
    """95 % intervals hold the true distance at least 95 times in 100, with and without a shift."""
    rng = np.random.default_rng(5)
    for shift in (0.0, 0.4):
        held = 0
        for _ in range(150):
            pair = numeric_pair(rng.normal(size=500), rng.normal(size=400) + shift)
            estimate = wasserstein(pair)
            held += estimate.low <= shift <= estimate.high
        assert held >= 140
