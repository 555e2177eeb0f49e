"""Whether an action may run now. Nothing runs by default, and doubt is a no.

Automation fails by going round and round, not by acting once. So what counts is every attempt after
which the alert is not proven gone, for each target, over restarts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias

import msgspec

from watchkeeper.incidents.incident import SYSTEM
from watchkeeper.incidents.runbooks.freezes import Closed, closed_now
from watchkeeper.incidents.runbooks.run import APPROVAL_TTL, Run, RunState

EVIDENCE_WINDOWS = 2
"""How many windows old the last evaluation of the alert may be."""


class Mode(StrEnum):
    """How far an action may go; each step includes the ones before it."""

    OFF = "off"
    DRY_RUN = "dry_run"
    """It shows what it would do."""
    APPROVE = "approve"
    """A person agrees to each run."""
    AUTO = "auto"
    """It runs by itself, where it can be taken back and has been seen to help."""


class Policy(msgspec.Struct, frozen=True):
    """The limits.

    Attributes
    ----------
    mode, modes
        How far actions may go, and exceptions by `RUNBOOK/STEP` or by kind of action.
    per_pair, per_pair_span, per_pair_daily
        One per 15 minutes and three per 24 hours for each action and target.
    in_all, in_all_span
        Ten an hour in all.
    proven
        Approved runs that helped before an action may run by itself.
    auto_when_major
        Whether it may do so in a SEV-0 or SEV-1, too.
    auto_off
        For how long a target is left to people after two runs in a row that did not help.
    freeze_after, freeze_span
        Runs that did not help, within how long, freeze everything.
    longest
        After so long an attempt is stopped, whatever its step says.
    closed
        Times at which nothing is begun, but what takes something back.
    """

    mode: Mode = Mode.OFF
    modes: Mapping[str, Mode] = {}
    per_pair: int = 1
    per_pair_span: timedelta = timedelta(minutes=15)
    per_pair_daily: int = 3
    in_all: int = 10
    in_all_span: timedelta = timedelta(hours=1)
    proven: int = 3
    auto_when_major: bool = False
    auto_off: timedelta = timedelta(hours=24)
    freeze_after: int = 3
    freeze_span: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(minutes=30)
    closed: tuple[Closed, ...] = ()

    def mode_of(self, run: Run) -> Mode:
        """How far a run may go."""
        kind = run.step.action.kind if run.step.action else ""
        return self.modes.get(f"{run.runbook}/{run.step.id}", self.modes.get(kind, self.mode))


class Switch(msgspec.Struct, frozen=True):
    """Everything was frozen, or set free again."""

    frozen: bool
    at: datetime
    by: str
    reason: str = ""


class History(msgspec.Struct, frozen=True):
    """What was done, from the catalogue.

    Attributes
    ----------
    runs
        Those of the last 24 hours at least, the last two with a verdict of each target, and those
        that were effective.
    switches
        In order; the last one at least.
    """

    runs: tuple[Run, ...] = ()
    switches: tuple[Switch, ...] = ()


class Evidence(msgspec.Struct, frozen=True):
    """What is known of the alert at the time of running.

    Attributes
    ----------
    firing
        Whether it fires.
    evaluated_at, window
        When that was found, and over what it is measured.
    """

    firing: bool
    evaluated_at: datetime
    window: timedelta


class Allowed(NamedTuple):
    """It may run: as a dry run only where `dry`, without anybody's approval where `by_itself`."""

    dry: bool = False
    by_itself: bool = False


class Refused(NamedTuple):
    """It may not, and why; `page` where a person must be told, since automation is at its end."""

    reason: str
    page: bool = False


class NeedsApproval(NamedTuple):
    """A person must agree: anybody, or somebody `other_than` who asks for it."""

    reason: str
    other_than: str = ""


Ruling: TypeAlias = Allowed | Refused | NeedsApproval


