"""ClickHouse: a server over HTTP, or its engine in this process (chdb)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import sqlglot as sg
from ibis.common.exceptions import IbisError

from watchkeeper.core.errors import InputError
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.store.engines.base import opened, overtime, readable, sentence
from watchkeeper.store.engines.clickhouse_sql import (
    Compiler,
    digest_of,
    float_of,
    histogram_sql,
    place_of,
    quoted,
    seconds_of,
    text_of,
    type_of,
)
from watchkeeper.store.engines.clickhouse_wire import (
    ChdbWire,
    FailedError,
    HttpWire,
    Wire,
    connect_server,
    open_folder,
)
from watchkeeper.store.engines.rows import TableRows
from watchkeeper.store.engines.urls import Address
from watchkeeper.store.engines.watched import Watch

_LONGEST = 200_000
"""Characters of edges in one statement; a server takes statements of 262,144 bytes."""

_NO_TABLE = {60, 81}
_NO_RIGHT = {497}
_TOO_LONG = {159, 209}

_TABLES = """
SELECT if(database = currentDatabase(), name, concat(database, '.', name)) AS name
FROM system.tables
WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema') AND NOT is_temporary
ORDER BY name
"""


@dataclass(frozen=True)
class ClickHouseEngine:
    """ClickHouse, over either wire.

    The bins of up to twenty columns come from one scan, 55 ns a value on one core in 600 bins; the
    aggregates of all columns from another, 8 ns a value.
    """

    wire: Wire
    name: str = "ClickHouse"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout: float | None = None
    backend: Any = None
    traps: bool = False
    _compiler: Compiler = field(default_factory=Compiler, repr=False)
    _asked: dict[str, str] = field(default_factory=dict, repr=False)

    def run(self, expr: ir.Table) -> pa.Table:
        """The result of a query, all at once."""
        with self._readable():
            return _as_types(self._fetch(self._sql(expr)), expr.schema().to_pyarrow())

    def batches(self, expr: ir.Table) -> Iterator[pa.RecordBatch]:
        """The result of a query, piece by piece."""
        name = str(uuid4())
        with self._readable(), closing(self.wire.batches(self._sql(expr), name)) as pieces:
            schema = expr.schema().to_pyarrow()
            watch = self._watch(name)
            while (batch := watch(lambda: next(pieces, None))) is not None:
                yield from _as_types(pa.Table.from_batches([batch]), schema).to_batches()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Nothing: ClickHouse has none, so a profile is taken again where its counts disagree."""
        yield

    def bucket(self, value: ir.FloatingValue, edges: Floats) -> ir.IntegerValue:
        """The number of edges at or below each value."""
        return place_of(value, edges)

    def histograms(
        self, table: ir.Table, key: str, edges: Mapping[str, Floats]
    ) -> dict[str, dict[int, Ints]]:
        """For each column of `edges` and each `key`: finite rows in each bin, in a scan or two."""
        counted: dict[str, dict[int, Ints]] = {}
        for part in _parts(edges):
            source = self._sql(table.select(key, *part))
            with self._readable():
                found = self._fetch(histogram_sql(source, key, part))
            keys = found[key].to_pylist()
            for name in part:
                held = found[name].combine_chunks()
                shape = (len(keys), len(edges[name]) + 1)
                counts = held.flatten().to_numpy().astype(np.int64).reshape(shape)
                counted[name] = dict(zip(keys, counts, strict=True))
        return counted

    def computed(self, table: ir.Table) -> ir.Table:
        """The table as it is: ClickHouse computes an expression once, however often it stands."""
        return table

    def seconds(self, value: ir.Value) -> ir.FloatingValue:
        """A date, time or timestamp as seconds."""
        return seconds_of(value)

    def text(self, value: ir.StringValue) -> ir.StringValue:
        """Enumerations and text of a fixed length as plain text, in valid UTF-8."""
        return text_of(value)

    def decimal(self, value: ir.DecimalValue) -> ir.FloatingValue:
        """A decimal as the nearest float64."""
        return float_of(value)

    def digest(self, text: ir.StringValue) -> ir.StringValue:
        """The MD5 of a text in lower-case hexadecimal."""
        return digest_of(text)

    def table(self, name: str) -> ir.Table:
        """The table or view called `name`, or `database.name`."""
        database, _, bare = name.rpartition(".")
        tries = [(None, name), (database, bare)] if database else [(None, name)]
        with self._readable():
            for where, table in tries:
                path = ".".join(quoted(part) for part in (where, table) if part)
                try:
                    return ibis.table(self._columns(path), name=table, database=where)
                except FailedError as failure:
                    if failure.code not in _NO_TABLE:
                        raise
            names = self._fetch(_TABLES)["name"].to_pylist()
        listed = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
        hint = f"; it has {listed}" if names else ""
        raise InputError(
            f"{self.name} has no table {name!r}{hint}; check the name and its database"
        )

    def query(self, sql: str) -> ir.Table:
        """The result of a SELECT statement."""
        inner = f"({sql.rstrip().rstrip(';')}\n)"
        with self._readable():
            columns = self._columns(inner)
        # Ibis would parse the statement, which may be more than its parser knows.
        name = f"asked {uuid4()}"
        self._asked[quoted(name)] = inner
        return ibis.table(columns, name=name)

    def seed(self, value: float) -> None:
        """Seed the random numbers, `value` from 0 to 1."""
        self._compiler.seed = int(value * (1 << 53))

    def close(self) -> None:
        """Close the connection."""
        self.wire.close()

    def _sql(self, expr: ir.Table) -> str:
        text = self._compiler.sql(expr)
        for name, inner in self._asked.items():
            text = text.replace(name, inner)
        return text

    def _fetch(self, sql: str) -> pa.Table:
        name = str(uuid4())
        return self._watch(name)(lambda: self.wire.table(sql, name))

    def _columns(self, what: str) -> ibis.Schema:
        found = self._fetch(f"DESCRIBE TABLE {what}")
        types = map(type_of, found["type"].to_pylist())
        return ibis.schema(dict(zip(found["name"].to_pylist(), types, strict=True)))

    def _watch(self, name: str) -> Watch:
        return Watch(self.name, lambda: self.wire.end(name), self.timeout)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        errors = (FailedError, IbisError, sg.errors.SqlglotError, pa.ArrowException)
        with readable(self.name, errors, *self.secrets):
            try:
                yield
            except FailedError as failure:
                if failure.code in _TOO_LONG:
                    raise InputError(overtime(self.name, self.timeout)) from None
                text = sentence(failure, *self.secrets)
                if failure.code in _NO_RIGHT:
                    raise InputError(f"{self.name}: {text}; ask for that grant") from None
                if failure.code == 0:
                    raise InputError(
                        f"{self.name}: the connection failed in the middle ({text}); try again "
                        "when the server answers"
                    ) from None
                raise


