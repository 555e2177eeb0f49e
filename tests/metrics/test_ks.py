"""The Kolmogorov-Smirnov distance against SciPy, and its bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.metrics.drift_columns import numeric_pair, shared_sample
from tests.profiles.nasty import NASTY
from watchkeeper.metrics.ks import critical, ks, two_sample_p

values = st.lists(st.integers(-5, 5).map(float) | st.sampled_from([np.inf, -np.inf]), min_size=1)


def exact(reference, current):
    """The supremum over all values, infinities being the extreme ones."""
    points = np.unique(np.concatenate((reference, current)))
    below = [
        np.searchsorted(np.sort(x), points, side="right") / x.size for x in (reference, current)
    ]
    return float(np.max(np.abs(below[0] - below[1])))


@given(values, values)
def test_equals_scipys_where_every_value_has_a_bin(reference, current):
    """With few distinct values the distance is exact, infinities included, and so is the bound."""
    reference, current = np.array(reference), np.array(current)
    known = np.isin(current[np.isfinite(current)], reference).all()
    estimate = ks(numeric_pair(reference, current))
    distance = exact(reference, current)
    assert estimate.value <= distance + 1e-12
    assert distance <= estimate.value + estimate.bound + 1e-12
    if known:
        assert estimate.value == pytest.approx(distance, abs=1e-12)
        assert estimate.bound == 0


@pytest.mark.parametrize("bins", [8, 512])
@pytest.mark.parametrize("name", NASTY)
def test_the_exact_distance_lies_within_the_bound(name, bins):
    """Binned or not, on nasty data, shifted or not: value <= exact <= value + bound."""
    reference = NASTY[name]
    reference = reference[~np.isnan(reference)]
    rng = np.random.default_rng(3)
    for current in (reference[::3] * 1.1, rng.permutation(reference)[: reference.size // 2]):
        if not current.size:
            continue
        estimate = ks(numeric_pair(reference, current, bins=bins))
        distance = exact(reference, current)
        assert estimate.value - 1e-12 <= distance <= estimate.value + estimate.bound + 1e-12


@pytest.mark.parametrize(("n", "m"), [(1, 10), (7, 9), (3, 50), (20, 30), (90, 110), (100, 100)])
def test_the_p_value_of_small_samples_is_exact(n, m):
    """Up to n m = 10,000 it is SciPy's exact two-sample p-value."""
    rng = np.random.default_rng(n)
    for shift in (0.0, 0.5, 1.0):
        result = stats.ks_2samp(rng.normal(size=n), rng.normal(size=m) + shift, method="exact")
        # Below 1e-9 the count of paths has no digits left, and the asymptotic law takes over.
        close = 1e-5 if result.pvalue > 1e-9 else 0.5
        assert two_sample_p(result.statistic, n, m) == pytest.approx(result.pvalue, rel=close)


@pytest.mark.parametrize(("n", "m"), [(101, 100), (300, 500), (5000, 2000), (10**6, 10**6)])
def test_the_p_value_of_large_samples_is_close_to_exact(n, m):
    """Beyond that, Stephens' correction stays within a tenth of the exact law where it matters."""
    for level in (0.2, 0.05, 0.01, 0.001):
        distance = critical(level, n, m)
        if n * m < 10**6:
            lattice = np.lcm(n, m)
            distance = np.ceil(distance * lattice) / lattice
            oracle = stats.distributions.kstwo.sf(distance, round(n * m / (n + m)))
        else:
            oracle = stats.distributions.kstwo.sf(distance, round(n * m / (n + m)))
        assert two_sample_p(distance, n, m) == pytest.approx(oracle, rel=0.1)


def test_the_shared_sample():
    """Section 5.5: D 0.1162; ours is within its stated bound of it."""
    reference, current, *_ = shared_sample()
    estimate = ks(numeric_pair(reference, current))
    assert estimate.value <= 0.1162 <= estimate.value + estimate.bound
    assert estimate.bound < 0.0025
    assert estimate.p_value == pytest.approx(3.0332e-17, rel=0.1)


def test_the_interval_covers_the_true_distance():
    """95 % intervals hold the distance of the distributions at least 95 times in 100."""
    rng = np.random.default_rng(11)
    for shift in (0.0, 0.3):
        truth = 2 * stats.norm.cdf(shift / 2) - 1
        held = 0
        for _ in range(200):
            estimate = ks(numeric_pair(rng.normal(size=400), rng.normal(size=300) + shift))
            held += estimate.low <= truth <= estimate.high
        assert held >= 188


def test_parameters_are_not_ignored():
    """A coarser grid gives another bound: the number of bins matters (peers ignore theirs)."""
    reference, current, *_ = shared_sample()
    coarse = ks(numeric_pair(reference, current, bins=10))
    fine = ks(numeric_pair(reference, current, bins=512))
    assert coarse.bound > 10 * fine.bound
    assert coarse.value < fine.value
