"""Events that leave an incident in its state: alerts, roles, corrections, and what people write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import msgspec

from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.incidents import events
from watchkeeper.incidents.deadlines import UPDATE_EVERY, acknowledge_by
from watchkeeper.incidents.incident import (
    Assignment,
    EntryKind,
    Incident,
    LinkedAlert,
    Role,
    Sev,
    State,
)

_replace = msgspec.structs.replace
_DAY = timedelta(days=1)


class Line(NamedTuple):
    """A line of the timeline before it has a number."""

    kind: EntryKind
    text: str
    at: datetime | None = None
    link: str = ""
    data: Mapping[str, Any] = {}


Changed: TypeAlias = tuple[Incident, list[Line]]
"""An incident after an event, and what is said of it."""


def amend(incident: Incident, event: events.Event, at: datetime) -> Changed:
    """What becomes of an incident by an event that is no step."""
    match event:
        case events.AlertFires():
            return _alert_fires(incident, event)
        case events.AlertOver():
            return _alert_over(incident, event)
        case events.Absorb():
            return _absorb(incident, event)
        case events.Assign():
            return assign(incident, event, at)
        case events.Amend():
            return _put_right(incident, event)
    return _written(incident, event, at)


def _written(incident: Incident, event: events.Event, at: datetime) -> Changed:
    """What people and machines write down."""
    match event:
        case events.Message():
            return _message(incident, event, at)
        case events.Reminded():
            return _reminded(incident, event, at)
        case events.Note(text=text, link=link, at=then, data=data):
            return incident, [Line(EntryKind.NOTE, _said(text), then, link, data)]
        case events.Decision(text=text, at=then):
            return incident, [Line(EntryKind.DECISION, _said(text), then)]
        case events.Change(text=text, at=then, link=link, data=data):
            return incident, [Line(EntryKind.CHANGE, _said(text), then, link, data)]
        case events.Action(text=text, link=link, data=data):
            return incident, [Line(EntryKind.ACTION, _said(text), None, link, data)]
    raise InputError(f"{type(event).__name__} is no event of an incident")


def take_command(incident: Incident, person: str, at: datetime) -> Changed:
    """Make somebody the commander where there is none: one commander, always."""
    if incident.holder(Role.COMMANDER) is not None:
        return incident, []
    return assign(incident, events.Assign(Role.COMMANDER, person), at)


def assign(incident: Incident, event: events.Assign, at: datetime) -> Changed:
    """Hand a role over; who held it is recorded with the time."""
    before = incident.holder(event.role)
    if before == event.person or (before is None and not event.person):
        return incident, []
    if not event.person and event.role is Role.COMMANDER:
        raise ConflictError(
            f"incident {incident.number} needs a commander; name who takes over from {before}"
        )
    roles = tuple(
        _replace(held, until=at) if held.role is event.role and held.until is None else held
        for held in incident.roles
    )
    if event.person:
        roles = (*roles, Assignment(event.role, event.person, at))
    text = (
        f"{event.person} is {event.role}" if event.person else f"{before} is no longer {event.role}"
    )
    if event.person and before:
        text += f", taking over from {before}"
    data = {"role": event.role.value, "from": before, "to": event.person or None}
    return _replace(incident, roles=roles), [Line(EntryKind.ROLE, text, data=data)]


def _alert_fires(incident: Incident, event: events.AlertFires) -> Changed:
    _must_be_active(incident, "an alert")
    alert = event.alert
    known = next((a for a in incident.alerts if a.fingerprint == alert.fingerprint), None)
    if known is not None and known.ends_at is None:
        return _worse(incident, event.severity, [])
    others = tuple(a for a in incident.alerts if a.fingerprint != alert.fingerprint)
    models = (*incident.models, alert.model) if alert.model else incident.models
    began = incident.began_at
    changed = _replace(
        incident,
        alerts=(*others, _replace(alert, ends_at=None)),
        models=tuple(dict.fromkeys(models)),
        began_at=alert.starts_at if began is None else min(began, alert.starts_at),
    )
    text = f"{_called(alert, others)} fires{' again' if known else ''}"
    text += f": {event.text}" if event.text else ""
    at = alert.starts_at
    data = {"fingerprint": alert.fingerprint, "alert": alert.name, "model": alert.model}
    return _worse(changed, event.severity, [Line(EntryKind.ALERT, text, at, event.link, data)])


def _called(alert: LinkedAlert, others: Iterable[LinkedAlert]) -> str:
    """The name of an alert; with its severity where another one of the incident has that name."""
    alike = any(a.name == alert.name and a.fingerprint != alert.fingerprint for a in others)
    return f"{alert.name} ({alert.severity})" if alike and alert.severity else alert.name


def _alert_over(incident: Incident, event: events.AlertOver) -> Changed:
    known = next((a for a in incident.alerts if a.fingerprint == event.fingerprint), None)
    if known is None or known.ends_at is not None:
        return incident, []  # Told twice, or by another incident's alert: nothing new.
    ended: LinkedAlert = _replace(known, ends_at=event.ends_at)
    alerts = tuple(ended if a is known else a for a in incident.alerts)
    changed = _replace(incident, alerts=alerts)
    data = {"fingerprint": known.fingerprint, "alert": known.name, "over": True}
    text = f"{_called(known, incident.alerts)} is over"
    lines = [Line(EntryKind.ALERT, text, event.ends_at, data=data)]
    if changed.mitigation_suggested:
        text = "All alerts are over; call it mitigated if nobody is hurt any more"
        lines.append(Line(EntryKind.NOTE, text, data={"suggest": State.MITIGATED.value}))
    return changed, lines


def _absorb(incident: Incident, event: events.Absorb) -> Changed:
    _must_be_active(incident, "another incident")
    alerts = {alert.fingerprint: alert for alert in incident.alerts}
    for alert in event.alerts:
        mine = alerts.get(alert.fingerprint)
        if mine is None or mine.ends_at is not None:  # One that fires wins over one that is over.
            alerts[alert.fingerprint] = alert
    began = [at for at in (incident.began_at, event.began_at) if at is not None]
    changed = _replace(
        incident,
        alerts=tuple(alerts.values()),
        models=tuple(dict.fromkeys((*incident.models, *event.models))),
        began_at=min(began, default=None),
    )
    line = Line(EntryKind.NOTE, f"Took in incident {event.number}", data={"from": event.number})
    return _worse(changed, event.severity, [line])


def _worse(incident: Incident, severity: Sev | None, lines: list[Line]) -> Changed:
    """Raise the severity where an alert asks for it; it never falls by itself."""
    if severity is None or severity >= incident.severity:
        return incident, lines
    changed, said = _put_right(incident, events.Amend(severity=severity))
    return changed, [*lines, *said]


def _put_right(incident: Incident, event: events.Amend) -> Changed:
    wanted = {name: getattr(event, name) for name in event.__struct_fields__ if name != "reason"}
    changes = {
        name: value
        for name, value in wanted.items()
        if value is not None and value != getattr(incident, name)
    }
    if not str(changes.get("title", "x")).strip():
        raise InputError("an incident needs a title; say in a few words what is broken")
    texts = [
        f"{_NAMES.get(name, name)} from {_shown(getattr(incident, name))} to {_shown(value)}"
        for name, value in changes.items()
        if name != "summary"
    ]
    if "summary" in changes:
        texts.append("the summary")
    changed = _replace(incident, **changes)
    if "severity" in changes:
        changed = _rescheduled(incident, changed)
    if not texts:
        return changed, []
    text = "Changed " + ", ".join(texts) + (f": {event.reason}" if event.reason else "")
    kind = EntryKind.DECISION if "severity" in changes else EntryKind.NOTE
    return changed, [Line(kind, text, data={"changed": sorted(changes)})]


_NAMES = {"kind": "class", "began_at": "the beginning", "slack_channel": "the channel"}


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, tuple):
        return ", ".join(value) or "nothing"
    return str(value) if value not in (None, "", {}) else "nothing"


def _rescheduled(before: Incident, after: Incident) -> Incident:
    """Deadlines by the new severity; a worse one never gives more time than there was."""
    waiting = None  # For a SEV-3 it is set where business days are known.
    if after.state is State.OPEN and after.severity is not Sev.SEV3:
        waiting = acknowledge_by(after.severity, after.stamps[-1].at)
        if after.severity < before.severity and before.acknowledge_by is not None:
            waiting = min(waiting, before.acknowledge_by)
    every = UPDATE_EVERY[after.severity]
    told = after.updated_at or after.opened_at
    return _replace(
        after, acknowledge_by=waiting, update_by=None if every is None else told + every
    )


def _message(incident: Incident, event: events.Message, at: datetime) -> Changed:
    every = UPDATE_EVERY[incident.severity]
    changed = _replace(incident, updated_at=at, update_by=None if every is None else at + every)
    text = f"To {event.to}: {_said(event.text)}" if event.to else _said(event.text)
    return changed, [Line(EntryKind.MESSAGE, text, None, event.link, {"to": event.to})]


def _reminded(incident: Incident, event: events.Reminded, at: datetime) -> Changed:
    """Move a deadline on by its span, so that it is told again and not at every look."""
    told = ", ".join(event.told) or "nobody"
    if event.what == "acknowledge":
        again = acknowledge_by(incident.severity, at)
        text = f"Nobody has acknowledged yet; told {told}"
        return _replace(incident, acknowledge_by=again), [Line(EntryKind.NOTE, text)]
    if event.what == "update":
        every = UPDATE_EVERY[incident.severity]
        again_at = None if every is None else at + every
        text = f"An update is overdue; reminded {told}"
        return _replace(incident, update_by=again_at), [Line(EntryKind.NOTE, text)]
    if event.what == "post_mortem":
        text = f"The post-mortem is overdue; reminded {told}"
        due = incident.post_mortem_by
        moved = None if due is None else max(due, at) + _DAY
        return _replace(incident, post_mortem_by=moved), [Line(EntryKind.NOTE, text)]
    raise InputError(
        f"{event.what!r} is nothing to remind of; take acknowledge, update or post_mortem"
    )


def _must_be_active(incident: Incident, what: str) -> None:
    if not incident.state.active:
        raise ConflictError(
            f"incident {incident.number} is {incident.state} and takes in {what} no more; open it "
            "again, or open a new one"
        )


def _said(text: str) -> str:
    if not text.strip():
        raise InputError("there is nothing in it; write what happened")
    return text.strip()
