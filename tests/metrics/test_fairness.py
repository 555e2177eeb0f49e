"""Differences between groups, by hand and after fairlearn's definitions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from tests.metrics.performance_data import BINARY, held
from watchkeeper.metrics.fairness import (
    demographic_parity_difference,
    equal_opportunity_difference,
    equalized_odds_difference,
)
from watchkeeper.metrics.intervals import compare_metric, share_estimate
from watchkeeper.metrics.performance import compare_fairness


def group(tn, fp, fn, tp):
    """The statistic of a group with this confusion."""
    y = np.repeat([0, 0, 1, 1], [tn, fp, fn, tp])
    p = np.repeat([0, 1, 0, 1], [tn, fp, fn, tp])
    return held(BINARY, {"y": y, "s": p.astype(float), "p": p})


def test_differences_by_hand():
    """Selection 0.5, 0.3, 0.4; TPR 0.8, 0.5, 0.6; FPR 0.2, 0.1, 0.2: differences 0.2, 0.3, 0.3."""
    groups = {
        "A": group(40, 10, 10, 40)[1],
        "B": group(45, 5, 25, 25)[1],
        "C": group(40, 10, 20, 30)[1],
    }
    assert demographic_parity_difference(groups).value == pytest.approx(0.2)
    assert equal_opportunity_difference(groups).value == pytest.approx(0.3)
    assert equalized_odds_difference(groups).value == pytest.approx(0.3)


def test_equalized_odds_takes_the_worse_error():
    """Where false positives differ more than true positives, they make the difference."""
    groups = {"A": group(10, 40, 10, 40)[1], "B": group(45, 5, 10, 40)[1]}
    assert equal_opportunity_difference(groups).value == 0
    assert equalized_odds_difference(groups).value == pytest.approx(0.7)


@pytest.mark.parametrize("seed", range(5))
def test_random_groups_equal_the_definition(seed):
    """The largest less the smallest rate over four groups, from scikit-learn's confusion."""
    rng = np.random.default_rng(seed)
    parts, rates = {}, []
    for name in "abcd":
        y, p = rng.integers(0, 2, 300), (rng.random(300) < rng.random()).astype(int)
        parts[name] = held(BINARY, {"y": y, "s": p.astype(float), "p": p})[1]
        tn, fp, fn, tp = confusion_matrix(y, p).ravel()
        rates.append((p.mean(), tp / (tp + fn), fp / (fp + tn)))
    gaps = np.ptp(rates, axis=0)
    assert demographic_parity_difference(parts).value == pytest.approx(gaps[0])
    assert equal_opportunity_difference(parts).value == pytest.approx(gaps[1])
    assert equalized_odds_difference(parts).value == pytest.approx(max(gaps[1:]))


def test_two_groups_have_newcombes_interval():
    """With two groups and one rate the interval is that of a difference of two shares."""
    groups = {"A": group(40, 10, 10, 40)[1], "B": group(45, 5, 25, 25)[1]}
    found = equal_opportunity_difference(groups)
    change = compare_metric(share_estimate(25, 50, ""), share_estimate(40, 50, ""))
    assert (found.low, found.high) == pytest.approx((change.low, change.high))


def test_small_groups_are_left_out():
    """A group of few rows is named in the note and does not make the difference."""
    groups = {
        "A": group(40, 10, 10, 40)[1],
        "B": group(45, 5, 25, 25)[1],
        "tiny": group(0, 3, 0, 3)[1],
    }
    found = demographic_parity_difference(groups, min_rows=30)
    assert found.value == pytest.approx(0.2)
    assert found.note == "groups with fewer than 30 rows are left out: tiny"
    assert demographic_parity_difference(groups, min_rows=5).value == pytest.approx(0.7)


def test_one_group_has_no_difference():
    """A difference takes two groups; none at all is undefined as well."""
    assert demographic_parity_difference({"A": group(50, 50, 50, 50)[1]}).value is None
    assert equalized_odds_difference({}).value is None


def test_coverage_of_equal_groups():
    """Where five groups truly are alike, the interval holds 0 in at least 95 of 100 samples."""
    rng = np.random.default_rng(0)
    held_zero = 0
    for _ in range(300):
        parts = {}
        for name in "abcde":
            p = (rng.random(150) < 0.4).astype(int)
            parts[name] = group(np.sum(p == 0), np.sum(p == 1), 0, 0)[1]
        held_zero += demographic_parity_difference(parts).low == 0
    # At least 95 %, less three standard errors of 300 samples.
    assert held_zero >= 274


def test_report_of_a_sensitive_column():
    """The entry of a report has the differences, their change, and the rates of each group."""
    layout, women = group(40, 10, 10, 40)
    _, men = group(45, 5, 25, 25)
    found = compare_fairness(layout, {"F": women, "M": women}, {"F": women, "M": men})
    entry = found["demographic_parity_difference"]
    assert entry["value"] == pytest.approx(0.2)
    assert entry["reference"]["value"] == 0
    assert entry["change"]["value"] == pytest.approx(0.2)
    assert entry["direction"] == "lower"
    rates = found["groups"]["M"]
    assert rates["rows"] == 100
    assert rates["selection_rate"]["value"] == pytest.approx(0.3)
    assert rates["tpr"]["value"] == 0.5
    assert rates["fpr"]["value"] == pytest.approx(0.1)
    assert rates["accuracy"]["value"] == pytest.approx(0.7)