def _parts(edges: Mapping[str, Floats]) -> Iterator[dict[str, Floats]]:
    """The columns in parts that a statement can hold."""
    part: dict[str, Floats] = {}
    size = 0
    for name, held in edges.items():
        length = 25 * len(held)
        if part and size + length > _LONGEST:
            yield part
            part, size = {}, 0
        part[name] = held
        size += length
    yield part


def _as_types(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns in the types of the expression, by their place."""
    columns = [
        _as_type(column, field.type) for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _as_type(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array(
            [chunk.storage for chunk in column.chunks], column.type.storage_type
        )
    if pa.types.is_timestamp(type_) and pa.types.is_uint32(column.type):
        column = column.cast(pa.int64()).cast(pa.timestamp("s", type_.tz))
    return column.cast(type_)


def open_rows(address: Address) -> TableRows:
    """The rows that a URL names; errors as for `connect`."""
    engine = connect(address)
    return opened(engine, address, lambda table: TableRows(engine, table, address.label))


def connect(address: Address) -> ClickHouseEngine:
    """Connect to a server, or open a folder where the URL has no host.

    User and password that the URL leaves out come from `CLICKHOUSE_USER` and
    `CLICKHOUSE_PASSWORD`.

    Raises
    ------
    InputError
        The server cannot be reached or refuses the user, or the folder cannot be opened.
    MissingExtraError
        The driver is not installed.
    """
    if address.host is None:
        return ClickHouseEngine(_folder(address), address.path, (), address.timeout)
    user = address.user or os.environ.get("CLICKHOUSE_USER") or "default"
    password = address.password or os.environ.get("CLICKHOUSE_PASSWORD") or ""
    secrets = (*address.secrets, *filter(None, [password]))
    try:
        wire = connect_server(address, user, password)
    except FailedError as failure:
        raise InputError(
            f"{address.shown} cannot be reached ({sentence(failure, *secrets)}); check host, port, "
            "database, user and password (CLICKHOUSE_USER and CLICKHOUSE_PASSWORD)"
        ) from None
    return ClickHouseEngine(wire, address.shown, secrets, address.timeout)


def _folder(address: Address) -> ChdbWire:
    try:
        return open_folder(address)
    except FailedError as failure:
        raise InputError(
            f"{address.path} cannot be opened by chdb ({sentence(failure)}); one process at a time "
            "may open a folder, and one folder a process"
        ) from None


def engine_on(backend: Any) -> ClickHouseEngine:
    """The engine of a table on Ibis's own ClickHouse backend, over its connection."""
    folder = getattr(backend.con, "path", None)  # of a client of chdb
    wire: Wire = HttpWire(backend.con) if folder is None else ChdbWire(folder, {})
    return ClickHouseEngine(wire, backend=backend)
