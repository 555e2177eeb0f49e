"""Backups made while the server runs, and the way back."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.store.batches import MODEL, START, ids_in, limits, one, opened, shape
from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.store.backup import back_up, restore
from watchkeeper.store.journal import Journal
from watchkeeper.store.tables import Tables
from watchkeeper.store.upkeep import Upkeep
from watchkeeper.store.writer import Writer


def everything(folder: Path) -> list[str]:
    """All ids after a writer has finished with a folder."""
    with opened(folder / "journal.db") as journal:
        tables = Tables(folder / "tables")
        writer = Writer(journal, tables, shape)
        while journal.backlog().entries:
            writer.step()
        assert journal.totals()[0].waiting == 0
        return sorted(ids_in(tables))


class Load:
    """Sends and writes in threads, until it is stopped."""

    def __init__(self, data: Path) -> None:
        self.journal = Journal(data / "journal.db", limits=limits())
        self.tables = Tables(data / "tables")
        self.sent: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=run) for run in (self._send, self._write)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.journal.close()

    def _send(self) -> None:
        while not self._stop.is_set():
            name = f"id{len(self.sent)}"
            self.journal.submit(one(name, name)).result()
            self.sent.append(name)

    def _write(self) -> None:
        writer = Writer(self.journal, self.tables, shape, step_bytes=300)
        upkeep = Upkeep(self.tables)
        steps = 0
        while not self._stop.is_set():
            writer.step()
            steps += 1
            if steps % 10 == 0:
                upkeep.maintain(START + timedelta(days=2), {})


def test_a_backup_under_load_loses_nothing(tmp_path: Path) -> None:
    """What was acknowledged before it began is there after restoring, once; and it goes on."""
    load = Load(tmp_path / "data")
    before: list[list[str]] = []
    for number in range(3):
        while len(load.sent) < 60 * (number + 1):
            time.sleep(0.01)
        before.append(list(load.sent))
        back_up(load.journal, load.tables, tmp_path / f"backup{number}")
    load.stop()
    for number, names in enumerate(before):
        check_backup(tmp_path / f"backup{number}", tmp_path / f"restored{number}", names)


def check_backup(backup: Path, home: Path, names: list[str]) -> None:
    """All of these batches are there after restoring, once, and what comes next is taken."""
    restore(backup, home)
    with opened(home / "journal.db") as again:
        assert again.submit(one(names[0], "again")).result().duplicate
        again.submit(one("fresh", "fresh")).result()
    found = everything(home)
    assert len(found) == len(set(found))
    assert set(names) <= set(found)
    assert "fresh" in found


def test_a_table_ahead_of_the_journal(tmp_path: Path) -> None:
    """Rows written while the backup ran are in it, and later batches are not taken for them."""
    data = tmp_path / "data"
    with opened(data / "journal.db") as journal:
        tables = Tables(data / "tables")
        journal.submit(one("a", "a")).result()
        Writer(journal, tables, shape).step()
        backup = tmp_path / "backup"
        late = data / "late.db"
        sqlite3.connect(late).close()
        original = journal.back_up

        def slow(target: Path) -> None:
            original(target)
            for name in "bcd":
                journal.submit(one(name, name)).result()
            Writer(journal, tables, shape).step()

        journal.back_up = slow  # type: ignore[method-assign]
        back_up(journal, tables, backup, databases=[late])
    assert (backup / "late.db").exists()
    restore(backup, tmp_path / "home")
    with opened(tmp_path / "home" / "journal.db") as journal:
        assert journal.submit(one("e", "e")).result().position == 5
    assert everything(tmp_path / "home") == ["a", "b", "c", "d", "e"]


def test_a_backup_has_the_history_that_followers_need(tmp_path: Path) -> None:
    """Versions that were there can be followed in the copy, as long as their files are current."""
    with opened(tmp_path / "data" / "journal.db") as journal:
        tables = Tables(tmp_path / "data" / "tables")
        writer = Writer(journal, tables, shape)
        for number in range(30):
            journal.submit(one(None, f"{number}")).result()
            writer.step()
        back_up(journal, tables, tmp_path / "backup")
    copy = Tables(tmp_path / "backup" / "tables")
    assert copy.version(MODEL, "predictions") == 30
    assert copy.added(MODEL, "predictions", 26)["_id"].to_pylist() == ["25"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder that holds something is neither a target of a backup nor of restoring."""
    with opened(tmp_path / "data" / "journal.db") as journal:
        tables = Tables(tmp_path / "data" / "tables")
        back_up(journal, tables, tmp_path / "backup")
        with pytest.raises(ConflictError, match="empty folder"):
            back_up(journal, tables, tmp_path / "backup")
    with pytest.raises(ConflictError, match="empty folder"):
        restore(tmp_path / "backup", tmp_path / "data")
    restore(tmp_path / "backup", tmp_path / "new" / "home")
    assert (tmp_path / "new" / "home" / "journal.db").exists()


def test_an_unfinished_backup_is_refused(tmp_path: Path) -> None:
    """Without its last file a backup is not restored, nor is one of another format."""
    with opened(tmp_path / "journal.db") as journal:
        back_up(journal, Tables(tmp_path / "tables"), tmp_path / "backup")
    manifest = tmp_path / "backup" / "backup.json"
    manifest.write_text('{"format": 99}')
    with pytest.raises(InputError, match="another version"):
        restore(tmp_path / "backup", tmp_path / "home")
    manifest.unlink()
    with pytest.raises(InputError, match="not a finished backup"):
        restore(tmp_path / "backup", tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_backup_without_room_is_said(tmp_path: Path) -> None:
    """A target that cannot be made is an error of ours."""
    (tmp_path / "file").write_text("")
    with opened(tmp_path / "journal.db") as journal, pytest.raises(UnavailableError):
        back_up(journal, Tables(tmp_path / "tables"), tmp_path / "file" / "backup")


def test_a_deleted_day_stays_deleted(tmp_path: Path) -> None:
    """A backup holds the rows of its version and no others."""
    with opened(tmp_path / "journal.db") as journal:
        tables = Tables(tmp_path / "tables")
        journal.submit(one(None, "a", "abc")).result()
        Writer(journal, tables, shape).step()
        Upkeep(tables).drop_days(MODEL, "predictions", date(2026, 3, 2))
        assert (left := ids_in(tables))
        back_up(journal, tables, tmp_path / "backup")
    shutil.rmtree(tmp_path / "tables")
    restore(tmp_path / "backup", tmp_path / "home")
    assert everything(tmp_path / "home") == sorted(left)
