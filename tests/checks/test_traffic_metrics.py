"""Laws that every metric of traffic, labels and outcomes obeys, read off its record."""

from __future__ import annotations

import math
import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.profiles.event_rows import START, batch_of, prediction_rows
from tests.profiles.test_traffic_labels import label_rows, labels_of, outcome_rows, outcomes_of
from watchkeeper.core.envelope import ERROR_CLASSES
from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics import LABELS, OUTCOMES, SERVICE
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.find import Inputs, find_metric, metric_names
from watchkeeper.profiles.traffic import measure_traffic

EVERY = (*SERVICE, *LABELS, *OUTCOMES)
every_metric = pytest.mark.parametrize("metric", EVERY, ids=lambda metric: metric.name)
NAMES = [
    *(name for name in metric_names() if find_metric(name).metric in EVERY),
    *(f"outcome_{kind}@n0000" for kind in ("mean", "sum", "count")),
]
MAXIMA = st.sampled_from([1e300, 1e154, 5e-324, 0.0, 1.0])

values = st.floats() | MAXIMA
rows = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "_weight": st.floats(0, 1e9) | st.sampled_from([1.0, 0.0, 1e-300, 1e-9]),
            "_time": st.integers(START - 10**12, START + 10**12),
            "_received": st.integers(START - 10**12, START + 10**12),
            "_prediction": st.just("1"),
            "_error_class": st.sampled_from([*ERROR_CLASSES, "odd"]),
            "_cache_hit": st.booleans(),
            "_latency_ms": values,
            "_queue_ms": values,
            "_tokens_in": st.integers(0, 2**62),
            "_batch_size": st.integers(1, 2**62),
            "_concurrent": st.integers(0, 10**9),
            "_violations": st.lists(st.sampled_from(["type:a", "unknown:b"]), max_size=2),
            "_overflow": st.just("{}"),
            "_label": st.just("1"),
            "_label_time": st.integers(START - 10**15, START + 10**15),
            "_label_versions": st.integers(0, 3),
            "_name": st.just("n0000"),
            "_value": values,
        },
    ),
    max_size=12,
)


def inputs_of(held: list[dict[str, Any]]) -> Inputs:
    """All parts, counted from the same rows."""
    named = [{k: v for k, v in row.items() if k in {"_weight", "_name", "_value"}} for row in held]
    return Inputs(
        traffic=measure_traffic(batch_of(held)),
        labels=labels_of(held),
        outcomes=outcomes_of(named),
        seconds=3600.0,
        now=START / 1e6,
    )


def check(metric: Metric, estimate: Estimate) -> None:
    """What must hold of any estimate of a metric."""
    numbers = (estimate.value, estimate.low, estimate.high, estimate.bound)
    assert all(x is None or math.isfinite(x) for x in numbers), (metric.name, estimate)
    assert estimate.p_value is None
    if estimate.value is None:
        assert estimate.note, metric.name
        return
    lowest = -math.inf if metric.lowest is None else metric.lowest
    highest = math.inf if metric.highest is None else metric.highest
    for value in (estimate.value, estimate.low, estimate.high):
        assert value is None or lowest <= value <= highest, (metric.name, estimate)
    assert estimate.low is None or estimate.low <= estimate.value, (metric.name, estimate)
    assert estimate.high is None or estimate.value <= estimate.high, (metric.name, estimate)
    if not metric.interval:
        assert estimate.low is estimate.high is None
    if estimate.bound is not None:
        assert estimate.bound >= 0


@every_metric
def test_the_card_is_complete(metric: Metric) -> None:
    """A record says what it measures, when it misleads, its formula, source and oracle."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
    assert metric.group in {"service", "quality", "labels", "business"}
    assert metric.needs in {("traffic",), ("labels",), ("outcomes",)}
    for text in (
        metric.title,
        metric.measures,
        metric.misleads,
        metric.formula,
        metric.source,
        metric.oracle,
        metric.unit,
        metric.nulls,
        metric.infinities,
        metric.unseen,
    ):
        assert text.strip()
        assert "  " not in text
    assert metric.measures.endswith(".")
    assert metric.misleads.endswith(".")
    assert metric.formula.count("{") == metric.formula.count("}")
    function = metric.function.func if isinstance(metric.function, partial) else metric.function
    assert function.__doc__
    assert bool(metric.interval) or not metric.p_value


def test_every_metric_is_among_the_names() -> None:
    """So that the laws below are put to each."""
    assert {find_metric(name).metric.name for name in NAMES} == {metric.name for metric in EVERY}


@given(rows)
@example([{"_weight": 1e-09, "_latency_ms": 17724672852405.0}, {"_latency_ms": 0.0}])
def test_estimates_are_sound_whatever_the_rows(held: list[dict[str, Any]]) -> None:
    """Never NaN or infinite, within range, undefined only with a reason."""
    inputs = inputs_of(held)
    for name in NAMES:
        found = find_metric(name)
        check(found.metric, found.compute(inputs))


@pytest.mark.parametrize("name", NAMES)
def test_more_rows_make_an_interval_narrower(name: str) -> None:
    """Forty times the rows of a kind leave less doubt about it, in units of its value."""
    rng = np.random.default_rng(1)
    few = [
        {**one, **two, **three}
        for one, two, three in zip(
            prediction_rows(rng, 60, weighted=True),
            label_rows(rng, 60),
            outcome_rows(rng, 60, 1),
            strict=True,
        )
    ]
    found = find_metric(name)
    one, many = (found.compute(inputs_of(held)) for held in (few, few * 40))
    assert many.n_current in {one.n_current, 40 * one.n_current}
    if one.low is None or one.high is None or not one.value or not many.value:
        return
    width = (one.high - one.low) / abs(one.value)
    assert many.low is not None
    assert many.high is not None
    assert (many.high - many.low) / abs(many.value) <= width
