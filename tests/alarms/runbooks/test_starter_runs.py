"""The runbooks that come with Watchkeeper, on a model with data: what they look at has values."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alarms.runbooks.bench import ANN
from tests.live.stations import START, flights, labels, predictions, station
from watchkeeper.actions.remedies.base import Outcome
from watchkeeper.app.alarms.keeper import measured_around
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.desk import RunbookDesk
from watchkeeper.app.alarms.runbooks.doing import attempt
from watchkeeper.app.alarms.runbooks.requests import new_run
from watchkeeper.app.alarms.runbooks.shelf import RunbookShelf
from watchkeeper.app.alarms.runbooks.subjects import About, Subject
from watchkeeper.core.envelope import Signal
from watchkeeper.incidents.runbooks.starter import STARTERS, starter
from watchkeeper.store.catalogue.alarms import AlarmStore

CHECKS = [(n, s.id) for n in STARTERS for s in starter(n).steps if s.check and s.check.condition]
ACTIONS = [(n, s.id) for n in STARTERS for s in starter(n).steps if s.action]
ALLOWED = """
mode: dry_run
programs: [/usr/local/bin/restart-shipper]
playbooks: [/etc/watchkeeper/playbooks]
addresses: ["https://models.example.com", "https://tickets.example.com/hooks"]
namespaces: [models]
mlflow_url: http://127.0.0.1:9
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunbookDesk]:
    """A desk over two days of labelled predictions, at their end."""
    folder = tmp_path_factory.mktemp("starter")
    with station(folder / "data", START + timedelta(hours=48)) as held:
        held.refer(flights(2_000, seed=1, start=START - timedelta(days=60)))
        rows = flights(900)
        held.send(Signal.PREDICTIONS, predictions(rows))
        held.send(Signal.LABELS, labels(rows, delay=timedelta(hours=1)))
        held.work()
        (folder / "automation.yaml").write_text(ALLOWED)
        store = AlarmStore(held.settings.catalogue)
        around = measured_around(
            held.platform._measured, lambda *_: (), tuple, lambda: held.now, ""
        )
        yield RunbookDesk(
            store, around=around, clock=lambda: held.now,
            automation=AutomationFile(folder / "automation.yaml"),
        )  # fmt: skip
        store.close()


@pytest.mark.parametrize(("name", "step"), CHECKS)
def test_each_check_has_a_value(desk: RunbookDesk, name: str, step: str) -> None:
    """It holds or it does not, and says by which number; it needs nobody's approval."""
    found = desk.ask(name, step, About(target="late"), ANN)
    text = found["result"]["text"]
    assert found["state"] == "done"
    assert " holds: " in text or " does not hold: " in text, text


def test_every_runbook_has_a_check() -> None:
    """Nobody acts on a number that may be minutes old."""
    assert {name for name, _ in CHECKS} == set(STARTERS)


@pytest.mark.parametrize(("name", "step"), ACTIONS)
def test_each_action_can_be_asked_for_dry(
    desk: RunbookDesk, name: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing but a model: it says what it would do, or which program is not there."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\ncase "$*" in *" get "*) printf 3;; *) echo "$*";; esac\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    text = done(desk, name, step).text
    assert "would" in text
    assert "late" in text


def done(desk: RunbookDesk, name: str, step: str) -> Outcome:
    """What a dry run of a step comes to."""
    shelf, now = RunbookShelf(desk._store), desk._clock()
    subject = Subject({"alert.labels.model": "late", "alert.name": "AccuracyLow"})
    run = new_run(1, shelf, name, shelf.step(name, step), subject, by="ann", now=now, dry=True)
    return attempt(run, None, desk._allowed.get().automation, desk._clock)
