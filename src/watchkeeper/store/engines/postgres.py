"""PostgreSQL: a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.exceptions import IbisError

from watchkeeper.core.errors import InputError, MissingExtraError
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.store.engines.base import (
    BATCH_ROWS,
    TABLES,
    find_table,
    grouped_bins,
    opened,
    overtime,
    readable,
    sentence,
)
from watchkeeper.store.engines.rows import TableRows
from watchkeeper.store.engines.urls import Address


@ibis.udf.scalar.builtin(name="width_bucket")  # type: ignore[untyped-decorator]
def _width_bucket(value: dt.float64, edges: dt.Array(dt.float64)) -> dt.int32:  # type: ignore[valid-type]
    """The number of edges at or below the value, by bisection."""


@ibis.udf.scalar.builtin(name="date_part")  # type: ignore[untyped-decorator]
def _date_part(field: dt.string, value: dt.timestamp) -> dt.float64:
    """One part of a date or timestamp as a double; `extract` would give a slow numeric."""


@ibis.udf.scalar.builtin(name="date_part")  # type: ignore[untyped-decorator]
def _time_part(field: dt.string, value: dt.time) -> dt.float64:
    """One part of a time of day as a double."""


@ibis.udf.scalar.builtin(name="md5")  # type: ignore[untyped-decorator]
def _md5(text: dt.string) -> dt.string:
    """MD5 in hexadecimal."""


@ibis.udf.scalar.builtin(name="text")  # type: ignore[untyped-decorator]
def _text(value: dt.string) -> dt.string:
    """A cast that Ibis would leave out, taking the value for text already."""


@dataclass(frozen=True)
class PostgresEngine:
    """PostgreSQL, over an Ibis backend.

    One query per column grouped by `width_bucket`: 250 to 400 ns a value on one core for
    1,000,000 rows, of which reading the row is 130; the aggregates of all columns take one more
    query, 300 to 700 ns a value. Both use the server's parallel workers.
    """

    backend: Any
    name: str = "PostgreSQL"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout: float | None = None
    traps: bool = True

    def run(self, expr: ir.Table) -> pa.Table:
        """The result of a query, all at once."""
        with self._readable(), self.backend.con.cursor() as cursor:
            rows = cursor.execute(self.backend.compile(expr)).fetchall()
            return pa.Table.from_batches([_as_batch(rows, expr)])

    def batches(self, expr: ir.Table) -> Iterator[pa.RecordBatch]:
        """The result of a query, piece by piece, by a cursor on the server."""
        con = self.backend.con
        with self._readable(), con.transaction(), con.cursor(name="watchkeeper") as cursor:
            cursor.execute(self.backend.compile(expr))
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield _as_batch(rows, expr)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One read-only transaction that sees the rows as they were at its first query."""
        con = self.backend.con
        with self._readable(), con.transaction(force_rollback=True):
            con.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def bucket(self, value: ir.FloatingValue, edges: Floats) -> ir.IntegerValue:
        """The number of edges at or below each value."""
        # One literal: five hundred of them would take longer to write and to parse.
        text = ibis.literal("{" + ",".join(map(repr, edges.tolist())) + "}")
        return _width_bucket(value, text.cast("array<float64>"))

    def histograms(
        self, table: ir.Table, key: str, edges: Mapping[str, Floats]
    ) -> dict[str, dict[int, Ints]]:
        """For each column of `edges` and each `key`: finite rows in each bin, a query a column."""
        return {name: grouped_bins(self, table, key, name, held) for name, held in edges.items()}

    def computed(self, table: ir.Table) -> ir.Table:
        """The table behind a LIMIT, which keeps PostgreSQL from copying expressions upwards."""
        return table.limit(1 << 62)

    def seconds(self, value: ir.Value) -> ir.FloatingValue:
        """A date, time or timestamp as seconds."""
        part = _time_part if value.type().is_time() else _date_part
        return part("epoch", value)

    def text(self, value: ir.StringValue) -> ir.StringValue:
        """Enumerations, padded and case-insensitive text as plain text; Ibis calls all text."""
        return _text(value)

    def decimal(self, value: ir.DecimalValue) -> ir.FloatingValue:
        """A decimal as the nearest float64."""
        return value.cast("float64")

    def digest(self, text: ir.StringValue) -> ir.StringValue:
        """The MD5 of a text in lower-case hexadecimal."""
        return _md5(text)

    def table(self, name: str) -> ir.Table:
        """The table or view called `name`, or `schema.name`."""
        with self._readable():
            return find_table(self.backend, name, self.name, self._tables)

    def column_types(self, table: ir.Table) -> list[tuple[str, int, int]]:
        """Name, type and length or precision of each column, as they are now."""
        with self._readable():
            found = self.backend.con.execute(self.backend.compile(table.limit(0)))
            return [
                (column.name, column.type_code, found.pgresult.fmod(index))
                for index, column in enumerate(found.description)
            ]

    def query(self, sql: str) -> ir.Table:
        """The result of a SELECT statement."""
        with self._readable():
            return self.backend.sql(sql, schema=self._schema(sql))

    def seed(self, value: float) -> None:
        """Seed `random()`, `value` from 0 to 1."""
        with self._readable():
            self.backend.con.execute("SELECT setseed(%s)", [value])

    def close(self) -> None:
        """Close the connection."""
        self.backend.disconnect()

    def _tables(self) -> list[str]:
        return [name for (name,) in self.backend.con.execute(TABLES).fetchall()]

    def _schema(self, sql: str) -> ibis.Schema:
        """The columns of a query. Ibis would create a view, which a reader need not be allowed."""
        con = self.backend.con
        found = con.execute(f"SELECT * FROM ({sql}\n) AS asked LIMIT 0")  # noqa: S608  # the user's own
        columns: dict[str, Any] = {}
        for index, column in enumerate(found.description):
            type_ = con.execute(
                "SELECT CASE typtype WHEN 'e' THEN 'enum' ELSE format_type(oid, %s) END"
                " FROM pg_type WHERE oid = %s",
                [found.pgresult.fmod(index), column.type_code],
            ).fetchone()[0]
            columns[column.name] = self.backend.compiler.type_mapper.from_string(type_)
        return ibis.schema(columns)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        import psycopg  # loaded already by the backend

        errors = (psycopg.Error, IbisError, pa.ArrowException)
        with readable(self.name, errors, *self.secrets):
            try:
                yield
            except psycopg.errors.QueryCanceled as error:
                if self.timeout is None and "timeout" not in str(error):
                    raise
                raise InputError(overtime(self.name, self.timeout)) from None


