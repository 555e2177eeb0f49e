"""A new configuration over groups that are there: what is handed over, and what nobody is told."""

from __future__ import annotations

from datetime import timedelta

from tests.alerts.told import KEY, MINUTE, ONE, TWO, config, said
from tests.alerts.world import START, World
from watchkeeper.alerts.config import Route
from watchkeeper.alerts.reading import read_config


def test_a_reload_that_changes_nothing_is_told_to_nobody():
    """Alertmanager #3037: no message is early, no deadline is moved, however often."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    before = dict(world.groups)
    for _ in range(3):
        world.load(config())
        world.advance(timedelta(seconds=10))
    assert world.groups == before
    assert len(world.decided) == 1


FORK = """
route: {receiver: ml, group_by: [alertname], routes: [
  {matchers: [n=1], receiver: data, group_wait: 10s}]}
receivers: [{name: ml}, {name: data}]
"""


def test_a_reload_that_moves_an_alert_hands_it_over():
    """The old receiver is told the end at its own time, the new one the beginning; others stay."""
    world = World(config())
    world.post(ONE)
    world.post(TWO)
    world.run(START + MINUTE)
    deadline = world.group(KEY).next_flush
    world.load(read_config(FORK))
    assert world.group(KEY).next_flush == deadline
    world.run(START + 10 * MINUTE)
    assert [one[:2] for one in world.plain()[1:]] == [("data", "first"), ("ml", "resolved_alerts")]
    assert said(world, 1) == [("first", {"1"}, set()), ("resolved_alerts", {"2"}, {"1"})]
    assert world.decided[1].at == START + MINUTE + timedelta(seconds=10)
    world.end(ONE)
    world.end(TWO)
    world.run(START + 30 * MINUTE)
    assert {one[:3] for one in world.plain()[3:]} == {
        ("ml", "all_resolved", "resolved"),
        ("data", "all_resolved", "resolved"),
    }


def test_a_reload_there_and_back_says_nothing():
    """What comes back before the old group was looked at never left."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.load(read_config(FORK))
    world.load(config())
    world.run(START + 30 * MINUTE)
    assert len(world.decided) == 1


def test_what_ended_here_and_fires_there_comes_back():
    """An alert that was over in the old group, and not yet told, fires again in the new one."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.end(ONE)
    world.load(read_config(FORK))
    world.post(ONE)
    world.load(config())
    world.run(START + 6 * MINUTE)
    assert said(world) == [("first", {"1"}, set())]
    assert world.group(KEY).firing(world.now)


def test_a_group_made_anew_takes_alerts_in():
    """It was made to tell an end once more, and has no route until an alert gives it one."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.deliver()
    world.end(ONE)
    world.run(START + 6 * MINUTE)
    world.give_up()
    assert world.group(KEY).route == ""
    world.config = read_config(FORK.replace("n=1", "n=2"))
    world.post(TWO)
    world.load(config())
    world.run(START + 20 * MINUTE)
    assert said(world, 2) == [("new_alerts", {"2"}, {"1"})]


def test_a_new_receiver_of_the_same_route():
    """The old one is told that it is over for it, the new one that it fires."""
    world = World(config())
    world.post(ONE)
    world.run(START + MINUTE)
    world.load(config(route=Route("{}", "data", group_by=("alertname",))))
    assert world.group(KEY).receiver == "data"
    world.run(START + 6 * MINUTE)
    assert [one[:3] for one in world.plain()[1:]] == [
        ("ml", "all_resolved", "resolved"),
        ("data", "first", "firing"),
    ]
    assert [note.kind for note in world.notes] == ["handed_over"]


def test_a_route_that_is_gone_without_a_word():
    """A look that meets an unknown route tells the end of what it had told."""
    world = World(read_config(FORK))
    world.post(ONE)
    world.run(START + MINUTE)
    world.config = config()
    world.run(START + 10 * MINUTE)
    assert world.plain()[1][:3] == ("data", "all_resolved", "resolved")
    assert not world.groups
