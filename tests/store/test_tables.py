"""Event tables: idempotent appends, growth, reading, following commits."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.batches import MODEL, START, TIMESTAMP
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, NotFoundError, UnavailableError
from watchkeeper.store.table_handle import delta_errors
from watchkeeper.store.table_local import LocalPlace
from watchkeeper.store.table_log import clean_log, log_file, log_versions, settle
from watchkeeper.store.table_names import folder_of, model_of
from watchkeeper.store.tables import Tables, Wanted
from watchkeeper.store.upkeep import Upkeep

PREDICTIONS = Signal.PREDICTIONS


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Tables in a folder whose name has a space."""
    return Tables(tmp_path / "event tables")


def rows(names: Sequence[str], start: datetime = START, **features: Any) -> pa.Table:
    """Rows an hour apart, with features."""
    times = [start + timedelta(hours=n) for n in range(len(names))]
    columns = {"_id": pa.array(names, pa.string()), "_time": pa.array(times, TIMESTAMP)}
    return pa.table(columns | features)


def read(tables: Tables, wanted: Wanted | None = None, model: str = MODEL) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries."""
    found = tables.batches(model, PREDICTIONS, wanted or Wanted())
    return [row for batch in found for row in batch.to_pylist()]


def ids(tables: Tables, wanted: Wanted | None = None) -> list[str]:
    """Ids of rows, sorted: within a day rows have no fixed order."""
    return sorted(row["_id"] for row in read(tables, wanted))


def test_an_append_is_there_once(tables: Tables) -> None:
    """A position that the table has reached adds nothing; another process sees the same."""
    commit = tables.append(MODEL, PREDICTIONS, rows(["a", "b"], age=[1.0, 2.0]), position=4)
    assert commit is not None
    assert (commit.version, commit.rows, commit.position) == (1, 2, 4)
    assert commit.days == (date(2026, 3, 1),)
    for position in (4, 3):
        again = rows(["a", "b"], age=[1.0, 2.0])
        assert tables.append(MODEL, PREDICTIONS, again, position=position) is None
    other = Tables(tables.root)
    assert other.append(MODEL, "predictions", rows(["c"], age=[3.0]), position=5) is not None
    assert tables.append(MODEL, PREDICTIONS, rows(["c"], age=[3.0]), position=5) is None
    assert ids(tables) == ["a", "b", "c"]
    assert (tables.position(MODEL, PREDICTIONS), tables.version(MODEL, PREDICTIONS)) == (5, 2)
    assert tables.highest() == 5


def test_two_writers_by_mistake(tables: Tables) -> None:
    """Two processes that append the same positions at once leave each of them there once."""

    def write(own: Tables) -> None:
        for position in range(1, 25):
            own.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)

    threads = [threading.Thread(target=write, args=(Tables(tables.root),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(tables) == sorted(str(position) for position in range(1, 25))
    assert tables.version(MODEL, PREDICTIONS) == 24


def test_a_table_that_was_removed_elsewhere(tables: Tables) -> None:
    """A process that had it open finds nothing, begins anew, and finds what others began."""
    other = Tables(tables.root)
    for position in (1, 2, 3):
        tables.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)
    assert other.version(MODEL, PREDICTIONS) == 3
    tables.remove(MODEL)
    assert other.version(MODEL, PREDICTIONS) == -1
    assert other.append(MODEL, PREDICTIONS, rows(["a"]), position=4) is not None
    tables.remove(MODEL)
    tables.append(MODEL, PREDICTIONS, rows(["b"]), position=5)
    assert other.append(MODEL, PREDICTIONS, rows(["c"]), position=6) is not None
    assert ids(tables) == ids(other) == ["b", "c"]


def test_the_library_does_not_end_the_process(tmp_path: Path) -> None:
    """A panic of the Rust library, which is no `Exception`, is an error of ours."""
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(InputError, match="it burst"), delta_errors(LocalPlace(tmp_path, tmp_path)):
        raise panic("it burst")
    with pytest.raises(KeyboardInterrupt), delta_errors(LocalPlace(tmp_path, tmp_path)):
        raise KeyboardInterrupt


def test_a_table_that_is_not_there_is_empty(tables: Tables) -> None:
    """No table: no rows, no columns, no days, version -1, position 0."""
    assert read(tables) == []
    assert tables.version(MODEL, PREDICTIONS) == -1
    assert tables.position(MODEL, PREDICTIONS) == 0
    assert tables.highest() == 0
    assert tables.schema(MODEL, PREDICTIONS).names == []
    assert tables.days(MODEL, PREDICTIONS) == []
    assert tables.models() == []
    assert tables.append(MODEL, PREDICTIONS, rows([]), position=1) is None
    with pytest.raises(NotFoundError):
        tables.added(MODEL, PREDICTIONS, 0)
    tables.remove(MODEL)


def test_a_table_grows_by_columns(tables: Tables) -> None:
    """New columns are added; earlier rows have nulls there, and later rows may lack columns."""
    tables.append(MODEL, PREDICTIONS, rows(["a"], age=[1.0], empty=pa.nulls(1)), position=1)
    tables.append(MODEL, PREDICTIONS, rows(["b"], **{"flight no. [x]": ["LH 1"]}), position=2)
    found = read(tables, Wanted(columns=("_id", "age", "flight no. [x]")))
    assert sorted(found, key=lambda row: row["_id"]) == [
        {"_id": "a", "age": 1.0, "flight no. [x]": None},
        {"_id": "b", "age": None, "flight no. [x]": "LH 1"},
    ]
    assert "empty" not in tables.schema(MODEL, PREDICTIONS).names


def test_columns_that_differ_by_case_are_two(tables: Tables) -> None:
    """Features `T` and `t` are kept apart, whichever comes first, under the names they have."""
    tables.append(MODEL, PREDICTIONS, rows(["a"], T=[1.0]), position=1)
    tables.append(MODEL, PREDICTIONS, rows(["b"], t=[2.0], T=[3.0]), position=2)
    tables.append(MODEL, PREDICTIONS, rows(["c"], **{"t": [4.0], "t~0": [5.0]}), position=3)
    found = read(tables, Wanted(columns=("_id", "T", "t", "t~0")))
    assert sorted(found, key=lambda row: row["_id"]) == [
        {"_id": "a", "T": 1.0, "t": None, "t~0": None},
        {"_id": "b", "T": 3.0, "t": 2.0, "t~0": None},
        {"_id": "c", "T": None, "t": 4.0, "t~0": 5.0},
    ]
    assert {"T", "t", "t~0"} <= set(tables.schema(MODEL, PREDICTIONS).names)
    assert tables.added(MODEL, PREDICTIONS, 2, ["t"]).to_pylist() == [{"t": 2.0}]


def test_a_changed_type_is_cast_or_kept_as_text(tables: Tables) -> None:
    """What the table's type can hold is cast; the rest is in `_overflow`, and it is said so."""
    tables.append(MODEL, PREDICTIONS, rows(["a"], age=[1.5], n=[7]), position=1)
    tables.append(
        MODEL, PREDICTIONS, rows(["b", "c"], age=["2.5", "old"], n=[8.0, 8.5]), position=2
    )
    found = read(tables, Wanted(columns=("_id", "age", "n", "_overflow", "_violations")))
    found.sort(key=lambda row: row["_id"])
    assert [(row["age"], row["n"]) for row in found] == [(1.5, 7), (2.5, 8), (None, None)]
    assert found[1]["_overflow"] is None
    assert json.loads(found[2]["_overflow"]) == {"age": "old", "n": 8.5}
    assert sorted(found[2]["_violations"]) == ["type:age", "type:n"]


