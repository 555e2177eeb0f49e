"""Performance of all rows and of each segment, measured and judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.metrics.performance import (
    compare_fairness,
    compare_performance,
    coverage,
    performance_details,
    performance_pieces,
)
from watchkeeper.monitors.performance import judge_performance
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.performance import PerformanceLayout, PerformanceStatistic
from watchkeeper.profiles.profile import Profile, Statistics

Document = dict[str, Any]

_SEGMENT_METRICS = frozenset({"mce", "calibration_drift"})
"""Too unsteady on the rows of a segment to be shown there."""


def performance_of(layout: Layout, reference: Profile, current: Profile) -> Document | None:
    """`performance` of the report; None where the model has no task."""
    held = layout.performance
    before, after = reference.whole.performance, current.whole.performance
    if held is None or after is None:
        return None
    thresholds = layout.model.thresholds
    return {
        **performance_pieces(held, before, after),
        **performance_details(held, before, after),
        "metrics": judge_performance(compare_performance(held, before, after), thresholds),
        "segments": _segments(layout, held, reference, current),
        "fairness": _fairness(layout, held, reference, current),
        "coverage": {"reference": coverage(before), "current": coverage(after)},
    }


def _segments(
    layout: Layout, held: PerformanceLayout, reference: Profile, current: Profile
) -> Document:
    out: Document = {}
    thresholds = layout.model.thresholds
    for column in layout.segments:
        earlier = _parts(reference.segments.get(column, {}))
        later = _parts(current.segments.get(column, {}))
        out[column] = {}
        for value, now in sorted(later.items(), key=lambda pair: -pair[1].labelled):
            before = earlier.get(value)
            metrics = judge_performance(compare_performance(held, before, now), thresholds)
            out[column][value] = {
                "rows_reference": before.labelled if before else 0,
                "rows_current": now.labelled,
                "metrics": {k: v for k, v in metrics.items() if k not in _SEGMENT_METRICS},
            }
    return out


def _fairness(
    layout: Layout, held: PerformanceLayout, reference: Profile, current: Profile
) -> Document:
    out: Document = {}
    for column in layout.model.sensitive:
        found = compare_fairness(
            held,
            _parts(reference.segments.get(column, {})),
            _parts(current.segments.get(column, {})),
            min_rows=layout.model.thresholds.min_rows,
        )
        if found is not None:
            out[column] = found
    return out


def _parts(segments: Mapping[str, Statistics]) -> dict[str, PerformanceStatistic]:
    return {
        value: part.performance
        for value, part in segments.items()
        if part.performance is not None and part.rows
    }
