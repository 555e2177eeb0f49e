"""Many metrics over many steps as bare numbers: what a chart of lines draws, and nothing else.

A year by the hour is 8,760 points of each line. Weeks that nothing is written to any more are
measured once and kept, so that the same chart a moment later costs the week that still goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.app.live.kept import Kept, marker_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.questions import SeriesQuery
from watchkeeper.app.live.series import (
    columns_of,
    measure_metric,
    part_of,
    parts_of,
    seconds_of,
    segments_of,
)
from watchkeeper.app.live.spans import DAY, steps
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Every, Window
from watchkeeper.metrics.find import Found, find_metric
from watchkeeper.store.buckets import align

Answer = dict[str, Any]
Kind: TypeAlias = tuple[Found, str | None]
Floats: TypeAlias = npt.NDArray[np.float64]
Held: TypeAlias = tuple[npt.NDArray[np.int64], Floats]
"""When the steps with rows begin, in seconds since 1970, and their values."""

MAX_LINES = 200
MAX_STEPS = 10_000
MAX_VALUES = 600_000
"""Values of one answer: 60 lines of a year by the hour, and some more."""

KEPT = 20_000
"""Weeks of a line that are kept: some 30 MB."""

_WEEK = timedelta(days=7)
_DIGITS = 6


def measure_lines(
    measured: Measured, query: SeriesQuery, *, window: Window, now: datetime, held: Kept
) -> Answer:
    """The lines that a query asks for, on one grid of times.

    Parameters
    ----------
    measured, query, window, now
        As for `measure_series`.
    held
        Weeks that were measured before.

    Raises
    ------
    InputError
        A metric, column, step or segment that is not there, or too many lines or values.
    """
    if not query.metrics:
        raise InputError("name at least one metric; GET /v1/metrics lists them")
    found = [find_metric(name) for name in query.metrics]
    every = None if query.step == "window" else steps(window, query.step, most=MAX_STEPS)
    kinds = [(f, column) for f in found for column in columns_of(f, measured, query)]
    many = list(segments_of(measured, query))
    _check(len(many) * len(kinds), every, window)
    lines: list[tuple[Measured, Kind, Held]] = []
    for one in many:
        weeks = [_week(one, kinds, week, every, now, held) for week in _weeks(window, every)]
        for place, kind in enumerate(kinds):
            lines.append((one, kind, _joined([week[place] for week in weeks])))
    starts = _grid([at for _, _, (at, _) in lines])
    return {
        "model": measured.model,
        "window": {"start": window.start, "end": window.end},
        "step": every.text if every else "window",
        "step_s": seconds_of(every, window),
        "starts": starts,
        "lines": [
            {**_named(one, kind), "values": _placed(drawn, starts)} for one, kind, drawn in lines
        ],
    }


def _check(lines: int, every: Every | None, window: Window) -> None:
    """Refuse what would be too much to draw, before anything is measured."""
    if lines > MAX_LINES:
        raise InputError(
            f"this asks for {lines} lines and at most {MAX_LINES} are drawn; name fewer metrics, "
            "columns or segments"
        )
    points = (window.end - window.start).total_seconds() / seconds_of(every, window)
    if lines * points > MAX_VALUES:
        raise InputError(
            f"this asks for {lines * points:,.0f} values and at most {MAX_VALUES:,} are drawn; "
            "choose a longer step, or name fewer metrics, columns or segments"
        )


def _weeks(window: Window, every: Every | None) -> Iterator[Window]:
    """The window in weeks from Monday to Monday; whole where its steps are longer than days."""
    if every is None or every.delta is None or _WEEK % every.delta:
        yield window
        return
    start, end = align(window.start, window.end, int(every.delta.total_seconds()))
    whole, _ = align(start, end, int(_WEEK.total_seconds()))
    while whole < end:
        yield Window(max(whole, start), min(whole + _WEEK, end))
        whole += _WEEK


def _week(  # what a week of lines is made of
    measured: Measured,
    kinds: Sequence[Kind],
    week: Window,
    every: Every | None,
    now: datetime,
    held: Kept,
) -> list[Held]:
    """Each kind's steps in a week, as they were measured before where nothing came since."""
    with held.turn:
        return _week_of(measured, kinds, week, every, now, held)


