"""An Arrow IPC stream to columns: bounded before it is decompressed, then validated."""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.collect.wire.arrays import Column, plain_column, values_of
from watchkeeper.collect.wire.rules import MAX_RECORDS
from watchkeeper.collect.wire.shapes import SHAPES, Decoded
from watchkeeper.core.envelope import STAGES, Signal
from watchkeeper.core.errors import InputError, TooLargeError

_STAGE_COLUMNS = {f"{stage}_ms": stage for stage in STAGES}
_NESTED = ("features", "scores", "stages")
_EXPANSION = 4
"""How many times the limit of a body its dictionaries may hold when they are written out."""


def read_stream(body: bytes, *, signal: Signal, max_bytes: int) -> Decoded:
    """Read the columns of an Arrow IPC stream.

    Parameters
    ----------
    body
        The stream.
    signal
        What the rows tell.
    max_bytes
        The most bytes that its buffers may have once they are decompressed.

    Raises
    ------
    InputError
        No valid stream, two columns of one name, or a type that is not read.
    TooLargeError
        More than `MAX_RECORDS` rows or `max_bytes` bytes.
    """
    if not body:
        return Decoded(0, {}, range(0), {}, [])
    try:
        return _decoded(_table(body, max_bytes), signal, max_bytes)
    except (pa.ArrowException, OSError, struct.error, IndexError, OverflowError) as error:
        raise InputError(f"the body is no valid Arrow IPC stream: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError("a name of the Arrow IPC stream is no valid Unicode") from error


def _table(body: bytes, max_bytes: int) -> pa.Table:
    rows, size = _measure(body)
    if rows > MAX_RECORDS:
        raise TooLargeError(
            f"the stream has {rows:,} rows, and a request may have {MAX_RECORDS:,}; send fewer"
        )
    if size > max_bytes:
        raise TooLargeError(
            f"the stream holds {size:,} bytes decompressed, and a request may hold {max_bytes:,}; "
            "send fewer rows at a time"
        )
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        table = stream.read_all()
    table.validate(full=True)
    return table.combine_chunks()


def _measure(body: bytes) -> tuple[int, int]:
    """Rows and decompressed bytes that the messages of a stream claim; nothing is decompressed.

    A buffer that decompresses to another size than it claims is an error of Arrow's reader, so the
    claim is a bound.
    """
    rows = size = 0
    reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return rows, size
        if message.type not in {"record batch", "dictionary"}:
            continue
        count, claimed = _claims(message.metadata.to_pybytes(), message.body, message.type)
        rows += count if message.type == "record batch" else 0
        size += claimed
        if rows < 0 or count < 0:
            raise InputError("the stream claims a negative number of rows")


def _claims(metadata: bytes, body: Any, kind: str) -> tuple[int, int]:
    """Rows and decompressed bytes of one message, read from its FlatBuffers table."""
    message = _offset(metadata, 0)
    batch = _follow(metadata, message, 2)
    if kind == "dictionary":
        batch = _follow(metadata, batch, 1)
    length_at = _field(metadata, batch, 0)
    rows = struct.unpack_from("<q", metadata, length_at)[0] if length_at else 0
    if not _field(metadata, batch, 3):
        return rows, body.size if body is not None else 0
    at = _follow(metadata, batch, 2)
    (buffers,) = struct.unpack_from("<I", metadata, at)
    size = 0
    for offset, length in struct.iter_unpack("<qq", metadata[at + 4 : at + 4 + 16 * buffers]):
        if length >= 8:
            if offset < 0 or offset + 8 > body.size:
                raise InputError("the stream claims a buffer outside of its body")
            (claimed,) = struct.unpack_from("<q", body, offset)
            size += length if claimed == -1 else max(claimed, 0)
    return rows, size


def _offset(metadata: bytes, at: int) -> int:
    return int(at + struct.unpack_from("<I", metadata, at)[0])


def _field(metadata: bytes, table: int, number: int) -> int:
    """Where a field of a FlatBuffers table lies; 0 where it is absent."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    (size,) = struct.unpack_from("<H", metadata, vtable)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", metadata, vtable + 4 + 2 * number)
    return table + offset if offset else 0


def _follow(metadata: bytes, table: int, number: int) -> int:
    at = _field(metadata, table, number)
    if not at:
        raise InputError("a message of the stream has no header")
    return _offset(metadata, at)


def _decoded(table: pa.Table, signal: Signal, max_bytes: int) -> Decoded:
    """Columns by their role: fields of the signal, features, and what is neither."""
    twice = [name for name, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise InputError(
            f"the stream has more than one column called {', '.join(map(repr, twice))}"
        )
    budget = _Budget(max_bytes * _EXPANSION)
    fields = set(SHAPES[signal].__struct_fields__)
    if signal is Signal.PREDICTIONS:
        fields |= {"error_class", *_STAGE_COLUMNS}
    flat: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    others: dict[str, pa.Array] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        array = column.chunk(0) if column.num_chunks else pa.array([], column.type)
        if name in _NESTED and name in fields and pa.types.is_struct(array.type):
            nested[name] = _children(name, array, budget)
        elif name in fields:
            flat[name] = budget.plain(name, array)
        else:
            others[name] = array
    if others and signal is Signal.PREDICTIONS and "features" not in (nested.keys() | flat.keys()):
        nested["features"] = {name: budget.plain(name, array) for name, array in others.items()}
        others = {}
    _gather_stages(flat, nested)
    return Decoded(table.num_rows, flat, range(table.num_rows), _extras(others, budget), [], nested)


def _gather_stages(flat: dict[str, Any], nested: dict[str, dict[str, Any]]) -> None:
    """Move `queue_ms` and the like under `stages`, where there is no such column."""
    stages = {stage: flat.pop(name) for name, stage in _STAGE_COLUMNS.items() if name in flat}
    if stages:
        nested["stages"] = stages | nested.get("stages", {})


def _children(name: str, array: pa.StructArray, budget: _Budget) -> dict[str, Any]:
    """The fields of a struct column as columns of their own."""
    names = [field.name for field in array.type]
    if len(set(names)) != len(names):
        raise InputError(f"the struct column {name!r} has two fields of one name")
    children = zip(names, array.flatten(), strict=True)
    return {child: budget.plain(f"{name}.{child}", held) for child, held in children}


def _extras(others: dict[str, pa.Array], budget: _Budget) -> dict[int, dict[str, Any]]:
    """By row, what stands in columns that are neither fields nor features."""
    extras: dict[int, dict[str, Any]] = {}
    for name, array in others.items():
        for row, value in enumerate(values_of(budget.plain(name, array))):
            if value is not None:
                extras.setdefault(row, {})[name] = value
    return extras


class _Budget:
    """How many bytes may still come out of types whose values may refer to the same bytes often."""

    def __init__(self, left: int) -> None:
        self._left = left

    def plain(self, name: str, array: pa.Array) -> Column:
        """The column in a plain type, refused where writing it out would take too much memory."""
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        type_ = array.type
        if _is_refused(type_):
            raise InputError(
                f"column {name!r} is of type {type_}, which is not read; cast it to a plain one"
            )
        if pa.types.is_dictionary(type_) and _is_sized(type_.value_type):
            self._spend(name, pc.sum(pc.binary_length(array.dictionary).take(array.indices)))
        elif _is_view(type_):
            self._spend(name, _viewed_bytes(array))
        return plain_column(array)

    def _spend(self, name: str, size: pa.Scalar) -> None:
        self._left -= size.as_py() or 0
        if self._left < 0:
            raise TooLargeError(
                f"column {name!r} takes too much memory when its values are written out; send "
                "fewer rows at a time"
            )


def _is_sized(type_: pa.DataType) -> bool:
    """Whether values are texts or bytes of any length."""
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_large_binary(type_)
    )


def _is_view(type_: pa.DataType) -> bool:
    return str(type_).split("<", 1)[0].endswith("_view")


def _viewed_bytes(array: pa.Array) -> pa.Scalar:
    """How many bytes all views together show: each is 16 bytes that begin with its length."""
    views = pa.Array.from_buffers(
        pa.int32(), 4 * (len(array) + array.offset), [None, array.buffers()[1]]
    )
    lengths = views.to_numpy()[4 * array.offset :: 4]
    return pa.scalar(int(lengths.astype("int64").clip(0).sum()))


def _is_refused(type_: pa.DataType, *, within: bool = False) -> bool:
    """Whether a type is nested with values that share bytes, or a decimal beyond reason."""
    if pa.types.is_decimal(type_):
        return not 0 <= type_.scale <= type_.precision  # Arrow itself crashes on some of these.
    if pa.types.is_dictionary(type_):
        held = type_.value_type
        plain = _is_sized(held) or pa.types.is_primitive(held) or pa.types.is_decimal(held)
        return within or not plain or _is_refused(held)
    if pa.types.is_run_end_encoded(type_) or pa.types.is_union(type_):
        return True
    if _is_view(type_):
        return within or pa.types.is_nested(type_)
    children = (type_.field(place).type for place in range(type_.num_fields))
    return any(_is_refused(child, within=True) for child in children)
