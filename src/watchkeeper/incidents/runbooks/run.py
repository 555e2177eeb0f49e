"""A run of an action, from the request to the verdict: records in, records out, no timer.

::

    waiting ─▶ running ⇄ retrying ─▶ verifying ─▶ effective
       │          │                      └──────▶ ineffective
       ▼          ├─ failed, timed out ─────────▶ ineffective
    expired,      └─ its process died ──────────▶ unknown ─▶ a person looks and says what was done
    refused

A dry run and an undo end as `done` or `failed`, and so does a run that no alert asked for: there is
nothing that its effect could be measured by. What is run is what was shown and approved: the run
holds its own copy of the step, of the settings with their values, and of what takes it back.

A run whose process ended while it was at work is never begun again: it may have been done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import msgspec

from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.incidents.incident import SYSTEM, Sev
from watchkeeper.incidents.runbooks.step import Step

RUN_TIMEOUT = timedelta(minutes=30)
APPROVAL_TTL = timedelta(minutes=30)
RETRY_AFTER = (timedelta(seconds=10), timedelta(seconds=30))
LOST = (
    "the process that did it ended before it could say what came of it; it may have been done "
    "or still go on, so it is not tried again"
)

_replace = msgspec.structs.replace


class RunState(StrEnum):
    """How far a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    VERIFYING = "verifying"
    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    DONE = "done"
    FAILED = "failed"
    """Of a dry run or an undo; or a person found that it was never done."""
    UNKNOWN = "unknown"
    """Its process ended while it was at work: a person must look whether it was done."""
    EXPIRED = "expired"
    """Nobody approved in time."""
    REFUSED = "refused"
    """A person said no, or a limit did."""

    @property
    def holds_target(self) -> bool:
        """Whether nothing else may be done to the target meanwhile."""
        return self in {RunState.RUNNING, RunState.RETRYING, RunState.UNKNOWN}


class Approval(msgspec.Struct, frozen=True):
    """Who agreed, and when."""

    by: str
    at: datetime


