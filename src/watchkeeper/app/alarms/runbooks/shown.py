"""Runbooks, runs and what is allowed, as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from watchkeeper.app.alarms.runbooks.requests import WAITS
from watchkeeper.app.alarms.runbooks.shelf import Shelved
from watchkeeper.core.durations import format_duration
from watchkeeper.incidents.runbooks.automation import COUNTS, SPANS, Automation
from watchkeeper.incidents.runbooks.limits import Switch
from watchkeeper.incidents.runbooks.run import Run, RunState, next_deadline
from watchkeeper.incidents.runbooks.step import Step

Answer = dict[str, Any]


def runbook_shown(one: Shelved, *, whole: bool = False) -> Answer:
    """A runbook in short, or with its text and all of its steps."""
    runbook = one.runbook
    found: Answer = {
        "name": runbook.name, "title": runbook.title, "starter": one.set_at is None,
        "set_at": one.set_at, "who": one.who,
        "steps": [_step(step) for step in runbook.steps],
    }  # fmt: skip
    return found | {"text": runbook.text} if whole else found


def _step(step: Step) -> Answer:
    return {
        "id": step.id, "title": step.title,
        "kind": step.action.kind if step.action else "check",
        "does": _does(step),
        "target": step.target, "reversible": step.reversible, "idempotent": step.idempotent,
        "undo": step.undo or None, "approval": step.approval,
        "timeout": format_duration(step.timeout),
    }  # fmt: skip


def _does(step: Step) -> Mapping[str, Any]:
    """What a step looks at or does, as it stands in the file."""
    if step.action is not None:
        return step.action.settings
    check = step.check
    if check is None:
        return {}
    if check.http is not None:
        return {"http": msgspec.to_builtins(check.http)}
    window = format_duration(check.window) if check.window else None
    return {"condition": check.condition, "window": window}


def waits_for_approval(run: Run) -> bool:
    """Whether nothing becomes of a run until somebody agrees."""
    return run.state is RunState.WAITING and run.reason.startswith(WAITS)


def run_line(run: Run) -> Answer:
    """A run in short."""
    return {
        "number": run.number, "runbook": run.runbook, "step": run.step.id,
        "title": run.step.title, "kind": run.step.action.kind if run.step.action else "check",
        "target": run.target, "state": run.state.value, "dry_run": run.dry,
        "undo_of": run.undo_of, "by_itself": run.by_itself, "incident": run.incident,
        "alert": run.alert or None, "requested_by": run.requested_by,
        "requested_at": run.requested_at, "started_at": run.started_at,
        "decided_at": run.decided_at, "reason": run.reason or None,
        "status": run.result.status if run.result else None,
        "waits_for_approval": waits_for_approval(run),
    }  # fmt: skip


def run_shown(run: Run, audit: list[Answer]) -> Answer:
    """A run with what it came to, and all that was done with it."""
    result = run.result
    return {
        **run_line(run),
        "severity": run.severity.value if run.severity else None,
        "does": dict(run.settings) or _does(run.step),
        "approvals": [{"by": one.by, "at": one.at} for one in run.approvals],
        "attempt": run.attempt, "next_at": next_deadline(run), "verify_at": run.verify_at,
        "undo": run.step.undo or None,
        "result": None if result is None else {
            "status": result.status, "text": result.text, "exit": result.exit,
            "output_hash": result.output_hash or None,
        },
        "audit": audit,
    }  # fmt: skip


def automation_shown(automation: Automation, sentence: str, frozen: Switch | None) -> Answer:
    """What the operator allows, without where anything lies."""
    policy = automation.policy
    spans = {name: format_duration(getattr(policy, name)) for name in SPANS}
    return {
        "mode": policy.mode.value, "sentence": sentence,
        "exceptions": {name: mode.value for name, mode in policy.modes.items()},
        "limits": {
            **{name: getattr(policy, name) for name in COUNTS}, **spans,
            "auto_when_major": policy.auto_when_major,
        },
        "programs": list(automation.programs), "playbooks": list(automation.playbooks),
        "addresses": list(automation.addresses), "namespaces": list(automation.namespaces),
        "secrets": list(automation.secrets), "mlflow_url": automation.mlflow_url or None,
        "fallback": automation.fallback.url if automation.fallback else None,
        "rollback": automation.rollback, "slack": dict(automation.slack),
        "freezes": [one.said for one in policy.closed],
        "frozen": None if frozen is None else {
            "at": frozen.at, "by": frozen.by, "reason": frozen.reason,
        },
    }  # fmt: skip
