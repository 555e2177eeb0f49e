"""Compaction, retention, deletion and cleaning, while others read and append."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.store.batches import MODEL, START, TIMESTAMP, ids_in
from watchkeeper.core.envelope import Signal
from watchkeeper.store.table_log import log_folder, log_versions
from watchkeeper.store.tables import Tables, Wanted
from watchkeeper.store.upkeep import Upkeep

PREDICTIONS = Signal.PREDICTIONS
TODAY = START.date()


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Tables whose replaced files may go at once."""
    return Tables(tmp_path / "tables", history=timedelta(0))


def add(
    tables: Tables, position: int, ids: Sequence[str], start: datetime = START,
    signal: Signal = PREDICTIONS,
) -> None:  # fmt: skip
    """Append rows of one moment; the entity of a prediction is the first letter of its id."""
    columns = {
        "_id": pa.array(ids, pa.string()),
        "_time": pa.array([start] * len(ids), TIMESTAMP),
    }
    if signal is PREDICTIONS:
        columns["_entity"] = pa.array([name[0] for name in ids], pa.string())
    assert tables.append(MODEL, signal, pa.table(columns), position=position) is not None


def files(tables: Tables) -> int:
    """How many files the newest version has."""
    snapshot = tables.handle(MODEL, PREDICTIONS).snapshot()
    return 0 if snapshot is None else len(snapshot.files)


def test_a_day_that_is_over_becomes_one_file(tables: Tables) -> None:
    """Small files of earlier days are merged; few of today are not, many are."""
    for position in range(1, 4):
        add(tables, position, [f"a{position}"])
    upkeep = Upkeep(tables)
    assert upkeep.compact(MODEL, PREDICTIONS, today=TODAY) == ()
    assert upkeep.compact(MODEL, PREDICTIONS, today=TODAY + timedelta(days=1)) == (TODAY,)
    assert files(tables) == 1
    assert upkeep.compact(MODEL, PREDICTIONS, today=TODAY + timedelta(days=1)) == ()
    for position in range(4, 36):
        add(tables, position, [f"a{position}"])
    assert upkeep.compact(MODEL, PREDICTIONS, today=TODAY) == (TODAY,)
    assert files(tables) == 1
    assert sorted(ids_in(tables)) == sorted(f"a{n}" for n in range(1, 36))
    assert upkeep.compact("nobody", PREDICTIONS, today=TODAY) == ()


def test_a_late_row_does_not_rewrite_a_large_file(tables: Tables) -> None:
    """Beside a large file one small one waits for others."""
    add(tables, 1, [f"{n:06}" for n in range(20_000)])
    add(tables, 2, ["late"])
    assert Upkeep(tables).compact(MODEL, PREDICTIONS, today=TODAY + timedelta(days=1)) == ()


def test_days_are_dropped_whole(tables: Tables) -> None:
    """All rows before a day are gone, all others are there, and the files go when vacuumed."""
    for day in range(5):
        add(tables, day + 1, [f"{day}"], START + timedelta(days=day))
    upkeep = Upkeep(tables)
    assert upkeep.drop_days(MODEL, PREDICTIONS, date(2026, 3, 3)) == (TODAY, date(2026, 3, 2))
    assert upkeep.drop_days(MODEL, PREDICTIONS, date(2026, 3, 3)) == ()
    assert sorted(ids_in(tables)) == ["2", "3", "4"]
    assert upkeep.vacuum(MODEL, PREDICTIONS) == 2
    folder = tables.handle(MODEL, PREDICTIONS).folder
    assert sorted(path.name for path in folder.glob("_day=*")) == [
        f"_day=2026-03-{day:02}" for day in (3, 4, 5)
    ]


def test_ids_are_deleted_everywhere(tables: Tables) -> None:
    """Rows of the ids go from all signals, with their days named; others stay."""
    nasty = "o'neill \"\\ \n%"
    add(tables, 1, ["a1", nasty, "b1"])
    add(tables, 2, ["a1"], START + timedelta(days=40), Signal.LABELS)
    add(tables, 3, ["b1"], START + timedelta(days=1), Signal.LABELS)
    deleted = Upkeep(tables).delete_ids(MODEL, ["a1", nasty, "never"])
    assert (deleted.rows, deleted.days) == (3, (TODAY, TODAY + timedelta(days=40)))
    assert ids_in(tables) == ["b1"]
    assert ids_in(tables, signal="labels") == ["b1"]
    assert Upkeep(tables).delete_ids(MODEL, ["a1"]).rows == 0
    # A commit that only rewrote rows has added none.
    assert tables.added(MODEL, PREDICTIONS, tables.version(MODEL, PREDICTIONS)).num_rows == 0


