"""Runs as they are asked for: with a copy of what is to be done, and of what takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watchkeeper.app.alarms.runbooks.shelf import RunbookShelf
from watchkeeper.app.alarms.runbooks.subjects import Subject
from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.incidents.incident import SYSTEM
from watchkeeper.incidents.runbooks.limits import NeedsApproval
from watchkeeper.incidents.runbooks.run import Run
from watchkeeper.incidents.runbooks.step import BUILT_IN, Step
from watchkeeper.incidents.runbooks.variables import fill_step

LOCAL = "local"
"""Whoever sits at the machine of a server that has no API key."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for something, and from where.

    Attributes
    ----------
    name
        The name of the API key, or the user of a chat.
    where
        The address that the request came from, or the chat.
    shared
        Whether anybody who reaches the server has this name: there is no second person then.
    """

    name: str
    where: str = ""
    shared: bool = False

    def __post_init__(self) -> None:
        if self.name == SYSTEM:
            raise InputError(
                f"{SYSTEM!r} is the name of what nobody did by hand; make a key of another name"
            )


WATCHKEEPER = "the watch over alarms"
"""From where things are done that nobody asked for."""


def new_run(  # noqa: PLR0913  # each is a fact of the new run
    number: int,
    shelf: RunbookShelf,
    name: str,
    step: Step,
    subject: Subject,
    *,
    by: str,
    now: datetime,
    dry: bool = False,
) -> Run:
    """A run that waits.

    Raises
    ------
    InputError
        A variable has no value here, or one that may not stand where it is asked for.
    """
    settings, target = fill_step(step, subject.values)
    undo = None
    if step.undo and step.undo != BUILT_IN:
        undo = shelf.step(name, step.undo)
    return Run(
        number=number, runbook=name, step=step, settings=settings, target=target,
        action=step.action_key, requested_by=by, requested_at=now, incident=subject.incident,
        severity=subject.severity, alert=subject.alert, dry=dry, values=subject.values,
        undo_step=undo,
        undo_settings=fill_step(undo, subject.values)[0] if undo is not None else {},
    )  # fmt: skip


def undoing(number: int, undone: Run, by: str, now: datetime) -> Run:
    """A run that takes back another, with the copy that was made when that was asked for.

    Raises
    ------
    ConflictError
        Nothing takes it back.
    """
    if not undone.counts:
        raise ConflictError(f"run {undone.number} has done nothing that could be taken back")
    if not undone.step.undo:
        raise ConflictError(
            f"run {undone.number} cannot be taken back: the step {undone.step.id!r} has no `undo`"
        )
    step = undone.undo_step or undone.step
    settings = undone.undo_settings if undone.undo_step else undone.settings
    return Run(
        number=number, runbook=undone.runbook, step=step, settings=settings, target=undone.target,
        action=step.action_key, requested_by=by, requested_at=now, incident=undone.incident,
        severity=undone.severity, alert=undone.alert, undo_of=undone.number, values=undone.values,
    )  # fmt: skip


WAITS = "it waits for"
"""How the reason of a run begins that somebody must agree to."""


def waits_for(run: Run, ruling: NeedsApproval, *, shared: bool = False) -> str:
    """What a run waits for, in words."""
    if not ruling.other_than:
        return f"{WAITS} an approval: {ruling.reason}"
    text = f"{WAITS} the approval of somebody other than {run.requested_by}: {ruling.reason}"
    return f"{text}; {NO_SECOND}" if shared else text


NO_SECOND = (
    "this server has no users and no API keys, so everybody here is one and the same person and "
    "nobody can be the second: add each with `watchkeeper users add`"
)


def shown_text(run: Run) -> str:
    """A run in a few words.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> step = Step("restart", "Restart it")
    >>> shown_text(Run(number=3, runbook="late", step=step, settings={}, target="fares",
    ...     action="command x", requested_by="ann", requested_at=at))
    'run 3 (Restart it, on fares)'
    """
    what = f"{run.step.title}, on {run.target}" if run.target else run.step.title
    back = f"takes back run {run.undo_of}: " if run.undo_of is not None else ""
    dry = "dry run: " if run.dry else ""
    return f"run {run.number} ({dry}{back}{what})"
