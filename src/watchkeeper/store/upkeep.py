"""What tables need from time to time: fewer and larger files, days dropped, rows deleted.

All of it is safe while readers read and the writer appends: files are replaced by commits, and a
replaced file stays for the tables' history.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.compute as pc

from watchkeeper.core.envelope import DAY, ID, Signal
from watchkeeper.core.errors import UnavailableError, WatchkeeperError
from watchkeeper.store.table_handle import Handle, delta_errors, stored_schema, writer_properties
from watchkeeper.store.table_reading import DataFile, Wanted
from watchkeeper.store.tables import Tables

if TYPE_CHECKING:
    from deltalake import DeltaTable

_ENTITY = "_entity"
_TRIES = 20
_POLITE_TRIES = 5
"""After so many lost races this process's own writer has to wait."""

_PAUSE_S = 0.01
_IDS_AT_ONCE = 500
_LOG_ENTRIES = 5000
"""A folder of more makes each use of the table slower."""

_OPEN_FILES = 32
_OPEN_BYTES = 16 << 20
"""A day that still grows is compacted at so many files, into files of this size: the last of them
is rewritten each time."""

_CLOSED_FILES = 16
_CLOSED_BYTES = 256 << 20


class Kept(msgspec.Struct, frozen=True):
    """What was done to a table.

    Parameters
    ----------
    model
        The model's name.
    signal
        The signal.
    compacted
        Days whose files were merged.
    dropped
        Days that were dropped.
    vacuumed
        Files deleted that no version within the history needs.
    error
        Why it could not be finished; None: it was.
    first
        The first day that is kept; None: there is no limit.
    """

    model: str
    signal: Signal
    compacted: tuple[date, ...] = ()
    dropped: tuple[date, ...] = ()
    vacuumed: int = 0
    error: str | None = None
    first: date | None = None


class Deleted(msgspec.Struct, frozen=True):
    """Rows that were deleted from a model's tables, and the days that they belonged to."""

    rows: int
    days: tuple[date, ...]


