"""What the routes of runbooks answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

ModeName = Literal["off", "dry_run", "approve", "auto"]
RunStateName = Literal[
    "waiting", "running", "retrying", "verifying", "effective", "ineffective", "done", "failed",
    "expired", "refused", "unknown",
]  # fmt: skip
OutcomeName = Literal["ok", "failed", "timed_out", "unknown"]
KindName = Literal[
    "check", "webhook", "command", "ansible", "kubernetes_scale", "kubernetes_rollout_undo",
    "mlflow", "fallback",
]  # fmt: skip


class StepShown(BaseModel):
    """A step of a runbook."""

    id: str
    title: str
    kind: KindName
    does: dict[str, Any] = Field(description="What it looks at or does, as it stands in the file.")
    target: str = Field(description="What it acts on, as a template.")
    reversible: bool
    idempotent: bool
    undo: str | None = Field(description="The step that takes it back, or `built-in`.")
    approval: Literal["any", "second"]
    timeout: str


class RunbookLine(BaseModel):
    """A runbook in short."""

    name: str
    title: str
    starter: bool = Field(description="Whether it comes with Watchkeeper.")
    set_at: datetime | None
    who: str | None
    steps: list[StepShown]


class Runbooks(BaseModel):
    """The runbooks, by name."""

    runbooks: list[RunbookLine]


class RunbookShown(RunbookLine):
    """A runbook with its text."""

    text: str


class RunbookChecked(BaseModel):
    """What is in a runbook."""

    title: str
    steps: list[str]


class RunbookApplied(RunbookChecked):
    """A runbook was applied."""

    name: str
    outcome: Literal["created", "changed", "unchanged"]


class RunLine(BaseModel):
    """A run in short."""

    number: int
    runbook: str
    step: str
    title: str
    kind: KindName
    target: str
    state: RunStateName
    dry_run: bool
    undo_of: int | None = Field(description="The run that it takes back.")
    by_itself: bool
    incident: int | None
    alert: str | None = Field(description="The fingerprint of the alert that it is for.")
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    decided_at: datetime | None
    reason: str | None = Field(description="What it waits for, or why it was refused.")
    status: OutcomeName | None = Field(description="Of a check: `ok` where all is well.")
    waits_for_approval: bool = Field(description="Whether somebody must agree before it begins.")


class Runs(BaseModel):
    """Runs, the newest first."""

    runs: list[RunLine]


class ApprovalShown(BaseModel):
    """Somebody agreed."""

    by: str
    at: datetime


class ResultShown(BaseModel):
    """What an attempt came to."""

    status: OutcomeName
    text: str = Field(description="What was found or said, without secrets, cut where it is long.")
    exit: int | None
    output_hash: str | None = Field(description="SHA-256 of all that was said.")


class RunShown(RunLine):
    """A run with what it came to, and all that was done with it."""

    severity: str | None
    does: dict[str, Any] = Field(description="What is done, with the values in it.")
    approvals: list[ApprovalShown]
    attempt: int
    next_at: datetime | None = Field(description="When it is looked at again.")
    verify_at: datetime | None = Field(description="When its effect is measured.")
    undo: str | None
    result: ResultShown | None
    audit: list[dict[str, Any]] = Field(description="Who did what, when, and from where.")


class FrozenShown(BaseModel):
    """Nothing runs until somebody sets it free."""

    at: datetime
    by: str
    reason: str


class AutomationShown(BaseModel):
    """What the operator of the server allows runbooks to do."""

    mode: ModeName
    sentence: str = Field(description="How it stands, for people.")
    exceptions: dict[str, ModeName] = Field(description="By RUNBOOK/STEP or kind of action.")
    limits: dict[str, Any]
    programs: list[str]
    playbooks: list[str]
    addresses: list[str]
    namespaces: list[str]
    secrets: list[str] = Field(description="Names of environment variables, never their values.")
    mlflow_url: str | None
    fallback: str | None
    rollback: str = Field(description="The step that a rollback runs which is asked for in a chat.")
    slack: dict[str, str] = Field(description="Users of Slack who may run, with their names here.")
    freezes: list[str] = Field(description="When nothing is begun, and why.")
    frozen: FrozenShown | None
