"""The journal: every batch is here, on disk, before it is acknowledged.

A SQLite file in write-ahead mode with full sync. One process appends, another one reads and
releases; both may do anything. An acknowledged entry stays until it is released or put aside.

    submit ──▶ waits for its group ──▶ one transaction, one sync ──▶ receipt
    read ──▶ (the writer places the entries) ──▶ release
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from watchkeeper.core.errors import BusyError, InputError, TooLargeError
from watchkeeper.store.disk import free_bytes
from watchkeeper.store.journal_commit import Committer, Waiting, counted, disk_full, size_of
from watchkeeper.store.journal_file import (
    copy_database,
    fold_wal,
    open_journal,
    transaction,
    unavailable,
)
from watchkeeper.store.journal_records import (
    Aside,
    Backlog,
    Entry,
    Limits,
    Receipt,
    Refused,
    Stored,
    Submission,
    Total,
)
from watchkeeper.store.journal_rows import (
    digest_of,
    forget_keys,
    microseconds,
    moment_of,
    put_aside,
    put_back,
    read_asides,
    read_entries,
    release_some,
)

__all__ = [
    "Aside", "Backlog", "Entry", "Journal", "Limits", "Receipt", "Refused", "Stored", "Submission",
    "Total",
]  # fmt: skip

_LARGEST_BODY = 512 << 20
"""SQLite holds a value of at most a gigabyte."""

_FREE_PAGES = 2048
"""Pages that stay in the file for what comes next; more are given back to the disk."""

_REFRESH_S = 0.05
_ASK_S = 0.1


class Journal:
    """An append-only line of entries in a file.

    Methods may be called from any thread. The thread that commits starts with the first
    submission.

    Parameters
    ----------
    path
        The file; it and its folder are made where they are missing.
    limits
        How much it takes and keeps.

    Raises
    ------
    UnavailableError
        The file is damaged, of a newer version, or cannot be opened for want of room or rights.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC
    >>> folder = tempfile.TemporaryDirectory()
    >>> journal = Journal(Path(folder.name) / "journal.db", limits=Limits(min_free=0))
    >>> entry = Entry("labels", "churn", 1, "rows", b"...")
    >>> moment = datetime(2026, 1, 1, tzinfo=UTC)
    >>> submission = Submission("a", moment, (entry,), b"taken")
    >>> journal.submit(submission).result()
    Receipt(position=1, answer=b'taken', duplicate=False)
    >>> journal.submit(submission).result().duplicate
    True
    >>> journal.release(upto=1)
    >>> journal.totals()[0].written
    1
    >>> journal.close()
    >>> folder.cleanup()
    """

    def __init__(self, path: Path, *, limits: Limits | None = None) -> None:
        self._path = path
        self._limits = Limits() if limits is None else limits
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unavailable(path, error) from error
        self._connection = open_journal(path, checked=True)
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._stored_bytes = self._bytes_in_file()
        self._looked = time.monotonic()
        self._asked = -math.inf
        self._free = 0
        self._committer = Committer(path, self._limits.min_free, self._turn, self._set_stored)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def submit(self, submission: Submission) -> Future[Receipt]:
        """Put a submission in line for the disk.

        Parameters
        ----------
        submission
            What is written at once or not at all.

        Returns
        -------
        concurrent.futures.Future[Receipt]
            Done when it is on disk. It may hold an `UnavailableError`; then nothing was written.
            A future that is cancelled in time is not written.

        Raises
        ------
        BusyError
            Too much waits for the writer or for the disk.
        UnavailableError
            The disk is full, or the journal is closed.
        TooLargeError
            It is larger than the journal may ever hold.
        InputError
            A name that is not text that can be written, or a time without a zone.
        """
        _check(submission)
        self.check_room(size_of(submission))
        waiting = Waiting(submission)
        self._committer.put(waiting)
        return waiting.future

    def check_room(self, size: int) -> None:
        """Refuse what could not be taken, before work is spent on it.

        Parameters
        ----------
        size
            Bytes that are to be submitted.

        Raises
        ------
        BusyError
            Too much waits for the writer or for the disk.
        UnavailableError
            The disk is full.
        TooLargeError
            It is larger than the journal may ever hold.
        """
        limits = self._limits
        if size > limits.max_backlog:
            raise TooLargeError(
                f"a batch of {size} bytes, and the journal holds at most {limits.max_backlog}; "
                "send smaller batches, or raise max_backlog"
            )
        submissions, queued = self._committer.queued()
        if submissions >= limits.max_waiting:
            raise BusyError(f"{submissions} batches wait for the disk; try again", retry_after=1)
        if self._stored_now(queued + size) + queued + size > limits.max_backlog:
            raise BusyError(
                f"{(self._stored_bytes + queued) >> 20} MiB wait to be written into tables, and "
                f"at most {limits.max_backlog >> 20} MiB may; try again",
                retry_after=2,
            )
        free = self._free_now()
        if free < limits.min_free + queued + size:
            raise disk_full(self._path, free, limits.min_free)

    def answer_to(self, key: str) -> bytes | None:
        """The answer that the first submission with a key was given, where it is on disk.

        For looking at what the journal knows; `submit` answers a repeated key by itself.

        Parameters
        ----------
        key
            As it was submitted.

        Returns
        -------
        bytes or None
            None: not known, or not yet on disk.
        """
        with self._reading() as connection:
            row = connection.execute(
                "SELECT answer FROM keys WHERE digest = ?", (digest_of(key),)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def _free_now(self) -> int:
        """Free bytes as of a moment ago: asking costs as much as all else, and commits ask too."""
        if time.monotonic() - self._asked > _ASK_S:
            # In this order: another thread must not take what was free before for the answer.
            self._free = free_bytes(self._path.parent)
            self._asked = time.monotonic()
        return self._free

    def read(
        self, after: int = 0, *, max_bytes: int, skip: Collection[tuple[str, str]] = ()
    ) -> list[Stored]:
        """The first entries that wait.

        An entry whose body is not what was written is put aside on the way.

        Parameters
        ----------
        after
            Only positions beyond this one.
        max_bytes
            No further entry once the bodies reach this size; the first one always comes.
        skip
            Pairs of model and signal that are passed over.

        Returns
        -------
        list[Stored]
            By position, ascending.
        """
        with self._reading() as connection:
            found, broken = read_entries(connection, after, max_bytes, skip)
        for position in broken:
            self.put_aside(position, "the body is not what was written: the disk changed it")
        return found

    def first_waiting(self) -> dict[tuple[str, str], int]:
        """The first position that waits of each pair of model and signal."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT model, signal, min(position) FROM entries GROUP BY model, signal"
            ).fetchall()
        return {(model, signal): position for model, signal, position in rows}

    def released(self) -> dict[tuple[str, str], int]:
        """The last position that is in its table for certain, by model and signal."""
        with self._reading() as connection:
            rows = connection.execute("SELECT model, signal, released FROM totals").fetchall()
        return {(model, signal): position for model, signal, position in rows}

    def release(self, upto: int, *, only: Collection[tuple[str, str]] | None = None) -> None:
        """Forget entries that are in their tables; keys stay.

        Parameters
        ----------
        upto
            The last position that is forgotten.
        only
            Pairs of model and signal; None: all.

        Raises
        ------
        UnavailableError
            The disk is full; what was not forgotten can be released again.
        """
        after = 0
        while after < upto:
            with self._writing() as connection, transaction(connection):
                after = release_some(connection, after, upto, only)
        with self._writing() as connection:
            fold_wal(connection, self._path)

    def put_aside(self, position: int, error: str) -> None:
        """Take an entry out of the line and keep it with the error.

        Parameters
        ----------
        position
            Of an entry that waits; nothing happens where none does.
        error
            Why no table could take it.
        """
        with self._writing() as connection, transaction(connection):
            put_aside(connection, position, error)

    def asides(self, *, limit: int = 100) -> list[Aside]:
        """Entries that were put aside, the oldest first.

        Parameters
        ----------
        limit
            At most so many.
        """
        with self._reading() as connection:
            return read_asides(connection, limit)

    def aside_reasons(self) -> dict[tuple[str, str], str]:
        """Why the first entry was put aside, by model and signal; without those that have none."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT model, signal, error, min(position) FROM aside GROUP BY model, signal"
            ).fetchall()
        return {(model, signal): error for model, signal, error, _ in rows}

    def put_back(self, positions: Iterable[int]) -> int:
        """Put entries that were put aside at the end of the line, under new positions.

        Parameters
        ----------
        positions
            Their positions now; others are passed over.

        Returns
        -------
        int
            How many were put back.
        """
        with self._writing() as connection, transaction(connection):
            return sum(put_back(connection, position) for position in positions)

    def backlog(self) -> Backlog:
        """What waits for the writer."""
        with self._reading() as connection:
            last, entries, size, oldest = connection.execute(
                """SELECT last_position, entries, bytes,
                (SELECT received FROM entries ORDER BY position LIMIT 1) FROM state"""
            ).fetchone()
        return Backlog(entries, size, None if oldest is None else moment_of(oldest), last)

    def totals(self) -> list[Total]:
        """The accounting, by model and signal."""
        with self._reading() as connection:
            rows = connection.execute(
                """SELECT model, signal, accepted, rejected, duplicates, written, aside
                FROM totals ORDER BY model, signal"""
            ).fetchall()
        return [Total(*row) for row in rows]

    def advance(self, position: int) -> None:
        """Let positions go on after one that is in use.

        A journal that begins anew beside tables that are older must be told the highest position
        in them before it takes anything, or tables would hold its entries for known.

        Parameters
        ----------
        position
            The highest position that a table knows.
        """
        with self._writing() as connection:
            connection.execute(
                "UPDATE state SET last_position = ? WHERE last_position < ?", (position, position)
            )

    def maintain(self, now: datetime) -> None:
        """Forget old keys, give free pages back to the disk, and empty the write-ahead log.

        Parameters
        ----------
        now
            The present, with a time zone.
        """
        oldest = microseconds(now - timedelta(days=self._limits.key_days))
        more = True
        while more:  # In small steps: who appends takes turns with them.
            with self._writing() as connection:
                more = forget_keys(connection, oldest, self._limits.max_keys)
        more = True
        while more:
            with self._writing() as connection:
                free = connection.execute("PRAGMA freelist_count").fetchone()[0]
                more = free > _FREE_PAGES
                if more:
                    pages = min(free - _FREE_PAGES, _FREE_PAGES)
                    connection.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
        with self._writing() as connection:
            fold_wal(connection, self._path, beyond=0)

    def back_up(self, target: Path) -> None:
        """Copy the journal as it is at one moment, while it is in use.

        Parameters
        ----------
        target
            The file that is made.

        Raises
        ------
        UnavailableError
            There is no room for it.
        """
        copy_database(self._path, target)

    def close(self) -> None:
        """Commit what waits, then close the file; nothing can be submitted any more."""
        self._committer.close()
        with self._lock:
            self._connection.close()

    def _stored_now(self, more: int) -> int:
        """Bytes that wait in the file; looked up again before anything is refused."""
        if self._stored_bytes + more > self._limits.max_backlog:
            now = time.monotonic()
            if now - self._looked > _REFRESH_S:
                self._looked = now
                self._stored_bytes = self._bytes_in_file()
        return self._stored_bytes

    def _bytes_in_file(self) -> int:
        return int(self._connection.execute("SELECT bytes FROM state").fetchone()[0])

    def _set_stored(self, size: int) -> None:
        self._stored_bytes = size

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """As `_reading`, when it is not the turn of the committing thread."""
        with self._reading() as connection, self._turn:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The connection of everything but appending, for one thread at a time."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise unavailable(self._path, error) from error


def _check(submission: Submission) -> None:
    if submission.received.tzinfo is None:
        raise InputError(f"received is {submission.received!r}; give a time with a zone")
    for model, signal, _ in counted(submission):
        try:
            f"{model}{signal}".encode()
        except UnicodeEncodeError as error:
            raise InputError(f"{model!r} is not text; name the model in Unicode") from error
    largest = max((len(entry.body) for entry in submission.entries), default=0)
    if largest > _LARGEST_BODY:
        raise TooLargeError(
            f"an entry of {largest} bytes, and at most {_LARGEST_BODY} fit; send smaller batches"
        )
