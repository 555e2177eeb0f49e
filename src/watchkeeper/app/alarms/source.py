"""The numbers that conditions read, from the measured hours of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from watchkeeper.app.alarms.slos import SloEvents
from watchkeeper.app.alarms.stacked.hours import Ends
from watchkeeper.app.alarms.stacked.series import Stacked
from watchkeeper.app.drift import compared
from watchkeeper.app.live.measured import Measured, Parts
from watchkeeper.app.live.series import FREE, measure_metric, part_of
from watchkeeper.app.live.spans import HOUR, hour_before
from watchkeeper.core.errors import InputError
from watchkeeper.core.estimate import Estimate
from watchkeeper.core.model import Role
from watchkeeper.core.windows import Every, Window, from_seconds
from watchkeeper.expressions.hints import suggest
from watchkeeper.metrics.find import Found, find_metric
from watchkeeper.monitors.source import Asked, Counts, Floats, Points, Times
from watchkeeper.profiles.parts import merge_all

_HOUR = Every("1h", HOUR)
_SHORT = timedelta(hours=6)
"""The longest window that is read by minutes."""

_FEW = 4
"""So many windows are read one by one; more are slid over the hours of their whole span."""


@dataclass(frozen=True)
class MeasuredSource:
    """A model's series, of one version and segment of it where `measured` says so.

    Attributes
    ----------
    measured
        The measured hours.
    slos
        The model's SLOs; None where it has none.
    minutes
        Since when the arrival of predictions is known by the minute; None to read whole hours.
    stacked
        Where hours are kept that were read for many times at once; it says whether intervals are
        wanted for those. None to begin anew, with intervals.
    """

    measured: Measured
    slos: SloEvents | None = None
    minutes: datetime | None = None
    stacked: Stacked | None = None

    def points(self, asked: Asked, times: Times) -> Points:
        """A metric at each time.

        Short windows over the arrival of predictions are of whole minutes where these are kept;
        all others are widened to whole hours.

        Raises
        ------
        InputError
            There is no such metric, or the model no such column.
        """
        found = find_metric(asked.metric)
        self._check(found, asked.column)
        first = _moment(times[0]) - asked.offset
        if asked.side == "current" and self._by_minutes(found, first, asked.window):
            ends = [_moment(time) - asked.offset for time in times]
            return self._of_minutes(found, ends, asked.window)
        if asked.side == "current" and len(times) > _FEW:
            seconds = times.astype("datetime64[s]").astype(np.int64) - _seconds_of(asked.offset)
            points = self._stacked.points(
                found, asked.column, Ends(seconds, _seconds_of(asked.window))
            )
            if points is not None:
                return points
        return self._windows(asked, found, times)

    def _windows(self, asked: Asked, found: Found, times: Times) -> Points:
        """A metric of each window, from its merged hours."""
        ends = [_moment(time) - asked.offset for time in times]
        windows = [_window(end, asked.window) for end in ends]
        if asked.side == "reference":
            return _points([self._reference(found, asked.column, w) for w in windows])
        read = self._slid if len(windows) > _FEW else self._each
        held = read(windows, part_of(found, asked.column))
        return _points(
            [
                Estimate(None)
                if parts is None
                else measure_metric(
                    self.measured, found, asked.column, window=window, parts=parts, now=end
                )
                for window, parts, end in zip(windows, held, ends, strict=True)
            ]
        )

    def features(self) -> Sequence[str]:
        """The model's features that are compared with the reference."""
        layout = self.measured.layout
        if layout is None:
            return ()
        return tuple(c.name for c in compared(layout) if c.role is Role.FEATURE)

    def age(self, times: Times) -> Floats:
        """Seconds from the last record before each time."""
        moments = [_moment(time) for time in times]
        if len(moments) <= _FEW:
            newest = [self.measured.last_event(at) for at in moments]
            return np.array([_seconds(at, last) for at, last in zip(moments, newest, strict=True)])
        return np.array(self._ages(moments))

    def _ages(self, moments: Sequence[datetime]) -> list[float]:
        """The same of many times, from the first and last record of each hour."""
        span = self.measured.buckets.span(self.measured.model)
        if span is None:
            return [math.inf] * len(moments)
        whole = Window(span[0], min(span[1], hour_before(moments[-1]) + HOUR))
        if whole.start >= whole.end:
            return [math.inf] * len(moments)
        hours = self.measured.steps(whole, _HOUR, free=("traffic",), held=())
        found: list[float] = []
        last: datetime | None = None
        waiting = iter([(at.start, parts["traffic"]) for at, parts in hours])
        held = next(waiting, None)
        for at in moments:
            while held is not None and held[0] < at:
                if held[1].last is not None:
                    last = from_seconds(held[1].last)
                held = next(waiting, None)
            found.append(_seconds(at, last))
        return found

    def events(self, name: str, window: timedelta, times: Times) -> tuple[Counts, Counts]:
        """Bad and all events of an SLO in the window before each time."""
        if self.slos is None:
            raise InputError(f"model {self.measured.model!r} has no SLO {name!r}")
        return self.slos.count(name, self.measured, self, window, times)

    def constants(self) -> dict[str, Any]:
        """Further names, with their values."""
        return {} if self.slos is None else self.slos.constants()

    # ---- inside ------------------------------------------------------------------------------

    @cached_property
    def _stacked(self) -> Stacked:
        return self.stacked or Stacked(self.measured)

    def _check(self, found: Found, column: str | None) -> None:
        measured = self.measured
        if found.part in FREE:
            if measured.segment is not None:
                raise InputError(
                    f"{found.name} is kept for each version, not for each segment; leave out "
                    "`segment` in this rule"
                )
            return
        layout = measured.layout
        if layout is None:
            raise InputError(
                f"{found.name} compares with a reference, and model {measured.model!r} has none yet"
            )
        if found.part != "column":
            return
        known = [one.name for one in compared(layout)]
        if column not in known:
            hint = suggest(column or "", known)
            raise InputError(f"model {measured.model!r} has no measured column {column!r}{hint}")

    def _reference(self, found: Found, column: str | None, window: Window) -> Estimate:
        part = part_of(found, column)
        if part not in FREE and found.part != "column":
            parts = self.measured.compared_with(window, (part,))
            if part in parts:
                return measure_metric(
                    self.measured, found, column, window=window, parts=parts, now=window.end
                )
        return Estimate(None, note=f"the reference has no {found.name}")

    def _by_minutes(self, found: Found, first: datetime, length: timedelta) -> bool:
        return (
            found.part == "traffic"
            and length <= _SHORT
            and self.minutes is not None
            and first - length >= self.minutes
        )

    def _of_minutes(self, found: Found, ends: Sequence[datetime], length: timedelta) -> Points:
        estimates = []
        for end in ends:
            window = Window(end - length, end)
            read = self.measured.minutes(window, None)
            estimates.append(
                measure_metric(self.measured, found, None, window=window, parts=read[0][1], now=end)
                if read
                else Estimate(None)
            )
        return _points(estimates)

    def _each(self, windows: Sequence[Window], part: str) -> list[Parts | None]:
        return [self._one(window, part) for window in windows]

    def _one(self, window: Window, part: str) -> Parts | None:
        free, held = ((part,), ()) if part in FREE else ((), (part,))
        found = self.measured.steps(window, None, free=free, held=held)
        parts = found[0][1] if found else {}
        return parts if part in parts else None

    def _slid(self, windows: Sequence[Window], part: str) -> list[Parts | None]:
        """Each hour is read once; a window that moves on drops hours at one end only."""
        free, held = ((part,), ()) if part in FREE else ((), (part,))
        whole = Window(min(w.start for w in windows), max(w.end for w in windows))
        hours = {
            at.start: parts[part]
            for at, parts in self.measured.steps(whole, _HOUR, free=free, held=held)
            if part in parts
        }
        slide = Slide(sorted(hours.items()))
        return [
            None if merged is None else {part: merged}
            for merged in (slide.over(window.start, window.end) for window in windows)
        ]


