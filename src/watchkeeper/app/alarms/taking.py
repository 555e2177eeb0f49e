"""Somebody takes it on: one meaning, whether of an alert, in a chat, or of an incident.

Who acknowledges alerts acknowledges the incidents that they belong to, and who acknowledges an
incident its alerts. Repeats wait, chains stop, ends are told all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.alerts.delivery import acknowledge
from watchkeeper.alerts.routing import notification_key
from watchkeeper.alerts.state import Sent
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.dispatching import put_in_line
from watchkeeper.app.alarms.incident_records import Case, all_incidents
from watchkeeper.app.alarms.paging import Reach, group_of, hold, own_labels, page_of
from watchkeeper.core.alert import NAME, Labels
from watchkeeper.core.errors import NotFoundError
from watchkeeper.incidents import events
from watchkeeper.incidents.incident import Incident, State
from watchkeeper.store.catalogue.alarms import AlarmStore, Work

ACK_LASTS = timedelta(hours=8)
"""How long an acknowledgement holds back the repeats of alerts where it names no end."""

Answer = dict[str, Any]


def take_alerts(  # each is a part of the acknowledgement
    work: Work, labels: Labels, reach: Reach, *, by: str, until: datetime | None, now: datetime
) -> Answer:
    """Take on the alerts that carry labels, their groups and their incidents.

    Raises
    ------
    NotFoundError
        Nothing that fires carries them.
    """
    work.in_turn()
    carry = labels.items()
    firing = {
        alert.fingerprint
        for group in states.groups(work.states(states.GROUP)).values()
        for alert in group.firing(now).values()
        if carry <= dict(alert.labels).items()
    }
    cases = [
        Case(work, one, now)
        for one in all_incidents(work)
        if one.state.active and (firing & firing_in(one) or carry <= own_labels(one).items())
    ]
    for case in cases:
        firing |= firing_in(case.incident)
    taken = take_groups(work, firing, reach, by=by, until=until or now + ACK_LASTS, now=now)
    numbers = [case.incident.number for case in cases if take_incident(case, by, until, reach)]
    if not taken and not numbers:
        raise NotFoundError(
            "no alert with these labels fires, and no incident with them waits "
            "for somebody; `watchkeeper alerts` and `watchkeeper incidents` list what there is"
        )
    return {
        "acknowledged": taken, "incidents": numbers, "by": by, "until": until or now + ACK_LASTS,
    }  # fmt: skip


def taken_now(store: AlarmStore, now: datetime) -> dict[str, Answer]:
    """Who has taken on which alerts, by fingerprint, and until when."""
    found: dict[str, Answer] = {}
    for row in store.states(states.SENT):
        for sent in states.decode(row, tuple[Sent, ...]):
            for name in sent.taken_on(now):
                found[name] = {
                    "by": sent.acknowledged_by, "at": sent.acknowledged_at,
                    "until": sent.acknowledged_until,
                }  # fmt: skip
    return found


def take_groups(  # each is a part of the acknowledgement
    work: Work,
    alerts: Collection[str],
    reach: Reach,
    *,
    by: str,
    until: datetime,
    now: datetime,
) -> list[str]:
    """Take on alerts, by fingerprint, wherever they have been told; the keys of their groups."""
    taken: list[str] = []
    for key, group in states.groups(work.states(states.GROUP)).items():
        if not set(alerts) & group.firing(now).keys():
            continue
        told = {one.receiver: one for one in states.told(work, key)}
        done = acknowledge(group, told.values(), by=by, until=until, now=now, only=alerts)
        if not done.sent:
            continue
        told |= {one.receiver: one for one in done.sent}
        states.put_told(work, key, told.values(), now)
        for notification in done.notifications:
            put_in_line(work, notification, reach.config, now)
        taken.append(key)
    return taken


def take_incident(case: Case, by: str, until: datetime | None, reach: Reach) -> bool:
    """Acknowledge an incident that waits for somebody; whether it did."""
    if has_run_out(case):
        case.apply(events.Note("Acknowledged once more"), by)
    elif case.incident.state is State.OPEN:
        case.apply(events.Acknowledge(), by)
    else:
        return False
    hold(case, until, reach)
    case.keep()
    return True


def has_run_out(case: Case) -> bool:
    """Whether an incident was acknowledged for a while that is over."""
    page = page_of(case.work, case.key)
    until = page.held_until if page else None
    return case.incident.state is State.ACKNOWLEDGED and until is not None and until <= case.at


def firing_in(incident: Incident) -> set[str]:
    """The fingerprints of an incident's alerts that fire."""
    return {one.fingerprint for one in incident.alerts if one.ends_at is None}


def labels_meant(store: AlarmStore, target: str, now: datetime) -> dict[str, str]:
    """The labels that a name means: the key of a message, or the name of a rule that fires.

    Raises
    ------
    NotFoundError
        It is neither.
    """
    for key, group in states.groups(store.states(states.GROUP)).items():
        firing = list(group.firing(now).values())
        if any(alert.name == target for alert in firing):
            return {NAME: target}
        keys = {notification_key(key, one.receiver) for one in states.told(store, key)}
        if target in keys and (group.labels or firing):
            return dict(group.labels) or dict(firing[0].labels)
    for incident in all_incidents(store):
        if incident.state.active and target in _keys(store, incident):
            return own_labels(incident)
    raise NotFoundError(f"nothing that fires is called {target!r}")


def _keys(store: AlarmStore, incident: Incident) -> set[str]:
    """The keys of all messages about an incident."""
    group = group_of(incident)
    return {notification_key(group, one.receiver) for one in states.told(store, group)}
