"""One Delta table: opened once, brought up to date on each use, appended to.

A handle serves all threads of a process. Other processes may append, compact and delete
meanwhile: Delta's log decides who was first, and who was not tries again.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from watchkeeper.core.envelope import DAY, ID, ROW, Signal
from watchkeeper.core.errors import InputError, NotFoundError, UnavailableError
from watchkeeper.store.table_columns import fit
from watchkeeper.store.table_log import APPLICATION, LogCommit
from watchkeeper.store.table_place import Place
from watchkeeper.store.table_reading import DataFile, Snapshot

if TYPE_CHECKING:
    from deltalake import DeltaTable, WriterProperties

_TRIES = 8
_CHECKPOINT_EVERY = 20
"""Versions between checkpoints. Each use of a table reads the log since the last one; measured,
1,000 versions make an append 20 times slower."""

_HIGH_CARDINALITY = frozenset({ID, "_request_id", "_trace_id", "_span_id", "_input_hash"})


class Handle:
    """A table's place and its open table.

    Parameters
    ----------
    place
        Where the table lies; it need not be there.
    signal
        The signal of its rows.
    history
        How long replaced files stay, as the table says to others who clean it.
    """

    def __init__(self, place: Place, signal: Signal, *, history: timedelta) -> None:
        self.place = place
        self.signal = signal
        self.lock = threading.RLock()
        self.history = history
        self._delta: DeltaTable | None = None
        self._seen: object | None = None
        self._looked = -float("inf")
        self._unsure: int | None = None
        self._known: tuple[int, int] | None = None
        """A version, and the position that it reaches."""

    @property
    def folder(self) -> Path:
        """The table's folder; an error where it lies on object storage."""
        return self.place.folder

    def load(self, *, fresh: bool = False) -> DeltaTable | None:
        """The table as it is now; None where there is none. Call it with the lock held.

        Parameters
        ----------
        fresh
            Whether to look, however soon after the last time.
        """
        from deltalake.exceptions import DeltaError, TableNotFoundError

        if not fresh and time.monotonic() - self._looked < self.place.trust_s:
            return self._delta
        with delta_errors(self.place):
            if self._delta is not None and self._tip() != self._seen:
                self._drop()  # It was removed, and perhaps made anew, by somebody else.
            before = None if self._delta is None else self._delta.version()
            if self._delta is not None:
                try:
                    self._delta.update_incremental()
                except DeltaError:  # The log up to there was cleaned away.
                    self._drop()
            if self._delta is None and self.place.is_made():
                with contextlib.suppress(TableNotFoundError):
                    self._delta = self.place.open()
            if self._delta is None or self._delta.version() != before:
                self._note()
            self._looked = time.monotonic()
        return self._delta

    def forget(self) -> None:
        """Open the table anew on its next use."""
        with self.lock:
            self._drop()
            self._looked = -float("inf")

    def _drop(self) -> None:
        self._delta = self._known = None

    def look_again(self) -> None:
        """Take nothing for granted on the next use: the table was changed beside this handle."""
        self._looked = -float("inf")

    def snapshot(self, version: int | None = None) -> Snapshot | None:
        """Columns and files at a version; None where there is no table.

        Raises
        ------
        NotFoundError
            The version is not there, or no longer.
        """
        with self.lock:
            delta = self.load()
            if delta is None or version is None:
                return None if delta is None else self._describe(delta)
            return self._describe(self._at(version, delta.version()))

    def position(self) -> int:
        """The journal's position that the table reaches; 0 where it has none."""
        with self.lock:
            delta = self.load()
            return 0 if delta is None else self._reached(delta)

    def append(self, table: pa.Table, position: int) -> LogCommit | None:
        """Add rows that reach a position; None where the table reached it before.

        Raises
        ------
        InputError
            The rows cannot be stored.
        UnavailableError
            The disk is full or fails; perhaps it is written, perhaps not.
        """
        from deltalake.exceptions import CommitFailedError

        failure: Exception | None = None
        with self.lock:
            self._be_sure()
            for _ in range(_TRIES):
                try:
                    delta = self.load(fresh=True) or self._create(
                        fit(table, pa.schema([]), self.signal)
                    )
                    if position <= self._reached(delta):
                        return None
                    self._write(delta, fit(table, stored_schema(delta), self.signal), position)
                except CommitFailedError as error:
                    failure = error
                    continue
                return self._confirm(position)
        raise UnavailableError(
            f"{self.place} changed {_TRIES} times while it was written to ({failure}); try again"
        )

    def settle(self, since: int, released: int = 0) -> int:
        """See `table_log.settle`."""
        with self.lock, delta_errors(self.place):
            gone = self.place.settle(since, released)
            if gone:
                self.forget()
            return gone

    def _tip(self) -> object | None:
        """What tells the log's file of the version that is open from any other file."""
        return None if self._delta is None else self.place.stamp(self._delta.version())

    def _note(self) -> None:
        """Remember the table as it was just seen."""
        self._seen = self._tip()
        self._looked = time.monotonic()

    def _reached(self, delta: DeltaTable) -> int:
        version = delta.version()
        if self._known is None or self._known[0] != version:
            with delta_errors(self.place):  # It reads the log, which may be damaged.
                self._known = version, delta.transaction_version(APPLICATION) or 0
        return self._known[1]

    def _be_sure(self) -> None:
        """After an append of which nobody knows whether it was synced: find out, and sync."""
        if self._unsure is not None:
            self.settle(self._unsure)
            self._unsure = None

    def _create(self, rows: pa.Table) -> DeltaTable:
        """Make the table, without rows.

        Raises
        ------
        CommitFailedError
            Somebody else made it first.
        """
        hours = f"interval {int(-(-self.history // timedelta(hours=1)))} hours"
        configuration = {
            "delta.deletedFileRetentionDuration": hours,
            "delta.logRetentionDuration": hours,
            "delta.dataSkippingStatsColumns": "_time,_position",
        }
        with delta_errors(self.place):
            self._drop()
            made = self._delta = self.place.create(rows.schema, DAY, configuration)
            self._note()
        return made

    def _write(self, delta: DeltaTable, rows: pa.Table, position: int) -> None:
        from deltalake import CommitProperties, PostCommitHookProperties, Transaction
        from deltalake import write_deltalake as write

        self._unsure = position
        with delta_errors(self.place):
            write(
                delta,
                rows,
                mode="append",
                schema_mode=None if rows.schema.names == stored_schema(delta).names else "merge",
                writer_properties=writer_properties(rows.schema),
                commit_properties=CommitProperties(
                    app_transactions=[Transaction(APPLICATION, position)]
                ),
                # A checkpoint before the commit is synced would hide which commits are unsure.
                post_commithook_properties=PostCommitHookProperties(
                    create_checkpoint=False, cleanup_expired_logs=False
                ),
            )
            self._known = delta.version(), position
            self._note()

    def _confirm(self, position: int) -> LogCommit:
        """Find the commit that reached a position, sync it, and checkpoint when it is time."""
        delta = self.load()
        version = -1 if delta is None else delta.version()
        commit = None
        while version >= 0 and (commit is None or commit.position != position):
            with delta_errors(self.place):
                commit = self.place.read_commit(version)
            version -= 1
        if commit is None:
            raise UnavailableError(f"{self.place} has no commit for position {position}")
        with delta_errors(self.place):
            self.place.sync_commit(commit)
        self._unsure = None
        if commit.version % _CHECKPOINT_EVERY == _CHECKPOINT_EVERY - 1:
            self.checkpoint()
        return commit

    def sync_since(self, version: int) -> None:
        """Return once all commits after a version are on disk."""
        with delta_errors(self.place):
            self.place.sync_since(version)

    def checkpoint(self) -> None:
        """Write what the log comes to, so that it need not be read from its beginning."""
        from deltalake.exceptions import DeltaError

        # Without one, reading is slower and nothing else: the next one has another chance.
        with self.lock, contextlib.suppress(DeltaError, OSError):
            delta = self.load()
            if delta is not None and delta.version() not in self.place.checkpoints():
                delta.create_checkpoint()
                self.place.sync_checkpoint()

    def _at(self, version: int, newest: int) -> DeltaTable:
        from deltalake.exceptions import DeltaError

        if not 0 <= version <= newest:
            raise NotFoundError(f"{self.place} has versions up to {newest}, and no {version}")
        try:
            return self.place.open(version)
        except (DeltaError, OSError) as error:
            raise NotFoundError(
                f"version {version} of {self.place} is not kept any more; its history goes back "
                f"{self.history}"
            ) from error

    def _describe(self, delta: DeltaTable) -> Snapshot:
        with delta_errors(self.place):
            actions = pa.table(delta.get_add_actions(flatten=True))
            files = self._files(actions)
            sizes = dict(zip(actions["path"].to_pylist(), (f.size for f in files), strict=True))
            return Snapshot(
                self.signal,
                delta.version(),
                stored_schema(delta),
                files,
                self.place.system(sizes),
            )

    def _files(self, actions: pa.Table) -> tuple[DataFile, ...]:
        names = (
            "path", f"partition.{DAY}", "num_records", "size_bytes", "min._time", "max._time",
        )  # fmt: skip
        if actions.num_rows == 0:
            return ()
        columns = [
            actions[name].to_pylist() if name in actions.column_names else [None] * len(actions)
            for name in names
        ]
        return tuple(
            DataFile(self.place.file(path), day, rows or 0, size, first, last)
            for path, day, rows, size, first, last in zip(*columns, strict=True)
        )


