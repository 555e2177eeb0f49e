"""Quantiles of durations in many windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.app.alarms.stacked.counted import moments_of
from watchkeeper.app.alarms.stacked.hours import Spans, Stack
from watchkeeper.core.envelope import STAGES
from watchkeeper.metrics.find import Found
from watchkeeper.metrics.service_intervals import quantile
from watchkeeper.monitors.source import Floats, Points
from watchkeeper.profiles.durations import Durations
from watchkeeper.profiles.log_grid import MILLISECONDS, SECONDS, LogGrid

_DURATIONS = {
    "latency_ms_at_p": ("latency", MILLISECONDS),
    "arrival_delay_s_at_p": ("arrival", SECONDS),
    "label_delay_s_at_p": ("delay", SECONDS),
    **{f"{stage}_ms_at_p": (f"stages.{stage}", MILLISECONDS) for stage in STAGES},
}
"""Where the histogram of a metric is, and its bins."""


def is_quantile(found: Found) -> bool:
    """Whether a metric is a quantile of durations."""
    return found.metric.name in _DURATIONS


def quantiles(found: Found, stack: Stack, spans: Spans, *, intervals: bool) -> Points:
    """A quantile of each window, with its interval where that is wanted."""
    name, grid = _DURATIONS[found.metric.name]
    point = float(found.argument or 0.0)
    counts = spans.sums(stack.fields[f"{name}.counts"])
    weighted = f"{name}.weights" in stack.fields
    weights = spans.sums(stack.fields[f"{name}.weights"]) if weighted else counts
    rows = spans.sums(stack.fields[name][:, 0]).astype(np.int64)
    none = np.full(rows.size, np.nan)
    if not intervals:
        ends = (
            spans.least(stack.fields[f"{name}.minimum"]),
            spans.most(stack.fields[f"{name}.maximum"]),
        )
        return Points(_values(counts, weights, ends, point, grid), none, none, rows)
    squares = spans.sums(stack.fields[f"{name}.squares"]) if weighted else counts
    value, low, high = none.copy(), none.copy(), none.copy()
    for at, moments in enumerate(moments_of(name, stack, spans)):
        if moments.rows:
            held = Durations(moments, 0, 0, counts[at])
            if weighted:
                held = Durations(moments, 0, 0, counts[at], weights[at], squares[at])
            one = quantile(held, grid, point, "")
            value[at], low[at], high[at] = (
                np.nan if end is None else end for end in (one.value, one.low, one.high)
            )
    return Points(value, low, high, rows)


def _values(
    counts: NDArray[Any],
    weights: NDArray[Any],
    ends: tuple[Floats, Floats],
    point: float,
    grid: LogGrid,
) -> Floats:
    """`Durations.quantile` of many histograms over the whole grid."""
    upto = np.cumsum(weights, axis=1, dtype=np.float64)
    total = upto[:, -1]
    target = point * total * (1.0 - 1e-12)
    at = np.maximum((upto < target[:, None]).sum(axis=1), (counts > 0).argmax(axis=1))
    every = np.arange(at.size)
    at = np.minimum(at, counts.shape[1] - 1)
    low, high = (np.where(np.isfinite(end), end, 0.0) for end in ends)
    left = np.maximum(np.concatenate(([0.0], grid.edges))[at], low)
    right = np.minimum(np.concatenate((grid.edges, [np.inf]))[at], high)
    before = np.where(at > 0, upto[every, np.maximum(at - 1, 0)], 0.0)
    held = upto[every, at] - before
    with np.errstate(all="ignore"):
        inside = np.where(held > 0, np.clip((target - before) / held, 0.0, 1.0), 0.0)
    return np.where(total > 0, left + (right - left) * inside, np.nan)