def may_run(
    run: Run, history: History, policy: Policy, now: datetime, evidence: Evidence | None = None
) -> Ruling:
    """Whether a run may be started now.

    To be asked in one transaction with storing what `run.begin` makes of it, so that two who ask at
    once are not both told yes.

    Parameters
    ----------
    run
        That waits, or is due to be tried again.
    history
        All that was done.
    policy
        The limits.
    now
        The time.
    evidence
        The alert, as it was last evaluated; None where the run was asked for without one.
    """
    refused = _shut(run, history, policy)
    if refused is not None:
        return refused
    mode = policy.mode_of(run)
    if run.dry or mode is Mode.DRY_RUN:
        return Allowed(dry=True)
    busy = _busy(run, history, now)
    if busy is not None:
        return Refused(_why_busy(busy))
    if run.undo_of is not None:
        return _undo(run, history)
    again = run.state is RunState.RETRYING
    refused = _closed(policy, now) or _stale(run, evidence, now)
    if refused is None and not again:
        refused = _too_often(run, history, policy, now)
    if refused is not None:
        return refused
    return Allowed(by_itself=run.by_itself) if again else _ask(run, history, policy, now, evidence)


def _shut(run: Run, history: History, policy: Policy) -> Refused | None:
    """Why nothing at all may be done with a run; None where something may."""
    if not run.action or not run.target.strip() or not run.requested_by:
        return Refused("it is not known which action, on which target, for whom: no limit can hold")
    if policy.mode_of(run) is Mode.OFF:
        return Refused("actions are off; nothing runs until the mode is dry_run, approve or auto")
    if run.state not in {RunState.WAITING, RunState.RETRYING}:
        return Refused(f"run {run.number} is {run.state}")
    frozen = why_frozen(history, policy)
    if frozen is not None and not (run.undo_of is not None and frozen.by == SYSTEM):
        return Refused(f"actions are frozen: {frozen.reason}", page=frozen.by == SYSTEM)
    return None


def why_frozen(history: History, policy: Policy) -> Switch | None:
    """The switch that froze everything; None where nothing is frozen.

    Besides the switch that people throw there is one that throws itself: three runs that did not
    help within an hour, since a person last set actions free.
    """
    last = history.switches[-1] if history.switches else None
    if last is not None and last.frozen:
        return last
    since = None if last is None else last.at
    bad = sorted(
        run.decided_at
        for run in history.runs
        if run.counts
        and run.state is RunState.INEFFECTIVE
        and run.decided_at is not None
        and (since is None or run.decided_at > since)
    )
    for first, third in zip(bad, bad[policy.freeze_after - 1 :], strict=False):
        if third - first <= policy.freeze_span:
            span = policy.freeze_span.total_seconds() / 60
            reason = f"{policy.freeze_after} runs within {span:g} minutes did not help"
            return Switch(frozen=True, at=third, by=SYSTEM, reason=reason)
    return None


def left_to_people_until(history: History, target: str, policy: Policy) -> datetime | None:
    """Until when nothing runs by itself on a target, since two runs in a row did not help."""
    decided = decided_runs(history, target)
    if len(decided) < 2 or any(run.state is RunState.EFFECTIVE for run in decided[-2:]):
        return None
    at = decided[-1].decided_at
    return None if at is None else at + policy.auto_off


def decided_runs(history: History, target: str) -> list[Run]:
    """Runs on a target that have a verdict, in the order of their verdicts."""
    verdicts = {RunState.EFFECTIVE, RunState.INEFFECTIVE}
    found = [
        (run.decided_at, run.number, run)
        for run in history.runs
        if run.counts and run.target == target and run.state in verdicts and run.decided_at
    ]
    return [run for _, _, run in sorted(found, key=lambda item: item[:2])]


def _busy(run: Run, history: History, now: datetime) -> Run | None:
    """A run that holds the target; one that is unknown holds it until a person has settled it."""
    for other in history.runs:
        at_work = other.state.holds_target and not other.dry
        if at_work and other.number != run.number and other.target == run.target:
            unknown = other.state is RunState.UNKNOWN
            if unknown or other.run_by is None or now < other.run_by:
                return other
    return None


def _why_busy(busy: Run) -> str:
    if busy.state is RunState.UNKNOWN:
        return (
            f"nobody knows whether run {busy.number} on {busy.target} was done; look, and settle it"
        )
    return f"run {busy.number} is at work on {busy.target}; one at a time"


def _undo(run: Run, history: History) -> Ruling:
    """An undo needs no approval of its own: it was approved with what it takes back."""
    undone = next((other for other in history.runs if other.number == run.undo_of), None)
    if undone is None or not undone.counts or not undone.step.undo:
        return Refused("there is no run that it could take back")
    if any(other.undo_of == run.undo_of and other.started_at for other in history.runs):
        return Refused(f"run {run.undo_of} was taken back already")
    return Allowed(by_itself=run.requested_by == SYSTEM)


