"""A station whose rules are kept watch over, for tests of the background work of alarms."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.alarms.receivers import Recorder
from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.alarms.dispatching import ROUTES
from watchkeeper.app.alarms.keeper import TELLING, Keeper, SloShelf, measured_around
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.envelope import Signal
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow
from watchkeeper.store.catalogue.copying import copy_catalogue
from watchkeeper.store.catalogue.leases import Leases

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOW = START + timedelta(hours=48)
LOW = """
groups:
  - name: flights
    model: late
    interval: 1m
    rules:
      - alert: AccuracyLow
        expr: accuracy < 0.99
        window: 6h
        for: 2m
        min_rows: 20
        severity: P1
        annotations:
          summary: "accuracy is {{ $value | humanizePercentage }} of {{ $rows }} rows"
"""
TO_HOOK = """
route:
  receiver: hook
  group_by: [model, alertname]
  group_wait: 30s
  group_interval: 1m
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs:
      - url: {url}
"""


@dataclass
class Replica:
    """One process that keeps watch, at a time that stands still until moved."""

    station: Station
    name: str = field(default="one", kw_only=True)
    measured: Callable[[str], Measured] | None = field(default=None, kw_only=True)
    interrupted_after: timedelta | None = field(default=None, kw_only=True)

    def open(self) -> None:
        """Start the background work."""
        self.store = AlarmStore(self.station.settings.catalogue)
        self.leases = Leases(self.store, self.name, clock=self.clock)
        self.sender = Sender(
            self.store, clock=self.clock, random=lambda: 0.5,
            may_send=lambda: self.leases.still(TELLING),
        )  # fmt: skip
        self.keeper = Keeper(
            self.store,
            models=self.station.platform.registry.names,
            around=measured_around(
                self.measured or self.station.platform._measured,
                lambda *_: (),
                SloShelf(self.store).all,
                self.clock,
                "",
            ),
            sender=self.sender,
            clock=self.clock,
            holder=self.name,
            leases=self.leases,
            interrupted_after=self.interrupted_after,
        )

    def close(self) -> None:
        """Stop it."""
        self.keeper.close()
        self.store.close()

    def crash(self) -> None:
        """End it as a crash does: nothing is given back."""
        self.sender.close()
        self.store.close()

    def clock(self) -> datetime:
        """The time."""
        return self.station.now

    def apply(self, kind: str, text: str, name: str = "test") -> None:
        """Put a file in force."""
        with self.store.work() as work:
            work.put_file(FileRow(kind, ROUTES if kind == ROUTES else name, text, START, None))

    def step(self) -> None:
        """Do what is due, and wait for what is sent."""
        self.keeper.step()
        self.sender.settle(10)


@dataclass
class Watch(Replica):
    """A station that is kept watch over, and the receiver that is told."""

    hook: Recorder = field(default_factory=Recorder)

    def go(self, length: timedelta, step: timedelta = MINUTE / 2) -> None:
        """Let time pass, with what is due done at each step."""
        end = self.station.now + length
        while self.station.now < end:
            self.station.now += step
            self.step()

    def told(self) -> list[tuple[str, str, int]]:
        """Status, name and number of alerts of each message that came."""
        return [
            (body["status"], body["groupLabels"]["alertname"], len(body["alerts"]))
            for body in self.hook.bodies
        ]


def make_template(folder: Path) -> Path:
    """The folder of two days of labelled predictions, to be copied."""
    with station(folder, NOW) as held:
        held.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        rows = flights(900)
        held.send(Signal.PREDICTIONS, predictions(rows))
        held.send(Signal.LABELS, labels(rows, delay=timedelta()))
        held.work()
    return folder


@contextmanager
def watching(
    template: Path, folder: Path, hook: Recorder, catalogue_url: str | None = None
) -> Iterator[Watch]:
    """A watch over a copy of a folder, just after its records ended; told to a receiver."""
    shutil.copytree(template, folder)
    if catalogue_url is not None:
        copy_catalogue(folder / "catalogue.db", catalogue_url)
        (folder / "catalogue.db").unlink()
    held = Station(folder, NOW, catalogue_url)
    held.open()
    made = Watch(held, hook=hook)
    try:
        made.open()
        made.apply(RULES, LOW)
        made.apply(ROUTES, TO_HOOK.format(url=hook.url))
        yield made
        made.close()
    finally:
        held.close()
