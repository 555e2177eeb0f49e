"""What a report gets: every metric beside its reference, as plain values."""

from __future__ import annotations

import json

import jsonschema
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
from watchkeeper.core.model import Model, Task, Thresholds
from watchkeeper.metrics.performance import (
    compare_fairness,
    compare_performance,
    measure_performance_metrics,
    performance_details,
    performance_pieces,
)
from watchkeeper.monitors.performance import judge_performance
from watchkeeper.reports.schema import report_schema

TASKS = {
    "binary": (BINARY, binary_rows),
    "multiclass": (MULTICLASS, multiclass_rows),
    "regression": (REGRESSION, regression_rows),
    "ranking": (RANKING, ranking_rows),
}


def sides(task, n=400):
    """Layout, reference and current statistic of a task."""
    model, make = TASKS[task]
    rng = np.random.default_rng(0)
    reference, current = make(rng, n), make(rng, n)
    layout, before = held(model, reference)
    return layout, before, held(model, current, reference)[1]


@pytest.mark.parametrize("task", TASKS)
def test_entries_hold_the_contract(task):
    """Each metric has the documented keys, plain JSON values and a change of its two sides."""
    layout, before, after = sides(task)
    found = compare_performance(layout, before, after)
    json.dumps(found, allow_nan=False)
    now = measure_performance_metrics(layout, after)
    assert set(now) <= set(found)
    for name, entry in found.items():
        assert {
            "value",
            "low",
            "high",
            "p_value",
            "n_reference",
            "n_current",
            "reference",
            "change",
            "direction",
            "unit",
            "status",
            "method",
        } <= set(entry)
        assert entry["direction"] in {"higher", "lower", "none"}
        if name == "calibration_drift":
            continue
        assert entry["value"] == now[name].value
        assert entry["n_current"] == now[name].n_current
        assert entry["n_reference"] == entry["reference"]["n"]
        moved = entry["value"] - entry["reference"]["value"]
        assert entry["change"]["value"] == pytest.approx(moved)
        assert entry["change"]["p_value"] == entry["p_value"]


@pytest.mark.parametrize("task", TASKS)
def test_pieces_are_plain(task):
    """Charts and tables are plain JSON values on both sides, and None where a task has none."""
    layout, before, after = sides(task)
    pieces = performance_pieces(layout, before, after)
    json.dumps(pieces, allow_nan=False)
    assert pieces["task"] == task
    assert pieces["coverage"] == {"reference": 1.0, "current": 1.0}
    assert (pieces["confusion"] is None) == (task in {"regression", "ranking"})
    assert (pieces["errors"] is None) == (task != "regression")
    assert (pieces["roc"] is None) == (task != "binary")
    details = performance_details(layout, before, after)
    json.dumps(details, allow_nan=False)
    assert (details["classes"] is None) == (task != "multiclass")
    assert (details["prediction"] is None) == (task in {"regression", "ranking"})
    assert (details["error_quantiles"] is None) == (task != "regression")
    if pieces["confusion"]:
        assert np.sum(pieces["confusion"]["current"]) == 400


@pytest.mark.parametrize("task", TASKS)
def test_one_side_alone(task):
    """Without a reference there is no change; without current rows there are no metrics."""
    layout, before, _ = sides(task)
    found = compare_performance(layout, None, before)
    assert all(entry["reference"] is None and entry["change"] is None for entry in found.values())
    assert "calibration_drift" not in found
    assert compare_performance(layout, before, None) == {}
    json.dumps(performance_pieces(layout, None, before), allow_nan=False)
    json.dumps(performance_pieces(layout, before, None), allow_nan=False)


def test_equal_sides_have_not_changed():
    """A window equal to its reference has changed by 0 in everything, with a p-value of 1."""
    layout, before, _ = sides("binary")
    for name, entry in compare_performance(layout, before, before).items():
        change = entry["change"] or {"value": entry["value"], "p_value": entry["p_value"]}
        assert change["value"] == 0, name
        assert change["p_value"] == pytest.approx(1), name


def test_metrics_that_need_a_score():
    """A model without scores has no metric that needs them, not one that is undefined."""
    model = Model("m", (), task=Task.BINARY, label="y", prediction="p")
    rows = binary_rows(np.random.default_rng(1), 100)
    found = measure_performance_metrics(*held(model, rows))
    assert set(found) == {
        "accuracy",
        "precision",
        "recall",
        "specificity",
        "f1",
        "matthews",
        "prediction_share",
    }


def test_confidence_of_a_multiclass_model_with_one_score():
    """A single confidence column gives calibration and confidence, and says what it lacks."""
    model = Model("m", (), task=Task.MULTICLASS, label="y", prediction="p", score="s")
    rng = np.random.default_rng(2)
    rows = {"y": rng.integers(0, 3, 200), "p": rng.integers(0, 3, 200), "s": rng.random(200)}
    found = measure_performance_metrics(*held(model, rows))
    assert found["ece"].value is not None
    assert found["confidence_mean"].value == pytest.approx(rows["s"].mean())
    assert found["log_loss"].value is None
    assert found["roc_auc_macro"].value is None


def test_a_missing_group_is_no_error():
    """A group that one side lacks is not compared; tasks without a positive class have none."""
    layout, before, after = sides("binary", 300)
    found = compare_fairness(layout, {"F": before}, {"F": after, "M": before})
    assert found["demographic_parity_difference"]["reference"]["value"] is None
    assert found["demographic_parity_difference"]["change"]["value"] is None
    assert compare_fairness(sides("regression")[0], {}, {}) is None


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("lacking", ["nothing", "reference", "labels"])
def test_report_follows_its_schema(task, lacking):
    """Metrics, charts and fairness are what the published JSON schema of the report says."""
    layout, before, after = sides(task)
    if lacking == "reference":
        before = None
    elif lacking == "labels":
        model, make = TASKS[task]
        rows = make(np.random.default_rng(3), 50)
        rows["y"] = pa.nulls(len(rows["y"]))
        after = held(model, rows, make(np.random.default_rng(0), 400))[1]
        layout = held(model, make(np.random.default_rng(0), 400))[0]
        before = None
    document = {
        **performance_pieces(layout, before, after),
        "metrics": judge_performance(compare_performance(layout, before, after), Thresholds()),
        "segments": {},
        "fairness": {},
    }
    if task == "binary" and lacking == "nothing":
        groups = {"F": before, "M": after}
        document["fairness"] = {"sex": compare_fairness(layout, groups, groups)}
    schema = report_schema()
    jsonschema.validate(document, {"$ref": "#/$defs/performance", "$defs": schema["$defs"]})
