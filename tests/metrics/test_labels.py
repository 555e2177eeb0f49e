"""Coverage, delay and corrections of labels, against computing them from the rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.metrics.traffic_data import quantile_of
from tests.profiles.test_traffic_labels import label_rows, labels_of
from watchkeeper.metrics.labels import label_metrics
from watchkeeper.profiles.label_traffic import LabelTraffic

ROWS = label_rows(np.random.default_rng(1), 400)


def test_metrics_equal_those_of_the_rows() -> None:
    """Coverage and corrections with the rows' weights, delays to the bound of their bins."""
    found = label_metrics(labels_of(ROWS))
    expected = [row for row in ROWS if "_prediction" in row]
    labelled = [row for row in expected if "_label" in row]
    weight = {
        name: sum(row.get("_weight", 1.0) for row in rows)
        for name, rows in {
            "expected": expected,
            "labelled": labelled,
            "corrected": [row for row in labelled if row.get("_label_versions", 0) > 1],
        }.items()
    }
    assert found["label_coverage"].value == pytest.approx(weight["labelled"] / weight["expected"])
    assert found["label_coverage"].n_current == len(expected)
    assert found["labels_corrected"].value == pytest.approx(weight["corrected"])
    timed = [
        row
        for row in labelled
        if "_time" in row and ("_label_time" in row or "_label_received" in row)
    ]
    delays = np.array(
        [
            max(row.get("_label_time", row.get("_label_received")) - row["_time"], 0) / 1e6
            for row in timed
        ]
    )
    weights = np.array([row.get("_weight", 1.0) for row in timed])
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        exact = quantile_of(delays, share, weights)
        estimate = found[f"label_delay_s@{name}"]
        assert abs(estimate.value - exact) <= estimate.bound


def test_unsampled_coverage_has_wilsons_interval() -> None:
    """As SciPy computes it."""
    rows = [{"_label": "1"}] * 30 + [{"_label": None}] * 70
    found = label_metrics(labels_of(rows))["label_coverage"]
    exact = stats.binomtest(30, 100).proportion_ci(method="wilson")
    assert (found.value, found.low, found.high) == pytest.approx((0.3, exact.low, exact.high))


def test_no_labels_are_a_normal_input() -> None:
    """Coverage is 0 where labels are due, and unknown where there is nothing."""
    for estimate in label_metrics(LabelTraffic()).values():
        assert estimate.value is None
        assert estimate.note
    waiting = label_metrics(labels_of([{"_label": None, "_prediction": "1"}] * 4))
    assert waiting["label_coverage"].value == 0.0
    assert waiting["label_delay_s@p50"].note == "no label with a time"
    assert waiting["labels_corrected"].note == "no labels"
