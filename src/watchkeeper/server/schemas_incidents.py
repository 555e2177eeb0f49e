"""What the routes of incidents answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

StateName = Literal[
    "open", "acknowledged", "investigating", "mitigated", "resolved", "closed", "merged",
    "false_alarm",
]  # fmt: skip
SeverityName = Literal["SEV-0", "SEV-1", "SEV-2", "SEV-3"]
ClassName = Literal["data", "drift", "model", "service", "infrastructure", "security"]
RoleName = Literal["commander", "operations", "communications", "scribe"]


class DueShown(BaseModel):
    """Something that is due."""

    what: Literal["acknowledge", "update", "resolve", "post_mortem"] = Field(
        description="`resolve` happens by itself; the others want a person."
    )
    at: datetime
    overdue: bool


class Took(BaseModel):
    """How long the steps of an incident took, in seconds; null where one was not reached."""

    detect: float | None
    acknowledge: float | None
    mitigate: float | None
    resolve: float | None


class IncidentLine(BaseModel):
    """An incident in short."""

    number: int
    title: str
    severity: SeverityName
    class_: ClassName = Field(alias="class", description="What is broken.")
    state: StateName
    models: list[str]
    opened_at: datetime
    opened_by: str
    began_at: datetime | None = Field(description="When the trouble began, as far as is known.")
    commander: str | None
    merged_into: int | None
    alerts_firing: int
    due: DueShown | None = Field(description="What is due first.")
    took_s: Took


class Incidents(BaseModel):
    """Incidents: those that are worked on first."""

    incidents: list[IncidentLine]


class StampShown(BaseModel):
    """A step that was taken."""

    state: StateName
    at: datetime
    actor: str


class RoleShown(BaseModel):
    """Who held a role, from when and until when."""

    role: RoleName
    person: str
    since: datetime
    until: datetime | None


class LinkedAlertShown(BaseModel):
    """An alert of an incident."""

    fingerprint: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    model: str
    severity: str = Field(description="As its label says; empty without one.")


class RelatedAlertShown(BaseModel):
    """An alert that may belong to the incident, and is no part of it."""

    fingerprint: str
    name: str
    model: str
    severity: str = Field(description="As its label says; empty without one.")
    summary: str
    starts_at: datetime
    firing: bool
    why: str = Field(description="Why it may belong to it.")


class EscalationShown(BaseModel):
    """How far the telling of an incident is."""

    chain: str | None
    status: Literal["running", "held", "stopped", "exhausted"] | None
    steps_told: int
    next_at: datetime | None
    told: list[str] = Field(description="Receivers that were told.")
    held_until: datetime | None = Field(description="When an acknowledgement runs out.")
    paused_until: datetime | None = Field(description="Until when it waits, being silenced.")


class TimelineEntry(BaseModel):
    """A line of a timeline."""

    number: int
    at: datetime
    recorded_at: datetime
    kind: Literal["alert", "change", "action", "message", "note", "decision", "role", "state"]
    actor: str
    text: str
    link: str
    data: dict[str, Any]


class IncidentShown(IncidentLine):
    """An incident with its timeline."""

    summary: str
    external: dict[str, str]
    stamps: list[StampShown]
    roles: list[RoleShown]
    alerts: list[LinkedAlertShown]
    deadlines: list[DueShown]
    possible: list[StateName] = Field(description="What can become of it now.")
    mitigation_suggested: bool = Field(
        description="All alerts are over and nobody has called it mitigated."
    )
    related: list[RelatedAlertShown] = Field(
        description="Alerts that began within an hour of it, the nearest first; take one in with "
        "the event `alert`. None once the incident is over."
    )
    escalation: EscalationShown | None
    timeline: list[TimelineEntry]


class FigureShown(BaseModel):
    """Percentiles of a time over incidents."""

    measured: int
    waiting: int = Field(description="Incidents that have not reached the step, and still may.")
    seconds: dict[str, float] = Field(description="By percentile, such as `p50`.")


class Figures(BaseModel):
    """How fast incidents are found and dealt with."""

    incidents: int
    active: int
    false_alarms: float | None = Field(description="The share where nothing was broken.")
    times: dict[Literal["detect", "acknowledge", "mitigate", "resolve"], FigureShown]


class OnCallFile(BaseModel):
    """The on-call file in force."""

    text: str = Field(description="Empty where there is none.")
    set_at: datetime | None
    who: str | None
    users: list[str]
    schedules: list[str]
    escalations: list[str]


class ContactShown(BaseModel):
    """A way to reach somebody."""

    kind: Literal["receiver", "email", "slack", "phone", "apprise"]
    address: str


class ShiftShown(BaseModel):
    """Somebody is on call."""

    user: str
    start: datetime
    end: datetime
    layer: str


class GapShown(BaseModel):
    """Nobody is on call."""

    start: datetime
    end: datetime


class ScheduleShown(BaseModel):
    """A schedule: who is on call now, and who will be."""

    schedule: str
    zone: str
    user: str | None = Field(description="Null: nobody is on call.")
    name: str | None
    until: datetime | None
    contacts: list[ContactShown]
    shifts: list[ShiftShown]
    gaps: list[GapShown]


class OnCallNow(BaseModel):
    """Who is on call."""

    at: datetime
    schedules: list[ScheduleShown]
