"""Metrics of a few sums: the sums of all windows at once, then the metric's own function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.app.alarms.stacked.fields import BINARY, LABELS, MOMENTS, WEIGHTED
from watchkeeper.app.alarms.stacked.hours import Ends, Spans, Stack
from watchkeeper.core.envelope import ERROR_CLASSES
from watchkeeper.metrics.classification import BINARY as CONFUSIONS
from watchkeeper.metrics.classification_losses import LOSSES
from watchkeeper.metrics.find import Found, Inputs
from watchkeeper.metrics.performance import metric_records
from watchkeeper.metrics.regression import ERRORS
from watchkeeper.monitors.source import Points
from watchkeeper.profiles import regression
from watchkeeper.profiles.classification import Binary, BinaryLayout
from watchkeeper.profiles.durations import Durations
from watchkeeper.profiles.label_traffic import LabelTraffic
from watchkeeper.profiles.performance import PerformanceLayout
from watchkeeper.profiles.regression import Regression, RegressionLayout
from watchkeeper.profiles.traffic import Traffic
from watchkeeper.profiles.weighted import Moments, Weighted

_TRAFFIC: dict[str, tuple[str, ...]] = {
    "prediction_count": ("rows", "heaviest"),
    "throughput": ("rows", "heaviest"),
    "error_rate": ("rows", "errors"),
    "error_rate_by_class": ("rows", "errors"),
    "schema_violation_rate": ("rows", "violating"),
    "overflow_rate": ("rows", "overflowing"),
    "cache_hit_rate": ("cache_known", "cache_hits"),
    "batch_size_mean": ("batch_size",),
    "tokens_in": ("tokens_in",),
    "tokens_out": ("tokens_out",),
    "concurrent_max": ("concurrent",),
    "queue_depth_max": ("queue_depth",),
    "latency_ms_mean": ("latency",),
    "freshness_s": ("rows", "last"),
}
"""What of the traffic a metric reads."""

_LABELS: dict[str, tuple[str, ...]] = {
    "label_coverage": ("labelled", "expected"),
    "labels_corrected": ("labelled", "corrected", "heaviest"),
}
_CONFUSIONS = {metric.name for metric in (*CONFUSIONS, *LOSSES)}
_ERRORS = {metric.name for metric in ERRORS}

Statistics = Iterator[Any]


def counted(
    found: Found, stack: Stack, spans: Spans, given: tuple[Ends, PerformanceLayout | None]
) -> Points:
    """A metric of each window that `is_counted`.

    Parameters
    ----------
    found
        The metric.
    stack, spans
        The hours, and those of each window.
    given
        The windows, and how labels were counted against predictions.
    """
    ends, layout = given
    value, low, high = np.full((3, ends.times.size), np.nan)
    rows = np.zeros(ends.times.size, dtype=np.int64)
    seconds, times = ends.seconds.tolist(), ends.times.tolist()
    filled = spans.filled.tolist()
    for at, held in enumerate(_statistics(found, stack, spans, layout)):
        if not filled[at]:
            continue
        if found.part == "performance":
            one = found.metric.function(layout, held)
        elif found.part == "labels":
            one = found.compute(Inputs(labels=held))
        else:
            one = found.compute(Inputs(traffic=held, seconds=seconds[at], now=times[at]))
        rows[at] = one.n_current
        for room, number in ((value, one.value), (low, one.low), (high, one.high)):
            if number is not None:
                room[at] = number
    return Points(value, low, high, rows)


def is_counted(found: Found, layout: PerformanceLayout | None) -> bool:
    """Whether a metric is a function of a few sums that are known here."""
    name = found.metric.name
    if found.part == "traffic":
        return name in _TRAFFIC
    if found.part == "labels":
        return name in _LABELS
    if layout is None or found.part != "performance" or found.name not in metric_records(layout):
        return False
    if isinstance(layout, BinaryLayout):
        return name in _CONFUSIONS
    return isinstance(layout, RegressionLayout) and name in _ERRORS


def _statistics(
    found: Found, stack: Stack, spans: Spans, layout: PerformanceLayout | None
) -> Statistics:
    """For each window a statistic that holds what the metric reads."""
    name = found.metric.name
    if found.part == "traffic":
        return _of(Traffic, _TRAFFIC[name], stack, spans)
    if found.part == "labels":
        return _of(LabelTraffic, _LABELS[name], stack, spans)
    if isinstance(layout, RegressionLayout):
        return _regressions(layout, stack, spans)
    return _binaries(stack, spans)


def _of(kind: Callable[..., Any], names: Sequence[str], stack: Stack, spans: Spans) -> Statistics:
    """Statistics of which only some fields are filled."""
    columns = [_column(name, stack, spans) for name in names]
    for held in zip(*columns, strict=True):
        yield kind(**dict(zip(names, held, strict=True)))


def _column(name: str, stack: Stack, spans: Spans) -> Sequence[Any]:
    """A field of each window."""
    fields = stack.fields
    if name == "errors":
        kinds = [weighted_of(spans.sums(fields[f"errors.{kind}"])) for kind in ERROR_CLASSES]
        return [
            {kind: one for kind, one in zip(ERROR_CLASSES, held, strict=True) if one.rows}
            for held in zip(*kinds, strict=True)
        ]
    if name in ("heaviest", "last"):
        return ends_of(spans.most(fields[name]))
    if name in MOMENTS:
        return moments_of(name, stack, spans)
    if name == "latency":
        return [Durations(moments) for moments in moments_of(name, stack, spans)]
    assert name in WEIGHTED or name in LABELS  # noqa: S101  # all that there is
    return weighted_of(spans.sums(fields[name]))


def weighted_of(sums: NDArray[Any]) -> list[Weighted]:
    """Rows, weights and squared weights, shape (windows, 3), as they are in statistics."""
    return [Weighted(int(rows), *others) for rows, *others in sums.tolist()]


def moments_of(name: str, stack: Stack, spans: Spans) -> list[Moments]:
    """The moments of each window."""
    fields = stack.fields
    lows = ends_of(spans.least(fields[f"{name}.minimum"]))
    highs = ends_of(spans.most(fields[f"{name}.maximum"]))
    sums = spans.sums(fields[name]).tolist()
    return [
        Moments(int(held[0]), held[1], held[2], held[3], held[4], held[5], low, high)
        for held, low, high in zip(sums, lows, highs, strict=True)
    ]


def ends_of(values: NDArray[Any]) -> list[float | None]:
    """Smallest or largest values, None where there is none."""
    known = np.isfinite(values).tolist()
    return [value if there else None for value, there in zip(values.tolist(), known, strict=True)]


def _binaries(stack: Stack, spans: Spans) -> Statistics:
    """Confusion counts and losses; the bins of the score are one bin."""
    numbers = [spans.sums(stack.fields[name]).tolist() for name in BINARY]
    confusion, scores = (spans.sums(stack.fields[name]) for name in ("confusion", "scores"))
    nothing = np.zeros((3, 1))
    for cells, bins, held in zip(confusion, scores, zip(*numbers, strict=True), strict=True):
        yield Binary(
            **dict(zip(BINARY, held, strict=True)),
            confusion=cells, counts=bins, sums=nothing, squares=nothing,
        )  # fmt: skip


def _regressions(layout: RegressionLayout, stack: Stack, spans: Spans) -> Statistics:
    """Sums of products; nothing is filled into the grids."""
    empty = regression.empty(layout)
    held = (spans.sums(stack.fields[name]) for name in ("rows", "labelled", "products"))
    for (rows, labelled, products), blank in zip(zip(*held, strict=True), repeat(empty)):
        yield Regression(
            int(rows), int(labelled), products, blank.errors, blank.absolute, blank.predictions
        )
