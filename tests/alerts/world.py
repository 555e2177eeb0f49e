"""A caller of the pipeline as small as can be: it stores JSON, keeps a clock and an outbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from watchkeeper.alerts.config import Config
from watchkeeper.alerts.delivery import acknowledge, delivered, to_deliver, undelivered
from watchkeeper.alerts.inhibition import Inhibitors
from watchkeeper.alerts.pipeline import Flushed, flush, receive, wake
from watchkeeper.alerts.reloading import reload
from watchkeeper.alerts.silences import Silence
from watchkeeper.alerts.state import GroupState, Sent
from watchkeeper.alerts.suppression import Context
from watchkeeper.core.alert import Alert, Labels, Notification

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """State, clock and outbox of one server."""

    config: Config
    now: datetime = START
    groups: dict[str, bytes] = field(default_factory=dict)
    sent: dict[tuple[str, str], bytes] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    outbox: list[Notification] = field(default_factory=list)
    told: list[Notification] = field(default_factory=list)
    decided: list[Notification] = field(default_factory=list)
    notes: list[object] = field(default_factory=list)
    unsure: bool = False
    given_up: set[str] = field(default_factory=set)

    def group(self, key: str) -> GroupState:
        """A stored group, read back from JSON."""
        return msgspec.json.decode(self.groups[key], type=GroupState)

    def all_groups(self) -> Iterator[GroupState]:
        """Every stored group."""
        return (self.group(key) for key in sorted(self.groups))

    def entries(self, key: str) -> list[Sent]:
        """All that was stored about who was told of a group."""
        found = (self.sent[pair] for pair in sorted(self.sent) if pair[0] == key)
        return [msgspec.json.decode(one, type=Sent) for one in found]

    def context(self) -> Context:
        """What surrounds groups now."""
        rules = self.config.inhibit_rules
        inhibitors = Inhibitors(rules, self.alerts.values(), self.now)
        return Context(self.config, tuple(self.silences.values()), inhibitors)

    def store(self, groups: dict[str, GroupState]) -> None:
        """Write groups as JSON."""
        self.groups |= {key: msgspec.json.encode(group) for key, group in groups.items()}

    def store_sent(self, sent: Sent) -> None:
        """Write who was told what as JSON."""
        self.sent[sent.group_key, sent.receiver] = msgspec.json.encode(sent)

    def post(self, labels: Labels, *, ends_at: datetime | None = None) -> None:
        """An alert as it is now."""
        old = self.alerts.get(str(sorted(labels.items())))
        keep = old is not None and not old.is_over(self.now)
        start = old.starts_at if old and keep else self.now
        alert = Alert(labels, {"summary": "late"}, min(start, self.now), ends_at)
        self.alerts[str(sorted(labels.items()))] = alert
        groups = {key: self.group(key) for key in self.groups}
        self.store(receive(groups, alert, self.config, self.now))
        self.wake()

    def end(self, labels: Labels) -> None:
        """An alert is over."""
        self.post(labels, ends_at=self.now)

    def load(self, config: Config) -> None:
        """A new configuration takes effect."""
        self.config = config
        self.store(reload(self.all_groups(), config, self.now))

    def wake(self) -> None:
        """Look at once at groups of which something is no longer withheld."""
        context = self.context()
        woken = (wake(group, context, self.now) for group in self.all_groups())
        self.store({group.key: group for group in woken if group is not None})

    def advance(self, length: timedelta) -> None:
        """Let time pass, or set the clock back, and look at all groups that are due."""
        self.now += length
        self.flush_due()

    def run(self, until: datetime) -> None:
        """Let time pass from deadline to deadline."""
        while True:
            due = [group.next_flush for group in self.all_groups()]
            if not due or min(due) > until:
                break
            self.now = max(self.now, min(due))
            self.flush_due()
        self.now = until

    def flush_due(self) -> None:
        """Look at all groups that are due."""
        for key in sorted(self.groups):
            if self.group(key).due(self.now):
                self.commit(key, self.look(key))

    def look(self, key: str) -> Flushed:
        """What a look at a group would bring."""
        return flush(self.group(key), self.entries(key), self.context(), self.now)

    def commit(self, key: str, flushed: Flushed) -> None:
        """Store all of it at once."""
        if flushed.group is None:
            del self.groups[key]
        else:
            self.store({key: flushed.group})
        for sent in flushed.sent:
            self.store_sent(sent)
        self.forget(key)
        self.outbox += flushed.notifications
        self.decided += flushed.notifications
        self.notes += flushed.notes

    def forget(self, key: str) -> None:
        """Drop what is spent of a group that is gone."""
        for entry in self.entries(key):
            if key not in self.groups and entry.is_spent:
                del self.sent[key, entry.receiver]

    def acknowledge(self, key: str, length: timedelta) -> None:
        """Somebody takes a group on."""
        done = acknowledge(
            self.group(key), self.entries(key), by="ann", until=self.now + length, now=self.now
        )
        for sent in done.sent:
            self.store_sent(sent)

    def deliver(self, *, confirm: bool = True) -> None:
        """Send the oldest message; without confirmation it will be sent again."""
        message = self.outbox[0]
        entry = self._entry(message)
        cut = to_deliver(entry, message)
        if cut is not None:
            self.told.append(cut)
        self.unsure = not confirm
        if confirm:
            self.store_sent(delivered(entry, message))
            self.outbox.pop(0)
            self.forget(message.group_key)

    def give_up(self) -> None:
        """The oldest message will never be delivered."""
        message = self.outbox.pop(0)
        self.unsure = False
        group = self.group(message.group_key) if message.group_key in self.groups else None
        made, entry = undelivered(
            group,
            self._entry(message),
            message,
            waiting=[one for one in self.outbox if one.key == message.key],
            now=self.now,
            again=timedelta(minutes=1),
        )
        self.given_up.add(message.key)
        self.store_sent(entry)
        if made is not None:
            self.store({made.key: made})

    def _entry(self, message: Notification) -> Sent:
        pair = (message.group_key, message.receiver)
        if pair not in self.sent:
            return Sent(group_key=message.group_key, receiver=message.receiver)
        return msgspec.json.decode(self.sent[pair], type=Sent)

    def plain(self) -> list[tuple[str, str, str, frozenset[str], frozenset[str]]]:
        """What was decided: receiver, reason, status, names that fire and that are over."""
        return [
            (
                one.receiver,
                one.reason,
                one.status,
                frozenset(alert.labels.get("n", alert.name) for alert in one.firing),
                frozenset(alert.labels.get("n", alert.name) for alert in one.resolved),
            )
            for one in self.decided
        ]


def without_twins(told: list[Notification]) -> list[Notification]:
    """Messages without those that repeat the one before of their key word by word."""
    last: dict[str, Notification] = {}
    found = []
    for message in told:
        if last.get(message.key) != message:
            found.append(message)
        last[message.key] = message
    return found
