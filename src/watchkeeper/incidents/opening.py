"""Whether an alert opens an incident, joins one, or opens one again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

import msgspec

from watchkeeper.core.alert import SEVERITY, Alert, severity_named
from watchkeeper.incidents.incident import (
    REOPEN_WITHIN,
    Incident,
    Kind,
    Sev,
    State,
    sev_of,
)

INCIDENT = "incident"
"""The label or annotation of an alert that says `true` or `false`, and decides."""

CLASS = "class"
"""The label or annotation of an alert that names the class of its incident."""


_BY_RUNBOOK = {
    "high-error-rate": Kind.SERVICE, "latency": Kind.SERVICE, "drift": Kind.DRIFT,
    "missing-data": Kind.DATA, "no-labels": Kind.DATA,
}  # fmt: skip
"""What is broken where an alert names one of our runbooks and no class."""


class OpeningPolicy(msgspec.Struct, frozen=True):
    """Which alerts open incidents, and which join one that is open.

    Attributes
    ----------
    severities
        Alerts of these open an incident where they do not say `incident: "false"`.
    within
        An alert joins an open incident of the same model, or of one that has an upstream in
        common, whose last alert is no longer ago than this.
    upstream
        What each model gets its data from: tables, services, other models.
    """

    severities: tuple[str, ...] = ("P0", "P1")
    within: timedelta = timedelta(minutes=15)
    upstream: Mapping[str, tuple[str, ...]] = {}


class Opens(NamedTuple):
    """The alert opens an incident of its own, with these facts."""

    title: str
    severity: Sev
    kind: Kind
    models: tuple[str, ...]


class Joins(NamedTuple):
    """The alert belongs to an incident that is open, and why."""

    number: int
    why: str


class Reopens(NamedTuple):
    """The alert of an incident that was resolved a short while ago fires again."""

    number: int
    why: str


Opening: TypeAlias = Opens | Joins | Reopens | None
"""What an alert does to incidents; None where it does nothing."""


def consider(
    alert: Alert, incidents: Iterable[Incident], policy: OpeningPolicy, now: datetime
) -> Opening:
    """What a firing alert does to incidents.

    Parameters
    ----------
    alert
        The alert.
    incidents
        Those that are open, and those that were over less than 24 hours ago.
    policy
        The rules.
    now
        The time.

    Returns
    -------
    Opens | Joins | Reopens | None
        In this order: an open incident that knows the alert already is joined; one that was
        resolved in the last 24 hours and knows it is opened again; an alert that wants no
        incident does nothing; an open incident of the same model or upstream is joined, the
        latest first; else the alert opens one.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> alert = Alert({"alertname": "Late", "model": "fares", "severity": "P0"}, {}, at)
    >>> consider(alert, [], OpeningPolicy(), at)
    Opens(title='Late on fares', severity=<Sev.SEV0: 'SEV-0'>, kind=<Kind.MODEL: 'model'>,
        models=('fares',))
    """
    if alert.is_over(now):
        return None
    mine = sorted(incidents, key=lambda incident: incident.number, reverse=True)
    for incident in mine:
        if incident.state.active and _knows(incident, alert):
            return Joins(incident.number, "it is one of its alerts")
    wanted = wants_incident(alert, policy)
    for incident in mine:
        if wanted and _was_over_lately(incident, now) and _knows(incident, alert):
            return Reopens(incident.number, f"{alert.name} fires again")
    if not wanted:
        return None
    for incident in mine:
        why = correlation(incident, alert, policy, now)
        if why:
            return Joins(incident.number, why)
    return _opens(alert)


def wants_incident(alert: Alert, policy: OpeningPolicy) -> bool:
    """Whether an alert asks for an incident, by itself or by its severity."""
    said = alert.labels.get(INCIDENT, alert.annotations.get(INCIDENT, "")).strip().lower()
    if said in {"true", "false"}:
        return said == "true"
    return severity_named(alert.labels.get(SEVERITY, "")) in policy.severities


def correlation(incident: Incident, alert: Alert, policy: OpeningPolicy, now: datetime) -> str:
    """Why an alert belongs to an open incident; empty where it does not."""
    model = alert.labels.get("model", "")
    if not incident.state.active or not model or now - _last_alert(incident) > policy.within:
        return ""
    if model in incident.models:
        return f"the same model, {model}, within {policy.within.total_seconds() / 60:g} minutes"
    return _shared_upstream(model, incident.models, policy.upstream)


def _shared_upstream(
    model: str, others: Iterable[str], upstream: Mapping[str, tuple[str, ...]]
) -> str:
    """What two models have in common: a source, or one being the source of the other."""
    sources = {model, *upstream.get(model, ())}
    for other in others:
        shared = sources & {other, *upstream.get(other, ())}
        if shared:
            return f"{model} and {other} share {min(shared)}"
    return ""


def _last_alert(incident: Incident) -> datetime:
    times = [alert.starts_at for alert in incident.alerts]
    return max([incident.opened_at, *times])


def _knows(incident: Incident, alert: Alert) -> bool:
    return any(known.fingerprint == alert.fingerprint for known in incident.alerts)


def _was_over_lately(incident: Incident, now: datetime) -> bool:
    ended = incident.last(State.RESOLVED)
    over = incident.state in {State.RESOLVED, State.CLOSED}
    return over and ended is not None and now - ended.at <= REOPEN_WITHIN


def _opens(alert: Alert) -> Opens:
    model = alert.labels.get("model", "")
    named = alert.labels.get(CLASS, alert.annotations.get(CLASS, "")).strip().lower()
    guess = _BY_RUNBOOK.get(alert.annotations.get("runbook", ""), Kind.MODEL)
    kind = Kind(named) if named in set(Kind) else guess
    name = alert.name or "An alert"
    return Opens(
        title=f"{name} on {model}" if model else name,
        severity=sev_of(alert.labels.get(SEVERITY)),
        kind=kind,
        models=(model,) if model else (),
    )


class Related(NamedTuple):
    """Something that may belong to an incident: what, and why one would think so."""

    key: str
    why: str
    at: datetime


def related_alerts(
    incident: Incident,
    alerts: Iterable[Alert],
    policy: OpeningPolicy,
    *,
    within: timedelta = timedelta(hours=1),
) -> list[Related]:
    """Alerts that began near an incident and are not linked to it, the nearest in time first."""
    known = {alert.fingerprint for alert in incident.alerts}
    centre = incident.began_at or incident.opened_at
    found = []
    for alert in alerts:
        model = alert.labels.get("model", "")
        if alert.fingerprint in known or abs(alert.starts_at - centre) > within:
            continue
        shared = _shared_upstream(model, incident.models, policy.upstream) if model else ""
        why = f"the same model, {model}" if model in incident.models else shared
        if why:
            found.append(Related(alert.fingerprint, why, alert.starts_at))
    return sorted(found, key=lambda item: (abs(item.at - centre), item.key))


class ChangeNear(msgspec.Struct, frozen=True):
    """A change that somebody made: a version, a rule, a configuration, a deployment."""

    key: str
    text: str
    at: datetime
    model: str = ""
    link: str = ""


def recent_changes(
    incident: Incident,
    changes: Iterable[ChangeNear],
    policy: OpeningPolicy,
    *,
    before: timedelta = timedelta(hours=24),
) -> list[ChangeNear]:
    """Changes that came before the trouble and touch its models, the latest first.

    A change that names no model touches all. Changes after the beginning cannot be its cause and
    are left out, save for those of the last 5 minutes: clocks differ.
    """
    began = incident.began_at or incident.opened_at
    near = [c for c in changes if began - before <= c.at <= began + timedelta(minutes=5)]
    touching = [
        c
        for c in near
        if not c.model
        or c.model in incident.models
        or _shared_upstream(c.model, incident.models, policy.upstream)
    ]
    return sorted(touching, key=lambda change: (began - change.at, change.key))
