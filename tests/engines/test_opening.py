"""URLs open a table, and what goes wrong is one sentence that holds no secret."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from tests.engines.conftest import copy_in
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.query import profile_table
from watchkeeper.store.engines.base import sample
from watchkeeper.store.engines.opening import engine_of, open_url
from watchkeeper.store.engines.rows import TableRows
from watchkeeper.store.engines.urls import is_url, parse_url

SECRET = "tr0ub4dor"  # pragma: allowlist secret


@pytest.fixture
def file(tmp_path):
    """A DuckDB file with one table of a schema of its own and one with a dot in its name."""
    path = tmp_path / "some data.db"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT range AS x FROM range(5)")
        connection.execute('CREATE TABLE "a.b" AS SELECT 1 AS y')
    return path


def open_engine(url: str):
    """The engine and the table of a URL."""
    rows = open_url(url)
    return rows.engine, getattr(rows, "table" if isinstance(rows, TableRows) else "expression")


def message(url: str) -> str:
    """What opening a URL says goes wrong."""
    with pytest.raises(InputError) as caught:
        open_engine(url)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("end", "columns"),
    [("table=s.t", ("x",)), ("table=a.b", ("y",)), ("query=SELECT+x+AS+z+FROM+s.t", ("z",))],
)
def test_a_duckdb_url_opens_a_table_or_a_query(file, end, columns):
    """The URL's path is percent-decoded; a table may have a schema, or a dot in its name."""
    engine, table = open_engine(f"duckdb://{str(file).replace(' ', '%20')}?{end}")
    assert table.columns == columns
    assert engine.run(table).num_rows in (1, 5)
    engine.close()


def test_a_duckdb_file_is_opened_for_reading_only(file):
    """Nothing that Watchkeeper runs can change the user's file."""
    engine, _ = open_engine(f"duckdb://{file}?table=s.t")
    with pytest.raises(duckdb.Error, match="read-only"):
        engine.backend.con.execute("DROP TABLE s.t")
    engine.close()


def test_a_postgres_url_opens_a_table_or_a_query(server, postgres_loaded):
    """A schema may stand before the table's name."""
    postgres_loaded.load(pa.table({"x": [1, 2]}), "plain")
    for end in ("table=plain", "table=public.plain", "query=SELECT%20x%20FROM%20plain"):
        engine, table = open_engine(f"{server.url()}?{end}")
        assert engine.run(table)["x"].to_pylist() == [1, 2]
        engine.close()


def test_what_a_url_may_begin_with():
    """Paths are no URLs, not even on Windows, and an unknown scheme names the known ones."""
    assert not is_url("C:\\data.parquet")
    assert not is_url("postgres")
    assert "duckdb://, postgres://, postgresql://" in message("mysql://localhost/db?table=t")


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://ann:{SECRET}@127.0.0.1:1/db?table=t",
        f"postgres://ann:{SECRET}/x@127.0.0.1/db?table=t",
        f"postgres://ann:{SECRET}#@127.0.0.1/db?table=t",
        f"postgres://ann:{SECRET}@[::1/db?table=t",
        f"postgres://ann:{SECRET}@127.0.0.1:port/db?table=t",
        f"postgres://127.0.0.1:1/db?table=t&password={SECRET}",
    ],
)
def test_no_error_shows_a_password(url):
    """However wrong a URL is, what stands where a password may stand is not repeated."""
    assert SECRET not in message(url)
    assert SECRET not in repr(parse_url("postgres://a:" + SECRET + "@h/d?table=t"))


def test_a_wrong_password_is_said_without_it(server, postgres_loaded):
    """The server's refusal is shown, the password is not, not by the engine either."""
    con = postgres_loaded.engine.backend.con
    con.execute("DROP ROLE IF EXISTS ann")
    con.execute(f"CREATE ROLE ann LOGIN PASSWORD '{SECRET}'")
    postgres_loaded.load(pa.table({"x": [1]}), "hidden")
    url = f"postgres://ann:{SECRET}@127.0.0.1:{server.port}/postgres"
    assert SECRET not in message(f"postgres://bob:{SECRET}@127.0.0.1:{server.port}/db?table=hidden")
    denied = message(f"{url}?table=hidden")
    assert "permission denied for table hidden" in denied
    assert SECRET not in denied
    engine, _ = open_engine(f"{url}?query=SELECT 1 AS x")
    assert SECRET not in repr(engine)
    engine.close()


