"""Sums, means and counts of outcomes, against computing them from the rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tests.profiles.test_traffic_labels import outcome_rows, outcomes_of
from watchkeeper.metrics.business import outcome_metrics
from watchkeeper.metrics.intervals import Z
from watchkeeper.profiles.outcome_traffic import OutcomeTraffic


def test_metrics_equal_those_of_the_rows() -> None:
    """Each name apart, with the rows' weights; mixed units are said."""
    rows = outcome_rows(np.random.default_rng(1), 300, 3)
    found = outcome_metrics(outcomes_of(rows))
    assert list(found)[:3] == ["outcome_mean@n0000", "outcome_sum@n0000", "outcome_count@n0000"]
    for name in ("n0000", "n0001", "n0002"):
        pairs = np.array(
            [
                (row.get("_weight", 1.0), row["_value"])
                for row in rows
                if row.get("_name") == name and math.isfinite(row.get("_value", math.nan))
            ]
        )
        weights, values = pairs[:, 0], pairs[:, 1]
        mean, total, count = (found[f"outcome_{kind}@{name}"] for kind in ("mean", "sum", "count"))
        assert mean.value == pytest.approx(np.average(values, weights=weights))
        assert total.value == pytest.approx(weights @ values)
        assert count.value == pytest.approx(weights.sum())
        spread = Z * math.sqrt(((weights * values) ** 2).sum())
        assert (total.low, total.high) == pytest.approx(
            (total.value - spread, total.value + spread)
        )
        assert "several units are taken together: EUR, USD" in str(total.note)
        assert mean.n_current == total.n_current == count.n_current == len(pairs)


def test_unsampled_intervals_equal_scipys() -> None:
    """Student's for the mean, Garwood's for the count."""
    values = np.random.default_rng(2).normal(3, 2, 25)
    found = outcome_metrics(outcomes_of([{"_name": "a", "_value": x} for x in values.tolist()]))
    exact = stats.ttest_1samp(values, 0).confidence_interval()
    mean, count = found["outcome_mean@a"], found["outcome_count@a"]
    assert (mean.low, mean.high) == pytest.approx((exact.low, exact.high))
    assert (count.low, count.high) == pytest.approx(
        (stats.chi2.ppf(0.025, 50) / 2, stats.chi2.ppf(0.975, 52) / 2)
    )
    assert mean.note is None


def test_a_name_without_values_has_none() -> None:
    """Nothing was counted: no mean, no sum, and a count of 0."""
    assert outcome_metrics(OutcomeTraffic()) == {}
    found = outcome_metrics(outcomes_of([{"_name": "a", "_value": None}]))
    assert found["outcome_mean@a"].note == "no outcome 'a' with a value"
    assert found["outcome_sum@a"].value is None
    assert found["outcome_count@a"].value == 0.0
