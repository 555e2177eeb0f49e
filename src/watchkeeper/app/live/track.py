"""Drift and quality of a model over time: every column in every step, against its reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from watchkeeper.app.drift import compared, pair_of
from watchkeeper.app.live.glance import step_of
from watchkeeper.app.live.kept import Kept, marker_of
from watchkeeper.app.live.measured import WHOLE, Measured, Parts, reference_parts
from watchkeeper.app.live.series import seconds_of
from watchkeeper.app.live.spans import steps
from watchkeeper.core.errors import InputError
from watchkeeper.core.estimate import finite
from watchkeeper.core.windows import Window
from watchkeeper.metrics.drift import exceedances
from watchkeeper.metrics.quality import measure_schema
from watchkeeper.metrics.quality_scores import measure_scores
from watchkeeper.monitors.drift import ColumnEvidence, ColumnVerdict, judge, least
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.parts import (
    PERFORMANCE,
    ROWS,
    SKETCH,
    TALLIES,
    column_part,
    join_profile,
)
from watchkeeper.profiles.profile import Profile

Answer = dict[str, Any]

MAX_STEPS = 200
"""Steps of one answer: each takes some milliseconds."""


def measure_track(
    measured: Measured, *, window: Window, step: str | None, now: datetime, held: Kept
) -> Answer:
    """Every column's effect, verdict and missing share, and the quality scores, step by step.

    Parameters
    ----------
    measured
        Whose.
    window
        What to cover; the first and last step are whole.
    step
        The length of a step; chosen by the window where None.
    now
        The time of asking, for timeliness.
    held
        What was measured before.

    Raises
    ------
    InputError
        The model has no reference, or the steps would be too many.
    """
    reference = measured.reference
    if reference is None:
        raise InputError(
            f"model {measured.model!r} has no reference to compare with; set one with `reference:` "
            "in the model file, or PUT /v1/models/MODEL/reference"
        )
    every = steps(window, step or step_of(window))
    length = every.delta or timedelta(days=28 * every.months)
    if (window.end - window.start) / length > MAX_STEPS:
        raise InputError(
            f"steps of {every.text} in this window are more than {MAX_STEPS}; choose a longer step"
        )
    layout = replace(reference.profile.layout, segments={})
    names = [column_part(name) for name in layout.axes]
    read = measured.steps(window, every, free=(), held=[*names, PERFORMANCE, TALLIES, SKETCH, ROWS])
    read = [(span, parts) for span, parts in read if ROWS in parts]
    found = [_step(measured, layout, span, parts, now, held) for span, parts in read]
    return {
        "model": measured.model,
        "version": measured.version,
        "segment": None if measured.segment is None else ":".join(measured.segment),
        "window": {"start": window.start, "end": window.end},
        "step": every.text,
        "step_s": seconds_of(every, window),
        "tolerance": layout.model.thresholds.tolerance,
        **_turned(layout, found),
    }


def _step(
    measured: Measured, layout: Layout, span: Window, parts: Parts, now: datetime, held: Kept
) -> Answer:
    """One step, as it was measured before where nothing came since."""
    key = (measured.model, measured.version, measured.segment, span.start, span.end)
    # The age of a step that still goes on changes by itself.
    marker = marker_of(measured, span, now) if span.end <= now else None
    found = None if marker is None else held.get(key, marker)
    if found is None:
        found = _measure(measured, layout, span, parts, now)
        if marker is not None:
            held.put(key, marker, found)
    return found


def _measure(
    measured: Measured, layout: Layout, span: Window, parts: Parts, now: datetime
) -> Answer:
    current = join_profile(layout, {WHOLE: parts})
    reference = _reference(measured, layout, span, parts)
    retyped = {change["column"] for change in measure_schema(reference, current)["retyped"]}
    scores = measure_scores(reference, current, retyped, now=min(now, span.end).timestamp())
    performance = current.whole.performance
    return {
        "window": {
            "start": span.start, "end": span.end, "rows": current.whole.rows,
            "labelled": performance.labelled if performance is not None else 0,
        },
        "columns": {
            name: _column(verdict, current, name)
            for name, verdict in _verdicts(layout, reference, current).items()
        },
        "scores": {
            name: {"value": score["current"], "target": score["target"]}
            for name, score in scores.items()
        },
    }  # fmt: skip


def _reference(measured: Measured, layout: Layout, span: Window, parts: Parts) -> Profile:
    """The reference's columns for a step, as a profile without segments."""
    reference = measured.reference
    wanted = [name for name in parts if name not in (TALLIES, SKETCH, ROWS)]
    if reference is None or reference.ranges(span.start, span.end):
        before = measured.compared_with(span, wanted)
    else:
        before = reference_parts(reference.profile, measured.segment or WHOLE, wanted)
    observed = {} if reference is None else reference.profile.observed
    return replace(join_profile(layout, {WHOLE: before}), observed=observed)


def _verdicts(layout: Layout, reference: Profile, current: Profile) -> dict[str, ColumnVerdict]:
    evidence = {}
    for column in compared(layout):
        name = column.name
        before, after = reference.whole.columns.get(name), current.whole.columns.get(name)
        if before is not None and after is not None:
            pair = pair_of(layout.axes[name], before, after, name)
            evidence[name] = ColumnEvidence(exceedances(pair, layout.model.thresholds))
    return judge(evidence, layout.model.thresholds)


def _column(verdict: ColumnVerdict, current: Profile, name: str) -> Answer:
    effect = verdict.effect
    held = current.whole.columns[name]
    missing = held.missing if isinstance(held, Numeric) else held.nulls
    return {
        "verdict": str(verdict.verdict),
        "effect": None if effect is None else finite(effect.value),
        "low": None if effect is None else finite(effect.low),
        "high": None if effect is None else finite(effect.high),
        "least": least(effect),
        "missing": missing / held.rows if held.rows else None,
    }


def _turned(layout: Layout, found: list[Answer]) -> Answer:
    """From steps with columns to columns with steps; the most changed column first."""
    drift: Answer = {}
    strength: dict[str, float] = {}
    for column in compared(layout):
        held = [step["columns"].get(column.name) for step in found]
        if not any(held):
            continue
        drift[column.name] = {
            "kind": str(column.kind),
            "role": str(column.role),
            "effect": [_of(each, "effect") for each in held],
            "low": [_of(each, "low") for each in held],
            "high": [_of(each, "high") for each in held],
            "verdicts": [_of(each, "verdict") for each in held],
            "missing": [_of(each, "missing") for each in held],
        }
        strength[column.name] = max((_of(each, "least") or 0.0 for each in held), default=0.0)
    scores = list(dict.fromkeys(name for step in found for name in step["scores"]))
    return {
        "steps": [
            {**step["window"], "drifted": _drifted(step), "columns": len(step["columns"])}
            for step in found
        ],
        "drift": drift,
        "ranking": sorted(drift, key=lambda name: -strength[name]),
        "quality": {
            name: {
                "target": next((_target(step, name) for step in found), None),
                "points": [step["scores"].get(name, {}).get("value") for step in found],
            }
            for name in scores
        },
    }


def _of(held: Mapping[str, Any] | None, key: str) -> Any:
    return None if held is None else held[key]


def _target(step: Answer, name: str) -> float | None:
    target: float | None = step["scores"].get(name, {}).get("target")
    return target


def _drifted(step: Answer) -> int | None:
    """How many columns drifted; None where no column could be judged."""
    verdicts = [column["verdict"] for column in step["columns"].values()]
    if all(verdict == "not_enough_data" for verdict in verdicts):
        return None
    return verdicts.count("drifted")