class Slide:
    """Merges of a range of hours that moves on: each hour is merged about three times in all.

    The range is a queue of two stacks: what was taken in lately, and merges of what is to go next.

    Parameters
    ----------
    hours
        The statistic of each hour that has one, by its beginning, ascending.
    """

    def __init__(self, hours: Sequence[tuple[datetime, Any]]) -> None:
        self._hours = hours
        self._next = 0
        self._start: datetime | None = None
        self._late: list[tuple[datetime, Any]] = []
        self._late_merged: Any = None
        self._early: list[tuple[datetime, Any]] = []

    def over(self, start: datetime, end: datetime) -> Any:
        """All hours of `[start, end)` merged; None where there is none. Ranges only move on.

        >>> from watchkeeper.profiles.parts import Rows
        >>> at = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(4)]
        >>> slide = Slide([(hour, Rows(1)) for hour in at])
        >>> slide.over(at[0], at[2]).rows, slide.over(at[1], at[2]).rows, slide.over(at[3], at[3])
        (2, 1, None)
        """
        while self._next < len(self._hours) and self._hours[self._next][0] < end:
            at, part = self._hours[self._next]
            self._next += 1
            if at >= start:
                self._late.append((at, part))
                late = self._late_merged
                self._late_merged = part if late is None else merge_all([late, part])
        while self._early and self._early[-1][0] < start:
            self._early.pop()
        if not self._early and self._late and self._late[0][0] < start:
            self._turn(start)
        held = [self._early[-1][1]] if self._early else []
        if self._late:
            held.append(self._late_merged)
        return merge_all(held) if held else None

    def _turn(self, start: datetime) -> None:
        """What was taken in lately becomes what goes next, merged from its end."""
        merged: Any = None
        for at, part in reversed(self._late):
            if at < start:
                break
            merged = part if merged is None else merge_all([part, merged])
            self._early.append((at, merged))
        self._late, self._late_merged = [], None


def with_scope(measured: Measured, segment: str | None, value: str) -> Measured:
    """The same model where a column has a value; all of it where no column is named."""
    return measured if segment is None else replace(measured, segment=(segment, value))


def _window(end: datetime, length: timedelta) -> Window:
    """The window before a time, widened to whole hours."""
    last = hour_before(end)
    return Window(hour_before(end - length), last if last == end else last + HOUR)


def _seconds(at: datetime, last: datetime | None) -> float:
    """From the last record to a time; none made up where both are of the same hour."""
    return math.inf if last is None else max((at - last).total_seconds(), 0.0)


def _seconds_of(length: timedelta) -> int:
    return length // timedelta(seconds=1)


def _moment(time: np.datetime64) -> datetime:
    moment: datetime = time.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)


def _points(estimates: Sequence[Estimate]) -> Points:
    return Points(
        _floats([one.value for one in estimates]),
        _floats([one.low for one in estimates]),
        _floats([one.high for one in estimates]),
        np.array([one.n_current for one in estimates], dtype=np.int64),
    )


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
