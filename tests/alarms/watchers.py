"""Real processes that keep watch over a few models, which tests kill; and what they told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.alarms.receivers import Recorder, wait_until
from tests.live.stations import MODEL_FILE, Station, flights, labels, predictions
from watchkeeper.app.alarms.dispatching import ROUTES
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.app.live.catalogue_place import note_catalogue
from watchkeeper.app.live.references import data_reference
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.envelope import Signal
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow
from watchkeeper.store.catalogue.copying import copy_catalogue

PATIENCE_S = 60.0
MODELS = ("late", "noon", "sea", "tide")
RULE = """
groups:
  - name: {model}
    model: {model}
    interval: 1s
    rules: [{{alert: AccuracyLow, expr: accuracy < {limit}, window: 24h, min_rows: 20,
             severity: P1}}]
"""
TO_HOOK = """
route: {{receiver: hook, group_by: [model], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: {url}}}]}}]
"""


def make_models(folder: Path) -> Path:
    """The folder of a few models whose accuracy is known, until just now; to be copied."""
    now = datetime.now(UTC)  # noqa: TID251  # real processes live in real time
    held = Station(folder, now)
    held.open()
    for model in MODELS:
        held.platform.registry.apply(MODEL_FILE.replace("name: late", f"name: {model}", 1))
        past = flights(500, seed=1, start=now - timedelta(days=60))
        made = data_reference(held.platform.registry.get(model).file, past)
        held.platform.registry.set_reference(
            model, kind=made.kind, origin=made.origin, profile=made.profile
        )
        rows = flights(300, start=now - timedelta(hours=48))
        for kind, records in (
            (Signal.PREDICTIONS, predictions(rows)),
            (Signal.LABELS, labels(rows, delay=timedelta())),
        ):
            held.send(kind, [record | {"model": model} for record in records])
    held.work()
    held.close()
    return folder


def move_catalogue(folder: Path, url: str) -> None:
    """Put the catalogue of a folder into a database."""
    copy_catalogue(folder / "catalogue.db", url)
    (folder / "catalogue.db").unlink()
    note_catalogue(Settings(folder, catalogue_url=url))


@dataclass
class Watcher:
    """`watchkeeper watch` over a folder, started and killed."""

    folder: Path
    log: Path
    url: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        environment = dict(os.environ)
        environment.pop("WATCHKEEPER_CATALOGUE", None)
        if self.url is not None:
            environment["WATCHKEEPER_CATALOGUE"] = self.url
        command = [sys.executable, "-m", "watchkeeper", "watch", "--data", str(self.folder)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=environment
            )

    def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        """End it as a crash does, or otherwise; its exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


@contextmanager
def watcher(folder: Path, log: Path, url: str | None = None) -> Iterator[Watcher]:
    """A process that keeps watch, ended with the test; it never met a defect of its own."""
    made = Watcher(folder, log, url)
    made.start()
    try:
        yield made
    finally:
        made.end()
    assert "Traceback" not in log.read_text(), log.read_text()


@dataclass
class Rules:
    """Rules that are made to fire and to be over, and what a receiver was told of them."""

    store: AlarmStore
    hook: Recorder
    cycles: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODELS, 0))

    def route(self) -> None:
        """Tell the receiver."""
        self._put(ROUTES, ROUTES, TO_HOOK.format(url=self.hook.url))

    def fire(self, model: str) -> None:
        """Let the rule of a model fire, and wait until it is told."""
        self._put(RULES, model, RULE.format(model=model, limit=0.99))
        self.cycles[model] += 1
        self._wait(model)

    def finish(self, model: str) -> None:
        """Let it be over, and wait until that is told."""
        self._put(RULES, model, RULE.format(model=model, limit=0.01))
        self._wait(model)

    def told(self) -> dict[str, list[str]]:
        """Whether it fires or is over, by model, in order; a message that came twice once."""
        found: dict[str, list[str]] = defaultdict(list)
        seen: set[str] = set()
        for key, body in zip(list(self.hook.keys), list(self.hook.bodies), strict=False):
            if key not in seen:
                found[body["groupLabels"]["model"]].append(body["status"])
            seen.add(key)
        return found

    def _wait(self, model: str) -> None:
        status = "resolved" if "0.01" in self._text(model) else "firing"
        expected = self.cycles[model]
        wait_until(lambda: self.told()[model].count(status) >= expected, timeout_s=PATIENCE_S)

    def _text(self, model: str) -> str:
        return next(row.text for row in self.store.files(RULES) if row.name == model)

    def _put(self, kind: str, name: str, text: str) -> None:
        with self.store.work() as work:
            at = work.now()
            work.put_file(FileRow(kind, name, text, at, None))
