"""Any metric by its name, computed from the part that it names."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.drift_columns import categorical_pair, numeric_pair
from tests.metrics.performance_data import (
    BINARY,
    RANKING,
    REGRESSION,
    binary_rows,
    held,
    ranking_rows,
    regression_rows,
)
from tests.profiles.event_rows import batch_of, prediction_rows
from tests.profiles.test_traffic_labels import label_rows, labels_of, outcome_rows, outcomes_of
from watchkeeper.core.errors import InputError
from watchkeeper.metrics import ALL
from watchkeeper.metrics.business import outcome_metrics
from watchkeeper.metrics.calibration import calibration_drift
from watchkeeper.metrics.drift import measure_column
from watchkeeper.metrics.fairness import FAIRNESS
from watchkeeper.metrics.find import Inputs, find_metric, metric_names
from watchkeeper.metrics.labels import label_metrics
from watchkeeper.metrics.performance import measure_performance_metrics
from watchkeeper.metrics.service import service_metrics
from watchkeeper.profiles.traffic import measure_traffic

RNG = np.random.default_rng(1)
TRAFFIC = measure_traffic(batch_of(prediction_rows(RNG, 200, weighted=True)))
LABELS = labels_of(label_rows(RNG, 100))
OUTCOMES = outcomes_of(outcome_rows(RNG, 100, 2))


def test_every_name_of_a_window_is_found_and_gives_its_number() -> None:
    """What the tables of a window show can each be asked for alone."""
    inputs = Inputs(traffic=TRAFFIC, labels=LABELS, outcomes=OUTCOMES, seconds=60.0, now=2e9)
    every = {
        "traffic": service_metrics(TRAFFIC, seconds=60.0, now=2e9),
        "labels": label_metrics(LABELS),
        "outcomes": outcome_metrics(OUTCOMES),
    }
    for part, estimates in every.items():
        for name, estimate in estimates.items():
            found = find_metric(name)
            assert (found.name, found.part) == (name, part)
            assert not found.reference
            assert found.compute(inputs) == estimate


def test_every_record_can_be_reached_by_a_name() -> None:
    """No metric of the registry is out of reach, and every name for menus is found."""
    reached = {find_metric(name).metric.name for name in metric_names()}
    free = {metric.name for metric in ALL if metric.name.endswith("_by_name")}
    assert reached | free == {metric.name for metric in ALL}
    assert find_metric("outcome_sum@any name: that is reported").part == "outcomes"
    assert len(set(metric_names())) == len(metric_names())


def test_drift_of_a_column() -> None:
    """Each metric of a pair, and none where the column is of another kind."""
    numbers = numeric_pair(RNG.normal(size=300), RNG.normal(size=200) + 1)
    letters = categorical_pair(["a", "b"] * 50, ["a", "c"] * 50)
    for pair in (numbers, letters):
        for name, estimate in measure_column(pair).items():
            found = find_metric(name)
            assert (found.part, found.reference) == ("column", True)
            assert found.compute(Inputs(pair=pair)) == estimate
    undefined = find_metric("ks").compute(Inputs(pair=letters))
    assert undefined.note == "ks is defined for numeric columns, this one is categorical"


@pytest.mark.parametrize("kind", ["binary", "regression", "ranking"])
def test_performance_of_a_window(kind: str) -> None:
    """Each metric of a task, those at k too; those of other tasks have no value."""
    model, make = {
        "binary": (BINARY, binary_rows),
        "regression": (REGRESSION, regression_rows),
        "ranking": (RANKING, lambda rng, n: ranking_rows(rng, n // 4)),
    }[kind]
    layout, part = held(model, make(np.random.default_rng(2), 400))
    inputs = Inputs(layout=layout, performance=part)
    expected = measure_performance_metrics(layout, part)
    for name, estimate in expected.items():
        found = find_metric(name)
        assert (found.part, found.reference) == ("performance", False)
        assert found.compute(inputs) == estimate
    for name in metric_names():
        found = find_metric(name)
        if found.part == "performance" and name not in expected:
            assert found.compute(inputs).value is None
            assert found.compute(inputs).note


def test_a_place_that_is_not_counted_has_no_value() -> None:
    """The layout fixes which k are counted."""
    layout, part = held(RANKING, ranking_rows(np.random.default_rng(3), 50))
    found = find_metric("precision@7").compute(Inputs(layout=layout, performance=part))
    assert found.value is None
    assert "not counted" in str(found.note)


def test_metrics_of_both_sides_and_of_groups() -> None:
    """Calibration drift asks for the reference, fairness for the groups of a column."""
    rng = np.random.default_rng(4)
    rows = binary_rows(rng, 900)
    layout, before = held(BINARY, rows)
    _, after = held(BINARY, binary_rows(rng, 500), rows)
    drift = find_metric("calibration_drift")
    assert drift.reference
    inputs = Inputs(layout=layout, performance=after, reference_performance=before)
    assert drift.compute(inputs) == calibration_drift(layout, before, after)
    assert drift.compute(Inputs(layout=layout, performance=after)).value is None
    groups = {"a": before, "b": after, "c": None}
    for metric in FAIRNESS:
        found = find_metric(metric.name)
        assert found.groups
        estimate = found.compute(Inputs(layout=layout, groups=groups))
        assert estimate == metric.function({"a": before, "b": after})
        assert found.compute(Inputs(layout=layout)).note


@pytest.mark.parametrize("name", [*metric_names(), "outcome_sum@sale"])
def test_a_part_that_is_absent_gives_no_value(name: str) -> None:
    """An hour without rows is a normal input, and says why there is nothing."""
    found = find_metric(name).compute(Inputs())
    assert found.value is None
    assert found.note


def test_any_percentile_can_be_asked_for() -> None:
    """Not only those that tables show."""
    asked = find_metric("inference_ms@p12.5")
    assert asked.argument == 0.125
    assert find_metric("latency_ms@p99.9").argument == 0.999


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("latancy_ms@p95", "did you mean 'latency_ms@p95'"),
        ("acuracy", "did you mean 'accuracy'"),
        ("latency_ms", "write which one, as 'latency_ms@p95'"),
        ("latency_ms_at_p", "write which one, as 'latency_ms@p95'"),
        ("latency_ms_at_p@p95", "write which one, as 'latency_ms@p95'"),
        ("error_rate_by_class", "as 'error_rate@timeout'"),
        ("latency_ms@95", "as 'latency_ms@p95'"),
        ("latency_ms@p0", "a number between 0 and 100"),
        ("latency_ms@p100", "a number between 0 and 100"),
        ("latency_ms@", "a number between 0 and 100"),
        ("error_rate@timeouts", "did you mean 'timeout'"),
        ("precision@0", "a whole number from 1 on"),
        ("outcome_sum@", "names no outcome"),
        ("psi@3", "there is no metric 'psi@3'"),
        ("", "there is no metric ''"),
        ("@", "there is no metric '@'"),
    ],
)
def test_a_wrong_name_is_refused_with_what_to_do(name: str, message: str) -> None:
    """The nearest name, or the form that is missing."""
    with pytest.raises(InputError) as caught:
        find_metric(name)
    assert message in str(caught.value)
