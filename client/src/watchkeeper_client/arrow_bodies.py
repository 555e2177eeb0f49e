"""Batches as Arrow IPC streams, where PyArrow is installed: columns go as they are."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from watchkeeper_client.batches import MAX_BYTES, MAX_ROWS, Body, Layout

__all__ = ["arrow_bodies", "offers_arrow", "opened", "pyarrow", "value_bodies"]

CONTENT_TYPE: Final = "application/vnd.apache.arrow.stream"
CODECS: Final = ("lz4", "zstd")


@functools.cache
def pyarrow() -> Any:
    """PyArrow, or None where it is not installed; imported on the first batch."""
    try:
        return importlib.import_module("pyarrow")
    except ImportError:
        return None


def offers_arrow(data: object) -> bool:
    """Whether a table can be read column by column through PyArrow."""
    if isinstance(data, Mapping) or hasattr(data, "iloc"):
        return True
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return True
    return hasattr(data, "ndim") and hasattr(data, "dtype")


def opened(data: Any, names: Sequence[str] | None = None) -> Iterable[Any]:
    """The record batches of whatever offers columns; a stream is not read yet.

    Raises
    ------
    pyarrow.ArrowException
        Where a column holds values of types that no Arrow column can hold together.
    ValueError
        For an array without names for its columns.
    """
    pa = pyarrow()
    if isinstance(data, Mapping):
        table = pa.table({str(name): column(pa, values) for name, values in data.items()})
        return list(table.to_batches())
    if hasattr(data, "iloc"):
        # Not through the frame's own stream, which would send an index as one more feature.
        return list(pa.Table.from_pandas(data, preserve_index=False).to_batches())
    if hasattr(data, "__arrow_c_stream__"):
        reader: Iterable[Any] = pa.RecordBatchReader.from_stream(data)
        return reader
    if hasattr(data, "__arrow_c_array__"):
        return [pa.record_batch(data)]
    return list(_array_table(pa, data, names).to_batches())


def arrow_bodies(
    batches: Iterable[Any],
    layout: Layout,
    *,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Body]:
    """Record batches as Arrow IPC streams, within both limits.

    A stream (a reader, a relation of DuckDB) is read piece by piece and never held as a whole.

    Raises
    ------
    ValueError
        Where a named column is absent, or values beside the data have another length.
    """
    pa = pyarrow()
    beside = Beside(
        {name: column(pa, values) for name, values in layout.values.items()},
        {name: column(pa, values) for name, values in layout.score_values.items()},
    )
    begin = 0
    for piece in _pieces(batches, max_rows, max_bytes):
        table = pa.Table.from_batches(piece)
        yield _encoded(pa, _shaped(pa, table, layout, beside.cut(begin, table.num_rows)))
        begin += table.num_rows
    layout.check_lengths(begin)


class Beside(NamedTuple):
    """Values that were given beside the data: of fields, and of classes."""

    fields: dict[str, Any]
    scores: dict[str, Any]

    def cut(self, begin: int, rows: int) -> Beside:
        """The values of some rows; ValueError where they end before."""
        for name, values in [*self.fields.items(), *self.scores.items()]:
            if len(values) < begin + rows:
                raise ValueError(
                    f"the data have at least {begin + rows} rows and {name} has {len(values)} "
                    "values; give one a row"
                )
        return Beside(
            {name: values.slice(begin, rows) for name, values in self.fields.items()},
            {name: values.slice(begin, rows) for name, values in self.scores.items()},
        )


def _array_table(pa: Any, data: Any, names: Sequence[str] | None) -> Any:
    """A NumPy array of two dimensions with names, or a structured one."""
    fields = data.dtype.names
    if fields:
        return pa.table({name: pa.array(data[name]) for name in fields})
    if data.ndim != 2 or names is None or len(names) != data.shape[1]:
        shape = " × ".join(map(str, data.shape))
        raise ValueError(
            f"an array of {shape} needs two dimensions and `names`, one for each column"
        )
    return pa.table({name: pa.array(data[:, index]) for index, name in enumerate(names)})


def column(pa: Any, values: Any) -> Any:
    """Values as an Arrow array: lists, NumPy arrays, series of pandas and Polars."""
    if hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values)
    return pa.array(values)


def _pieces(batches: Iterable[Any], max_rows: int, max_bytes: int) -> Iterator[list[Any]]:
    """Batches cut and gathered into lists that keep both limits."""
    piece: list[Any] = []
    rows = size = 0
    for batch in batches:
        for part in _parts(batch, max_rows, max_bytes):
            more = _size(part)
            if piece and (rows + part.num_rows > max_rows or size + more > max_bytes):
                yield piece
                piece, rows, size = [], 0, 0
            piece.append(part)
            rows += part.num_rows
            size += more
    if piece:
        yield piece


def _parts(batch: Any, max_rows: int, max_bytes: int) -> Iterator[Any]:
    """A batch in parts that keep both limits; a single row is never cut."""
    if batch.num_rows > max_rows:
        for begin in range(0, batch.num_rows, max_rows):
            yield from _parts(batch.slice(begin, max_rows), max_rows, max_bytes)
    elif _size(batch) > max_bytes and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _parts(batch.slice(0, half), max_rows, max_bytes)
        yield from _parts(batch.slice(half), max_rows, max_bytes)
    elif batch.num_rows:
        yield batch


def _size(batch: Any) -> int:
    """The bytes of a batch's own rows; most releases of PyArrow cannot tell it of views."""
    try:
        return int(batch.nbytes)
    except TypeError:
        return sum(_column_size(pyarrow(), values) for values in batch.columns)


