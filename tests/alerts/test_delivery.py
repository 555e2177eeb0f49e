"""Messages that arrive late, twice, at one channel of two, or never."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.alerts.world import START, World
from watchkeeper.alerts.config import default_config
from watchkeeper.alerts.delivery import delivered, to_deliver, undelivered
from watchkeeper.alerts.state import Sent
from watchkeeper.core.alert import Alert, Notification

ONE = {"alertname": "Late", "n": "1"}
TWO = {"alertname": "Late", "n": "2"}
KEY = '{}:{alertname="Late"}'
MINUTE = timedelta(minutes=1)


def message(firing="", over="", *, reason="first"):
    """A message about alerts by their numbers."""
    fire = [Alert({"n": name}, {}, START) for name in firing]
    ends = [Alert({"n": name}, {}, START, START) for name in over]
    return Notification("wk-1", "ml", "k", {}, (*fire, *ends), reason, START)


def numbers(alerts):
    """The numbers of alerts."""
    return "".join(sorted(alert.labels["n"] for alert in alerts))


def told(world):
    """Numbers that fire and that are over, of each message that arrived."""
    return [(numbers(one.firing), numbers(one.resolved)) for one in world.told]


@pytest.fixture
def world():
    """A server that has told, and delivered, that one alert fires."""
    made = World(default_config())
    made.post(ONE)
    made.run(START + MINUTE)
    made.deliver()
    return made


def test_each_channel_is_told_the_end():
    """That one channel has the end takes it from no other."""
    entry = Sent(group_key="k", receiver="ml")
    first, last = message("1"), message("", "1", reason="all_resolved")
    for channel in ("slack[0]", "webhook[0]"):
        entry = delivered(entry, first, channel=channel)
    for channel in ("slack[0]", "webhook[0]"):
        assert not entry.is_spent
        assert to_deliver(entry, last, channel=channel) == last
        entry = delivered(entry, last, channel=channel)
    assert entry.is_spent


def test_who_was_never_told_is_not_told_the_end():
    """Of a channel that missed the beginning, the end is kept; the rest of the message is not."""
    entry = delivered(Sent(group_key="k", receiver="ml"), message("1"), channel="a")
    assert to_deliver(entry, message("", "12"), channel="b") is None
    assert to_deliver(entry, message("", "12"), channel="a") == message("", "1")
    assert to_deliver(entry, message("3", "2"), channel="b") == message("3")


def test_a_beginning_that_is_given_up_is_told_again(world):
    """At the next look, as new; what was delivered before is not owed again."""
    world.post(TWO)
    world.run(START + 6 * MINUTE)
    world.give_up()
    world.run(START + 11 * MINUTE)
    world.deliver()
    assert told(world) == [("1", ""), ("12", "")]
    assert [one[1] for one in world.plain()] == ["first", "new_alerts", "new_alerts"]


def test_a_beginning_that_is_given_up_has_no_end():
    """What ended in the meantime is not told at all."""
    world = World(default_config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.end(ONE)
    world.run(START + 6 * MINUTE)
    world.give_up()
    world.deliver()
    assert not world.told
    assert not world.groups
    assert not world.sent


@pytest.mark.parametrize("times", [1, 3])
def test_an_end_that_is_given_up_is_told_again(world, times):
    """Though the group was gone: it is made anew, and the end told after a while."""
    world.end(ONE)
    world.run(START + 6 * MINUTE)
    assert not world.groups
    for number in range(times):
        world.give_up()
        world.run(START + (10 + number) * MINUTE)
    world.deliver()
    assert told(world) == [("1", ""), ("", "1")]
    assert not world.groups
    assert not world.sent


def test_what_waits_tells_what_was_given_up(world):
    """A message behind it names the same alert: its beginning is left to that, and its end owed."""
    world.post(TWO)
    world.run(START + 6 * MINUTE)
    world.run(START + timedelta(hours=4, minutes=10))
    assert [one[1] for one in world.plain()] == ["first", "new_alerts", "repeat"]
    world.give_up()
    world.deliver()
    world.end(ONE)
    world.end(TWO)
    world.run(START + timedelta(hours=5))
    world.deliver()
    assert told(world) == [("1", ""), ("12", ""), ("", "12")]


def test_an_end_given_up_of_what_fires_again():
    """Nothing is owed: the receiver goes on believing what is true."""
    over = Alert({"n": "1"}, {}, START, START)
    name = over.fingerprint
    entry = Sent(group_key="k", receiver="ml", firing=(name,), known={"": (name,)})
    group, same = undelivered(None, entry, message("", "1"), waiting=(), now=START, again=MINUTE)
    assert (group, same) == (None, entry)


def test_a_slow_receiver_is_told_all_in_order():
    """Everything was decided before anything arrived; the group is long gone."""
    world = World(default_config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.post(TWO)
    world.run(START + 6 * MINUTE)
    world.end(ONE)
    world.end(TWO)
    world.run(START + 20 * MINUTE)
    assert not world.groups
    assert not world.sent
    while world.outbox:
        world.deliver()
    assert told(world) == [("1", ""), ("12", ""), ("", "12")]
    assert not world.sent