def test_windows_are_half_open(tables: Tables) -> None:
    """Rows at the start are in, rows at the end are not, to the microsecond."""
    stamps = [0, 1, 999, 1000, 1001, 86_399_999_999, 86_400_000_000]
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    times = [midnight + timedelta(microseconds=stamp) for stamp in stamps]
    table = pa.table({"_id": [str(s) for s in stamps], "_time": pa.array(times, TIMESTAMP)})
    tables.append(MODEL, PREDICTIONS, table, position=1)
    for start in times:
        for end in times:
            expected = [
                str(s) for s, time in zip(stamps, times, strict=True) if start <= time < end
            ]
            assert ids(tables, Wanted(start=start, end=end, columns=("_id",))) == sorted(expected)


def test_rows_by_id_and_position(tables: Tables) -> None:
    """Only the ids that are asked for, and only what had come by a position of the journal."""
    for position in (1, 2, 3):
        both = [f"{position}a", f"{position}b"]
        table = rows(both, _position=pa.array([position] * 2, pa.int64()))
        tables.append(MODEL, PREDICTIONS, table, position=position)
    assert ids(tables, Wanted(ids=["1b", "3a", "zz"])) == ["1b", "3a"]
    assert ids(tables, Wanted(position=2, ids=["1b", "3a"])) == ["1b"]
    assert read(tables, Wanted(ids=[])) == []


