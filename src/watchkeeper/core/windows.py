"""Durations and the half-open windows that they cut time into; nothing here reads the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from watchkeeper.core.errors import InputError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Every:
    """A length of time: a fixed one, or a number of calendar months."""

    text: str
    delta: timedelta | None = None
    months: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open range of time, `start <= t < end`, in UTC."""

    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """The shortest text that tells windows of its length apart.

        >>> Window(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 5, 1, tzinfo=UTC)).name
        '2013-04'
        """
        if self.start.day == 1 and self.end == add_months(self.start, 1):
            return self.start.strftime("%Y-%m")
        if self.start.time() == self.end.time() == datetime.min.time():
            return self.start.strftime("%Y-%m-%d")
        return self.start.strftime("%Y-%m-%dT%H:%M")


def parse_every(text: str) -> Every:
    """A length of time such as `15m`, `6h`, `7d`, `2w` or `1mo`.

    Raises
    ------
    InputError
        The text is none of these.

    Examples
    --------
    >>> parse_every("7d").delta
    datetime.timedelta(days=7)
    """
    match = re.fullmatch(r"(\d+)(mo|[smhdw])", text.strip())
    if match is None or int(match[1]) == 0:
        raise InputError(
            f"the length of a window is {text!r}; write a number and a unit, such as '15m', "
            "'6h', '7d', '2w' or '1mo'"
        )
    count = int(match[1])
    if match[2] == "mo":
        return Every(text, months=count)
    return Every(text, delta=timedelta(**{_UNITS[match[2]]: count}))


def parse_window(text: str) -> Window:
    """The half-open range `START..END` of ISO 8601 times, UTC where they name no offset.

    Raises
    ------
    ValueError
        The text is no such range, or ends before it begins.

    Examples
    --------
    >>> parse_window("2013-01-01..2013-04-01").name
    '2013-01-01'
    """
    try:
        ends = [datetime.fromisoformat(part.strip()) for part in text.split("..")]
        start, end = (t.astimezone(UTC) if t.tzinfo else t.replace(tzinfo=UTC) for t in ends)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no range of time; write START..END, such as '2013-01-01..2013-04-01'"
        ) from error
    if start >= end:
        raise ValueError(f"{text!r} ends before it begins; write START..END")
    return Window(start, end)


def cut(start: datetime, end: datetime, every: Every) -> tuple[Window, ...]:
    """The windows that cover `[start, end]`, the first beginning on a round time.

    Examples
    --------
    >>> day = datetime(2013, 1, 1, tzinfo=UTC)
    >>> [w.name for w in cut(day, day + timedelta(days=40), parse_every("1mo"))]
    ['2013-01', '2013-02']
    """
    edges = [_round_down(start, every)]
    while edges[-1] <= end:
        last = edges[-1]
        edges.append(last + every.delta if every.delta else add_months(last, every.months))
        if len(edges) > _LIMIT:
            raise InputError(
                f"windows of {every.text} between {start:%Y-%m-%d} and {end:%Y-%m-%d} are more "
                f"than {_LIMIT}; choose a longer one"
            )
    return tuple(Window(a, b) for a, b in pairwise(edges))


def add_months(time: datetime, months: int) -> datetime:
    """The same time on the first day of a month that many months later."""
    index = time.year * 12 + time.month - 1 + months
    return time.replace(year=index // 12, month=index % 12 + 1, day=1)


def from_seconds(seconds: float) -> datetime:
    """Seconds since 1970 as a time in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _round_down(time: datetime, every: Every) -> datetime:
    midnight = time.replace(hour=0, minute=0, second=0, microsecond=0)
    if every.months:
        return midnight.replace(day=1)
    if every.delta is not None and every.delta < timedelta(days=1):
        return midnight + every.delta * ((time - midnight) // every.delta)
    return midnight
