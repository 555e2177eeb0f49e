"""The worker: from the journal into the tables, from the tables into the buckets.

It is a process of its own, so that profiling never makes a request wait. It may be killed at any
time: each step is repeated or absent. It ends when its standard input ends, which is when the
server that started it is gone.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from watchkeeper.app.live.catalogue_place import VARIABLE
from watchkeeper.app.live.clock import Clock, now
from watchkeeper.app.live.heartbeat import Heartbeat, write_heartbeat
from watchkeeper.app.live.measuring import Measurer
from watchkeeper.app.live.memory import give_back_large_blocks
from watchkeeper.app.live.production import fit_reference
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.settings import CLICKHOUSE, Settings
from watchkeeper.app.live.sinking import Sinking
from watchkeeper.app.live.upkeep import keep_up
from watchkeeper.collect.wire.columns import to_table
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import BusyError, WatchkeeperError
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.ids import IdIndex
from watchkeeper.store.journal import Journal, Stored
from watchkeeper.store.tables import Tables
from watchkeeper.store.upkeep import Upkeep
from watchkeeper.store.writer import Writer

log = logging.getLogger("watchkeeper.worker")

IDLE_S = 0.2
"""Seconds between looks at the journal when there is nothing to do."""

PACE_S = 1.0
"""Seconds that a step takes at least: many small commits would cost more than they bring."""

NICENESS = 10

ROLLED_UP_AT_ONCE = 10
"""Days of one segment that are rolled up in a step: about half a second with 100 columns."""

AWAY_S = 5.0
"""How long stores are left alone that did not answer when the worker started."""

TRUST_S = 15.0
"""How long the worker, which alone appends, takes tables on object storage for what they were: each
look is a request there, and it would look five times a second."""

UPKEEP_S = 600.0


class Worker:
    """The background work of one folder.

    Parameters
    ----------
    settings
        Where the stores lie.
    clock
        Gives the time.
    """

    def __init__(self, settings: Settings, *, clock: Clock = now) -> None:
        self._settings = settings
        self._clock = clock
        self._catalogue = Catalogue(settings.catalogue)
        self._registry = Registry(self._catalogue, clock=clock)
        self._journal = Journal(settings.journal)
        self._tables = Tables(settings.tables, trust_s=TRUST_S)
        self._buckets = Buckets(settings.buckets)
        self._ids = IdIndex(settings.ids)
        self._writer = Writer(self._journal, self._tables, self._shaped)
        self._measurer = Measurer(self._registry, self._tables, self._buckets, self._ids, clock)
        self._upkeep = Upkeep(self._tables)
        self.sinking = (
            Sinking(settings, self._tables, self._registry.names, clock)
            if settings.clickhouse_url
            else None
        )
        self._kept_up = time.monotonic()
        self._fitted = -1
        self._beat = 0.0
        self._trouble: dict[str, str] = {}

    def step(self) -> int:
        """Do what is due; the pieces of work done, 0 when there was nothing."""
        try:
            done = self._work()
            self._trouble = {}
        except (WatchkeeperError, OSError) as error:
            self._trouble = {"step": f"{type(error).__name__}: {error}"}
            raise
        finally:
            with contextlib.suppress(OSError):  # A full disk: the server sees the beat grow old.
                self._say()
        return done

    def _work(self) -> int:
        done = len(self._writer.step())
        done += self._fit()
        done += self._measurer.step()
        if not done:
            today = self._clock().replace(hour=0, minute=0, second=0, microsecond=0)
            done += self._buckets.roll_up(before=today, limit=ROLLED_UP_AT_ONCE)
        if time.monotonic() - self._kept_up > UPKEEP_S:
            self._kept_up = time.monotonic()
            self.keep_up()
        return done

    def keep_up(self) -> None:
        """Compact, and drop what the models' retention says."""
        at = self._clock()
        for kept in keep_up(self._registry, self._buckets, self._upkeep, at):
            if kept.error:
                log.warning("upkeep of %s %s: %s", kept.model, kept.signal, kept.error)
            elif kept.signal == Signal.PREDICTIONS and kept.first is not None:
                self._ids.drop_before(kept.model, kept.first.toordinal() - _EPOCH)
        self._journal.maintain(at)

    def close(self) -> None:
        """Let go of the files."""
        if self.sinking is not None:
            self.sinking.stop()
        self._journal.close()
        self._buckets.close()
        self._catalogue.close()

    def _shaped(self, model: str, kind: Signal, stored: list[Stored]) -> pa.Table:
        """Journal entries as a table, in the types that the model's records have."""
        # Changes that concern every model belong to none.
        rules = self._registry.rules(model, create=False) if model else Rules({})
        return to_table(stored, signal=kind, rules=rules)

    def _fit(self) -> int:
        """Fit the references that are windows of production."""
        wanted = self._registry.wanted()
        done = 0
        for one in wanted:
            span = self._buckets.span(one.model)
            if span is None:
                continue
            made = fit_reference(self._registry, one, self._measurer.rows_between, at=span[1])
            done += made is not None
        return done

    def _say(self) -> None:
        """Tell the server that the worker lives, at most once a second."""
        if time.monotonic() - self._beat < 1.0:
            return
        self._beat = time.monotonic()
        failing = {f"{model} {kind}": why for (model, kind), why in self._writer.failing().items()}
        failing |= self._measurer.failing | self._trouble
        sink = None if self.sinking is None else self.sinking.state()
        write_heartbeat(self._settings.heartbeat, Heartbeat(self._clock(), failing, sink))


_EPOCH = 719_163
"""The ordinal of 1970-01-01."""


def run(folder: Path) -> int:
    """Work on a folder until told to stop; the exit code."""
    settings = Settings(
        folder,
        catalogue_url=os.environ.get(VARIABLE) or None,
        clickhouse_url=os.environ.get(CLICKHOUSE) or None,
    )
    # Requests come first: profiling takes what they leave of the processors.
    os.nice(NICENESS)
    give_back_large_blocks()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    with settings.worker_lock.open("a") as lock:
        if not _locked(lock, stop):
            return 0
        worker = _opened(settings, stop)
        if worker is None:
            return 0
        if worker.sinking is not None:
            worker.sinking.start()
        try:
            while not stop.is_set():
                started = time.monotonic()
                done = _stepped(worker)
                took = time.monotonic() - started
                stop.wait(max(PACE_S - took, 0.0) if done else IDLE_S)
        finally:
            worker.close()
    return 0


def _opened(settings: Settings, stop: threading.Event) -> Worker | None:
    """The worker, once its stores answer; None where told to stop meanwhile."""
    while not stop.is_set():
        try:
            return Worker(settings)
        except BusyError as error:  # Tables on object storage, which is away.
            log.error("%s", error)  # noqa: TRY400  # a sentence, not a defect of ours
            stop.wait(AWAY_S)
    return None


def _stepped(worker: Worker) -> int:
    """One step; what goes wrong in it is told, and tried again a little later."""
    try:
        return worker.step()
    except (WatchkeeperError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400  # a sentence, not a defect of ours
        time.sleep(1.0)
    return 0


def _locked(lock: Any, stop: threading.Event) -> bool:
    """Wait until a former worker has let go; False where told to stop meanwhile."""
    while not stop.is_set():
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop.wait(IDLE_S)
        else:
            return True
    return False


def _watch_parent(stop: threading.Event) -> None:
    """Stop when the other end of the standard input is closed."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    sys.exit(run(Path(sys.argv[1])))
