"""ClickHouse: its own types, and what goes wrong in a sentence."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import types
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest

from tests.engines.clickhouse_server import SECRET, running_clickhouse
from tests.engines.conftest import grouped
from watchkeeper.app.sources import open_source
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.store.engines.base import sample
from watchkeeper.store.engines.clickhouse import ClickHouseEngine, connect
from watchkeeper.store.engines.clickhouse_wire import ChdbWire, FailedError, HttpWire, _Answer
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.urls import parse_url
from watchkeeper.testing.engines import as_batch, assert_same_profile, compare

clickhouse_connect = pytest.importorskip("clickhouse_connect")
Backend = pytest.importorskip("ibis.backends.clickhouse").Backend

pytestmark = pytest.mark.xdist_group("clickhouse")

LONG = "SELECT sum(sipHash64(number)) AS x FROM numbers(100000000000)"
"""A statement that takes an hour."""

EXAMPLE = Path(__file__).parents[2] / "examples" / "engine_clickhouse.py"


@pytest.fixture(params=["clickhouse", "chdb"])
def either(request):
    """The server and the engine in this process."""
    return request.getfixturevalue(f"{request.param}_loaded")


ODD = {
    "mood": ("Enum8('sad' = 1, 'o''k' = 2)", "'o''k'", ["o'k", "sad"]),
    "few": ("LowCardinality(Nullable(String))", "'x'", pa.array(["x", None])),
    "fixed": ("FixedString(4)", "'ab'", ["ab", ""]),
    "bytes": ("String", "unhex('61FF00')", ["a\ufffd\0", ""]),
    "id": ("UUID", "'00000000-0000-0000-0000-00000000000a'",
           ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-000000000000"]),
    "v4": ("IPv4", "'127.0.0.1'", ["127.0.0.1", "0.0.0.0"]),
    "v6": ("IPv6", "'::1'", ["::1", "::"]),
    "doc": ("JSON", "'{\"a\":1}'", ['{"a":1}', "{}"]),
    "either": ("Variant(Int64, String)", "'x'", pa.array(["x", None])),
    "pair": ("Point", "(1, 2)", ["(1,2)", "(0,0)"]),
    "huge": ("Int256", "bitShiftLeft(toInt256(1), 100)", [2.0**100, 0.0]),
    "short": ("BFloat16", "0.5", [0.5, 0.0]),
    "state": ("SimpleAggregateFunction(max, Int32)", "7", pa.array([7, 0], pa.int32())),
    "sketch": ("AggregateFunction(sum, UInt8)", "initializeAggregation('sumState', toUInt8(1))",
               [b"\1", b"\0"]),
    "list": ("Array(LowCardinality(String))", "['a']", [["a"], []]),
    "tuple": ("Tuple(a Int64, b String)", "(1, 'b')", [{"a": 1, "b": "b"}, {"a": 0, "b": ""}]),
    "map": ("Map(String, Int64)", "map('a', 1)",
            pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64()))),
    "wide": ("Decimal(76, 10)", "0.1",
             pa.array([Decimal("0.1"), Decimal(0)], pa.decimal256(76, 10))),
    "day": ("Date", "'2100-01-01'", [date(2100, 1, 1), date(1970, 1, 1)]),
    "second": ("DateTime", "'2100-01-01 00:00:01'",
               [datetime(2100, 1, 1, 0, 0, 1), datetime(1970, 1, 1)]),  # noqa: DTZ001
    "zoned": ("DateTime('Europe/Berlin')", "4102444801",
              pa.array([4102444801, 0], pa.timestamp("s", "Europe/Berlin"))),
    "tick": ("DateTime64(9, 'UTC')", "'1969-12-31 23:59:59.999999999'",
             pa.array([-1, 0], pa.timestamp("ns", "UTC"))),
    "tenth": ("DateTime64(1)", "'1969-12-31 23:59:59.9'", pa.array([-100, 0], pa.timestamp("ms"))),
    "clock": ("Time64(3)", "'12:00:00.250'", [time(12, 0, 0, 250000), time(0)]),
    "hour": ("Time", "'12:00:00'", [time(12), time(0)]),
}  # fmt: skip
"""A type, a value of it, and what it and the type's default count as."""


