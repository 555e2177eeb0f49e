"""Columns that fit a table: types are the table's, and what fits no type is kept as text.

A Delta table tells columns apart without regard to case, models do not: `T` and `t` may both be
features. The one that comes second is kept under another name, made from its own so that it can
be read back without a list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError

TIMESTAMP = pa.timestamp("us", "UTC")

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "double": pa.float64(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": TIMESTAMP,
    "strings": pa.list_(pa.string()),
}

_PLAIN: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (pa.types.is_boolean, pa.bool_()),
    (pa.types.is_integer, pa.int64()),
    (pa.types.is_floating, pa.float64()),
    (pa.types.is_decimal, pa.float64()),
    (pa.types.is_timestamp, TIMESTAMP),
    (pa.types.is_date, pa.date32()),
)

_OWN: dict[Signal, dict[str, str]] = {
    Signal.PREDICTIONS: envelope.PREDICTION_COLUMNS,
    Signal.LABELS: envelope.LABEL_COLUMNS,
    Signal.OUTCOMES: envelope.OUTCOME_COLUMNS,
    Signal.CHANGES: envelope.CHANGE_COLUMNS,
}

_ALWAYS = {envelope.OVERFLOW: "string", envelope.VIOLATIONS: "strings"}

_SUFFIX = re.compile(r"(.*)~([0-9a-f]+)", re.DOTALL)


def fixed_types(signal: Signal) -> dict[str, pa.DataType]:
    """The columns of a signal's tables whose types are the same for every model.

    Parameters
    ----------
    signal
        The signal.

    Returns
    -------
    dict[str, pyarrow.DataType]
        By name.

    Examples
    --------
    >>> str(fixed_types(Signal.LABELS)["_label"])
    'string'
    """
    named = envelope.COMMON | _OWN[signal] | _ALWAYS
    return {name: _TYPES[text] for name, text in named.items()} | {envelope.DAY: pa.date32()}


def fit(table: pa.Table, known: pa.Schema, signal: Signal) -> pa.Table:
    """Bring rows into the types of a table, with the day added that they belong to.

    A value that the table's type cannot hold exactly is taken out of its column and kept as text
    in `_overflow`, and `_violations` says so.

    Parameters
    ----------
    table
        Rows with the columns of `core.envelope` and features.
    known
        The table's schema as it is stored; empty where there is no table yet.
    signal
        The signal.

    Returns
    -------
    pyarrow.Table
        Columns under the names that they are stored by; all of its types can be stored.

    Raises
    ------
    InputError
        A name is there twice, or a row has no time.
    """
    names = stored_names(table.column_names, known.names)
    fixed = fixed_types(signal)
    columns: dict[str, pa.ChunkedArray] = {}
    kept: dict[int, dict[str, object]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        stored = names[name]
        wanted = known.field(stored).type if stored in known.names else fixed.get(name)
        if wanted is None and pa.types.is_null(column.type):
            continue  # Nothing is known of it yet.
        columns[stored], left = convert(column, wanted or plain_type(column.type))
        for row, value in left.items():
            kept.setdefault(row, {})[name] = value
    if kept:
        _keep(columns, kept, table.num_rows)
    columns.pop(envelope.DAY, None)
    columns[envelope.DAY] = _days(columns)
    return pa.table(columns)


def _days(columns: Mapping[str, pa.ChunkedArray]) -> pa.ChunkedArray:
    times = columns.get(envelope.TIME)
    if times is None or times.null_count:
        raise InputError(
            f"rows without {envelope.TIME!r} belong to no day; give every row its time"
        )
    return times.cast(pa.date32())


def plain_type(found: pa.DataType) -> pa.DataType:
    """The type that a new column is stored with.

    Parameters
    ----------
    found
        The type in which it came.

    Returns
    -------
    pyarrow.DataType
        Boolean, 64-bit integer, double, timestamp in UTC, date, list of strings, or string.

    Examples
    --------
    >>> str(plain_type(pa.int16())), str(plain_type(pa.struct([])))
    ('int64', 'string')
    """
    if pa.types.is_dictionary(found):
        return plain_type(found.value_type)
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        return pa.list_(pa.string()) if _is_text(found.value_type) else pa.string()
    return next((plain for is_so, plain in _PLAIN if is_so(found)), pa.string())


def convert(
    column: pa.ChunkedArray, wanted: pa.DataType
) -> tuple[pa.ChunkedArray, dict[int, object]]:
    """Values in another type, each exactly or not at all.

    Parameters
    ----------
    column
        The values.
    wanted
        A type that `plain_type` gives.

    Returns
    -------
    pyarrow.ChunkedArray
        In the type that was wanted, null where a value does not fit.
    dict[int, object]
        The values that do not fit, by row.

    Examples
    --------
    >>> convert(pa.chunked_array([[1.0, 1.5]]), pa.int64())[1]
    {1: 1.5}
    """
    if column.type == wanted:
        return column, {}
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        return pa.chunked_array([pa.nulls(len(column), wanted)]), {}
    if (whole := _cast(column, wanted)) is not None:
        return whole, {}
    values, left = [], {}
    for row, value in enumerate(column.to_pylist()):
        one = None if value is None else _cast(pa.chunked_array([[value]], column.type), wanted)
        values.append(None if one is None else one[0].as_py())
        if value is not None and one is None:
            left[row] = value
    return pa.chunked_array([pa.array(values, wanted)]), left


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray | None:
    """All values in another type, or None where one of them does not fit."""
    if pa.types.is_string(wanted):
        return _as_text(column)
    if not _may_become(column.type, wanted):
        return None
    try:
        if _is_moment(column.type):
            return _cast_moments(column, wanted)
        cast = column.cast(wanted)
        if _is_text(column.type) or pa.types.is_decimal(column.type):
            return cast
        return cast if _equals(cast.cast(column.type), column) else None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _cast_moments(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray | None:
    if pa.types.is_date(column.type):
        return column.cast(pa.date32()).cast(pa.timestamp("us")).cast(wanted)
    finer = column.type.unit == "ns"  # Less than a microsecond is dropped.
    moments = column.cast(pa.timestamp("us", column.type.tz), safe=not finer).cast(TIMESTAMP)
    if pa.types.is_timestamp(wanted):
        return moments
    days = moments.cast(wanted, safe=False)
    return days if _equals(days.cast(pa.timestamp("us")).cast(TIMESTAMP), moments) else None


def _may_become(found: pa.DataType, wanted: pa.DataType) -> bool:
    types = pa.types
    if _is_text(found):
        return not types.is_list(wanted)
    if types.is_temporal(found) or types.is_temporal(wanted):
        # A number for a moment, or the other way round, would need a unit that nobody gave.
        return _is_moment(found) and _is_moment(wanted)
    return bool(types.is_list(found) == types.is_list(wanted))


def _equals(left: pa.ChunkedArray, right: pa.ChunkedArray) -> bool:
    if pa.types.is_floating(right.type):  # NaN is kept as NaN.
        left, right = (pc.if_else(pc.is_nan(side), None, side) for side in (left, right))
    return bool(left.equals(right))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        values = [_plain(value) for value in column.to_pylist()]
        texts = [one if one is None or isinstance(one, str) else as_json(one) for one in values]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _is_text(found: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_string(found) or types.is_large_string(found) or types.is_string_view(found)
    )


def _is_moment(found: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(found) or pa.types.is_date(found))


def _keep(
    columns: dict[str, pa.ChunkedArray], kept: Mapping[int, Mapping[str, object]], rows: int
) -> None:
    """Write values that fit no column into `_overflow`, and their names into `_violations`."""
    texts = _values(columns, envelope.OVERFLOW, rows)
    notes = _values(columns, envelope.VIOLATIONS, rows)
    for row, values in kept.items():
        texts[row] = _merged(texts[row], values)
        found = list(notes[row] or ())
        notes[row] = found + [
            note for note in (f"type:{name}" for name in values) if note not in found
        ]
    columns[envelope.OVERFLOW] = pa.chunked_array([pa.array(texts, pa.string())])
    columns[envelope.VIOLATIONS] = pa.chunked_array([pa.array(notes, pa.list_(pa.string()))])


def _values(columns: Mapping[str, pa.ChunkedArray], name: str, rows: int) -> list[Any]:
    return columns[name].to_pylist() if name in columns else [None] * rows


def _merged(before: str | None, values: Mapping[str, object]) -> str:
    try:
        found = {} if before is None else json.loads(before)
    except ValueError:
        found = before
    kept = found if isinstance(found, dict) else {envelope.OVERFLOW: found}
    return as_json(kept | dict(values))


def as_json(value: object) -> str:
    """A value as JSON text; what JSON has no word for stands as text.

    Parameters
    ----------
    value
        Anything that Arrow gives as a Python object.

    Returns
    -------
    str
        Strict JSON.

    Examples
    --------
    >>> as_json({"a": float("nan"), "b": [1, True]})
    '{"a":"nan","b":[1,true]}'
    """
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def stored_names(names: list[str], known: list[str]) -> dict[str, str]:
    """The name that each column is stored by.

    Parameters
    ----------
    names
        Columns as the model names them.
    known
        Columns of the table, as they are stored.

    Returns
    -------
    dict[str, str]
        Mostly the same names.

    Raises
    ------
    InputError
        A name is there twice.

    Examples
    --------
    >>> stored_names(["T", "t"], [])
    {'T': 'T', 't': 't~0'}
    """
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(f"columns are there twice: {', '.join(twice)}; name each column once")
    taken = {name.lower(): name for name in known}
    stored: dict[str, str] = {}
    for name in names:
        clashes = name not in known and taken.get(name.lower(), name) != name
        stored[name] = _marked(name) if clashes or _is_marked(name) else name
        taken.setdefault(stored[name].lower(), stored[name])
    return stored


def model_name(stored: str) -> str:
    """The name that a model has for a column, from the name that it is stored by.

    Parameters
    ----------
    stored
        A name out of `stored_names`.

    Returns
    -------
    str
        The model's name.

    Examples
    --------
    >>> model_name("t~0"), model_name("t~1"), model_name("t")
    ('t', 't~1', 't')
    """
    return stored.rpartition("~")[0] if _is_marked(stored) else stored


def _marked(name: str) -> str:
    bits = "".join("01"[letter != letter.lower()] for letter in name)
    return f"{name}~{int(bits or '0', 2):x}"


def _is_marked(name: str) -> bool:
    found = _SUFFIX.fullmatch(name)
    return found is not None and _marked(found[1]) == name
