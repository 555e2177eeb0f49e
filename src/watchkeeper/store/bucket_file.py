"""The SQLite file that buckets lie in: its tables, its connections, its errors in plain words.

A row of `parts` is one statistic over some hours. Its key is the number of the series, then the
level (how many hours), then the first hour: so the file is sorted by series and time, and a series
is read in one sweep. The minutes of the last days lie apart, since they come and go.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from watchkeeper.core.errors import BusyError, ProfileError, UnavailableError

APPLICATION = 0x776B6275
"""Marks the file as ours: `wkbu` in the header of the SQLite file."""

MIGRATIONS = (
    """
    CREATE TABLE slots (
        id INTEGER PRIMARY KEY, model TEXT NOT NULL, layout TEXT NOT NULL, version TEXT NOT NULL,
        "column" TEXT NOT NULL, value TEXT NOT NULL,
        UNIQUE (model, layout, version, "column", value));
    CREATE TABLE series (
        id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, part TEXT NOT NULL, kind TEXT NOT NULL,
        UNIQUE (slot, part));
    CREATE TABLE parts (key INTEGER PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE buckets (
        slot INTEGER NOT NULL, start INTEGER NOT NULL, hours INTEGER NOT NULL,
        rows INTEGER NOT NULL, labelled INTEGER NOT NULL, measured_at INTEGER NOT NULL,
        PRIMARY KEY (slot, start)) WITHOUT ROWID;
    CREATE INDEX coarse ON buckets (slot, start) WHERE hours = 24;
    CREATE TABLE dirty (
        slot INTEGER NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (slot, day)) WITHOUT ROWID;
    CREATE TABLE followed (
        model TEXT NOT NULL, signal TEXT NOT NULL, version INTEGER NOT NULL,
        PRIMARY KEY (model, signal)) WITHOUT ROWID;
    CREATE TABLE stale (
        model TEXT NOT NULL, hour INTEGER NOT NULL, what TEXT NOT NULL, since INTEGER NOT NULL,
        PRIMARY KEY (model, hour)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE minutes (
        series INTEGER NOT NULL, minute INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (series, minute)) WITHOUT ROWID;
    """,
)
"""What makes a file of each version of one of the version before; `user_version` counts them."""

_PAGE_BYTES = 8192
_WAIT_S = 30.0
_PAUSE_S = 0.01
LEVELS = (1, 6, 24)
"""The hours of a part: hours are what is written, quarters of a day and days are merged of them."""

_TIME_BITS = 27  # Python knows 87,649,416 hours.
_BITS = 29  # and two for the level
_HOURS_BEFORE_1970 = 719_162 * 24


def part_key(series: int, level: int, start: int) -> int:
    """The key of a series' part.

    Parameters
    ----------
    series
        The number of the series.
    level
        How many hours it is over, one of `LEVELS`.
    start
        Its first hour, counted from 1970; earlier ones are below zero.
    """
    place = LEVELS.index(level) << _TIME_BITS
    return series << _BITS | place | start + _HOURS_BEFORE_1970


def start_of_key(key: int) -> int:
    """The first hour of the part with this key.

    >>> start_of_key(part_key(3, 24, 48)), start_of_key(part_key(3, 1, -7))
    (48, -7)
    """
    return (key & (1 << _TIME_BITS) - 1) - _HOURS_BEFORE_1970


def keys_of_series(series: int) -> tuple[int, int]:
    """The lowest and the highest key that a part of a series can have."""
    return series << _BITS, (series + 1 << _BITS) - 1


def lowest_key(series: int, level: int) -> int:
    """The lowest key that a part of a series on one level can have."""
    return series << _BITS | LEVELS.index(level) << _TIME_BITS


class BucketFile:
    """Connections to one file: one that writes, and as many that read as there are readers.

    Parameters
    ----------
    path
        The file, made where there is none.

    Raises
    ------
    ProfileError
        The file is damaged, not ours, or of a later version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        with self._plain_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            try:
                self._prepare()
            except BaseException:
                self._writer.close()
                raise

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is kept whole or not at all; one at a time."""
        if not self._writing.acquire(timeout=_WAIT_S):
            raise BusyError(f"{self.path.name} is being written to; try again")
        try:
            with self._plain_errors():
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    # A full disk has ended the transaction already.
                    with suppress(sqlite3.Error):
                        self._writer.execute("ROLLBACK")
                    raise
        finally:
            self._writing.release()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection inside which every query sees the same state."""
        with self._plain_errors():
            # Taking from a list is atomic: threads share it without a lock.
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            connection.execute("BEGIN")
            try:
                yield connection
            except sqlite3.Error:
                connection.close()
                raise
            except BaseException:
                self._give_back(connection)
                raise
            self._give_back(connection)

    def back_up(self, path: Path) -> None:
        """Copy the file as it is now, while others read and write.

        The copy takes the place of what is at `path` once it is whole.
        """
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        with self.read() as source, self._plain_errors():
            target = sqlite3.connect(part)
            try:
                source.backup(target)
            finally:
                target.close()
        part.replace(path)

    def close(self) -> None:
        """Close all connections; the file is then complete without its `-wal`."""
        while self._idle:
            self._idle.pop().close()
        with self._writing:
            self._writer.close()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -16384")
        return connection

    def _prepare(self) -> None:
        """Make the tables or bring them up to date."""
        writer = self._writer
        writer.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        self._set_wal()
        writer.execute("PRAGMA wal_autocheckpoint = 4096")
        writer.execute(f"PRAGMA journal_size_limit = {64 << 20}")
        with self.write() as connection:
            (held,) = connection.execute("PRAGMA user_version").fetchone()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if application != APPLICATION and (tables or held):
                raise ProfileError(
                    f"{self.path} is a SQLite file, but not one of buckets; "
                    "move it away or choose another folder"
                )
            if held > len(MIGRATIONS):
                raise ProfileError(
                    f"{self.path} is of version {held}, this Watchkeeper reads up to "
                    f"{len(MIGRATIONS)}; upgrade Watchkeeper, or stop the server and delete the "
                    "file with its -wal and -shm: it is built again from the tables"
                )
            for script in MIGRATIONS[held:]:
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _set_wal(self) -> None:
        """Let readers and the writer work side by side; the file remembers it."""
        deadline = time.monotonic() + _WAIT_S
        while True:
            # SQLite does not wait for others here, whatever its timeout: several that open a new
            # file at once are told that it is busy as soon as they meet.
            try:
                (mode,) = self._writer.execute("PRAGMA journal_mode").fetchone()
                if mode != "wal":
                    self._writer.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """SQLite's errors as ours, with what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise ProfileError(
                    f"{self.path} is damaged ({error}); stop the server and delete it with its "
                    "-wal and -shm: it is built again from the tables"
                ) from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise BusyError(f"{self.path.name} is being written to; try again") from error
            if code in (
                sqlite3.SQLITE_FULL,
                sqlite3.SQLITE_IOERR,
                sqlite3.SQLITE_CANTOPEN,
                sqlite3.SQLITE_READONLY,
            ):
                raise UnavailableError(
                    f"{self.path} cannot be used ({error}); see to its disk and its permissions",
                    retry_after=10.0,
                ) from error
            raise