class Result(msgspec.Struct, frozen=True):
    """What an attempt came to: its status, and what to show of it, without secrets."""

    status: Literal["ok", "failed", "timed_out", "unknown"]
    text: str = ""
    output_hash: str = ""
    exit: int | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands.

    Attributes
    ----------
    number
        Given by the catalogue.
    runbook, step, settings, target, action
        What is done to what; `settings` have their values in them, `action` is what limits are
        counted for.
    incident, severity, alert
        What it is for; `alert` is a fingerprint, empty where no alert asks for it.
    requested_by, requested_at, approvals
        Who wants it and who agreed.
    dry
        Whether it only shows what it would do.
    undo_of
        The run that it takes back.
    by_itself
        Whether it was started without an approval.
    started_at, attempt, step_by, run_by, retry_at, verify_at, decided_at
        When it was started; how often it was tried; by when the attempt and the whole run must be
        over; when it is tried again; when its effect is looked at; when its verdict was found.
    window
        What the effect is measured over.
    result, memory
        What it came to, and what an undo needs to know.
    values
        What is known of the alert and the incident, for programs that ask for it.
    reason
        What it waits for, or why it was refused.
    holder
        The process that has begun it, as others see it.
    undo_step, undo_settings
        What takes it back, as it was when it was asked for; None where nothing does, or the action
        itself.
    """

    number: int
    runbook: str
    step: Step
    settings: Mapping[str, Any]
    target: str
    action: str
    requested_by: str
    requested_at: datetime
    incident: int | None = None
    severity: Sev | None = None
    alert: str = ""
    approvals: tuple[Approval, ...] = ()
    dry: bool = False
    undo_of: int | None = None
    by_itself: bool = False
    state: RunState = RunState.WAITING
    started_at: datetime | None = None
    attempt: int = 0
    step_by: datetime | None = None
    run_by: datetime | None = None
    retry_at: datetime | None = None
    verify_at: datetime | None = None
    decided_at: datetime | None = None
    window: timedelta = timedelta()
    result: Result | None = None
    memory: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    reason: str = ""
    holder: str = ""
    undo_step: Step | None = None
    undo_settings: Mapping[str, Any] = {}

    @property
    def counts(self) -> bool:
        """Whether it did something by itself: neither a dry run, nor an undo, nor never begun."""
        return self.started_at is not None and not self.dry and self.undo_of is None


class Reading(NamedTuple):
    """What the metric says after a whole window: None where it has no value.

    Attributes
    ----------
    cleared
        Whether it is beyond the limit at which the alert clears.
    rows, min_rows
        The rows behind it, and those that it takes.
    """

    cleared: bool | None
    rows: int
    min_rows: int = 1


def approve(run: Run, by: str, now: datetime) -> Run:
    """Agree to a run; whether that is enough says `limits.may_run`.

    Raises
    ------
    ConflictError
        It waits for nobody any more.
    InputError
        Nobody is named.
    """
    if run.state is not RunState.WAITING:
        raise ConflictError(f"run {run.number} is {run.state} and waits for no approval")
    if not by.strip() or by == SYSTEM:
        raise InputError("an approval needs the name of a person")
    return _replace(run, approvals=(*run.approvals, Approval(by, now)))


def refuse(run: Run, now: datetime, reason: str) -> Run:
    """Say no to a run: it will never be started, or not be tried again.

    Raises
    ------
    ConflictError
        It has begun, or is over.
    """
    if run.state is RunState.RETRYING:
        return _replace(run, state=RunState.INEFFECTIVE, decided_at=now, reason=reason)
    if run.state is not RunState.WAITING:
        raise ConflictError(f"run {run.number} is {run.state} and can no longer be refused")
    return _replace(run, state=RunState.REFUSED, decided_at=now, reason=reason)


def begin(  # facts of the beginning
    run: Run, now: datetime, *, window: timedelta, dry: bool, by_itself: bool = False,
    holder: str = "",
) -> Run:  # fmt: skip
    """Start a run that `limits.may_run` allows, or try it again; to be stored before it is done.

    Parameters
    ----------
    run
        Waiting, or due to be tried again.
    now
        The time.
    window
        What its effect will be measured over.
    dry, by_itself
        As `limits.Allowed` says.
    holder
        The process that does it.
    """
    if run.state is RunState.RETRYING and run.retry_at is not None and now >= run.retry_at:
        return _replace(
            run,
            state=RunState.RUNNING,
            attempt=run.attempt + 1,
            step_by=_step_by(run, now, run.run_by),
            retry_at=None,
            holder=holder,
        )
    if run.state is not RunState.WAITING:
        raise ConflictError(f"run {run.number} is {run.state} and cannot be started")
    run_by = now + RUN_TIMEOUT
    return _replace(
        run,
        state=RunState.RUNNING,
        dry=run.dry or dry,
        by_itself=by_itself,
        started_at=now,
        attempt=1,
        run_by=run_by,
        step_by=_step_by(run, now, run_by),
        window=window,
        reason="",
        holder=holder,
    )


def finish(run: Run, result: Result, now: datetime, memory: Mapping[str, str] | None = None) -> Run:
    """What comes of an attempt: its effect is looked at later, it is tried again, or it failed.

    A run that was given up as unknown takes it as well: who did it was slow, and knows.
    """
    if run.state not in {RunState.RUNNING, RunState.UNKNOWN}:
        raise ConflictError(f"run {run.number} is {run.state}; it has no attempt to finish")
    run = _replace(run, result=result, memory={**run.memory, **(memory or {})}, step_by=None)
    if run.dry or run.undo_of is not None:
        state = RunState.DONE if result.status == "ok" else RunState.FAILED
        return _replace(run, state=state, decided_at=now)
    if result.status == "ok" and not run.alert:
        return _replace(run, state=RunState.DONE, decided_at=now)
    if result.status == "ok":
        return _replace(run, state=RunState.VERIFYING, verify_at=now + run.window)
    if run.step.idempotent and run.attempt <= len(RETRY_AFTER):
        again = now + RETRY_AFTER[run.attempt - 1]
        if run.run_by is not None and again < run.run_by:
            return _replace(run, state=RunState.RETRYING, retry_at=again)
    return _replace(run, state=RunState.INEFFECTIVE, decided_at=now)


def verify(run: Run, reading: Reading, now: datetime) -> Run:
    """The verdict, once a whole window has passed; before that the run as it is.

    No value and too few rows count as ineffective: what is not proven gone is there.
    """
    if run.state is not RunState.VERIFYING or run.verify_at is None or now < run.verify_at:
        return run
    enough = reading.rows >= max(1, reading.min_rows)
    good = reading.cleared is True and enough
    state = RunState.EFFECTIVE if good else RunState.INEFFECTIVE
    return _replace(run, state=state, decided_at=now)


def lose(run: Run, now: datetime) -> Run:
    """A run that is at work, and whose process has ended before it said what came of it."""
    if run.state is not RunState.RUNNING:
        raise ConflictError(f"run {run.number} is {run.state}; nobody is at work on it")
    state = RunState.FAILED if run.dry else RunState.UNKNOWN
    return _replace(run, state=state, result=Result("unknown", LOST), step_by=None, decided_at=now)


def settle(run: Run, now: datetime, *, done: bool, by: str) -> Run:
    """What a person has found of a run of which nobody knew whether it was done.

    Raises
    ------
    ConflictError
        It is known.
    """
    if run.state is not RunState.UNKNOWN:
        raise ConflictError(f"run {run.number} is {run.state}; there is nothing to settle")
    run = _replace(run, reason=f"{by} looked: it was {'' if done else 'not '}done")
    if not done:
        return _replace(run, state=RunState.FAILED, decided_at=now)
    return finish(run, Result("ok", f"{by} looked, and found that it was done"), now)


def tick(run: Run, now: datetime) -> Run:
    """What time alone makes of a run: requests expire, attempts are lost, verdicts fall due.

    A run whose process died is found here at the latest, since its deadlines are in its record. A
    verdict that nobody came to find within another window is that it was ineffective.
    """
    if (
        run.state is RunState.WAITING
        and now >= run.requested_at + APPROVAL_TTL
        and not _fresh(run, now)
    ):
        return _replace(run, state=RunState.EXPIRED, decided_at=now)
    if run.state is RunState.RUNNING and run.step_by is not None and now >= run.step_by:
        return lose(run, now)
    if run.state is RunState.RETRYING and run.run_by is not None and now >= run.run_by:
        return _replace(run, state=RunState.INEFFECTIVE, decided_at=now)
    if run.state is not RunState.VERIFYING or run.verify_at is None:
        return run
    lost = now >= run.verify_at + max(run.window, timedelta(minutes=1))
    return _replace(run, state=RunState.INEFFECTIVE, decided_at=now) if lost else run


def next_deadline(run: Run) -> datetime | None:
    """When to look at a run again; None where it is over."""
    return {
        RunState.WAITING: run.requested_at + APPROVAL_TTL,
        RunState.RUNNING: run.step_by,
        RunState.RETRYING: run.retry_at,
        RunState.VERIFYING: run.verify_at,
    }.get(run.state)


def _fresh(run: Run, now: datetime) -> bool:
    """Whether an approval still counts."""
    return any(now - approval.at < APPROVAL_TTL for approval in run.approvals)


def _step_by(run: Run, now: datetime, run_by: datetime | None) -> datetime:
    step_by = now + run.step.timeout
    return step_by if run_by is None else min(step_by, run_by)