def test_a_missing_table_names_those_there_are(file, server):
    """The sentence says which table, where, and what the database has."""
    assert "no table 'nope'; it has a.b, s.t" in message(f"duckdb://{file}?table=nope")
    assert "has no table 'nope.nope'" in message(f"{server.url()}?table=nope.nope")


def test_a_url_without_a_table_says_what_to_append(file):
    """A database alone is not enough."""
    assert "?table=name" in message(f"duckdb://{file}")


def test_a_missing_or_foreign_duckdb_file(tmp_path):
    """A file that is not there is not created, and one of another kind is not read."""
    missing = tmp_path / "missing.db"
    assert "check the path" in message(f"duckdb://{missing}?table=t")
    assert not missing.exists()
    foreign = tmp_path / "foreign.db"
    foreign.write_text("a,b\n1,2\n" * 4096)
    assert "foreign.db cannot be opened as a DuckDB database" in message(
        f"duckdb://{foreign}?table=t"
    )
    assert "names no file" in message("duckdb://?table=t")


def test_a_query_with_an_error_is_one_sentence(file, server):
    """SQL that the database refuses is its first line."""
    assert message(f"duckdb://{file}?query=SELECT+nope+FROM+s.t")
    assert "nope" in message(f"{server.url()}?query=SELECT+nope+FROM+pg_class")


def test_a_lost_connection_is_an_input_error(server, postgres_loaded):
    """A server that goes away in the middle gives one error, never a wrong profile."""
    rows = pa.table({"x": [1.0, 2.0], "c": ["a", "b"]})
    copy_in(postgres_loaded.engine.backend.con, rows, "lost")
    engine, table = open_engine(f"{server.url()}?table=lost")
    pid = engine.backend.con.info.backend_pid
    postgres_loaded.engine.backend.con.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    model = Model("m", (Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)))
    with pytest.raises(InputError) as caught:
        profile_table(table, fit_layout(model, rows), engine)
    assert "\n" not in str(caught.value)


def test_a_table_that_vanishes_is_an_input_error(loaded):
    """A table dropped after it was opened gives the database's own sentence."""
    table = loaded.load(pa.table({"x": [1.0]}), "vanishing")
    loaded.execute("DROP TABLE vanishing")
    with pytest.raises(InputError, match="vanishing"):
        loaded.engine.run(table)
    # The engine is still of use.
    assert loaded.engine.run(loaded.load(pa.table({"x": [1]}), "next")).num_rows == 1


def test_a_sample_is_drawn_at_random_and_again(loaded):
    """About as many rows as wanted, spread over the table, the same for one seed; or all rows."""
    rows = pa.table({"x": range(20000), "c": ["a", "b"] * 10000})
    table = loaded.load(rows, "sampled").order_by("x")
    drawn = sample(loaded.engine, table, 2000, seed=0.25)
    assert drawn.schema.names == ["x", "c"]
    assert abs(drawn.num_rows - 2000) < 5 * 2000**0.5
    positions = drawn["x"].to_numpy()
    assert abs(positions.mean() - 10000) < 5 * 20000 / 12**0.5 / 2000**0.5
    everything = sample(loaded.engine, table, 20000)
    assert sorted(everything["x"].to_pylist()) == list(range(20000))


def test_a_sample_of_no_rows_has_the_columns(loaded):
    """An empty table gives an empty sample with its schema."""
    table = loaded.load(pa.table({"x": pa.array([], pa.int64())}), "empty")
    assert sample(loaded.engine, table, 10).schema.names == ["x"]


@pytest.mark.parametrize("name", ["duckdb", "postgres"])
def test_the_engine_of_a_table(request, name):
    """A user's own Ibis table finds its engine."""
    loaded = request.getfixturevalue(f"{name}_loaded")
    table = loaded.load(pa.table({"x": [1]}), "own")
    assert type(engine_of(table)) is type(loaded.engine)
