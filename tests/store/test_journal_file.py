"""The journal's file: migrations, torn logs, damage, and copies made while it is in use."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from pathlib import Path

import msgspec
import pytest

from tests.store.batches import START, entry, limits, one, opened, submission
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.journal import Journal, Total
from watchkeeper.store.journal_file import MIGRATIONS, copy_database
from watchkeeper.store.journal_rows import digest_of, microseconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.db"


def write_version_1(path: Path) -> None:
    """A file as the first version wrote it: two entries of which one was released, and a key."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    for statement in MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    body = msgspec.msgpack.encode(["x", "y"])
    stamp = microseconds(START)
    connection.execute(
        "INSERT INTO entries VALUES (2, ?, 'churn', 'predictions', 2, 'rows', 200, ?)",
        (stamp, body),
    )
    connection.execute(
        "INSERT INTO keys VALUES (1, ?, ?, 2, ?)", (digest_of("old"), stamp, b"first answer")
    )
    connection.execute("INSERT INTO totals VALUES ('churn', 'predictions', 5, 1, 0)")
    connection.execute("UPDATE state SET last_position = 2, entries = 1, bytes = 200")
    connection.close()


def test_an_older_file_is_brought_up_to_date(path: Path) -> None:
    """Entries, keys, counts and positions of version 1 are there, and what came since works."""
    write_version_1(path)
    with opened(path) as journal, opened(path):
        (stored,) = journal.read(max_bytes=1 << 20)
        assert msgspec.msgpack.decode(stored.body) == ["x", "y"]
        assert journal.answer_to("old") == b"first answer"
        assert journal.totals() == [Total("churn", "predictions", 5, 1, 0, 3, 0)]
        assert journal.submit(one("new", "z")).result().position == 3
        journal.put_aside(2, "to see the new table")
        assert journal.totals()[0] == Total("churn", "predictions", 6, 1, 0, 3, 2)
    version = sqlite3.connect(path)
    assert version.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    version.close()


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    """A file that stands in the way of a migration is as it was, and says so."""
    write_version_1(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE aside (other TEXT)")
    connection.close()
    with pytest.raises(UnavailableError, match="aside already exists"):
        Journal(path)
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (1,)
    connection.close()


def test_a_newer_file_is_refused(path: Path) -> None:
    """A version that is not known is named, and the file is left alone."""
    with opened(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UnavailableError, match="has version 99"):
        Journal(path)


def fill(journal: Journal, wal: Path, count: int) -> list[int]:
    """Submissions one by one; how long the log was when each was acknowledged."""
    ends = []
    for number in range(count):
        journal.submit(one(f"k{number}", f"id{number}" * 50)).result()
        ends.append(wal.stat().st_size)
    return ends


@pytest.mark.parametrize("how", ["truncated", "flipped"])
def test_a_torn_log_keeps_what_was_acknowledged_before(
    path: Path, tmp_path: Path, how: str
) -> None:
    """Torn at any byte, the file opens, and has each batch whose log had ended before that byte."""
    with opened(path) as journal:
        wal = path.with_name("journal.db-wal")
        ends = fill(journal, wal, 25)
        before, log = path.read_bytes(), wal.read_bytes()
    start = 0
    torn = tmp_path / "torn" / "journal.db"
    torn.parent.mkdir()
    for at in [0, 5, 31, 33, *range(200, len(log), len(log) // 20), len(log) - 1]:
        for old in torn.parent.iterdir():
            old.unlink()
        torn.write_bytes(before)
        tail = b"" if how == "truncated" else bytes([log[at] ^ 0x5A]) + log[at + 1 :]
        torn.with_name("journal.db-wal").write_bytes(log[:at] + tail)
        kept = sum(end <= at for end in ends)
        if kept == 0 and at < ends[0]:
            with opened(torn) as journal:
                assert journal.submit(one("new", "z")).result().position >= 1
            continue
        with opened(torn) as journal:
            found = journal.read(max_bytes=1 << 30)
            assert [stored.position for stored in found] == list(range(1, len(found) + 1))
            assert kept <= len(found) <= kept + 1
            assert all(journal.answer_to(f"k{number}") for number in range(kept))
            assert journal.totals()[0].accepted == len(found)
            assert not journal.submit(one("new", "z")).result().duplicate
            start += 1
    assert start > 10


@pytest.mark.parametrize("at", [0, 20, 8192 + 10])
def test_a_damaged_file_says_what_to_do(path: Path, at: int) -> None:
    """Garbage in the file itself is an error that names the way out, not an empty journal."""
    with opened(path) as journal:
        journal.submit(submission("k", *[entry(["i" * 3000])] * 20)).result()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes(range(7, 107)) * 60)
    with pytest.raises(UnavailableError, match="restore the last backup"):
        Journal(path, limits=limits())


def test_a_body_that_the_disk_changed_is_put_aside(path: Path) -> None:
    """An entry whose bytes are not those that came is not handed on, and the others are."""
    with opened(path) as journal:
        journal.submit(submission("k", entry(["a" * 500]), entry(["b"]))).result()
    connection = sqlite3.connect(path, isolation_level=None)
    body = bytearray(entry(["a" * 500]).body)
    body[100] ^= 1
    connection.execute("UPDATE entries SET body = ? WHERE position = 1", (bytes(body),))
    connection.close()
    with opened(path) as journal:
        assert [one.position for one in journal.read(max_bytes=1 << 20)] == [2]
        (aside,) = journal.asides()
        assert "disk changed it" in aside.error
        assert zlib.crc32(aside.entry.body) == zlib.crc32(bytes(body))
        assert journal.totals()[0].aside == 1


def test_a_file_that_may_not_be_written(path: Path, tmp_path: Path) -> None:
    """A folder in place of the file, or a file in place of the folder, is said plainly."""
    path.mkdir()
    with pytest.raises(UnavailableError, match="journal"):
        Journal(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="journal"):
        Journal(tmp_path / "file" / "journal.db")


def test_a_copy_is_of_one_moment(path: Path, tmp_path: Path) -> None:
    """A copy made under load opens, and its counts and entries agree."""
    with opened(path) as journal:
        futures = [journal.submit(one(f"{n}", f"{n}")) for n in range(100)]
        futures[20].result()
        journal.back_up(tmp_path / "copy.db")
        more = [journal.submit(one(f"m{n}", f"{n}")) for n in range(100)]
        copy_database(path, tmp_path / "copy2.db")
        assert all(future.result() for future in futures + more)
    for name in ("copy.db", "copy2.db"):
        with opened(tmp_path / name) as copy:
            found = copy.read(max_bytes=1 << 30)
            assert len(found) >= 21
            assert copy.totals()[0].accepted == copy.backlog().entries == len(found)
    assert not list(tmp_path.glob("copy*-wal"))


def test_a_copy_without_room(path: Path, tmp_path: Path) -> None:
    """What cannot be copied is an error of ours."""
    with opened(path) as journal, pytest.raises(UnavailableError):
        journal.back_up(tmp_path / "nowhere" / "copy.db")
    shutil.rmtree(tmp_path / "nowhere", ignore_errors=True)