class Upkeep:
    """Looks after the tables.

    Parameters
    ----------
    tables
        The tables.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._vacuumed: dict[tuple[str, Signal], datetime] = {}

    def maintain(
        self,
        now: datetime,
        retention: Mapping[tuple[str, str], int],
        *,
        model: str | None = None,
    ) -> list[Kept]:
        """Do what is due on all tables, or on those of one model.

        Parameters
        ----------
        now
            The present, with a time zone.
        retention
            Days to keep by model and signal, before today, which is always kept; tables that are
            not in it are kept.
        model
            The name of the only model that is looked after; None: all.

        Returns
        -------
        list[Kept]
            What was done to each table; a table that fails does not stop the others.
        """
        return [
            self._maintain(name, signal, now, retention.get((name, signal.value)))
            for name, signal in self._tables.names()
            if model in (None, name)
        ]

    def compact(self, model: str, signal: str, *, today: date) -> tuple[date, ...]:
        """Merge small files: of days that are over into few, of `today` into fewer.

        Parameters
        ----------
        model
            The model's name.
        signal
            The signal.
        today
            In UTC: this day and later ones still grow.

        Returns
        -------
        tuple[date, ...]
            Days whose files were merged, ascending.

        Raises
        ------
        UnavailableError
            The disk is full or fails.
        """
        snapshot = self._tables.handle(model, signal).snapshot()
        if snapshot is None:
            return ()
        days: dict[date, list[DataFile]] = defaultdict(list)
        for file in snapshot.files:
            days[file.day].append(file)
        due = [day for day in sorted(days) if _is_due(days[day], is_open=day >= today)]
        for day in due:
            size = _OPEN_BYTES if day >= today else _CLOSED_BYTES
            self._change(model, signal, partial(_merge, day=day, size=size))
        return tuple(due)

    def drop_days(self, model: str, signal: str, before: date) -> tuple[date, ...]:
        """Drop whole days.

        Parameters
        ----------
        model
            The model's name.
        signal
            The signal.
        before
            The first day that is kept.

        Returns
        -------
        tuple[date, ...]
            Days that were dropped, ascending.

        Raises
        ------
        UnavailableError
            The disk is full or fails.
        """
        gone = tuple(day for day in self._tables.days(model, signal) if day < before)
        if gone:
            self._change(model, signal, lambda delta: delta.delete(f"{DAY} < '{before}'"))
        return gone

    def delete_ids(self, model: str, ids: Sequence[str]) -> Deleted:
        """Delete all rows with these ids, in all tables of a model.

        Rows that still wait in the journal are not seen: let the writer finish first. Until the
        history has passed and the table was vacuumed, the rows are in files of earlier versions.

        Parameters
        ----------
        model
            The model's name.
        ids
            Ids of predictions.

        Returns
        -------
        Deleted
            How many rows, and their days, whose profiles are to be made again.

        Raises
        ------
        UnavailableError
            The disk is full or fails.
        """
        rows = 0
        days: set[date] = set()
        for signal in self._tables.signals(model):
            for start in range(0, len(ids), _IDS_AT_ONCE):
                some = list(ids[start : start + _IDS_AT_ONCE])
                found = self._days_of(model, signal, Wanted(columns=(DAY,), ids=some))
                days.update(found)
                rows += self._delete(model, signal, sorted(found), (ID, some))
        return Deleted(rows, tuple(sorted(days)))

    def delete_entity(self, model: str, entity: str) -> Deleted:
        """Delete the predictions about one entity, and what belongs to their ids.

        Parameters
        ----------
        model
            The model's name.
        entity
            As in the records' `entity`.

        Returns
        -------
        Deleted
            How many rows, and their days, whose profiles are to be made again.

        Raises
        ------
        UnavailableError
            The disk is full or fails.
        """
        ids: list[str] = []
        days: set[date] = set()
        wanted = Wanted(columns=(ID, DAY, _ENTITY))
        for batch in self._tables.batches(model, Signal.PREDICTIONS, wanted):
            found = batch.filter(pc.equal(batch.column(_ENTITY), entity))
            ids += [text for text in found.column(ID).to_pylist() if text is not None]
            days.update(found.column(DAY).to_pylist())
        if not days:
            return Deleted(0, ())
        rows = self._delete(model, Signal.PREDICTIONS, sorted(days), (_ENTITY, [entity]))
        rest = self.delete_ids(model, ids)
        return Deleted(rows + rest.rows, tuple(sorted(days.union(rest.days))))

    def vacuum(self, model: str, signal: str) -> int:
        """Delete files that no version within the history needs.

        Parameters
        ----------
        model
            The model's name.
        signal
            The signal.

        Returns
        -------
        int
            How many.

        Raises
        ------
        UnavailableError
            The disk fails.
        """
        hours = int(-(-self._tables.history // timedelta(hours=1)))
        gone: list[str] = []

        def clean(delta: DeltaTable) -> None:
            gone.extend(
                delta.vacuum(
                    retention_hours=hours,
                    dry_run=False,
                    enforce_retention_duration=False,
                    full=True,
                )
            )

        self._change(model, signal, clean)
        self._tables.handle(model, signal).place.drop_empty()
        return len(gone)

    def _maintain(self, model: str, signal: Signal, now: datetime, days: int | None) -> Kept:
        handle = self._tables.handle(model, signal)
        today = now.astimezone(UTC).date()
        done = Kept(model, signal)
        try:
            if days is not None:
                before = today - timedelta(days=days)
                dropped = self.drop_days(model, signal, before)
                done = _with(done, dropped=dropped, first=before)
            done = _with(done, compacted=self.compact(model, signal, today=today))
            self._clean(handle, now)
            last = self._vacuumed.get((model, signal))
            if last is None or not timedelta() <= now - last < self._tables.history / 2:
                done = _with(done, vacuumed=self.vacuum(model, signal))
                self._vacuumed[model, signal] = now
        except (WatchkeeperError, OSError) as error:
            done = _with(done, error=str(error))
        return done

    def _clean(self, handle: Handle, now: datetime) -> None:
        """Shorten the log, and delete what writers that were killed left half-written."""
        older_than = (now - self._tables.history).timestamp()
        handle.checkpoint()
        if handle.place.clean_log(older_than=older_than, keep=_LOG_ENTRIES):
            handle.forget()
        handle.place.sweep(older_than=older_than)

    def _days_of(self, model: str, signal: Signal, wanted: Wanted) -> set[date]:
        batches = self._tables.batches(model, signal, wanted)
        return {day for batch in batches for day in pc.unique(batch.column(DAY)).to_pylist()}

    def _delete(
        self, model: str, signal: Signal, days: Sequence[date], which: tuple[str, Sequence[str]]
    ) -> int:
        """Delete rows by the values of a column, a day at a time.

        A deletion loses the race against any append to the days that it covers, and appends go to
        one or two days.
        """
        column, values = which
        texts = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        gone: list[int] = []

        def delete(delta: DeltaTable, predicate: str) -> None:
            properties = writer_properties(stored_schema(delta))
            result = delta.delete(predicate, writer_properties=properties)
            gone.append(int(result["num_deleted_rows"]))

        for day in days:
            predicate = f"{DAY} = '{day}' AND \"{column}\" IN ({texts})"
            self._change(model, signal, partial(delete, predicate=predicate))
        return sum(gone)

    def _change(self, model: str, signal: str, change: Callable[[DeltaTable], Any]) -> None:
        """Change a table, again where somebody else was first, and sync what came of it."""
        from deltalake.exceptions import CommitFailedError

        handle = self._tables.handle(model, signal)
        failure: Exception | None = None
        for number in range(_TRIES):
            polite = number < _POLITE_TRIES
            with contextlib.nullcontext() if polite else handle.lock, delta_errors(handle.place):
                delta = handle.place.open()  # Its own: readers need not wait for it.
                before = delta.version()
                try:
                    change(delta)
                except CommitFailedError as error:
                    failure = error
                else:
                    handle.look_again()
                    handle.sync_since(before)
                    return
            time.sleep(_PAUSE_S * number)
        raise UnavailableError(f"{handle.place} changed {_TRIES} times meanwhile ({failure})")


def _is_due(files: Sequence[DataFile], *, is_open: bool) -> bool:
    """Whether merging a day's files is worth the writing."""
    small = [file.size for file in files if file.size < (_OPEN_BYTES if is_open else _CLOSED_BYTES)]
    if is_open or len(small) < 2:
        return len(small) >= _OPEN_FILES
    # One late row must not have a large file written again.
    return len(small) >= _CLOSED_FILES or max(small) <= sum(small) - max(small)


def _merge(delta: DeltaTable, day: date, size: int) -> None:
    delta.optimize.compact(
        partition_filters=[(DAY, "=", str(day))],
        target_size=size,
        max_concurrent_tasks=1,
        writer_properties=writer_properties(stored_schema(delta)),
    )


def _with(kept: Kept, **changes: Any) -> Kept:
    return msgspec.structs.replace(kept, **changes)
