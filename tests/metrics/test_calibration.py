"""Calibration against direct computation on the raw scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve as sk_curve

from tests.metrics.performance_data import (
    BINARY,
    MULTICLASS,
    chances_of,
    held,
    multiclass_rows,
)
from watchkeeper.metrics.calibration import calibration_curve, calibration_drift, ece, mce
from watchkeeper.metrics.intervals import wilson


def rows_of(y, s):
    """Rows from labels and scores."""
    return {"y": y, "s": s, "p": (s >= 0.5).astype(int)}


def direct(outcome, score):
    """ECE and MCE from raw scores: bins closed on the left, the last one on both sides."""
    bins = np.minimum(np.digitize(score, np.arange(1, 10) / 10), 9)
    gaps, weights = [], []
    for b in np.unique(bins):
        inside = bins == b
        gaps.append(abs(outcome[inside].mean() - score[inside].mean()))
        weights.append(inside.mean())
    return float(np.dot(gaps, weights)), max(gaps)


@given(st.integers(0, 10_000), st.integers(1, 300), st.booleans())
def test_errors_are_exact(seed, n, rounded):
    """ECE and MCE are exact: the grid has an edge at every border of a bin."""
    rng = np.random.default_rng(seed)
    s = rng.random(n)
    if rounded:
        s = (s * 20).round() / 20
    y = rng.integers(0, 2, n)
    other = rows_of(rng.integers(0, 2, 500), rng.beta(2, 5, 500))
    layout, part = held(BINARY, rows_of(y, s), other)
    expected = direct(y, s)
    for metric, value in zip((ece, mce), expected, strict=True):
        found = metric(layout, part)
        assert found.value == pytest.approx(value, abs=1e-12)
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.n_current == n


def test_errors_of_many_classes_are_of_the_top_class():
    """For many classes the confidence of the top class is held against its being right."""
    rows = multiclass_rows(np.random.default_rng(0), 1500)
    layout, part = held(MULTICLASS, rows)
    right = np.array(rows["y"]) == np.array(rows["p"])
    expected = direct(right, chances_of(rows).max(axis=1))
    assert ece(layout, part).value == pytest.approx(expected[0])
    assert mce(layout, part).value == pytest.approx(expected[1])


def test_curve_equals_scikit_learn():
    """Rates and mean scores of the bins are scikit-learn's, with Wilson intervals."""
    rng = np.random.default_rng(1)
    s = rng.beta(0.5, 1.5, 3000)
    y = (rng.random(3000) < s).astype(int)
    layout, part = held(BINARY, rows_of(y, s))
    curve = calibration_curve(layout, part)
    rates, scores = sk_curve(y, s, n_bins=10)
    assert [point["rate"] for point in curve] == pytest.approx(rates.tolist())
    assert [point["mean_score"] for point in curve] == pytest.approx(scores.tolist())
    assert sum(point["n"] for point in curve) == 3000
    for point in curve:
        ends = wilson(point["rate"] * point["n"], point["n"])
        assert (point["rate_low"], point["rate_high"]) == pytest.approx(ends)
        assert point["low"] <= point["mean_score"] <= point["high"]


def test_drift_is_the_difference_of_the_errors():
    """Calibration drift is the ECE of now less that of then; equal sides give 0 and no doubt."""
    rng = np.random.default_rng(2)
    s = rng.random(4000)
    good, bad = (rng.random(4000) < s).astype(int), (rng.random(4000) < s**2).astype(int)
    layout, before = held(BINARY, rows_of(good, s))
    _, after = held(BINARY, rows_of(bad, s), rows_of(good, s))
    change = calibration_drift(layout, before, after)
    assert change.value == pytest.approx(direct(bad, s)[0] - direct(good, s)[0])
    assert change.p_value < 1e-6
    assert change.low > 0
    same = calibration_drift(layout, before, before)
    assert same.value == 0
    assert same.p_value == pytest.approx(1)


def test_drift_sees_gaps_that_change_sign():
    """Scores that were too high and are now too low by as much leave ECE, not the p-value."""
    n = 4000
    s = np.full(n, 0.55)
    rng = np.random.default_rng(3)
    low, high = (rng.random(n) < 0.45).astype(int), (rng.random(n) < 0.65).astype(int)
    layout, before = held(BINARY, rows_of(low, s))
    _, after = held(BINARY, rows_of(high, s), rows_of(low, s))
    change = calibration_drift(layout, before, after)
    assert abs(change.value) < 0.03
    assert change.p_value < 1e-6


@pytest.mark.parametrize("sizes", [(400, 400), (5000, 500)])
def test_drift_keeps_its_false_alarm_rate(sizes):
    """On windows without change the p-value falls under 5 % in about 5 of 100."""
    rng = np.random.default_rng(4)
    alarms = 0
    first = rng.random(5000)
    reference = rows_of((rng.random(5000) < first).astype(int), first)
    for _ in range(400):
        parts = []
        for n in sizes:
            s = rng.random(n)
            layout, part = held(BINARY, rows_of((rng.random(n) < s).astype(int), s), reference)
            parts.append(part)
        alarms += calibration_drift(layout, *parts).p_value < 0.05
    # Four standard errors around 20 of 400.
    assert 3 <= alarms <= 37


def test_undefined_with_a_reason():
    """No labels or scores outside [0, 1] leave all of it undefined."""
    rows = rows_of(np.array([0, 1]), np.array([0.5, 1.5]))
    layout, part = held(BINARY, rows)
    assert ece(layout, part).value is None
    assert "outside" in mce(layout, part).note
    assert calibration_curve(layout, part) is None
    assert calibration_drift(layout, part, part).value is None
