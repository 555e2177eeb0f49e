"""DuckDB and Ibis, where their versions differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import ibis


def relation_batches(relation: Any, rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of a DuckDB relation as Arrow batches; the method's name changed in DuckDB 1.4."""
    if hasattr(relation, "to_arrow_reader"):
        yield from relation.to_arrow_reader(rows)
    else:
        yield from relation.fetch_arrow_reader(rows)


def table_batches(table: ibis.Table, rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of an Ibis table as Arrow batches.

    Ibis up to 12 cannot stream from DuckDB 2, whose old method names are gone: there the query
    runs on the backend's own connection.
    """
    backend = table.get_backend()
    if backend.name == "duckdb" and not _is_in_memory(table):
        yield from relation_batches(backend.con.sql(backend.compile(table)), rows)
    elif backend.name == "duckdb":
        yield from table.to_pyarrow().to_batches(max_chunksize=rows)
    else:
        yield from table.to_pyarrow_batches(chunk_size=rows)


def open_duckdb() -> Any:
    """An Ibis connection to a DuckDB in memory whose clock is UTC."""
    import ibis  # Half a second, which most comparisons never need.

    connection = ibis.duckdb.connect()
    connection.con.execute("SET TimeZone = 'UTC'")
    return connection


def arrow_table(data: pa.Table) -> ibis.Table:
    """An Arrow table as an Ibis table over a DuckDB connection of its own."""
    connection = open_duckdb()
    connection.con.register("rows", data)
    return connection.table("rows")


def _is_in_memory(table: ibis.Table) -> bool:
    """Whether the expression holds rows itself, which Ibis must register before a query."""
    import ibis

    return bool(table.op().find(ibis.expr.operations.InMemoryTable))
