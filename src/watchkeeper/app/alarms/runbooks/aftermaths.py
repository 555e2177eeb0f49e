"""What follows from runs that did not help: taken back, frozen, a person told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.incident_records import (
    INCIDENT,
    Case,
    all_incidents,
    next_number,
)
from watchkeeper.app.alarms.incident_records import key_of as incident_key
from watchkeeper.app.alarms.incidents import OnCallShelf
from watchkeeper.app.alarms.keeper import read_routes, routes_text
from watchkeeper.app.alarms.paging import Reach, begin, remind
from watchkeeper.app.alarms.runbooks.records import (
    all_runs,
    audit,
    history_of,
    put_run,
    put_switch,
    tell_incident,
)
from watchkeeper.app.alarms.runbooks.requests import WATCHKEEPER, shown_text, undoing
from watchkeeper.incidents import lifecycle
from watchkeeper.incidents.incident import SYSTEM, EntryKind, Incident, Kind, Sev
from watchkeeper.incidents.runbooks.aftermath import (
    Consequence,
    Freeze,
    LeaveToPeople,
    Page,
    Undo,
    consequences,
)
from watchkeeper.incidents.runbooks.limits import Policy
from watchkeeper.incidents.runbooks.run import Run
from watchkeeper.store.catalogue.alarms import AlarmStore, Work

Reached = Callable[[], Reach]
"""Gives whom one can tell."""


def reach_of(store: AlarmStore, url: str) -> Reached:
    """Whom one can tell, by the files in force."""
    shelf = OnCallShelf(store)
    return lambda: Reach(read_routes(routes_text(store)), shelf.get(), url)


def follow(work: Work, run: Run, policy: Policy, reach: Reach, now: datetime) -> None:
    """Do what follows from the verdict of a run that has just been kept."""
    for one in consequences(run, history_of(work), policy):
        _do(work, run, one, reach, now)


def _do(work: Work, run: Run, one: Consequence, reach: Reach, now: datetime) -> None:
    match one:
        case Undo():
            number = max(other.number for other in all_runs(work)) + 1
            back = undoing(number, run, SYSTEM, now)
            put_run(work, back, now, due=now)
            _note(work, back, now, "asked for", f"Asked for {shown_text(back)}")
        case LeaveToPeople(target, until):
            text = f"Nothing runs by itself on {target} until {until:%Y-%m-%d %H:%M} UTC"
            _note(work, run, now, "left to people", text)
        case Freeze(switch):
            put_switch(work, switch)
            _note(work, run, now, "frozen", f"All actions are frozen: {switch.reason}")
        case Page(reason):
            page(work, run, reason, reach, now)


def _note(work: Work, run: Run, now: datetime, what: str, text: str) -> None:
    audit(work, at=now, who=SYSTEM, what=what, where=WATCHKEEPER, run=run, reason=text)
    tell_incident(work, run, now, text, note=True)


def page(work: Work, run: Run, reason: str, reach: Reach, now: datetime) -> None:
    """Tell a person: those of the run's incident; a new one is opened where it has none."""
    audit(work, at=now, who=SYSTEM, what="page", where=WATCHKEEPER, run=run, reason=reason)
    held = _incident(work, run)
    if held is not None and held.state.active:
        case = Case(work, held, now)
        told = remind(case, reach, reason)
        names = f"; told {', '.join(told)}" if told else ""
        case.say(EntryKind.NOTE, f"A person is needed: {reason}{names}")
        case.keep()
        return
    model = run.values.get("alert.labels.model", "")
    done = lifecycle.open_incident(
        next_number(all_incidents(work)),
        f"Runbooks need a person: {reason.partition(': ')[0]}", Sev.SEV2,
        Kind.SERVICE, now, models=[model] if model else [],
    )  # fmt: skip
    case = Case(work, done.incident, now, list(done.entries))
    case.say(EntryKind.NOTE, f"A person is needed: {reason}")
    begin(case, reach)
    case.keep()


def _incident(work: Work, run: Run) -> Incident | None:
    if run.incident is None:
        return None
    rows = work.states(INCIDENT, keys=[incident_key(run.incident)])
    return states.decode(rows[0], Incident) if rows else None
