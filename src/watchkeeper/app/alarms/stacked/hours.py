"""The hours of a part as arrays, and sums over runs of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.core.windows import Window, from_seconds
from watchkeeper.profiles.base import Flags, Ints

Fields = Mapping[str, NDArray[Any]]
"""What a statistic holds, by name; the first axis is the hours."""

Read = Callable[[Window], tuple[Sequence[datetime], Fields]]
"""Reads the hours of a window that have a part: their beginnings and their fields."""

_HOUR_S = 3600

_CHUNK = timedelta(days=28)
"""So much is read at once: statistics take several times the memory of their arrays."""


@dataclass(frozen=True)
class Spans:
    """Runs of hours, one for each time: from `first` up to, without it, `last`.

    Examples
    --------
    >>> spans = Spans(np.array([0, 1, 3]), np.array([2, 3, 3]))
    >>> spans.sums(np.array([1, 2, 4])).tolist(), spans.filled.tolist()
    ([3, 6, 0], [True, True, False])
    """

    first: Ints
    last: Ints

    @property
    def filled(self) -> Flags:
        """Which runs have any hour."""
        return self.first < self.last

    def sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """The sum over each run, along the first axis.

        Whole numbers are differences of running totals. Others are added run by run: a difference
        of large totals would leave their rounding behind.
        """
        if values.dtype.kind == "f" and not _whole(values):
            return self._reduced(np.add, values, 0.0)
        kind = np.float64 if values.dtype.kind == "f" else np.int64
        upto = np.zeros((len(values) + 1, *values.shape[1:]), dtype=kind)
        np.cumsum(values, axis=0, dtype=kind, out=upto[1:])
        found: NDArray[Any] = upto[self.last] - upto[self.first]
        return found

    def least(self, values: NDArray[Any]) -> NDArray[Any]:
        """The smallest of each run; infinite where there is none."""
        return self._reduced(np.minimum, values, np.inf)

    def most(self, values: NDArray[Any]) -> NDArray[Any]:
        """The largest of each run; minus infinity where there is none."""
        return self._reduced(np.maximum, values, -np.inf)

    def _reduced(self, ufunc: np.ufunc, values: NDArray[Any], none: float) -> NDArray[Any]:
        padded = np.concatenate((values, np.full((1, *values.shape[1:]), none)))
        edges = np.column_stack((self.first, self.last)).ravel()
        with np.errstate(over="ignore", invalid="ignore"):
            found: NDArray[Any] = ufunc.reduceat(padded, edges, axis=0)[::2].copy()
        found[~self.filled] = none
        return found


def _whole(values: NDArray[Any]) -> bool:
    """Whether no sum of them is ever rounded."""
    with np.errstate(invalid="ignore"):
        whole = bool((values == np.floor(values)).all()) and bool(np.isfinite(values).all())
    return whole and float(np.abs(values).sum()) < 2.0**53


@dataclass(frozen=True)
class Ends:
    """Windows of one length, each widened to whole hours.

    Attributes
    ----------
    times
        When each ends, in seconds since 1970, ascending.
    length
        In seconds.

    Examples
    --------
    >>> ends = Ends(np.array([7_200, 9_000]), 3_600)
    >>> ends.first.tolist(), ends.last.tolist(), ends.seconds.tolist()
    ([1, 1], [2, 3], [3600, 5400])
    """

    times: Ints
    length: int

    @property
    def first(self) -> Ints:
        """The first hour of each, counted from 1970."""
        return (self.times - self.length) // _HOUR_S

    @property
    def last(self) -> Ints:
        """The hour after its last."""
        return -(-self.times // _HOUR_S)

    @property
    def seconds(self) -> Ints:
        """How much time of it has passed."""
        return self.times - self.first * _HOUR_S

    @property
    def whole(self) -> Window:
        """From the beginning of the first to the end of the last."""
        ends = int(self.first[0]) * _HOUR_S, int(self.last[-1]) * _HOUR_S
        return Window(*(from_seconds(end) for end in ends))


@dataclass(frozen=True)
class Stack:
    """The hours of a part that hold rows.

    Attributes
    ----------
    window
        What was read.
    hours
        Hours since 1970, ascending.
    fields
        What they hold.
    """

    window: Window
    hours: Ints
    fields: Fields

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        return sum(held.nbytes for held in self.fields.values())

    def spans(self, ends: Ends) -> Spans:
        """The hours of each window."""
        return Spans(
            np.searchsorted(self.hours, ends.first), np.searchsorted(self.hours, ends.last)
        )


class Shelf:
    """Stacks that were read before; a longer window reads only what is missing at its ends.

    Parameters
    ----------
    limit
        Bytes of arrays that are kept beside the last one: what was not asked for longest goes.
    """

    def __init__(self, limit: int = 1 << 30) -> None:
        self._held: dict[str, Stack] = {}
        self._limit = limit

    def stack(self, part: str, window: Window, read: Read) -> Stack:
        """The hours of a part, of this window at least."""
        held = self._held.pop(part, None)
        pieces = _missing(held, window)
        if held is None or pieces:
            before = [piece for piece in pieces if held is None or piece.end <= held.window.start]
            after = [piece for piece in pieces if piece not in before]
            stacks = [
                *(_stacked(piece, read) for piece in before),
                *(() if held is None else (held,)),
                *(_stacked(piece, read) for piece in after),
            ]
            held = _joined(stacks)
            self._make_room(held.size)
        self._held[part] = held
        return held

    def _make_room(self, size: int) -> None:
        """Drop what was not asked for longest, until so many bytes more are within the limit."""
        kept = size + sum(stack.size for stack in self._held.values())
        while self._held and kept > self._limit:
            kept -= self._held.pop(next(iter(self._held))).size


def _missing(held: Stack | None, window: Window) -> list[Window]:
    """What of a window was not read yet, in pieces of a limited length."""
    if held is None:
        return _pieces(window.start, window.end)
    before = _pieces(window.start, held.window.start)
    return before + _pieces(held.window.end, window.end)


def _pieces(start: datetime, end: datetime) -> list[Window]:
    """A stretch of time in pieces; none where it ends before it starts."""
    found = []
    while start < end:
        found.append(Window(start, min(start + _CHUNK, end)))
        start += _CHUNK
    return found


def _stacked(window: Window, read: Read) -> Stack:
    moments, fields = read(window)
    return Stack(window, np.array([_hour(at) for at in moments], dtype=np.int64), fields)


def _joined(stacks: Sequence[Stack]) -> Stack:
    window = Window(stacks[0].window.start, stacks[-1].window.end)
    full = [stack for stack in stacks if stack.hours.size]
    if len(full) <= 1:
        one = full[0] if full else stacks[0]
        return Stack(window, one.hours, one.fields)
    names = dict.fromkeys(name for stack in full for name in stack.fields)
    fields = {
        name: np.concatenate([_field(stack.fields, name) for stack in full]) for name in names
    }
    return Stack(window, np.concatenate([stack.hours for stack in full]), fields)


def _field(fields: Fields, name: str) -> NDArray[Any]:
    """A field; weights are left out where each row weighs 1, the counts being the weights then."""
    held = fields.get(name)
    return fields[f"{name.rpartition('.')[0]}.counts"] if held is None else held


def _hour(moment: datetime) -> int:
    return int(moment.timestamp()) // _HOUR_S
