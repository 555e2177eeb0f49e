"""The Anderson-Darling statistic against SciPy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, stats

from tests.metrics.drift_columns import numeric_pair
from watchkeeper.metrics.anderson_darling import _harmonics, anderson_darling, limit_sf

numbers = st.lists(st.integers(-9, 9), min_size=2, max_size=60)


def oracle(reference, current):
    """SciPy's statistic and p-value, without its warnings about the clipped p-value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return stats.anderson_ksamp([reference, current], variant="midrank")
        except TypeError:  # SciPy before 1.17 has no `variant`; midranks were its default.
            return stats.anderson_ksamp([reference, current])


@given(numbers, numbers)
def test_equals_scipys_where_every_value_has_a_bin(reference, current):
    """Ties and all, the statistic is SciPy's midrank statistic."""
    current = [value for value in current if value in reference] or reference
    assume(len(set(reference)) > 1 and len(reference) + len(current) >= 4)
    estimate = anderson_darling(numeric_pair(reference, current))
    assert estimate.value == pytest.approx(oracle(reference, current).statistic, rel=1e-9, abs=1e-9)


def test_is_close_to_scipys_where_binned():
    """Rows that share one of 512 bins count as ties, which hardly matters."""
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.05, 0.3):
        reference, current = rng.normal(size=5000), rng.normal(size=3000) + shift
        estimate = anderson_darling(numeric_pair(reference, current))
        assert estimate.value == pytest.approx(
            oracle(reference, current).statistic, abs=0.12, rel=0.01
        )


def test_the_p_value_agrees_with_scipys_where_that_is_not_clipped():
    """SciPy interpolates a table between 0.001 and 0.25."""
    rng = np.random.default_rng(3)
    seen = 0
    for _ in range(60):
        reference, current = rng.normal(size=200), rng.normal(size=150) + 0.2
        theirs = oracle(reference, current).pvalue
        if 0.002 < theirs < 0.24:
            ours = anderson_darling(numeric_pair(reference, current)).p_value
            assert ours == pytest.approx(theirs, rel=0.12, abs=0.002)
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("x", [0.5, 1.2, 1.99, 2.01, 2.492, 3.878, 5.9, 6.1, 8.0])
def test_the_limiting_law_is_that_of_the_weighted_sum(x):
    """Imhof's inversion for the sum of squared normals over j (j + 1), body and tail."""
    weights = 1 / (np.arange(1.0, 3000) * np.arange(2.0, 3001))

    def integrand(u):
        angle = np.sum(np.arctan(weights * u)) / 2 - x * u / 2
        return np.sin(angle) / u / np.exp(np.sum(np.log1p((weights * u) ** 2)) / 4)

    area, _ = integrate.quad(integrand, 1e-12, 400, limit=2000, epsabs=1e-9)
    assert limit_sf(x) == pytest.approx(0.5 + area / np.pi, rel=0.01, abs=1e-5)


@pytest.mark.parametrize(("x", "p"), [(1.9330, 0.10), (2.4924, 0.05), (3.8781, 0.01)])
def test_the_limiting_law_is_the_published_one(x, p):
    """Marsaglia and Marsaglia (2004), the usual critical values."""
    assert limit_sf(x) == pytest.approx(p, rel=1e-3)


def test_the_double_sum_joins_its_asymptote():
    """From 2,000 rows on the harmonic sums take their asymptotic forms, without a jump."""
    below, above = _harmonics(2000), _harmonics(2001)
    assert above[0] == pytest.approx(below[0] + 1 / 2000, abs=1e-6)
    assert above[1] == pytest.approx(below[1], abs=1e-5)


def test_is_undefined_for_a_constant():
    """Where all rows share one value there is nothing to rank."""
    assert anderson_darling(numeric_pair([1.0] * 50, [1.0] * 50)).value is None