def test_types_that_only_clickhouse_has(either):
    """Each counts as text, number or time as the kernel counts what it stands for."""
    columns = ", ".join(f"`{name}` {type_}" for name, (type_, _, _) in ODD.items())
    values = ", ".join(value for _, value, _ in ODD.values())
    either.execute("DROP TABLE IF EXISTS odd")
    either.execute(f"CREATE TABLE odd ({columns}) ENGINE = MergeTree ORDER BY tuple()")
    either.execute(f"INSERT INTO odd SELECT {values}")
    either.execute("INSERT INTO odd (mood) VALUES ('sad')")
    rows = pa.table({name: expected for name, (_, _, expected) in ODD.items()})
    for kind in (Kind.CATEGORICAL, Kind.NUMERIC):
        segments = ("mood", "zoned", "clock") if kind is Kind.CATEGORICAL else ("wide",)
        model = Model("m", tuple(Column(name, kind) for name in ODD), segments=segments)
        layout = fit_layout(model, rows.set_column(0, "mood", pa.array(["o'k", "zzz"])))
        compare(either.engine, either.engine.table("odd"), rows, layout)
    drawn = sample(either.engine, either.engine.table("odd"), 10)
    assert sorted(drawn["bytes"].to_pylist()) == ["", "a\ufffd\0"]


def test_a_statement_holds_the_edges_of_some_columns_at_a_time(either):
    """Twenty columns on the widest grids are more than one statement may have characters."""
    steps = np.random.default_rng(3)
    table = pa.table({f"c{i}": steps.lognormal(0, 3, 20000) for i in range(20)})
    model = Model("m", tuple(Column(name, Kind.NUMERIC) for name in table.column_names))
    layout = fit_layout(model, table)
    assert sum(len(repr(axis.edges.tolist())) for axis in layout.axes.values()) > 262144 / 2
    few = table.slice(0, 500)
    compare(either.engine, either.load(few, "wide"), few, layout)


@pytest.mark.parametrize("user", ["default", "guest"])
def test_the_zone_of_the_server_changes_nothing(user):
    """A time without a zone is an instant, also for a user who may change no setting."""
    with running_clickhouse(zone="Asia/Kolkata") as server:
        url = server.url(user=user, password=SECRET if user == "guest" else "")
        client = connect(parse_url(server.url())).wire.client
        client.command("CREATE TABLE t (d DateTime, e Date) ENGINE = MergeTree ORDER BY d")
        client.command("INSERT INTO t VALUES (1704067200, '2024-01-01')")
        rows = open_url(f"{url}?table=t")
        assert rows.span("d") == rows.span("e") == (1704067200.0, 1704067200.0)
        assert rows.between("e", 1704067200.0, 1704067201.0).sample(9)["d"].to_pylist() == [
            datetime(2024, 1, 1)  # noqa: DTZ001  # the column has none
        ]
        rows.close()


def test_a_window_reads_its_parts_of_the_table(chdb_loaded):
    """The bounds are such that ClickHouse leaves out the other partitions."""
    for type_ in ("Date", "DateTime", "DateTime64(6)", "DateTime64(3, 'Europe/Berlin')"):
        chdb_loaded.execute("DROP TABLE IF EXISTS parted")
        chdb_loaded.execute(
            f"CREATE TABLE parted (d {type_}) ENGINE = MergeTree PARTITION BY toYYYYMM(d) "
            "ORDER BY tuple() AS SELECT toDateTime('2024-01-01', 'UTC') + number * 3600 AS d "
            "FROM numbers(8000)"
        )
        engine = chdb_loaded.engine
        rows = open_url(f"clickhouse://{engine.name}?table=parted")
        bounds = (datetime(2024, month, 10, tzinfo=UTC).timestamp() for month in (3, 4))
        month = rows.between("d", *bounds).table
        assert engine.run(month.agg(n=month.count()))["n"].to_pylist() == [744]
        explained = engine.wire.table(f"EXPLAIN indexes = 1 {engine._sql(month)}", "explained")
        assert "Parts: 2/11" in " ".join(explained["explain"].to_pylist())
        rows.close()


