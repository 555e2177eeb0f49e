"""Chi-squared and G against SciPy, and the peers' infinities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.metrics.drift_columns import categorical_pair, counted_pair, shared_sample
from watchkeeper.metrics.chi_squared import chi_squared, homogeneity_p
from watchkeeper.metrics.g_test import g_test

tables = st.lists(st.tuples(st.integers(10, 900), st.integers(10, 900)), min_size=2, max_size=20)


@given(tables)
def test_equal_scipys_on_well_filled_tables(table):
    """Statistics and p-value are SciPy's without continuity correction."""
    one, two = np.array(table).T
    oracle = stats.chi2_contingency([one, two], correction=False)
    if oracle.expected_freq.min() < 5:
        return
    pair = counted_pair(one, two)
    assert chi_squared(pair).value == pytest.approx(oracle.statistic, rel=1e-9, abs=1e-9)
    assert chi_squared(pair).p_value == pytest.approx(oracle.pvalue, rel=1e-6, abs=1e-300)
    ratio = stats.chi2_contingency([one, two], correction=False, lambda_="log-likelihood")
    assert g_test(pair).value == pytest.approx(ratio.statistic, rel=1e-7, abs=1e-7)


def test_the_shared_sample():
    """Section 5.5: 770.0958, p 2.304e-165; Evidently says p = 0 and whylogs infinite."""
    *_, reference, current = shared_sample()
    estimate = chi_squared(categorical_pair(reference, current))
    assert estimate.value == pytest.approx(770.0958, abs=1e-4)
    assert estimate.p_value == pytest.approx(2.304e-165, rel=1e-3)


def test_one_row_of_an_unseen_category_changes_nearly_nothing():
    """It made the statistic infinite, or the p-value 0, in the peers."""
    pair = categorical_pair(["a"] * 500 + ["b"] * 500, ["a"] * 100 + ["b"] * 100 + ["new"])
    estimate = chi_squared(pair)
    assert np.isfinite(estimate.value)
    assert estimate.p_value > 0.01
    assert g_test(pair).p_value > 0.01


def test_the_reference_is_not_taken_as_exact():
    """A small reference makes a difference less sure, which a goodness of fit ignores."""
    small = chi_squared(counted_pair([50, 50], [600, 400])).p_value
    large = chi_squared(counted_pair([50_000, 50_000], [600, 400])).p_value
    assert large < 1e-8
    assert small > 0.01


def test_rare_categories_keep_the_level():
    """A pooled group of few expected rows takes a heavier law: 5 % stay 5 %, 0.1 % stay rare."""
    rng = np.random.default_rng(12)
    p_values = np.array(
        [
            chi_squared(
                counted_pair(rng.multinomial(2000, shares), rng.multinomial(200, shares))
            ).p_value
            for shares in [np.array([0.5, 0.4955, 0.0035, 0.001])]
            for _ in range(1500)
        ]
    )
    assert np.mean(p_values <= 0.05) <= 0.075
    assert np.mean(p_values <= 0.001) <= 0.006


def test_mean_and_variance_of_a_sparse_table_are_exact():
    """Haldane's moments are those of permutations: the gamma law has the right p at its mean."""
    rng = np.random.default_rng(0)
    both = np.array([1, 1, 2, 3, 5, 8, 20])
    labels, n, m = np.repeat(np.arange(7), both), 25, 15
    values = []
    for _ in range(4000):
        current = np.bincount(rng.permutation(labels)[:m], minlength=7)
        expected = both * m / 40
        values.append(np.sum((current - expected) ** 2 / expected) * 40 / n)
    reference, current = (both - current).astype(float), current.astype(float)
    for share in (0.5, 0.1, 0.05):
        at = float(np.quantile(values, 1 - share))
        assert homogeneity_p(at, reference, current) == pytest.approx(share, abs=0.03)
