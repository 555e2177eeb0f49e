"""Submissions that wait are committed together: one thread, one transaction, one sync of the disk.

While one group is being synced the next one gathers, so the size of groups follows the load.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.disk import free_bytes
from watchkeeper.store.journal_file import fold_wal, open_journal, transaction, unavailable
from watchkeeper.store.journal_records import Receipt, Submission
from watchkeeper.store.journal_rows import count, digest_of, entry_size, microseconds

_GROUP_BYTES = 32 << 20
_GROUP_COUNT = 1024
_SUBMISSION_BYTES = 1000
"""What a submission costs in memory beside its entries."""


class Waiting:
    """A submission on its way to the disk."""

    __slots__ = ("digest", "future", "size", "submission")

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.digest = None if submission.key is None else digest_of(submission.key)
        self.size = size_of(submission)
        self.future: Future[Receipt] = Future()


def size_of(submission: Submission) -> int:
    """Bytes that a submission counts for while it waits in memory."""
    return sum(entry_size(entry.body) for entry in submission.entries) + _SUBMISSION_BYTES


def counted(submission: Submission) -> list[tuple[str, str, int]]:
    """Model, signal and records of all parts of a submission."""
    kept = [(part.model, part.signal, part.records) for part in submission.entries]
    return kept + [(part.model, part.signal, part.records) for part in submission.rejected]


class Committer:
    """The one thread of a process that appends to the journal.

    Parameters
    ----------
    path
        The journal's file.
    min_free
        Bytes that must stay free on its disk.
    lock
        Held during a transaction, so that threads of one process take turns without polling.
    committed
        Told the bytes that wait in the journal, after each group.
    """

    def __init__(
        self, path: Path, min_free: int, lock: threading.Lock, committed: Callable[[int], None]
    ) -> None:
        self._path = path
        self._min_free = min_free
        self._lock = lock
        self._committed = committed
        self._connection: sqlite3.Connection | None = None
        self._queue: deque[Waiting] = deque()
        self._queued_bytes = 0
        self._change = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def put(self, waiting: Waiting) -> None:
        """Hand a submission over; its future is done when it is on disk."""
        with self._change:
            if self._closed:
                raise UnavailableError("the journal is closed: the server is shutting down")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()
            self._queue.append(waiting)
            self._queued_bytes += waiting.size
            self._change.notify()

    def queued(self) -> tuple[int, int]:
        """Submissions and bytes that have not been committed yet."""
        with self._change:
            return len(self._queue), self._queued_bytes

    def close(self) -> None:
        """Commit what waits, then end the thread."""
        with self._change:
            self._closed = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while group := self._take():
            self._commit(group)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> list[Waiting]:
        with self._change:
            while not self._queue and not self._closed:
                self._change.wait()
            group: list[Waiting] = []
            size = 0
            while self._queue and size < _GROUP_BYTES and len(group) < _GROUP_COUNT:
                group.append(self._queue.popleft())
                size += group[-1].size
            return group

    def _commit(self, group: Sequence[Waiting]) -> None:
        live = [one for one in group if one.future.set_running_or_notify_cancel()]
        failure: UnavailableError | None = None
        receipts: list[Receipt] = []
        try:
            with self._lock:
                receipts = self._write(live)
        except Exception as error:  # noqa: BLE001  Whoever waits must hear of it, whatever it was.
            self._forget_connection()
            failure = (
                error if isinstance(error, UnavailableError) else unavailable(self._path, error)
            )
        with self._change:  # Before anybody hears of it, who might send more at once.
            self._queued_bytes -= sum(one.size for one in group)
        if failure is None:
            for one, receipt in zip(live, receipts, strict=True):
                one.future.set_result(receipt)
            self._fold()
        else:
            for one in live:
                one.future.set_exception(failure)

    def _fold(self) -> None:
        if self._connection is not None:
            try:
                with self._lock:
                    fold_wal(self._connection, self._path)
            except sqlite3.Error:  # What is acknowledged is safe; the next group opens it anew.
                self._forget_connection()

    def _write(self, group: Sequence[Waiting]) -> list[Receipt]:
        if self._connection is None:
            self._connection = open_journal(self._path)
        self._check_disk(sum(one.size for one in group))
        with transaction(self._connection):
            written = _Group(self._connection)
            receipts = [written.add(one) for one in group]
            size = written.save()
        self._committed(size)
        return receipts

    def _check_disk(self, size: int) -> None:
        free = free_bytes(self._path.parent)
        if free < self._min_free + size:
            raise disk_full(self._path, free, self._min_free)

    def _forget_connection(self) -> None:
        # A new one begins from what is on disk, whatever state the failure left this one in.
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class _Group:
    """The rows of one transaction, gathered and then written together."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        row = connection.execute("SELECT last_position, entries, bytes FROM state").fetchone()
        self._last, self._entries, self._bytes = (int(value) for value in row)
        self._rows: list[tuple[object, ...]] = []
        self._keys: dict[bytes, tuple[bytes, int, int, bytes]] = {}
        self._totals: dict[tuple[str, str], list[int]] = {}

    def add(self, one: Waiting) -> Receipt:
        submission = one.submission
        if one.digest is not None and (first := self._first(one.digest)) is not None:
            for model, signal, records in counted(submission):
                self._count(model, signal)[2] += records
            return Receipt(first[0], first[1], duplicate=True)
        stamp = microseconds(submission.received)
        for entry in submission.entries:
            self._last += 1
            size = entry_size(entry.body)
            self._rows.append((
                self._last, stamp, entry.model, entry.signal, entry.records, entry.form,
                size, zlib.crc32(entry.body), entry.body,
            ))  # fmt: skip
            self._bytes += size
            self._count(entry.model, entry.signal)[0] += entry.records
        for part in submission.rejected:
            self._count(part.model, part.signal)[1] += part.records
        if one.digest is not None:
            self._keys[one.digest] = (one.digest, stamp, self._last, submission.answer)
        return Receipt(self._last, submission.answer, duplicate=False)

    def save(self) -> int:
        execute, many = self._connection.execute, self._connection.executemany
        many("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._rows)
        many("INSERT INTO keys VALUES (NULL, ?, ?, ?, ?)", self._keys.values())
        count(self._connection, ((*name, *counts, 0, 0) for name, counts in self._totals.items()))
        execute(
            "UPDATE state SET last_position = ?, entries = ?, bytes = ?",
            (self._last, self._entries + len(self._rows), self._bytes),
        )
        return self._bytes

    def _first(self, digest: bytes) -> tuple[int, bytes] | None:
        if (known := self._keys.get(digest)) is not None:
            return known[2], known[3]
        found: tuple[int, bytes] | None = self._connection.execute(
            "SELECT position, answer FROM keys WHERE digest = ?", (digest,)
        ).fetchone()
        return found

    def _count(self, model: str, signal: str) -> list[int]:
        return self._totals.setdefault((model, signal), [0, 0, 0])


def disk_full(path: Path, free: int, min_free: int) -> UnavailableError:
    """The error to answer with when the disk has too little room."""
    return UnavailableError(
        f"the disk of {path.parent} is full: {free >> 20} MiB are free, and {min_free >> 20} MiB "
        "are kept for the writer; make room, or shorten retention",
        retry_after=10,
    )