def test_a_users_own_ibis_table(clickhouse_server, clickhouse_loaded):
    """It is profiled on the server, in the user's session, which stays open."""
    rows = pa.table({"x": [1.0, None, 3.0], "c": ["a", "b", None]})
    clickhouse_loaded.load(rows, "own")
    backend = ibis.clickhouse.connect(host="127.0.0.1", port=clickhouse_server.port)
    source = open_source(backend.table("own").filter(ibis._.x < 3), name="mine")
    assert isinstance(source.engine, ClickHouseEngine)
    model = Model("m", (Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)))
    layout = fit_layout(model, rows)
    assert_same_profile(source.profile(layout), profile_batch(as_batch(rows.slice(0, 1)), layout))
    source.close()
    assert backend.table("own").count().execute() == 3


def test_a_users_own_ibis_table_on_chdb(chdb_loaded):
    """It is read by a connection of its own to the same engine, which Ctrl-C can end."""
    chdb_loaded.load(pa.table({"x": [1.0, 2.0]}), "own")
    client = clickhouse_connect.get_client(interface="chdb", path=chdb_loaded.engine.name)
    table = Backend.from_connection(client).table("own")
    source = open_source(table, name="mine")
    assert isinstance(source.engine.wire, ChdbWire)
    assert source.sample(9)["x"].to_pylist() == [1.0, 2.0]
    source.engine.close()
    assert table.count().execute() == 2
    client.close()


def test_a_seed_draws_the_same_rows_again(chdb_loaded):
    """As long as they lie in the same order."""
    table = chdb_loaded.load(pa.table({"x": range(5000)}), "drawn")
    first, again, other = (
        sorted(sample(chdb_loaded.engine, table, 100, seed=seed)["x"].to_pylist())
        for seed in (0.25, 0.25, 0.5)
    )
    assert first == again != other


def message(url: str) -> str:
    """What opening a URL and reading its rows says goes wrong."""
    with pytest.raises(InputError) as caught:
        open_url(url).sample(10)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 400
    return str(caught.value)


def test_what_goes_wrong_with_a_server_is_one_sentence(clickhouse_server, clickhouse_loaded):
    """It says what and where and what to do, and no secret."""
    clickhouse_loaded.load(pa.table({"x": [1]}), "hidden")
    clickhouse_loaded.load(pa.table({"x": [1]}), "seen")
    url, ann = (clickhouse_server.url(user=user, password=SECRET) for user in ("nobody", "ann"))
    plain = clickhouse_server.url()
    assert "nobody: Authentication failed" in message(f"{url}?table=seen")
    assert "CLICKHOUSE_PASSWORD" in message(f"{url}?table=seen")
    assert "hidden. (ACCESS_DENIED); ask for that grant" in message(f"{ann}?table=hidden")
    assert "has no table 'nope'; it has" in message(f"{ann}?table=nope")
    assert "check the name and its database" in message(f"{plain}?table=nope.nope")
    assert "Database nope does not exist" in message(
        f"{clickhouse_server.url(database='nope')}?table=seen"
    )
    assert "?table=name" in message(plain)
    assert "identifier `y` (UNKNOWN_IDENTIFIER)" in message(f"{plain}?query=SELECT y FROM seen")
    assert "Syntax error" in message(f"{plain}?query=SELEC 1")
    assert "Unknown setting 'nope'" in message(f"{plain}?table=seen&nope=1")
    assert "has an option 'Nope'" in message(f"{plain}?table=seen&Nope=1")
    assert "(Connection refused); check host" in message(
        f"clickhouse://ann:{SECRET}@127.0.0.1:1/d?table=t"
    )
    secure = f"{ann}?table=seen".replace("clickhouse:", "clickhouses:")
    assert "cannot be reached" in message(secure)
    assert SECRET not in repr(connect(parse_url(ann)))


