"""ClickHouse beside the tables: it holds what they hold, whatever is done to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.engines.clickhouse_server import ClickHouse, running_clickhouse
from tests.store.batches import MODEL, START
from tests.store.sinks import STAMP, Followed, new_database
from watchkeeper.core.errors import InputError, UnavailableError
from watchkeeper.store.sinks import clickhouse
from watchkeeper.store.sinks.clickhouse_database import Database
from watchkeeper.store.sinks.clickhouse_rows import (
    PIECE_ROWS,
    as_sent,
    fingerprint,
    pieces,
    table_name,
)
from watchkeeper.store.sinks.clickhouse_url import address_of
from watchkeeper.store.tables import Tables
from watchkeeper.store.upkeep import Upkeep

pytestmark = pytest.mark.xdist_group("clickhouse-sink")

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
"""When the history of all versions is over."""

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    """A ClickHouse of these tests."""
    with running_clickhouse() as held:
        yield held


@pytest.fixture
def held(server: ClickHouse, tmp_path: Path) -> Followed:
    """Tables, and an empty database."""
    return Followed(tmp_path, new_database(server, f"sink_{next(_NUMBERS)}"))


def test_every_value_arrives(held: Followed) -> None:
    """Nulls, NaN, infinities, lists, far times, any names: value by value as in Delta."""
    held.add(
        "a", "b", "c",
        number=pa.array([float("nan"), None, float("-inf")]),
        zero=pa.array([-0.0, 0.0, 5e-324]),
        whole=pa.array([2**63 - 1, None, -(2**63)]),
        flag=pa.array([True, None, False]),
        when=pa.array([FIRST, None, LAST], STAMP),
        day=pa.array([FIRST.date(), None, LAST.date()]),
        _violations=pa.array([["type:x", ""], None, []], pa.list_(pa.string())),
        **{
            "T": pa.array(["", None, "ü\0'\\"]), "t": pa.array([1.5, 2.5, None]),
            "a.b": pa.array([1, 2, 3]), "`select`": pa.array(["x", "y", "z"]),
            "%s \\ {x}": pa.array([1, None, 2]),
        },
    )  # fmt: skip
    sink = held.sink()
    sent = sink.step()
    assert sink.failing == {}
    assert sent == held.check() == 3


def test_columns_grow(held: Followed) -> None:
    """A column that comes later is null in what was there before, as in Delta."""
    sink = held.sink()
    held.add("a", age=pa.array([1.0]))
    sink.step()
    held.add("b", age=pa.array([2.0]), city=pa.array(["Rome"]))
    held.add("c", more=pa.array([True]))
    sink.step()
    assert held.check() == 3
    assert sink.failing == {}


def test_many_commits_go_in_few_inserts(held: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits of a table is one insert, and tables do not mix."""
    calls = []
    insert = Database.insert

    def counted(self: Database, table: str, rows: pa.Table, token: str) -> None:
        calls.append((table, rows.num_rows))
        insert(self, table, rows, token)

    monkeypatch.setattr(Database, "insert", counted)
    for number in range(5):
        held.add(f"a{number}")
        held.add(f"a{number}", signal_="labels", _label=pa.array(["1"]))
        held.add(f"b{number}", model="other model/ü")
    assert held.sink().step() == 15
    assert sorted(calls) == [
        ("churn_labels", 5), ("churn_predictions", 5), ("other model/ü_predictions", 5),
    ]  # fmt: skip
    held.check()
    held.check(signal_="labels")
    held.check("other model/ü")


def test_a_new_process_sends_nothing_again(held: Followed) -> None:
    """How far it was is in ClickHouse: nothing is sent twice, and what is new is."""
    held.add("a", "b")
    assert held.sink().step() == 2
    assert held.sink().step() == 0
    held.add("c")
    sink = held.sink()
    assert sink.step() == 1
    assert sink.reached(MODEL, "predictions") == held.tables.version(MODEL, "predictions")
    assert held.check() == 3


def test_compaction_is_nothing_to_it(held: Followed) -> None:
    """Rows that moved to other files are not sent again."""
    for number in range(4):
        held.add(f"a{number}")
    sink = held.sink()
    sink.step()
    assert Upkeep(held.tables).compact(MODEL, "predictions", today=START.date() + timedelta(9))
    assert sink.step() == 0
    assert sink.behind() == 0
    held.add("b")
    assert sink.step() == 1
    assert held.check() == 5


def test_days_that_are_dropped_go(held: Followed) -> None:
    """Retention drops whole days, and no row is sent for it."""
    for days in range(4):
        held.add(f"a{days}", time=START + timedelta(days=days))
    sink = held.sink()
    sink.step()
    Upkeep(held.tables).drop_days(MODEL, "predictions", START.date() + timedelta(days=2))
    assert sink.step() == 0
    assert held.check() == 2


