"""What follows from a run that did not help."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeAlias

from watchkeeper.incidents.runbooks.limits import (
    History,
    Policy,
    Switch,
    decided_runs,
    left_to_people_until,
    why_frozen,
)
from watchkeeper.incidents.runbooks.run import Run, RunState


class Undo(NamedTuple):
    """The run is to be taken back."""

    number: int
    step: str


class LeaveToPeople(NamedTuple):
    """Nothing runs by itself on the target until then."""

    target: str
    until: datetime


class Freeze(NamedTuple):
    """Nothing runs at all any more, until a person sets it free; the switch is to be stored."""

    switch: Switch


class Page(NamedTuple):
    """A person is to be told."""

    reason: str


Consequence: TypeAlias = Undo | LeaveToPeople | Freeze | Page


def consequences(run: Run, history: History, policy: Policy) -> tuple[Consequence, ...]:
    """What follows from the verdict of a run; nothing where it helped.

    Two in a row that did not help on one target: the last is taken back where it can be, people
    decide on that target for a day, and one of them is paged. Three within an hour on any targets:
    everything is frozen. Of a run that nobody knows anything about a person is told, who looks.

    Parameters
    ----------
    run
        Which has just got its verdict.
    history
        With it in it.
    policy
        The limits.
    """
    if run.state is RunState.UNKNOWN:
        return (Page(_ask_to_look(run)),)
    if not run.counts or run.state is not RunState.INEFFECTIVE:
        return ()
    out: list[Consequence] = []
    decided = decided_runs(history, run.target)
    in_a_row = len(decided) >= 2 and all(r.state is RunState.INEFFECTIVE for r in decided[-2:])
    if in_a_row and decided[-1].number == run.number:
        if run.step.undo:
            out.append(Undo(run.number, run.step.undo))
        until = left_to_people_until(history, run.target, policy)
        if until is not None:
            out.append(LeaveToPeople(run.target, until))
        out.append(Page(f"{run.step.title} on {run.target} did not help, twice in a row"))
    frozen = why_frozen(history, policy)
    if frozen is not None and frozen not in history.switches:
        out += [Freeze(frozen), Page(f"all actions are frozen: {frozen.reason}")]
    return tuple(out)


def _ask_to_look(run: Run) -> str:
    on = f" on {run.target}" if run.target else ""
    return (
        f"nobody knows whether run {run.number} ({run.step.title}{on}) was done: look, then say "
        f"`watchkeeper runbooks settle {run.number} --done` or `--not-done`"
    )
