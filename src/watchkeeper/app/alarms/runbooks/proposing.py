"""What the runbook of an alert proposes once it fires: told on the timeline, or begun by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.runbooks.records import (
    PROPOSED,
    all_runs,
    audit,
    history_of,
    put_run,
    tell_incident,
)
from watchkeeper.app.alarms.runbooks.requests import WATCHKEEPER, new_run, shown_text
from watchkeeper.app.alarms.runbooks.shelf import RunbookShelf
from watchkeeper.app.alarms.runbooks.subjects import FoundAlert, Subject, Subjects
from watchkeeper.core.alert import fingerprint
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.incidents.incident import SYSTEM
from watchkeeper.incidents.runbooks.limits import (
    Allowed,
    NeedsApproval,
    Policy,
    Ruling,
    may_run,
)
from watchkeeper.incidents.runbooks.run import Run
from watchkeeper.incidents.runbooks.step import Step
from watchkeeper.monitors.instance import Instance
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

RUNBOOK = "runbook"
"""The annotation that names the runbook of a rule."""

STEP = "runbook_step"
"""The annotation that names the one step of it that is meant; all actions where it is absent."""


class Proposer:
    """Looks at alerts that begin to fire.

    Parameters
    ----------
    store
        What alarms remember.
    shelf, subjects
        The runbooks, and what they are about.
    """

    def __init__(self, store: AlarmStore, shelf: RunbookShelf, subjects: Subjects) -> None:
        self._store = store
        self._shelf = shelf
        self._subjects = subjects

    def step(self, policy: Policy, now: datetime) -> int:
        """Propose what alerts that fire anew ask for; how many there were."""
        held = {row.key: row.body for row in self._store.states(PROPOSED)}
        firing = dict(self._firing())
        for key in held.keys() - firing.keys():
            with self._store.work() as work:
                work.drop_state(PROPOSED, key)
        done = 0
        for key, one in firing.items():
            if held.get(key) != states.encode(one.fired_at):
                done += self._propose(key, one, policy, now)
        return done

    def _firing(self) -> Iterator[tuple[str, Instance]]:
        """Alerts of rules that fire and name a runbook."""
        rows = self._store.states(states.INSTANCE)
        for one in states.instances(row for row in rows if f'"{RUNBOOK}":' in row.body).values():
            if one.fires and one.annotations.get(RUNBOOK):
                yield fingerprint(one.labels), one

    def _propose(self, key: str, one: Instance, policy: Policy, now: datetime) -> int:
        """Propose the steps of one alert, or begin the first that may run by itself."""
        name = one.annotations[RUNBOOK]
        found = self._subjects.alert(key)
        subject = self._subjects.of_alert(found)
        evidence = self._subjects.evidence(key)
        mark = states.encode(one.fired_at)
        with self._store.work() as work:
            work.in_turn()
            rows = work.states(PROPOSED, keys=[key])
            if rows and rows[0].body == mark:
                return 0  # Another replica was quicker.
            work.put_state(StateRow(PROPOSED, key, mark), at=now)
            told: list[str] = []
            began: Run | None = None
            for step in self._steps(name, one):
                number = max((run.number for run in all_runs(work)), default=0) + 1
                try:
                    run = new_run(number, self._shelf, name, step, subject, by=SYSTEM, now=now)
                except WatchkeeperError as error:
                    told.append(f"{step.id}: {error}")
                    continue
                ruling = may_run(run, history_of(work), policy, now, evidence)
                if began is None and isinstance(ruling, Allowed) and ruling.by_itself:
                    began = run
                    self._begin(work, run, now)
                else:
                    told.append(f"{step.id} ({step.title}): {_why(ruling)}")
            if told:
                self._tell(work, name, subject, found, told, now)
        return 1

    def _steps(self, name: str, one: Instance) -> list[Step]:
        """The actions that an alert asks for; none where its runbook is not there."""
        try:
            steps = self._shelf.get(name).runbook.steps
        except WatchkeeperError:
            return []
        wanted = one.annotations.get(STEP, "")
        return [step for step in steps if step.action and wanted in {"", step.id}]

    @staticmethod
    def _begin(work: Work, run: Run, now: datetime) -> None:
        put_run(work, run, now, due=now)
        audit(work, at=now, who=SYSTEM, what="asked for", where=WATCHKEEPER, run=run)
        tell_incident(work, run, now, f"Begins by itself: {shown_text(run)}")

    @staticmethod
    def _tell(
        work: Work, name: str, subject: Subject, found: FoundAlert, told: list[str], now: datetime
    ) -> None:
        """One line on the timeline with all that may be run by hand."""
        lines = "; ".join(told)
        alert = found.labels.get("alertname", "")
        where = f"--incident {subject.incident}"
        text = (
            f"The runbook {name} of {alert} proposes {lines}. Run one with `watchkeeper runbooks "
            f"run {name} STEP {where}`"
        )
        dummy = msgspec.structs.replace(_NOBODY, incident=subject.incident)
        tell_incident(work, dummy, now, text, note=True)


_NOBODY = Run(
    number=0, runbook="", step=Step("", ""), settings={}, target="", action="", requested_by=SYSTEM,
    requested_at=datetime.fromisoformat("1970-01-01T00:00:00+00:00"),
)  # fmt: skip


def _why(ruling: Ruling) -> str:
    if isinstance(ruling, NeedsApproval):
        return ruling.reason
    if isinstance(ruling, Allowed):
        return "it may be run dry" if ruling.dry else "it may be run"
    return ruling.reason
