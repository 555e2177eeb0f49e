"""Checked records as the journal keeps them: rows of MessagePack where few, else an Arrow stream.

A row costs least to write alone as MessagePack; from some dozens of records on, an Arrow stream
costs the door less, the worker almost nothing, and the disk half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import msgspec
import pyarrow as pa

from watchkeeper.collect.wire.arrays import TYPES, Column, as_array
from watchkeeper.core.envelope import ROW
from watchkeeper.core.errors import InputError

Form: TypeAlias = Literal["rows", "arrow"]
Columns: TypeAlias = "dict[str, tuple[str, Column]]"
"""By name: the type and the values of a column."""

FEW = 64
"""Below so many records a body is written as rows."""

_NAMES = {type_: name for name, type_ in TYPES.items()}
_ROWS = msgspec.msgpack.Decoder(tuple[dict[str, str], list[list[Any]]])
_ENCODER = msgspec.msgpack.Encoder()


def write(columns: Columns, indexes: Sequence[int]) -> tuple[Form, bytes]:
    """Write columns for the journal, with the place of each row in its batch.

    Examples
    --------
    >>> form, body = write({"_id": ("string", ["a", "b"])}, range(2))
    >>> form, read(form, body)
    ('rows', {'_id': ('string', ['a', 'b']), '_row': ('int64', [0, 1])})
    """
    few = len(indexes) < FEW
    if few and all(isinstance(column, list) for _, column in columns.values()):
        types = {name: type_ for name, (type_, _) in columns.items()} | {ROW: "int64"}
        lists = [column for _, column in columns.values()]
        rows = list(zip(*lists, indexes, strict=True))
        return "rows", _ENCODER.encode((types, rows))
    arrays = [as_array(column, type_) for type_, column in columns.values()]
    batch = pa.RecordBatch.from_arrays(
        [*arrays, pa.array(indexes, pa.int64())], names=[*columns, ROW]
    )
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, batch.schema, options=options) as stream:
        stream.write_batch(batch)
    return "arrow", sink.getvalue().to_pybytes()


def read_rows(body: bytes) -> tuple[dict[str, str], list[list[Any]]]:
    """The types of the columns, by name, and the rows of a body of form `rows`.

    Examples
    --------
    >>> read_rows(write({"_id": ("string", ["a"])}, [0])[1])
    ({'_id': 'string', '_row': 'int64'}, [['a', 0]])
    """
    return _ROWS.decode(body)


def read(form: str, body: bytes) -> Columns:
    """Read what `write` wrote.

    Raises
    ------
    InputError
        Another form, such as one of a newer version.
    """
    if form == "rows":
        types, rows = read_rows(body)
        lists = zip(*rows, strict=True) if rows else ([] for _ in types)
        return {
            name: (type_, list(column))
            for (name, type_), column in zip(types.items(), lists, strict=True)
        }
    if form != "arrow":
        raise InputError(
            f"the journal holds records of form {form!r}, which this version does not read; it "
            "reads 'rows' and 'arrow'"
        )
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        table = stream.read_all().combine_chunks()
    return {
        name: (_NAMES[column.type], column.chunk(0))
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
