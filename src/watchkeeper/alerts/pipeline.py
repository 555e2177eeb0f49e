"""From alerts to messages: alerts enter groups, groups are looked at when their time has come.

Nothing here keeps time or state. The caller stores what comes back, the group, what has been told
and the messages, in one transaction, and looks at a group again at `next_flush` or later.

The contract: who was told that an alert fires is told that it is over. A silence, a mute hour, an
inhibition, an acknowledgement or a new configuration stops what would begin or repeat, never the
end; only a receiver with `send_resolved: false` is not told, and that is noted.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from watchkeeper.alerts.config import Config, Route
from watchkeeper.alerts.routing import group_key, group_labels, route_of, routes_for
from watchkeeper.alerts.state import GroupState, Sent
from watchkeeper.alerts.suppression import Context, next_change, withheld
from watchkeeper.alerts.telling import Look, Note, end, tell
from watchkeeper.core.alert import Alert, Notification


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a look at a group brought.

    Attributes
    ----------
    group
        To be stored; None: to be deleted.
    sent
        To be stored, one for each receiver; those that are spent may be deleted with the group.
    notifications
        To be delivered, in this order.
    notes
        For the record.
    """

    group: GroupState | None
    sent: tuple[Sent, ...]
    notifications: tuple[Notification, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def deadline(self) -> datetime | None:
        """When to look again; None: never."""
        return self.group.next_flush if self.group else None


def receive(
    groups: Mapping[str, GroupState], alert: Alert, config: Config, now: datetime
) -> dict[str, GroupState]:
    """The groups that an alert changes.

    Parameters
    ----------
    groups
        By key; those of `group_keys` are enough.
    alert
        As it is now; an end in the past says that it is over.

    Returns
    -------
    dict[str, GroupState]
        To be stored. A new group waits for `group_wait`, an old one keeps its deadline.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.alerts.config import default_config
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> late = Alert({"alertname": "Late", "model": "flights"}, {}, now)
    >>> groups = receive({}, late, default_config(), now)
    >>> [(group.labels["model"], str(group.next_flush.time())) for group in groups.values()]
    [('flights', '00:00:30')]
    """
    changed: dict[str, GroupState] = {}
    for route in routes_for(config, alert.labels):
        key = group_key(route, alert.labels)
        old = groups.get(key)
        if old is None or alert.fingerprint not in old.alerts:
            if alert.is_over(now):
                continue
            old = old or new_group(route, alert, now)
        changed[key] = _with_alert(old, route, alert, now)
    return changed


def receive_all(
    groups: Mapping[str, GroupState], alerts: Iterable[Alert], config: Config, now: datetime
) -> dict[str, GroupState]:
    """The groups that alerts change, one after the other; each group comes back once.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.alerts.config import default_config
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> late = [Alert({"alertname": "Late", "column": name}, {}, now) for name in "abc"]
    >>> [len(group.alerts) for group in receive_all({}, late, default_config(), now).values()]
    [3]
    """
    changed: dict[str, GroupState] = {}
    known = ChainMap(changed, dict(groups))
    for alert in alerts:
        changed |= receive(known, alert, config, now)
    return changed


def group_keys(config: Config, alert: Alert) -> tuple[str, ...]:
    """The keys of the groups into which an alert falls."""
    return tuple(group_key(route, alert.labels) for route in routes_for(config, alert.labels))


def new_group(route: Route, alert: Alert, now: datetime) -> GroupState:
    """The group that an alert opens, without the alert."""
    return GroupState(
        key=group_key(route, alert.labels),
        route=route.key,
        receiver=route.receiver,
        labels=group_labels(route, alert.labels),
        alerts={},
        next_flush=now + route.group_wait,
        seen=now,
        created=now,
    )


def _with_alert(group: GroupState, route: Route, alert: Alert, now: datetime) -> GroupState:
    fingerprint = alert.fingerprint
    old = group.alerts.get(fingerprint)
    if old is not None and not group.is_over(fingerprint, now):
        alert = replace(alert, starts_at=min(old.starts_at, alert.starts_at))
    ended = set(group.ended) - {fingerprint}
    if alert.is_over(now):
        ended.add(fingerprint)
    return msgspec.structs.replace(
        group,
        route=route.key,
        receiver=route.receiver,
        alerts={**group.alerts, fingerprint: alert},
        ended=tuple(sorted(ended)),
        moved=tuple(name for name in group.moved if name != fingerprint),
    )


def flush(group: GroupState, sent: Iterable[Sent], context: Context, now: datetime) -> Flushed:
    """Look at a group: who is told what, and when to look again.

    Parameters
    ----------
    group
        As it was stored.
    sent
        All that was stored of it, of every receiver.
    context
        Configuration, silences and inhibiting alerts as they are now.
    now
        At `next_flush`, or later.

    Returns
    -------
    Flushed
        The same for the same arguments: a look that was not stored can be repeated.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> from watchkeeper.alerts.config import default_config
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> context = Context(default_config())
    >>> late = Alert({"alertname": "Late", "model": "flights"}, {}, now)
    >>> (group,) = receive({}, late, context.config, now).values()
    >>> first = flush(group, (), context, group.next_flush)
    >>> [(n.receiver, n.reason, n.status) for n in first.notifications]
    [('default', 'first', 'firing')]
    >>> flush(first.group, first.sent, context, first.deadline).notifications
    ()
    """
    route = route_of(context.config, group.route)
    if route is None:
        group = msgspec.structs.replace(group, moved=tuple(sorted(group.alerts)))
        route = Route(group.route, group.receiver)
    firing = group.firing(now)
    reasons = withheld(firing, route, context, now)
    look = Look(group, context.config, now, firing, reasons)
    sent = tuple(sent)
    told = [end(look, one) for one in sent if one.receiver != route.receiver and one.firing]
    entry = next((one for one in sent if one.receiver == route.receiver), None)
    told.append(tell(look, entry, route))
    return Flushed(
        group=_after(look, route, context),
        sent=tuple(one.sent for one in told if one.sent is not None),
        notifications=tuple(one.message for one in told if one.message is not None),
        notes=(*_newly_withheld(look, route), *(note for one in told for note in one.notes)),
    )


def _after(look: Look, route: Route, context: Context) -> GroupState | None:
    """The group without what is over; None where nothing is left."""
    if not look.firing:
        return None
    return msgspec.structs.replace(
        look.group,
        receiver=route.receiver,
        alerts=dict(look.firing),
        ended=(),
        moved=(),
        withheld=dict(look.reasons),
        next_flush=next_change(look.reasons, look.firing, route, context, look.now),
        seen=look.now,
    )


def _newly_withheld(look: Look, route: Route) -> list[Note]:
    found: dict[str, list[str]] = {}
    for name, why in sorted(look.reasons.items()):
        if look.group.withheld.get(name) != why:
            found.setdefault(why, []).append(name)
    return [Note(why, route.receiver, tuple(names)) for why, names in found.items()]


def wake(group: GroupState, context: Context, now: datetime) -> GroupState | None:
    """A group that is due now, since something that was withheld no longer is; None where not.

    Ask it of groups that withhold something when a silence is changed or an alert ends; ends of
    silences and of mute hours that were foreseen are deadlines of the group already.
    """
    route = route_of(context.config, group.route)
    if route is None or not group.withheld:
        return None
    kept = {name: alert for name, alert in group.firing(now).items() if name in group.withheld}
    if len(withheld(kept, route, context, now)) == len(kept):
        return None
    return msgspec.structs.replace(group, next_flush=min(group.next_flush, now), seen=now)
