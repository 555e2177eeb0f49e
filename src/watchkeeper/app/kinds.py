"""How each column is measured, where nobody has said it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.core.model import Kind
from watchkeeper.profiles.values import is_measurable, plain

TEXT_DISTINCT = 1000
"""Different values from which a column of strings may be text rather than categories."""

TEXT_SHARE = 0.5
"""Share of values that must differ for that."""

TEXT_LENGTH = 64
"""Mean length in characters above which strings are text in any case."""


def is_text(type_: pa.DataType) -> bool:
    """Whether a column of this type holds strings."""
    type_ = plain(type_)
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(type_) for test in tests)


def is_number(type_: pa.DataType) -> bool:
    """Whether a column of this type holds numbers, truth values not among them."""
    type_ = plain(type_)
    return bool(
        pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    )


def is_moment(type_: pa.DataType) -> bool:
    """Whether a column of this type holds dates or timestamps."""
    type_ = plain(type_)
    return bool(pa.types.is_timestamp(type_) or pa.types.is_date(type_))


def kind_of(values: pa.ChunkedArray) -> Kind | None:
    """The kind of a column, None where it cannot be measured at all (nested, binary).

    Parameters
    ----------
    values
        The column of a sample of the reference.

    Returns
    -------
    Kind or None
        Truth values and strings are categories, as are whole numbers of at most two values;
        strings that nearly all differ, or are long, are text; dates and timestamps are times; any
        other number is numeric.

    Examples
    --------
    >>> str(kind_of(pa.chunked_array([[1, 0, 1]]))), str(kind_of(pa.chunked_array([[1, 2, 3]])))
    ('categorical', 'numeric')
    """
    type_ = plain(values.type)
    if not is_measurable(values.type):
        return None
    if is_text(type_):
        return Kind.TEXT if _is_prose(values) else Kind.CATEGORICAL
    if pa.types.is_boolean(type_) or pa.types.is_null(type_):
        return Kind.CATEGORICAL
    if is_moment(type_):
        return Kind.DATETIME
    if pa.types.is_integer(type_) and distinct(values) <= 2:
        return Kind.CATEGORICAL
    return Kind.NUMERIC


def distinct(values: pa.ChunkedArray) -> int:
    """How many different values there are, nulls not counted."""
    if pa.types.is_dictionary(values.type):
        values = values.unify_dictionaries()
        codes = (chunk.indices for chunk in values.chunks)
        values = pa.chunked_array(codes, type=values.type.index_type)
    if pa.types.is_null(values.type):
        return 0
    found = pc.unique(values)
    return int(len(found) - found.null_count)


def _is_prose(values: pa.ChunkedArray) -> bool:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    valued = len(values) - values.null_count
    if valued == 0:
        return False
    length = pc.mean(pc.utf8_length(values)).as_py()
    many = distinct(values)
    return length > TEXT_LENGTH or (many > TEXT_DISTINCT and many > TEXT_SHARE * valued)
