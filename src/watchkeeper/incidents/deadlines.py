"""What is due in an incident, and when. Every deadline is a time in its record, never a timer."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from watchkeeper.core.alert import Severity
from watchkeeper.incidents.incident import Incident, Sev, State

ALERT_WITHIN = {
    Severity.P0: timedelta(minutes=5), Severity.P1: timedelta(minutes=15),
    Severity.P2: timedelta(hours=1), Severity.P3: timedelta(hours=24),
}  # fmt: skip
"""How soon somebody must acknowledge an alert."""

INCIDENT_WITHIN: dict[Sev, timedelta | None] = {
    Sev.SEV0: timedelta(minutes=5), Sev.SEV1: timedelta(minutes=15),
    Sev.SEV2: timedelta(hours=1), Sev.SEV3: None,
}  # fmt: skip
"""How soon somebody must acknowledge an incident; None is one business day."""

UPDATE_EVERY: dict[Sev, timedelta | None] = {
    Sev.SEV0: timedelta(minutes=30), Sev.SEV1: timedelta(minutes=60),
    Sev.SEV2: timedelta(hours=4), Sev.SEV3: None,
}  # fmt: skip
"""How often people are told how it stands; None is never."""

QUIET = timedelta(hours=24)
"""How long without an alert or a word a SEV-2 or SEV-3 goes on before it resolves by itself."""

POST_MORTEM_DAYS = 5
"""Business days after a SEV-0 or SEV-1 was resolved."""

What = Literal["acknowledge", "update", "resolve", "post_mortem"]


class Calendar(msgspec.Struct, frozen=True):
    """Which days are business days: Monday to Friday in a zone, without holidays."""

    zone: str = "UTC"
    holidays: frozenset[date] = frozenset()


class Deadline(NamedTuple):
    """Something that is due.

    Attributes
    ----------
    what
        `acknowledge`, `update` and `post_mortem` want a person; `resolve` is done by itself.
    at
        When it is due.
    overdue
        Whether that has passed.
    """

    what: What
    at: datetime
    overdue: bool


def deadlines(incident: Incident, now: datetime) -> tuple[Deadline, ...]:
    """Everything that is due, the soonest first.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.incidents.lifecycle import open_incident
    >>> at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> incident, _ = open_incident(1, "Late", Sev.SEV0, "service", at, actor="ana")
    >>> [(d.what, f"{d.at:%H:%M}", d.overdue) for d in deadlines(incident, at)]
    [('acknowledge', '12:05', False), ('update', '12:30', False)]
    """
    times: dict[What, datetime | None] = {
        "acknowledge": incident.acknowledge_by,
        "update": incident.update_by,
        "resolve": incident.resolve_by,
        "post_mortem": incident.post_mortem_by,
    }
    due = [Deadline(what, at, at <= now) for what, at in times.items() if at is not None]
    return tuple(sorted(due, key=lambda deadline: deadline.at))


def acknowledge_by(severity: Sev, since: datetime, calendar: Calendar | None = None) -> datetime:
    """By when somebody must have taken an incident that has been open since then."""
    within = INCIDENT_WITHIN[severity]
    if within is not None:
        return since + within
    return business_days_later(since, 1, calendar or Calendar())


def business_days_later(since: datetime, days: int, calendar: Calendar) -> datetime:
    """The same time of day that many business days later.

    Examples
    --------
    >>> from datetime import UTC
    >>> friday = datetime(2026, 1, 2, 16, tzinfo=UTC)
    >>> business_days_later(friday, 1, Calendar()).strftime("%A %H:%M")
    'Monday 16:00'
    """
    zone = ZoneInfo(calendar.zone)
    local = since.astimezone(zone)
    for _ in range(days):
        local += timedelta(days=1)
        while not _is_business_day(local.date(), calendar.holidays):
            local += timedelta(days=1)
    return local.astimezone(since.tzinfo)


def due_after(incident: Incident, calendar: Calendar | None = None) -> dict[str, datetime | None]:
    """The deadlines of an incident from its own record, for `msgspec.structs.replace`.

    Deadlines that have been moved on by a reminder stay where they are.
    """
    since = incident.stamps[-1].at if incident.stamps else incident.opened_at
    is_open, active = incident.state is State.OPEN, incident.state.active
    waiting = incident.acknowledge_by
    if is_open and waiting is None:
        waiting = acknowledge_by(incident.severity, since, calendar)
    return {
        "acknowledge_by": waiting if is_open else None,
        "update_by": _update_by(incident) if active else None,
        "resolve_by": _resolve_by(incident) if active else None,
        "post_mortem_by": _post_mortem_by(incident, calendar or Calendar()),
    }


def _update_by(incident: Incident) -> datetime | None:
    every = UPDATE_EVERY[incident.severity]
    if every is None:
        return None
    return incident.update_by or (incident.updated_at or incident.opened_at) + every


def _resolve_by(incident: Incident) -> datetime | None:
    if incident.severity.major or not incident.quiet:
        return None
    ends = [alert.ends_at for alert in incident.alerts if alert.ends_at is not None]
    return max([*ends, incident.touched_at or incident.opened_at]) + QUIET


def _post_mortem_by(incident: Incident, calendar: Calendar) -> datetime | None:
    resolved = incident.last(State.RESOLVED)
    if incident.state is not State.RESOLVED or resolved is None or not incident.severity.major:
        return None
    return incident.post_mortem_by or business_days_later(resolved.at, POST_MORTEM_DAYS, calendar)


def _is_business_day(day: date, holidays: AbstractSet[date]) -> bool:
    return day.weekday() < 5 and day not in holidays
