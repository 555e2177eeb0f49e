"""Processes that append and write until they are killed, and what their files must hold then.

They are forked from a server that has the heavy packages loaded, so that one starts in
milliseconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.store.batches import MODEL, entry, ids_in, limits, shape, submission
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import BusyError
from watchkeeper.store.journal import Journal, Receipt
from watchkeeper.store.table_handle import Handle
from watchkeeper.store.tables import Commit, Tables
from watchkeeper.store.upkeep import Upkeep
from watchkeeper.store.writer import Writer

RECORDS = 3
REFUSED = 1
_IN_FLIGHT = 16

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.store.processes", "deltalake", "pyarrow.dataset"])


def start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a process that runs a function of this module."""
    process = _FORKS.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    """End a process as the machine would: at once, without a word to it."""
    process.kill()
    process.join()


def append(folder: Path, first: int) -> None:
    """Send batches from a number on, many at a time; note in a file which were acknowledged."""
    journal = Journal(folder / "journal.db", limits=limits())
    waiting: deque[tuple[int, Future[Receipt]]] = deque()
    number = first
    with (folder / "acknowledged").open("ab", buffering=0) as notes:
        while True:
            with contextlib.suppress(BusyError):
                waiting.append((number, journal.submit(batch(number))))
                number += 1
            while len(waiting) >= _IN_FLIGHT:
                done, future = waiting.popleft()
                future.result()
                notes.write(f"{done}\n".encode())


def batch(number: int) -> Any:
    """The batch of a number: some records, and some that were rejected at the door."""
    names = [f"{number}-{row}" for row in range(RECORDS)]
    return submission(f"batch {number}", entry(names), refused=REFUSED)


def write(folder: Path) -> None:
    """Write what waits, and merge files now and then, for ever."""
    journal = Journal(folder / "journal.db", limits=limits())
    tables = Tables(folder / "tables")
    writer = Writer(journal, tables, shape, step_bytes=2000)
    upkeep = Upkeep(tables)
    steps = 0
    while True:
        writer.step()
        steps += 1
        if steps % 15 == 0:
            upkeep.compact(MODEL, Signal.PREDICTIONS, today=_FAR)


_FAR = date(2027, 1, 1)


def write_and_die(folder: Path, where: str) -> None:
    """Write until a place is reached, and die there."""
    here = {"release": _NoRelease, "sync": Journal}[where]
    journal = here(folder / "journal.db", limits=limits())
    if where == "sync":
        Handle._confirm = _die  # type: ignore[assignment, method-assign]
    Writer(journal, Tables(folder / "tables"), shape).step()


class _NoRelease(Journal):
    def release(self, upto: int, **names: Any) -> None:
        _die()


def _die(*_: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def acknowledged(folder: Path) -> list[int]:
    """Numbers of batches that were acknowledged."""
    notes = folder / "acknowledged"
    return [int(line) for line in notes.read_text().split()] if notes.exists() else []


def check(folder: Path) -> int:
    """All that was acknowledged is stored once, in parts or whole nowhere; how many records.

    What is in the journal and in the table counts once, as the writer will see it.
    """
    journal = Journal(folder / "journal.db", limits=limits())
    try:
        tables = Tables(folder / "tables")
        reached = tables.position(MODEL, "predictions")
        waiting = [one for one in journal.read(max_bytes=1 << 30) if one.position > reached]
        found = ids_in(tables) + shape(MODEL, Signal.PREDICTIONS, waiting)["_id"].to_pylist()
        stored = {int(name.partition("-")[0]) for name in found}
        assert len(found) == len(set(found)), "a record is there twice"
        assert len(found) == RECORDS * len(stored), "a batch is there in parts"
        assert set(acknowledged(folder)) <= stored, "an acknowledged batch is lost"
        for total in journal.totals():
            assert total.accepted == len(found)
            assert total.rejected == REFUSED * len(stored)
            assert total.accepted == total.written + total.waiting
            assert total.duplicates % (RECORDS + REFUSED) == 0
        return len(found)
    finally:
        journal.close()


def finish(folder: Path) -> list[Commit]:
    """Let a new writer do the rest."""
    journal = Journal(folder / "journal.db", limits=limits())
    try:
        writer = Writer(journal, Tables(folder / "tables"), shape)
        commits = []
        while journal.backlog().entries:
            commits += writer.step()
        return commits
    finally:
        journal.close()


def added(folder: Path, commits: list[Commit]) -> pa.Table:
    """All rows that some commits added."""
    tables = Tables(folder / "tables")
    return pa.concat_tables(
        tables.added(one.model, one.signal, one.version, ["_id"]) for one in commits
    )
