"""A source of series that were written down, for tests of rules and for examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import numpy as np

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.monitors.source import Asked, Counts, Floats, Points, Times

Key: TypeAlias = str | tuple[str, str]
"""A metric, or a metric and its column."""


class GivenSource:
    """Answers with the value that stood at the time, whatever the window.

    Parameters
    ----------
    series
        Values by metric, or by metric and column; NaN where there is none.
    start, step
        When the first value stands, and how far they lie apart; a value stands until the next.
    rows
        Behind every value: one number, or one for each value.
    reference
        Values of metrics on the reference.
    constants
        Further names.
    events
        Bad and all events of each SLO, by name.
    ages
        Seconds since the last record; 0 where not given.

    Examples
    --------
    >>> source = GivenSource({"accuracy": [0.95, 0.8]}, step=timedelta(hours=1))
    >>> source.points(Asked("accuracy", offset=timedelta(hours=1)), source.times).value.tolist()
    [nan, 0.95]
    """

    def __init__(  # noqa: PLR0913  # all by name, none is needed
        self,
        series: Mapping[Key, Sequence[float]],
        *,
        start: str = "2026-01-05",
        step: timedelta = timedelta(minutes=1),
        rows: int | Sequence[int] = 1_000,
        reference: Mapping[Key, float] | None = None,
        constants: Mapping[str, Any] | None = None,
        events: Mapping[str, tuple[Sequence[int], Sequence[int]]] | None = None,
        ages: Sequence[float] | None = None,
    ) -> None:
        self._series = {key: np.asarray(values, dtype=np.float64) for key, values in series.items()}
        self._rows = rows
        self._reference = dict(reference or {})
        self._constants = dict(constants or {})
        self._events = dict(events or {})
        self._ages = ages
        self.start = np.datetime64(start, "s")
        self.step = np.timedelta64(int(step.total_seconds()), "s")
        lengths = [len(values) for values in self._series.values()]
        lengths += [len(bad) for bad, _ in self._events.values()]
        lengths += [len(ages)] if ages is not None else []
        self.times: Times = self.start + np.arange(max(lengths, default=0)) * self.step

    def points(self, asked: Asked, times: Times) -> Points:
        """The values at the times, without intervals."""
        key: Key = asked.metric if asked.column is None else (asked.metric, asked.column)
        nothing = np.full(len(times), np.nan)
        if asked.side == "reference":
            value = np.full(len(times), self._reference.get(key, np.nan))
            return Points(value, nothing, nothing, np.full(len(times), 1_000))
        if key not in self._series:
            known = [str(one) for one in self._series]
            raise InputError(f"no series of {key} is given{suggest(str(key), known)}")
        values = self._series[key]
        at, there = self._places(times - np.timedelta64(asked.offset), len(values))
        value = np.where(there, values[at], np.nan)
        rows = np.broadcast_to(np.asarray(self._rows), len(values))[at]
        return Points(value, nothing, nothing, np.where(np.isnan(value), 0, rows))

    def features(self) -> Sequence[str]:
        """The columns that are given."""
        return tuple(dict.fromkeys(key[1] for key in self._series if isinstance(key, tuple)))

    def age(self, times: Times) -> Floats:
        """Seconds since the last record."""
        if self._ages is None:
            return np.zeros(len(times))
        ages = np.asarray(self._ages, dtype=np.float64)
        at, there = self._places(times, len(ages))
        return np.where(there, ages[at], np.inf)

    def events(self, name: str, window: timedelta, times: Times) -> tuple[Counts, Counts]:
        """Events of the steps in the window."""
        if name not in self._events:
            raise InputError(f"no events of {name!r} are given")
        bad, total = (np.concatenate([[0], np.cumsum(part)]) for part in self._events[name])
        steps = max(1, int(window / self.step.astype(object)))
        at, _ = self._places(times, len(bad) - 1)
        first = np.maximum(at + 1 - steps, 0)
        return bad[at + 1] - bad[first], total[at + 1] - total[first]

    def constants(self) -> dict[str, Any]:
        """Further names."""
        return dict(self._constants)

    def _places(self, times: Times, count: int) -> tuple[Counts, Any]:
        """The last value before or at each time, and whether there is one."""
        at = (times - self.start) // self.step
        return np.clip(at, 0, max(count - 1, 0)), (at >= 0) & (at < count)
