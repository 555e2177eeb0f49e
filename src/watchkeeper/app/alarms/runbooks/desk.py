"""What people ask of runbooks: which there are, to run a step, to approve, refuse or undo a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.doing import remedy_for
from watchkeeper.app.alarms.runbooks.measuring import Around, find_out
from watchkeeper.app.alarms.runbooks.records import (
    all_runs,
    audit,
    audit_of,
    history_of,
    put_run,
    put_switch,
    run_of,
    tell_incident,
)
from watchkeeper.app.alarms.runbooks.requests import (
    NO_SECOND,
    Asker,
    new_run,
    shown_text,
    undoing,
    waits_for,
)
from watchkeeper.app.alarms.runbooks.shelf import RUNBOOKS, RunbookShelf, read_own
from watchkeeper.app.alarms.runbooks.shown import (
    automation_shown,
    run_line,
    run_shown,
    runbook_shown,
)
from watchkeeper.app.alarms.runbooks.subjects import About, Subject, Subjects
from watchkeeper.app.alarms.shown import check_name
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError
from watchkeeper.incidents.runbooks.limits import (
    Evidence,
    NeedsApproval,
    Refused,
    Ruling,
    Switch,
    may_run,
    why_frozen,
)
from watchkeeper.incidents.runbooks.run import Run, RunState, approve, refuse, settle
from watchkeeper.incidents.runbooks.step import Step
from watchkeeper.incidents.runbooks.variables import fill_text
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow, Work

Answer = dict[str, Any]


class RunbookDesk:
    """The use cases of runbooks over the store of alarms.

    Parameters
    ----------
    store
        What alarms remember.
    around
        What checks are evaluated in, by the model's name.
    clock
        Gives the time.
    automation
        What the operator allows.
    """

    def __init__(
        self,
        store: AlarmStore,
        *,
        around: Around,
        clock: Callable[[], datetime],
        automation: AutomationFile,
    ) -> None:
        self._store = store
        self._around = around
        self._clock = clock
        self._allowed = automation
        self._shelf = RunbookShelf(store)
        self._subjects = Subjects(store, clock)

    # ---- runbooks ----------------------------------------------------------------------------

    def runbooks(self) -> list[Answer]:
        """Every runbook in short, by name."""
        return [runbook_shown(one) for one in self._shelf.all()]

    def runbook(self, name: str) -> Answer:
        """A runbook with its text and its steps."""
        return runbook_shown(self._shelf.get(name), whole=True)

    def check(self, text: str, *, name: str = "runbook") -> Answer:
        """What is in a runbook.

        Raises
        ------
        InputError
            It cannot be used; the error says everything that is wrong.
        """
        found = read_own(text, name)
        return {"title": found.title, "steps": [step.id for step in found.steps]}

    def put(self, name: str, text: str, who: Asker) -> Answer:
        """Keep a runbook in the place of an earlier one of its name, or of a starter one."""
        check_name(name)
        told = self.check(text, name=name)
        held = {row.name: row.text for row in self._store.files(RUNBOOKS)}
        outcome = (
            "unchanged" if held.get(name) == text else "changed" if name in held else "created"
        )
        if outcome != "unchanged":
            now = self._clock()
            with self._store.work() as work:
                work.put_file(FileRow(RUNBOOKS, name, text, now, who.name))
                audit(work, at=now, who=who.name, what=f"runbook {outcome}", where=who.where,
                      runbook=name)  # fmt: skip
        return {"name": name, "outcome": outcome, **told}

    def remove(self, name: str, who: Asker) -> Answer:
        """Forget a runbook of one's own; a starter one of its name is there again."""
        now = self._clock()
        with self._store.work() as work:
            if not work.drop_file(RUNBOOKS, name):
                raise NotFoundError(
                    f"no runbook {name!r} was applied; starter runbooks cannot be removed"
                )
            audit(work, at=now, who=who.name, what="runbook removed", where=who.where,
                  runbook=name)  # fmt: skip
        return {"name": name, "outcome": "removed"}

    # ---- runs --------------------------------------------------------------------------------

    def runs(self, *, state: str | None = None, limit: int = 100) -> list[Answer]:
        """Runs, the newest first."""
        found = [run for run in all_runs(self._store) if state is None or run.state.value == state]
        return [run_line(run) for run in reversed(found[-limit:])]

    def run(self, number: int) -> Answer:
        """A run with what it came to, and all that was done with it."""
        return run_shown(run_of(self._store, number), audit_of(self._store, number))

    def ask(self, name: str, step: str, about: About, who: Asker, *, dry: bool = False) -> Answer:
        """Ask for a step to be run: a check is looked at now, an action as soon as it may.

        Parameters
        ----------
        name, step
            The runbook, and the step in it.
        about
            What it is for.
        who
            Who asks.
        dry
            Whether it is only to be shown what it would do.

        Raises
        ------
        NotFoundError, InputError, ConflictError
            There is no such thing; a value is missing or the operator does not allow it; a limit
            says no.
        """
        held, subject = self._shelf.step(name, step), self._subjects.subject(about)
        if held.check is not None:
            return self._look(name, held, subject, who)
        allowed = self._allowed.get()
        if allowed.automation.is_off:
            raise ConflictError(self._allowed.sentence())
        now = self._clock()
        run = new_run(0, self._shelf, name, held, subject, by=who.name, now=now, dry=dry)
        remedy_for(run.step, run.settings, allowed.automation, self._clock)
        run, ruling = self._place(run, who)
        return self._answer(run, ruling)

    def approve(self, number: int, who: Asker) -> Answer:
        """Agree to a run; it starts once those who must have agreed."""
        evidence = self._evidence(run_of(self._store, number))
        now = self._clock()
        with self._store.work() as work:
            work.in_turn()
            run = approve(run_of(work, number), who.name, now)
            ruling = self._ruling(work, run, now, evidence)
            if not isinstance(ruling, Refused | NeedsApproval):
                run = msgspec.structs.replace(run, reason="")
                put_run(work, run, now, due=now)
                audit(work, at=now, who=who.name, what="approved", where=who.where, run=run)
                tell_incident(work, run, now, f"Approved {shown_text(run)}", actor=who.name)
        if isinstance(ruling, Refused):
            raise ConflictError(ruling.reason)
        if isinstance(ruling, NeedsApproval):
            text = f"{who.name} cannot approve run {number}: {ruling.reason}"
            raise ConflictError(f"{text}; {NO_SECOND}" if who.shared else text)
        return self.run(number)

    def refuse(self, number: int, who: Asker, reason: str = "") -> Answer:
        """Say no to a run that waits."""
        now = self._clock()
        told = f"refused by {who.name}" + (f": {reason.strip()}" if reason.strip() else "")
        with self._store.work() as work:
            work.in_turn()
            held = run_of(work, number)
            if held.state is RunState.RETRYING:
                raise ConflictError(f"run {number} has begun and can no longer be refused")
            run = refuse(held, now, told)
            put_run(work, run, now)
            audit(work, at=now, who=who.name, what="refused", where=who.where, run=run,
                  reason=reason.strip())  # fmt: skip
            tell_incident(work, run, now, f"{shown_text(run)} was {told}", actor=who.name)
        return self.run(number)

    def settle(self, number: int, who: Asker, *, done: bool) -> Answer:
        """Say what one has found of a run of which nobody knew whether it was done."""
        now = self._clock()
        with self._store.work() as work:
            run = settle(run_of(work, number), now, done=done, by=who.name)
            put_run(work, run, now)
            audit(work, at=now, who=who.name, what="settled", where=who.where, run=run,
                  reason=run.reason)  # fmt: skip
            tell_incident(work, run, now, f"{shown_text(run)}: {run.reason}", actor=who.name)
        return self.run(number)

    def undo(self, number: int, who: Asker) -> Answer:
        """Take a run back; that was approved with the run itself."""
        run = undoing(0, run_of(self._store, number), who.name, self._clock())
        if self._allowed.get().automation.is_off:
            raise ConflictError(self._allowed.sentence())
        run, ruling = self._place(run, who)
        return self._answer(run, ruling)

    # ---- what is allowed ---------------------------------------------------------------------

    def automation(self) -> Answer:
        """What the operator allows, and whether everything is frozen."""
        allowed = self._allowed.get()
        frozen = why_frozen(history_of(self._store), allowed.automation.policy)
        return automation_shown(allowed.automation, self._allowed.sentence(), frozen)

    def from_slack(self, user: str) -> Asker:
        """Who a user of Slack is here.

        Raises
        ------
        ConflictError
            The operator does not let them ask for runs.
        """
        name = self._allowed.get().automation.slack.get(user)
        if name is None:
            raise ConflictError(
                f"the Slack user {user} may not run anything here; the operator of the server adds "
                f"`{user}: NAME` under `slack` in automation.yaml"
            )
        return Asker(name, f"slack:{user}")

    def rollback_step(self) -> tuple[str, str]:
        """The runbook and the step that take a model back."""
        runbook, _, step = self._allowed.get().automation.rollback.partition("/")
        return runbook, step

    def freeze(self, reason: str, who: Asker) -> Answer:
        """Nothing runs any more until somebody sets it free."""
        if not reason.strip():
            raise InputError("say why everything is frozen, as `reason`")
        self._switch(Switch(frozen=True, at=self._clock(), by=who.name, reason=reason.strip()), who)
        return self.automation()

    def unfreeze(self, who: Asker) -> Answer:
        """What is allowed may run again."""
        self._switch(Switch(frozen=False, at=self._clock(), by=who.name), who)
        return self.automation()

    def _switch(self, switch: Switch, who: Asker) -> None:
        what = "frozen" if switch.frozen else "unfrozen"
        with self._store.work() as work:
            work.in_turn()
            put_switch(work, switch)
            audit(work, at=switch.at, who=who.name, what=what, where=who.where,
                  reason=switch.reason)  # fmt: skip

    # ---- the parts of a request --------------------------------------------------------------

    def _look(self, name: str, step: Step, subject: Subject, who: Asker) -> Answer:
        """Look at a check, and keep what was found."""
        assert step.check is not None  # noqa: S101  # the caller has looked
        values = dict(subject.values)
        for key, template in step.variables.items():
            values[f"vars.{key}"] = fill_text(template, subject.values, "variables")
        automation = self._allowed.get().automation
        found = find_out(step.check, values, self._around, automation, self._clock())
        now = self._clock()
        run = Run(
            number=0, runbook=name, step=step, settings={}, action="check",
            target=values.get("alert.labels.model", ""), requested_by=who.name, requested_at=now,
            incident=subject.incident, severity=subject.severity, alert=subject.alert,
            state=RunState.DONE, decided_at=now, result=found, values=subject.values,
        )  # fmt: skip
        with self._store.work() as work:
            work.in_turn()
            run = _numbered(work, run)
            put_run(work, run, now)
            audit(work, at=now, who=who.name, what="looked", where=who.where, run=run,
                  found=found.text)  # fmt: skip
            tell_incident(work, run, now, f"{step.title}: {found.text}", actor=who.name)
        return self.run(run.number)

    def _place(self, run: Run, who: Asker) -> tuple[Run, Ruling]:
        """Keep a request, unless a limit says no."""
        evidence, now = self._evidence(run), run.requested_at
        with self._store.work() as work:
            work.in_turn()
            run = _numbered(work, run)
            ruling = self._ruling(work, run, now, evidence)
            if isinstance(ruling, Refused):
                audit(work, at=now, who=who.name, what="not allowed", where=who.where,
                      run=_replaced(run, 0), reason=ruling.reason)  # fmt: skip
                return run, ruling
            waits = isinstance(ruling, NeedsApproval)
            if isinstance(ruling, NeedsApproval):
                run = _replaced(run, run.number, waits_for(run, ruling, shared=who.shared))
            put_run(work, run, now, due=None if waits else now)
            audit(work, at=now, who=who.name, what="asked for", where=who.where, run=run)
            tell_incident(work, run, now, f"Asked for {shown_text(run)}", actor=who.name)
        return run, ruling

    def _answer(self, run: Run, ruling: Ruling) -> Answer:
        if isinstance(ruling, Refused):
            raise ConflictError(ruling.reason)
        return self.run(run.number)

    def _evidence(self, run: Run) -> Evidence | None:
        return self._subjects.evidence(run.alert)

    def _ruling(self, work: Work, run: Run, now: datetime, evidence: Evidence | None) -> Ruling:
        policy = self._allowed.get().automation.policy
        return may_run(run, history_of(work), policy, now, evidence)


def _numbered(work: Work, run: Run) -> Run:
    """A run with the next number; to be asked in a transaction that has waited for its turn."""
    last = max((one.number for one in all_runs(work)), default=0)
    return _replaced(run, last + 1)


def _replaced(run: Run, number: int, reason: str = "") -> Run:
    return msgspec.structs.replace(run, number=number, reason=reason or run.reason)
