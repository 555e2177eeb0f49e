"""How runs lie in the store of alarms: a state each, and a line of the audit for all that happens.

Lines of the audit are only ever added; nothing here changes or drops one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.incident_records import INCIDENT, Case
from watchkeeper.app.alarms.incident_records import key_of as incident_key
from watchkeeper.core.errors import NotFoundError
from watchkeeper.incidents import events
from watchkeeper.incidents.incident import SYSTEM, Incident
from watchkeeper.incidents.runbooks.limits import History, Switch
from watchkeeper.incidents.runbooks.run import Run, next_deadline
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

RUN: Final = "run"
"""A run, under its number; due when it is to be looked at."""

SWITCH: Final = "run_switch"
"""That everything was frozen, or set free again, in order."""

PROPOSED: Final = "run_proposed"
"""That the runbook of an alert was looked at, under its fingerprint."""


def key_of(number: int) -> str:
    """The key of a run, in the order of numbers.

    >>> key_of(7)
    '000000007'
    """
    return f"{number:09d}"


def all_runs(store: AlarmStore | Work) -> list[Run]:
    """Every run, by number."""
    return [_decoded(row.body) for row in store.states(RUN)]


@lru_cache(maxsize=8192)
def _decoded(body: str) -> Run:
    """A run of its row; limits look at all of them again and again, and few have changed."""
    return states.decode(StateRow(RUN, "", body), Run)


def forget_looks(work: Work, before: datetime) -> int:
    """Forget what only looked, checks and dry runs, from before a time; how many there were.

    The audit keeps what was done. The last run stays, so that no number is given twice.
    """
    old = [
        run
        for run in all_runs(work)[:-1]
        if (run.dry or run.step.check is not None)
        and run.decided_at is not None
        and run.decided_at < before
    ]
    for run in old:
        work.drop_state(RUN, key_of(run.number))
    return len(old)


def run_of(store: AlarmStore | Work, number: int) -> Run:
    """The run of a number.

    Raises
    ------
    NotFoundError
        There is none.
    """
    found = store.states(RUN, keys=[key_of(number)])
    if not found:
        raise NotFoundError(
            f"there is no run {number}; `watchkeeper runbooks runs` lists what there is"
        )
    return states.decode(found[0], Run)


def history_of(store: AlarmStore | Work) -> History:
    """All that was done, as limits count it."""
    switches = tuple(states.decode(row, Switch) for row in store.states(SWITCH))
    return History(tuple(all_runs(store)), switches)


def put_run(work: Work, run: Run, at: datetime, *, due: datetime | None = None) -> None:
    """Keep a run; it is looked at when it is due, by default at its next deadline."""
    if due is None:
        due = next_deadline(run)
    work.put_state(StateRow(RUN, key_of(run.number), states.encode(run), due), at=at)


def put_switch(work: Work, switch: Switch) -> None:
    """Keep that everything was frozen or set free."""
    number = len(work.states(SWITCH)) + 1
    work.put_state(StateRow(SWITCH, key_of(number), states.encode(switch)), at=switch.at)


def audit(
    work: Work,
    *,
    at: datetime,
    who: str,
    what: str,
    where: str,
    run: Run | None = None,
    **more: Any,
) -> None:
    """Add a line to the audit.

    Parameters
    ----------
    work
        The transaction in which it happens.
    at, who, what, where
        When, who, which deed in a word, and from which place.
    run
        Which run it is about.
    more
        What else is to be known; what is None or empty is left out.
    """
    told = {"who": who, "what": what, "where": where, **_facts(run), **more}
    body = {name: value for name, value in told.items() if value is not None and value != ""}
    subject = f"run {run.number}" if run is not None and run.number else "runbooks"
    work.add_history(
        at=at, kind=states.AUDIT, subject=subject, body=states.encode(body),
        model=run.values.get("alert.labels.model", "") if run is not None else "",
    )  # fmt: skip


def _facts(run: Run | None) -> Mapping[str, Any]:
    """What a line of the audit says of a run: what was done, never a secret."""
    if run is None:
        return {}
    facts: dict[str, Any] = {
        "run": run.number or None, "runbook": run.runbook, "step": run.step.id,
        "target": run.target, "action": run.action, "state": run.state.value,
        "incident": run.incident, "alert": run.alert, "undo_of": run.undo_of,
        "dry_run": run.dry or None,
    }  # fmt: skip
    if run.result is not None:
        facts |= {
            "status": run.result.status, "exit": run.result.exit,
            "output_hash": run.result.output_hash,
        }  # fmt: skip
    return facts


def audit_of(store: AlarmStore, number: int) -> list[dict[str, Any]]:
    """The lines of the audit about a run, in order."""
    rows = store.history(kinds=[states.AUDIT], subject=f"run {number}", limit=1000)
    return [{"at": row.at, **msgspec.json.decode(row.body)} for row in reversed(rows)]


def tell_incident(
    work: Work, run: Run, at: datetime, text: str, *, actor: str = SYSTEM, note: bool = False
) -> None:
    """Write a line on the timeline of a run's incident, where it has one."""
    if run.incident is None:
        return
    rows = work.states(INCIDENT, keys=[incident_key(run.incident)])
    if not rows:
        return
    case = Case(work, states.decode(rows[0], Incident), at)
    data = {"run": run.number, "runbook": run.runbook, "step": run.step.id}
    case.apply(events.Note(text) if note else events.Action(text, data=data), actor)
    case.keep()