def stored_schema(delta: DeltaTable) -> pa.Schema:
    """The columns of a table as they are stored."""
    return pa.schema(delta.schema().to_arrow())


def writer_properties(schema: pa.Schema) -> WriterProperties:
    """How columns are packed: a dictionary only for texts that repeat.

    Measured on 20 features: half the time and three quarters of the size of the defaults.
    """
    from deltalake import ColumnProperties, WriterProperties

    plain = ColumnProperties(dictionary_enabled=False)
    names = [
        field.name
        for field in schema
        if field.name in _HIGH_CARDINALITY
        or pa.types.is_floating(field.type)
        or pa.types.is_timestamp(field.type)
        or field.name == ROW
    ]
    return WriterProperties(
        compression="ZSTD", compression_level=1, column_properties=dict.fromkeys(names, plain)
    )


@contextlib.contextmanager
def delta_errors(place: Place) -> Iterator[None]:
    """Errors of Delta's library as ours; a lost race passes as it is.

    Raises
    ------
    UnavailableError
        The disk or the table's log.
    InputError
        The library could not cope with what it was given.
    """
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        yield
    except CommitFailedError:
        raise
    except (DeltaError, OSError) as error:
        raise place.failed(str(error)) from error
    except BaseException as error:
        # Panics of the library are no `Exception`, and one batch must not end the process.
        if type(error).__name__ != "PanicException":
            raise
        raise InputError(
            f"the library that writes {place} failed: {str(error).partition(chr(10))[0]}"
        ) from error
