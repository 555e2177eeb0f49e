"""Alerts that somebody takes on: what is told from then on, and who is told of it."""

from __future__ import annotations

from datetime import timedelta

from tests.alerts.told import KEY, MINUTE, ONE, TWO, config, said
from tests.alerts.world import START, World
from watchkeeper.alerts.delivery import acknowledge
from watchkeeper.alerts.state import Sent


def test_acknowledged_alerts_are_not_repeated():
    """Until the time is over; new ones are told, and the end is."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.acknowledge(KEY, timedelta(hours=3))
    world.run(START + timedelta(hours=2))
    assert len(world.decided) == 1
    world.post(TWO)
    world.run(START + timedelta(hours=2, minutes=10))
    assert said(world, 1) == [("new_alerts", {"1", "2"}, set())]
    world.end(TWO)
    world.run(START + timedelta(hours=3, minutes=30))
    assert said(world, 2)[0] == ("resolved_alerts", {"1"}, {"2"})
    world.run(START + timedelta(hours=5))
    assert said(world, 3)[0] == ("repeat", {"1"}, set())
    world.acknowledge(KEY, timedelta(hours=3))
    before = len(world.decided)
    world.end(ONE)
    world.run(START + timedelta(hours=6))
    assert said(world, before) == [("all_resolved", set(), {"1"})]


def test_an_acknowledgement_tells_who_was_told():
    """One message to each receiver that was told, and who took it on is kept."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    done = acknowledge(
        world.group(KEY), world.entries(KEY), by="ann", until=START + 60 * MINUTE, now=world.now
    )
    assert [(one.receiver, one.reason, one.status) for one in done.notifications] == [
        ("ml", "acknowledged", "firing")
    ]
    assert done.notifications[0].key == world.decided[0].key
    assert done.sent[0].acknowledged_by == "ann"
    done = acknowledge(
        world.group(KEY), [Sent(group_key=KEY, receiver="other")], by="ann", until=START, now=START
    )
    assert [one.receiver for one in done.sent] == ["ml"]
    assert done.notifications == ()


def test_what_is_taken_on_before_it_was_told_is_told_once():
    """Somebody looks already; the others are to know, and nobody is told again and again."""
    world = World(config())
    world.post(ONE)
    world.acknowledge(KEY, timedelta(hours=3))
    world.run(START + timedelta(hours=2))
    assert said(world) == [("first", {"1"}, set())]
    world.end(ONE)
    world.run(START + timedelta(hours=2, minutes=30))
    assert said(world, 1) == [("all_resolved", set(), {"1"})]
    assert world.entries(KEY) == []
