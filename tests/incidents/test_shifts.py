"""Layers, hours, overrides and gaps: against a schedule evaluated minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.incidents.oncall.balance import balance, quality
from watchkeeper.incidents.oncall.schedule import Hours, Layer, Override, Rotation, Schedule
from watchkeeper.incidents.oncall.shifts import gaps, on_call, shifts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = Rotation(("ana", "bo"), datetime(2026, 1, 5, 9), 7 * DAY)  # noqa: DTZ001  # on the wall
NIGHT = Hours((0, 1, 2, 3, 4), time(22), time(6))


def told(found):
    """Shifts as short texts."""
    return [f"{s.start:%d %H:%M}-{s.end:%d %H:%M} {s.user}" for s in found]


def test_hours_that_go_past_midnight():
    """They belong to the weekday on which they begin: Friday's night ends on Saturday."""
    schedule = Schedule("s", "UTC", (Layer("nights", WEEK, hours=(NIGHT,)),))
    found = shifts(schedule, MONDAY + 4 * DAY, MONDAY + 8 * DAY)
    assert told(found) == [
        "09 00:00-09 06:00 ana",
        "09 22:00-10 06:00 ana",
        "12 22:00-13 00:00 bo",
    ]
    assert [
        (g.start.day, g.end.day) for g in gaps(schedule, MONDAY + 4 * DAY, MONDAY + 8 * DAY)
    ] == [
        (9, 9),
        (10, 12),
    ]


def test_a_higher_layer_wins_and_the_lower_fills():
    """Office hours above, a fallback below; of equals the first."""
    office = Layer("office", Rotation(("cy",), WEEK.first, DAY), priority=2, hours=(
        Hours((0, 1, 2, 3, 4), time(9), time(17)),
    ))  # fmt: skip
    below = (
        Layer("week", WEEK, priority=1),
        Layer("never", Rotation(("dan",), WEEK.first, DAY), priority=1),
    )
    schedule = Schedule("s", "UTC", (*below, office))
    found = shifts(schedule, MONDAY + 9 * HOUR, MONDAY + 2 * DAY)
    assert told(found) == [
        "05 09:00-05 17:00 cy",
        "05 17:00-06 09:00 ana",
        "06 09:00-06 17:00 cy",
        "06 17:00-07 00:00 ana",
    ]


def test_overrides_beat_all_and_fill_gaps():
    """Also where nobody would be; of two the later one in the file."""
    schedule = Schedule(
        "s",
        "UTC",
        (Layer("week", WEEK),),
        (
            Override("dan", MONDAY, MONDAY + 12 * HOUR),
            Override("eve", MONDAY + 11 * HOUR, MONDAY + 13 * HOUR),
        ),
    )
    assert told(shifts(schedule, MONDAY, MONDAY + DAY)) == [
        "05 00:00-05 11:00 dan",
        "05 11:00-05 13:00 eve",
        "05 13:00-06 00:00 ana",
    ]


def test_nobody_at_all():
    """A schedule without layers is one gap."""
    schedule = Schedule("s")
    assert shifts(schedule, MONDAY, MONDAY + DAY) == ()
    assert len(gaps(schedule, MONDAY, MONDAY + DAY)) == 1
    assert on_call(schedule, MONDAY) is None


@pytest.mark.parametrize(
    ("start", "end"),
    [(MONDAY, MONDAY), (MONDAY, MONDAY - DAY), (MONDAY.replace(tzinfo=None), MONDAY),
     (MONDAY, MONDAY + 2001 * DAY)],
    ids=["empty", "backwards", "no zone", "too long"],
)  # fmt: skip
def test_spans_that_are_none(start, end):
    """They are refused, not answered with nothing."""
    with pytest.raises(InputError):
        shifts(Schedule("s", layers=(Layer("week", WEEK),)), start, end)


