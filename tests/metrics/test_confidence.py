"""Confidence and shares of predictions against direct computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.performance_data import (
    BINARY,
    MULTICLASS,
    NAMES,
    chances_of,
    held,
    multiclass_rows,
)
from watchkeeper.metrics.confidence import (
    confidence_distribution,
    confidence_mean,
    low_confidence_share,
    prediction_share,
    prediction_shares,
)


def binary(s):
    """Layout and statistic of scores on the grid of other scores."""
    rng = np.random.default_rng(0)
    rows = [
        {"y": rng.integers(0, 2, x.size), "s": x, "p": (x >= 0.5).astype(int)}
        for x in (s, rng.beta(2, 3, 300))
    ]
    return held(BINARY, *rows)


@given(st.integers(0, 10_000), st.integers(1, 200), st.booleans())
def test_binary_confidence_is_exact(seed, n, rounded):
    """Mean, share below 0.6 and the 20 bins of max(p, 1 - p) are exact, borders included."""
    s = np.random.default_rng(seed).random(n)
    if rounded:
        s = (s * 20).round() / 20
    layout, part = binary(s)
    # 1 - p is taken in twentieths where p is one, since 1 - 0.4 and 0.6 differ as floats.
    sure = np.maximum(s, (20 - 20 * s) / 20 if rounded else 1 - s)
    assert confidence_mean(layout, part).value == pytest.approx(sure.mean())
    assert low_confidence_share(layout, part).value == pytest.approx(np.mean(sure < 0.6))
    drawn = confidence_distribution(layout, part)
    places = np.minimum(np.digitize(sure, np.arange(1, 20) / 20), 19)
    assert drawn["counts"] == np.bincount(places, minlength=20).tolist()
    assert drawn["below"] == 0.6


def test_confidence_of_many_classes_is_exact():
    """The same of the largest probability."""
    rows = multiclass_rows(np.random.default_rng(1), 900)
    layout, part = held(MULTICLASS, rows, multiclass_rows(np.random.default_rng(2), 500))
    sure = chances_of(rows).max(axis=1)
    assert confidence_mean(layout, part).value == pytest.approx(sure.mean())
    assert low_confidence_share(layout, part).value == pytest.approx(np.mean(sure < 0.6))
    places = np.minimum(np.digitize(sure, np.arange(1, 20) / 20), 19)
    assert (
        confidence_distribution(layout, part)["counts"]
        == np.bincount(places, minlength=20).tolist()
    )


def test_shares_of_predictions():
    """The share of each predicted class; they add up to 1."""
    rows = multiclass_rows(np.random.default_rng(3), 400)
    shares = prediction_shares(*held(MULTICLASS, rows))
    assert list(shares) == list(NAMES)
    for name, found in shares.items():
        assert found.value == pytest.approx(np.mean(np.array(rows["p"]) == name))
    assert sum(found.value for found in shares.values()) == pytest.approx(1)
    layout, part = binary(np.array([0.1, 0.6, 0.7, 0.2]))
    assert prediction_share(layout, part).value == 0.5
