"""An attempt at an action: made of what was approved, within what the operator allows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchkeeper.actions.remedies.base import Outcome, Remedy, outcome
from watchkeeper.actions.remedies.making import Tools, remedy_of
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.incidents.runbooks.addresses import why_not_allowed
from watchkeeper.incidents.runbooks.automation import Automation
from watchkeeper.incidents.runbooks.run import Result, Run
from watchkeeper.incidents.runbooks.step import Step

log = logging.getLogger("watchkeeper.runbooks")

Clock = Callable[[], datetime]


def remedy_for(
    step: Step, settings: Mapping[str, Any], automation: Automation, clock: Clock, *, key: str = ""
) -> Remedy:
    """The remedy of a step.

    Raises
    ------
    InputError
        The operator does not allow it, or its settings do not fit.
    """
    if step.action is None:
        raise InputError(f"the step {step.id!r} is a check; there is nothing to do")
    kind, held = step.action.kind, dict(settings)
    if kind == "fallback" and automation.fallback is not None:
        mine = automation.fallback
        held |= {"url": mine.url, "off_url": mine.off_url, "secret": mine.secret}
    elif why := why_not_allowed(kind, held, automation):
        raise InputError(why)
    tools = Tools(
        clock,
        programs=frozenset(automation.programs),
        playbooks=automation.playbooks,
        secrets=frozenset(automation.secrets) | _named(automation),
        mlflow_url=automation.mlflow_url,
    )
    timeout = min(step.timeout, automation.policy.longest)
    return remedy_of(kind, held, tools, timeout_s=timeout.total_seconds(), key=key)


def _named(automation: Automation) -> frozenset[str]:
    fallback = automation.fallback
    return frozenset({fallback.secret}) if fallback and fallback.secret else frozenset()


def attempt(run: Run, undone: Run | None, automation: Automation, clock: Clock) -> Outcome:
    """Do what a run says, once; whatever goes wrong is an outcome.

    Parameters
    ----------
    run
        Which has been begun.
    undone
        What it takes back; None where it takes back nothing.
    automation
        What the operator allows at this time.
    clock
        Gives the time.
    """
    try:
        key = f"run-{run.number}-{run.requested_at:%Y%m%d%H%M%S}"
        remedy = remedy_for(run.step, run.settings, automation, clock, key=key)
        if run.dry:
            return _with_deed(remedy, remedy.dry_run(run.values))
        if undone is not None and undone.undo_step is None:
            return remedy.undo(undone.memory)
        return remedy.run(run.values)
    except (WatchkeeperError, OSError) as error:
        return outcome("failed", str(error))
    except Exception as error:  # A remedy must not end the process that watches over models.
        log.exception("run %s", run.number)
        return outcome("failed", f"unexpected {type(error).__name__}: {error}")


def _with_deed(remedy: Remedy, done: Outcome) -> Outcome:
    """What a dry run found, below what would be done where it does not say so itself."""
    if done.text.startswith("would "):
        return done
    return replace(done, text=f"would: {remedy.describe()}\n{done.text}".strip())


def result_of(done: Outcome) -> Result:
    """An outcome as a run keeps it."""
    return Result(done.status, done.text, done.output_hash, done.exit)
