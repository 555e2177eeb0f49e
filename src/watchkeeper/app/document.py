"""The report document: every measurement of two profiles, judged, in one mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import watchkeeper
from watchkeeper.app.checks import list_checks
from watchkeeper.app.drift import drift_of
from watchkeeper.app.performance import performance_of
from watchkeeper.app.summary import summarize
from watchkeeper.core.model import Model, Role
from watchkeeper.core.windows import from_seconds
from watchkeeper.metrics.quality import measure_quality
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import Profile

SCHEMA_VERSION = "1.0"
"""The version of the document's shape; the first number changes when a reader must change."""

Document = dict[str, Any]

_NESTED = re.compile(r"(large_|fixed_size_)?(list|struct|map|binary|union|run_end)")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a profile, what to call it, and its range where it is known."""

    profile: Profile
    name: str
    start: datetime | None = None
    end: datetime | None = None


def assemble(reference: Side, current: Side, *, now: datetime | None = None) -> Document:
    """Measure, judge and describe everything about two profiles on one layout."""
    layout = reference.profile.layout
    model = layout.model
    document: Document = {
        "schema_version": SCHEMA_VERSION,
        "kind": "comparison",
        "generator": generator(),
        "model": describe_model(model),
        "reference": _side(reference, model),
        "current": _side(current, model),
        "summary": {},
        "checks": [],
        "drift": drift_of(layout, reference.profile, current.profile),
        "performance": performance_of(layout, reference.profile, current.profile),
        "quality": measure_quality(reference.profile, current.profile, now=now),
    }
    document["checks"] = list_checks(document, model)
    document["summary"] = summarize(document, min_rows=model.thresholds.min_rows)
    document["summary"]["warnings"] += _unmeasured(layout)
    return document


def _unmeasured(layout: Layout) -> list[str]:
    """A warning where columns are of a type that cannot be measured."""
    names = [
        column.name
        for column in layout.model.columns
        if column.role is Role.IGNORED and _NESTED.match(layout.dtypes.get(column.name, ""))
    ]
    if not names:
        return []
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return [f"Nested and binary columns are not measured: {listed}."]


def generator() -> dict[str, str]:
    """What made the document."""
    return {"name": "watchkeeper", "version": watchkeeper.__version__}


def describe_model(model: Model) -> Document:
    """The model's roles as a report shows them."""
    return {
        "name": model.name,
        "task": str(model.task) if model.task else None,
        "label": model.label,
        "prediction": model.prediction,
        "score": model.score,
        "timestamp": model.timestamp,
        "classes": list(model.classes),
        "threshold": model.threshold,
        "segments": list(model.segments),
        "sensitive": list(model.sensitive),
    }


def _side(side: Side, model: Model) -> Document:
    whole = side.profile.whole
    times = whole.columns.get(model.timestamp) if model.timestamp else None
    start, end = side.start, side.end
    if start is None and isinstance(times, Numeric) and times.minimum is not None:
        start = from_seconds(times.minimum)
    if end is None and isinstance(times, Numeric) and times.maximum is not None:
        end = from_seconds(times.maximum)
    return {
        "name": side.name,
        "rows": whole.rows,
        "labelled": whole.performance.labelled if whole.performance else 0,
        "start": start.isoformat() if start else None,
        "end": end.isoformat() if end else None,
    }
