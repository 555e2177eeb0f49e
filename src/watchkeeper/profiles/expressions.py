"""The columns of a database table as the numbers, categories and segments that a profile counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt
import numpy as np

from watchkeeper.core.model import Kind
from watchkeeper.profiles.values import text_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from watchkeeper.profiles.engine import QueryEngine


def plain(table: ir.Table, engine: QueryEngine) -> ir.Table:
    """The table with every column as `plain_column` gives it."""
    return table.select(**{name: plain_column(table, name, engine) for name in table.columns})


def plain_column(table: ir.Table, name: str, engine: QueryEngine) -> ir.Value:
    """One column of the table, as the type that the kernel sees.

    Decimals without a declared scale become float64; identifiers, JSON and network addresses
    become text, and so does whatever the engine has that only looks like text.
    """
    column = table[name]
    dtype = column.type()
    if isinstance(dtype, dt.Decimal) and dtype.scale is None:
        return column.cast("float64")
    if dtype.is_uuid() or dtype.is_json() or dtype.is_inet() or dtype.is_macaddr():
        return column.cast("string")
    return engine.text(column) if dtype.is_string() else column


def number(value: ir.Value, kind: Kind, engine: QueryEngine) -> ir.FloatingValue | None:
    """The column as float64, as `values.numbers` has it.

    Returns
    -------
    ibis.FloatingValue | None
        None where SQL cannot say it: text that spells numbers.
    """
    dtype = value.type()
    if dtype.is_string():
        return value.length().cast("float64") if kind is Kind.TEXT else None
    if dtype.is_boolean():
        # From integers: 1.0 is a numeric in some databases, and Ibis would leave out the cast.
        return ibis.cases((value, 1), (~value, 0)).cast("float64")
    if isinstance(dtype, dt.Decimal):
        return engine.decimal(value)
    if dtype.is_numeric():
        return value.cast("float64")
    if dtype.is_interval():
        return ibis.cases((value.notnull(), float("nan"))).cast("float64")
    return engine.seconds(value) if dtype.is_temporal() else ibis.null("float64")


def has_only_finite(dtype: dt.DataType, kind: Kind) -> bool:
    """Whether values of this type are never NaN or infinite."""
    length = dtype.is_string() and kind is Kind.TEXT
    return bool(dtype.is_integer() or dtype.is_boolean() or length)


def is_bounded(dtype: dt.DataType, kind: Kind) -> bool:
    """Whether finite values of this type are neither huge nor, unless 0, tiny."""
    return bool(has_only_finite(dtype, kind) or dtype.is_temporal() or dtype.is_decimal())


def is_costly(dtype: dt.DataType) -> bool:
    """Whether making a number of such a value costs more than adding a few up."""
    return bool(dtype.is_temporal() or dtype.is_decimal() or dtype.is_string())


def is_category(dtype: dt.DataType) -> bool:
    """Whether values of this type count as categories; nested and binary ones do not."""
    simple = dtype.is_numeric() or dtype.is_string() or dtype.is_temporal() or dtype.is_interval()
    return bool(simple or dtype.is_boolean())


def segment_code(
    table: ir.Table, name: str | None, values: tuple[str, ...], engine: QueryEngine
) -> ir.IntegerValue:
    """The segment of each row as `values.codes` has it: an index, -1 for null, -2 for others.

    Parameters
    ----------
    table
        The rows.
    name
        The segment column; None puts all rows into segment 0.
    values
        The values that have a segment of their own, as text.
    """
    if name is None:
        return ibis.literal(0, "int32")
    column = plain_column(table, name, engine) if name in table.columns else None
    if column is None or not is_category(column.type()):
        return ibis.literal(-1, "int32")
    cases = [(column.isnull(), ibis.literal(-1, "int32"))]
    for code, held in _constants(table.select(value=column), values, engine):
        cases.append((column == ibis.literal(held, column.type()), ibis.literal(code, "int32")))
    return ibis.cases(*cases, else_=ibis.literal(-2, "int32"))


def _constants(
    column: ir.Table, values: tuple[str, ...], engine: QueryEngine
) -> list[tuple[int, object]]:
    """The constants of the column's own type whose text is among `values`, with its index.

    Text stands for itself and an integer for its digits. Which numbers, days or times have a
    given text is asked of the column: several may, and spelling them here would be guessing.
    """
    value = column["value"]
    dtype = value.type()
    if dtype.is_string():
        # No database that is queried holds a NUL character in text that came from elsewhere.
        return [(code, text) for code, text in enumerate(values) if "\0" not in text]
    if dtype.is_integer():
        bounds = np.iinfo(str(dtype.copy(nullable=True)).lower())
        return [
            (code, int(text))
            for code, text in enumerate(values)
            if _spells_integer(text) and bounds.min <= int(text) <= bounds.max
        ]
    index = {text: code for code, text in enumerate(values)}
    held = engine.run(column.filter(value.notnull()).distinct())["value"].to_pylist()
    return [(index[text_of(value)], value) for value in held if text_of(value) in index]


def _spells_integer(text: str) -> bool:
    """Whether the text is how an integer is written: `7`, not `07` or `+7`.

    >>> _spells_integer("-7"), _spells_integer("07")
    (True, False)
    """
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and str(int(text)) == text
