"""Scenarios: a metric before and after, and what the monitor says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watchkeeper.core.estimate import Estimate, Status
from watchkeeper.core.model import Thresholds
from watchkeeper.monitors.performance import Subject, judge_metric, judge_performance

ACCURACY = Subject("accuracy", "accuracy", "higher")
MAE = Subject("mae", "mean absolute error", "lower")
AUC = Subject("roc_auc", "ROC AUC", "higher")
LIMITS = Thresholds()


def estimate(value, spread, n=5000):
    """An estimate with a symmetric interval."""
    return Estimate(value, value - spread, value + spread, n_current=n)


def judged(subject, before, after, thresholds=LIMITS):
    """The judgement of two estimates, their change taken as independent."""
    value = after.value - before.value
    spread = math.hypot(before.high - before.value, after.high - after.value)
    change = Estimate(value, value - spread, value + spread)
    found = judge_metric(subject, before, after, change, thresholds)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after", "spread", "status"),
    [
        (0.80, 0.80, 0.001, Status.PASS),
        (0.80, 0.90, 0.001, Status.PASS),
        (0.80, 0.77, 0.001, Status.PASS),  # significant, but within the tolerated 5 %
        (0.80, 0.75, 0.001, Status.WARN),
        (0.80, 0.70, 0.001, Status.FAIL),
        (0.80, 0.70, 0.010, Status.FAIL),
        (0.80, 0.70, 0.060, Status.PASS),  # beyond 10 %, but it may be luck
    ],
)
def test_drop_of_accuracy(before, after, spread, status):
    """Flagged only where it is surely more than tolerated; the point says how bad it is."""
    found = judged(ACCURACY, estimate(before, spread), estimate(after, spread))
    assert found.status is status
    assert found.threshold == pytest.approx(before * (0.9 if status is Status.FAIL else 0.95))
    assert found.operator == "<"


def test_luck_is_named():
    """A drop beyond the limit that chance explains passes and says so."""
    found = judged(ACCURACY, estimate(0.8, 0.06), estimate(0.7, 0.06))
    assert found.message.endswith("more than the tolerated 5 %, but within sampling error")
    assert "fell from 0.8 to 0.7, by 12.5 % of the reference" in found.message


def test_errors_are_worse_when_they_rise():
    """A metric that is better lower fails when it rises, and passes when it falls."""
    assert judged(MAE, estimate(10, 0.1), estimate(12, 0.1)).status is Status.FAIL
    assert judged(MAE, estimate(10, 0.1), estimate(8, 0.1)).status is Status.PASS
    assert "rose from 10 to 12" in judged(MAE, estimate(10, 0.1), estimate(12, 0.1)).message


@pytest.mark.parametrize(
    ("after", "spread", "status", "threshold"),
    [
        (0.80, 0.01, Status.PASS, 0.75),
        (0.73, 0.01, Status.WARN, 0.75),
        (0.68, 0.01, Status.FAIL, 0.70),
        (0.69, 0.08, Status.PASS, 0.75),
    ],
)
def test_absolute_limits_of_an_area(after, spread, status, threshold):
    """An AUC is held to 0.75 and 0.70 whatever the reference had."""
    found = judge_metric(AUC, None, estimate(after, spread), None, LIMITS)
    assert found is not None
    assert (found.status, found.threshold, found.operator) == (status, threshold, "<")


def test_an_area_also_may_not_drop():
    """From 0.95 to 0.80 an AUC stays over its limits, and fails for the drop."""
    found = judged(AUC, estimate(0.95, 0.005), estimate(0.80, 0.005))
    assert found.status is Status.FAIL
    assert found.threshold == pytest.approx(0.95 * 0.9)


def test_too_few_rows_on_either_side():
    """Fewer rows than `min_rows` on either side conclude nothing, and say which."""
    few, many = estimate(0.5, 0.1, n=99), estimate(0.9, 0.01)
    assert judged(ACCURACY, many, few).status is Status.NOT_ENOUGH_DATA
    assert judged(ACCURACY, many, few).message == (
        "accuracy rests on 99 rows of the current data; at least 100 are needed"
    )
    assert "the reference data" in judged(ACCURACY, few, many).message


def test_undefined_says_why():
    """An undefined metric concludes nothing and passes its reason on."""
    unknown = Estimate(None, n_current=500, note="all labelled rows are of one class")
    found = judge_metric(ACCURACY, estimate(0.8, 0.01), unknown, Estimate(None), LIMITS)
    assert found is not None
    assert found.status is Status.NOT_ENOUGH_DATA
    assert "all labelled rows are of one class" in found.message


def test_a_reference_at_or_below_zero_has_no_share():
    """A drop as a share of zero is not taken."""
    r2 = Subject("r2", "R²", "higher")
    found = judged(r2, estimate(-0.1, 0.01), estimate(-0.5, 0.01))
    assert found.status is Status.NOT_ENOUGH_DATA
    assert "set an absolute limit" in found.message


def test_nothing_to_hold_it_against():
    """Without a reference, or without a better direction, nothing is judged."""
    assert judge_metric(ACCURACY, None, estimate(0.5, 0.1), None, LIMITS) is None
    shares = Subject("prediction_share", "share", "none")
    assert judge_metric(shares, estimate(0.5, 0.1), estimate(0.1, 0.1), None, LIMITS) is None


def test_false_alarms_at_the_tolerated_drop():
    """Of windows at the tolerated drop 2.5 % are flagged; without change none."""
    rng = np.random.default_rng(0)
    n, flagged = 2000, {0.80: 0, 0.76: 0, 0.68: 0}
    for truth in flagged:
        for _ in range(1000):
            sides = []
            for share in (0.80, truth):
                value = rng.binomial(n, share) / n
                sides.append(estimate(value, 1.96 * math.sqrt(value * (1 - value) / n), n))
            flagged[truth] += judged(ACCURACY, *sides).status is not Status.PASS
    assert flagged[0.80] == 0
    # 25 of 1,000 are expected; three standard errors around it.
    assert 10 <= flagged[0.76] <= 40
    assert flagged[0.68] > 950


def entry(estimate, reference, change, direction):
    """A metric as a report writes it."""
    held = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {
        **held,
        "p_value": None,
        "n_current": estimate.n_current,
        "reference": reference,
        "change": change,
        "direction": direction,
    }


def test_metrics_of_a_report():
    """Each entry gets its status, message and limit; what is not judged keeps None."""
    before = {"value": 0.8, "low": 0.79, "high": 0.81, "n": 4000}
    change = {"value": -0.2, "low": -0.22, "high": -0.18, "p_value": 0.0}
    now = estimate(0.6, 0.01)
    found = judge_performance(
        {
            "f1_macro": entry(now, before, change, "higher"),
            "ece": entry(now, before, change, "lower"),
            "prediction_share": entry(now, before, change, "none"),
            "recall": entry(now, None, None, "higher"),
        },
        LIMITS,
    )
    assert found["f1_macro"]["status"] == "fail"
    assert found["f1_macro"]["message"].startswith("F1 macro fell from 0.8 to 0.6, by 25 %")
    assert found["f1_macro"]["message"].endswith(".")
    assert found["f1_macro"]["threshold"] == pytest.approx(0.72)
    for name in ("ece", "prediction_share", "recall"):
        assert found[name]["status"] is None
        assert "message" not in found[name]
        assert found[name]["value"] == 0.6
