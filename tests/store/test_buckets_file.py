"""The file of the buckets: versions, damage, two processes at once, and sudden death."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.core.errors import BusyError, ProfileError, UnavailableError
from watchkeeper.profiles.parts import Rows
from watchkeeper.store import bucket_file
from watchkeeper.store.bucket_file import LEVELS, MIGRATIONS, part_key, start_of_key
from watchkeeper.store.buckets import Buckets, Slot

NOW = datetime(2024, 6, 1, tzinfo=UTC)
START = datetime(2024, 5, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = {"layout": "L", "parts": None, "start": START, "end": START + DAY * 9, "step_s": None}


@pytest.fixture
def path(tmp_path):
    """Where a store may lie."""
    return tmp_path / "some" / "buckets.db"


def fill(store, count=1, hour=0):
    """Write rows into an hour."""
    with store.transaction(now=NOW) as change:
        change.merge(START + HOUR * hour, Slot("m", "L", "1"), {"a": Rows(count)})


def total(store):
    """All rows of the store."""
    return sum(parts["a"].rows for _, parts in store.read("m", **WINDOW))


def pragma(path, name, value=None):
    """Read or set a number in the header of the file."""
    connection = sqlite3.connect(path)
    try:
        if value is not None:
            connection.execute(f"PRAGMA {name} = {value}")
        return connection.execute(f"PRAGMA {name}").fetchone()[0]
    finally:
        connection.close()


def test_opening_makes_the_file_and_keeps_it(path):
    """A new file has its version and survives closing; what was written is there again."""
    with Buckets(path) as store:
        fill(store, 3)
    assert pragma(path, "user_version") == len(MIGRATIONS) == 2
    assert pragma(path, "application_id") == bucket_file.APPLICATION
    assert pragma(path, "journal_mode") == "wal"
    with Buckets(path) as store:
        assert total(store) == 3
    assert [held.name for held in path.parent.iterdir()] == ["buckets.db"]


def test_a_later_version_is_refused(path):
    """A file of a later Watchkeeper is not touched, and one is told what to do."""
    Buckets(path).close()
    pragma(path, "user_version", 3)
    with pytest.raises(ProfileError, match=r"version 3, .* up to 2; upgrade .* delete"):
        Buckets(path)
    assert pragma(path, "user_version") == 3


def test_an_older_version_is_brought_up_to_date(path, monkeypatch):
    """A file of an earlier version gets what is new and keeps its content."""
    with Buckets(path) as store:
        fill(store, 3)
    more = "CREATE TABLE further (it INTEGER); INSERT INTO further SELECT count(*) FROM parts;"
    monkeypatch.setattr(bucket_file, "MIGRATIONS", (*MIGRATIONS, more))
    for _ in range(2):
        with Buckets(path) as store:
            assert total(store) == 3
    assert pragma(path, "user_version") == 3
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT it FROM further").fetchall() == [(1,)]
    connection.close()


def test_a_database_of_others_is_refused(path):
    """Another program's SQLite file stays as it is."""
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (it)")
    connection.close()
    with pytest.raises(ProfileError, match="not one of buckets"):
        Buckets(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_a_file_that_is_no_database_is_refused(path):
    """Garbage is called damaged, with what to do."""
    path.parent.mkdir()
    path.write_bytes(b"no database at all, by no means" * 300)
    with pytest.raises(ProfileError, match=r"is damaged .* delete it .* built again"):
        Buckets(path)


def test_damage_inside_is_found_by_reading(path):
    """Pages that were overwritten and parts that are none are errors of ours, not SQLite's."""
    with Buckets(path) as store:
        for hour in range(200):
            fill(store, hour, hour)
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + bytes(len(whole) - 8192))
    with Buckets(path) as store, pytest.raises(ProfileError, match="is damaged"):
        total(store)
    path.write_bytes(whole)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE parts SET body = x'00ff'")
    connection.close()
    with (
        Buckets(path) as store,
        pytest.raises(ProfileError, match="part of kind 'rows' is damaged"),
    ):
        total(store)


def test_a_folder_that_cannot_be_used(tmp_path):
    """What SQLite cannot open is unavailable, and may be there again later."""
    with pytest.raises(UnavailableError, match="see to its disk") as caught:
        Buckets(tmp_path)
    assert caught.value.retry_after > 0


def test_a_full_disk_leaves_what_was_there(path):
    """A transaction that does not fit is gone as a whole, and the store goes on."""
    with Buckets(path) as store:
        fill(store, 3)
        writer = store._file._writer
        writer.execute("PRAGMA max_page_count = 30")
        with (  # noqa: PT012  # what came before the error is the point
            pytest.raises(UnavailableError, match="full"),
            store.transaction(now=NOW) as change,
        ):
            change.merge(START, Slot("m", "L", "1"), {"a": Rows(1)})
            change.merge(START, Slot("m", "L", "2"), {"a": Rows(1, {"x" * 2**20: "y"})})
            change.merge(START, Slot("m", "L", "3"), {str(n): Rows(1) for n in range(9000)})
        writer.execute("PRAGMA max_page_count = 100000")
        fill(store, 1)
        assert total(store) == 4


