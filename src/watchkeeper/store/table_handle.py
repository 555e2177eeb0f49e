"""One Delta table: opened once, brought up to date on each use, appended to.

A handle serves all threads of a process. Other processes may append, compact and delete
meanwhile: Delta's log decides who was first, and who was not tries again.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from watchkeeper.core.envelope import DAY, ID, ROW, Signal
from watchkeeper.core.errors import InputError, NotFoundError, UnavailableError
from watchkeeper.store.disk import sync_files
from watchkeeper.store.table_columns import fit
from watchkeeper.store.table_log import (
    APPLICATION,
    LogCommit,
    checkpoints,
    log_file,
    log_folder,
    log_versions,
    read_commit,
    settle,
    sync_checkpoint,
    sync_commit,
)
from watchkeeper.store.table_reading import DataFile, Snapshot

if TYPE_CHECKING:
    from deltalake import DeltaTable, WriterProperties

_TRIES = 8
_CHECKPOINT_EVERY = 20
"""Versions between checkpoints. Each use of a table reads the log since the last one; measured,
1,000 versions make an append 20 times slower."""

_HIGH_CARDINALITY = frozenset({ID, "_request_id", "_trace_id", "_span_id", "_input_hash"})


class Handle:
    """A table's folder and its open table.

    Parameters
    ----------
    folder
        The table's folder; it need not be there.
    signal
        The signal of its rows.
    top
        The folder up to which names are synced.
    history
        How long replaced files stay, as the table says to others who clean it.
    """

    def __init__(self, folder: Path, signal: Signal, *, top: Path, history: timedelta) -> None:
        self.folder = folder
        self.signal = signal
        self.lock = threading.RLock()
        self._top = top
        self.history = history
        self._delta: DeltaTable | None = None
        self._seen: tuple[int, int] | None = None
        self._unsure: int | None = None

    def load(self) -> DeltaTable | None:
        """The table as it is now; None where there is none. Call it with the lock held."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        with delta_errors(self.folder):
            if self._delta is not None and self._tip() != self._seen:
                self._delta = None  # It was removed, and perhaps made anew, by somebody else.
            if self._delta is not None:
                try:
                    self._delta.update_incremental()
                except DeltaError:  # The log up to there was cleaned away.
                    self._delta = None
            if self._delta is None and log_folder(self.folder).is_dir():
                with contextlib.suppress(TableNotFoundError):
                    self._delta = DeltaTable(str(self.folder))
            self._seen = self._tip()
        return self._delta

    def forget(self) -> None:
        """Open the table anew on its next use."""
        with self.lock:
            self._delta = None

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
                    delta = self.load() or self._create(fit(table, pa.schema([]), self.signal))
                    if position <= self._reached(delta):
                        return None
                    self._write(delta, fit(table, stored_schema(delta), self.signal), position)
                except CommitFailedError as error:
                    failure = error
                    continue
                return self._confirm(position)
        raise UnavailableError(
            f"{self.folder} changed {_TRIES} times while it was written to ({failure}); try again"
        )

    def settle(self, since: int, released: int = 0) -> int:
        """See `table_log.settle`."""
        with self.lock, delta_errors(self.folder):
            gone = settle(self.folder, since, top=self._top, released=released)
            if gone:
                self.forget()
            return gone

    def _tip(self) -> tuple[int, int] | None:
        """What tells the log's file of the version that is open from any other file."""
        if self._delta is None:
            return None
        try:
            found = log_file(self.folder, self._delta.version()).stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _reached(self, delta: DeltaTable) -> int:
        with delta_errors(self.folder):  # It reads the log, which may be damaged.
            return delta.transaction_version(APPLICATION) or 0

    def _be_sure(self) -> None:
        """After an append of which nobody knows whether it was synced: find out, and sync."""
        if self._unsure is not None:
            self.settle(self._unsure)
            self._unsure = None

    def _create(self, rows: pa.Table) -> DeltaTable:
        """Make the table, without rows.

        Delta notices two that append at once but not two that make, so it is made elsewhere and
        moved into its place, where only one can be first.

        Raises
        ------
        CommitFailedError
            Somebody else made it first.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import CommitFailedError

        hours = f"interval {int(-(-self.history // timedelta(hours=1)))} hours"
        parent = self.folder.parent
        with delta_errors(self.folder):
            parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=parent) as draft:
                place = Path(draft) / self.folder.name
                DeltaTable.create(
                    str(place),
                    rows.schema,
                    partition_by=[DAY],
                    configuration={
                        "delta.deletedFileRetentionDuration": hours,
                        "delta.logRetentionDuration": hours,
                        "delta.dataSkippingStatsColumns": "_time,_position",
                    },
                )
                sync_files([log_file(place, 0)], parent)
                try:
                    place.rename(self.folder)
                except OSError as error:
                    if log_file(self.folder, 0).exists():
                        raise CommitFailedError("the table was made meanwhile") from error
                    raise
            sync_files([log_file(self.folder, 0)], self._top)
            made = self._delta = DeltaTable(str(self.folder))
        self._seen = self._tip()
        return made

    def _write(self, delta: DeltaTable, rows: pa.Table, position: int) -> None:
        from deltalake import CommitProperties, PostCommitHookProperties, Transaction
        from deltalake import write_deltalake as write

        self._unsure = position
        with delta_errors(self.folder):
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
        self._seen = self._tip()

    def _confirm(self, position: int) -> LogCommit:
        """Find the commit that reached a position, sync it, and checkpoint when it is time."""
        delta = self.load()
        version = -1 if delta is None else delta.version()
        commit = None
        while version >= 0 and (commit is None or commit.position != position):
            commit = read_commit(self.folder, version)
            version -= 1
        if commit is None:
            raise UnavailableError(f"{self.folder} has no commit for position {position}")
        with delta_errors(self.folder):
            sync_commit(self.folder, commit, top=self._top)
        self._unsure = None
        if commit.version % _CHECKPOINT_EVERY == _CHECKPOINT_EVERY - 1:
            self.checkpoint()
        return commit

    def sync_since(self, version: int) -> None:
        """Return once all commits after a version are on disk."""
        with delta_errors(self.folder):
            for later in log_versions(self.folder):
                commit = read_commit(self.folder, later) if later > version else None
                if commit is not None:
                    sync_commit(self.folder, commit, top=self._top)

    def checkpoint(self) -> None:
        """Write what the log comes to, so that it need not be read from its beginning."""
        from deltalake.exceptions import DeltaError

        # Without one, reading is slower and nothing else: the next one has another chance.
        with self.lock, contextlib.suppress(DeltaError, OSError):
            delta = self.load()
            if delta is not None and delta.version() not in checkpoints(self.folder):
                delta.create_checkpoint()
                sync_checkpoint(self.folder)

    def _at(self, version: int, newest: int) -> DeltaTable:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        if not 0 <= version <= newest:
            raise NotFoundError(f"{self.folder} has versions up to {newest}, and no {version}")
        try:
            return DeltaTable(str(self.folder), version=version)
        except (DeltaError, OSError) as error:
            raise NotFoundError(
                f"version {version} of {self.folder} is not kept any more; its history goes back "
                f"{self.history}"
            ) from error

    def _describe(self, delta: DeltaTable) -> Snapshot:
        with delta_errors(self.folder):
            actions = pa.table(delta.get_add_actions(flatten=True))
            return Snapshot(
                self.signal, delta.version(), stored_schema(delta), self._files(actions)
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
            DataFile(self.folder / path, day, rows or 0, size, first, last)
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
def delta_errors(folder: Path) -> Iterator[None]:
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
        raise UnavailableError(
            f"the table {folder} cannot be used ({_first_line(error)}); make room on the disk, or "
            "restore the table from a backup",
            retry_after=5,
        ) from error
    except BaseException as error:
        # Panics of the library are no `Exception`, and one batch must not end the process.
        if type(error).__name__ != "PanicException":
            raise
        raise InputError(
            f"the library that writes {folder} failed: {_first_line(error)}"
        ) from error


def _first_line(error: Any) -> str:
    return str(error).partition("\n")[0]
