"""The process that keeps watch over rules: a child of the server of a folder, or one by itself.

The child ends when its standard input ends, which is when the server that started it is gone.
Nothing that fails ends it: it says so, waits a little and goes on, and makes up for what it missed.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from watchkeeper.app.alarms.incidents import IncidentKeeper
from watchkeeper.app.alarms.keeper import (
    TELLING,
    Keeper,
    SloShelf,
    live_versions,
    measured_around,
)
from watchkeeper.app.alarms.machine_id import is_gone, own_name
from watchkeeper.app.alarms.near import change_finder
from watchkeeper.app.alarms.open_buckets import OpenBuckets
from watchkeeper.app.alarms.pictures import picture_of
from watchkeeper.app.alarms.runbooks.working import Runs
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.alarms.states import KeptMemory
from watchkeeper.app.live.catalogue_place import VARIABLE
from watchkeeper.app.live.clock import Clock, now
from watchkeeper.app.live.folder import check_folder
from watchkeeper.app.live.heartbeat import Heartbeat, write_heartbeat
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.memory import give_back_large_blocks
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.settings import AUTOMATION, Settings
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.catalogue import Catalogue
from watchkeeper.store.catalogue.leases import LENGTH, Leases

IDLE_S = 0.5
BUSY_S = 0.05
INTERRUPTED_AFTER = timedelta(minutes=2)
"""A watch that stood still for so long alerts about itself."""

_REOPEN_S = 2.0
_AGAIN_S = 60.0
"""A failure that lasts is logged so often."""

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
    beats
        Whether it tells the server that it lives.
    """

    def __init__(
        self, settings: Settings, *, clock: Clock = now, url: str = "", beats: bool = True
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._beats = beats
        with ExitStack() as opened:
            self._catalogue = Catalogue(settings.catalogue)
            opened.callback(self._catalogue.close)
            self._buckets = OpenBuckets(settings.buckets)
            opened.callback(self._buckets.close)
            self._store = AlarmStore(settings.catalogue)
            opened.callback(self._store.close)
            self._files = opened.pop_all()
        self._registry = Registry(self._catalogue, clock=clock)
        self._leases = Leases(self._store, own_name(), is_gone=is_gone)
        self._keeper = self._keeper_of(url)
        self.runs = Runs(settings, self._store, self._registry, self._leases, clock=clock, url=url)
        self._beat = 0.0
        self._trouble: dict[str, str] = {}

    def step(self) -> int:
        """Do what is due; the pieces of work done."""
        try:
            done = self._keeper.step()
            self._trouble = {}
        except Exception as error:
            self._trouble = {"alarms": f"{type(error).__name__}: {error}"}
            self._keeper.note_trouble(str(error))
            raise
        finally:
            self._say()
        return done

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Keep the share of the work meanwhile, also while a step takes long."""
        stop = threading.Event()
        thread = threading.Thread(target=self._renew, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _renew(self, stop: threading.Event) -> None:
        while not stop.wait(LENGTH.total_seconds() / 3):
            try:
                self._keeper.renew()
            except WatchkeeperError as error:
                log.warning("the share of the work cannot be kept: %s", error)

    def close(self) -> None:
        """Finish what is on its way, and let go of the files."""
        with self._files:
            self.runs.close()
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
                may_send=lambda: self._leases.still(TELLING),
            ),
            clock=clock,
            holder=self._leases.name,
            leases=self._leases,
            interrupted_after=INTERRUPTED_AFTER,
            incidents=IncidentKeeper(
                self._leases.fenced(TELLING),
                clock=clock,
                url=url,
                changes=change_finder(self._store, self._registry, self._settings.tables),
            ),
        )

    def _measured(self, model: str) -> Measured:
        self._registry.get(model)
        return Measured(model, self._buckets.get(model), self._registry.reference(model))

    def _say(self) -> None:
        if not self._beats or time.monotonic() - self._beat < 1.0:
            return
        self._beat = time.monotonic()
        try:
            write_heartbeat(self._settings.alarm_heartbeat, Heartbeat(self._clock(), self._trouble))
        except OSError as error:  # A full disk: the server sees the beat grow old.
            log.warning("the heartbeat cannot be written: %s", error)


def run(folder: Path, url: str) -> int:
    """Work on a folder as the child of its server; the exit code."""
    allowed = os.environ.get(AUTOMATION)
    settings = Settings(
        folder,
        catalogue_url=os.environ.get(VARIABLE) or None,
        automation=Path(allowed) if allowed else None,
    )
    stop = _told_to_stop()
    threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    return _watch(settings, url, stop, beats=True)


def watch(settings: Settings) -> int:
    """Work on a folder beside its server, until told to stop; the exit code.

    Raises
    ------
    InputError
        It is no folder of a server, or its catalogue lies elsewhere.
    """
    check_folder(settings)
    _set_up_log()
    return _watch(settings, settings.base_url or "", _told_to_stop(), beats=False)


def _watch(settings: Settings, url: str, stop: threading.Event, *, beats: bool) -> int:
    give_back_large_blocks()
    worker = _opened(settings, url, stop, beats=beats)
    if worker is None:
        return 0
    said = _Said()
    log.info("keeping watch over %s", settings.folder)
    worker.runs.start()
    try:
        with worker.renewing():
            while not stop.is_set():
                stop.wait(_stepped(worker, said))
    finally:
        worker.close()
    return 0


def _told_to_stop() -> threading.Event:
    """What is set by SIGTERM and SIGINT."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop


def _opened(
    settings: Settings, url: str, stop: threading.Event, *, beats: bool
) -> AlarmWorker | None:
    """The worker once its files can be opened, which a full disk may put off; None when stopped."""
    said = _Said()
    while not stop.is_set():
        try:
            return AlarmWorker(settings, url=url, beats=beats)
        except Exception as error:  # noqa: BLE001  # whatever it is, it may pass
            said.error("alarms wait", error)
            if beats:
                _beat(settings, {"alarms": f"{type(error).__name__}: {error}"})
            stop.wait(_REOPEN_S)
    return None


def _beat(settings: Settings, failing: dict[str, str]) -> None:
    with suppress(OSError):  # A full disk: the server sees the beat grow old.
        write_heartbeat(settings.alarm_heartbeat, Heartbeat(now(), failing))


def _stepped(worker: AlarmWorker, said: _Said) -> float:
    """One step, and how long to wait until the next; what goes wrong in it is told."""
    try:
        done = worker.step()
    except Exception as error:  # noqa: BLE001  # whatever it is, the watch goes on
        said.error("a step of alarms has failed", error)
        return 1.0
    said.well()
    return BUSY_S if done else IDLE_S


class _Said:
    """Failures in the log: each as it comes, and one that lasts from time to time."""

    def __init__(self) -> None:
        self._last = ""
        self._at = 0.0

    def error(self, what: str, error: Exception) -> None:
        """Tell of a failure; one that nobody foresaw with where it happened."""
        at = time.monotonic()
        if str(error) == self._last and at - self._at < _AGAIN_S:
            return
        self._last, self._at = str(error), at
        foreseen = isinstance(error, WatchkeeperError | OSError)
        log.error("%s: %s", what, error, exc_info=None if foreseen else error)

    def well(self) -> None:
        """Tell that it goes again."""
        if self._last:
            log.info("alarms go on")
        self._last = ""


def _set_up_log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    # Libraries would log the addresses that they call, which may hold secrets.
    for library in ("httpx", "httpcore", "apprise", "urllib3"):
        logging.getLogger(library).setLevel(logging.ERROR)


def _watch_parent(stop: threading.Event) -> None:
    """Stop when the other end of the standard input is closed."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


if __name__ == "__main__":
    _set_up_log()
    sys.exit(run(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
