"""Robust scatter against SciPy, and the part of it that sampling explains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from watchkeeper.monitors.bands.noise import process_sd, robust_sd
from watchkeeper.monitors.bands.season import median


def test_the_published_example():
    """Median 10, MAD 1, standard deviation 1.4826; the outlier is 13.49 of them away."""
    values = np.array([10.0, 11, 9, 10, 12, 10, 30])
    assert robust_sd(values) == pytest.approx(1.4826, abs=1e-4)
    assert (30 - np.median(values)) / robust_sd(values) == pytest.approx(13.49, abs=0.005)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_equals_scipy(values):
    """It is SciPy's median absolute deviation on the normal scale."""
    oracle = stats.median_abs_deviation(values, scale="normal")
    assert robust_sd(np.array(values)) == pytest.approx(oracle, rel=1e-9, abs=1e-9)


def test_sampling_is_taken_out():
    """Of noise of 3 and sampling errors of 1 to 8 together the 3 are found."""
    rng = np.random.default_rng(0)
    errors = rng.uniform(1, 8, 40_000)
    residuals = rng.normal(0, np.hypot(3.0, errors))
    assert process_sd(residuals, errors) == pytest.approx(3.0, abs=0.15)


def test_nothing_beyond_sampling():
    """Residuals that sampling explains leave nothing."""
    residuals = np.random.default_rng(0).normal(0, 1, 1000)
    assert process_sd(residuals, np.full(1000, 1.2)) == 0.0


def test_without_errors_it_is_the_scatter():
    """No sampling error, nothing to take out."""
    residuals = np.random.default_rng(0).normal(0, 1, 100)
    assert process_sd(residuals, np.zeros(100)) == robust_sd(residuals)


@given(
    st.lists(
        st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), min_size=5, max_size=5),
        min_size=1,
        max_size=8,
    )
)
def test_medians_of_rows_equal_numpy(rows):
    """Row by row it is NumPy's median of what is not NaN."""
    values = np.array(rows)
    for found, row in zip(median(values), values, strict=True):
        kept = row[~np.isnan(row)]
        assert found == pytest.approx(np.median(kept) if len(kept) else np.nan, nan_ok=True)
