"""Where a detector stands, small enough to be stored with every closed bucket."""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np

from watchkeeper.monitors.budget.evalues import Floats
from watchkeeper.monitors.budget.nulls import SIDES

WIDTH = 2 * SIDES + 5
"""Numbers of a stream: log M of each alternative, three sums since its level may have changed, the
buckets that they are of, and the evidence of these buckets alone, a logarithm from 0."""

BASE, NEWEST = 4, 4
"""Snapshots are kept of the newest four buckets, of every 4th of the newest 16, and so on."""

LEVELS = 4


class Open(msgspec.Struct, frozen=True):
    """A stream that an alarm has named and that is not back yet.

    Attributes
    ----------
    stream
        Its name.
    alternative
        Which change it looked most like.
    back
        The evidence that it is back, a logarithm from 0.
    """

    stream: str
    alternative: int
    back: float = 0.0


class Snapshot(msgspec.Struct, frozen=True):
    """The processes after one closed bucket.

    Attributes
    ----------
    at
        Where that bucket began; None before the first.
    buckets
        How many there were.
    since
        How many since the processes began anew.
    numbers
        `WIDTH` numbers for each stream, 64-bit floats, little-endian.
    open
        Streams of the alarm that stands.
    alarm_at
        The bucket that raised it.
    """

    at: datetime | None = None
    buckets: int = 0
    since: int = 0
    numbers: bytes = b""
    open: tuple[Open, ...] = ()
    alarm_at: datetime | None = None


class State(msgspec.Struct, frozen=True):
    """All that a detector must remember, as JSON by msgspec.

    Attributes
    ----------
    streams
        The names that `Snapshot.numbers` has numbers of, in order.
    now
        After the last closed bucket.
    history
        Earlier snapshots, oldest first: late data are replayed from the nearest one.
    told_at
        The bucket whose alarm was told last.
    is_told
        Whether the alarm that stands has been told.
    floor
        Late data up to this bucket change nothing any more: a level was accepted then.
    version
        Of this layout.
    """

    streams: tuple[str, ...]
    now: Snapshot
    history: tuple[Snapshot, ...] = ()
    told_at: datetime | None = None
    is_told: bool = False
    floor: datetime | None = None
    version: int = 1


def fresh(count: int) -> Floats:
    """The numbers of streams of which nothing is known.

    >>> np.exp(fresh(1)[0, :6]).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    numbers = np.zeros((count, WIDTH))
    numbers[:, : 2 * SIDES] = -np.inf
    return numbers


def pack(numbers: Floats) -> bytes:
    """Numbers as bytes."""
    return numbers.astype("<f8").tobytes()


def unpack(snapshot: Snapshot, count: int) -> Floats:
    """The numbers of a snapshot, fresh ones where it has none."""
    if not snapshot.numbers:
        return fresh(count)
    return np.frombuffer(snapshot.numbers, dtype="<f8").reshape(count, WIDTH).astype(float)


def thinned(
    history: tuple[Snapshot, ...], newest: int, floor: datetime | None = None
) -> tuple[Snapshot, ...]:
    """The snapshots that are worth keeping: many new ones, few old ones, at most 16 or so.

    Parameters
    ----------
    history
        Oldest first.
    newest
        How many buckets there are by now.
    floor
        The bucket at which a level was accepted: that snapshot is kept.

    Examples
    --------
    >>> [s.buckets for s in thinned(tuple(Snapshot(buckets=i) for i in range(1, 101)), 101)]
    [48, 64, 80, 88, 92, 96, 98, 99, 100]
    """
    return tuple(
        each
        for each in history
        if is_kept(each.buckets, newest) or (floor is not None and each.at == floor)
    )


def is_kept(buckets: int, newest: int) -> bool:
    """Whether the snapshot after so many buckets is worth keeping once there are `newest`."""
    return any(
        newest - buckets < NEWEST * BASE**level and buckets % BASE**level == 0
        for level in range(LEVELS)
    )
