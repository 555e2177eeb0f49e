"""What becomes of a message: taken on by a person, delivered, or given up."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from watchkeeper.alerts.config import Integration
from watchkeeper.alerts.routing import notification_key
from watchkeeper.alerts.state import GroupState, Sent
from watchkeeper.core.alert import Alert, Notification


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What an acknowledgement brought.

    Attributes
    ----------
    sent
        To be stored.
    notifications
        One for each receiver that was told, with the reason `acknowledged`: channels that know
        acknowledgement pass it on, others say who it is.
    """

    sent: tuple[Sent, ...]
    notifications: tuple[Notification, ...]


def acknowledge(  # each is a part of the acknowledgement
    group: GroupState,
    sent: Iterable[Sent],
    *,
    by: str,
    until: datetime,
    now: datetime,
    only: Container[str] | None = None,
) -> Acknowledged:
    """Somebody takes on the alerts of a group that fire; with `only`, those of them.

    Until then they are not repeated; new alerts of the group are told, and every end is. What was
    taken on before, and still is, stays so. What its receiver was not told yet is told once, and
    then waits as well.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> late = Alert({"alertname": "Late"}, {}, now)
    >>> group = GroupState(key="k", route="{}", receiver="ml", labels={}, next_flush=now, seen=now,
    ...     created=now, alerts={late.fingerprint: late})
    >>> entry = Sent(group_key="k", receiver="ml", firing=(late.fingerprint,))
    >>> done = acknowledge(group, [entry], by="ann", until=now + timedelta(hours=1), now=now)
    >>> done.sent[0].acknowledged_by, done.notifications[0].reason
    ('ann', 'acknowledged')
    """
    firing = group.firing(now)
    wanted = [name for name in firing if only is None or name in only]
    entries = {one.receiver: one for one in sent}
    entries.setdefault(group.receiver, Sent(group_key=group.key, receiver=group.receiver))
    taken, messages = [], []
    for entry in entries.values():
        told = [name for name in wanted if name in entry.firing]
        names = wanted if entry.receiver == group.receiver else told
        if not names:
            continue
        before = entry.taken_on(now) & firing.keys()
        taken.append(
            msgspec.structs.replace(
                entry,
                acknowledged=tuple(sorted(before.union(names))),
                acknowledged_by=by,
                acknowledged_at=now,
                acknowledged_until=until,
            )
        )
        if not told:
            continue
        alerts = sorted((firing[name] for name in told), key=_order)
        messages.append(
            Notification(
                key=notification_key(group.key, entry.receiver),
                receiver=entry.receiver,
                group_key=group.key,
                group_labels=group.labels,
                alerts=tuple(replace(alert, ends_at=None) for alert in alerts),
                reason="acknowledged",
                at=now,
            )
        )
    return Acknowledged(tuple(taken), tuple(messages))


def delivered(entry: Sent, notification: Notification, *, channel: str = "") -> Sent:
    """The entry once a channel of its receiver has a message."""
    told = {alert.fingerprint for alert in notification.firing}
    over = {alert.fingerprint for alert in notification.resolved}
    known = tuple(sorted((told | set(entry.known.get(channel, ()))) - over))
    return msgspec.structs.replace(entry, known=entry.known | {channel: known})


def undelivered(
    group: GroupState | None,
    entry: Sent,
    notification: Notification,
    *,
    waiting: Iterable[Notification],
    now: datetime,
    again: timedelta,
) -> tuple[GroupState | None, Sent]:
    """Group and entry once a message has been given up: as if it had not been decided.

    To be called when no channel of the receiver got it. What it was to begin is told at the next
    look, if it still fires then, and its end is not told to who does not know of it; what it was
    to end is told again after a while.

    Parameters
    ----------
    group, entry
        As they were stored; None: the group is gone.
    notification
        What was given up.
    waiting
        Messages of the same key that are still to be delivered: what they tell is left to them.
    now, again
        The time, and the while.

    Returns
    -------
    tuple[GroupState | None, Sent]
        To be stored; the group is made anew where it is gone and an end is owed.
    """
    known = {name for names in entry.known.values() for name in names}
    left = {alert.fingerprint for message in waiting for alert in message.alerts}
    begun = {alert.fingerprint for alert in notification.firing} - known - left
    firing = tuple(name for name in entry.firing if name not in begun)
    entry = msgspec.structs.replace(entry, firing=firing)
    owed = [a for a in notification.resolved if a.fingerprint in known - left - set(firing)]
    if owed:
        return _owing(group, entry, notification, owed, (now + again, now))
    return group, entry


def _owing(
    group: GroupState | None,
    entry: Sent,
    notification: Notification,
    owed: Sequence[Alert],
    times: tuple[datetime, datetime],
) -> tuple[GroupState, Sent]:
    """Group and entry with ends that are to be told again."""
    group = group or GroupState(
        key=notification.group_key,
        route="",
        receiver=notification.receiver,
        labels=dict(notification.group_labels),
        alerts={},
        next_flush=times[0],
        seen=times[1],
        created=times[1],
    )
    lost = {a.fingerprint: a for a in owed if a.fingerprint not in group.alerts}
    names = {alert.fingerprint for alert in owed}
    return (
        msgspec.structs.replace(
            group,
            alerts=group.alerts | lost,
            ended=tuple(sorted({*group.ended, *lost})),
        ),
        msgspec.structs.replace(entry, firing=tuple(sorted(names.union(entry.firing)))),
    )


def to_deliver(
    entry: Sent, notification: Notification, *, channel: str = ""
) -> Notification | None:
    """A message without ends of which a channel never knew the beginning; None: nothing is left.

    To be asked right before sending: a message before it may have been given up.
    """
    known = set(entry.known.get(channel, ()))
    kept = (alert for alert in notification.resolved if alert.fingerprint in known)
    alerts = (*notification.firing, *kept)
    return replace(notification, alerts=alerts) if alerts else None


def for_integration(notification: Notification, integration: Integration) -> Notification | None:
    """A message as one integration of the receiver gets it; None where it gets none.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> over = Alert({"alertname": "Late"}, {}, now, now)
    >>> message = Notification("wk-1", "ml", "k", {}, (over,), "all_resolved", now)
    >>> for_integration(message, Integration("slack", {})) is None
    True
    >>> for_integration(message, Integration("slack", {"send_resolved": True})) == message
    True
    """
    if integration.send_resolved:
        return notification
    if notification.reason in {"all_resolved", "resolved_alerts"}:
        return None
    return replace(notification, alerts=notification.firing)


def _order(alert: Alert) -> tuple[datetime, str]:
    return alert.starts_at, alert.fingerprint