def test_a_back_up_is_whole_while_others_write(path, tmp_path):
    """A copy opens as a store and holds what was committed when it was begun, at the least."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(b"what was there before")
    with Buckets(path) as store:
        fill(store, 3)
        with store.transaction(now=NOW) as change:
            change.merge(START, Slot("m", "L", "1"), {"a": Rows(100)})
            store.back_up(copy)
        fill(store, 1000)
        with Buckets(copy) as other:
            assert total(other) == 3
        assert total(store) == 1103
    assert [held.name for held in tmp_path.iterdir() if "part" in held.name] == []


def test_keys_sort_by_series_level_and_time():
    """Keys give their hour back and keep the order of series, level and hour; all fit SQLite."""
    hours = [-17_259_888, -1, 0, 474_000, 70_389_527]
    keys = [
        part_key(series, level, hour)
        for series in (1, 2, 2**33)
        for level in LEVELS
        for hour in hours
    ]
    assert keys == sorted(keys)
    assert [start_of_key(key) for key in keys] == hours * 9
    assert len(set(keys)) == len(keys)
    assert keys[-1] < 2**63


def test_threads_read_while_one_writes(path):
    """Readers in threads see whole transactions only: both parts grow together."""
    with Buckets(path) as store:
        wrong: list[object] = []
        done = threading.Event()

        def read():
            while not done.is_set():
                for _, parts in store.read("m", **WINDOW):
                    if parts["a"].rows != parts["b"].rows:
                        wrong.append(parts)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(60):
            with store.transaction(now=NOW) as change:
                for part in ("a", "b"):
                    change.merge(START + HOUR * (turn % 30), Slot("m", "L", "1"), {part: Rows(1)})
            if turn % 10 == 0:
                store.roll_up(before=START + DAY * 3)
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert total(store) == 60


def test_a_writer_waits_for_the_other(path, monkeypatch):
    """A second transaction waits, and gives up with a hint where the first does not end."""
    monkeypatch.setattr(bucket_file, "_WAIT_S", 0.05)
    with Buckets(path) as store, Buckets(path) as other:
        with store.transaction(now=NOW):
            for late in (store, other):
                with pytest.raises(BusyError, match="try again"), late.transaction(now=NOW):
                    pass
        fill(other)
        assert total(store) == 1


PROGRAM = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from watchkeeper.profiles.parts import Rows
from watchkeeper.store.buckets import Buckets, Slot

start = datetime(2024, 5, 3, tzinfo=UTC)
with Buckets(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    while True:
        version = store.followed("m", "predictions") + 1
        with store.transaction(now=start) as change:
            for value in ("", "a", "b"):
                slot = Slot("m", "L", "1", "city" if value else "", value)
                hour = start + timedelta(hours=version % 100)
                change.merge(hour, slot, {"a": Rows(1), "b": Rows(2)}, rows=1)
            minute = hour + timedelta(minutes=version % 60)
            change.merge(hour, Slot("m"), {"a": Rows(1)}, minutes={minute: {"a": Rows(1)}})
            change.stale("m", [start + timedelta(hours=version)], "rows")
            change.follow("m", "predictions", version)
        if version % 20 == 19:
            store.roll_up(before=start + timedelta(days=9))
        if version % 50 == 49:
            store.drop_before(start + timedelta(days=2), keep="days")
"""


def start_writer(path):
    """A process that folds in one commit after the other, without end."""
    writer = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def check_sums(path):
    """Position, sums, marks and lists of a store say the same; gives the position."""
    with Buckets(path) as store:
        position = store.followed("m", "predictions")
        for value in ("", "a", "b") if position >= 0 else ():
            segment = ("city", value) if value else None
            ((_, parts),) = store.read("m", **WINDOW, segment=segment)
            assert (parts["a"].rows, parts["b"].rows) == (position + 1, 2 * position + 2)
            listed = store.buckets(
                "m", layout="L", start=START, end=START + DAY * 9, segment=segment
            )
            assert sum(bucket.rows for bucket in listed) == position + 1
        assert store.stale_count("m") == position + 1
        minutes = store.read_minutes(
            "m", parts=["a"], start=START, end=START + DAY * 9, step_s=None
        )
        assert sum(parts["a"].rows for _, parts in minutes) == position + 1
        return position


def test_sudden_death_leaves_whole_transactions(path):
    """However often the writer is killed, what it says was folded in is what is there."""
    chance = np.random.default_rng(4)
    positions = [-1]
    for _ in range(6):
        writer = start_writer(path)
        time.sleep(chance.uniform(0.05, 0.6))
        writer.kill()
        writer.wait()
        assert writer.stdout is not None
        writer.stdout.close()
        positions.append(check_sums(path))
    assert positions == sorted(positions)
    assert positions[-1] > 5


def test_processes_share_a_file(path, tmp_path):
    """While another process writes, this one reads whole transactions and copies the file."""
    writer = start_writer(path)
    try:
        with Buckets(path) as store:
            seen = [store.followed("m", "predictions")]
            while seen[-1] < 120 and writer.poll() is None:
                (held,) = store.read("m", **WINDOW) or [(START, {"a": Rows(), "b": Rows()})]
                assert 2 * held[1]["a"].rows == held[1]["b"].rows
                seen.append(store.followed("m", "predictions"))
            store.back_up(tmp_path / "copy.db")
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    assert check_sums(tmp_path / "copy.db") >= 120
    assert seen == sorted(seen)


def test_several_may_open_a_new_file_at_once(path):
    """Those who come first make the file together."""
    errors: list[BaseException] = []
    stores: list[Buckets] = []
    gate = threading.Barrier(8)

    def open_it():
        gate.wait()
        try:
            stores.append(Buckets(Path(path)))
        except BaseException as error:  # noqa: BLE001  # for the assertion in the main thread
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert (errors, len(stores)) == ([], 8)
