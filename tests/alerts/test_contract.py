"""The contract: who was told that an alert fires is told that it is over, whatever happens."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.alerts.world import World, without_twins
from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.routing import group_key, routes_for
from watchkeeper.alerts.silences import Silence, expire

COMMON = """
receivers:
- {name: ml, webhook_configs: [{url: 'http://localhost/'}]}
- {name: data, webhook_configs: [{url: 'http://localhost/'}]}
- {name: chat, slack_configs: [{channel: '#ml'}]}
time_intervals:
- {name: noon, time_intervals: [{times: [{start_time: '12:10', end_time: '12:40'}]}]}
- {name: office, time_intervals: [{times: [{start_time: '08:00', end_time: '12:30'}]}]}
inhibit_rules:
- {source_matchers: [n=0], target_matchers: [n=~"1|2"], equal: [team]}
"""
ROUTES = {
    "plain": "{receiver: ml, group_by: [team], repeat_interval: 20m}",
    "moved": "{receiver: data, group_by: [team]}",
    "regrouped": "{receiver: ml, group_by: ['...'], group_wait: 0s, repeat_interval: 7m}",
    "forked": """{receiver: data, group_by: [team], routes: [
        {matchers: [team=a], receiver: ml, continue: true},
        {matchers: [n=~'1|2|3'], receiver: chat, group_by: [n]},
        {matchers: [n=3]}]}""",
    "muted": """{receiver: ml, group_by: [team], routes: [
        {matchers: [team=a], mute_time_intervals: [noon]},
        {matchers: [team=b], active_time_intervals: [office]}]}""",
}
CONFIGS = {name: read_config(f"route: {text}\n{COMMON}") for name, text in ROUTES.items()}
ALERTS = [
    {"alertname": "Late", "n": str(number), "team": team}
    for number in range(4)
    for team in ("a", "b")
]
MATCHERS = ("team=a", "n=~'0|1'", "alertname=Late", 'n="3"')
CHAT = "chat"

lengths = st.sampled_from([1, 20, 45, 240, 700, 3600, 20_000]).map(lambda s: timedelta(seconds=s))
alerts = st.sampled_from(ALERTS)


class Contract(RuleBasedStateMachine):
    """Anything may happen, in any order; at the end all is told."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(CONFIGS["plain"])
        self.firing: dict[str, dict[str, str]] = {}

    @rule(labels=alerts)
    def fire(self, labels):
        """An alert fires, or goes on firing."""
        self.world.post(labels)
        self.firing[labels["n"] + labels["team"]] = labels

    @rule(labels=alerts, length=lengths)
    def fire_for_a_while(self, labels, length):
        """An alert fires that is over by itself unless heard of again."""
        self.world.post(labels, ends_at=self.world.now + length)
        self.firing.pop(labels["n"] + labels["team"], None)

    @rule(labels=alerts)
    def finish(self, labels):
        """An alert is over, whether it fired or not."""
        self.world.end(labels)
        self.firing.pop(labels["n"] + labels["team"], None)

    @rule(length=lengths)
    def wait(self, length):
        """Time passes; groups are looked at late."""
        self.world.advance(length)

    @rule(length=lengths)
    def wait_on_time(self, length):
        """Time passes; groups are looked at when they are due."""
        self.world.run(self.world.now + length)

    @rule(length=lengths)
    def set_clock_back(self, length):
        """The clock is set back."""
        self.world.advance(-length)

    @rule(matcher=st.sampled_from(MATCHERS), delay=st.sampled_from([0, 60]), length=lengths)
    def silence(self, matcher, delay, length):
        """Somebody silences alerts, now or soon."""
        number = str(len(self.world.silences))
        start = self.world.now + timedelta(seconds=delay)
        self.world.silences[number] = Silence(
            id=number,
            matchers=(parse_matchers(matcher.replace("'", '"')),),
            starts_at=start,
            ends_at=start + length,
            created_by="ann",
            comment="moving",
            updated_at=self.world.now,
        )

    @precondition(lambda self: self.world.silences)
    @rule(data=st.data())
    def end_silence(self, data):
        """Somebody ends a silence."""
        number = data.draw(st.sampled_from(sorted(self.world.silences)))
        silence = self.world.silences[number]
        if silence.state(self.world.now) != "expired":
            self.world.silences[number] = expire(silence, self.world.now)
            self.world.wake()

    @rule(name=st.sampled_from(sorted(CONFIGS)))
    def reload(self, name):
        """A new configuration takes effect."""
        self.world.load(CONFIGS[name])

    @precondition(lambda self: self.world.groups)
    @rule(data=st.data())
    def crash(self, data):
        """The server dies after a look and before it is stored; the look is repeated."""
        key = data.draw(st.sampled_from(sorted(self.world.groups)))
        first, second = self.world.look(key), self.world.look(key)
        assert first == second
        if self.world.group(key).due(self.world.now):
            self.world.commit(key, second)

    @precondition(lambda self: self.world.groups)
    @rule(data=st.data(), length=lengths)
    def acknowledge(self, data, length):
        """Somebody takes a group on."""
        self.world.acknowledge(data.draw(st.sampled_from(sorted(self.world.groups))), length)

    @precondition(lambda self: self.world.outbox)
    @rule(confirm=st.booleans())
    def deliver(self, confirm):
        """A message arrives; the server may die before it knows."""
        self.world.deliver(confirm=confirm)

    @precondition(lambda self: self.world.outbox and not self.world.unsure)
    @rule()
    def give_up(self):
        """A message is never delivered."""
        self.world.give_up()

    def teardown(self):
        """Let all that fires be told, then end it, and hold what was told to the contract."""
        self._settle()
        self._check_told()
        for labels in ALERTS:
            self.world.end(labels)
        self._settle()
        assert not self.world.groups
        _check(self.world)

    def _settle(self):
        world = self.world
        world.load(CONFIGS["plain"])
        for number, silence in world.silences.items():
            if silence.state(world.now) != "expired":
                world.silences[number] = expire(silence, world.now)
        world.wake()
        for _ in range(12):
            world.advance(timedelta(minutes=5))
            # Alerts that time out are over after the longest of the lengths.
            while world.outbox:
                world.deliver()
        world.advance(timedelta(seconds=30_000))
        while world.outbox:
            world.deliver()

    def _check_told(self):
        """Whoever should know of an alert that fires does."""
        inhibitors = self.world.context().inhibitors
        for labels in self.firing.values():
            if inhibitors.of(labels):
                continue
            for route in routes_for(self.world.config, labels):
                key = group_key(route, labels)
                told = [
                    alert.labels == labels
                    for message in self.world.told
                    if message.group_key == key and message.receiver == route.receiver
                    for alert in message.alerts
                ]
                assert any(told), labels


def _check(world: World) -> None:
    """Each end once, after its beginning; each group ends with one message that says so."""
    believed: dict[str, set[str]] = defaultdict(set)
    status: dict[str, list[str]] = defaultdict(list)
    for message in without_twins(world.told):
        over = {alert.fingerprint for alert in message.resolved}
        if message.receiver == CHAT:
            assert not over, "chat wants no ends"
            continue
        assert over <= believed[message.key], "told the end of what was never told"
        believed[message.key] -= over
        believed[message.key] |= {alert.fingerprint for alert in message.firing}
        # Where a message was given up, an end may be told after the one that said all is over.
        if message.key not in world.given_up and message.status == "resolved":
            assert not believed[message.key], "told that all is over while something fires"
        status[message.key].append(message.status)
    assert not any(believed.values()), "never told that it is over"
    for key, told in status.items():
        assert told[-1] == "resolved"
        assert "resolved" not in told[:1]
        twice = ("resolved", "resolved") in pairwise(told)
        assert key in world.given_up or not twice, "told twice that all is over"


Contract.TestCase.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
TestContract = Contract.TestCase
