"""The change of missing values, and the arithmetic of shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.metrics.drift_columns import categorical_pair, numeric_pair
from watchkeeper.metrics.missing_share import missing_share
from watchkeeper.metrics.proportions import change_p, excess_p, newcombe


def test_counts_null_and_nan():
    """Both are rows without a value; infinities are values."""
    reference = np.array([1.0, 2.0, 3.0, 4.0])
    current = np.array([1.0, np.nan, np.inf])
    estimate = missing_share(numeric_pair(reference, current, nulls=(0, 1)))
    assert estimate.value == 0.5
    assert (estimate.n_reference, estimate.n_current) == (4, 4)


def test_newcombes_published_intervals():
    """Newcombe (1998), table II, method 10."""
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert newcombe(10, 10, 0, 10) == pytest.approx((0.6075, 1.0), abs=5e-5)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_without_margin_it_is_fishers_exact_test(n, m, data):
    """Melding two exact confidence distributions gives Fisher's one-sided p-value."""
    k, r = data.draw(st.integers(0, m)), data.draw(st.integers(0, n))
    oracle = stats.fisher_exact([[k, m - k], [r, n - r]], alternative="greater").pvalue
    assert excess_p(k, m, r, n) == pytest.approx(oracle, abs=1e-6)


@pytest.mark.parametrize(("k", "m", "margin"), [(6, 100, 0.02), (40, 1000, 0.03), (3, 10, 0.5)])
def test_with_an_endless_reference_it_is_the_binomial_tail(k, m, margin):
    """Nothing is left to be unsure of but the current side."""
    oracle = stats.binom.sf(k - 1, m, margin)
    assert excess_p(k, m, 0, 10**12, margin) == pytest.approx(oracle, rel=1e-6)


@pytest.mark.parametrize(("n", "m"), [(100, 100), (10_000, 100), (500, 2000)])
def test_the_margin_test_is_valid_at_the_margin(n, m):
    """Where shares differ by exactly the margin, alarms come at most at their level."""
    rng = np.random.default_rng(n)
    for before in (0.0, 0.05, 0.4):
        k = rng.binomial(m, before + 0.02, size=400)
        r = rng.binomial(n, before, size=400)
        alarms = sum(change_p(a, m, b, n, 0.02) <= 0.05 for a, b in zip(k, r, strict=True))
        assert alarms <= 33  # 20 expected at most; 3 standard deviations.


@given(st.integers(0, 300), st.integers(0, 300), st.integers(300, 400), st.integers(300, 400))
def test_a_chance_is_a_chance_and_swapping_changes_nothing(k, r, m, n):
    """p-values lie in [0, 1], fall with a smaller margin, and do not care for the side."""
    plain = change_p(k, m, r, n)
    assert 0 <= plain <= change_p(k, m, r, n, 0.05) <= 1
    assert change_p(r, n, k, m) == pytest.approx(plain, rel=1e-5, abs=1e-12)


def test_no_rows_is_said():
    """A side without rows has no share."""
    estimate = missing_share(categorical_pair(["a"], []))
    assert estimate.value is None
    assert estimate.note == "the current data have no rows"
