"""ClickHouse beside the tables: a thread of the worker sends there what the tables gain.

It has its own place in the tables, so whether ClickHouse is there or not is nothing to the writer.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection
from datetime import datetime

import msgspec

from watchkeeper.app.live.clock import Clock
from watchkeeper.app.live.heartbeat import SinkState
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.store.sinks.clickhouse import ClickHouseSink
from watchkeeper.store.sinks.clickhouse_database import Database
from watchkeeper.store.sinks.clickhouse_url import address_of
from watchkeeper.store.tables import Tables

log = logging.getLogger("watchkeeper.clickhouse")

EVERY_S = 5.0
"""Seconds between looks at the tables: ClickHouse likes few inserts, each of many rows."""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
"""After a failure; each further one doubles the pause."""

DOUBT_S = 3600.0
"""Seconds after which the days of all tables are compared again, as after a start."""

_STOP_S = 10.0


class Sinking:
    """The sink of one folder.

    Parameters
    ----------
    settings
        Where it is.
    tables
        What is followed.
    known
        The models that there are.
    clock
        Gives the time.
    """

    def __init__(
        self, settings: Settings, tables: Tables, known: Callable[[], Collection[str]], clock: Clock
    ) -> None:
        self._clock = clock
        self._stopping = threading.Event()
        database = Database(address_of(settings.clickhouse_url or ""))
        self.sink = ClickHouseSink(
            tables,
            database,
            owner=_owner(settings),
            known=known,
            stopping=self._stopping.is_set,
        )
        self._state = SinkState(database.shown)
        self._doubted = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="clickhouse", daemon=True)

    def start(self) -> None:
        """Begin to follow the tables."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is being sent."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)  # What is cut off here is sent again, and known.
        else:
            self.sink.close()

    def state(self) -> SinkState:
        """How it does."""
        return self._state

    def step(self) -> None:
        """Send what there is, and note how that went."""
        at = self._clock()
        if time.monotonic() - self._doubted > DOUBT_S:
            self._doubted = time.monotonic()
            self.sink.doubt()
        sent, trouble = 0, {}
        try:
            sent = self.sink.step()
        except (WatchkeeperError, OSError) as error:
            trouble = {"all": str(error)}
        except Exception as error:
            if self._stopping.is_set():
                return  # The stores were closed under it.
            log.exception("the sink failed in a way that nobody foresaw")
            trouble = {"all": f"{type(error).__name__}: {error}"}
        self._tell(at, sent, trouble)

    def _tell(self, at: datetime, sent: int, trouble: dict[str, str]) -> None:
        failing = {f"{model} {kind}": why for (model, kind), why in self.sink.failing.items()}
        failing |= trouble
        for name, why in failing.items():
            if name not in self._state.failing:
                log.error("clickhouse, %s: %s", name, why)
        behind = self.sink.behind()
        whole = not failing and not behind
        self._state = msgspec.structs.replace(
            self._state,
            caught_up=at if whole else self._state.caught_up,
            behind=behind,
            rows=self._state.rows + sent,
            failing=failing,
        )

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            self.step()
            if self._state.failing:
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                pause = FIRST_PAUSE_S
                # What is left of many rows is sent at once.
                self._stopping.wait(0.0 if self._state.behind else EVERY_S)
        self.sink.close()


def _owner(settings: Settings) -> str:
    """What tells the folder from any other: a copy of it must not fill the same database."""
    note = settings.clickhouse_note
    try:
        return str(msgspec.json.decode(note.read_bytes(), type=dict[str, str])["owner"])
    except (FileNotFoundError, msgspec.DecodeError, KeyError):
        owner = uuid.uuid4().hex
        partial = note.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode({"owner": owner}))
        partial.replace(note)
        return owner
