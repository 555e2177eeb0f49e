"""Metrics over time, from merged profiles alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchkeeper.app.drift import compared, pair_of
from watchkeeper.app.live.measured import Measured, Parts, segment_of
from watchkeeper.app.live.questions import SeriesQuery
from watchkeeper.app.live.spans import steps
from watchkeeper.core.errors import InputError
from watchkeeper.core.estimate import Estimate
from watchkeeper.core.windows import Every, Window
from watchkeeper.expressions.hints import suggest
from watchkeeper.metrics.find import Found, Inputs, find_metric
from watchkeeper.metrics.pairs import Pair
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.parts import PERFORMANCE, column_part

Answer = dict[str, Any]

FREE = ("traffic", "labels", "outcomes")
"""Parts that need no reference."""

MAX_SERIES = 200
"""Series of one answer."""


def measure_series(
    measured: Measured, query: SeriesQuery, *, window: Window, now: datetime
) -> Answer:
    """The series that a query asks for.

    Raises
    ------
    InputError
        A metric, column, step or segment that is not there, or too many series.
    """
    if not query.metrics:
        raise InputError("name at least one metric; GET /v1/metrics lists them")
    found = [find_metric(name) for name in query.metrics]
    every = None if query.step == "window" else steps(window, query.step)
    kinds = [(f, column) for f in found for column in columns_of(f, measured, query)]
    series: list[Answer] = []
    for one in segments_of(measured, query):
        if len(series) + len(kinds) > MAX_SERIES:
            raise InputError(
                f"this asks for more than {MAX_SERIES} series; name fewer metrics, columns or "
                "segments"
            )
        free, held = parts_of(kinds, one)
        read = one.steps(window, every, free=free, held=held)
        series += [_series(one, f, column, read, now) for f, column in kinds]
    return {
        "model": measured.model,
        "window": {"start": window.start, "end": window.end},
        "step": every.text if every else "window",
        "step_s": seconds_of(every, window),
        "series": series,
    }


def parts_of(
    kinds: Sequence[tuple[Found, str | None]], measured: Measured
) -> tuple[set[str], set[str]]:
    """The parts that some metrics are computed from: those without a layout, and those on it.

    Raises
    ------
    InputError
        A part is not kept for segments.
    """
    free: set[str] = {f.part for f, _ in kinds if f.part in FREE}
    if free and measured.segment is not None:
        name = next(f.name for f, _ in kinds if f.part in FREE)
        raise InputError(
            f"{name} is kept for each version, not for each segment; leave out segment="
        )
    return free, {_part(f, column) for f, column in kinds if f.part not in FREE}


def seconds_of(every: Every | None, window: Window) -> float:
    """The length of a step; months are taken as a twelfth of a year on average."""
    if every is None:
        return (window.end - window.start).total_seconds()
    if every.delta is None:
        return every.months * 365.2425 / 12 * 86_400
    return every.delta.total_seconds()


def columns_of(found: Found, measured: Measured, query: SeriesQuery) -> Sequence[str | None]:
    """The columns of a metric of columns; for all others one series of no column."""
    if found.groups:
        return _layout(found, measured).model.sensitive or (None,)
    if found.part != "column":
        return (None,)
    layout = _layout(found, measured)
    named = {column.name: column.kind for column in compared(layout)}
    for column in query.columns:
        if column not in named:
            hint = suggest(column, list(named)) or "; GET /v1/models/MODEL lists its columns"
            raise InputError(f"model {measured.model!r} has no measured column {column!r}{hint}")
    wanted = query.columns or tuple(named)
    kind = {"numeric", "datetime", "text"}
    fits = {
        name: ("categorical" if named[name] not in kind else "numeric") in found.metric.needs
        for name in wanted
    }
    if query.columns:
        return wanted
    return tuple(name for name in wanted if fits[name])


def segments_of(measured: Measured, query: SeriesQuery) -> Iterator[Measured]:
    """The same for each segment that is asked for."""
    segment = segment_of(query.segment)
    if segment is None:
        yield measured
        return
    layout = measured.layout
    held = measured.buckets.segments(measured.model, layout.id) if layout is not None else {}
    column, value = segment
    if layout is None or column not in layout.segments:
        hint = suggest(column, list(held)) or f"; it has {', '.join(held) or 'none'}"
        raise InputError(f"model {measured.model!r} has no segments by {column!r}{hint}")
    values = held.get(column, []) if value == "*" else [value]
    for one in values:
        yield replace(measured, segment=(column, one))


def _part(found: Found, column: str | None) -> str:
    if found.part == "column" and column is not None:
        return column_part(column)
    return PERFORMANCE


def _layout(found: Found, measured: Measured) -> Layout:
    if measured.layout is None:
        raise InputError(
            f"{found.name} compares with a reference, and model {measured.model!r} has none yet; "
            "set one with `reference:` in the model file, or PUT /v1/models/MODEL/reference"
        )
    return measured.layout


def _series(
    measured: Measured,
    found: Found,
    column: str | None,
    read: Sequence[tuple[Window, Parts]],
    now: datetime,
) -> Answer:
    if found.part not in FREE:
        _layout(found, measured)
    points = [
        _point(measured, found, column, window, parts, now)
        for window, parts in read
        if part_of(found, column) in parts
    ]
    segment = None if measured.segment is None else ":".join(measured.segment)
    return {
        "metric": found.name,
        "title": found.metric.title,
        "column": column,
        "version": measured.version,
        "segment": segment,
        "unit": found.metric.unit,
        "worse": found.metric.worse,
        "points": points,
    }


def _point(  # what one point is made of
    measured: Measured,
    found: Found,
    column: str | None,
    window: Window,
    parts: Parts,
    now: datetime,
) -> Answer:
    estimate = measure_metric(measured, found, column, window=window, parts=parts, now=now)
    return {"start": window.start, "end": window.end, **estimate.to_dict()}


def part_of(found: Found, column: str | None) -> str:
    """The name of the part that a metric is computed from."""
    return found.part if found.part in FREE else _part(found, column)


def measure_metric(  # what one value is made of
    measured: Measured,
    found: Found,
    column: str | None,
    *,
    window: Window,
    parts: Parts,
    now: datetime,
) -> Estimate:
    """A metric of one window, from its parts.

    Parameters
    ----------
    measured
        Whose it is.
    found, column
        The metric.
    window
        The window; it ends at `now` where that is earlier.
    parts
        The statistics of the window, `part_of` the metric among them.
    now
        The time of asking.
    """
    end = min(window.end, max(now, window.start))
    inputs = Inputs(
        seconds=(end - window.start).total_seconds() or None,
        now=now.timestamp(),
        **_inputs(measured, found, column, window, parts),
    )
    return found.compute(inputs)


def _inputs(
    measured: Measured, found: Found, column: str | None, window: Window, parts: Parts
) -> dict[str, Any]:
    if found.part in FREE:
        return {found.part: parts[found.part]}
    if found.part == "column" and column is not None:
        return {"pair": _pair(measured, column, window, parts)}
    layout = measured.layout
    held: dict[str, Any] = {
        "layout": layout.performance if layout else None, "performance": parts[PERFORMANCE],
    }  # fmt: skip
    if found.reference:
        before = measured.compared_with(window, (PERFORMANCE,))
        held["reference_performance"] = before.get(PERFORMANCE)
    if found.groups and column is not None:
        held["groups"] = _groups(measured, column, window)
    return held


def _groups(measured: Measured, column: str, window: Window) -> dict[str, Any]:
    """Labels against predictions in each group of a sensitive column."""
    layout = measured.layout
    values = measured.buckets.segments(measured.model, layout.id).get(column, []) if layout else []
    found: dict[str, Any] = {}
    for value in values:
        group = replace(measured, segment=(column, value))
        read = group.steps(window, None, free=(), held=(PERFORMANCE,))
        if read:
            found[value] = read[0][1][PERFORMANCE]
    return found


def _pair(measured: Measured, column: str, window: Window, parts: Parts) -> Pair | None:
    layout = measured.layout
    part = column_part(column)
    before = measured.compared_with(window, (part,)).get(part)
    if layout is None or before is None:
        return None
    return pair_of(layout.axes[column], before, parts[part], column)
