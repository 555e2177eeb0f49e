"""A full disk: an error that asks to come back, nothing half-written, and recovery by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.batches import MODEL, entry, ids_in, one, opened, shape, submission
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store import journal as journal_module
from watchkeeper.store import journal_commit
from watchkeeper.store.journal import Entry, Journal
from watchkeeper.store.tables import Tables
from watchkeeper.store.writer import Writer


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB, where the system lets the test make one."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root on Linux mounts a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"the system mounts no small disk: {mounted.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        # Lazily: a thread of Arrow may close its file a moment later.
        subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


def large(number: int) -> Entry:
    """An entry of 200 kB."""
    return entry([f"{number}", "x" * 200_000 + str(number)])


def take_until_full(journal: Journal) -> tuple[int, UnavailableError]:
    """Submit until there is no room; how many were taken, and the error of the next one."""
    for number in range(100):
        try:
            journal.submit(submission(f"{number}", large(number))).result()
        except UnavailableError as error:
            return number, error
    pytest.fail("the disk is larger than it should be")


@pytest.mark.parametrize("checked", [True, False])
def test_the_journal_on_a_full_disk(
    small: Path, checked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unavailable, by the check before or by SQLite; all that was acknowledged is read; recovery.

    Without the check it is as if somebody else took the room in between.
    """
    if not checked:
        for module in (journal_commit, journal_module):
            monkeypatch.setattr(module, "free_bytes", lambda _: 1 << 40)
    ballast = small / "ballast"
    ballast.write_bytes(bytes(5 << 20))
    with opened(small / "journal.db") as journal:
        taken, error = take_until_full(journal)
        assert ("is full" if checked else "cannot be used") in str(error)
        assert error.retry_after > 0
        assert taken > 3
        for _ in range(3):
            with pytest.raises(UnavailableError):
                journal.submit(submission("next", large(taken))).result()
        found = journal.read(max_bytes=1 << 30)
        assert [stored.body for stored in found] == [large(n).body for n in range(taken)]
        assert journal.totals()[0].accepted == 2 * taken
        assert journal.answer_to("next") is None
        ballast.unlink()
        receipt = journal.submit(submission("next", large(taken))).result()
        assert (receipt.position, receipt.duplicate) == (taken + 1, False)
    with opened(small / "journal.db") as journal:
        assert journal.backlog().entries == taken + 1


def test_room_is_kept_for_the_writer(small: Path) -> None:
    """The door closes while there is still room, and what is in the journal can be written."""
    tables = Tables(small / "tables")
    with opened(small / "journal.db", min_free=1 << 20) as journal:
        taken, error = take_until_full(journal)
        assert "kept for the writer" in str(error)
        assert taken > 3
        writer = Writer(journal, tables, shape, pause_s=0)
        while journal.backlog().entries:
            assert writer.step()
    assert len(ids_in(tables)) == 2 * taken


def test_a_table_on_a_full_disk(small: Path, tmp_path: Path) -> None:
    """The table fails and says so, entries stay in the journal, readers read; then all is there."""
    with opened(tmp_path / "journal.db") as journal:
        tables = Tables(small / "tables")
        writer = Writer(journal, tables, shape, pause_s=0)
        journal.submit(one(None, "first")).result()
        writer.step()
        for number in range(5):
            journal.submit(submission(None, large(number))).result()
        ballast = fill(small)
        for _ in range(5):
            assert writer.step() == []
        assert "No space left" in writer.failing()[MODEL, "predictions"]
        assert ids_in(tables) == ["first"]
        assert journal.backlog().entries == 5
        assert journal.asides() == []
        ballast.unlink()
        (commit,) = writer.step()
        assert commit.rows == 10
        assert len(ids_in(Tables(tables.root))) == 11
        assert writer.failing() == {}


_LIMITED = """
import resource, sys
from pathlib import Path
from tests.store.batches import entry, limits, one, submission
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.journal import Journal

journal = Journal(Path(sys.argv[1]), limits=limits())
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
taken = 0
try:
    while True:
        journal.submit(one(f"{taken}", "x" * 50_000)).result()
        taken += 1
except UnavailableError:
    pass
assert journal.totals()[0].accepted == taken == len(journal.read(max_bytes=1 << 30)), taken
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert not journal.submit(one(f"{taken}", "x" * 50_000)).result().duplicate
journal.close()
print(taken)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_the_journal_with_a_limited_file(tmp_path: Path) -> None:
    """The same without root: a file that may not grow is as a full disk, and passes as it does."""
    path = tmp_path / "journal.db"
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, path], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
    taken = int(done.stdout)
    assert taken > 3
    with opened(path) as journal:
        assert journal.totals()[0].accepted == taken + 1
