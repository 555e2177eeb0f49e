"""The rows of the journal: what each step does to them, on a connection that the caller holds.

A function that changes rows is called inside a transaction.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.store.journal_records import Aside, Stored

_ROWS_AT_ONCE = 5000
_RELEASE_BYTES = 64 << 20
"""So much is released in one transaction, so that who appends need not wait for long."""

_ENTRY_BYTES = 200
"""What an entry costs beside its body."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def entry_size(body: bytes) -> int:
    """Bytes that an entry counts for in the backlog."""
    return len(body) + _ENTRY_BYTES


def digest_of(key: str) -> bytes:
    """What is kept of a key: sixteen bytes, however long it is."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def microseconds(moment: datetime) -> int:
    """A moment as whole microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(stamp: int) -> datetime:
    """The moment that `microseconds` was given."""
    return _EPOCH + timedelta(microseconds=stamp)


def count(connection: sqlite3.Connection, rows: Iterable[tuple[object, ...]]) -> None:
    """Add to totals: model, signal, then accepted, rejected, duplicates, written and aside."""
    connection.executemany(
        """INSERT INTO totals (model, signal, accepted, rejected, duplicates, written, aside)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (model, signal) DO UPDATE SET
            accepted = accepted + excluded.accepted, rejected = rejected + excluded.rejected,
            duplicates = duplicates + excluded.duplicates, written = written + excluded.written,
            aside = aside + excluded.aside""",
        rows,
    )


def read_entries(
    connection: sqlite3.Connection, after: int, max_bytes: int, skip: Collection[tuple[str, str]]
) -> tuple[list[Stored], list[int]]:
    """Entries beyond a position until their bodies reach a size, and positions of broken ones."""
    clause = "".join(" AND NOT (model = ? AND signal = ?)" for _ in skip)
    rows = connection.execute(
        "SELECT position, received, signal, model, records, form, body, checksum "  # noqa: S608  The clause holds no text from outside.
        f"FROM entries WHERE position > ?{clause} ORDER BY position",
        (after, *(name for pair in skip for name in pair)),
    )
    found: list[Stored] = []
    broken: list[int] = []
    size = 0
    for *row, checksum in rows:
        if checksum is None or zlib.crc32(row[6]) == checksum:
            found.append(_stored(row))
        else:
            broken.append(row[0])
        size += len(row[6])
        if size >= max_bytes:
            break
    rows.close()  # An open cursor would keep the write-ahead log from being emptied.
    return found, broken


def read_asides(connection: sqlite3.Connection, limit: int) -> list[Aside]:
    """Entries that were put aside, the oldest first."""
    rows = connection.execute(
        "SELECT position, received, signal, model, records, form, body, error FROM aside "
        "ORDER BY position LIMIT ?",
        (limit,),
    ).fetchall()
    return [Aside(_stored(row), error) for *row, error in rows]


def release_some(
    connection: sqlite3.Connection, after: int, upto: int, only: Collection[tuple[str, str]] | None
) -> int:
    """Delete a bounded number of entries and count them as written; how far that went."""
    rows = connection.execute(
        "SELECT position, model, signal, records, size FROM entries "
        "WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
        (after, upto, _ROWS_AT_ONCE),
    )
    gone: list[tuple[int]] = []
    written = Counter[tuple[str, str]]()
    ends: dict[tuple[str, str], int] = {}
    size, last = 0, None
    for position, model, signal, records, bytes_ in rows:
        last = position
        if only is None or (model, signal) in only:
            gone.append((position,))
            written[model, signal] += records
            ends[model, signal] = position
            size += bytes_
        if size >= _RELEASE_BYTES:
            break
    rows.close()
    connection.executemany("DELETE FROM entries WHERE position = ?", gone)
    _shrink(connection, len(gone), size)
    count(connection, ((*name, 0, 0, 0, records, 0) for name, records in written.items()))
    connection.executemany(
        "UPDATE totals SET released = max(released, ?) WHERE model = ? AND signal = ?",
        ((end, *name) for name, end in ends.items()),
    )
    return upto if last is None else last


def put_aside(connection: sqlite3.Connection, position: int, error: str) -> None:
    """Move an entry out of the line, where it is still in it."""
    row = connection.execute(
        "SELECT model, signal, records, size FROM entries WHERE position = ?", (position,)
    ).fetchone()
    if row is None:
        return
    model, signal, records, size = row
    connection.execute(
        """INSERT INTO aside (position, received, model, signal, records, form, error, body)
        SELECT position, received, model, signal, records, form, ?, body
        FROM entries WHERE position = ?""",
        (error, position),
    )
    connection.execute("DELETE FROM entries WHERE position = ?", (position,))
    _shrink(connection, 1, size)
    count(connection, [(model, signal, 0, 0, 0, 0, records)])


def put_back(connection: sqlite3.Connection, position: int) -> int:
    """Move an entry to the end of the line, under a new position; how many were moved."""
    row = connection.execute(
        "SELECT received, model, signal, records, form, body FROM aside WHERE position = ?",
        (position,),
    ).fetchone()
    if row is None:
        return 0
    received, model, signal, records, form, body = row
    size = entry_size(body)
    connection.execute("DELETE FROM aside WHERE position = ?", (position,))
    connection.execute(
        "INSERT INTO entries SELECT last_position + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM state",
        (received, model, signal, records, form, size, zlib.crc32(body), body),
    )
    connection.execute("UPDATE state SET last_position = last_position + 1")
    _shrink(connection, -1, -size)
    count(connection, [(model, signal, 0, 0, 0, 0, -records)])
    return 1


def forget_keys(connection: sqlite3.Connection, oldest: int, max_keys: int) -> bool:
    """Delete some keys received before a moment, or the first of too many; whether more may go.

    They go in the order in which they came, so a clock that was set back keeps some for longer
    and loses none.
    """
    first, newest = connection.execute("SELECT min(number), max(number) FROM keys").fetchone()
    if first is None:
        return False
    row = connection.execute(
        "SELECT number FROM keys WHERE received >= ? ORDER BY number LIMIT 1", (oldest,)
    ).fetchone()
    end = max(newest + 1 if row is None else row[0], newest + 1 - max_keys)
    stop = min(first + _ROWS_AT_ONCE, end)
    connection.execute("DELETE FROM keys WHERE number < ?", (stop,))
    return bool(stop < end)


def _shrink(connection: sqlite3.Connection, entries: int, size: int) -> None:
    connection.execute("UPDATE state SET entries = entries - ?, bytes = bytes - ?", (entries, size))


def _stored(row: list[Any]) -> Stored:
    position, received, signal, model, records, form, body = row
    return Stored(position, moment_of(received), signal, model, records, form, body)