def test_settings_and_a_query_in_the_url(clickhouse_server, clickhouse_loaded):
    """Options that are not the URL's own are settings; a query may be what Ibis cannot parse."""
    clickhouse_loaded.load(pa.table({"x": [1, 2, 3]}), "three")
    query = "WITH 2 AS two SELECT x FROM three WHERE x < two LIMIT 1 BY x;"
    rows = open_url(f"{clickhouse_server.url()}?max_threads=1&query={query}")
    assert rows.sample(10)["x"].to_pylist() == [1]
    assert rows.engine.wire.client.params["max_threads"] == "1"
    rows.close()


def test_a_server_that_cuts_answers_off(clickhouse_server, monkeypatch):
    """Its setting is changed; where the user may not, no profile is made of a part."""
    made = clickhouse_connect.create_client
    held = {"readonly": 0, "value": "break"}

    def client(**given):
        found = made(**given)
        found.server_settings["read_overflow_mode"] = types.SimpleNamespace(**held)
        return found

    monkeypatch.setattr(clickhouse_connect, "get_client", client)
    url = f"{clickhouse_server.url()}?query=SELECT 1 AS x"
    rows = open_url(url)
    assert rows.engine.wire.client.params["read_overflow_mode"] == "throw"
    assert "result_overflow_mode" not in rows.engine.wire.client.params
    held["readonly"] = 1
    assert "(read_overflow_mode is not 'throw')" in message(url)


def test_user_and_password_from_the_environment(clickhouse_server, monkeypatch):
    """What the URL leaves out."""
    monkeypatch.setenv("CLICKHOUSE_USER", "ann")
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", SECRET)
    url = f"clickhouse://127.0.0.1:{clickhouse_server.port}/default"
    rows = open_url(f"{url}?query=SELECT 1 AS x")
    assert rows.sample(1)["x"].to_pylist() == [1]
    assert SECRET not in repr(rows.engine)
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "wr0ng")
    assert "wr0ng" not in message(f"{url}?query=SELECT 1 AS x")


def test_what_goes_wrong_with_a_folder_is_one_sentence(chdb_loaded, tmp_path):
    """Neither is a folder made, nor one of something else opened."""
    folder = chdb_loaded.engine.name
    assert "does not exist" in message(f"clickhouse://{tmp_path}/none?table=t")
    assert not (tmp_path / "none").exists()
    assert "holds no data of ClickHouse" in message(f"clickhouse://{tmp_path}?table=t")
    (tmp_path / "metadata").mkdir()
    assert "one folder a process" in message(f"clickhouse://{tmp_path}?table=t")
    assert "it has" in message(f"clickhouse://{folder}?table=nope")
    with pytest.raises(FailedError, match="readonly mode"):
        chdb_loaded.engine.wire.table("DROP TABLE first", "dropped")


def test_a_query_over_its_limit_ends(clickhouse_server, chdb_loaded):
    """On the server, for a user who may change no setting too, and in this process."""
    guest = clickhouse_server.url(user="guest", password=SECRET)
    for url in (clickhouse_server.url(), guest, f"clickhouse://{chdb_loaded.engine.name}"):
        assert "longer than 1 s, its time limit" in message(f"{url}?query={LONG}&timeout=1s")


def running(loaded) -> list[str]:
    """The statements that ClickHouse works on, but for this one."""
    found = loaded.engine.wire.table(
        "SELECT query FROM system.processes WHERE query LIKE '%sipHash%' AND query NOT LIKE "
        "'%processes%'", "running",
    )  # fmt: skip
    return found["query"].to_pylist()


