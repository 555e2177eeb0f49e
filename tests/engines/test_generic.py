"""Databases without an engine of their own: by queries where a trial holds, else streamed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pytest
import sqlglot

from tests.engines.conftest import Loaded
from watchkeeper.app.profiling import profile_source
from watchkeeper.app.sources import open_source
from watchkeeper.core.errors import InputError, MissingExtraError
from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.store.engines import trial
from watchkeeper.store.engines.generic import IbisEngine, rows_on
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.rows import TableRows
from watchkeeper.store.engines.streamed import StreamedRows
from watchkeeper.store.engines.trial import counts_alike
from watchkeeper.store.engines.warehouses import connect
from watchkeeper.testing import NASTY, assert_same_profile, check_engine
from watchkeeper.testing.engines import as_batch

SECRET = "tr0ub4dor"  # pragma: allowlist secret

MACROS = (
    "ieee_divide(a, b) AS a / b",
    "to_utf8(x) AS encode(x)",
    "to_hex(x) AS x",
    "unix_micros(x) AS epoch_us(x)",
    "is_nan(x) AS isnan(x)",
    "infinity() AS CAST('inf' AS DOUBLE)",
    "nan() AS CAST('nan' AS DOUBLE)",
    "from_iso8601_timestamp(x) AS CAST(x AS TIMESTAMPTZ)",
)
"""What the warehouses have and DuckDB calls otherwise; its `md5` is hexadecimal already."""


class Translated:
    """DuckDB behind the SQL of another database, as sqlglot reads it.

    It shows that the SQL which is sent says what the kernel does, in that database's words; not
    that the database means by them what sqlglot believes.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[str] = []
        self.con = duckdb.connect()
        self.con.execute("SET timezone = 'UTC'")
        for macro in MACROS:
            self.con.execute(f"CREATE MACRO {macro}")

    def to_pyarrow(self, expr: ibis.Table) -> pa.Table:
        """The result of a query that was written in that database's SQL."""
        sql = str(ibis.to_sql(expr, dialect=self.name))
        self.asked.append(sql)
        (translated,) = sqlglot.transpile(sql, read=self.name, write="duckdb")
        found = self.con.sql(translated).to_arrow_table()
        return found.rename_columns(list(expr.columns)).cast(expr.schema().to_pyarrow())


@pytest.mark.newest  # Older ones of Ibis know fewer types of warehouses: then rows are streamed.
@pytest.mark.parametrize("kind", list(trial._SAMPLES))
@pytest.mark.parametrize("name", ["trino", "bigquery", "snowflake", "databricks"])
def test_the_sql_of_a_warehouse_says_what_the_kernel_does(name: str, kind: str) -> None:
    """A column of each type, in the SQL of each."""
    backend = Translated(name)
    assert trial._alike(IbisEngine(backend, name), [kind])
    assert backend.asked


def test_the_sql_that_any_database_takes(duckdb_loaded: Loaded) -> None:
    """The nasty tables, by the queries for databases that are not known; the widest takes long."""
    engine = Unknown(duckdb_loaded.engine.backend, "any")
    examples = {
        name: example
        for name, example in NASTY.items()
        if name not in ("names that differ by case", "names", "300 columns")
    }
    check_engine(engine, duckdb_loaded.load, examples)


class Unknown(IbisEngine):
    """DuckDB as a database that nothing is known of; Ibis cannot stream from its version 2."""

    def batches(self, expr: ibis.Table) -> Iterator[pa.RecordBatch]:
        """The result of a query, piece by piece."""
        yield from self.run(expr).to_batches()


def profile_here(rows: pa.Table, table: Any, layout: Any) -> None:
    """The profile of a user's Ibis table is the kernel's, however it is made."""
    from watchkeeper.profiles.kernel import profile_batch

    source = open_source(table)
    found = profile_source(source, layout)
    assert_same_profile(found, profile_batch(as_batch(rows), layout))


def rows_of_all_kinds() -> tuple[pa.Table, Model]:
    """Numbers, text and times, and a model of them."""
    n = 300
    steps = np.arange(n)
    rows = pa.table(
        {
            "i": pa.array(steps * 7 % 31, mask=steps % 9 == 0),
            "c": pa.array(["a", "it's", None, "日本"]).take(steps * 5 % 4),
            "x": pa.array(np.sin(steps), mask=steps % 11 == 0),
            "t": pa.array(1_704_067_200_000_000 + steps * 5_000_001, pa.timestamp("us")),
        }
    )
    kinds = {"i": Kind.NUMERIC, "c": Kind.CATEGORICAL, "x": Kind.NUMERIC, "t": Kind.DATETIME}
    columns = tuple(Column(name, kind) for name, kind in kinds.items())
    return rows, Model("m", columns, segments=("c",), segment_limit=2)


@pytest.mark.parametrize("columns", [["i", "c"], ["i", "c", "x", "t"]])
def test_datafusion(columns: list[str]) -> None:
    """A database that fails the trial of floats and times streams them, and queries the rest."""
    pytest.importorskip("datafusion")
    rows, model = rows_of_all_kinds()
    backend = ibis.datafusion.connect()
    backend.con.from_arrow(rows.select(columns), "trips")
    table = backend.table("trips")
    source = open_source(table)
    assert isinstance(source, TableRows if columns == ["i", "c"] else StreamedRows)
    profile_here(rows.select(columns), table, fit_layout(model, rows))


