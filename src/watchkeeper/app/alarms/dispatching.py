"""Alerts into groups, and groups into messages, each with what it calls for in one transaction.

A message is put into the line in the transaction that notes that it was told, so a crash neither
loses it nor makes it twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from watchkeeper.alerts.config import Config
from watchkeeper.alerts.delivery import for_integration
from watchkeeper.alerts.inhibition import Inhibitors
from watchkeeper.alerts.pipeline import Flushed, flush, group_keys, receive_all, wake
from watchkeeper.alerts.reloading import reload
from watchkeeper.alerts.state import GroupState, Sent
from watchkeeper.alerts.suppression import Context
from watchkeeper.app.alarms import states
from watchkeeper.core.alert import Alert, Notification
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

ROUTES = "routes"
"""The kind of routing files; there is one, of this name."""

BATCH = 100
"""So many groups are looked at in one transaction; others wait for it no longer than for that."""


def take_in(work: Work, alerts: Iterable[Alert], config: Config, now: datetime) -> None:
    """Put alerts into their groups; those that are in none and over are passed over."""
    arrived = list(alerts)
    keys = {key for alert in arrived for key in group_keys(config, alert)}
    before = states.groups(work.states(states.GROUP, keys=keys)) if keys else {}
    for key, group in receive_all(before, arrived, config, now).items():
        if group != before.get(key):
            states.put_group(work, group, now)


def take_effect(store: AlarmStore, config: Config, now: datetime) -> bool:
    """Let a configuration take effect where it is not the last one; whether it was new.

    Groups that it does not touch keep their deadlines.
    """
    with store.work() as work:
        last = work.states(states.IN_FORCE, keys=[ROUTES])
        if last and states.decode(last[0], str) == config.text:
            return False
        old = states.groups(work.states(states.GROUP))
        for group in reload(old.values(), config, now).values():
            states.put_group(work, group, now)
        work.put_state(StateRow(states.IN_FORCE, ROUTES, states.encode(config.text)), at=now)
    return True


def look_at_due(store: AlarmStore, config: Config, now: datetime) -> int:
    """Look at every group whose time has come; how many there were.

    So many of them share a transaction: each message with the state that calls for it.
    """
    due = store.due(states.GROUP, now)
    if not due:
        return 0
    context = context_of(store, config, now)
    keys = [row.key for row in due]
    for at in range(0, len(keys), BATCH):
        with store.work() as work:
            _look(work, keys[at : at + BATCH], context, now)
    return len(due)


def context_of(store: AlarmStore | Work, config: Config, now: datetime) -> Context:
    """Configuration, silences and inhibiting alerts as they are now."""
    inhibitors = None
    if config.inhibit_rules:
        firing = [
            alert
            for group in states.groups(store.states(states.GROUP)).values()
            for alert in group.firing(now).values()
        ]
        inhibitors = Inhibitors(config.inhibit_rules, firing, now)
    return Context(config, states.silences(store), inhibitors)


def wake_groups(store: AlarmStore, config: Config, now: datetime) -> int:
    """Make groups due that withhold what need no longer be withheld; how many."""
    context = context_of(store, config, now)
    woken = 0
    with store.work() as work:
        for group in states.groups(work.states(states.GROUP)).values():
            changed = wake(group, context, now)
            if changed is not None:
                states.put_group(work, changed, now)
                woken += 1
    return woken


def _look(work: Work, keys: Sequence[str], context: Context, now: datetime) -> None:
    """Look at some groups, in their order."""
    groups = states.groups(work.states(states.GROUP, keys=keys))
    told = states.told_of(work, keys)
    for key in keys:
        held = groups.get(key)
        if held is None or not held.due(now):
            continue  # Somebody else has looked at it meanwhile.
        before = told.get(key, ())
        done = flush(held, before, context, now)
        _keep(work, held, before, done, now)
        for notification in done.notifications:
            put_in_line(work, notification, context.config, now)
        for note in done.notes:
            work.add_history(
                at=now, kind=note.kind, subject=key, body=states.encode(note),
                model=held.labels.get("model", ""),
            )  # fmt: skip


def _keep(work: Work, held: GroupState, told: Iterable[Sent], done: Flushed, now: datetime) -> None:
    if done.group is None:
        work.drop_state(states.GROUP, held.key)
    else:
        states.put_group(work, done.group, now)
    by_receiver = {one.receiver: one for one in told}
    by_receiver |= {one.receiver: one for one in done.sent}
    left = [one for one in by_receiver.values() if done.group is not None or not one.is_spent]
    if left:
        states.put_told(work, held.key, left, now)
    else:
        work.drop_state(states.SENT, held.key)


def put_in_line(work: Work, notification: Notification, config: Config, now: datetime) -> None:
    """Put a message into the line of each channel of its receiver."""
    receiver = config.receivers.get(notification.receiver)
    places: dict[str, int] = {}
    for one in receiver.integrations if receiver else ():
        index = places.get(one.kind, 0)
        places[one.kind] = index + 1
        message = for_integration(notification, one)
        if message is not None:
            work.add_message(
                key=message.key, receiver=message.receiver, channel=f"{one.kind}[{index}]",
                body=states.encode(message), at=now,
            )  # fmt: skip
    work.add_history(
        at=now, kind="told", subject=notification.group_key, body=states.encode(notification),
        model=notification.group_labels.get("model", ""),
    )  # fmt: skip