def _column_size(pa: Any, values: Any) -> int:
    values = _plain(pa, values)
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    try:
        return int(values.nbytes)
    except TypeError:  # Views inside of structs and lists.
        return int(values.get_total_buffer_size())


def _shaped(pa: Any, table: Any, layout: Layout, beside: Beside) -> Any:
    """The table in the wire's columns: fields, `scores`, and the struct `features`."""
    layout = layout.resolved(table.column_names)
    features = layout.feature_names(table.column_names)
    found = {name: _plain(pa, table[source]) for name, source in layout.columns.items()}
    found |= beside.fields
    found |= {name: pa.repeat(value, table.num_rows) for name, value in layout.constants.items()}
    scores = {name: _plain(pa, table[source]) for name, source in layout.score_columns.items()}
    scores |= beside.scores
    if scores:
        found["scores"] = _struct(pa, scores)
    if features:
        found["features"] = _struct(pa, {name: _plain(pa, table[name]) for name in features})
    return pa.table(found)


def _struct(pa: Any, columns: Mapping[str, Any]) -> Any:
    arrays = [
        item.combine_chunks() if isinstance(item, pa.ChunkedArray) else item
        for item in columns.values()
    ]
    return pa.StructArray.from_arrays(arrays, names=list(columns))


def _plain(pa: Any, values: Any) -> Any:
    """A column without dictionaries, which would travel whole with every slice."""
    if not pa.types.is_dictionary(values.type):
        return values
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    return pa.chunked_array([_decoded(pa, chunk) for chunk in chunks])


def _decoded(pa: Any, array: Any) -> Any:
    """A dictionary's values in place; those of Polars are views, which Arrow cannot take from."""
    values = array.dictionary
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    return pa.DictionaryArray.from_arrays(array.indices, values).dictionary_decode()


def value_bodies(
    fields: Mapping[str, Any], constants: Mapping[str, str], *, max_rows: int = MAX_ROWS
) -> Iterator[Body]:
    """Records without features (labels, outcomes) from columns of the same length."""
    pa = pyarrow()
    table = pa.table({name: _plain(pa, column(pa, values)) for name, values in fields.items()})
    for begin in range(0, table.num_rows, max_rows):
        piece = table.slice(begin, max_rows)
        for name, value in constants.items():
            piece = piece.append_column(name, pa.repeat(value, piece.num_rows))
        yield _encoded(pa, piece)


def _encoded(pa: Any, table: Any) -> Body:
    """A table as one Arrow IPC stream with compressed buffers."""
    codec = next((name for name in CODECS if pa.Codec.is_available(name)), None)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    return Body(CONTENT_TYPE, sink.getvalue().to_pybytes(), table.num_rows)