def _as_batch(rows: list[tuple[Any, ...]], expr: ir.Table) -> pa.RecordBatch:
    """Rows as the driver gives them, in the types of the expression."""
    struct = expr.schema().as_struct().to_pyarrow()
    return pa.RecordBatch.from_struct_array(pa.array(rows, type=struct))


def open_rows(address: Address) -> TableRows:
    """The rows that a URL names; errors as for `connect`."""
    engine = connect(address)
    return opened(engine, address, lambda table: TableRows(engine, table, address.label))


def connect(address: Address) -> PostgresEngine:
    """Connect to a server.

    What the URL leaves out comes from where PostgreSQL's own programs look: the environment
    (`PGHOST`, `PGUSER`, `PGPASSWORD`, …) and `~/.pgpass`. Keep passwords there.

    Raises
    ------
    InputError
        The server cannot be reached or refuses the user.
    MissingExtraError
        The driver is not installed.
    """
    try:
        import psycopg  # an optional package
    except ImportError:
        raise MissingExtraError("psycopg", f"reading {address.shown}", "postgres") from None
    others = _driver_options(address)
    given = {
        "host": address.host or address.options.get("host"),
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.path.strip("/") or None,
    }
    try:
        # Ibis would fill in port 5432 itself; libpq must see only what was given.
        backend = ibis.postgres.connect(**{**others, **given})
        if address.timeout is not None:
            limit = str(round(address.timeout * 1000))
            backend.con.execute("SELECT set_config('statement_timeout', %s, false)", [limit])
    except psycopg.Error as error:
        text = sentence(error, *address.secrets)
        raise InputError(
            f"{address.shown} cannot be reached ({text}); check host, port, database, user and "
            "password (PGPASSWORD or ~/.pgpass)"
        ) from None
    return PostgresEngine(backend, address.shown, address.secrets, address.timeout)


def _driver_options(address: Address) -> dict[str, str]:
    """Options that are the driver's own, such as `sslmode` and `connect_timeout`.

    Raises
    ------
    InputError
        It has no such option.
    """
    from psycopg import pq  # loaded already

    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    found = {k: v for k, v in address.options.items() if k not in {"table", "query", "host"}}
    for key in found:
        if key not in known:
            raise InputError(
                f"the URL {address.shown} has an option {key!r}; known are table, query, timeout, "
                "password_file and PostgreSQL's own, such as sslmode"
            )
    return found
