"""Long series in memory, for live evaluation: the past is read once, and again where it changed.

An anomaly is judged from ten weeks of hours at every evaluation. Hours that are over change only
where records or labels come late, and the buckets know when each was written last.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.live.clock import now
from watchkeeper.app.live.series import FREE
from watchkeeper.core.windows import from_seconds
from watchkeeper.metrics.find import find_metric
from watchkeeper.monitors.bands.band import band
from watchkeeper.monitors.bands.settings import Band, BandSettings, History
from watchkeeper.monitors.source import Asked, Counts, Floats, Points, Times
from watchkeeper.profiles.base import Ints
from watchkeeper.store.buckets import Bucket, Written

LONG = 1_000
"""Series of so many times are kept: the histories of bands, and nothing else that is asked live."""

_HOUR_S = 3600
_APART, _LEAST = 24, 8
"""Times so far apart are read apart, and so many at least: fewer are merged one by one."""

_MOST_HELD = 1_000
_UNSURE_S = 2
"""Two writes within a second may look alike, so what was written so lately is read again."""


@dataclass(frozen=True)
class Held:
    """The buckets that a series is read from, as they were.

    Attributes
    ----------
    written
        In sums.
    hours
        Each: its first hour since 1970, how many it is over, when it was last written in seconds,
        its rows, and those with labels.
    at
        When they were looked at, in seconds.
    """

    written: Written
    hours: Ints
    at: int

    def is_still(self, written: Written) -> bool:
        """Whether nothing was written since, beyond doubt."""
        newest = written.newest
        sure = newest is None or newest.timestamp() < self.at - _UNSURE_S
        return sure and self.written == written

    def changed(self, later: Held) -> list[tuple[int, int]]:
        """From where to where hours lie that may hold something else now."""
        before, after = ({*map(tuple, one.hours.tolist())} for one in (self, later))
        unsure = {row for row in after if row[2] >= self.at - _UNSURE_S}
        return sorted({(row[0], row[0] + row[1]) for row in (before ^ after) | unsure})


@dataclass(frozen=True)
class Kept:
    """A series as it was read.

    Attributes
    ----------
    times
        In seconds since 1970, ascending.
    points
        At those times.
    held
        The buckets that it was read from.
    """

    times: Ints
    points: Points
    held: Held

    @property
    def size(self) -> int:
        """Bytes of its arrays; the buckets are shared by all series of a model."""
        return self.times.nbytes + sum(array.nbytes for array in self.points)


class Remembered:
    """What one process keeps of the series and bands of all models.

    Parameters
    ----------
    clock
        Gives the time by which buckets are written.
    limit
        Bytes of series: what was not asked for longest goes, and is read again.
    bands
        So many bands are kept.
    long
        Series of so many times are kept.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = now,
        limit: int = 256 << 20,
        bands: int = 20_000,
        long: int = LONG,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._most = bands
        self.long = long
        self._size = 0
        self._series: OrderedDict[Hashable, Kept] = OrderedDict()
        self._bands: OrderedDict[Hashable, Band] = OrderedDict()
        self._held: OrderedDict[Hashable, Held] = OrderedDict()

    def source(self, source: MeasuredSource) -> RememberingSource:
        """A source for one evaluation that reads long series from memory, and else from another."""
        return RememberingSource(source, self, int(self._clock().timestamp()))

    def held(
        self, key: Hashable, written: Written, at: int, read: Callable[[], Sequence[Bucket]]
    ) -> Held:
        """The buckets that some series are read from, read anew where they have changed."""
        found = self._held.pop(key, None)
        if found is None or not found.is_still(written):
            rows = [
                (int(one.start.timestamp()) // _HOUR_S, one.hours,
                 int(one.measured_at.timestamp()), one.rows, one.labelled)
                for one in read()
            ]  # fmt: skip
            found = Held(written, np.array(rows, dtype=np.int64).reshape(-1, 5), at)
        self._held[key] = found
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return found

    def get(self, key: Hashable) -> Kept | None:
        """A series that was kept."""
        found = self._series.get(key)
        if found is not None:
            self._series.move_to_end(key)
        return found

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keep a series."""
        before = self._series.pop(key, None)
        self._size += kept.size - (0 if before is None else before.size)
        self._series[key] = kept
        while self._size > self._limit and len(self._series) > 1:
            self._size -= self._series.popitem(last=False)[1].size

    def band(
        self,
        history: History,
        times: Times,
        settings: BandSettings | None = None,
        errors: Floats | None = None,
    ) -> Band:
        """As `monitors.bands.band`; of the same history it is learnt once."""
        key = _content(history, times, settings, errors)
        found = self._bands.get(key)
        if found is None:
            found = band(history, times, settings, errors)
            while len(self._bands) >= self._most:
                self._bands.popitem(last=False)
        else:
            self._bands.move_to_end(key)
        self._bands[key] = found
        return found


@dataclass
class RememberingSource:
    """The series of a model for one evaluation; the long ones from memory where it has them."""

    source: MeasuredSource
    memory: Remembered
    at: int
    _held: dict[Hashable, Held] = field(default_factory=dict)

    def points(self, asked: Asked, times: Times) -> Points:
        """As `Source.points`."""
        layout = None
        if len(times) >= self.memory.long and asked.side == "current":
            layout = self._layout(asked, times)
        if layout is None:
            return self.source.points(asked, times)
        return self._long(asked, times, layout)

    def features(self) -> Sequence[str]:
        """As `Source.features`."""
        return self.source.features()

    def age(self, times: Times) -> Floats:
        """As `Source.age`."""
        return self.source.age(times)

    def events(self, name: str, window: timedelta, times: Times) -> tuple[Counts, Counts]:
        """As `Source.events`."""
        return self.source.events(name, window, times)

    def constants(self) -> dict[str, Any]:
        """As `Source.constants`."""
        return self.source.constants()

    # ---- inside ------------------------------------------------------------------------------

    def _layout(self, asked: Asked, times: Times) -> str | None:
        """The layout whose buckets decide; None where other hours than those asked for do too."""
        if find_metric(asked.metric).part in FREE:
            return "" if self.source.measured.segment is None else None
        reference = self.source.measured.reference
        ends = map(from_seconds, _seconds(times)[[0, -1]].tolist())
        if reference is None or reference.ranges(*ends):
            return None
        return reference.layout_id

    def _long(self, asked: Asked, times: Times, layout: str) -> Points:
        measured, ends = self.source.measured, _seconds(times)
        reference = measured.reference
        key = (
            measured.model, measured.version, measured.segment, asked,
            None if reference is None else (reference.id, reference.layout_id),
        )  # fmt: skip
        held = self._now(layout, _hours_of(asked, ends))
        kept = self.memory.get(key)
        if kept is None:
            points = self._read(asked, times)
        elif np.array_equal(kept.times, ends) and kept.held.is_still(held.written):
            return kept.points
        else:
            points = self._filled(asked, times, kept, held)
        self.memory.put(key, Kept(ends, points, held))
        return points

    def _read(self, asked: Asked, times: Times) -> Points:
        """As in a history, no window is read by the minute, whichever are asked for."""
        return replace(self.source, minutes=None).points(asked, times)

    def _filled(self, asked: Asked, times: Times, kept: Kept, held: Held) -> Points:
        """The series, read where it is not known or where its hours have changed."""
        ends = _seconds(times)
        place = np.minimum(np.searchsorted(kept.times, ends), kept.times.size - 1)
        needed = (kept.times[place] != ends) | _touched(asked, ends, kept.held.changed(held))
        value, low, high = (array[place] for array in kept.points[:3])
        rows = kept.points.rows[place]
        for run in _runs(needed):
            read = self._read(asked, times[run])
            value[run], low[run], high[run] = read.value, read.low, read.high
            rows[run] = read.rows
        return Points(value, low, high, rows)

    def _now(self, layout: str, window: tuple[datetime, datetime]) -> Held:
        """The buckets as they are now; the same object where they are as they were."""
        measured = self.source.measured
        key = (measured.model, measured.version, measured.segment, layout, window)
        if key not in self._held:
            asked: dict[str, Any] = {
                "layout": layout, "start": window[0], "end": window[1],
                "version": measured.version, "segment": measured.segment if layout else None,
            }  # fmt: skip
            # The sums first: what is written between the two is found to differ the next time.
            written = measured.buckets.written(measured.model, **asked)
            self._held[key] = self.memory.held(
                key, written, self.at, lambda: measured.buckets.buckets(measured.model, **asked)
            )
        return self._held[key]


def _touched(asked: Asked, ends: Ints, changed: Sequence[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Of which times the window holds a changed hour."""
    found = np.zeros(ends.size, dtype=np.bool_)
    late = ends - int(asked.offset.total_seconds())
    first = (late - int(asked.window.total_seconds())) // _HOUR_S
    last = -(-late // _HOUR_S)
    for start, stop in changed:
        # Times ascend, so windows that hold an hour lie together.
        found[np.searchsorted(last, start, "right") : np.searchsorted(first, stop)] = True
    return found


def _runs(needed: npt.NDArray[np.bool_]) -> list[slice]:
    """What is read together: what lies close, and so much that it is read as a history is.

    >>> wanted = np.zeros(60, dtype=np.bool_)
    >>> wanted[[2, 20, 59]] = True
    >>> _runs(wanted)
    [slice(2, 21, None), slice(52, 60, None)]
    """
    found: list[slice] = []
    for at in np.flatnonzero(needed).tolist():
        if found and at - found[-1].stop < _APART:
            found[-1] = slice(found[-1].start, at + 1)
        else:
            found.append(slice(max(0, min(at, needed.size - _LEAST)), at + 1))
    return [
        slice(max(0, min(run.start, run.stop - _LEAST)), max(run.stop, _LEAST)) for run in found
    ]


def _hours_of(asked: Asked, ends: Ints) -> tuple[datetime, datetime]:
    """All hours that the windows of a series reach over."""
    offset, length = int(asked.offset.total_seconds()), int(asked.window.total_seconds())
    first = (int(ends[0]) - offset - length) // _HOUR_S
    last = -(-(int(ends[-1]) - offset) // _HOUR_S)
    return from_seconds(first * _HOUR_S), from_seconds(last * _HOUR_S)


def _content(
    history: History, times: Times, settings: BandSettings | None, errors: Floats | None
) -> Hashable:
    """What a band is learnt from, in short."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (history.times, history.values, history.errors, history.rows, times, errors):
        if array is None:
            digest.update(b"-")
        else:
            digest.update(np.ascontiguousarray(array).tobytes())
            digest.update(str((array.dtype, array.shape)).encode())
    return digest.digest(), settings


def _seconds(times: Times) -> Ints:
    return times.astype("datetime64[s]").astype(np.int64)
