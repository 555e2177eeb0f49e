"""Groups and messages: when, why, and what a restart, a silence or a clock changes."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.alerts.told import KEY, MINUTE, ONE, TWO, config, said, silence
from tests.alerts.world import START, World
from watchkeeper.alerts.config import InhibitRule, Integration, Route
from watchkeeper.alerts.delivery import for_integration
from watchkeeper.alerts.intervals import TimeInterval
from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.pipeline import receive, receive_all
from watchkeeper.alerts.routing import notification_key
from watchkeeper.alerts.silences import expire
from watchkeeper.alerts.state import GroupState, Sent
from watchkeeper.alerts.telling import Look, why_tell
from watchkeeper.core.alert import Alert


# 15.5.2: what was told, what the group holds, and whether ends are sent.
@pytest.mark.parametrize("send_resolved", [True, False], ids=["ends", "no ends"])
@pytest.mark.parametrize(
    ("told", "firing", "age", "reason"),
    [
        ("", "1", 0, "first"),
        ("1", "12", 0, "new_alerts"),
        ("1", "2", 0, "new_alerts"),
        ("12", "", 0, "all_resolved"),
        ("12", "1", 0, "resolved_alerts"),
        ("1", "1", 60, "repeat"),
        ("1", "1", 59, None),
        ("12", "1", 60, "resolved_alerts"),
        ("", "", 60, None),
    ],
)
def test_why_a_message_is_sent(told, firing, age, reason, send_resolved):
    """The truth table of Alertmanager's needsUpdate; who wants no ends gets none, but repeats."""
    made = config(send_resolved=send_resolved)
    alerts = {name: Alert({"n": name}, {}, START) for name in firing}
    group = GroupState(
        key="k", route="{}", receiver="ml", labels={}, alerts=alerts,
        next_flush=START, seen=START, created=START,
    )  # fmt: skip
    look = Look(group, made, START, alerts, {})
    old = Sent(
        group_key="k", receiver="ml", firing=tuple(told), at=START - age * MINUTE if told else None
    )
    if not send_resolved and reason in {"all_resolved", "resolved_alerts"}:
        reason = "repeat" if age >= 60 else None
    assert why_tell(look, old, made.route, send_resolved=send_resolved) == reason


def test_a_group_waits_then_looks_at_intervals():
    """First after 30 s, then every five minutes; a repeat after an hour."""
    world = World(config())
    world.post(ONE)
    world.run(START + timedelta(seconds=29))
    assert not world.decided
    world.run(START + timedelta(minutes=2))
    world.post(TWO)
    world.run(START + timedelta(hours=1, minutes=6))
    assert said(world) == [
        ("first", {"1"}, set()),
        ("new_alerts", {"1", "2"}, set()),
        ("repeat", {"1", "2"}, set()),
    ]
    wait = timedelta(seconds=30)
    times = [one.at - START - wait for one in world.decided]
    assert times == [timedelta(), 5 * MINUTE, 65 * MINUTE]


def test_messages_of_a_group_have_one_key():
    """The same for first, repeat and end; another for another receiver."""
    world = World(config())
    world.post(ONE)
    world.run(START + timedelta(hours=2))
    world.end(ONE)
    world.run(START + timedelta(hours=3))
    assert {one.key for one in world.decided} == {notification_key(KEY, "ml")}
    assert len(notification_key(KEY, "ml")) == 35
    assert notification_key(KEY, "ml") != notification_key(KEY, "data")


def test_an_alert_over_in_time_is_told_by_itself():
    """An end in the future counts when it has come, if nothing is heard before."""
    world = World(config())
    world.post(ONE, ends_at=START + 10 * MINUTE)
    world.run(START + 8 * MINUTE)
    world.post(ONE, ends_at=START + 18 * MINUTE)
    world.run(START + 17 * MINUTE)
    assert said(world) == [("first", {"1"}, set())]
    world.run(START + 30 * MINUTE)
    assert said(world, 1) == [("all_resolved", set(), {"1"})]
    assert world.decided[0].alerts[0].ends_at is None
    assert world.decided[1].alerts[0].ends_at == START + 18 * MINUTE
    assert world.decided[1].alerts[0].starts_at == START


