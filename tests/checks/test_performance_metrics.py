"""What holds for every performance metric: its record, its range, and its interval."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from tests.metrics.performance_data import (
    BINARY,
    MULTICLASS,
    RANKING,
    REGRESSION,
    binary_rows,
    held,
    multiclass_rows,
    ranking_rows,
    regression_rows,
)
from watchkeeper.metrics.performance import (
    PERFORMANCE,
    measure_performance_metrics,
    metric_records,
)

MAKERS = {
    "binary": (BINARY, binary_rows),
    "binary, well separated": (
        BINARY,
        lambda rng, n: binary_rows(rng, n, base=-1.5, separation=2.5),
    ),
    "multiclass": (MULTICLASS, multiclass_rows),
    "regression": (REGRESSION, regression_rows),
    "ranking": (RANKING, lambda rng, n: ranking_rows(rng, n // 4)),
}

AT_LEAST = {"ece", "mce", "roc_auc_macro", "pr_auc_macro"}
"""Metrics whose interval promises at least 95 %, and says so in its record."""


def test_names_are_unique():
    """Each metric has a name of its own, in snake case."""
    names = [metric.name for metric in PERFORMANCE]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


@pytest.mark.parametrize("metric", PERFORMANCE, ids=lambda metric: metric.name)
def test_record_is_filled(metric):
    """Every record says what it measures, how it deceives, its formula, source and oracle."""
    for text in (
        metric.title,
        metric.measures,
        metric.misleads,
        metric.formula,
        metric.source,
        metric.oracle,
        metric.nulls,
        metric.unseen,
        metric.infinities,
    ):
        assert text.strip()
    assert metric.measures.endswith(".")
    assert metric.misleads.endswith(".")
    assert set(metric.needs) <= {"binary", "multiclass", "regression", "ranking", "score"}
    assert metric.formula.count("{") == metric.formula.count("}")
    for line in (metric.measures, metric.misleads):
        assert "  " not in line
    if metric.best is not None:
        assert metric.lowest is None or metric.best >= metric.lowest
        assert metric.highest is None or metric.best <= metric.highest


@pytest.mark.parametrize("task", MAKERS)
def test_values_and_ends_stay_in_range(task):
    """Value and interval lie in the range of the record, the value within the interval."""
    model, make = MAKERS[task]
    rng = np.random.default_rng(0)
    reference = make(rng, 2000)
    for n in (8, 20, 100, 1000):
        layout, part = held(model, make(rng, n), reference)
        records = metric_records(layout)
        for name, found in measure_performance_metrics(layout, part).items():
            record = records[name]
            lowest = -np.inf if record.lowest is None else record.lowest
            highest = np.inf if record.highest is None else record.highest
            if record.unit == "share" and name == "brier":
                highest = 2.0
            for value in (found.value, found.low, found.high):
                if value is not None:
                    assert lowest - 1e-12 <= value <= highest + 1e-12, name
            if found.value is None:
                assert found.note, name
                continue
            assert found.n_current > 0, name
            if found.low is not None:
                assert found.low <= found.value + 1e-9, name
            if found.high is not None:
                assert found.high >= found.value - 1e-9, name
            assert bool(record.interval) or found.low is None, name


@pytest.mark.parametrize("task", MAKERS)
def test_order_and_doubling(task):
    """Shuffled rows give the same values; the rows twice the same values, narrower intervals."""
    model, make = MAKERS[task]
    rng = np.random.default_rng(1)
    rows = pa.record_batch(make(rng, 400))
    shuffled = rows.take(pa.array(rng.permutation(rows.num_rows)))
    layout, part = held(model, rows)
    once = measure_performance_metrics(layout, part)
    again = measure_performance_metrics(*held(model, shuffled, rows))
    twice = measure_performance_metrics(layout, part | part)
    for name, found in once.items():
        assert again[name].value == pytest.approx(found.value, rel=1e-9, abs=1e-12), name
        if name == "prediction_std":
            assert twice[name].value == pytest.approx(found.value, rel=0.01)
            continue
        loose = 0.01 if "absolute_error" in name or "median" in name else 1e-9
        assert twice[name].value == pytest.approx(found.value, rel=loose, abs=1e-12), name
        if found.low is not None and found.high is not None and name not in {"ece", "mce"}:
            assert twice[name].high - twice[name].low < found.high - found.low, name


@pytest.mark.parametrize("task", MAKERS)
@pytest.mark.parametrize("n", [200, 1500])
def test_intervals_cover(task, n):
    """Of 400 samples about 95 % of the intervals hold the value of the population.

    The truth is the metric of a million rows or so on the same grid. The band is three and a half
    binomial standard errors, and for intervals that rest on moments or on few rows of a class two
    more points below, which is what the skewness of 200 rows costs; metrics that promise at least
    95 % may cover more.
    """
    model, make = MAKERS[task]
    runs = 400
    rng = np.random.default_rng(n)
    reference = make(rng, 20_000)
    layout, truth = held(model, reference)
    for _ in range(8 if task == "multiclass" else 15):
        truth = truth | held(model, make(rng, 40_000), reference)[1]
    expected = measure_performance_metrics(layout, truth)
    inside = dict.fromkeys(expected, 0)
    known = dict.fromkeys(expected, 0)
    for _ in range(runs):
        _, part = held(model, make(rng, n), reference)
        for name, found in measure_performance_metrics(layout, part).items():
            if found.value is None or (found.low is None and found.high is None):
                continue
            known[name] += 1
            low = -np.inf if found.low is None else found.low
            high = np.inf if found.high is None else found.high
            inside[name] += low <= expected[name].value <= high
    spread = 3.5 * np.sqrt(0.95 * 0.05 / runs)
    for name, rows in known.items():
        if rows == 0:
            assert name in {"prediction_std", "prediction_min", "prediction_max"}
            continue
        covered = inside[name] / rows
        assert covered >= 0.95 - spread - (0.02 if n == 200 else 0.0), (name, covered)
        if name not in AT_LEAST:
            assert covered <= 0.95 + spread + 0.012, (name, covered)
