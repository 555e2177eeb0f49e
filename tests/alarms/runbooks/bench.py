"""Runbooks over a store of their own, at a time that stands still until it is moved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.alarms.runbooks.texts import command, late, restart, step, stop
from watchkeeper.actions.remedies.base import Outcome
from watchkeeper.alerts.config import default_config
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.paging import Reach
from watchkeeper.app.alarms.rule_book import RULES, Key
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.desk import RunbookDesk
from watchkeeper.app.alarms.runbooks.requests import Asker
from watchkeeper.app.alarms.runbooks.runner import Runner
from watchkeeper.app.alarms.runbooks.subjects import About
from watchkeeper.core.alert import fingerprint
from watchkeeper.core.errors import NotFoundError
from watchkeeper.incidents.runbooks.automation import Automation
from watchkeeper.incidents.runbooks.run import Run
from watchkeeper.monitors.instance import Instance
from watchkeeper.monitors.rule import State
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow, StateRow
from watchkeeper.store.catalogue.leases import Leases

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANN, BO = Asker("ann", "10.0.0.1"), Asker("bo", "10.0.0.2")
RUNBOOK = late(
    restart(),
    stop(),
    command("again", "Do it once more", "[again]", "idempotent: true", "reversible: true"),
    step("fine", "Accuracy is back", "check: {condition: accuracy >= 0.9, window: 1d}"),
)
APPROVE = "mode: approve\nprograms: [restart, stop, again]\n"
AUTO = APPROVE.replace("approve", "auto")
CHANGED = """
groups:
  - name: drift
    model: fares
    rules:
      - alert: Changed
        budget: {false_alarms: 1, per: 90d}
        severity: P2
        annotations: {runbook: late}
"""
LABELS = {"alertname": "Changed", "model": "fares", "severity": "P2"}
FINGERPRINT = fingerprint(LABELS)


class Bench:
    """A desk, and one who does runs; what is done is only noted."""

    def __init__(self, folder: Path) -> None:
        self.now = T0
        self.place = folder / "catalogue.db"
        self.store = AlarmStore(self.place)
        self.file = folder / "automation.yaml"
        self.allow(APPROVE)
        self.deeds: list[tuple[int, int, str]] = []
        self.outcome = Outcome("ok", "done")
        self._lock = threading.Lock()
        self.desk = RunbookDesk(
            self.store, around=nothing, clock=self.clock, automation=AutomationFile(self.file)
        )
        self.incidents = IncidentDesk(self.store, config=default_config, clock=self.clock)
        self.runner = self.new_runner(self.store)
        self.desk.put("late", RUNBOOK, ANN)

    def new_runner(self, store: AlarmStore, name: str = "one") -> Runner:
        """Another one who does runs, on the same database."""
        leases = Leases(store, name, clock=self.clock)
        leases.share([])
        return Runner(
            store, around=nothing, clock=self.clock, automation=AutomationFile(self.file),
            reach=lambda: Reach(default_config()), leases=leases, deed=self.do,
        )  # fmt: skip

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def allow(self, text: str) -> None:
        """Write the operator's file."""
        self.file.write_text(text, encoding="utf-8")

    def do(self, run: Run, undone: Run | None, automation: Automation, clock: Any) -> Outcome:
        """Note a deed."""
        del undone, automation, clock
        with self._lock:
            argv = run.settings["argv"]
            self.deeds.append((run.number, run.attempt, " ".join(argv)))
        return self.outcome

    def go(self, length: timedelta = timedelta(), runner: Runner | None = None) -> None:
        """Let time pass, and what is due be done."""
        self.now += length
        runner = runner or self.runner
        runner._leases.share([])
        for _ in range(3):
            runner._proposed = float("-inf")
            runner.step()
            runner.settle(10)

    def state(self, number: int) -> str:
        """How far a run is."""
        return str(self.desk.run(number)["state"])

    def ask(self, step: str = "restart", who: Asker = ANN, **about: Any) -> dict[str, Any]:
        """Ask for a step."""
        dry = about.pop("dry", False)
        return self.desk.ask("late", step, About(**(about or {"target": "fares"})), who, dry=dry)

    # ---- an alert ----------------------------------------------------------------------------

    def fire(self, **more: Any) -> None:
        """Let the alert of a rule fire, evaluated just now."""
        if not self.store.files(RULES):
            with self.store.work() as work:
                work.put_file(FileRow(RULES, "drift", CHANGED, T0, None))
        facts = {
            "labels": LABELS, "annotations": {"runbook": "late", "summary": "inputs changed"},
            "state": State.FIRING, "under": State.FIRING, "since": self.now,
            "fired_at": self.now, "evaluated_at": self.now, "seen_at": self.now, **more,
        }  # fmt: skip
        self._put(Instance(**facts))

    def evaluate(self, *, firing: bool) -> None:
        """Let the rule be evaluated now."""
        held = states.instances(self.store.states(states.INSTANCE))
        (one,) = held.values()
        over = {} if firing else {"resolved_at": self.now, "state": State.INACTIVE}
        facts = {name: getattr(one, name) for name in one.__struct_fields__}
        self._put(Instance(**{**facts, "evaluated_at": self.now, **over}))

    def _put(self, instance: Instance) -> None:
        key = Key("drift", "drift", "Changed", 0, "fares").text()
        with self.store.work() as work:
            work.put_state(StateRow(states.INSTANCE, key, states.encode(instance)), at=self.now)


def nothing(model: str) -> Surroundings:
    """No model is measured here."""
    raise NotFoundError(f"there is no model {model!r}")


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench, closed at the end."""
    held = Bench(folder)
    try:
        yield held
    finally:
        held.runner.close()
        held.store.close()
