"""Rows of event tables in the form that ClickHouse takes: names, types, pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal

PIECE_ROWS = 100_000
"""Rows of one insert: few enough for one block, which is there whole or not at all."""

_PIECE_DAYS = 90
"""Days of one insert: ClickHouse refuses one of more than 100 partitions."""

_LONGEST = 120
"""Bytes of a model's name in the name of its table's file, where a special one takes three."""

FIRST_DAY = date(1900, 1, 1)
"""ClickHouse's days begin here; rows from before it are in the partition of this day."""

REQUIRED = {
    envelope.DAY: "Date32",
    envelope.TIME: "DateTime64(6, 'UTC')",
    envelope.POSITION: "Int64",
    envelope.ROW: "Int64",
}
"""Columns that every row has, and their types; all others may be null."""

_TYPES = {
    pa.string(): "Nullable(String)",
    pa.float64(): "Nullable(Float64)",
    pa.int64(): "Nullable(Int64)",
    pa.bool_(): "Nullable(Bool)",
    pa.date32(): "Nullable(Date32)",
    pa.timestamp("us", "UTC"): "Nullable(DateTime64(6, 'UTC'))",
}


def table_name(model: str, signal: str) -> str:
    """The name of the table of a model and signal.

    Parameters
    ----------
    model
        The model's name.
    signal
        The signal.

    Returns
    -------
    str
        One of its own for each pair.

    Examples
    --------
    >>> table_name("flight delays", "labels"), table_name("", "changes")
    ('flight delays_labels', '_changes')
    >>> len(table_name("ü" * 99, "labels"))
    54
    """
    if len(quote(model, safe="").replace("-", "%2D").replace(".", "%2E")) <= _LONGEST:
        return f"{model}_{Signal(signal).value}"
    digest = hashlib.blake2b(model.encode(), digest_size=8).hexdigest()
    return f"{model[:30]}~{digest}_{Signal(signal).value}"


def quoted(name: str) -> str:
    r"""A name as it stands in a statement.

    >>> print(quoted("a`b"))
    `a\`b`
    """
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def text(value: str) -> str:
    r"""A text as it stands in a statement.

    >>> print(text("it's"))
    'it\'s'
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def column_type(field: pa.Field) -> str:
    """The type of a column in ClickHouse.

    >>> column_type(pa.field("_position", pa.int64())), column_type(pa.field("a", pa.int64()))
    ('Int64', 'Nullable(Int64)')
    """
    stored = _stored(field.type)
    of_rows = "Array(String)" if pa.types.is_list(stored) else _TYPES[stored]
    return REQUIRED.get(field.name, of_rows)


def as_sent(rows: pa.Table) -> pa.Table:
    """Rows as ClickHouse stores them: day after day, the days from 1900 on.

    Parameters
    ----------
    rows
        As `Tables` gives them.
    """
    columns = []
    for field, column in zip(rows.schema, rows.columns, strict=True):
        sent = column if column.type == _stored(field.type) else column.cast(_stored(field.type))
        if field.name == envelope.DAY:
            sent = pc.max_element_wise(sent, pa.scalar(FIRST_DAY, pa.date32()))
        columns.append(sent)
    sent = pa.table(columns, names=rows.column_names)
    days = sent.column(envelope.DAY).cast(pa.int32()).to_numpy()
    if (np.diff(days) >= 0).all():
        return sent
    return sent.take(pa.array(np.argsort(days, kind="stable")))


def _stored(found: pa.DataType) -> pa.DataType:
    """The type itself where it is one of `store.table_columns.plain_type`, else text."""
    is_texts = pa.types.is_list(found) and pa.types.is_string(found.value_type)
    return found if is_texts or found in _TYPES else pa.string()


def pieces(rows: pa.Table) -> Iterator[pa.Table]:
    """Rows cut for one insert each; the same rows are cut in the same places.

    Parameters
    ----------
    rows
        In the form of `as_sent`.
    """
    days = rows.column(envelope.DAY).cast(pa.int32()).to_numpy()
    changes = np.flatnonzero(np.diff(days)) + 1
    start = 0
    while start < rows.num_rows:
        later = changes[changes > start]
        end = min(start + PIECE_ROWS, rows.num_rows)
        if len(later) >= _PIECE_DAYS:
            end = min(end, int(later[_PIECE_DAYS - 1]))
        yield rows.slice(start, end - start)
        start = end


def stream(rows: pa.Table) -> bytes:
    """Rows as one batch of an Arrow stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows.combine_chunks())
    sent: bytes = sink.getvalue().to_pybytes()
    return sent


def digest(rows: pa.Table) -> str:
    """A short text that other rows do not have: by the place in the journal of each, and its id."""
    keys = rows.select([envelope.POSITION, envelope.ROW, envelope.ID]).combine_chunks()
    return hashlib.blake2b(stream(keys), digest_size=8).hexdigest()


_ODD = 0x9E3779B97F4A7C15

_X = f"(toUInt64({envelope.POSITION}) * toUInt64({_ODD}) + toUInt64({envelope.ROW}))"
FINGERPRINT_SQL = f"sum({_X} * bitXor({_X}, bitShiftRight({_X}, 32)))"
"""`fingerprint` in the words of ClickHouse."""


def fingerprint(rows: pa.RecordBatch) -> int:
    """The sum of a number for each row's place in the journal, modulo 2**64.

    It is what `FINGERPRINT_SQL` says: equal sums of equally many rows mean equal rows, but for a
    chance of one in 2**64.
    """
    place, row = (
        rows.column(name).to_numpy(zero_copy_only=False).astype(np.uint64)
        for name in (envelope.POSITION, envelope.ROW)
    )
    mixed = place * np.uint64(_ODD) + row
    return int((mixed * (mixed ^ (mixed >> np.uint64(32)))).sum(dtype=np.uint64))