def test_sqlite_has_no_md5_and_is_streamed(tmp_path: Any) -> None:
    """A database that lacks a function that the queries need is no error."""
    rows, model = rows_of_all_kinds()
    rows = rows.select(["i", "c", "x"])
    with closing(sqlite3.connect(tmp_path / "trips.sqlite")) as con, con:
        con.execute("CREATE TABLE trips (i INTEGER, c TEXT, x REAL)")
        con.executemany(
            "INSERT INTO trips VALUES (?, ?, ?)", [*zip(*rows.to_pydict().values(), strict=False)]
        )
    table = ibis.sqlite.connect(tmp_path / "trips.sqlite").table("trips")
    source = open_source(table)
    assert isinstance(source, StreamedRows)
    source.close()  # leaves the user's connection open
    profile_here(rows, table, fit_layout(model, rows))


def test_a_database_that_counts_otherwise_is_found_out(duckdb_loaded: Loaded) -> None:
    """Each thing in which databases differ, wrong in one place."""
    schema = ibis.schema({"x": "float64", "c": "string", "t": "timestamp"})
    backend = duckdb_loaded.engine.backend

    class Off(Unknown):
        def bucket(self, value, edges):
            return super().bucket(value, edges) - 1

    class Upper(Unknown):
        def digest(self, text):
            return super().digest(text).upper()

    class Coarse(Unknown):
        def seconds(self, value):
            return super().seconds(value).floor()

    assert counts_alike(Unknown(backend, "right"), schema)
    for wrong in (Off, Upper, Coarse):
        assert not counts_alike(wrong(backend, "wrong"), schema), wrong.__name__


def test_a_type_without_a_trial_is_streamed(duckdb_loaded: Loaded) -> None:
    """A time of day or a list is not left to guesses."""
    engine = Unknown(duckdb_loaded.engine.backend, "any")
    for dtype in ("time", "array<int64>", "decimal(38, 9)"):
        assert not counts_alike(engine, ibis.schema({"x": dtype}))
    table = duckdb_loaded.load(pa.table({"x": [[1], [2]]}), "lists")
    assert isinstance(rows_on(engine, table, "lists", owned=False), StreamedRows)


URLS = {
    "bigquery://project/data?table=t&location=EU": {
        "project_id": "project", "dataset_id": "data", "location": "EU",
    },
    "snowflake://ann@org-acct/db/public?table=t&warehouse=w&role=r&timeout=10m": {
        "user": "ann", "password": SECRET, "account": "org-acct", "database": "db/public",
        "warehouse": "w", "role": "r", "create_object_udfs": False,
        "session_parameters": {"STATEMENT_TIMEOUT_IN_SECONDS": 600},
    },
    "trino://ann@host/catalog/schema?table=t&timeout=1m": {
        "user": "ann", "auth": SECRET, "host": "host", "port": 443, "database": "catalog",
        "schema": "schema", "source": "watchkeeper",
        "session_properties": {"query_max_run_time": "60s"},
    },
    "databricks://host/catalog/schema?http_path=/sql/1&table=t": {
        "server_hostname": "host", "http_path": "/sql/1", "access_token": SECRET,
        "catalog": "catalog", "schema": "schema",
    },
}  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_a_url_becomes_the_drivers_own_words(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, names, options, time limit and a password from the environment."""
    given: dict[str, Any] = {}
    scheme = url.split(":", 1)[0]

    class Driver:
        def connect(self, **kwargs: Any) -> Any:
            given.update(kwargs)
            return Translated("trino")

    monkeypatch.setitem(vars(ibis), scheme, Driver())
    for name in ("SNOWFLAKE_PASSWORD", "TRINO_PASSWORD", "DATABRICKS_TOKEN"):
        monkeypatch.setenv(name, SECRET)
    from watchkeeper.store.engines.urls import parse_url

    engine = connect(parse_url(url))
    wanted = URLS[url]
    assert {name: given.get(name) for name in wanted} == wanted
    assert SECRET not in repr(engine)


def test_what_goes_wrong_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that is missing, one that is refused, a path too long, a user where none belongs."""

    class Refused:
        def connect(self, **kwargs: Any) -> Any:
            raise RuntimeError(f"no such user, password {kwargs.get('auth')}\nTraceback")

    monkeypatch.setenv("TRINO_PASSWORD", SECRET)
    monkeypatch.setitem(vars(ibis), "trino", Refused())
    with pytest.raises(InputError, match=r"no such user, password \*\*\*") as caught:
        open_url("trino://ann@host/c/s?table=t")
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="too many parts; write trino://user@host:port/catalog"):
        open_url("trino://ann@host/c/s/d?table=t")
    with pytest.raises(InputError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        open_url("bigquery://ann@project/d?table=t")

    class Missing:
        def connect(self, **kwargs: Any) -> Any:
            raise ModuleNotFoundError("No module named 'snowflake.connector'", name="snowflake")

    monkeypatch.setitem(vars(ibis), "snowflake", Missing())
    with pytest.raises(MissingExtraError, match=r"watchkeeper\[snowflake\]"):
        open_url("snowflake://ann@acct/db?table=t")
