"""Event tables: a Delta table for each model and signal, partitioned by the day of `_time`.

Each commit states the journal's position that it reaches, so that entries which are written
again after a crash are recognised. Tables are open: any engine that reads Delta may read them
while they are written.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pyarrow as pa

from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, NotFoundError, UnavailableError
from watchkeeper.store.disk import sync
from watchkeeper.store.table_handle import Handle
from watchkeeper.store.table_log import last_position, log_folder, read_commit
from watchkeeper.store.table_names import folder_of, model_of
from watchkeeper.store.table_reading import (
    DataFile,
    Snapshot,
    Wanted,
    empty_table,
    read_snapshot,
)

__all__ = ["Commit", "Tables", "Wanted"]

_ALL = Wanted()


class Commit(msgspec.Struct, frozen=True):
    """Rows that one commit added to a table.

    Parameters
    ----------
    model
        The model's name.
    signal
        The signal.
    version
        The table's version since then.
    position
        The last position of the journal that is in it.
    rows
        How many.
    days
        The days that they belong to, ascending.
    """

    model: str
    signal: Signal
    version: int
    position: int
    rows: int
    days: tuple[date, ...]


class Tables:
    """The event tables below a folder.

    Several processes may use them at once. Methods may be called from any thread.

    Parameters
    ----------
    root
        The folder; made where it is missing.
    history
        How long files and versions stay that are no longer current: for readers that began
        before, for who follows commits, and for time travel.

    Raises
    ------
    InputError
        The folder's name has an escape such as `%20`, which Delta's library reads as another name.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> folder = tempfile.TemporaryDirectory()
    >>> tables = Tables(Path(folder.name))
    >>> moment = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    >>> rows = pa.table({"_id": ["a"], "_time": moment, "age": [41.0]})
    >>> commit = tables.append("churn", Signal.PREDICTIONS, rows, position=1)
    >>> commit.version, commit.rows, str(commit.days[0])
    (1, 1, '2026-01-01')
    >>> tables.append("churn", Signal.PREDICTIONS, rows, position=1) is None
    True
    >>> batch = next(tables.batches("churn", Signal.PREDICTIONS, Wanted(columns=("_id", "age"))))
    >>> batch.to_pylist()
    [{'_id': 'a', 'age': 41.0}]
    >>> folder.cleanup()
    """

    def __init__(self, root: Path, *, history: timedelta = timedelta(hours=6)) -> None:
        root = root.absolute()
        if unquote(str(root)) != str(root):
            raise InputError(f"the folder {root} has a '%' escape in its name; choose another name")
        root.mkdir(parents=True, exist_ok=True)
        sync(root.parent)
        self._root = root
        self._history = history
        self._handles: dict[tuple[str, Signal], Handle] = {}
        self._lock = threading.Lock()

    @property
    def root(self) -> Path:
        """The folder of all tables."""
        return self._root

    @property
    def history(self) -> timedelta:
        """How long files and versions stay that are no longer current."""
        return self._history

    def handle(self, model: str, signal: str) -> Handle:
        """The one open table of a model and signal, for the other modules of this package."""
        key = (model, Signal(signal))
        with self._lock:
            if key not in self._handles:
                folder = self._root / folder_of(model) / key[1].value
                self._handles[key] = Handle(folder, key[1], top=self._root, history=self._history)
            return self._handles[key]

    def folder(self, model: str, signal: str) -> Path:
        """Where the files of a table lie."""
        return self.handle(model, signal).folder

    def append(self, model: str, signal: str, table: pa.Table, *, position: int) -> Commit | None:
        """Add rows to a table, made or given further columns where needed.

        A value that does not fit its column's type is kept in `_overflow`.

        Parameters
        ----------
        model
            The model's name.
        signal
            The signal.
        table
            Rows with the columns of `core.envelope`, `_time` in each of them, and features.
        position
            The journal's position that the table reaches with them: all entries up to it are in
            the table then.

        Returns
        -------
        Commit or None
            The commit, which is on disk. None: the table reached that position before, or there
            are no rows.

        Raises
        ------
        InputError
            The rows cannot be stored, now or later.
        UnavailableError
            The disk is full or fails; the same call will do later.
        """
        handle = self.handle(model, signal)
        if table.num_rows == 0:
            return None
        done = handle.append(table, position)
        if done is None:
            return None
        rows = sum(file.rows for file in done.files)
        days = tuple(sorted({file.day for file in done.files}))
        return Commit(model, handle.signal, done.version, position, rows, days)

    def settle(self, model: str, signal: str, since: int, *, released: int = 0) -> int:
        """Make sure of commits that a crash of the machine may have torn.

        Parameters
        ----------
        model
            The model's name.
        signal
            The signal.
        since
            The first position that waits in the journal for this table.
        released
            The last position that the journal has forgotten, since the table has it.

        Returns
        -------
        int
            Commits that were torn and taken back; the journal has what was in them.

        Raises
        ------
        UnavailableError
            A commit is damaged that the journal has forgotten; the table is left as it is.
        """
        return self.handle(model, signal).settle(since, released)

    def position(self, model: str, signal: str) -> int:
        """The journal's position that a table reaches; 0: none."""
        return self.handle(model, signal).position()

    def highest(self) -> int:
        """The highest position that any table reaches; of a damaged one, as far as its log says."""
        return max((self._reached(*name) for name in self.names()), default=0)

    def _reached(self, model: str, signal: str) -> int:
        handle = self.handle(model, signal)
        try:
            return handle.position()
        except UnavailableError:  # One damaged table must not keep the others from being opened.
            return last_position(handle.folder)

    def version(self, model: str, signal: str) -> int:
        """The newest version of a table; -1: there is none."""
        handle = self.handle(model, signal)
        with handle.lock:
            delta = handle.load()
            return -1 if delta is None else delta.version()

    def schema(self, model: str, signal: str) -> pa.Schema:
        """Columns and types of a table; empty where there is none."""
        snapshot = self.handle(model, signal).snapshot()
        return pa.schema([]) if snapshot is None else snapshot.schema()

    def days(self, model: str, signal: str) -> list[date]:
        """Days of which a table has rows, ascending."""
        snapshot = self.handle(model, signal).snapshot()
        return sorted({file.day for file in snapshot.files}) if snapshot is not None else []

    def added(
        self, model: str, signal: str, version: int, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Rows that a commit appended, also when they were moved to other files since.

        Parameters
        ----------
        model
            The model's name.
        signal
            The signal.
        version
            The version that the commit made.
        columns
            Their names; one that the table does not have is null. None: all there are.

        Returns
        -------
        pyarrow.Table
            No rows where the commit moved or deleted rows.

        Raises
        ------
        NotFoundError
            The version is not there, or its files are gone: its rows are to be found by their
            time.
        """
        handle = self.handle(model, signal)
        snapshot = handle.snapshot()
        commit = None if snapshot is None else read_commit(handle.folder, version)
        if snapshot is None or commit is None:
            raise NotFoundError(
                f"version {version} of {signal} of {model!r} is not there, or no longer; the "
                f"history goes back {self._history}"
            )
        if commit.position is None:
            return empty_table(snapshot, columns)
        files = tuple(
            DataFile(handle.folder / file.path, file.day, file.rows, file.size)
            for file in commit.files
        )
        wanted = Wanted(columns=None if columns is None else tuple(columns))
        try:
            batches = list(
                read_snapshot(Snapshot(snapshot.signal, version, snapshot.stored, files), wanted)
            )
        except FileNotFoundError as error:
            raise NotFoundError(
                f"files of version {version} of {signal} of {model!r} were cleaned away ({error})"
            ) from error
        return pa.Table.from_batches(batches) if batches else empty_table(snapshot, columns)

    def batches(self, model: str, signal: str, wanted: Wanted = _ALL) -> Iterator[pa.RecordBatch]:
        """Rows of a table, in pieces, as they are when this is called.

        Parameters
        ----------
        model
            The model's name.
        signal
            The signal.
        wanted
            Which rows and columns.

        Returns
        -------
        Iterator[pyarrow.RecordBatch]
            None of them empty; days ascend. Nothing where there is no table.

        Raises
        ------
        NotFoundError
            A version was asked for that is not there, or no longer.
        """
        snapshot = self.handle(model, signal).snapshot(wanted.version)
        return iter(()) if snapshot is None else read_snapshot(snapshot, wanted)

    def models(self) -> list[str]:
        """Names of models that have a table, in order."""
        return sorted({model for model, _ in self.names()})

    def signals(self, model: str) -> list[Signal]:
        """Signals of which a model has a table."""
        folder = self._root / folder_of(model)
        return [signal for signal in Signal if log_folder(folder / signal.value).is_dir()]

    def names(self) -> list[tuple[str, Signal]]:
        """Model and signal of each table."""
        folders = sorted(path.name for path in self._root.iterdir() if path.is_dir())
        models = [model_of(name) for name in folders if not name.startswith(".")]
        return [(model, signal) for model in models for signal in self.signals(model)]

    def remove(self, model: str) -> None:
        """Delete all tables of a model at once, with their history.

        Parameters
        ----------
        model
            The model's name; nothing happens where it has no table.
        """
        folder = self._root / folder_of(model)
        with self._lock:
            for key in [key for key in self._handles if key[0] == model]:
                del self._handles[key]
            if not folder.is_dir():
                return
            gone = folder.with_name(f".removed-{folder.name}")
            shutil.rmtree(gone, ignore_errors=True)
            folder.replace(gone)  # From here on nobody finds a half of it.
        shutil.rmtree(gone, ignore_errors=True)