def _closed(policy: Policy, now: datetime) -> Refused | None:
    closed = closed_now(policy.closed, now)
    return None if closed is None else Refused(f"nothing is begun now: {closed.said}")


def _stale(run: Run, evidence: Evidence | None, now: datetime) -> Refused | None:
    """Why the reason for a run is no longer there; None where it is, or where it never had one."""
    if evidence is None:
        return Refused("it is not known whether the alert still fires") if run.alert else None
    if not evidence.firing:
        return Refused("the alert no longer fires; there is nothing to do")
    age = now - evidence.evaluated_at
    if age > EVIDENCE_WINDOWS * evidence.window:
        return Refused(
            f"the alert was last evaluated {age.total_seconds() / 60:.0f} minutes ago, which is "
            f"more than {EVIDENCE_WINDOWS} windows; it may be gone"
        )
    return None


def _too_often(run: Run, history: History, policy: Policy, now: datetime) -> Refused | None:
    """Which limit is reached; None where none is."""
    starts = [other for other in history.runs if other.started_at is not None and not other.dry]
    pair = [r for r in starts if r.counts and (r.action, r.target) == (run.action, run.target)]
    what = f"{run.action} on {run.target}"
    day = timedelta(hours=24)
    if _within(pair, now, day) >= policy.per_pair_daily:
        return Refused(f"{what} ran {policy.per_pair_daily} times in 24 hours", page=True)
    if _within(pair, now, policy.per_pair_span) >= policy.per_pair:
        minutes = policy.per_pair_span.total_seconds() / 60
        return Refused(f"{what} ran in the last {minutes:g} minutes")
    if _within(starts, now, policy.in_all_span) >= policy.in_all:
        return Refused(f"{policy.in_all} actions ran in the last hour", page=True)
    return None


def _within(runs: Iterable[Run], now: datetime, span: timedelta) -> int:
    """Runs that were started less than a span ago; those of the future count, clocks differ."""
    return sum(run.started_at is not None and now - run.started_at < span for run in runs)


def _ask(
    run: Run, history: History, policy: Policy, now: datetime, evidence: Evidence | None
) -> Ruling:
    """Whether those who must agree have."""
    if policy.mode_of(run) is Mode.AUTO:
        why_not = _why_not_by_itself(run, history, policy, now, evidence)
        if not why_not:
            return Allowed(by_itself=True)
    else:
        why_not = "a person must agree"
    valid = [a for a in run.approvals if now - a.at < APPROVAL_TTL]
    reason = _why_second(run, evidence)
    if reason:
        if any(approval.by != run.requested_by for approval in valid):
            return Allowed()
        return NeedsApproval(reason, other_than=run.requested_by)
    return Allowed() if valid else NeedsApproval(why_not)


def _why_second(run: Run, evidence: Evidence | None) -> str:
    """Why another person than who asks must agree; empty where anybody may."""
    if run.step.approval == "second":
        return "the step asks for a second person"
    if run.severity is not None and run.severity.major:
        return f"in a {run.severity} another person must agree"
    if not run.step.reversible:
        return "it cannot be taken back, so another person must agree"
    return "" if evidence is not None else "no alert asks for it, so another person must agree"


def _why_not_by_itself(
    run: Run, history: History, policy: Policy, now: datetime, evidence: Evidence | None
) -> str:
    """Why a run needs a person although its mode is auto; empty where it needs none."""
    if not run.step.reversible or not run.step.undo:
        return "only what is reversible and has an undo runs by itself"
    if run.step.approval == "second" or evidence is None:
        return _why_second(run, evidence)
    if run.severity is not None and run.severity.major and not policy.auto_when_major:
        return f"in a {run.severity} a person must agree"
    until = left_to_people_until(history, run.target, policy)
    if until is not None and now < until:
        return f"two runs in a row did not help {run.target}; people decide until {until:%H:%M} UTC"
    helped = sum(
        other.counts
        and other.state is RunState.EFFECTIVE
        and bool(other.approvals)
        and (other.runbook, other.step.id) == (run.runbook, run.step.id)
        for other in history.runs
    )
    if helped < policy.proven:
        return f"it has helped {helped} times after an approval; {policy.proven} are needed"
    return ""
