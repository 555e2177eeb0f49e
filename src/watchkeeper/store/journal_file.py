"""The journal's file: its tables, their versions, and how it is opened.

`PRAGMA user_version` counts the migrations that a file has seen; an older file gets the missing
ones in one transaction when it is opened, a newer one is refused.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from watchkeeper.core.errors import UnavailableError

_BUSY_S = 10.0
"""How long one process waits for the other one's transaction, in seconds."""

_PAGE = 8192
_WAL_BYTES = 8 << 20
"""The write-ahead log is folded into the file beyond this size."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE entries (
            position INTEGER PRIMARY KEY, received INTEGER NOT NULL, model TEXT NOT NULL,
            signal TEXT NOT NULL, records INTEGER NOT NULL, form TEXT NOT NULL,
            size INTEGER NOT NULL, body BLOB NOT NULL)""",
        """CREATE TABLE keys (
            number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, received INTEGER NOT NULL,
            position INTEGER NOT NULL, answer BLOB NOT NULL)""",
        """CREATE TABLE totals (
            model TEXT NOT NULL, signal TEXT NOT NULL, accepted INTEGER NOT NULL,
            rejected INTEGER NOT NULL, duplicates INTEGER NOT NULL,
            PRIMARY KEY (model, signal)) WITHOUT ROWID""",
        """CREATE TABLE state (
            one INTEGER PRIMARY KEY CHECK (one = 1), last_position INTEGER NOT NULL,
            entries INTEGER NOT NULL, bytes INTEGER NOT NULL)""",
        "INSERT INTO state VALUES (1, 0, 0, 0)",
    ),
    (
        # The body stays the last column, so that a row is counted without reading all of it.
        "ALTER TABLE entries RENAME TO entries_1",
        """CREATE TABLE entries (
            position INTEGER PRIMARY KEY, received INTEGER NOT NULL, model TEXT NOT NULL,
            signal TEXT NOT NULL, records INTEGER NOT NULL, form TEXT NOT NULL,
            size INTEGER NOT NULL, checksum INTEGER, body BLOB NOT NULL)""",
        """INSERT INTO entries SELECT
            position, received, model, signal, records, form, size, NULL, body FROM entries_1""",
        "DROP TABLE entries_1",
        """CREATE TABLE aside (
            position INTEGER PRIMARY KEY, received INTEGER NOT NULL, model TEXT NOT NULL,
            signal TEXT NOT NULL, records INTEGER NOT NULL, form TEXT NOT NULL,
            error TEXT NOT NULL, body BLOB NOT NULL)""",
        "ALTER TABLE totals ADD COLUMN written INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE totals ADD COLUMN aside INTEGER NOT NULL DEFAULT 0",
        # Until then what was no longer waiting had been written.
        """UPDATE totals SET written = accepted - (
            SELECT coalesce(sum(records), 0) FROM entries
            WHERE entries.model = totals.model AND entries.signal = totals.signal)""",
    ),
    (
        # The last position of each that is in its table: what a table must never go back behind.
        "ALTER TABLE totals ADD COLUMN released INTEGER NOT NULL DEFAULT 0",
    ),
)
"""What turns a file of version n into one of version n + 1. Entries are only ever added here."""


def open_journal(path: Path, *, checked: bool = False) -> sqlite3.Connection:
    """Open a journal's file, made or brought up to date where needed.

    Parameters
    ----------
    path
        The file; its folder is there.
    checked
        Read all of its structure first, which takes 0.2 s a gigabyte.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode, synced with every commit, usable from one thread at a time.

    Raises
    ------
    UnavailableError
        It is damaged, of a newer version, or there is no room to open it.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    try:
        _prepare(connection, path)
        if checked:
            _check(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise unavailable(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def unavailable(path: Path, error: Exception) -> UnavailableError:
    """The error to answer with when SQLite could not do what it was asked.

    Parameters
    ----------
    path
        The journal's file.
    error
        What SQLite said.

    Returns
    -------
    UnavailableError
        It names the file and what to do.
    """
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return _damaged(path, str(error))
    advice = {
        sqlite3.SQLITE_FULL: "make room on the disk",
        sqlite3.SQLITE_IOERR: "make room on the disk, or see whether it is failing",
        sqlite3.SQLITE_READONLY: "make the file and its folder writable",
        sqlite3.SQLITE_CANTOPEN: "make the folder writable, or make room on the disk",
        sqlite3.SQLITE_BUSY: "another process holds it; try again",
    }.get(primary or -1, "try again; if it stays, see the server's log")
    return UnavailableError(f"the journal {path} cannot be used ({error}); {advice}", retry_after=5)


def fold_wal(connection: sqlite3.Connection, path: Path, *, beyond: int = _WAL_BYTES) -> None:
    """Move the write-ahead log into the file and empty it, where it has grown.

    It is emptied rather than left to be written over: old frames that still look whole must not
    follow frames that a torn disk lost. Where a reader is in the way, the next call does it.

    Parameters
    ----------
    connection
        Of the process that asks; outside a transaction.
    path
        The journal's file.
    beyond
        Bytes of log that are left alone.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        if log.stat().st_size <= beyond:
            return
    except FileNotFoundError:
        return
    connection.execute("PRAGMA busy_timeout = 20")
    try:
        # A full disk may refuse this; what is in the log is safe there.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_S * 1000)}")


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite file as it is at one moment, while others use it.

    Parameters
    ----------
    source
        The file.
    target
        The file that is made.

    Raises
    ------
    UnavailableError
        It could not be read, or there is no room for the copy.
    """
    try:
        with (
            contextlib.closing(_plain(source)) as here,
            contextlib.closing(_plain(target)) as there,
        ):
            here.backup(there)
            there.execute("PRAGMA journal_mode = DELETE").fetchall()
    except sqlite3.Error as error:
        raise UnavailableError(
            f"{source} could not be copied to {target} ({error}); make room, see that both may be "
            "read and written, and try again"
        ) from error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of a block or nothing of it, on disk when the block is left.

    Parameters
    ----------
    connection
        Outside a transaction.

    Yields
    ------
    sqlite3.Connection
        The same.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE}")  # Both count only before the first table.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # `fold_wal` does it.
    connection.execute("PRAGMA secure_delete = OFF")
    _migrate(connection, path)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    newest = len(MIGRATIONS)
    if _version(connection) == newest:
        return
    with transaction(connection):
        found = _version(connection)  # Another process may have been first.
        if found > newest:
            raise UnavailableError(
                f"the journal {path} has version {found}, and this Watchkeeper knows versions up "
                f"to {newest}; run the Watchkeeper that wrote it, or a newer one",
                retry_after=60,
            )
        for statement in (one for step in MIGRATIONS[found:] for one in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise _damaged(path, "; ".join(found))


def _damaged(path: Path, found: str) -> UnavailableError:
    return UnavailableError(
        f"the journal {path} is damaged ({found}); stop the server, and restore the last backup "
        f"with 'watchkeeper restore', or move {path.name}, {path.name}-wal and {path.name}-shm "
        "away to begin an empty journal (tables keep what they have; what waited is lost)",
        retry_after=60,
    )


def _plain(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_S)
