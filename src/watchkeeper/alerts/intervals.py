"""Named hours of the week and days of the year, in a time zone, as Alertmanager writes them."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Range = tuple[int, int]
"""First and last, both within."""

LOCAL = "Local"
"""The time zone of the machine."""


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A set of minutes: those within one of each kind of range; a kind without ranges allows all.

    Attributes
    ----------
    times
        Minutes of the day; the last is not within.
    weekdays
        0 is Sunday.
    days
        Of the month; negative ones count from its end, -1 is the last.
    months
        1 is January.
    years
        Of the calendar.
    zone
        Where the clock hangs; None: UTC; `LOCAL`: where this program runs.

    Examples
    --------
    >>> office = TimeInterval(times=((540, 1020),), weekdays=((1, 5),), zone="Europe/Berlin")
    >>> office.contains(datetime(2026, 7, 1, 7, tzinfo=UTC))
    True
    """

    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()
    zone: str | None = None

    def contains(self, time: datetime) -> bool:
        """Whether a time is within."""
        local = _local(time, self.zone)
        minute = local.hour * 60 + local.minute
        return (
            (not self.times or any(first <= minute < last for first, last in self.times))
            and _within(self.weekdays, local.isoweekday() % 7)
            and self._has_day(local)
            and _within(self.months, local.month)
            and _within(self.years, local.year)
        )

    def _has_day(self, local: datetime) -> bool:
        if not self.days:
            return True
        length = calendar.monthrange(local.year, local.month)[1]
        return any(
            _from_end(first, length) <= local.day <= _from_end(last, length)
            for first, last in self.days
        )


def in_any(intervals: Iterable[TimeInterval], time: datetime) -> bool:
    """Whether a time is within any of the intervals.

    Examples
    --------
    >>> in_any([TimeInterval(months=((12, 12),))], datetime(2026, 1, 1, tzinfo=UTC))
    False
    """
    return any(interval.contains(time) for interval in intervals)


def next_minute(time: datetime) -> datetime:
    """The next full minute after a time; intervals begin and end on none but these.

    Examples
    --------
    >>> next_minute(datetime(2026, 1, 1, 8, 0, 30, tzinfo=UTC)).minute
    1
    """
    return time.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _local(time: datetime, zone: str | None) -> datetime:
    if zone == LOCAL:
        return time.astimezone()
    return time.astimezone(ZoneInfo(zone) if zone else UTC)


def _within(ranges: tuple[Range, ...], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _from_end(day: int, length: int) -> int:
    """A day counted from the first, where it may have been counted from the end."""
    return day if day > 0 else length + day + 1
