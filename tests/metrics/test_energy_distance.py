"""The energy distance against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.metrics.drift_columns import numeric_pair
from watchkeeper.metrics.energy_distance import energy_distance

numbers = st.lists(st.integers(-20, 20), min_size=2, max_size=60)


@given(numbers, numbers)
def test_equals_scipys_where_every_value_has_a_bin(reference, current):
    """On values of the reference alone it is SciPy's, the column in standard deviations."""
    current = [value for value in current if value in reference] or reference
    estimate = energy_distance(numeric_pair(reference, current))
    deviation = np.std(reference, ddof=1)
    if deviation == 0:
        assert estimate.value == 0
    else:
        scaled = np.array(reference) / deviation, np.array(current) / deviation
        assert estimate.value == pytest.approx(stats.energy_distance(*scaled), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("make", ["normal", "standard_cauchy", "lognormal", "uniform"])
def test_is_within_its_bound_where_binned(make):
    """On continuous data, heavy tails too, it is off by no more than it says."""
    rng = np.random.default_rng(2)
    reference, current = getattr(rng, make)(size=4000), getattr(rng, make)(size=3000) * 1.3 + 0.2
    estimate = energy_distance(numeric_pair(reference, current))
    deviation = np.std(reference, ddof=1)
    oracle = stats.energy_distance(reference / deviation, current / deviation)
    assert abs(estimate.value - oracle) <= estimate.bound
    assert estimate.low <= oracle <= estimate.high


def test_the_p_value_holds_its_level():
    """Without change it falls below 0.05 about 5 times in 100, and surely with a shift."""
    rng = np.random.default_rng(8)
    p_values = [
        energy_distance(numeric_pair(rng.normal(size=300), rng.normal(size=200))).p_value
        for _ in range(400)
    ]
    assert 8 <= sum(p <= 0.05 for p in p_values) <= 34  # 20 expected; 3 standard deviations.
    shifted = energy_distance(numeric_pair(rng.normal(size=300), rng.normal(size=200) + 0.7))
    assert shifted.p_value < 1e-6


def test_the_p_value_is_that_of_permutations():
    """The gamma law is close to a permutation test."""
    rng = np.random.default_rng(9)
    reference, current = rng.exponential(size=120), rng.exponential(size=80) * 1.35
    estimate = energy_distance(numeric_pair(reference, current))
    both = np.concatenate((reference, current))
    observed = stats.energy_distance(reference, current)
    at_least = 0
    for _ in range(400):
        mixed = rng.permutation(both)
        at_least += stats.energy_distance(mixed[:120], mixed[120:]) >= observed
    assert estimate.p_value == pytest.approx((at_least + 1) / 401, abs=0.04)
