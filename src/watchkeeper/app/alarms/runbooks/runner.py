"""What does runs: takes requests up, starts what is allowed, and finds what a crash has left.

A run is written as running before anything is done, with who does it and the time by which it must
be over. Where that process is gone, or the time is over without a word, nobody knows whether it was
done: it is not done again, and a person is asked to look. So nothing is done twice, whatever ends
and whoever else works on the same store. The deeds are in threads: neither the evaluation of rules
nor another run waits for one that takes minutes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from watchkeeper.actions.remedies.base import Outcome
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.runbooks.aftermaths import Reached, follow, page
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.doing import Clock, attempt, result_of
from watchkeeper.app.alarms.runbooks.measuring import Around, reading_of
from watchkeeper.app.alarms.runbooks.proposing import Proposer
from watchkeeper.app.alarms.runbooks.records import (
    RUN,
    audit,
    forget_looks,
    history_of,
    key_of,
    put_run,
    run_of,
    tell_incident,
)
from watchkeeper.app.alarms.runbooks.requests import WATCHKEEPER, shown_text, waits_for
from watchkeeper.app.alarms.runbooks.shelf import RunbookShelf
from watchkeeper.app.alarms.runbooks.subjects import Subjects
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.incidents.incident import SYSTEM
from watchkeeper.incidents.runbooks.automation import Automation
from watchkeeper.incidents.runbooks.limits import (
    Allowed,
    Evidence,
    NeedsApproval,
    Refused,
    may_run,
)
from watchkeeper.incidents.runbooks.run import (
    Reading,
    Run,
    RunState,
    begin,
    finish,
    lose,
    refuse,
    tick,
    verify,
)
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work
from watchkeeper.store.catalogue.leases import Leases

EVERY_S = 0.5
"""How often requests are looked for."""

PROPOSE_S = 5.0
"""How often alerts are looked at that begin to fire."""

FORGET_S = 3600.0
"""How often old checks and dry runs are forgotten."""

KEPT = timedelta(days=30)
"""For how long those are kept."""

AT_ONCE = 4
"""So many deeds are done at once; others wait."""

AGAIN = timedelta(seconds=10)
"""After so long an effect is looked at again that could not be measured."""

GRACE = timedelta(seconds=15)
"""A program that is stopped takes a moment to end, and then says why itself."""

WATCH = timedelta(seconds=5)
"""How often it is looked at whether the process that is at work on a run is still there."""

Deed = Callable[[Run, Run | None, Automation, Clock], Outcome]
"""Does what a run says, once; given what it takes back, what is allowed, and the time."""

_ENDING_S = 10.0
log = logging.getLogger("watchkeeper.runbooks")


class Runner:
    """Does runs, beside others that work on the same store.

    Parameters
    ----------
    store
        What alarms remember.
    around
        What effects are measured in, by the model's name.
    clock
        Gives the time.
    automation
        What the operator allows.
    reach
        Gives whom one can tell.
    leases
        Say which processes are there; one that the others do not see begins nothing.
    deed
        Makes one attempt.
    """

    def __init__(  # noqa: PLR0913  # what it works with
        self,
        store: AlarmStore,
        *,
        around: Around,
        clock: Clock,
        automation: AutomationFile,
        reach: Reached,
        leases: Leases,
        deed: Deed = attempt,
    ) -> None:
        self._store = store
        self._deed = deed
        self._around = around
        self._clock = clock
        self._allowed = automation
        self._reach = reach
        self._leases = leases
        self._subjects = Subjects(store, clock)
        self._proposer = Proposer(store, RunbookShelf(store), self._subjects)
        self._lock = threading.Lock()
        self._going: dict[int, threading.Thread] = {}
        self._done: dict[int, tuple[Run, Outcome | None]] = {}
        self._proposed = float("-inf")
        self._forgot = float("-inf")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # ---- its own thread ----------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look for requests, twice a second."""
        self._thread = threading.Thread(target=self._work, name="watchkeeper-runs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take nothing up any more, and wait a little for what is being done.

        What takes longer is found by its deadline when the next one starts.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_ENDING_S)
        self.settle(_ENDING_S)

    def settle(self, seconds: float) -> None:
        """Wait for what is being done, and keep what came of it."""
        until = time.monotonic() + seconds
        for thread in list(self._going.values()):
            thread.join(max(0.0, until - time.monotonic()))
        try:
            self._collect()
        except WatchkeeperError as error:
            log.warning("what became of a run is not kept: %s", error)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.step()
            except (WatchkeeperError, OSError) as error:
                log.error("runbooks: %s", error)  # noqa: TRY400  # a sentence, not a defect of ours
                self._stop.wait(1.0)
            except Exception:  # What is wrong with one run must not end the others.
                log.exception("runbooks")
                self._stop.wait(5.0)
            self._stop.wait(EVERY_S)

    # ---- steps -------------------------------------------------------------------------------

    def step(self) -> int:
        """Do what is due; the pieces of work done."""
        done = self._collect()
        automation = self._allowed.get().automation
        done += self._propose(automation)
        self._forget()
        for row in self._store.due(RUN, self._clock()):
            done += self._look(row, automation)
        return done

    def _propose(self, automation: Automation) -> int:
        if automation.is_off or time.monotonic() - self._proposed < PROPOSE_S:
            return 0
        self._proposed = time.monotonic()
        return self._proposer.step(automation.policy, self._clock())

    def _forget(self) -> None:
        """Forget what only looked, once it is old; each hour."""
        if time.monotonic() - self._forgot < FORGET_S:
            return
        self._forgot = time.monotonic()
        with self._store.work() as work:
            forget_looks(work, self._clock() - KEPT)

    def _look(self, row: StateRow, automation: Automation) -> int:
        """Look at a run that is due, unless somebody else has meanwhile."""
        run = states.decode(row, Run)
        if self._is_going(run.number) or (_wants_a_thread(run) and self._is_full()):
            return 0
        evidence = self._subjects.evidence(run.alert)
        window = self._subjects.window(run.alert)
        reading = self._reading(run)
        with self._store.work() as work:
            work.in_turn()
            rows = work.states(RUN, keys=[row.key])
            if not rows or rows[0].body != row.body:
                return 0
            if _wants_a_thread(run) and not self._leases.lives(work, self._leases.name):
                return 0
            now = self._clock()
            after = self._next(work, run, automation, now, evidence, window, reading)
            undone = _undone(work, after)
        if after.state is RunState.RUNNING and after.attempt != run.attempt:
            self._begin(after, undone, automation)
        return 1

    def _next(  # noqa: PLR0913, PLR0917  # what is known of the run
        self, work: Work, run: Run, automation: Automation, now: datetime,
        evidence: Evidence | None, window: timedelta, reading: Reading | None,
    ) -> Run:  # fmt: skip
        """What becomes of a run now, kept in the transaction."""
        if run.state is RunState.RUNNING:
            return self._watch(work, run, automation, now)
        after = tick(run, now)
        if after is run and run.state is RunState.VERIFYING and reading is not None:
            after = verify(run, reading, now)
        if after is run and run.state in {RunState.WAITING, RunState.RETRYING}:
            return self._try(work, run, automation, now, evidence, window)
        if after is run:  # It cannot be measured now.
            put_run(work, run, now, due=now + AGAIN)
            return run
        self._decided(work, after, automation, now)
        return after

    def _watch(self, work: Work, run: Run, automation: Automation, now: datetime) -> Run:
        """What becomes of a run that another process has begun, or this one before a restart."""
        in_time = run.step_by is not None and now < run.step_by + GRACE
        if in_time and self._leases.lives(work, run.holder):
            put_run(work, run, now, due=now + WATCH)
            return run
        after = lose(run, now)
        self._decided(work, after, automation, now)
        return after

    def _try(  # what is known of the run
        self, work: Work, run: Run, automation: Automation, now: datetime,
        evidence: Evidence | None, window: timedelta,
    ) -> Run:  # fmt: skip
        """Begin a run that waits, if it may be."""
        ruling = may_run(run, history_of(work), automation.policy, now, evidence)
        if isinstance(ruling, NeedsApproval):
            after = msgspec.structs.replace(run, reason=run.reason or waits_for(run, ruling))
            put_run(work, after, now)
            return after
        if isinstance(ruling, Refused):
            after = refuse(run, now, ruling.reason)
            put_run(work, after, now)
            _note(work, after, now, "not allowed", f"{shown_text(run)} is refused: {ruling.reason}")
            if ruling.page and run.requested_by == SYSTEM:
                page(work, after, ruling.reason, self._reach(), now)
            return after
        return _begun(work, run, ruling, now, window, self._leases.name)

    def _decided(self, work: Work, run: Run, automation: Automation, now: datetime) -> None:
        """Keep what became of a run, say so, and do what follows."""
        put_run(work, run, now)
        said = run.result.text.strip().splitlines()[-1:] if run.result else []
        more = f": {said[0][:200]}" if said and run.state is not RunState.EFFECTIVE else ""
        _note(work, run, now, run.state.value, f"{shown_text(run)} is {run.state.value}{more}")
        if run.state in {RunState.INEFFECTIVE, RunState.UNKNOWN}:
            follow(work, run, automation.policy, self._reach(), now)

    # ---- deeds -------------------------------------------------------------------------------

    def _begin(self, run: Run, undone: Run | None, automation: Automation) -> None:
        """Do what a run says, in a thread."""

        def work() -> None:
            """Do it unless it was given up meanwhile; leave what came of it to be kept."""
            done = None
            if self._is_ours(run):
                done = self._deed(run, undone, automation, self._clock)
            with self._lock:
                self._done[run.number] = run, done

        thread = threading.Thread(target=work, name=f"run-{run.number}", daemon=True)
        with self._lock:
            self._going[run.number] = thread
        thread.start()

    def _is_ours(self, run: Run) -> bool:
        """Whether a run is still as it was begun: a machine that slept may be told otherwise."""
        try:
            held = run_of(self._store, run.number)
        except WatchkeeperError:
            return False
        return held.state is RunState.RUNNING and held.attempt == run.attempt

    def _collect(self) -> int:
        """Keep what came of deeds that are done."""
        with self._lock:
            finished = dict(self._done)
        for number, (run, done) in finished.items():
            if done is not None:
                self._finish(run, done)
            with self._lock:
                self._done.pop(number, None)
                self._going.pop(number, None)
        return len(finished)

    def _finish(self, run: Run, done: Outcome) -> None:
        automation = self._allowed.get().automation
        with self._store.work() as work:
            work.in_turn()
            held, now = run_of(work, run.number), self._clock()
            awaited = held.state in {RunState.RUNNING, RunState.UNKNOWN}
            if not awaited or held.attempt != run.attempt:
                told = msgspec.structs.replace(held, result=result_of(done))
                _note(work, told, now, "came too late", f"{shown_text(run)}: {done.status}, late")
                return
            after = finish(held, result_of(done), now, done.memory)
            self._decided(work, after, automation, now)

    def _is_going(self, number: int) -> bool:
        with self._lock:
            return number in self._going

    def _is_full(self) -> bool:
        with self._lock:
            return len(self._going) >= AT_ONCE

    def _reading(self, run: Run) -> Reading | None:
        """Whether a run has helped; None where it is not to be looked at, or cannot be now."""
        now = self._clock()
        if run.state is not RunState.VERIFYING or run.verify_at is None or now < run.verify_at:
            return None
        done_at = run.verify_at - run.window
        try:
            return reading_of(self._subjects, self._around, run.alert, done_at, now)
        except WatchkeeperError as error:
            log.warning("run %s cannot be measured yet: %s", run.number, error)
            return None


def _begun(
    work: Work, run: Run, ruling: Allowed, now: datetime, window: timedelta, holder: str
) -> Run:
    """Keep that a run is at work, before it is."""
    after = begin(
        run, now, window=window, dry=ruling.dry, by_itself=ruling.by_itself, holder=holder
    )
    put_run(work, after, now, due=now + WATCH)
    what = "started" if after.attempt == 1 else f"tried again ({after.attempt})"
    _note(work, after, now, what, f"{shown_text(after)} was {what}")
    return after


def _note(work: Work, run: Run, now: datetime, what: str, text: str) -> None:
    audit(work, at=now, who=SYSTEM, what=what, where=WATCHKEEPER, run=run, reason=run.reason)
    tell_incident(work, run, now, text)


def _wants_a_thread(run: Run) -> bool:
    return run.state in {RunState.WAITING, RunState.RETRYING}


def _undone(work: Work, run: Run) -> Run | None:
    """The run that a run takes back."""
    if run.undo_of is None:
        return None
    rows = work.states(RUN, keys=[key_of(run.undo_of)])
    return states.decode(rows[0], Run) if rows else None