def test_an_end_is_told_under_a_silence():
    """Alertmanager #226: the end of what was told comes though it is silenced, once."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    silence(world, "n=1", timedelta(days=1))
    world.end(ONE)
    world.run(START + timedelta(hours=5))
    assert said(world, 1) == [("all_resolved", set(), {"1"})]


def test_some_end_while_the_rest_is_silenced():
    """The message says that something still fires: at the other end, the affair stays open."""
    world = World(config())
    world.post(ONE)
    world.post(TWO)
    world.run(START + MINUTE)
    silence(world, "n=1", timedelta(days=1))
    world.end(TWO)
    world.run(START + timedelta(hours=3))
    assert said(world, 1) == [("resolved_alerts", {"1"}, {"2"})]
    world.end(ONE)
    world.run(START + timedelta(hours=4))
    assert said(world, 2) == [("all_resolved", set(), {"1"})]


def test_nothing_new_is_told_under_a_silence():
    """Neither a beginning nor a repeat; others of the group are told without it."""
    world = World(config())
    silence(world, "n=1", timedelta(days=1))
    world.post(ONE)
    world.post(TWO)
    world.run(START + timedelta(hours=3))
    assert said(world) == [
        ("first", {"2"}, set()),
        ("repeat", {"2"}, set()),
        ("repeat", {"2"}, set()),
    ]
    assert [note.kind for note in world.notes] == ["silenced"]


@pytest.mark.parametrize("told", [True, False], ids=["told before", "never told"])
def test_what_still_fires_after_a_silence_is_told_at_once(told):
    """At the end of the silence and not at the next look, whether it was told before or not."""
    world = World(config())
    world.post(ONE)
    if told:
        world.run(START + MINUTE)
    silence(world, "n=1", timedelta(minutes=17))
    ends = world.silences["1"].ends_at
    world.run(START + timedelta(minutes=50))
    assert said(world)[-1] == ("unmuted", {"1"}, set())
    assert world.decided[-1].at == ends
    assert len(world.decided) == 1 + told


def test_a_silence_that_is_lifted_early():
    """Lifting is looked at as soon as the caller wakes the group."""
    world = World(config())
    silence(world, "n=1", timedelta(days=1))
    world.post(ONE)
    world.run(START + 12 * MINUTE)
    world.silences["1"] = expire(world.silences["1"], world.now)
    world.wake()
    world.flush_due()
    assert said(world) == [("unmuted", {"1"}, set())]
    assert world.decided[0].at == START + 12 * MINUTE


def test_mute_hours():
    """Nothing is begun or repeated in them; at their end, what still fires is told at once."""
    hours = TimeInterval(times=((12 * 60 + 10, 13 * 60 + 7),))
    route = Route(
        "{}", "ml", group_by=("alertname",), repeat_interval=timedelta(minutes=20), mute=("noon",)
    )
    world = World(config(route=route, intervals={"noon": (hours,)}))
    world.post(ONE)
    world.run(START + 11 * MINUTE)
    world.post(TWO)
    world.run(START + 70 * MINUTE)
    assert said(world) == [("first", {"1"}, set()), ("unmuted", {"1", "2"}, set())]
    assert world.decided[1].at == START + 67 * MINUTE


def test_inhibition_holds_back_and_lets_go():
    """While the cause fires nothing follows; after it, what was never told is told at once."""
    rule = InhibitRule(parse_matchers("n=0"), parse_matchers("n!=0"), ("alertname",))
    world = World(config(inhibit_rules=(rule,)))
    world.post({"alertname": "Late", "n": "0"})
    world.post(ONE)
    world.run(START + 20 * MINUTE)
    assert said(world) == [("first", {"0"}, set())]
    world.end({"alertname": "Late", "n": "0"})
    world.flush_due()
    assert said(world, 1) == [("unmuted", {"1"}, {"0"})]


def test_an_inhibition_does_not_repeat_what_was_told():
    """A cause that comes and goes adds nothing about what the receiver knows already."""
    rule = InhibitRule(parse_matchers("n=0"), parse_matchers("n=1"), ("alertname",))
    world = World(config(inhibit_rules=(rule,)))
    world.post(ONE)
    world.run(START + MINUTE)
    world.post({"alertname": "Late", "n": "0"})
    world.run(START + 12 * MINUTE)
    world.end({"alertname": "Late", "n": "0"})
    world.run(START + 20 * MINUTE)
    assert said(world, 1) == [("new_alerts", {"0"}, set()), ("resolved_alerts", {"1"}, {"0"})]


def test_an_inhibition_by_another_group_does_not_either():
    """Nothing of the group itself has changed, and the receiver knows that it fires."""
    rule = InhibitRule(parse_matchers("alertname=NoData"), parse_matchers("n=1"))
    world = World(config(inhibit_rules=(rule,)))
    world.post(ONE)
    world.run(START + MINUTE)
    world.post({"alertname": "NoData", "n": "0"})
    world.run(START + 12 * MINUTE)
    assert world.group(KEY).withheld
    world.end({"alertname": "NoData", "n": "0"})
    world.run(START + 20 * MINUTE)
    assert not world.group(KEY).withheld
    assert [one.group_key for one in world.decided].count(KEY) == 1


def test_no_ends_for_who_wants_none_but_a_note():
    """The end is written down; firing again is told as a first."""
    world = World(config(send_resolved=False))
    world.post(ONE)
    world.run(START + MINUTE)
    world.end(ONE)
    world.run(START + 10 * MINUTE)
    world.post(ONE)
    world.run(START + 20 * MINUTE)
    assert said(world) == [("first", {"1"}, set()), ("first", {"1"}, set())]
    assert [(note.kind, note.receiver) for note in world.notes] == [("end_not_sent", "ml")]


def test_one_integration_without_ends_among_others():
    """It gets beginnings without the ends in them, and no message that is about ends."""
    chat, hook = Integration("slack", {}), Integration("webhook", {})
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.post(TWO)
    world.end(ONE)
    world.run(START + 10 * MINUTE)
    world.end(TWO)
    world.run(START + 20 * MINUTE)
    got = [for_integration(one, chat) for one in world.decided]
    assert [one and len(one.alerts) for one in got] == [1, 1, None]
    assert [for_integration(one, hook) for one in world.decided] == world.decided


def test_a_clock_set_back_does_not_stop_anything():
    """Deadlines that are suddenly far away are due; an end stays an end."""
    world = World(config())
    world.post(ONE)
    world.run(START + 6 * MINUTE)
    world.end(ONE)
    world.advance(-timedelta(days=30))
    assert said(world, 1) == [("all_resolved", set(), {"1"})]
    assert not world.groups


def test_a_clock_set_back_does_not_stop_repeats():
    """An hour after the clock was set back, not after it has caught up."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.advance(-timedelta(days=30))
    world.run(world.now + timedelta(hours=2))
    assert "repeat" in [one[1] for one in world.plain()]