def test_one_subject_is_deleted(held: Followed) -> None:
    """The rows about one entity go from predictions and labels, the rest of the day stays."""
    held.add("a", "b", "c", _entity=pa.array(["ann", "bob", "ann"]))
    held.add("a", "b", signal_="labels", _label=pa.array(["1", "0"]))
    held.add("z", time=START + timedelta(days=3), _entity=pa.array(["bob"]))
    sink = held.sink()
    sink.step()
    assert Upkeep(held.tables).delete_entity(MODEL, "ann").rows == 3
    held.add("d", _entity=pa.array(["eve"]))
    sink.step()
    assert held.check() == 3
    assert held.check(signal_="labels") == 1
    assert sorted(row["_id"] for row in held.read("churn_predictions", {"_id"})) == ["b", "d", "z"]


def test_a_model_that_is_removed_goes(held: Followed) -> None:
    """Its tables go; one that is made anew under its name has its own rows alone."""
    held.add("a", "b")
    held.add("x", model="other")
    sink = held.sink()
    sink.step()
    held.tables.remove(MODEL)
    sink.step()
    assert not held.database.exists("churn_predictions")
    assert held.check("other") == 1
    held.add("c")
    sink.step()
    held.tables.remove(MODEL)
    held.add("d", "e")
    sink.step()
    assert held.check() == 2


def test_tables_that_are_not_there_are_not_taken_for_removed(held: Followed) -> None:
    """A folder that is not mounted must not empty ClickHouse: the catalogue says what is there."""
    held.add("a")
    held.sink().step()
    held.folder.joinpath("tables", MODEL).rename(held.folder / "away")
    held.sink(known=lambda: [MODEL]).step()
    assert held.database.counts("churn_predictions") == {START.date(): 1}


def test_history_that_is_lost_is_made_good(server: ClickHouse, tmp_path: Path) -> None:
    """Versions were cleaned away meanwhile, rows deleted and as many added: days are compared."""
    held = Followed(tmp_path, new_database(server, "sink_lost"))
    held.tables = Tables(tmp_path / "tables", history=timedelta(0))
    for days in range(3):
        held.add(f"a{days}", f"b{days}", time=START + timedelta(days=days))
    sink = held.sink()
    sink.step()
    Upkeep(held.tables).delete_ids(MODEL, ["a1"])
    held.add("c", time=START + timedelta(days=1))
    held.tables.handle(MODEL, "predictions").checkpoint()
    Upkeep(held.tables).maintain(LATER, {})
    assert sink.step() == 2  # The day that differs, and no other.
    assert sink.failing == {}
    assert held.check() == 6
    held.add("d")
    assert sink.step() == 1
    assert held.check() == 7


def test_what_was_there_before_the_sink(server: ClickHouse, tmp_path: Path) -> None:
    """A sink that is new gets all rows, also those whose versions are cleaned away."""
    held = Followed(tmp_path, new_database(server, "sink_before"))
    held.tables = Tables(tmp_path / "tables", history=timedelta(0))
    for days in range(3):
        held.add(f"a{days}", time=START + timedelta(days=days))
    held.add("early", time=datetime(1815, 12, 10, tzinfo=UTC))
    held.add("earlier", time=datetime(1777, 4, 30, tzinfo=UTC))
    Upkeep(held.tables).maintain(LATER, {})
    assert held.sink().step() == 5
    days = held.database.counts("churn_predictions")
    assert days.pop(date(1900, 1, 1)) == 2
    assert len(days) == 3


