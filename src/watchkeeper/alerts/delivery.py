"""What becomes of a message: taken on by a person, delivered, or given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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


def acknowledge(
    group: GroupState, sent: Iterable[Sent], *, by: str, until: datetime, now: datetime
) -> Acknowledged:
    """Somebody takes on all alerts of a group that have been told.

    Until then they are not repeated; new alerts of the group are told, and every end is.

    Examples
    --------
    >>> from datetime import UTC, timedelta
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
    taken, messages = [], []
    for entry in sent:
        names = [name for name in entry.firing if name in firing]
        if not names:
            continue
        taken.append(
            msgspec.structs.replace(
                entry,
                acknowledged=tuple(sorted(names)),
                acknowledged_by=by,
                acknowledged_at=now,
                acknowledged_until=until,
            )
        )
        alerts = sorted((firing[name] for name in names), key=_order)
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


def delivered(entry: Sent, notification: Notification) -> Sent:
    """The entry once its receiver has a message."""
    told = {alert.fingerprint for alert in notification.firing}
    over = {alert.fingerprint for alert in notification.resolved}
    return msgspec.structs.replace(entry, known=tuple(sorted((set(entry.known) | told) - over)))


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What is stored once a message has been given up.

    Attributes
    ----------
    group
        Made anew where it was gone and an end is owed; None where there is none.
    sent
        Who was told what.
    later
        The messages that wait, the first of them with the ends that are owed.
    """

    group: GroupState | None
    sent: Sent
    later: tuple[Notification, ...] = ()


def undelivered(
    group: GroupState | None,
    entry: Sent,
    notification: Notification,
    later: Sequence[Notification],
    *,
    retry_at: datetime,
    now: datetime,
) -> GivenUp:
    """What becomes of a message that will never arrive: it is as if it had not been decided.

    What it was to begin is told at the next look, if it still fires then, and its end is not told
    to who does not know of it. What it was to end is told by the next message that waits, or by
    one that is decided at `retry_at`.

    Parameters
    ----------
    group, entry
        As they were stored; None: the group is gone.
    notification
        What was given up.
    later
        Messages of the same key that still wait, in order: what they tell is left to them.
    retry_at
        When an end is to be tried again.
    now
        The time.
    """
    known = set(entry.known)
    waiting = {alert.fingerprint for message in later for alert in message.alerts}
    begun = {alert.fingerprint for alert in notification.firing} - known - waiting
    firing = tuple(name for name in entry.firing if name not in begun)
    entry = msgspec.structs.replace(entry, firing=firing)
    # What fires again in the very next message, or is to, has not been over for the receiver.
    again = {alert.fingerprint for alert in later[0].alerts} if later else set(firing)
    owed = [a for a in notification.resolved if a.fingerprint in known - again]
    if owed and later:
        return GivenUp(group, entry, (_with_ends(later[0], owed), *later[1:]))
    if owed:
        group, entry = _owing(group, entry, notification, owed, (retry_at, now))
    return GivenUp(group, entry, tuple(later))


def _with_ends(message: Notification, owed: Sequence[Alert]) -> Notification:
    """A message that tells these ends too; by its own clock, which may have been set back."""
    ends = [replace(one, ends_at=min(one.ends_at or message.at, message.at)) for one in owed]
    return replace(message, alerts=(*message.alerts, *ends))


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


def to_deliver(entry: Sent, notification: Notification) -> Notification | None:
    """A message without ends of which the receiver never knew the beginning.

    To be asked right before sending: a message before it may have been given up.
    """
    known = set(entry.known)
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
