"""Scales and ticks of a chart: round numbers and round times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple, TypeAlias

Ticks: TypeAlias = list[tuple[float, str]]
"""Positions on a scale and what is written there."""

_STEPS = [
    timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=15), timedelta(minutes=1),
    timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1),
    timedelta(hours=2), timedelta(hours=3), timedelta(hours=6), timedelta(hours=12),
]  # fmt: skip
_DAYS = [1, 2, 7, 14, 30, 60, 90, 180, 365]
_MOST_TIMES = 7


class Scale(NamedTuple):
    """A straight line from numbers to points of a page."""

    low: float
    high: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        """The place of a number.

        Examples
        --------
        >>> Scale(0, 10, 100, 200).at(5)
        150.0
        """
        share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)


def value_ticks(values: Sequence[float]) -> tuple[float, float, Ticks]:
    """A range with room around numbers, and round numbers within it.

    Returns
    -------
    tuple[float, float, Ticks]
        The ends of the range, and three to seven ticks.

    Examples
    --------
    >>> [label for _, label in value_ticks([0.82, 0.95])[2]]
    ['0.85', '0.90', '0.95']
    """
    low, high = min(values), max(values)
    size = max(abs(low), abs(high), 1e-300)
    if high - low < size * 1e-9:
        pad = abs(low) / 7 or 1.0
        low, high = low - pad, high + pad
    room = (high - low) * 0.06
    zero = low >= 0 and low < 0.35 * high  # Near zero, zero says more than a part of the way.
    low, high = 0.0 if zero else low - room, high + room
    step = _round_step((high - low) / 5)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = [(n * step, _label(n * step, digits, size)) for n in range(first, last + 1)]
    return low, high, ticks


def _round_step(step: float) -> float:
    """The nearest of 1, 2 and 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * 0.999)


def _label(value: float, digits: int, size: float) -> str:
    """A number to so many places; short where it is huge or tiny."""
    value = 0.0 if abs(value) < 10.0 ** -(digits + 1) else value
    if size >= 1e15 or digits > 6:
        return f"{value:.3g}"
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            scale = 1e3 if unit == "k" else limit
            return f"{value / scale:g}{unit}" if value else "0"
    return f"{value:.{digits}f}"


def time_ticks(first: datetime, last: datetime, zone: tzinfo) -> Ticks:
    """Round times between two, in a zone; the first of each day is written with its date.

    Examples
    --------
    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> [label for _, label in time_ticks(noon, noon + timedelta(hours=20), UTC)][:4]
    ['1 Mar 12:00', '15:00', '18:00', '21:00']
    """
    span = last - first
    step = next((step for step in _STEPS if span / step <= _MOST_TIMES), None)
    if step is None:
        return _day_ticks(first.astimezone(zone), last.astimezone(zone), span)
    midnight = first.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    # Counted in wall-clock time, so that ticks stay round over a change of the clocks.
    wall = midnight.replace(tzinfo=None)
    wall += math.ceil((first.astimezone(zone).replace(tzinfo=None) - wall) / step) * step
    ticks: Ticks = []
    day = None
    while (time := wall.replace(tzinfo=zone)) <= last:
        if time >= first:
            clock = f"{wall:%H:%M:%S}" if step < timedelta(minutes=1) else f"{wall:%H:%M}"
            new, day = wall.date() != day, wall.date()
            ticks.append((time.timestamp(), f"{wall.day} {wall:%b} {clock}" if new else clock))
        wall += step
    return ticks


def _day_ticks(first: datetime, last: datetime, span: timedelta) -> Ticks:
    days = next((days for days in _DAYS if span / timedelta(days=days) <= _MOST_TIMES), None)
    days = days or math.ceil(span.days / _MOST_TIMES)
    wall = first.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    ticks: Ticks = []
    year = None if first.year == last.year else first.year - 1
    while (time := wall.replace(tzinfo=first.tzinfo)) <= last:
        if time >= first:
            new = year is not None and wall.year != year
            year = wall.year if year is not None else None
            ticks.append(
                (time.timestamp(), f"{wall.day} {wall:%b}" + (f" {wall:%Y}" if new else ""))
            )
        wall += timedelta(days=days)
    return ticks