def test_an_entity_is_forgotten(tables: Tables) -> None:
    """Predictions about an entity go, and labels of their ids; after cleaning no file has them."""
    add(tables, 1, ["a1", "a-secret", "b-public"])
    add(tables, 2, ["a1", "b-public"], signal=Signal.LABELS)
    add(tables, 3, ["a-secret"], signal=Signal.OUTCOMES)
    upkeep = Upkeep(tables)
    assert upkeep.delete_entity(MODEL, "a").rows == 4
    assert upkeep.delete_entity(MODEL, "a").rows == 0
    assert [ids_in(tables, signal=signal.value) for signal in tables.signals(MODEL)] == [
        ["b-public"], ["b-public"], [],
    ]  # fmt: skip
    upkeep.maintain(START, {})
    content = b"".join(path.read_bytes() for path in tables.root.rglob("*.parquet"))
    assert b"b-public" in content
    assert b"secret" not in content


def test_maintaining_does_what_is_due(tables: Tables) -> None:
    """Retention keeps whole days before today; closed days are merged; old files go."""
    position = 0
    for day in range(4):
        for _ in range(12):
            position += 1
            add(tables, position, [str(position)], START + timedelta(days=day))
    folder = tables.handle(MODEL, PREDICTIONS).folder
    torn = folder / "_day=2026-03-04" / "part-00000-x.parquet#1"
    torn.write_bytes(b"half")
    now = datetime.fromtimestamp(torn.stat().st_mtime, UTC)
    os.utime(torn, (0, 0))
    today = TODAY + timedelta(days=3)
    upkeep = Upkeep(tables)
    (kept,) = upkeep.maintain(START + timedelta(days=3), {(MODEL, "predictions"): 1})
    assert kept.error is None
    assert kept.dropped == (TODAY, TODAY + timedelta(days=1))
    assert kept.compacted == (TODAY + timedelta(days=2),)
    assert kept.vacuumed == 36
    assert tables.days(MODEL, PREDICTIONS) == [today - timedelta(days=1), today]
    assert sorted(ids_in(tables)) == sorted(str(n) for n in range(25, 49))
    (kept,) = upkeep.maintain(now + timedelta(hours=1), {})
    assert len(log_versions(folder)) <= 3  # The checkpoint's, and two of cleaning.
    assert not torn.exists()
    assert sorted(ids_in(Tables(tables.root))) == sorted(str(n) for n in range(25, 49))
    assert len(list(log_folder(folder).glob("*.parquet"))) == 1


def test_a_table_that_fails_does_not_stop_the_others(tables: Tables) -> None:
    """What cannot be kept is said by name; the rest is done."""
    add(tables, 1, ["a"])
    tables.append(
        "broken", PREDICTIONS, pa.table({"_time": pa.array([START], TIMESTAMP)}), position=1
    )
    log = log_folder(tables.handle("broken", PREDICTIONS).folder)
    (log / f"{0:020}.json").write_text("garbage")
    kept = Upkeep(Tables(tables.root)).maintain(START, {(MODEL, "predictions"): 1})
    assert [one.error is None for one in kept] == [False, True]


def test_readers_and_the_writer_go_on(tmp_path: Path) -> None:
    """Appends, reads, merges and deletions at once: no error, no row lost, none twice."""
    tables = Tables(tmp_path / "tables")
    add(tables, 1, ["keep", "x0"])
    failures: list[Exception] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                found = ids_in(Tables(tables.root))
                assert len(found) == len(set(found))
                assert "keep" in found
            except Exception as error:  # noqa: BLE001
                failures.append(error)

    def change() -> None:
        upkeep = Upkeep(tables)  # One process writes and looks after its tables.
        for number in range(6):
            try:
                upkeep.compact(MODEL, PREDICTIONS, today=TODAY + timedelta(days=1))
                upkeep.delete_ids(MODEL, [f"x{number}"])
                upkeep.vacuum(MODEL, PREDICTIONS)
            except Exception as error:  # noqa: BLE001
                failures.append(error)
        done.set()

    threads = [threading.Thread(target=read), threading.Thread(target=change)]
    for thread in threads:
        thread.start()
    position = 1
    while not done.is_set():
        position += 1
        add(tables, position, [f"p{position}"])
    for thread in threads:
        thread.join()
    assert failures == []
    found = [name for name in ids_in(tables) if name[0] == "p"]
    assert sorted(found) == sorted(f"p{n}" for n in range(2, position + 1))
    batch = next(tables.batches(MODEL, PREDICTIONS, Wanted(ids=["keep"])))
    assert batch.num_rows == 1
