"""Buckets as arrays, so that years of them are judged at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget.evalues import Floats
from watchkeeper.monitors.budget.reference import Phases
from watchkeeper.monitors.budget.streams import (
    Bucket,
    Counts,
    Gauss,
    Histogram,
    Moments,
    Statistic,
    Stream,
    check_bucket,
)
from watchkeeper.monitors.source import Times

_MONDAY = np.datetime64("1970-01-05T00:00:00", "s")


@dataclass(frozen=True, slots=True)
class Columns:
    """Closed buckets in order of time.

    Attributes
    ----------
    starts
        When each begins, ascending.
    numbers
        Shape (buckets, streams, 3): `k, n, 0` of a rate, `n, sum, sum of squares` of a mean,
        `value, standard error, n` of an estimate; NaN where there is no data.
    cells
        By the position of a distribution among the streams: its counts, shape (buckets, cells).
    """

    starts: Times
    numbers: Floats
    cells: Mapping[int, Floats]

    def __len__(self) -> int:
        return len(self.starts)

    def head(self, count: int) -> Columns:
        """The first buckets."""
        cells = {at: counts[:count] for at, counts in self.cells.items()}
        return Columns(self.starts[:count], self.numbers[:count], cells)

    def tail(self, count: int) -> Columns:
        """All but the first buckets."""
        cells = {at: counts[count:] for at, counts in self.cells.items()}
        return Columns(self.starts[count:], self.numbers[count:], cells)


def columns_of(buckets: Sequence[Bucket], streams: Sequence[Stream]) -> Columns:
    """Buckets as arrays.

    Raises
    ------
    InputError
        A bucket is out of order, or holds what no bucket can.

    Examples
    --------
    >>> day = datetime(2026, 1, 1, tzinfo=UTC)
    >>> rate = Stream("error_rate", "rate")
    >>> columns_of([Bucket(day, {"error_rate": Counts(3, 100)})], [rate]).numbers.tolist()
    [[[3.0, 100.0, 0.0]]]
    """
    named = {stream.name: stream for stream in streams}
    at = {name: index for index, name in enumerate(named)}
    numbers = np.full((len(buckets), len(named), 3), np.nan)
    cells: dict[int, Floats] = {}
    for row, bucket in enumerate(buckets):
        check_bucket(bucket, named)
        for name, stat in bucket.stats.items():
            if isinstance(stat, Histogram):
                _put(cells, at[name], row, len(buckets), bucket, stat)
            else:
                numbers[row, at[name]] = _three(stat)
    return Columns(_starts(buckets), numbers, cells)


def _three(stat: Statistic) -> tuple[float, float, float]:
    if isinstance(stat, Counts):
        return stat.k, stat.n, 0.0
    if isinstance(stat, Moments):
        return stat.n, stat.sum, stat.sum_sq
    if isinstance(stat, Gauss):
        return stat.value, stat.se, stat.n
    raise TypeError(stat)


def _put(
    cells: dict[int, Floats], at: int, row: int, rows: int, bucket: Bucket, stat: Histogram
) -> None:
    held = cells.setdefault(at, np.zeros((rows, len(stat.counts))))
    if held.shape[1] != len(stat.counts):
        raise InputError(
            f"bucket {bucket.start}: a distribution has {len(stat.counts)} groups, "
            f"{held.shape[1]} in the buckets before; measure all on the groups of the reference"
        )
    held[row] = stat.counts


def _starts(buckets: Sequence[Bucket]) -> Times:
    starts = np.array([seconds_of(bucket.start) for bucket in buckets], dtype="datetime64[s]")
    late = np.flatnonzero(np.diff(starts) <= np.timedelta64(0, "s"))
    if late.size:
        raise InputError(
            f"bucket {buckets[late[0] + 1].start} is not after {buckets[late[0]].start}; "
            "give closed buckets in order of time, each once"
        )
    return starts


def seconds_of(time: datetime) -> np.datetime64:
    """A time as NumPy has it; UTC where it names no offset."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return np.datetime64(int(aware.timestamp()), "s")


def time_of(start: np.datetime64) -> datetime:
    """A time of NumPy's as a datetime in UTC."""
    return datetime.fromtimestamp(int(start.astype("int64")), UTC)


def phases_of(starts: Times, window: timedelta, season: timedelta | None) -> Phases:
    """Which part of the season each bucket is: 0 to season / window - 1, from Monday 0:00 UTC.

    Examples
    --------
    >>> tuesday = np.array(["2026-01-06T05:00"], dtype="datetime64[s]")
    >>> phases_of(tuesday, timedelta(hours=1), timedelta(days=7)).tolist()
    [29]
    """
    if season is None:
        return np.zeros(len(starts), dtype=np.int64)
    seconds = (starts - _MONDAY).astype(np.int64)
    return np.asarray(seconds % int(season.total_seconds()) // int(window.total_seconds()))
