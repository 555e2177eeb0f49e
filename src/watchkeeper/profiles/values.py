"""An Arrow array as the numbers or the categories that a statistic counts."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core.model import Kind
from watchkeeper.profiles.base import Floats, Ints

_TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_NUMBER = r"^\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf(inity)?|nan)\s*$"


def numbers(array: pa.Array, kind: Kind) -> tuple[Floats, int]:
    """The values that are not null, as numbers, and how many are null.

    Parameters
    ----------
    array
        Numbers, decimals and booleans as they are; dates and times as seconds since 1970 (UTC);
        text by its length in characters for `Kind.TEXT`, else as the number that it spells. Text
        that spells none counts as null, as does a value of any other type: the schema check
        reports such a column.
    kind
        How the column is measured.

    Examples
    --------
    >>> numbers(pa.array([1, None, 3]), Kind.NUMERIC)
    (array([1., 3.]), 1)
    """
    valid = array.drop_null() if array.null_count else array
    nulls = len(array) - len(valid)
    type_ = valid.type
    if pa.types.is_dictionary(type_):
        valid = valid.dictionary_decode()
        type_ = valid.type
    if _is_text(type_):
        if kind is Kind.TEXT:
            valid = pc.utf8_length(valid)
        else:
            spelt = valid.filter(pc.match_substring_regex(valid, _NUMBER, ignore_case=True))
            nulls += len(valid) - len(spelt)
            valid = pc.utf8_trim_whitespace(spelt)
        return _floats(valid), nulls
    if pa.types.is_temporal(type_):
        return _seconds(valid), nulls
    if _is_number(type_):
        return _floats(valid), nulls
    return np.empty(0), len(array)


def counted(array: pa.Array) -> tuple[dict[str, int], int]:
    """How often each value occurs, by its text, and how many are null.

    Examples
    --------
    >>> counted(pa.array([True, None, True]))
    ({'true': 2}, 1)
    """
    if pa.types.is_dictionary(array.type):
        indices = array.indices
        valid = indices.drop_null() if indices.null_count else indices
        held = np.bincount(valid.to_numpy(zero_copy_only=False), minlength=len(array.dictionary))
        found = np.flatnonzero(held)
        values = array.dictionary.take(pa.array(found)).to_pylist()
        pairs = zip(values, held[found].tolist(), strict=True)
        counts, nulls = _by_text(pairs)
        return counts, nulls + indices.null_count
    if _is_nested(array.type):
        return {}, len(array)
    entries = array.value_counts()
    return _by_text(zip(entries.field(0).to_pylist(), entries.field(1).to_pylist(), strict=True))


def text_of(value: object) -> str:
    """A category as text: `true`, `1` for 1 and 1.0, everything else as Python writes it.

    >>> text_of(1.0), text_of(True), text_of("a")
    ('1', 'true', 'a')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def codes(array: pa.Array, vocabulary: Mapping[str, int]) -> Ints:
    """The code of each row's value, -1 where it is null and -2 where it is not in `vocabulary`.

    >>> codes(pa.array(["b", None, "z"]), {"a": 0, "b": 1}).tolist()
    [1, -1, -2]
    """
    if _is_nested(array.type):
        return np.full(len(array), -1, dtype=np.int64)
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    texts = [None if v is None else text_of(v) for v in encoded.dictionary.to_pylist()]
    lookup = np.array(
        [-1 if text is None else vocabulary.get(text, -2) for text in texts] + [-1], dtype=np.int64
    )
    indices = (
        encoded.indices.fill_null(len(texts)) if encoded.indices.null_count else encoded.indices
    )
    found: Ints = lookup[indices.to_numpy(zero_copy_only=False)]
    return found


def plain(type_: pa.DataType) -> pa.DataType:
    """The type of the values: a dictionary counts as what it holds.

    Examples
    --------
    >>> plain(pa.dictionary(pa.int32(), pa.string()))
    DataType(string)
    """
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def dtypes_of(schema: pa.Schema) -> dict[str, str]:
    """The plain type of each column, as text."""
    return {field.name: str(plain(field.type)) for field in schema}


def is_measurable(type_: pa.DataType) -> bool:
    """Whether a column of this Arrow type can be measured at all (not nested, not binary)."""
    return not _is_nested(type_)


def _by_text(pairs: object) -> tuple[dict[str, int], int]:
    """Sum counts by text; None is null."""
    counts: dict[str, int] = {}
    nulls = 0
    for value, count in pairs:  # type: ignore[attr-defined]
        if value is None:
            nulls += count
        else:
            text = text_of(value)
            counts[text] = counts.get(text, 0) + count
    return counts, nulls


def _floats(array: pa.Array) -> Floats:
    """Any numeric array without nulls as float64, without a copy where it is that already."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if pa.types.is_float16(array.type):
        half: Floats = array.to_numpy(zero_copy_only=False).astype(np.float64)
        return half
    if pa.types.is_decimal(array.type):
        # Arrow's own cast of decimals is off in the last digit; reading their text rounds right.
        array = array.cast(pa.string())
    if not pa.types.is_float64(array.type):
        array = array.cast(pa.float64(), safe=False)
    values: Floats = array.to_numpy(zero_copy_only=False)
    return values


def _seconds(array: pa.Array) -> Floats:
    """Dates, times and durations as seconds."""
    type_ = array.type
    if pa.types.is_date32(type_):
        days: Ints = array.cast(pa.int32()).to_numpy(zero_copy_only=False)
        return np.multiply(days, 86400.0, dtype=np.float64)
    if pa.types.is_date64(type_):
        millis: Ints = array.cast(pa.int64()).to_numpy(zero_copy_only=False)
        return np.divide(millis, 1000.0, dtype=np.float64)
    if pa.types.is_interval(type_):
        return np.full(len(array), np.nan)
    whole = array.cast(pa.int32() if pa.types.is_time32(type_) else pa.int64())
    ticks: Ints = whole.to_numpy(zero_copy_only=False)
    return np.divide(ticks, _TICKS[type_.unit], dtype=np.float64)


def _is_text(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
    )


def _is_number(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(type_)
        or pa.types.is_floating(type_)
        or pa.types.is_decimal(type_)
        or pa.types.is_boolean(type_)
    )


def _is_nested(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        return _is_nested(type_.value_type)
    return not (
        _is_text(type_)
        or _is_number(type_)
        or pa.types.is_temporal(type_)
        or pa.types.is_null(type_)
    )