def test_a_late_look_tells_what_is_true_then():
    """After hours without the server, one message, and the next look an interval later."""
    world = World(config())
    world.post(ONE)
    world.post(TWO)
    world.end(TWO)
    world.advance(timedelta(hours=5))
    assert said(world) == [("first", {"1"}, set())]
    assert world.group(KEY).next_flush == world.now + 5 * MINUTE


def test_state_survives_json_word_by_word():
    """Groups and entries come back from JSON as they were, evidence included."""
    alert = Alert(ONE, {"summary": "ü"}, START, None, "http://x", {"value": 0.5, "rows": [1, 2]})
    group = GroupState(
        key=KEY, route="{}", receiver="ml", labels={"alertname": "Late"},
        alerts={alert.fingerprint: alert}, next_flush=START, seen=START, created=START,
        withheld={alert.fingerprint: "silenced"},
    )  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(group), type=GroupState) == group
    entry = Sent(group_key=KEY, receiver="ml", firing=("a",), at=START, acknowledged_until=START)
    assert msgspec.json.decode(msgspec.json.encode(entry), type=Sent) == entry
    assert msgspec.json.decode(b'{"group_key": "k", "receiver": "r"}', type=Sent).is_spent


def test_the_end_of_an_unknown_alert_makes_nothing():
    """No group, no message."""
    world = World(config())
    world.end(ONE)
    assert not world.groups


def test_many_alerts_at_once_are_as_many_one_by_one():
    """A beginning, an end and another group, over groups that are there."""
    world = World(config())
    world.post(ONE)
    groups = {group.key: group for group in world.all_groups()}
    news = [
        Alert(TWO, {}, START),
        Alert(ONE, {}, START, START),
        Alert({"alertname": "Slow"}, {}, START),
    ]
    single = dict(groups)
    for alert in news:
        single |= receive(single, alert, config(), START)
    assert receive_all(groups, news, config(), START) == single
    assert receive_all(groups, [], config(), START) == {}
