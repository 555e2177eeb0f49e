"""Answers conditions from the series of a rule test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.monitors.source import Asked, Counts, Floats, Points, Side, Times

ENOUGH: Final = 1_000_000
"""Rows behind a value of which a test does not say how many."""

_TRAFFIC: Final = ("prediction_count", "throughput")


@dataclass(frozen=True, slots=True)
class Listed:
    """One series of a test.

    Attributes
    ----------
    metric, column, side
        As in `Asked`.
    labels
        The others: model, version, a segment.
    window
        It answers for this window only; None: for every window that has none of its own.
    values
        One for each interval from the start of the test, NaN where there is none.
    low, high, rows
        Ends of the interval, and rows, where the test says them; else no interval, rows enough.
    """

    metric: str
    labels: Mapping[str, str]
    values: Floats
    column: str | None = None
    side: Side = "current"
    window: timedelta | None = None
    low: Floats | None = None
    high: Floats | None = None
    rows: Floats | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """Bad and all events of an SLO in each interval, and its objective, a share."""

    bad: Floats
    total: Floats
    objective: float


class ListedSource:
    """A `Source` of written series: the value at a time is the last that stands at or before it.

    It stands for one interval of the test; what is not listed is missing, and no error. A value of
    the reference stands for ever.

    Parameters
    ----------
    series
        Those of one model, version and segment.
    start, interval
        When the first value stands, and how far they lie apart.
    constants
        Further names.
    events
        By SLO.

    Examples
    --------
    >>> hour, start = timedelta(hours=1), np.datetime64("1970-01-01T00:00:00", "s")
    >>> listed = Listed("accuracy", {}, np.array([0.95, 0.8]))
    >>> source = ListedSource([listed], start, hour)
    >>> source.points(Asked("accuracy"), start + 1800 * np.arange(5)).value.tolist()
    [0.95, 0.95, 0.8, 0.8, nan]
    """

    def __init__(
        self,
        series: Sequence[Listed],
        start: np.datetime64,
        interval: timedelta,
        constants: Mapping[str, Any] | None = None,
        events: Mapping[str, Events] | None = None,
    ) -> None:
        self._series = tuple(series)
        self._start = start.astype("datetime64[ms]")
        self._step = np.timedelta64(interval // timedelta(milliseconds=1), "ms")
        self._events = dict(events or {})
        objectives = {name: {"objective": one.objective} for name, one in self._events.items()}
        self._constants = {"slo": objectives, **(constants or {})}

    def points(self, asked: Asked, times: Times) -> Points:
        """The listed values at each time."""
        found = self._listed(asked)
        nothing = np.full(times.shape, np.nan)
        if found is None:
            return Points(nothing, nothing, nothing, np.zeros(times.shape, dtype=np.int64))
        offset = np.timedelta64(asked.offset // timedelta(milliseconds=1), "ms")
        places = self._places(times - offset)
        if asked.side == "reference":
            places = np.clip(places, 0, max(found.values.size - 1, 0))
        value = _at(found.values, places)
        default = np.where(np.isnan(found.values), 0.0, float(ENOUGH))
        rows = np.nan_to_num(_at(default if found.rows is None else found.rows, places))
        low, high = (
            nothing if end is None else _at(end, places) for end in (found.low, found.high)
        )
        return Points(value, low, high, rows.astype(np.int64))

    def features(self) -> Sequence[str]:
        """The columns that series are listed of, in order."""
        columns = (one.column for one in self._series if one.column is not None)
        return tuple(dict.fromkeys(columns))

    def age(self, times: Times) -> Floats:
        """Seconds since a metric of traffic, or else any series, had a value that is not 0."""
        current = [one for one in self._series if one.side == "current"]
        told = [one for one in current if one.metric in _TRAFFIC] or current
        size = max((one.values.size for one in told), default=0)
        seen = np.zeros(size, dtype=bool)
        for one in told:
            seen[: one.values.size] |= np.nan_to_num(one.values) != 0
        places = self._places(times)
        last = (
            np.maximum.accumulate(np.where(seen, np.arange(size), -1)) if size else np.array([-1])
        )
        found = np.where(places < 0, -1, last[np.clip(places, 0, last.size - 1)])
        ages = times.astype("datetime64[ms]") - (self._start + found * self._step)
        seconds = ages.astype(np.int64) / 1000.0
        return np.where(found < 0, np.inf, seconds)

    def events(self, name: str, window: timedelta, times: Times) -> tuple[Counts, Counts]:
        """Events of the intervals that the window reaches back to.

        Raises
        ------
        InputError
            The test lists no events of this SLO.
        """
        if name not in self._events:
            raise InputError(f"the test lists no events of {name!r}{suggest(name, self._events)}")
        found = self._events[name]
        steps = max(1, int(np.timedelta64(window // timedelta(milliseconds=1), "ms") / self._step))
        ends = self._places(times) + 1
        bad, total = (_between(part, ends - steps, ends) for part in (found.bad, found.total))
        return bad, total

    def constants(self) -> dict[str, Any]:
        """Further names of the model."""
        return dict(self._constants)

    def _listed(self, asked: Asked) -> Listed | None:
        """The series of a question, the one of just its window first."""
        fit = [
            one
            for one in self._series
            if (one.metric, one.column, one.side) == (asked.metric, asked.column, asked.side)
            and one.window in (None, asked.window)
        ]
        return max(fit, key=lambda one: one.window is not None, default=None)

    def _places(self, times: Times) -> Counts:
        places: Counts = (times.astype("datetime64[ms]") - self._start) // self._step
        return places


def _at(values: Floats, places: Counts) -> Floats:
    """Values by place, NaN beyond their ends."""
    there = (places >= 0) & (places < values.size)
    padded = np.append(values, np.nan)
    return padded[np.where(there, places, values.size)]


def _between(values: Floats, starts: Counts, ends: Counts) -> Counts:
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    found = sums[np.clip(ends, 0, values.size)] - sums[np.clip(starts, 0, values.size)]
    counts: Counts = found.round().astype(np.int64)
    return counts
