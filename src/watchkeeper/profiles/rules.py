"""Row rules in CEL, translated to a boolean expression that the engine evaluates.

The standard decides what a rule means, with one reading that databases share: a missing value is
an absent field. To use it is an error in CEL, and an error that `&&`, `||` and `?:` do not absorb
leaves the row *unknown*, which is SQL's NULL. `docs/reference/rules.md` has the whole table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import TYPE_CHECKING, Any

from watchkeeper.core.errors import RuleError
from watchkeeper.expressions.hints import suggest
from watchkeeper.profiles import cel
from watchkeeper.profiles.rule_arithmetic import arithmetic
from watchkeeper.profiles.rule_functions import apply
from watchkeeper.profiles.rule_values import (
    KIND_NAMES,
    Kind,
    Value,
    alike,
    column,
    constant,
    settled,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne,
}  # fmt: skip


def translate(
    text: str,
    table: ir.Table,
    *,
    reference: Mapping[str, Sequence[str]] | None = None,
    absent: Mapping[str, str] | None = None,
) -> ir.BooleanValue:
    """A rule as a boolean expression over a table.

    Parameters
    ----------
    text
        The rule, a CEL expression over column names.
    table
        The rows; its schema decides the types.
    reference
        The categories that the reference holds, by column, for `x in reference("column")`.
    absent
        Columns that the table lacks and that count as missing in each row, with their types.

    Returns
    -------
    ibis.expr.types.BooleanValue
        True where the rule holds, False where it fails, NULL where it is unknown.

    Raises
    ------
    RuleError
        The rule cannot be parsed, names an unknown column, or mixes types.

    Examples
    --------
    >>> import ibis
    >>> rows = ibis.table({"start": "date", "end": "date"}, name="rows")
    >>> translate("start <= end", rows).type().is_boolean()
    True
    """
    scope = _Scope(table, dict(reference or {}), dict(absent or {}))
    result = _translate(cel.parse(text), scope)
    if result.kind != "truth":
        raise RuleError(
            f"the rule {text!r} gives {KIND_NAMES[result.kind]}; a rule is a condition, such as "
            "price > 0"
        )
    return result.expr


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a rule may refer to."""

    table: ir.Table
    reference: Mapping[str, Sequence[str]]
    absent: Mapping[str, str]

    def column(self, node: cel.Name) -> Any:
        """The raw column of that name."""
        names = list(self.table.columns)
        if node.name not in names and node.name in self.absent:
            import ibis

            # A bare NULL would be one value; what is counted is a value for each row.
            nothing = ibis.null(self.absent[node.name])
            return ibis.ifelse(self.table[names[0]].isnull(), nothing, nothing)
        if node.name not in names:
            raise RuleError(
                f"the rule names the column {node.name!r} at {node.at}, which is not in the data"
                f"{suggest(node.name, names) or '; columns are ' + _listed(names)}"
            )
        return self.table[node.name]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _translate(node: cel.Node, scope: _Scope) -> Value:
    if isinstance(node, cel.Literal):
        return constant(node)
    if isinstance(node, cel.Name):
        return column(node, scope.column(node))
    if isinstance(node, cel.Items):
        raise RuleError(f"the list at {node.at} may only stand on the right of `in`")
    return _OPERATIONS.get(node.name, _function)(node, scope)


def _logic(node: cel.Call, scope: _Scope) -> Value:
    if node.name == "?:":
        return _choice(node, scope)
    values = [_translate(argument, scope) for argument in node.arguments]
    for value in values:
        if value.kind != "truth":
            raise RuleError(
                f"{node.name} at {node.at} needs truth values, at {value.at} stands "
                f"{KIND_NAMES[value.kind]}; compare it with something"
            )
    if node.name == "!":
        return Value("truth", ~values[0].expr, node.at)
    join = and_ if node.name == "&&" else or_
    return Value("truth", reduce(join, (value.expr for value in values)), node.at)


def _choice(node: cel.Call, scope: _Scope) -> Value:
    """`c ? a : b`; a simple CASE names the condition once and leaves an unknown one NULL."""
    condition, yes, no = (_translate(argument, scope) for argument in node.arguments)
    if condition.kind != "truth":
        raise RuleError(f"what stands before ? at {node.at} must be a truth value")
    yes, no = alike(yes, no, node, "both results of ?:")
    expr = condition.expr.cases((True, yes.expr), (False, no.expr))
    near = None if yes.near is None else condition.expr.cases((True, yes.near), (False, no.near))
    return Value(
        yes.kind, expr, node.at, native=yes.native, aware=yes.aware, near=near,
        bound=max(yes.bound, no.bound), computed=yes.computed or no.computed,
    )  # fmt: skip


