"""Rotations over every change of clocks of twenty zones, and cases reckoned by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.files.zones import zone
from watchkeeper.incidents.oncall.schedule import Layer, Rotation, Schedule
from watchkeeper.incidents.oncall.shifts import on_call, shifts
from watchkeeper.incidents.oncall.walltime import instant, on_the_wall

ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Havana", "America/New_York",
    "America/Nuuk", "America/Santiago", "America/St_Johns", "Antarctica/Troll", "Asia/Beirut",
    "Asia/Gaza", "Asia/Jerusalem", "Asia/Kolkata", "Atlantic/Azores", "Australia/Lord_Howe",
    "Australia/Sydney", "Europe/Dublin", "Europe/Zurich", "Pacific/Auckland", "Pacific/Chatham",
)  # fmt: skip
"""Among them changes at midnight, of half an hour, of two hours, and around Ramadan."""

YEARS = (2009, 2023, 2024, 2025, 2026, 2027)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LENGTHS = {"daily": DAY, "weekly": 7 * DAY, "twelve hours": 12 * HOUR, "five days": 5 * DAY}


@cache
def changes(name):
    """The instants at which clocks in a zone change in the years, found by bisection."""
    place, found = ZoneInfo(name), []
    for year in YEARS:
        at = datetime(year, 1, 1, tzinfo=UTC)
        while at.year == year:
            low, high = at, at + 6 * HOUR
            offset = low.astimezone(place).utcoffset()
            if high.astimezone(place).utcoffset() != offset:
                while high - low > SECOND:
                    middle = (low + (high - low) / 2).replace(microsecond=0)
                    same = middle.astimezone(place).utcoffset() == offset
                    low, high = (middle, high) if same else (low, middle)
                found.append(high)
            at += 6 * HOUR
    return found


def test_the_zones_have_changes():
    """The test below looks at something: all but India change their clocks in these years."""
    assert [name for name in ZONES if len(changes(name)) < 6] == ["Asia/Kolkata"]
    assert sum(len(changes(name)) for name in ZONES) > 200


@pytest.mark.parametrize("length", list(LENGTHS))
@pytest.mark.parametrize("name", ZONES)
def test_every_change_of_clocks(name, length):
    """No gap, no overlap, everybody in turn, hand-over at the same time on the wall."""
    place = ZoneInfo(name)
    users = ("ana", "bo", "cy")
    for change in changes(name) or [datetime(2026, 3, 29, tzinfo=UTC)]:
        wall = on_the_wall(change, place)
        for at in (time(9), time(), wall.time(), (wall - timedelta(minutes=10)).time()):
            first = datetime.combine(wall.date() - 20 * DAY, at)
            schedule = Schedule("s", name, (Layer("l", Rotation(users, first, LENGTHS[length])),))
            start, end = change - 9 * DAY, change + 9 * DAY
            check_shifts(schedule, start, end, place)


def check_shifts(schedule, start, end, place):
    """Hold shifts to their laws."""
    rotation = schedule.layers[0].rotation
    found = shifts(schedule, start, end)
    assert (found[0].start, found[-1].end) == (start, end)
    for one, two in pairwise(found):
        assert one.end == two.start
        turn = rotation.users.index(one.user)
        assert two.user == rotation.users[(turn + 1) % len(rotation.users)]
        steps = (on_the_wall(two.start, place) - rotation.first) / rotation.every
        if steps != int(steps):  # Only where clocks never show the time of the hand-over.
            before = on_the_wall(two.start - SECOND, place)
            skipped = rotation.first + round(steps) * rotation.every
            assert before < skipped < on_the_wall(two.start, place)
    for shift in found:
        middle = shift.start + (shift.end - shift.start) / 2
        assert on_call(schedule, shift.start) == on_call(schedule, middle) == shift.user
        assert on_call(schedule, shift.end - SECOND) == shift.user


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 24 * 60 * 500), st.integers(0, 24 * 60 * 500))
def test_wall_clock_times_keep_their_order(name, one, two):
    """A later time on the wall is never an earlier instant; one that occurs is shown then."""
    place = ZoneInfo(name)
    first, last = sorted((one, two))
    start = datetime(2023, 1, 1)  # noqa: DTZ001  # on the wall
    a, b = (start + timedelta(minutes=m) for m in (first, last))
    assert instant(a, place) <= instant(b, place)
    shown = on_the_wall(instant(a, place), place)
    assert shown >= a
    there_and_back = a.replace(tzinfo=place).astimezone(UTC).astimezone(place)
    assert (shown == a) == (there_and_back.replace(tzinfo=None) == a)


def wall(text):
    """A time without a zone."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "at", "utc"),
    [
        ("Europe/Zurich", "2026-03-28T09:00", "2026-03-28T08:00"),
        ("Europe/Zurich", "2026-03-29T09:00", "2026-03-29T07:00"),
        ("Europe/Zurich", "2026-03-29T02:15", "2026-03-29T01:00"),  # skipped
        ("Europe/Zurich", "2026-10-25T02:15", "2026-10-25T00:15"),  # twice
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),  # skipped
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30"),  # half an hour skipped
        ("America/Havana", "2026-03-08T00:00", "2026-03-08T05:00"),  # midnight is skipped
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),  # a whole day is skipped
        ("UTC", "2026-06-01T12:00", "2026-06-01T12:00"),
    ],
)
def test_instants_by_hand(name, at, utc):
    """Published changes: the IANA data base, zones as named."""
    assert instant(wall(at), ZoneInfo(name)) == wall(utc).replace(tzinfo=UTC)


def test_a_day_shift_is_a_day_on_the_wall():
    """From 09:00 to 09:00 lasts 23 hours when clocks go forward, and 25 when they go back."""
    rotation = Rotation(("ana", "bo"), wall("2026-03-01T09:00"), DAY)
    schedule = Schedule("s", "Europe/Zurich", (Layer("l", rotation),))
    for day, hours in ((date(2026, 3, 28), 23), (date(2026, 7, 1), 24), (date(2026, 10, 24), 25)):
        start = instant(datetime.combine(day, time(9)), ZoneInfo("Europe/Zurich"))
        found = shifts(schedule, start, start + 2 * DAY)
        assert found[0].end - found[0].start == hours * HOUR


def test_before_the_first_turn_and_after_the_last():
    """Nobody is on call before a rotation begins, nor after it ends."""
    rotation = Rotation(("ana",), wall("2026-01-05T09:00"), 7 * DAY, wall("2026-01-07T12:00"))
    schedule = Schedule("s", "UTC", (Layer("l", rotation),))
    (shift,) = shifts(schedule, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert (shift.start.isoformat()[:16], shift.end.isoformat()[:16]) == (
        "2026-01-05T09:00",
        "2026-01-07T12:00",
    )


def test_turns_fifty_years_on():
    """The turn follows from arithmetic, however long the rotation has run."""
    rotation = Rotation(("ana", "bo", "cy"), wall("2000-01-03T09:00"), 7 * DAY)
    schedule = Schedule("s", "Europe/Zurich", (Layer("l", rotation),))
    at = datetime(2050, 1, 3, 9, tzinfo=UTC)
    weeks = (date(2050, 1, 3) - date(2000, 1, 3)).days // 7
    assert on_call(schedule, at) == rotation.users[weeks % 3]


def test_a_zone_that_is_none():
    """The error has the nearest name."""
    with pytest.raises(InputError, match="did you mean 'Europe/Zurich'"):
        zone("Europe/Zurik")
    for name in ("", "../etc/passwd", "Nowhere/At All"):
        with pytest.raises(InputError, match="is no time zone"):
            zone(name)
