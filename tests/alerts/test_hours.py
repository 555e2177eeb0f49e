"""Time intervals, silences and inhibition, each against its definition written another way."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.alerts.world import START
from watchkeeper.alerts.config import Config, InhibitRule, Route
from watchkeeper.alerts.inhibition import Inhibitors
from watchkeeper.alerts.intervals import TimeInterval, in_any, next_minute
from watchkeeper.alerts.matchers import all_match, parse_matchers
from watchkeeper.alerts.silences import (
    Silence,
    SilenceState,
    change,
    check_silence,
    expire,
    silenced_by,
)
from watchkeeper.alerts.suppression import Context, is_muted, muted_by, next_change
from watchkeeper.core.alert import Alert
from watchkeeper.core.errors import ConflictError, InputError

ZONES = ("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC")
moments = st.integers(0, 5 * 366 * 86400).map(lambda s: START + timedelta(seconds=s))


@given(moments, st.sampled_from(ZONES), st.integers(-31, 31).filter(bool), st.integers(0, 6))
def test_each_kind_of_range(moment, zone, day, weekday):
    """One day of the month or week, in the wall time of the zone."""
    local = moment.astimezone(ZoneInfo(zone))
    length = calendar.monthrange(local.year, local.month)[1]
    wanted = range(1, length + 1)[day - 1 if day > 0 else day] if abs(day) <= length else None
    assert TimeInterval(days=((day, day),), zone=zone).contains(moment) is (local.day == wanted)
    name = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")[weekday]
    found = TimeInterval(weekdays=((weekday, weekday),), zone=zone).contains(moment)
    assert found is (local.strftime("%A") == name)


@given(moments, st.integers(0, 1438), st.integers(1, 1440), st.sampled_from(ZONES))
def test_times_of_day(moment, first, length, zone):
    """The first minute is within, the last is not."""
    last = min(first + length, 1440)
    local = moment.astimezone(ZoneInfo(zone))
    seconds = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    within = timedelta(minutes=first) <= seconds < timedelta(minutes=last)
    assert TimeInterval(times=((first, last),), zone=zone).contains(moment) is within


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("2026-03-29T00:59:00+00:00", True),
        ("2026-03-29T01:00:00+00:00", False),
        ("2026-10-25T00:15:00+00:00", True),
        ("2026-10-25T01:15:00+00:00", True),
        ("2026-10-25T01:30:00+00:00", False),
        ("2026-10-24T23:59:00+00:00", True),
    ],
)
def test_the_hour_that_is_skipped_and_the_one_that_comes_twice(text, within):
    """Wall time 01:00 to 02:30 in Berlin: an hour less in March; in October 02:15 comes twice."""
    interval = TimeInterval(times=((60, 120), (120, 150)), zone="Europe/Berlin")
    assert interval.contains(datetime.fromisoformat(text)) is within


def test_all_kinds_must_hold_and_any_interval_will_do():
    """Within an interval, each kind; of several intervals, any."""
    interval = TimeInterval(times=((0, 720),), months=((3, 3),), years=((2026, 2026),))
    assert interval.contains(START - timedelta(minutes=1))
    assert not interval.contains(START)
    assert not interval.contains(START.replace(month=4, hour=1))
    assert in_any([interval, TimeInterval(times=((720, 721),))], START)
    assert TimeInterval().contains(START)
    assert not in_any([], START)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=3), st.integers(0, 59))
def test_the_next_look_is_the_first_unmuted_minute(parts, second):
    """Found by asking every minute; never later than the interval of the group."""
    start = START + timedelta(seconds=second)
    times = tuple((720 + first, 720 + first + length) for first, length in parts) or ((720, 721),)
    route = Route("{}", "ml", mute=("m",), group_interval=timedelta(minutes=20))
    config = Config(route, {}, intervals={"m": (TimeInterval(times=times),)})
    context = Context(config)
    if not is_muted(config, route, start):
        return
    alerts = {"a": Alert({}, {}, START)}
    found = next_change({"a": "muted"}, alerts, route, context, start)
    last = start + route.group_interval
    minutes = [next_minute(start) + timedelta(minutes=one) for one in range(21)]
    wanted = next((one for one in minutes if not is_muted(config, route, one)), last)
    assert found == min(wanted, last)
    assert found > start


def test_active_hours():
    """Outside of all of them a route is muted, and says by which."""
    morning, evening = TimeInterval(times=((0, 600),)), TimeInterval(times=((1200, 1440),))
    route = Route("{}", "ml", active=("morning", "evening"))
    config = Config(route, {}, intervals={"morning": (morning,), "evening": (evening,)})
    assert muted_by(config, route, START) == ("morning", "evening")
    assert muted_by(config, route, START.replace(hour=8)) == ()
    assert muted_by(config, route, START.replace(hour=21)) == ()


def silence(text="n=1", *, start=START, hours=1.0, number="1"):
    """A silence."""
    return Silence(
        id=number,
        matchers=tuple(parse_matchers(one) for one in text.split(" or ")),
        starts_at=start,
        ends_at=start + timedelta(hours=hours),
        created_by="ann",
        comment="moving",
        updated_at=start,
    )


def test_a_silence_is_in_force_from_its_start_to_before_its_end():
    """Pending, active, expired; any of its matcher sets will do."""
    made = silence("n=1 or n=2,m=1")
    hour = timedelta(hours=1)
    states = [made.state(START + step) for step in (-hour, timedelta(), hour)]
    assert states == [SilenceState.PENDING, SilenceState.ACTIVE, SilenceState.EXPIRED]
    labels = [{"n": "1"}, {"n": "2"}, {"n": "2", "m": "1"}]
    assert [bool(silenced_by([made], one, START)) for one in labels] == [True, False, True]
    assert not silenced_by([made], {"n": "1"}, START + hour)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Silence) == made


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (silence("n=''".replace("''", '""')), "every alert"),
        (silence('n=~".*"'), "every alert"),
        (silence('n=1 or x!="1"'), "every alert"),
        (silence(hours=-1), "before it begins"),
        (silence(start=START - timedelta(hours=5)), "in the past"),
        (msgspec.structs.replace(silence(), matchers=()), "needs a matcher"),
        (msgspec.structs.replace(silence(), matchers=((),)), "needs a matcher"),
    ],
    ids=["empty", "all", "one of two", "backwards", "past", "none", "an empty set"],
)
def test_silences_that_are_refused(made, told):
    """What would silence everything, or nothing."""
    with pytest.raises(InputError, match=told):
        check_silence(made, START)


def test_a_silence_is_ended_once():
    """Now, or before it begins; a second time is refused."""
    over = expire(silence(), START + timedelta(minutes=5))
    assert over.ends_at == START + timedelta(minutes=5)
    assert over.starts_at == START
    before = expire(silence(), START - timedelta(minutes=5))
    assert before.starts_at == before.ends_at == START - timedelta(minutes=5)
    with pytest.raises(ConflictError, match="has already ended"):
        expire(over, START + timedelta(minutes=5))


def test_a_silence_is_changed_in_place_or_replaced():
    """A longer end stays the same silence; other matchers end it and begin another."""
    now = START + timedelta(minutes=5)
    longer = change(silence(), silence(hours=3), now, new_id="2")
    assert [(one.id, one.ends_at) for one in longer] == [("1", START + timedelta(hours=3))]
    other = change(silence(), silence("n=2"), now, new_id="2")
    assert [(one.id, one.starts_at, one.state(now).value) for one in other] == [
        ("1", START, "expired"),
        ("2", now, "active"),
    ]
    again = change(silence(hours=0.05), silence(hours=3), now, new_id="2")
    assert [one.id for one in again] == ["2"]
    coming = silence(start=now + timedelta(hours=1))
    moved = change(coming, silence(start=now + timedelta(hours=2)), now, new_id="2")
    assert [one.id for one in moved] == ["1"]


labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=3)
sides = st.sampled_from(['a="1"', 'a=~"1|2"', 'b!=""', 'c="2"', 'a="", b="1"'])


@given(
    st.lists(labels, max_size=6), labels, sides, sides, st.lists(st.sampled_from("abc"), max_size=1)
)
@example([{"a": "1", "b": "1"}], {"b": "2"}, 'a="1"', 'b!=""', [])
@example([{"a": "1", "b": "1"}], {"a": "1", "b": "2"}, 'a="1"', 'b!=""', [])
def test_inhibition_by_its_definition(others, target, source_text, target_text, equal):
    """Some source fires with the same labels, and not both match both sides."""
    rule = InhibitRule(parse_matchers(source_text), parse_matchers(target_text), tuple(equal))
    alerts = [Alert(one, {}, START) for one in others]
    ended = [Alert(one, {}, START, START) for one in ({"a": "1"}, {"b": "1"})]
    found = Inhibitors([rule], [*alerts, *ended], START).of(target)

    def both(one):
        return all_match(rule.source, one) and all_match(rule.target, one)

    wanted = {
        alert.fingerprint
        for alert in alerts
        if all_match(rule.target, target)
        and all_match(rule.source, alert.labels)
        and all(alert.labels.get(name, "") == target.get(name, "") for name in equal)
        and not (both(alert.labels) and both(target))
    }
    assert set(found) == wanted
