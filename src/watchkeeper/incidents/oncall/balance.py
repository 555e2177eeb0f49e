"""How well a schedule covers time, and how evenly it shares the burden."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import NamedTuple

from watchkeeper.files.zones import zone
from watchkeeper.incidents.oncall.schedule import Gap, Schedule
from watchkeeper.incidents.oncall.shifts import gaps, shifts
from watchkeeper.incidents.oncall.walltime import on_the_wall

EVEN = 95.0
"""From this balance on, in per cent, the burden counts as shared evenly."""


class Burden(NamedTuple):
    """What one person carries.

    Attributes
    ----------
    total
        Time on call.
    share
        Of all time that is covered.
    nights, weekends
        Time from 22:00 to 06:00, and on Saturdays and Sundays, on the wall of the schedule.
    """

    total: timedelta
    share: float
    nights: timedelta
    weekends: timedelta


class Quality(NamedTuple):
    """What there is to say of a schedule in a span of time.

    Attributes
    ----------
    coverage
        The per cent of time that somebody is on call.
    balance
        The mean over pairs of people of the shorter time on call over the longer, in per cent; 95
        and more count as 100, and one person alone as 100.
    score
        The mean of both, rounded.
    gaps
        When nobody is on call.
    people
        The burden of each, by name.
    """

    coverage: float
    balance: float
    score: int
    gaps: tuple[Gap, ...]
    people: dict[str, Burden]


def quality(schedule: Schedule, start: datetime, end: datetime) -> Quality:
    """How well a schedule does in a span of time; a year is a good one.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.incidents.oncall.schedule import Layer, Rotation
    >>> day = Rotation(("ana", "bo"), datetime(2026, 1, 1), timedelta(days=1))
    >>> schedule = Schedule("primary", layers=(Layer("days", day),))
    >>> found = quality(
    ...     schedule, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))
    >>> found.coverage, found.balance, found.score
    (100.0, 50.0, 75)
    """
    found = shifts(schedule, start, end)
    place = zone(schedule.zone)
    total: dict[str, timedelta] = {}
    nights: dict[str, timedelta] = {}
    weekends: dict[str, timedelta] = {}
    for shift in found:
        total[shift.user] = total.get(shift.user, timedelta()) + shift.length
        wall = on_the_wall(shift.start, place), on_the_wall(shift.start, place) + shift.length
        nights[shift.user] = nights.get(shift.user, timedelta()) + _at_night(*wall)
        weekends[shift.user] = weekends.get(shift.user, timedelta()) + _at_weekends(*wall)
    covered = sum(total.values(), timedelta())
    people = {
        user: Burden(total[user], total[user] / covered, nights[user], weekends[user])
        for user in sorted(total)
    }
    coverage, even = 100 * (covered / (end - start)), balance(list(total.values()))
    score = round((coverage + even) / 2)
    return Quality(coverage, even, score, gaps(schedule, start, end), people)


def balance(lengths: list[timedelta]) -> float:
    """How evenly lengths of time are shared, in per cent.

    >>> balance([timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)]).__round__(1)
    41.7
    """
    if not lengths:
        return 0.0
    ratios = [min(a, b) / max(a, b) for a, b in combinations(lengths, 2)]
    mean = 100 * sum(ratios) / len(ratios) if ratios else 100.0
    return 100.0 if mean >= EVEN else mean


def _at_night(start: datetime, end: datetime) -> timedelta:
    """The part of a span between 22:00 and 06:00."""
    return _part(start, end, timedelta(hours=-2), timedelta(hours=6), range(7))


def _at_weekends(start: datetime, end: datetime) -> timedelta:
    """The part of a span on Saturdays and Sundays."""
    return _part(start, end, timedelta(), timedelta(days=1), (5, 6))


def _part(
    start: datetime,
    end: datetime,
    low: timedelta,
    high: timedelta,
    weekdays: range | tuple[int, ...],
) -> timedelta:
    """The part of a span that lies between two offsets from midnight, on certain weekdays."""
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    found = timedelta()
    while day + low < end:
        if day.weekday() in weekdays:
            found += max(min(end, day + high) - max(start, day + low), timedelta())
        day += timedelta(days=1)
    return found
