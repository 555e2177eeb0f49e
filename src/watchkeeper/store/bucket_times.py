"""Hours and days since 1970 as whole numbers, and the grid of steps that series are cut by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from watchkeeper.core.errors import InputError

HOUR_S = 3_600
DAY_HOURS = 24
_WEEK_HOURS = 168
_MONDAY_HOUR = 4 * DAY_HOURS  # 1970-01-05, the first Monday
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)


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