def _week_of(  # what a week of lines is made of
    measured: Measured,
    kinds: Sequence[Kind],
    week: Window,
    every: Every | None,
    now: datetime,
    held: Kept,
) -> list[Held]:
    settled = every is not None and (every.delta or _WEEK) <= DAY and week.end <= now
    marker = marker_of(measured, week, now, free=True) if settled else None
    common = (measured.model, measured.version, measured.segment, week.start, week.end)
    keys = [(*common, every, found.name, column) for found, column in kinds]
    known: list[Held | None] = [None if marker is None else held.get(key, marker) for key in keys]
    wanted = [kind for kind, before in zip(kinds, known, strict=True) if before is None]
    new = iter(_measured(measured, wanted, week, every, now) if wanted else ())
    result: list[Held] = []
    for key, before in zip(keys, known, strict=True):
        drawn = next(new) if before is None else before
        if before is None and marker is not None:
            held.put(key, marker, drawn)
        result.append(drawn)
    return result


def _measured(
    measured: Measured, kinds: Sequence[Kind], week: Window, every: Every | None, now: datetime
) -> list[Held]:
    free, on_layout = parts_of(kinds, measured)
    read = measured.steps(week, every, free=free, held=on_layout)
    result = []
    for found, column in kinds:
        part = part_of(found, column)
        inside = [(window, parts) for window, parts in read if part in parts]
        values = [
            measure_metric(measured, found, column, window=window, parts=parts, now=now).value
            for window, parts in inside
        ]
        starts = np.array([window.start.timestamp() for window, _ in inside], dtype=np.int64)
        result.append((starts, short(np.array(values, dtype=np.float64))))
    return result


def short(values: Floats) -> Floats:
    """Values to six digits, which is more than a chart has pixels for; not finite ones are NaN.

    >>> short(np.array([1 / 3, 123456789.0, 0.0, np.inf])).tolist()
    [0.333333, 123457000.0, 0.0, nan]
    """
    result = np.where(np.isfinite(values), values, np.nan)
    some = np.isfinite(result) & (result != 0)
    power = _DIGITS - 1 - np.floor(np.log10(np.abs(result[some]))).astype(np.int64)
    power = np.clip(power, -300, 300)
    # Powers of ten above 1 are exact, those below are not: divide by the one or the other.
    up, down = 10.0 ** np.maximum(power, 0), 10.0 ** np.maximum(-power, 0)
    result[some] = np.round(result[some] * up / down) / up * down
    return result


def _joined(weeks: Sequence[Held]) -> Held:
    return np.concatenate([at for at, _ in weeks]), np.concatenate([values for _, values in weeks])


def _grid(starts: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """All times that any line has, in order."""
    if not starts:
        return np.array([], dtype=np.int64)
    first = starts[0]
    if all(np.array_equal(first, other) for other in starts[1:]):
        return first
    return np.unique(np.concatenate(starts))


def _placed(drawn: Held, grid: npt.NDArray[np.int64]) -> Floats:
    """The values of a line on the grid of all; NaN where it has none."""
    at, values = drawn
    if len(at) == len(grid):
        return values
    placed = np.full(len(grid), np.nan)
    placed[np.searchsorted(grid, at)] = values
    return placed


def _named(measured: Measured, kind: Kind) -> Answer:
    found, column = kind
    return {
        "metric": found.name,
        "title": found.metric.title,
        "column": column,
        "version": measured.version,
        "segment": None if measured.segment is None else ":".join(measured.segment),
        "unit": found.metric.unit,
        "worse": found.metric.worse,
    }
