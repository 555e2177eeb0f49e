"""Batches as MessagePack rows: for lists of mappings, and where PyArrow is not installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from watchkeeper_client.arrow_bodies import opened, pyarrow
from watchkeeper_client.batches import MAX_BYTES, MAX_ROWS, Body, Layout, numbered
from watchkeeper_client.stages import STAGES
from watchkeeper_client.values import is_plain, wire

__all__ = ["frame_rows", "row_bodies"]

CONTENT_TYPE: Final = "application/msgpack"
STAGE_SUFFIX: Final = "_ms"
STAGE_FIELDS: Final = frozenset(f"{stage}{STAGE_SUFFIX}" for stage in STAGES)
CHUNK: Final = 10_000
"""Rows of a frame that are turned into Python objects at a time."""


def frame_rows(data: Any, *, names: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a table as mappings.

    Takes mappings of columns, iterables of mappings, NumPy arrays (two dimensions with `names`, or
    structured), data frames of pandas and Polars, and with PyArrow whatever offers Arrow.

    Raises
    ------
    TypeError
        For anything else; the extra `arrow` reads whatever offers Arrow.

    Examples
    --------
    >>> list(frame_rows({"distance": [2475, 187], "carrier": ["UA", "B6"]}))
    [{'distance': 2475, 'carrier': 'UA'}, {'distance': 187, 'carrier': 'B6'}]
    """
    if isinstance(data, Mapping):
        yield from _column_rows({str(name): values for name, values in data.items()})
    elif hasattr(data, "iter_slices") and hasattr(data, "to_dicts"):
        for piece in data.iter_slices(CHUNK):
            yield from piece.to_dicts()
    elif hasattr(data, "iloc") and hasattr(data, "to_dict"):
        yield from _pandas_rows(data)
    elif hasattr(data, "ndim") and hasattr(data, "tolist"):
        yield from _array_rows(data, names)
    elif hasattr(data, "__arrow_c_stream__") and pyarrow() is not None:
        for batch in opened(data):
            yield from batch.to_pylist()
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes):
        yield from data
    else:
        raise TypeError(
            f"rows cannot be read from a {type(data).__name__}; give a data frame, a list of "
            "mappings, a mapping of columns, a NumPy array with `names`, or install "
            "watchkeeper-client[arrow] for what offers Arrow"
        )


def _column_rows(columns: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    lists = [_listed(values) for values in columns.values()]
    for row in zip(*lists, strict=True):
        yield dict(zip(columns, row, strict=True))


def _pandas_rows(data: Any) -> Iterator[dict[str, Any]]:
    """Rows of pandas, which writes a missing number as NaN."""
    names = [str(name) for name in data.columns]
    for begin, end in numbered(0, len(data), CHUNK):
        piece = data.iloc[begin:end]
        columns = [piece.iloc[:, index].tolist() for index in range(len(names))]
        for row in zip(*columns, strict=True):
            yield {
                name: None if isinstance(value, float) and value != value else value  # noqa: PLR0124  # NaN alone differs from itself
                for name, value in zip(names, row, strict=True)
            }


def _array_rows(data: Any, names: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    named = getattr(data.dtype, "names", None) or names
    if named is None or (data.ndim != 2 and data.dtype.names is None):
        raise TypeError(
            f"an array of {data.ndim} dimensions needs two, and `names` for its columns"
        )
    for begin, end in numbered(0, len(data), CHUNK):
        for row in data[begin:end].tolist():
            yield dict(zip(named, row, strict=True))


def _listed(values: Any) -> list[Any]:
    for method in ("to_list", "tolist", "to_pylist"):
        convert = getattr(values, method, None)
        if callable(convert):
            return list(convert())
    return list(values)


def row_bodies(
    rows: Iterable[Mapping[str, Any]],
    layout: Layout,
    *,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Body]:
    """The records of rows as bodies of MessagePack, within both limits.

    A row that alone is larger than `max_bytes` is a body of its own.
    """
    encode = msgspec.msgpack.Encoder().encode
    encoded: list[bytes] = []
    size = 0
    for record in records(rows, layout):
        try:
            data = encode(record)
        except (OverflowError, TypeError, UnicodeEncodeError):
            data = encode(wire(record))
        if encoded and (len(encoded) >= max_rows or size + len(data) > max_bytes):
            yield _body(encoded)
            encoded, size = [], 0
        encoded.append(data)
        size += len(data)
    if encoded:
        yield _body(encoded)


def records(rows: Iterable[Mapping[str, Any]], layout: Layout) -> Iterator[dict[str, Any]]:
    """The wire records of rows: fields by their layout, everything else features."""
    values = {name: iter(_listed(given)) for name, given in layout.values.items()}
    scores = {name: iter(_listed(given)) for name, given in layout.score_values.items()}
    given_layout, known = layout, None
    features: list[str] = []
    for row in rows:
        if (names := tuple(row)) != known:
            layout = given_layout.resolved(names)
            known, features = names, layout.feature_names(names)
        record: dict[str, Any] = dict(layout.constants)
        record |= {name: wire(row[column]) for name, column in layout.columns.items()}
        record |= {name: wire(next(given)) for name, given in values.items()}
        classes = {name: wire(row[column]) for name, column in layout.score_columns.items()}
        classes |= {name: wire(next(given)) for name, given in scores.items()}
        if classes:
            record["scores"] = classes
        found = {name: row[name] for name in features}
        if not is_plain(found):
            found = {name: wire(value) for name, value in found.items()}
        record["features"] = found
        yield _with_stages(record)


def _with_stages(record: dict[str, Any]) -> dict[str, Any]:
    """The columns of stages (`inference_ms` …) as the record's mapping of stages."""
    found = [name for name in record if name in STAGE_FIELDS]
    if found:
        record["stages"] = {name.removesuffix(STAGE_SUFFIX): record.pop(name) for name in found}
    return record


def plain_bodies(
    fields: Mapping[str, Any], constants: Mapping[str, str], *, max_rows: int = MAX_ROWS
) -> Iterator[Body]:
    """Records without features (labels, outcomes) from lists of the same length."""
    rows = (
        {**constants, **{name: wire(value) for name, value in row.items()}}
        for row in _column_rows(fields)
    )
    encode = msgspec.msgpack.Encoder().encode
    while piece := [encode(row) for row in islice(rows, max_rows)]:
        yield _body(piece)


def _body(encoded: Sequence[bytes]) -> Body:
    """A MessagePack array of what is already encoded."""
    count = len(encoded)
    if count < 16:
        head = bytes([0x90 | count])
    elif count < 1 << 16:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    return Body(CONTENT_TYPE, head + b"".join(encoded), count)