def test_absent_columns_are_null_in_their_type(tables: Tables) -> None:
    """A column that no row has is null: of the envelope's type, or of none."""
    tables.append(MODEL, PREDICTIONS, rows(["a"]), position=1)
    wanted = Wanted(columns=("_score", "_violations", "never"))
    (batch,) = tables.batches(MODEL, PREDICTIONS, wanted)
    assert batch.to_pylist() == [{"_score": None, "_violations": None, "never": None}]
    assert [one.id for one in batch.schema.types] == [
        pa.float64().id, pa.list_(pa.string()).id, pa.null().id,
    ]  # fmt: skip


def test_added_gives_the_rows_of_a_commit(tables: Tables) -> None:
    """Each commit's own rows, also after they were merged into other files; none for a merge."""
    for position in range(1, 5):
        tables.append(MODEL, PREDICTIONS, rows([f"{position}"], age=[1.0]), position=position)
    upkeep = Upkeep(tables)
    assert upkeep.compact(MODEL, PREDICTIONS, today=date(2026, 4, 1)) == (date(2026, 3, 1),)
    assert tables.version(MODEL, PREDICTIONS) == 5
    for version in range(1, 5):
        found = tables.added(MODEL, PREDICTIONS, version, ["_id", "age", "_score"])
        assert found.to_pylist() == [{"_id": str(version), "age": 1.0, "_score": None}]
    for version in (0, 5):  # The table was made; its files were merged.
        none = tables.added(MODEL, PREDICTIONS, version, ["_id", "_score"])
        assert (none.num_rows, str(none.schema.field("_score").type)) == (0, "double")
    assert tables.added(MODEL, PREDICTIONS, 1).column_names[:2] == ["_id", "_time"]
    with pytest.raises(NotFoundError):
        tables.added(MODEL, PREDICTIONS, 6)


def test_an_earlier_version_is_read(tables: Tables) -> None:
    """Time travel gives the rows of a version; a version that is not there is an error."""
    for position in (1, 2, 3):
        tables.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)
    assert ids(tables, Wanted(version=2)) == ["1", "2"]
    with pytest.raises(NotFoundError, match="no 4"):
        tables.batches(MODEL, PREDICTIONS, Wanted(version=4))


def test_a_batch_over_days_is_one_commit(tables: Tables) -> None:
    """Rows of several days: one version, a partition for each day, days in order when read."""
    table = rows([str(n) for n in range(60)], START + timedelta(hours=5))
    commit = tables.append(MODEL, PREDICTIONS, table.take(list(reversed(range(60)))), position=1)
    assert commit is not None
    assert commit.days == tuple(date(2026, 3, day) for day in (1, 2, 3, 4))
    assert tables.days(MODEL, PREDICTIONS) == list(commit.days)
    days = [row["_day"] for row in read(tables, Wanted(columns=("_day",)))]
    assert days == sorted(days)
    assert len(days) == 60


@pytest.mark.parametrize("name", ["", ".", "..", "a b/c", "ü%41~7E", "{x}[y]\\", "x" * 190, "~"])
def test_any_name_of_a_model_is_a_folder(tables: Tables, name: str) -> None:
    """Names are told apart on disk, read back as they were, and stay inside the root."""
    tables.append(name, Signal.CHANGES, rows(["a"]), position=1)
    assert tables.models() == [name]
    assert tables.signals(name) == [Signal.CHANGES]
    assert len(list(tables.batches(name, Signal.CHANGES))) == 1
    assert [path.parent for path in tables.root.iterdir()] == [tables.root]
    tables.remove(name)
    assert tables.models() == []
    assert list(tables.root.iterdir()) == []


@given(st.text(max_size=30))
def test_names_of_models_come_back(name: str) -> None:
    """A folder's name gives the model's name again."""
    assert model_of(folder_of(name)) == name


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=5, unique=True))
def test_any_text_names_a_column(names: list[str]) -> None:
    """Any feature names are kept apart and read back, in the first batch or a later one."""
    import tempfile

    names = [name for name in names if not name.startswith("_")]
    with tempfile.TemporaryDirectory() as folder:
        tables = Tables(Path(folder))
        features = {name: [float(n)] for n, name in enumerate(names)}
        tables.append(
            MODEL, PREDICTIONS, rows(["a"], **dict(list(features.items())[:2])), position=1
        )
        tables.append(MODEL, PREDICTIONS, rows(["b"], **features), position=2)
        assert read(tables, Wanted(ids=["b"], columns=tuple(names))) == [
            {name: float(n) for n, name in enumerate(names)}
        ]


def test_rows_that_cannot_be_stored(tables: Tables) -> None:
    """No time, or a name twice: an error that names it, and the table is as it was."""
    with pytest.raises(InputError, match="_time"):
        tables.append(MODEL, PREDICTIONS, pa.table({"_id": ["a"]}), position=1)
    twice = pa.table([rows(["a"])["_time"], [1.0], [2.0]], names=["_time", "x", "x"])
    with pytest.raises(InputError, match="twice: x"):
        tables.append(MODEL, PREDICTIONS, twice, position=1)
    with pytest.raises(InputError, match="shorter name"):
        tables.append("ü" * 100, PREDICTIONS, rows(["a"]), position=1)
    with pytest.raises(InputError, match="escape"):
        Tables(tables.root / "100%25")
    assert tables.version(MODEL, PREDICTIONS) == -1


