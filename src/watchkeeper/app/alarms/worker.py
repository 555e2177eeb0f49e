"""The process that keeps watch over rules, beside the server of a folder.

It ends when its standard input ends, which is when the server that started it is gone.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from watchkeeper.app.alarms.incidents import IncidentKeeper
from watchkeeper.app.alarms.keeper import Keeper, SloShelf, live_versions, measured_around
from watchkeeper.app.alarms.near import change_finder
from watchkeeper.app.alarms.pictures import picture_of
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.alarms.states import KeptMemory
from watchkeeper.app.live.clock import Clock, now
from watchkeeper.app.live.heartbeat import Heartbeat, write_heartbeat
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.memory import give_back_large_blocks
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.catalogue import Catalogue

IDLE_S = 0.5
BUSY_S = 0.05
_REOPEN_S = 2.0
log = logging.getLogger("watchkeeper.alarms")


class AlarmWorker:
    """The background work of alarms over the stores of one folder.

    Parameters
    ----------
    settings
        Where they lie.
    clock
        Gives the time.
    url
        Where the server is reached, for links.
    """

    def __init__(self, settings: Settings, *, clock: Clock = now, url: str = "") -> None:
        self._settings = settings
        self._clock = clock
        with ExitStack() as opened:
            self._catalogue = Catalogue(settings.catalogue)
            opened.callback(self._catalogue.close)
            self._buckets = Buckets(settings.buckets)
            opened.callback(self._buckets.close)
            self._store = AlarmStore(settings.catalogue)
            opened.callback(self._store.close)
            self._files = opened.pop_all()
        self._registry = Registry(self._catalogue, clock=clock)
        self._keeper = self._keeper_of(url)
        self._beat = 0.0
        self._trouble: dict[str, str] = {}

    def step(self) -> int:
        """Do what is due; the pieces of work done."""
        try:
            done = self._keeper.step()
            self._trouble = {}
        except (WatchkeeperError, OSError) as error:
            self._trouble = {"alarms": f"{type(error).__name__}: {error}"}
            raise
        finally:
            self._say()
        return done

    def close(self) -> None:
        """Finish what is on its way, and let go of the files."""
        with self._files:
            self._keeper.close()

    def _keeper_of(self, url: str) -> Keeper:
        clock = self._clock
        around = measured_around(
            self._measured, live_versions(self._registry), SloShelf(self._store).all, clock, url
        )
        return Keeper(
            self._store,
            models=self._registry.names,
            around=around,
            sender=Sender(
                self._store,
                clock=clock,
                random=random.random,
                url=url,
                picture=lambda message: picture_of(message, around, clock()),
                memory=KeptMemory(self._store, clock),
            ),
            clock=clock,
            holder=f"{socket.gethostname()}:{os.getpid()}",
            incidents=IncidentKeeper(
                self._store,
                clock=clock,
                url=url,
                changes=change_finder(self._store, self._registry, self._settings.tables),
            ),
        )

    def _measured(self, model: str) -> Measured:
        self._registry.get(model)
        return Measured(model, self._buckets, self._registry.reference(model))

    def _say(self) -> None:
        if time.monotonic() - self._beat < 1.0:
            return
        self._beat = time.monotonic()
        try:
            write_heartbeat(self._settings.alarm_heartbeat, Heartbeat(self._clock(), self._trouble))
        except OSError as error:  # A full disk: the server sees the beat grow old.
            log.warning("the heartbeat cannot be written: %s", error)


def run(folder: Path, url: str) -> int:
    """Work on a folder until told to stop; the exit code."""
    give_back_large_blocks()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    worker = _opened(folder, url, stop)
    if worker is None:
        return 0
    try:
        while not stop.is_set():
            stop.wait(BUSY_S if _stepped(worker) else IDLE_S)
    finally:
        worker.close()
    return 0


def _opened(folder: Path, url: str, stop: threading.Event) -> AlarmWorker | None:
    """The worker once its files can be opened, which a full disk may put off; None when stopped."""
    while not stop.is_set():
        try:
            return AlarmWorker(Settings(folder), url=url)
        except (WatchkeeperError, OSError) as error:
            log.error("alarms wait: %s", error)  # noqa: TRY400  # a sentence, not a defect of ours
            stop.wait(_REOPEN_S)
    return None


def _stepped(worker: AlarmWorker) -> int:
    """One step; what goes wrong in it is told, and tried again a little later."""
    try:
        return worker.step()
    except (WatchkeeperError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400  # a sentence, not a defect of ours
        time.sleep(1.0)
    return 0


def _watch_parent(stop: threading.Event) -> None:
    """Stop when the other end of the standard input is closed."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    # Libraries would log the addresses that they call, which may hold secrets.
    for library in ("httpx", "httpcore", "apprise", "urllib3"):
        logging.getLogger(library).setLevel(logging.ERROR)
    sys.exit(run(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
