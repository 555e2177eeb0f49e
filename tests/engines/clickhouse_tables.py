"""Arrow tables as tables of ClickHouse."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

Insert = Callable[[str, bytes], object]
"""Runs an INSERT statement with a format, and gives it its rows."""

TYPES = {
    pa.int8(): "Int8",
    pa.int16(): "Int16",
    pa.int32(): "Int32",
    pa.int64(): "Int64",
    pa.uint8(): "UInt8",
    pa.uint16(): "UInt16",
    pa.uint32(): "UInt32",
    pa.uint64(): "UInt64",
    pa.float32(): "Float32",
    pa.float64(): "Float64",
    pa.bool_(): "Bool",
    pa.string(): "String",
    pa.date32(): "Date32",
    pa.time64("us"): "Time64(6)",
}


def create(
    execute: Callable[[str], object], insert: Insert, rows: pa.Table, name: str, *, tight: bool
) -> None:
    """Make a table of `rows`, in place of one of that name.

    Parameters
    ----------
    execute, insert
        Run statements.
    rows
        What it holds.
    name
        What to call it.
    tight
        Whether columns without nulls may hold none, and text is kept as a dictionary; else every
        column may hold nulls.
    """
    table = identifier(name)
    columns = ", ".join(
        f"{identifier(field.name)} {type_of(field.type, column, tight=tight)}"
        for field, column in zip(rows.schema, rows.columns, strict=True)
    )
    execute(f"DROP TABLE IF EXISTS {table}")
    execute(f"CREATE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY tuple()")
    if rows.num_rows:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        insert(f"INSERT INTO {table}", sink.getvalue().to_pybytes())


def identifier(name: str) -> str:
    """A name as ClickHouse reads it."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def type_of(type_: pa.DataType, column: pa.ChunkedArray, *, tight: bool) -> str:
    """The type that holds all values of a column."""
    if pa.types.is_decimal(type_):
        bare = f"Decimal({type_.precision}, {type_.scale})"
    elif pa.types.is_timestamp(type_):
        bare = f"DateTime64(6, '{type_.tz}')" if type_.tz else "DateTime64(6)"
    else:
        bare = TYPES[type_]
    held = bare if tight and not column.null_count else f"Nullable({bare})"
    return f"LowCardinality({held})" if tight and bare == "String" else held