USERS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(tuple)
CLOCK = st.times().map(lambda t: t.replace(second=0, microsecond=0))
HOURS = st.builds(
    Hours, st.sets(st.integers(0, 6), min_size=1).map(lambda d: tuple(sorted(d))), CLOCK, CLOCK
)
ROTATION = st.builds(
    Rotation,
    USERS,
    st.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 5)).map(  # noqa: DTZ001  # on the wall
        lambda t: t.replace(second=0, microsecond=0)
    ),
    st.sampled_from([8 * HOUR, 12 * HOUR, DAY, 7 * DAY]),
)
LAYER = st.builds(
    Layer, st.sampled_from(["x", "y"]), ROTATION, priority=st.integers(0, 2),
    hours=st.lists(HOURS, max_size=2).map(tuple),
    zone=st.sampled_from(["", "Europe/Zurich", "America/New_York"]),
)  # fmt: skip
MARCH = datetime(2026, 3, 28, tzinfo=UTC)
OVERRIDE = st.builds(
    lambda user, start, hours: Override(user, MARCH + start * HOUR, MARCH + (start + hours) * HOUR),
    st.sampled_from("de"), st.integers(-10, 50), st.integers(1, 20),
)  # fmt: skip
SCHEDULE = st.builds(
    Schedule, st.just("s"), st.just("Europe/Zurich"), st.lists(LAYER, max_size=3).map(tuple),
    st.lists(OVERRIDE, max_size=2).map(tuple),
)  # fmt: skip


def plainly(schedule, at):
    """Who is on call at an instant where no clock is being changed, by looking at the wall."""
    for override in reversed(schedule.overrides):
        if override.start <= at < override.end:
            return override.user
    for layer in sorted(schedule.layers, key=lambda one: -one.priority):
        wall = at.astimezone(ZoneInfo(layer.zone or schedule.zone)).replace(tzinfo=None)
        turn = (wall - layer.rotation.first) // layer.rotation.every
        if turn >= 0 and (not layer.hours or any(inside(h, wall) for h in layer.hours)):
            return layer.rotation.users[turn % len(layer.rotation.users)]
    return None


def inside(hours, wall):
    """Whether hours of weekdays hold a wall-clock time."""
    today, yesterday = wall.weekday(), (wall - DAY).weekday()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= wall.time() < hours.end
    return (today in hours.days and wall.time() >= hours.start) or (
        yesterday in hours.days and wall.time() < hours.end
    )


@settings(max_examples=60, deadline=None)
@given(SCHEDULE)
def test_every_schedule_minute_by_minute(schedule):
    """The shifts say what the wall says, over the hour that Zurich skips on 29 March 2026."""
    start, end = MARCH, MARCH + 2 * DAY
    found = shifts(schedule, start, end)
    for one, two in pairwise(found):
        assert one.end <= two.start
        assert (one.end, one.user, one.layer) != (two.start, two.user, two.layer)
    assert all(s.start < s.end for s in found)
    for minute in range(0, 2 * 24 * 60, 7):
        at = start + timedelta(minutes=minute)
        expected = plainly(schedule, at)
        assert next((s.user for s in found if s.start <= at < s.end), None) == expected
        if not minute % 49:
            assert on_call(schedule, at) == expected
    covered = sum((s.length for s in found), timedelta())
    empty = sum((g.end - g.start for g in gaps(schedule, start, end)), timedelta())
    assert covered + empty == end - start
    assert msgspec.json.decode(msgspec.json.encode(schedule), type=Schedule) == schedule


def test_quality_by_hand():
    """Two thirds of the time covered, one of two with twice the time of the other."""
    days = Layer("d", Rotation(("ana", "bo"), datetime(2026, 1, 5), DAY),  # noqa: DTZ001
                 hours=(Hours(start=time(0), end=time(16)),))  # fmt: skip
    found = quality(Schedule("s", "UTC", (days,)), MONDAY, MONDAY + 3 * DAY)
    assert found.coverage == pytest.approx(100 * 2 / 3)
    assert found.balance == pytest.approx(50)
    assert found.score == round((100 * 2 / 3 + 50) / 2)
    assert (found.people["ana"].total, found.people["ana"].nights) == (32 * HOUR, 12 * HOUR)
    assert found.people["ana"].share == pytest.approx(2 / 3)
    assert len(found.gaps) == 3


def test_weekends_count():
    """Saturday and Sunday on the wall of the schedule."""
    found = quality(Schedule("s", "UTC", (Layer("w", WEEK),)), MONDAY + 9 * HOUR, MONDAY + 7 * DAY)
    assert found.people["ana"].weekends == 2 * DAY


def test_nearly_even_is_even():
    """From 95 % on the burden counts as shared evenly, as in Grafana OnCall's score."""
    assert balance([19 * HOUR, 20 * HOUR]) == 100
    assert balance([18 * HOUR, 20 * HOUR]) == pytest.approx(90)
    assert (balance([HOUR]), balance([])) == (100, 0)
