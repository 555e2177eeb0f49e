"""Who is told what of a group at one look, and why: a message only where something is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from watchkeeper.alerts.config import Config, Receiver, Route
from watchkeeper.alerts.routing import notification_key
from watchkeeper.alerts.state import GroupState, Sent, Why
from watchkeeper.core.alert import Alert, Notification, Reason


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the record that is no message.

    Attributes
    ----------
    kind
        `inhibited`, `muted`, `silenced`: fires and is not told from now on; `end_not_sent`: is
        over, and the receiver wants no ends; `handed_over`: another route or receiver has it.
    receiver
        Whose.
    fingerprints
        Of which alerts.
    """

    kind: str
    receiver: str
    fingerprints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What one receiver is told: its new entry, the message, and notes.

    Attributes
    ----------
    sent
        To be stored; None where the receiver was never told of the group.
    message
        To be delivered; None where nothing is new.
    notes
        For the record.
    """

    sent: Sent | None
    message: Notification | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A group at one time.

    Attributes
    ----------
    group
        As it was stored.
    config
        As it is now.
    now
        The time.
    firing
        Alerts of the group that fire, by fingerprint.
    reasons
        Those of them that are not to be told, and why.
    """

    group: GroupState
    config: Config
    now: datetime
    firing: Mapping[str, Alert]
    reasons: Mapping[str, Why]

    @property
    def visible(self) -> frozenset[str]:
        """Alerts that fire and are to be told."""
        return frozenset(self.firing) - frozenset(self.reasons)

    def over(self, entry: Sent) -> frozenset[str]:
        """Alerts of which a receiver must be told the end."""
        return frozenset(entry.firing) - frozenset(self.firing)


def tell(look: Look, entry: Sent | None, route: Route) -> Told:
    """What the receiver of the group is told.

    The rules are Alertmanager's, and two more: an end is told however muted the alert is, and what
    still fires after a silence or a mute hour is told anew.
    """
    receiver = look.config.receivers.get(route.receiver, Receiver(route.receiver))
    old = entry or Sent(group_key=look.group.key, receiver=route.receiver)
    if old.at is not None and old.at > look.now:
        old = msgspec.structs.replace(old, at=look.now)  # The clock was set back.
    reason = why_tell(look, old, route, send_resolved=receiver.send_resolved)
    over = look.over(old)
    if reason is None and not over:
        return Told(entry and old)
    return _told(look, old, over, reason, send_resolved=receiver.send_resolved)


def end(look: Look, entry: Sent) -> Told:
    """What a receiver is told that no longer has the group: that it is over for it."""
    receiver = look.config.receivers.get(entry.receiver, Receiver(entry.receiver))
    gone = replace_firing(look, {})
    reason: Reason | None = "all_resolved" if receiver.send_resolved else None
    over = frozenset(entry.firing)
    told = _told(gone, entry, over, reason, send_resolved=receiver.send_resolved)
    note = Note("handed_over", entry.receiver, tuple(sorted(over)))
    return replace(told, notes=(*told.notes, note))


def why_tell(look: Look, old: Sent, route: Route, *, send_resolved: bool) -> Reason | None:
    """Why a message is due; None where none is."""
    over = look.over(old)
    new = look.visible - frozenset(old.firing)
    if new:
        return _why_new(look, old, new)
    if over and send_resolved:
        return "all_resolved" if over == frozenset(old.firing) else "resolved_alerts"
    waiting = look.visible - old.taken_on(look.now)
    if any(look.group.withheld.get(name) in {"muted", "silenced"} for name in waiting):
        return "unmuted"
    repeat = old.at is not None and old.at + route.repeat_interval <= look.now
    return "repeat" if waiting and repeat else None


def _why_new(look: Look, old: Sent, new: Collection[str]) -> Reason:
    if all(name in look.group.withheld for name in new):
        return "unmuted"
    return "new_alerts" if old.firing else "first"


def _told(
    look: Look, old: Sent, over: frozenset[str], reason: Reason | None, *, send_resolved: bool
) -> Told:
    """The entry after a message, or after ends that nobody wants to hear of."""
    left = (frozenset(old.firing) - over) | (look.visible if reason else frozenset())
    sent = msgspec.structs.replace(
        old,
        firing=tuple(sorted(left)),
        acknowledged=tuple(name for name in old.acknowledged if name in left),
    )
    silent = over and not send_resolved
    notes = (Note("end_not_sent", old.receiver, tuple(sorted(over))),) if silent else ()
    if reason is None:
        return Told(sent, None, notes)
    ends = () if silent else sorted(over & look.group.alerts.keys())
    sent = msgspec.structs.replace(sent, resolved=tuple(ends), at=look.now, reason=reason)
    # What was told and is withheld since is not said again, unless the message would then read as
    # if all were over.
    shown = look.visible or left
    return Told(sent, _message(look, old.receiver, shown, ends, reason), notes)


def _message(
    look: Look, receiver: str, firing: Iterable[str], over: Iterable[str], reason: Reason
) -> Notification:
    alerts = look.group.alerts
    fire = [replace(alerts[name], ends_at=None) for name in firing]
    ended = [replace(alerts[name], ends_at=_end(alerts[name], look.now)) for name in over]
    return Notification(
        key=notification_key(look.group.key, receiver),
        receiver=receiver,
        group_key=look.group.key,
        group_labels=look.group.labels,
        alerts=(*sorted(fire, key=_order), *sorted(ended, key=_order)),
        reason=reason,
        at=look.now,
    )


def _order(alert: Alert) -> tuple[datetime, str]:
    return alert.starts_at, alert.fingerprint


def _end(alert: Alert, now: datetime) -> datetime:
    """When an alert that is over here was over: now at the latest."""
    return min(alert.ends_at or now, now)


def replace_firing(look: Look, firing: Mapping[str, Alert]) -> Look:
    """The same look at a group of which other alerts fire."""
    return replace(look, firing=firing, reasons={})
