"""The mean shift against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.metrics.drift_columns import numeric_pair
from watchkeeper.metrics.mean_shift import mean_shift


@pytest.mark.parametrize("offset", [0.0, 1.7e9])
@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_is_exact_at_any_scale(offset, scale):
    """Value and p-value are those of the rows themselves, binned or not."""
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=900), rng.normal(size=300) * 2 + 0.3
    oracle = (current.mean() - reference.mean()) / reference.std(ddof=1)
    estimate = mean_shift(numeric_pair((reference + offset) * scale, (current + offset) * scale))
    assert estimate.value == pytest.approx(oracle, rel=1e-5)
    welch = stats.ttest_ind(reference, current, equal_var=False).pvalue
    assert estimate.p_value == pytest.approx(welch, rel=1e-4)


def test_has_a_sign():
    """Down is negative, and swapping a pair of equal spread flips it."""
    rng = np.random.default_rng(1)
    column = rng.normal(size=500)
    assert mean_shift(numeric_pair(column, column - 1)).value == pytest.approx(
        -mean_shift(numeric_pair(column - 1, column)).value
    )
    assert mean_shift(numeric_pair(column, column - 1)).value < 0


def test_the_interval_covers_the_true_shift():
    """95 times in 100, a large shift and a small reference included."""
    rng = np.random.default_rng(6)
    for shift in (0.0, 0.25, 2.0):
        held = 0
        for _ in range(400):
            estimate = mean_shift(numeric_pair(rng.normal(size=60), rng.normal(size=80) + shift))
            held += estimate.low <= shift <= estimate.high
        assert 366 <= held <= 394  # 380 expected; 3.2 standard deviations.


def test_overflow_is_said_not_hidden():
    """A mean or variance that no float can hold is None with a note, not NaN."""
    reference = np.linspace(-1e-3, 1e-3, 50)
    estimate = mean_shift(numeric_pair(reference, np.full(50, 1e308)))
    assert estimate.p_value is None
    assert "overflow" in estimate.note
