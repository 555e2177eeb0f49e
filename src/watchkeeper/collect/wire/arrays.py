"""Arrow arrays of any type as the types of columns, whole columns at a time where that is exact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.collect.wire.values import NAMED, Fitted, fit_list, type_of

Column: TypeAlias = "list[Any] | pa.Array"
"""A column as Python values or as an Arrow array."""

STAMP = pa.timestamp("us", tz="UTC")
TYPES = {
    "double": pa.float64(),
    "int64": pa.int64(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "timestamp": STAMP,
    "strings": pa.list_(pa.string()),
}
"""The Arrow type of each type name."""

_NAMES = {type_: name for name, type_ in TYPES.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain_column(array: pa.Array) -> Column:
    """An array as float64, int64, bool, string or UTC microseconds, else as Python values.

    Dictionaries are decoded, widths widened, decimals with digits behind the point read as the
    nearest double, dates taken as their midnight. Finer times than microseconds are rounded.
    What has no such form (lists, structs, bytes, whole numbers beyond 64 bits) is Python values.

    Examples
    --------
    >>> plain_column(pa.array([1, 2], pa.int8())).type
    DataType(int64)
    >>> plain_column(pa.array([[1]]))
    [[1]]
    """
    array = _unwrapped(array)
    type_ = array.type
    if type_ in _NAMES and type_ != TYPES["strings"]:
        return array
    if pa.types.is_null(type_):
        return [None] * len(array)
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        return _stamps(array)
    target = _widened(type_)
    if target is None:
        return _python_values(array)
    try:
        if pa.types.is_decimal(type_) and type_.scale > 0:
            array = array.cast(pa.string())  # Arrow's own cast is off in the last digit.
        return array.cast(target)
    except pa.ArrowInvalid:
        return _python_values(array)


def _unwrapped(array: pa.Array) -> pa.Array:
    """The values themselves: no extension type and no dictionary."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array


def _widened(type_: pa.DataType) -> pa.DataType | None:
    """The plain type that holds every value of another one, or that its values are tried in."""
    if pa.types.is_integer(type_) or (pa.types.is_decimal(type_) and type_.scale <= 0):
        return pa.int64()
    if pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return pa.float64()
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return pa.string()
    return None


def _stamps(array: pa.Array) -> Column:
    """Times as UTC microseconds; nanoseconds are rounded to the nearest."""
    type_ = array.type
    try:
        if pa.types.is_date(type_):
            return array.cast(pa.timestamp("s" if pa.types.is_date32(type_) else "ms")).cast(STAMP)
        if type_.unit != "ns":
            return array.cast(pa.timestamp(type_.unit, "UTC")).cast(STAMP)
        ticks = array.cast(pa.int64())
    except pa.ArrowInvalid:
        return _python_values(array.cast(pa.int64()))
    # Division of whole numbers cuts towards zero; half a microsecond away from zero makes it round.
    half = pc.if_else(pc.less(ticks, 0), -500, 500)
    return pc.divide(pc.add(ticks, half), 1000).cast(STAMP)


def _python_values(array: pa.Array) -> list[Any]:
    """Python values of any array; a value that Python has no type for is its text."""
    try:
        values: list[Any] = array.to_pylist()
    except (ValueError, OverflowError, pa.ArrowInvalid):
        return [str(value) if value.is_valid else None for value in array]
    return values


def fit_column(column: Column, want: str) -> Fitted:
    """Bring a column into a type, as `fit_list` does; an array stays an array where it can.

    Parameters
    ----------
    column
        Python values, or an array of `plain_column`.
    want
        `double`, `int64`, `string`, `bool` or `timestamp`.

    Examples
    --------
    >>> fit_column(pa.array([1, 2]), "double").values.type
    DataType(double)
    """
    if isinstance(column, list):
        return fit_list(column, want)
    type_ = TYPES[want]
    if column.type == type_:
        return Fitted(column)
    numeric = pa.types.is_int64(column.type) or pa.types.is_float64(column.type)
    if numeric and want in {"double", "int64"}:
        try:
            return Fitted(column.cast(type_))
        except pa.ArrowInvalid:
            pass  # Some value is not exact in that type: value by value, to say which.
    return fit_list(values_of(column), want)


def values_of(column: Column) -> list[Any]:
    """A column as Python values."""
    if isinstance(column, list):
        return column
    if column.type == STAMP:
        ticks = column.cast(pa.int64()).to_pylist()
        return [None if tick is None else _moment(tick) for tick in ticks]
    values: list[Any] = column.to_pylist()
    return values


def _moment(micros: int) -> Any:
    """A time as a datetime, or as the count itself where no calendar of Python's reaches."""
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return str(micros)


def column_type(column: Column) -> str | None:
    """The type that a column is adopted with, as `type_of` decides; None where it has no value.

    Examples
    --------
    >>> column_type(pa.array([1, None]))
    'double'
    """
    if isinstance(column, list):
        return type_of(column)
    if column.null_count == len(column):
        return None
    if pa.types.is_int64(column.type):
        try:
            column.cast(pa.float64())
        except pa.ArrowInvalid:
            return "int64"
        return "double"
    if pa.types.is_string(column.type) and column.drop_null()[0].as_py() in NAMED:
        return type_of(column.to_pylist())
    return _NAMES[column.type]


def null_rows(column: Column) -> list[int]:
    """The rows that are null."""
    if isinstance(column, list):
        return [row for row, value in enumerate(column) if value is None]
    if column.null_count == 0:
        return []
    rows: list[int] = pc.indices_nonzero(column.is_null()).to_pylist()
    return rows


def has_values(column: Column) -> bool:
    """Whether a column holds anything but nulls."""
    if isinstance(column, list):
        return column.count(None) != len(column)
    return bool(column.null_count != len(column))


def taken(column: Column, rows: list[int]) -> Column:
    """Some rows of a column, in order."""
    if isinstance(column, list):
        return [column[row] for row in rows]
    return column.take(pa.array(rows, pa.int64()))


def as_array(column: Column, type_name: str) -> pa.Array:
    """A fitted column as an Arrow array of its type."""
    if isinstance(column, list):
        return pa.array(column, TYPES[type_name])
    return column