def test_a_folder_that_goes_away_takes_no_rows_along(
    held: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day is replaced only by all of its rows, however few of them could be read."""
    held.add("a", "b")
    held.sink().step()
    held.database._command("DELETE FROM churn_predictions WHERE _id = 'a'")
    for left in ([], [next(held.tables.batches(MODEL, "predictions")).slice(1)]):
        with monkeypatch.context() as patched:
            patched.setattr(Tables, "batches", lambda *_, left=left: iter(left))
            sink = held.sink()
            sink.step()
        assert "it is tried again" in sink.failing[MODEL, "predictions"]
        assert held.database.counts("churn_predictions") == {START.date(): 1}
    sink.step()
    assert sink.failing == {}
    assert held.check() == 2


def test_rows_that_clickhouse_lost_come_back(held: Followed) -> None:
    """ClickHouse does not sync what it takes: a start, and each hour, compares the days."""
    for days in range(3):
        held.add(f"a{days}", f"b{days}", time=START + timedelta(days=days))
    sink = held.sink()
    sink.step()
    lost = START.date() + timedelta(days=1)
    held.database.drop_day("churn_predictions", lost)
    assert sink.step() == 0
    sink.doubt()
    assert sink.step() == 2
    held.database._command(f"DELETE FROM churn_predictions WHERE _day = '{lost}' AND _id = 'a1'")
    assert held.sink().step() == 2
    held.database.drop("churn_predictions")
    assert held.sink().step() == 6
    assert held.check() == 6


def test_a_database_has_one_owner(held: Followed) -> None:
    """Two servers in one database would each take the other's rows away: the second is refused."""
    held.add("a")
    held.sink().step()
    with pytest.raises(InputError, match="filled by another Watchkeeper"):
        held.sink(owner="another").step()
    assert held.check() == 1


def test_a_table_of_somebody_else_is_left_alone(held: Followed) -> None:
    """It is told, nothing is written into it, and other tables go on."""
    held.database._command("CREATE TABLE churn_predictions (x Int64) ENGINE = MergeTree ORDER BY x")
    held.add("a")
    held.add("a", signal_="labels", _label=pa.array(["1"]))
    sink = held.sink()
    sink.step()
    assert list(sink.failing) == [(MODEL, "predictions")]
    assert "is not of the sink" in sink.failing[MODEL, "predictions"]
    assert held.check(signal_="labels") == 1
    assert held.database.columns("churn_predictions") == {"x"}
    held.database.drop("churn_predictions")
    sink.step()
    assert sink.failing == {}
    assert held.check() == 1


def test_a_step_is_bounded(held: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of many commits are sent in spans, and no table keeps the others waiting."""
    monkeypatch.setattr(clickhouse, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(clickhouse, "_ROWS_A_STEP", 5)
    for number in range(10):
        held.add(f"a{number}", f"b{number}")
    sink = held.sink()
    sent = [sink.step() for _ in range(5)]
    assert sent == [8, 8, 4, 0, 0]
    assert held.check() == 20


def test_days_are_compared_after_a_step_that_was_cut_short(
    held: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was dropped in the first of several steps goes with the last of them."""
    monkeypatch.setattr(clickhouse, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(clickhouse, "_ROWS_A_STEP", 2)
    for number in range(3):
        held.add(f"a{number}", time=START - timedelta(days=number))
    sink = held.sink()
    while sink.behind() or not sink.reached(MODEL, "predictions") > 0:
        sink.step()
    sink.step()
    Upkeep(held.tables).drop_days(MODEL, "predictions", START.date())
    for number in range(5):
        held.add(f"b{number}")
    for _ in range(4):
        sink.step()
    assert sink.behind() == 0
    assert held.check() == 6


def test_rows_are_cut_in_the_same_places() -> None:
    """No insert has more rows, or days, than ClickHouse takes at once; none is left out."""
    count = PIECE_ROWS + 5
    days = [date(2026, 1, 1) + timedelta(days=number % 200) for number in range(count)]
    table = as_sent(pa.table({"_day": pa.array(days), "_row": range(count)}))
    cut = list(pieces(table))
    assert pa.concat_tables(cut).equals(table)
    assert max(piece.num_rows for piece in cut) <= PIECE_ROWS
    assert max(len(piece["_day"].unique()) for piece in cut) <= 90
    assert [piece.num_rows for piece in pieces(table)] == [piece.num_rows for piece in cut]


def test_fingerprints_agree(held: Followed) -> None:
    """The sum that ClickHouse gives of each day is the one that is counted here."""
    held.position = 2**40
    held.add(*(f"a{number}" for number in range(1000)))
    held.add("b", time=START + timedelta(days=1))
    held.sink().step()
    found = held.database.fingerprints("churn_predictions")
    ours: dict[date, int] = {}
    for batch in held.tables.batches(MODEL, "predictions"):
        day = batch.column("_day")[0].as_py()
        ours[day] = (ours.get(day, 0) + fingerprint(batch)) % 2**64
    assert found == ours
    assert len(set(found.values())) == 2


def test_tables_have_names_of_their_own() -> None:
    """Each model and signal has one, however long the model's name."""
    models = ["", "a", "a_labels", "A", "ü" * 60, "ü" * 61, "x" * 120, "x" * 121, "x" * 122]
    names = {table_name(model, signal) for model in models for signal in ("labels", "changes")}
    assert len(names) == 2 * len(models)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://h/d", "no URL of ClickHouse"),
        ("clickhouse://h", "names no host and database"),
        ("clickhouse:///d", "names no host and database"),
        ("clickhouse://h/d?engine=Log", "MergeTree or ReplicatedMergeTree"),
        ("clickhouse://h/d?table=t", "the option 'table'"),
    ],
)
def test_urls_that_are_none(url: str, said: str) -> None:
    """One sentence says what is wrong."""
    with pytest.raises(InputError, match=said):
        address_of(url, {})


def test_passwords_are_not_told(server: ClickHouse, tmp_path: Path) -> None:
    """A wrong one is told in ClickHouse's words, without it."""
    secret = "hush-hush"
    note = tmp_path / "password"
    note.write_text(f"{secret}\n")
    for url, environment in (
        (server.url(user="ann"), {"CLICKHOUSE_PASSWORD": secret}),
        (f"{server.url(user='ann')}?password_file={note}", {}),
    ):
        address = address_of(url, environment)
        assert address.password == secret
        assert secret not in repr(address)
        with pytest.raises(UnavailableError) as caught:
            Database(address).places()
        assert secret not in str(caught.value)
        assert "Authentication failed" in str(caught.value)
