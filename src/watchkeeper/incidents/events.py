"""What can happen to an incident; `lifecycle.apply` says what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from watchkeeper.core.alert import SEVERITY, Alert
from watchkeeper.incidents.incident import Kind, LinkedAlert, Role, Sev


class _Event(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """The base of all events, by whose name JSON tells them apart."""


class Acknowledge(_Event, frozen=True):
    """Somebody takes it."""

    note: str = ""


class Investigate(_Event, frozen=True):
    """Somebody looks for the cause; also where a mitigation did not hold."""

    note: str = ""


class Mitigate(_Event, frozen=True):
    """Nobody is hurt any more."""

    note: str = ""


class Resolve(_Event, frozen=True):
    """The cause is gone."""

    note: str = ""


class Close(_Event, frozen=True):
    """The paperwork is done."""

    note: str = ""


class Reopen(_Event, frozen=True):
    """It was not over after all."""

    reason: str


class MarkFalseAlarm(_Event, frozen=True):
    """Nothing was broken."""

    reason: str


class MergeInto(_Event, frozen=True):
    """It is a part of another incident; `lifecycle.merge` does both halves."""

    number: int


class Absorb(_Event, frozen=True):
    """Another incident turned out to be a part of this one."""

    number: int
    severity: Sev
    alerts: tuple[LinkedAlert, ...] = ()
    models: tuple[str, ...] = ()
    began_at: datetime | None = None


class Assign(_Event, frozen=True):
    """Somebody takes over a role; nobody where `person` is empty, save for the commander."""

    role: Role
    person: str


class Amend(_Event, frozen=True):
    """What was said of it is put right; None leaves a thing as it is."""

    title: str | None = None
    severity: Sev | None = None
    kind: Kind | None = None
    began_at: datetime | None = None
    summary: str | None = None
    models: tuple[str, ...] | None = None
    slack_channel: str | None = None
    external: Mapping[str, str] | None = None
    reason: str = ""


class AlertFires(_Event, frozen=True):
    """An alert belongs to it, or one that was over fires again."""

    alert: LinkedAlert
    severity: Sev | None = None
    text: str = ""
    link: str = ""


class AlertOver(_Event, frozen=True):
    """One of its alerts is over."""

    fingerprint: str
    ends_at: datetime


class Note(_Event, frozen=True):
    """Something that somebody saw; `at` where it was earlier than now."""

    text: str
    link: str = ""
    at: datetime | None = None
    data: Mapping[str, Any] = {}


class Decision(_Event, frozen=True):
    """Something that was decided, and why."""

    text: str
    at: datetime | None = None


class Message(_Event, frozen=True):
    """People were told how it stands; that meets the reminder for an update."""

    text: str
    to: str = ""
    link: str = ""


class Change(_Event, frozen=True):
    """Something that was changed near it in time: a version, a rule, a configuration."""

    text: str
    at: datetime
    link: str = ""
    data: Mapping[str, Any] = {}


class Action(_Event, frozen=True):
    """A step of a runbook was run."""

    text: str
    link: str = ""
    data: Mapping[str, Any] = {}


class Reminded(_Event, frozen=True):
    """What was overdue has been told to somebody; the next reminder comes a span later."""

    what: str
    told: tuple[str, ...] = ()


Event: TypeAlias = (
    Acknowledge
    | Investigate
    | Mitigate
    | Resolve
    | Close
    | Reopen
    | MarkFalseAlarm
    | MergeInto
    | Absorb
    | Assign
    | Amend
    | AlertFires
    | AlertOver
    | Note
    | Decision
    | Message
    | Change
    | Action
    | Reminded
)
"""Any of them; `msgspec.convert(data, Event)` reads one from JSON."""


def alert_fires(alert: Alert, severity: Sev | None = None, *, text: str = "") -> AlertFires:
    """The event of an alert as it was heard of.

    Parameters
    ----------
    alert
        The alert; `ends_at` in it is left out, since that is an event of its own.
    severity
        What it makes of the incident, where that is worse than it is.
    text
        One sentence; the alert's summary where it is empty.
    """
    linked = LinkedAlert(
        fingerprint=alert.fingerprint,
        name=alert.name,
        starts_at=alert.starts_at,
        model=alert.labels.get("model", ""),
        severity=alert.labels.get(SEVERITY, ""),
    )
    told = text or alert.annotations.get("summary", "")
    return AlertFires(linked, severity, told, alert.generator_url)