def test_a_statement_is_ended_by_its_name(either):
    """That one, and no other."""
    caught = []

    def work():
        try:
            either.engine.wire.table(LONG, "ended")
        except FailedError as error:
            caught.append(error.code)

    worker = threading.Thread(target=work)
    worker.start()
    while not running(either):
        either.engine.wire.end("other")
    either.engine.wire.end("ended")
    worker.join(30)
    assert caught == [394]
    assert not running(either)


STOP = """
import os, signal, threading, time
from watchkeeper.store.engines import clickhouse_wire
def stop():
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGINT)
real = clickhouse_wire.HttpWire.table
def table(self, sql, name):
    if "numbers(" in sql and "DESCRIBE" not in sql:
        threading.Thread(target=stop, daemon=True).start()
    return real(self, sql, name)
clickhouse_wire.HttpWire.table = table
from watchkeeper.cli.main import run; run()
"""
"""Ctrl-C a second into the first statement that counts."""


def test_ctrl_c_ends_the_query_on_the_server(clickhouse_server, clickhouse_loaded, tmp_path):
    """Nothing goes on there when the program is gone."""
    url = f"{clickhouse_server.url()}?query={LONG}"
    done = subprocess.run(
        [sys.executable, "-c", STOP, "profile", url, "-o", str(tmp_path / "out.profile")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "Stopped.\n")
    assert not running(clickhouse_loaded)
    assert not list(tmp_path.iterdir())


def test_a_server_that_dies_in_the_middle():
    """Of a statement or of an answer: one sentence, never a part of the rows."""
    with running_clickhouse() as server:
        rows = open_url(f"{server.url()}?query={LONG}")
        many = open_url(f"{server.url()}?query=SELECT number FROM numbers(3000000)")
        pieces = many.engine.batches(many.table)
        next(pieces)
        threading.Timer(0.3, server.kill).start()
        with pytest.raises(InputError, match="the connection failed in the middle"):
            rows.sample(10)
        with pytest.raises(InputError) as caught:
            list(pieces)
        assert "\n" not in str(caught.value)


def test_an_answer_that_breaks_off_is_no_answer():
    """Arrow takes a stream without its end for a whole one; what the server wrote last is said."""

    class Client:
        """Gives an answer that is not whole."""

        def __init__(self, data):
            self.data = data

        def raw_stream(self, *_, **__):
            """The answer."""
            return io.BytesIO(self.data)

        def raw_query(self, *_, **__):
            """The same, all at once."""
            return self.data

    sink = io.BytesIO()
    rows = pa.table({"x": range(10)})
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    data = sink.getvalue()
    assert sum(map(len, HttpWire(Client(data)).batches("", ""))) == 10
    said = b"Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)"
    for broken, text in ((data[:-8], "broke off"), (data + b"?", "broke off"),
                         (data[:-8] + said, "Memory limit"), (data[:-60], ".")):  # fmt: skip
        with pytest.raises(FailedError, match=text):
            list(HttpWire(Client(broken)).batches("", ""))
        with pytest.raises(FailedError, match="broke off"):
            HttpWire(Client(broken)).table("", "")
    assert _Answer(io.BytesIO(b"abc")).read(2) == b"ab"


@pytest.mark.parametrize("place", ["folder", "server"])
def test_the_example(clickhouse_server, clickhouse_loaded, tmp_path, place):
    """It makes a table of its own where there is no server, and asks the server where there is."""
    given = {}
    if place == "server":
        steps = np.arange(2000)
        clickhouse_loaded.load(pa.table({"amount": np.sin(steps) + steps // 1000}), "orders")
        given = {"CLICKHOUSE_URL": clickhouse_server.url()}
        given |= {"REFERENCE": "SELECT * FROM orders WHERE amount < 0.5"}
        given |= {"CURRENT": "SELECT * FROM orders WHERE amount >= 0.5"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        cwd=tmp_path, env={**os.environ, **given}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("drifted: amount.\n")
    assert (tmp_path / "report.html").stat().st_size > 1000


def test_engines_are_grouped_by_their_server():
    """One worker of the tests holds the server of ClickHouse."""
    assert grouped("clickhouse")
    assert not grouped("duckdb")