def _comparison(node: cel.Call, scope: _Scope) -> Value:
    if any(isinstance(part, cel.Literal) and part.value is None for part in node.arguments):
        return _null_test(node, scope)
    left, right = (_translate(argument, scope) for argument in node.arguments)
    if "truth" in {left.kind, right.kind} and node.name not in {"==", "!="}:
        raise RuleError(
            f"{node.name} at {node.at} cannot order truth values; join comparisons with &&, as in "
            "a < b && b < c"
        )
    left, right = alike(left, right, node, f"the two sides of {node.name}")
    return Value("truth", _COMPARE[node.name](settled(left), settled(right)), node.at)


def _null_test(node: cel.Call, scope: _Scope) -> Value:
    """`x == null` and `x != null`, which are always decided."""
    names = [part for part in node.arguments if isinstance(part, cel.Name)]
    if node.name not in {"==", "!="} or not names:
        raise RuleError(
            f"null at {node.at} may only be compared with a column: x == null or x != null"
        )
    missing = column(names[0], scope.column(names[0])).expr.isnull()
    return Value("truth", missing if node.name == "==" else ~missing, node.at)


def _membership(node: cel.Call, scope: _Scope) -> Value:
    """`x in [constants]` and `x in reference("column")`."""
    needle = _translate(node.arguments[0], scope)
    where = node.arguments[1]
    if isinstance(where, cel.Call) and where.name == "reference":
        return _in_reference(needle, where, scope)
    if not isinstance(where, cel.Items):
        raise RuleError(
            f'after `in` at {node.at} stands a list of constants or reference("column"); for a '
            'part of a text write x.contains("part")'
        )
    if not where.items:
        raise RuleError(f"the list at {where.at} is empty; name the allowed values")
    allowed = []
    for item in where.items:
        if not isinstance(item, cel.Literal) or item.value is None:
            raise RuleError(
                f"the list at {where.at} may hold only constants without null; write "
                "x == a || x == null"
            )
        alike(needle, constant(item), node, "the value and the list of `in`")
        allowed.append(item.value)
    return Value("truth", settled(needle).isin(allowed), node.at)


def _in_reference(needle: Value, call: cel.Call, scope: _Scope) -> Value:
    argument = call.arguments[0] if len(call.arguments) == 1 else None
    if not isinstance(argument, cel.Literal) or not isinstance(argument.value, str):
        raise RuleError(f'reference() at {call.at} takes one column name: reference("country")')
    known = scope.reference.get(argument.value)
    if known is None:
        raise RuleError(
            f"reference({argument.value!r}) at {call.at}: the reference holds no complete list of "
            "categories of that column; it must be categorical, with fewer than 1000 values"
            f"{suggest(argument.value, list(scope.reference))}"
        )
    convert: dict[Kind, Callable[[str], Any]] = {
        "text": str, "whole": int, "number": float, "truth": lambda text: text == "true",
    }  # fmt: skip
    if needle.kind not in convert:
        found = KIND_NAMES[needle.kind]
        raise RuleError(f"{found} at {needle.at} cannot be looked up in a reference")
    try:
        values = [convert[needle.kind](value) for value in known]
    except ValueError as error:
        raise RuleError(
            f"the value at {needle.at} is {KIND_NAMES[needle.kind]}, the reference's "
            f"{argument.value!r} is not: {error}"
        ) from error
    return Value("truth", settled(needle).isin(values), call.at)


def _function(node: cel.Call, scope: _Scope) -> Value:
    if node.name == "has":
        if len(node.arguments) != 1 or not isinstance(node.arguments[0], cel.Name):
            raise RuleError(f"has() at {node.at} takes one column: has(price)")
        name = node.arguments[0]
        return Value("truth", ~column(name, scope.column(name)).expr.isnull(), node.at)
    return apply(node, [_translate(a, scope) for a in node.arguments])


def _calculation(node: cel.Call, scope: _Scope) -> Value:
    return arithmetic(node, [_translate(argument, scope) for argument in node.arguments])


_OPERATIONS: dict[str, Callable[[cel.Call, _Scope], Value]] = {
    **dict.fromkeys(("&&", "||", "!", "?:"), _logic),
    **dict.fromkeys(_COMPARE, _comparison),
    **dict.fromkeys(("+", "-", "*", "/", "%", "neg"), _calculation),
    "in": _membership,
}
