"""Row rules, patterns and lengths: counted by the engine in one query.

A check is a condition over a table; a tally says on how many rows it failed and on how many it
could not be decided. Names say what a check belongs to: `rule:<name>`, `rules` for all rules at
once, `pattern:<column>`, `length:<column>`, and `form:<column>` where a column has both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from operator import and_
from typing import TYPE_CHECKING, Any, TypeAlias

from watchkeeper.core.errors import RuleError
from watchkeeper.core.model import Column, Constraint, Kind, Model, Role, Rule
from watchkeeper.profiles.categorical import CATEGORIES, Vocabulary
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.patterns import whole
from watchkeeper.profiles.profile import Tally
from watchkeeper.profiles.rules import translate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Check: TypeAlias = "Callable[[ir.Table], ir.BooleanValue]"
"""A condition that each row of a table satisfies, fails, or leaves open (NULL)."""

_ROWS = "__rows"
_NULLS = {Kind.NUMERIC: "float64", Kind.DATETIME: "timestamp"}
"""Types of columns that are not there."""


def checks_of(
    model: Model, columns: Iterable[str], *, reference: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Check]:
    """Everything about a model that has to be counted by query.

    Parameters
    ----------
    model
        Its rules and the patterns and lengths of its columns.
    columns
        The columns that the data has; patterns and lengths of others are left out, since the
        schema check reports them.
    reference
        Categories of the reference by column, see `reference_values`.

    Examples
    --------
    >>> from watchkeeper.core.model import Kind
    >>> mail = Column("mail", Kind.TEXT, constraint=Constraint(pattern="email"))
    >>> list(checks_of(Model("m", (mail,), rules=(Rule("there", "mail != null"),)), ["mail"]))
    ['rule:there', 'pattern:mail']
    """
    present = set(columns)
    absent = {
        column.name: _NULLS.get(column.kind, "string")
        for column in model.columns
        if column.name not in present
    }
    checks: dict[str, Check] = {
        f"rule:{rule.name}": partial(_rule, rule, reference or {}, absent) for rule in model.rules
    }
    if len(model.rules) > 1:
        checks["rules"] = partial(_every, tuple(checks.values()))
    for column in model.columns:
        if column.name in present and column.role is not Role.IGNORED:
            checks |= _form_checks(column)
    return checks


def reference_values(layout: Layout) -> dict[str, tuple[str, ...]]:
    """The categories that the reference holds, of each column whose list is complete."""
    return {
        name: axis.values
        for name, axis in layout.axes.items()
        if isinstance(axis, Vocabulary) and len(axis.values) < CATEGORIES
    }


def tally_query(
    table: ir.Table, checks: Mapping[str, Check], *, by: Sequence[str] = ()
) -> ir.Table:
    """The query that counts all checks at once.

    Parameters
    ----------
    table
        The rows.
    checks
        Conditions by name.
    by
        Columns that group the rows; none for one tally of all rows.

    Returns
    -------
    ibis.expr.types.Table
        A row for each group: its keys, its rows, and for each check two counts. `read_tallies`
        makes tallies of it.

    Raises
    ------
    RuleError
        A rule does not fit the columns of the table.
    """
    counts: dict[str, Any] = {_ROWS: table.count()}
    for index, check in enumerate(checks.values()):
        holds = check(table)
        # What is neither is unknown. `holds.isnull()` is not asked: of a negation it becomes
        # `NOT x IS NULL`, which SQL reads as the negation of `x IS NULL`.
        counts[f"__failed_{index}"] = _rows_where(~holds, table)
        counts[f"__held_{index}"] = _rows_where(holds, table)
    return table.group_by(list(by)).aggregate(**counts) if by else table.aggregate(**counts)


def _rows_where(holds: Any, table: ir.Table) -> Any:
    """How many rows satisfy a condition; one that names no column says the same of each."""
    return holds.sum() if hasattr(holds, "sum") else table.count() * holds.cast("int64")


def read_tallies(
    result: pa.Table, checks: Iterable[str], *, by: Sequence[str] = ()
) -> dict[tuple[Any, ...], dict[str, Tally]]:
    """The tallies in the result of `tally_query`, by the values of the group's keys.

    Parameters
    ----------
    result
        What the engine answered.
    checks
        The names of the checks, in the order of the query.
    by
        The columns that grouped the rows; without them there is one key, the empty tuple.
    """
    names = list(checks)
    return {
        tuple(row[key] for key in by): {
            name: Tally(
                rows := int(row[_ROWS]),
                failed := int(row[f"__failed_{index}"] or 0),
                rows - failed - int(row[f"__held_{index}"] or 0),
            )
            for index, name in enumerate(names)
        }
        for row in result.to_pylist()
    }


def _rule(
    rule: Rule,
    reference: Mapping[str, Sequence[str]],
    absent: Mapping[str, str],
    table: ir.Table,
) -> ir.BooleanValue:
    """A rule; what the data lack of the model's columns is missing in each row, and no error."""
    try:
        return translate(rule.expression, table, reference=reference, absent=absent)
    except RuleError as error:
        raise RuleError(f"rule {rule.name!r}: {error}") from error


def _every(checks: Sequence[Check], table: ir.Table) -> ir.BooleanValue:
    """All conditions at once: failed where one is, else unknown where one is."""
    return reduce(and_, (check(table) for check in checks))


def _form_checks(column: Column) -> dict[str, Check]:
    """The pattern and the lengths of a column."""
    limit, name = column.constraint, column.name
    checks: dict[str, Check] = {}
    if limit.pattern is not None:
        checks[f"pattern:{name}"] = partial(_pattern, name, whole(limit.pattern))
    if limit.min_length is not None or limit.max_length is not None:
        checks[f"length:{name}"] = partial(_length, name, limit)
    if len(checks) == 2:
        checks[f"form:{name}"] = partial(_every, tuple(checks.values()))
    return checks


def _text(name: str, table: ir.Table) -> Any:
    column = table[name]
    return column if column.type().is_string() else column.cast("string")


def _pattern(name: str, expression: str, table: ir.Table) -> ir.BooleanValue:
    return _text(name, table).re_search(expression)


def _length(name: str, limit: Constraint, table: ir.Table) -> ir.BooleanValue:
    length = _text(name, table).length()
    bounds = []
    if limit.min_length is not None:
        bounds.append(length >= limit.min_length)
    if limit.max_length is not None:
        bounds.append(length <= limit.max_length)
    return reduce(and_, bounds)
