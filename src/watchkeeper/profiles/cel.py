"""The dialect of row rules: CEL over the columns of a row."""

from __future__ import annotations

from watchkeeper.expressions import parsing
from watchkeeper.expressions.nodes import Call, Items, Literal, Name, Node, Position, walk

FUNCTIONS = (
    "has", "size", "startsWith", "endsWith", "contains", "matches", "timestamp", "duration", "int",
    "double", "string", "reference", "getFullYear", "getMonth", "getDate", "getDayOfMonth",
    "getDayOfWeek", "getHours", "getMinutes", "getSeconds",
)  # fmt: skip
"""What may be called in a rule."""

_ROW = parsing.Dialect(
    FUNCTIONS,
    root="row",
    empty="write a condition over column names, such as price > 0",
    bare='is the whole row; name a column, as in row["price"]',
    member='columns have no fields; a column whose name holds a dot is written row["a.b"]',
    brackets='brackets at {at} are only for columns: row["the name"]',
    objects="use columns, constants, lists and operators",
)


def parse(text: str) -> Node:
    """The tree of a rule.

    Parameters
    ----------
    text
        A CEL expression over column names; `row["odd name"]` where a name is no identifier.

    Raises
    ------
    RuleError
        The text is no CEL, or uses what rules do not support.

    Examples
    --------
    >>> parse("price > 0").name
    '>'
    """
    return parsing.parse(text, _ROW)


def columns_of(text: str) -> tuple[str, ...]:
    """The columns that a rule reads, in the order in which they first occur.

    Examples
    --------
    >>> columns_of('start < row["the end"] && start != null')
    ('start', 'the end')
    """
    found = (node.name for node in walk(parse(text)) if isinstance(node, Name))
    return tuple(dict.fromkeys(found))


__all__ = ["Call", "Items", "Literal", "Name", "Node", "Position", "columns_of", "parse"]
