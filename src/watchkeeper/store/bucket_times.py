"""Minutes, hours and days since 1970 as whole numbers, and the grid of steps of a series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from watchkeeper.core.errors import InputError

MINUTE_S = 60
HOUR_S = 3_600
HOUR_MINUTES = 60
DAY_HOURS = 24
_WEEK_HOURS = 168
_MONDAY_HOUR = 4 * DAY_HOURS  # 1970-01-05, the first Monday
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)

MINUTES_KEPT = timedelta(days=3)
"""So long are minutes kept beside the hours, and the hour in which that ends."""


def to_hour(time: datetime) -> int:
    """The hour that begins at a time, counted from 1970.

    Raises
    ------
    InputError
        The time has no time zone or is not the beginning of an hour in UTC.

    Examples
    --------
    >>> to_hour(datetime(1970, 1, 2, 1, tzinfo=UTC))
    25
    """
    if time.tzinfo is None:
        raise InputError(f"the time {time} has no time zone; give it in UTC")
    hour, rest = divmod(time - _EPOCH, _HOUR)
    if rest:
        raise InputError(f"{time.isoformat()} is no beginning of an hour in UTC; give whole hours")
    return hour


def to_time(hour: int) -> datetime:
    """The time at which an hour begins.

    >>> to_time(25).isoformat()
    '1970-01-02T01:00:00+00:00'
    """
    return _EPOCH + hour * _HOUR


def to_minute(time: datetime) -> int:
    """The minute that begins at a time, counted from 1970.

    Raises
    ------
    InputError
        The time has no time zone or is not the beginning of a minute.

    Examples
    --------
    >>> to_minute(datetime(1970, 1, 1, 2, 1, tzinfo=UTC))
    121
    """
    if time.tzinfo is None:
        raise InputError(f"the time {time} has no time zone; give it in UTC")
    minute, rest = divmod(time - _EPOCH, _MINUTE)
    if rest:
        raise InputError(f"{time.isoformat()} is no beginning of a minute; give whole minutes")
    return minute


def from_minute(minute: int) -> datetime:
    """The time at which a minute begins.

    >>> from_minute(121).isoformat()
    '1970-01-01T02:01:00+00:00'
    """
    return _EPOCH + minute * _MINUTE


def minutes_before(time: datetime) -> int:
    """The first minute, counted from 1970, that does not begin before a time.

    >>> minutes_before(datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    1
    >>> minutes_before(datetime(1970, 1, 1, 0, 1, 0, 1, tzinfo=UTC))
    2
    """
    return -((_EPOCH - time) // _MINUTE)


def minutes_since(now: datetime) -> datetime:
    """The first hour of which minutes are kept.

    >>> minutes_since(datetime(2024, 5, 4, 7, 30, tzinfo=UTC)).isoformat()
    '2024-05-01T07:00:00+00:00'
    """
    return to_time((now - MINUTES_KEPT - _EPOCH) // _HOUR)


def align_minutes(start: datetime, end: datetime, step_s: int) -> tuple[datetime, datetime]:
    """The range, widened to whole steps of the grid of minutes, which is counted from 1970.

    Examples
    --------
    >>> first, last = align_minutes(datetime(2024, 5, 3, 7, 31, 30, tzinfo=UTC),
    ...                             datetime(2024, 5, 3, 7, 36, 30, tzinfo=UTC), 60)
    >>> first.time().isoformat(), last.time().isoformat()
    ('07:31:00', '07:37:00')
    """
    step = timedelta(minutes=step_minutes(step_s))
    return (
        _EPOCH + step * ((start - _EPOCH) // step),
        _EPOCH - step * ((_EPOCH - end) // step),
    )


def step_minutes(step_s: int) -> int:
    """The minutes of a step; `InputError` where it is not a whole number of them, at least one.

    >>> step_minutes(300)
    5
    """
    minutes, rest = divmod(step_s, MINUTE_S)
    if minutes < 1 or rest:
        raise InputError(
            f"a step of {step_s} s cannot be read: the finest statistics are minutes, so a step "
            f"is a multiple of {MINUTE_S} s"
        )
    return minutes


def step_of_minute(step: int | None, first: int) -> Callable[[int], int]:
    """From a minute to the minute at which its step begins.

    Parameters
    ----------
    step
        In minutes, counted from 1970; None for one step without end.
    first
        Where that one step begins.

    Examples
    --------
    >>> step_of_minute(5, 0)(13), step_of_minute(None, 7)(13)
    (10, 7)
    """
    if step is None:
        return lambda _: first
    return lambda minute: minute // step * step


def step_hours(step_s: int) -> int:
    """The hours of a step; `InputError` where it is not a whole number of them, at least one.

    >>> step_hours(7200)
    2
    """
    hours, rest = divmod(step_s, HOUR_S)
    if hours < 1 or rest:
        raise InputError(
            f"a step of {step_s} s cannot be read: buckets are hours, so a step is a multiple of "
            f"{HOUR_S} s"
        )
    return hours


def align(start: datetime, end: datetime, step_s: int) -> tuple[datetime, datetime]:
    """The range, widened to whole steps of the grid.

    Steps are counted from 1970, those of whole weeks from the Monday after.

    Examples
    --------
    >>> first, last = align(datetime(2024, 5, 3, 7, 30, tzinfo=UTC),
    ...                     datetime(2024, 5, 3, 8, 30, tzinfo=UTC), 86_400)
    >>> first.isoformat(), last.isoformat()
    ('2024-05-03T00:00:00+00:00', '2024-05-04T00:00:00+00:00')
    """
    hours = step_hours(step_s)
    step, origin = timedelta(hours=hours), to_time(_origin(hours))
    return (
        origin + step * ((start - origin) // step),
        origin - step * ((origin - end) // step),
    )


def steps(hours: int | None, first: int) -> Callable[[int], int]:
    """From an hour to the hour at which its step begins.

    Parameters
    ----------
    hours
        The length of a step; None for one step without end.
    first
        Where that one step begins.

    Examples
    --------
    >>> steps(24, 0)(49), steps(None, 7)(49)
    (48, 7)
    """
    if hours is None:
        return lambda _: first
    origin = _origin(hours)
    return lambda hour: origin + (hour - origin) // hours * hours


def _origin(hours: int) -> int:
    return _MONDAY_HOUR if hours % _WEEK_HOURS == 0 else 0
