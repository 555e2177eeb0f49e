"""What the routes of alarms answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Evaluated(BaseModel):
    """When a group was last evaluated on a model."""

    model: str
    at: datetime
    took_ms: float
    error: str | None


class RuleShown(BaseModel):
    """A rule."""

    alert: str
    expr: str | None = Field(description="The condition in CEL; null for a false-alarm budget.")
    for_: str = Field(alias="for")
    window: str
    segment: str | None
    severity: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    line: int
    number: int = Field(description="Which it is of those in the group that share its name.")
    clear: str | None
    keep_firing_for: str
    min_rows: int
    by_version: bool
    no_data: Literal["alert", "keep", "ok"]
    no_data_after: int
    on_error: Literal["alert", "keep", "ok"]
    limit: int
    has_budget: bool


class GroupRead(BaseModel):
    """Rules that are evaluated together."""

    name: str
    model: str | None = Field(description="Null: every model.")
    interval: str
    labels: dict[str, str]
    rules: list[RuleShown]


class RuleGroup(GroupRead):
    """Rules in force, with when they were last evaluated."""

    evaluated: list[Evaluated]


class RuleFile(BaseModel):
    """A rule file in force."""

    name: str
    set_at: datetime
    who: str | None
    source: str | None = Field(
        description="Where it is kept and changed; null: here, by who may edit."
    )
    text: str
    groups: list[RuleGroup]


class RuleFiles(BaseModel):
    """The rule files in force."""

    files: list[RuleFile]


class Checked(BaseModel):
    """What is in a rule file."""

    groups: int
    rules: int
    warnings: list[str] = Field(description="What a person should look at, with line and column.")


class CheckedRules(Checked):
    """What is in a rule file, as it was read."""

    read: list[GroupRead]


class AppliedRules(Checked):
    """What became of a rule file."""

    name: str
    outcome: Literal["created", "changed", "unchanged"]


class Backtested(BaseModel):
    """When rules would have fired."""

    start: datetime
    end: datetime
    step: str
    evaluations: int
    rules: list[dict[str, Any]] = Field(
        description="Of each rule, model, version and segment: `summary`, `firings`, `no_data`, "
        "and `error` where it could not be evaluated; with `points` also `points`: what was "
        "compared with what, at each time."
    )


class SloShown(BaseModel):
    """An SLO on a model."""

    file: str
    name: str
    model: str
    objective: float
    period: str
    budgeting: Literal["occurrences", "timeslices"]
    kind: str
    description: str
    bad: int | None = Field(description="Bad events, or slices, in the period.")
    total: int | None
    remaining: float | None = Field(
        description="The share of the error budget that is left; below 0 it is overspent."
    )
    error: str | None


class Slos(BaseModel):
    """The SLOs in force."""

    slos: list[SloShown]


class AppliedSlos(BaseModel):
    """What is in a file of SLOs."""

    name: str
    slos: list[str]
    warnings: list[str]


class TakenOn(BaseModel):
    """Somebody has taken it on."""

    by: str
    at: datetime | None
    until: datetime | None


class AlertShown(BaseModel):
    """An alert of a rule, as it stands."""

    fingerprint: str = Field(description="Its identity, as Alertmanager makes it.")
    file: str
    group: str
    alert: str
    number: int = Field(description="Which rule it is of those in the group that share its name.")
    version: str | None
    segment: str | None = Field(description="The value of the rule's segment column.")
    acknowledged: TakenOn | None
    model: str
    state: Literal["inactive", "pending", "firing", "recovering", "no_data", "error"]
    since: datetime
    labels: dict[str, str]
    annotations: dict[str, str]
    value: float | None
    low: float | None
    high: float | None
    rows: int
    fired_at: datetime | None
    flapping: bool
    note: str | None
    amended_at: datetime | None = Field(
        default=None, description="The evaluation of the past that late labels changed last."
    )
    silenced_by: list[str] = Field(description="Ids of silences that are in force and match.")


class Alerts(BaseModel):
    """Alerts, the worst and oldest first."""

    alerts: list[AlertShown]


class Acknowledged(BaseModel):
    """Who has taken on which groups of alerts and incidents, and until when repeats wait."""

    acknowledged: list[str] = Field(description="Keys of groups of alerts.")
    incidents: list[int] = Field(description="Numbers of incidents that waited for somebody.")
    by: str
    until: datetime


class ReceiverShown(BaseModel):
    """Somebody who is told."""

    name: str
    channels: list[str]


class Routes(BaseModel):
    """The routes in force."""

    text: str = Field(
        description="In Alertmanager's configuration format, with `<secret>` for each secret."
    )
    receivers: list[ReceiverShown]
    notices: list[str] = Field(description="What is read and not done.")


class TriedChannel(BaseModel):
    """What became of a message that was sent to be seen."""

    channel: str = Field(examples=["slack[0]"])
    arrived: bool
    detail: str = Field(description="What the receiver said, or why it did not arrive.")


class Tried(BaseModel):
    """What became of the messages to a receiver."""

    channels: list[TriedChannel]


class Routed(BaseModel):
    """Where an alert goes."""

    receivers: list[str]


class Message(BaseModel):
    """A message to one channel of a receiver."""

    id: int
    key: str = Field(description="The same for all messages of one affair.")
    receiver: str
    channel: str
    state: Literal["waiting", "sent", "dead"]
    status: Literal["firing", "resolved"]
    reason: str = Field(description="Why it is sent.")
    alerts: int
    group: dict[str, str]
    attempts: int
    said: str = Field(description="What the receiver answered last.")
    made: datetime
    due: datetime
    done: datetime | None


class Messages(BaseModel):
    """Messages, the newest first."""

    messages: list[Message]


class Happened(BaseModel):
    """Something that happened."""

    at: datetime
    kind: str
    model: str | None
    subject: str
    what: Any


class History(BaseModel):
    """What happened, the newest first."""

    history: list[Happened]
