"""Event tables: a Delta table for each model and signal, partitioned by the day of `_time`.

Each commit states the journal's position that it reaches, so that entries which are written
again after a crash are recognised. Tables are open: any engine that reads Delta may read them
while they are written. They lie in a folder, or on object storage (`table_place`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa

from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import NotFoundError, UnavailableError
from watchkeeper.store.table_handle import Handle, delta_errors
from watchkeeper.store.table_local import LocalRoot
from watchkeeper.store.table_names import folder_of, model_of
from watchkeeper.store.table_place import Place, Root
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
    """The event tables below a folder, or below a URL of object storage.

    Several processes may use them at once. Methods may be called from any thread.

    Parameters
    ----------
    root
        The folder; made where it is missing. Or `s3://bucket/prefix`.
    history
        How long files and versions stay that are no longer current: for readers that began
        before, for who follows commits, and for time travel.
    trust_s
        On object storage: for how many seconds what was seen of a table may be taken for what it
        is now, for the one process that appends. Each look costs requests there.

    Raises
    ------
    InputError
        The folder's name has an escape such as `%20`, which Delta's library reads as another name;
        or the URL is none of object storage.

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

    def __init__(
        self,
        root: Path | str,
        *,
        history: timedelta = timedelta(hours=6),
        trust_s: float = 0.0,
    ) -> None:
        self._root = _root_of(root, trust_s)
        self._history = history
        self._handles: dict[tuple[str, Signal], Handle] = {}
        self._lock = threading.Lock()

    @property
    def root(self) -> Path:
        """The folder of all tables; an error where they lie on object storage."""
        return self._root.folder

    @property
    def elsewhere(self) -> str | None:
        """The URL of all tables; None where they lie in a folder."""
        return None if isinstance(self._root, LocalRoot) else str(self._root)

    def claim(self, owner: str) -> None:
        """On object storage: see that it can be used, and that no other server writes there.

        Parameters
        ----------
        owner
            What tells the server from any other.

        Raises
        ------
        InputError
            There is no such bucket, or the credentials do not do.
        ConflictError
            The tables belong to another server.
        UnavailableError
            The storage does not answer.
        """
        self._root.claim(owner)

    def size(self) -> int:
        """Bytes of all files."""
        return self._root.size()

    @property
    def history(self) -> timedelta:
        """How long files and versions stay that are no longer current."""
        return self._history

    def handle(self, model: str, signal: str) -> Handle:
        """The one open table of a model and signal, for the other modules of this package."""
        key = (model, Signal(signal))
        with self._lock:
            if key not in self._handles:
                place = self._root.place(folder_of(model), key[1].value)
                self._handles[key] = Handle(place, key[1], history=self._history)
            return self._handles[key]

    def folder(self, model: str, signal: str) -> Path:
        """Where the files of a table lie; an error where that is on object storage."""
        return self.handle(model, signal).folder

    def table_size(self, model: str, signal: str) -> int:
        """Bytes of the files of a table, also of those that are no longer current."""
        return self.handle(model, signal).place.size()

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
        with ThreadPoolExecutor(self._root.at_once) as several:
            return max(several.map(lambda name: self._reached(*name), self.names()), default=0)

    def _reached(self, model: str, signal: str) -> int:
        handle = self.handle(model, signal)
        try:
            return handle.position()
        except UnavailableError:  # One damaged table must not keep the others from being opened.
            return handle.place.last_position()

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
        with delta_errors(handle.place):
            commit = None if snapshot is None else handle.place.read_commit(version)
        if snapshot is None or commit is None:
            raise NotFoundError(
                f"version {version} of {signal} of {model!r} is not there, or no longer; the "
                f"history goes back {self._history}"
            )
        if commit.position is None:
            return empty_table(snapshot, columns)
        files = tuple(
            DataFile(handle.place.file(file.path), file.day, file.rows, file.size)
            for file in commit.files
        )
        wanted = Wanted(columns=None if columns is None else tuple(columns))
        try:
            system = handle.place.system({file.path: file.size for file in commit.files})
            then = msgspec.structs.replace(snapshot, files=files, system=system)
            batches = list(_read(handle.place, then, wanted))
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
        handle = self.handle(model, signal)
        snapshot = handle.snapshot(wanted.version)
        return iter(()) if snapshot is None else _read(handle.place, snapshot, wanted)

    def models(self) -> list[str]:
        """Names of models that have a table, in order."""
        return sorted({model for model, _ in self.names()})

    def signals(self, model: str) -> list[Signal]:
        """Signals of which a model has a table."""
        made = self._root.signals(folder_of(model))
        return [signal for signal in Signal if signal.value in made]

    def names(self) -> list[tuple[str, Signal]]:
        """Model and signal of each table."""
        models = [model_of(name) for name in self._root.folders()]
        return [(model, signal) for model in models for signal in self.signals(model)]

    def remove(self, model: str) -> None:
        """Delete all tables of a model at once, with their history.

        Parameters
        ----------
        model
            The model's name; nothing happens where it has no table.
        """
        with self._lock:
            for key in [key for key in self._handles if key[0] == model]:
                del self._handles[key]
        self._root.remove(folder_of(model))


def _root_of(root: Path | str, trust_s: float) -> Root:
    if isinstance(root, Path):
        return LocalRoot(root)
    from watchkeeper.store.table_objects import ObjectRoot  # Only whoever needs it pays for it.

    return ObjectRoot(root, trust_s=trust_s)


def _read(place: Place, snapshot: Snapshot, wanted: Wanted) -> Iterator[pa.RecordBatch]:
    with place.reading():
        yield from read_snapshot(snapshot, wanted)