def test_a_log_that_cannot_be_read_is_said(tables: Tables) -> None:
    """A table whose log is garbage is unavailable; another table is not."""
    for model in (MODEL, "other"):
        tables.append(model, PREDICTIONS, rows(["a"]), position=1)
    folder = tables.handle(MODEL, PREDICTIONS).folder
    log_file(folder, 1).write_text("no JSON")
    again = Tables(tables.root)
    with pytest.raises(UnavailableError, match="cannot be used"):
        again.version(MODEL, PREDICTIONS)
    assert len(read(again, model="other")) == 1


def test_torn_commits_are_taken_back(tables: Tables) -> None:
    """Commits that the disk lost, and only those whose entries still wait, go off the end."""
    for position in (1, 2, 3, 4):
        tables.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)
    folder = tables.handle(MODEL, PREDICTIONS).folder
    assert settle(folder, 2, top=tables.root) == 0
    log_file(folder, 4).write_bytes(b"")
    (path,) = [
        file.path
        for file in tables.handle(MODEL, PREDICTIONS).snapshot(3).files
        if pq.read_table(file.path)["_id"].to_pylist() == ["3"]
    ]
    path.write_bytes(path.read_bytes()[:-10])
    again = Tables(tables.root)
    assert again.settle(MODEL, PREDICTIONS, since=3) == 2
    assert ids(again) == ["1", "2"]
    for position in (3, 4):
        again.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)
    assert ids(again) == ["1", "2", "3", "4"]
    assert again.version(MODEL, PREDICTIONS) == 4


def test_a_damaged_commit_that_the_journal_has_forgotten_stays(tables: Tables) -> None:
    """No way back behind what was released: the damage is told, and nothing is taken off."""
    for position in (1, 2, 3):
        tables.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)
    last = log_file(tables.handle(MODEL, PREDICTIONS).folder, 3)
    whole = last.read_bytes()
    last.write_bytes(bytes(len(whole)))
    again = Tables(tables.root)
    with pytest.raises(UnavailableError, match="positions 3 to 3"):
        again.settle(MODEL, PREDICTIONS, since=4, released=3)
    last.write_bytes(whole)
    assert ids(again) == ["1", "2", "3"]
    last.write_bytes(bytes(len(whole)))
    assert Tables(tables.root).settle(MODEL, PREDICTIONS, since=3, released=2) == 1
    assert ids(Tables(tables.root)) == ["1", "2"]


def test_settling_leaves_what_was_cleaned_away(tables: Tables) -> None:
    """Files that a later version replaced and that were then deleted are no sign of a torn disk."""
    upkeep = Upkeep(Tables(tables.root, history=timedelta(0)))
    for position in range(1, 6):
        tables.append(MODEL, PREDICTIONS, rows([f"{position}"]), position=position)
    upkeep.compact(MODEL, PREDICTIONS, today=date(2027, 1, 1))
    assert upkeep.delete_ids(MODEL, ["2"]).rows == 1
    assert upkeep.vacuum(MODEL, PREDICTIONS) > 0
    for since in (1, 3, 6):
        assert tables.settle(MODEL, PREDICTIONS, since=since) == 0
    assert ids(tables) == ["1", "3", "4", "5"]


def test_a_reader_outlives_a_shortened_log(tables: Tables) -> None:
    """An open table goes on reading and appending when the log behind it was deleted."""
    other = Tables(tables.root)
    tables.append(MODEL, PREDICTIONS, rows(["first"]), position=1)
    assert other.version(MODEL, PREDICTIONS) == 1
    for position in range(2, 45):
        tables.append(MODEL, PREDICTIONS, rows([str(position)]), position=position)
    folder = tables.handle(MODEL, PREDICTIONS).folder
    assert clean_log(folder, older_than=0, keep=10) > 0
    assert log_versions(folder)[0] > 10
    assert other.version(MODEL, PREDICTIONS) == 44
    assert len(read(other)) == len(read(Tables(tables.root))) == 44
    assert other.append(MODEL, PREDICTIONS, rows(["last"]), position=45) is not None
    with pytest.raises(NotFoundError):
        tables.added(MODEL, PREDICTIONS, 3)
    with pytest.raises(NotFoundError):
        tables.batches(MODEL, PREDICTIONS, Wanted(version=3))
