"""The writer: entries of the journal become rows of tables, each exactly once.

A step reads some entries, makes one commit for each table that they concern, and releases them
when the commits are on disk. After a crash the same entries come again; tables know by their
position what they have. A table that cannot be written to keeps its entries in the journal, and
the others go on; an entry that no table can take is put aside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec
import pyarrow as pa

from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import BusyError, InputError
from watchkeeper.store.journal import Journal, Stored
from watchkeeper.store.tables import Commit, Tables

Shape = Callable[[str, Signal, list[Stored]], pa.Table]
"""Entries of one model and signal as rows: one for each of their records, `_time` in all."""

_PATIENCE = 3
"""Tries of a group before each of its entries is tried alone: not every failure is the data's."""

_LONGEST_PAUSE_S = 60.0


class _Failing(msgspec.Struct):
    tries: int
    until: float
    why: str


class Writer:
    """Moves entries from the journal into tables, for one thread.

    Parameters
    ----------
    journal
        The source.
    tables
        The target.
    shape
        Makes rows of entries. Where it raises `OSError`, `MemoryError` or one of `BusyError` it is
        asked again later; any other error is held against the entries after three tries.
    step_bytes
        Bodies of about so many bytes are read at a time.
    pause_s
        Seconds until a table that failed is tried again; doubled with each failure, up to 60.
    """

    def __init__(
        self,
        journal: Journal,
        tables: Tables,
        shape: Shape,
        *,
        step_bytes: int = 32 << 20,
        pause_s: float = 1.0,
    ) -> None:
        self._journal = journal
        self._tables = tables
        self._shape = shape
        self._step_bytes = step_bytes
        self._pause_s = pause_s
        self._failing: dict[tuple[str, str], _Failing] = {}
        journal.advance(tables.highest())
        self._unsettled = journal.first_waiting()
        self._released = journal.released()

    def step(self) -> list[Commit]:
        """Write some of what waits.

        Returns
        -------
        list[Commit]
            Commits made, all on disk; their entries are released. Empty where nothing waits, or
            all of it waits for tables that fail.

        Raises
        ------
        UnavailableError
            The journal cannot be read or released; the same call will do later.
        """
        now = time.monotonic()
        held = [name for name, failing in self._failing.items() if failing.until > now]
        entries = self._journal.read(max_bytes=self._step_bytes, skip=held)
        groups: dict[tuple[str, str], list[Stored]] = {}
        for entry in entries:
            groups.setdefault((entry.model, entry.signal), []).append(entry)
        commits: list[Commit] = []
        done = [name for name, group in groups.items() if self._place(name, group, commits)]
        if done:
            self._journal.release(entries[-1].position, only=done)
        return commits

    def failing(self) -> dict[tuple[str, str], str]:
        """Tables that could not be written to when last tried, by model and signal, with why."""
        return {name: failing.why for name, failing in self._failing.items()}

    def _place(self, name: tuple[str, str], group: list[Stored], commits: list[Commit]) -> bool:
        """Write a table's entries; whether all of them are in it or put aside."""
        alone = name in self._failing and self._failing[name].tries >= _PATIENCE
        try:
            if alone:
                self._place_each(group, commits)
            else:
                self._append(group, commits)
        except Exception as error:  # noqa: BLE001  One table must not stop the others.
            self._fail(name, error)
            return False
        self._failing.pop(name, None)
        return True

    def _settle(self, name: tuple[str, str]) -> None:
        if (since := self._unsettled.get(name)) is not None:
            self._tables.settle(*name, since, released=self._released.get(name, 0))
            del self._unsettled[name]

    def _append(self, entries: Sequence[Stored], commits: list[Commit]) -> None:
        model, signal = entries[0].model, Signal(entries[0].signal)
        self._settle((model, signal.value))
        reached = self._tables.position(model, signal)
        fresh = [entry for entry in entries if entry.position > reached]
        if not fresh:
            return
        table = self._shape(model, signal, fresh)
        _check_rows(table, fresh)
        commit = self._tables.append(model, signal, table, position=fresh[-1].position)
        if commit is not None:
            commits.append(commit)

    def _place_each(self, entries: Sequence[Stored], commits: list[Commit]) -> None:
        for entry in entries:
            try:
                self._append([entry], commits)
            except (BusyError, OSError, MemoryError):
                raise  # The entry is not to blame.
            except Exception as error:  # noqa: BLE001  Whatever it is, others must go on.
                self._journal.put_aside(entry.position, _described(error))

    def _fail(self, name: tuple[str, str], error: Exception) -> None:
        before = self._failing.get(name)
        tries = 1 if before is None else before.tries + 1
        if isinstance(error, BusyError | OSError | MemoryError):
            tries = min(tries, _PATIENCE - 1)  # No reason to suspect the entries.
        pause = min(self._pause_s * 2 ** min(tries - 1, 10), _LONGEST_PAUSE_S)
        self._failing[name] = _Failing(tries, time.monotonic() + pause, _described(error))


def _check_rows(table: pa.Table, entries: Sequence[Stored]) -> None:
    records = sum(entry.records for entry in entries)
    if table.num_rows != records:
        raise InputError(
            f"{records} records came out as {table.num_rows} rows; each record is to be one row"
        )


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
