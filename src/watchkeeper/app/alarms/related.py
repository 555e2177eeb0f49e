"""Alerts that may belong to an incident: proposed, and a part of it once somebody says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.incident_alerts import WATCH
from watchkeeper.app.alarms.incident_records import Case
from watchkeeper.core.alert import SEVERITY, Alert
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError
from watchkeeper.incidents import events
from watchkeeper.incidents.incident import Incident
from watchkeeper.incidents.opening import OpeningPolicy, related_alerts
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

MOST = 20
"""So many alerts are proposed, the nearest in time."""


def related_to(store: AlarmStore, incident: Incident, now: datetime) -> list[dict[str, Any]]:
    """Alerts that began near an incident that is worked on, with why they may belong to it."""
    if not incident.state.active:
        return []
    known = _alerts(store)
    found = related_alerts(incident, known.values(), OpeningPolicy())
    return [
        {
            "fingerprint": one.key, "name": known[one.key].name,
            "model": known[one.key].labels.get("model", ""),
            "severity": known[one.key].labels.get(SEVERITY, ""),
            "summary": known[one.key].annotations.get("summary", ""),
            "starts_at": one.at, "firing": not known[one.key].is_over(now), "why": one.why,
        }
        for one in found[:MOST]
    ]  # fmt: skip


def link_alert(case: Case, fingerprint: str | None, actor: str) -> None:
    """Make an alert a part of an incident, whose severity stays as it is.

    Raises
    ------
    InputError, NotFoundError, ConflictError
        No alert is named; none is called so; the incident is over, or has it already.
    """
    if not fingerprint:
        raise InputError("which alert? name its fingerprint as `fingerprint`")
    number = case.incident.number
    if not case.incident.state.active:
        raise ConflictError(f"incident {number} is {case.incident.state}; open it again first")
    if any(one.fingerprint == fingerprint for one in case.incident.alerts):
        raise ConflictError(f"the alert is a part of incident {number} already")
    alert = _alerts(case.work).get(fingerprint)
    if alert is None:
        raise NotFoundError(
            f"no alert has the fingerprint {fingerprint!r}; `watchkeeper incidents show {number}` "
            "lists those that may belong to it"
        )
    case.apply(events.alert_fires(alert), actor)
    if alert.is_over(case.at):
        case.apply(events.AlertOver(fingerprint, alert.ends_at or case.at))
    elif alert.ends_at is not None:  # It is over by itself then, unless it is heard of again.
        body = states.encode(replace(alert, evidence={}))
        case.work.put_state(StateRow(WATCH, fingerprint, body, alert.ends_at), at=case.at)


def _alerts(store: AlarmStore | Work) -> Mapping[str, Alert]:
    """Every alert that stands in a group, those that are over too."""
    return {
        fingerprint: alert
        for group in states.groups(store.states(states.GROUP)).values()
        for fingerprint, alert in group.alerts.items()
        if fingerprint not in group.moved
    }
