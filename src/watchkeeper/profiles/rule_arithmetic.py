"""Arithmetic in rules: 64-bit as CEL has it, and never an error that stops the query."""

from __future__ import annotations

from typing import Any

from watchkeeper.core.errors import RuleError
from watchkeeper.profiles import cel
from watchkeeper.profiles.rule_values import KIND_NAMES, Value, as_number, on_clock

_INT64 = 2**63
SAFE = 9.2e18
"""Whole numbers of a magnitude below this fit into 64 bits, floating-point error included."""

_EXACT = 2**53


def arithmetic(node: cel.Call, values: list[Value]) -> Value:
    """`+ - * / %` and the minus sign on translated operands.

    Raises
    ------
    RuleError
        The kinds of the operands do not fit.
    """
    kinds = {value.kind for value in values}
    if kinds & {"time", "span"}:
        return _time_arithmetic(node, values)
    if kinds == {"text"} and node.name == "+":
        return Value("text", values[0].expr + values[1].expr, node.at)
    if not kinds <= {"whole", "number"}:
        found = " and ".join(KIND_NAMES[value.kind] for value in values)
        raise RuleError(f"{node.name} at {node.at} needs numbers, there are {found}")
    if kinds == {"whole"}:
        return _whole_arithmetic(node, values)
    if node.name == "%":
        raise RuleError(f"% at {node.at} needs whole numbers; use int()")
    first, *rest = (as_number(value).expr for value in values)
    result = -first if not rest else _calculate(node.name, first, rest[0])
    return Value("number", result, node.at, computed=True)


def _calculate(name: str, left: Any, right: Any) -> Any:
    """Floating-point arithmetic; a division by zero is unknown, since engines disagree on it."""
    match name:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right.nullif(0.0)


def _whole_arithmetic(node: cel.Call, values: list[Value]) -> Value:
    """64-bit arithmetic; an overflow and a division by zero are unknown."""
    left, *others = values
    if not others:
        return _guarded(-left.expr, -left.near, left.bound, node)
    right = others[0]
    if node.name in {"/", "%"}:
        return _division(node, left, right)
    bound = left.bound * right.bound if node.name == "*" else left.bound + right.bound
    exact = _calculate(node.name, left.expr, right.expr)
    return _guarded(exact, _calculate(node.name, left.near, right.near), bound, node)


def _guarded(exact: Any, near: Any, bound: float, node: cel.Call) -> Value:
    """The result, unknown where its floating-point shadow says that it leaves 64 bits."""
    import ibis  # costs 0.2 s

    if bound >= _INT64:
        exact = ibis.ifelse(near.abs() < SAFE, exact, ibis.null("int64"))
        bound = _INT64 - 1
    return Value("whole", exact, node.at, near=near, bound=bound)


def _division(node: cel.Call, left: Value, right: Value) -> Value:
    """Truncated division and its remainder, exact beyond 2**53 through one correction step."""
    divisor = right.expr.nullif(0)
    rest = left.expr % divisor
    if node.name == "%":
        return Value("whole", rest, node.at, near=rest.cast("float64"), bound=right.bound)
    dividend = left.expr - rest
    quotient = (dividend / divisor).cast("int64")
    if left.bound > _EXACT:
        import ibis  # costs 0.2 s

        inside = ibis.ifelse(left.near.abs() < SAFE, quotient, ibis.null("int64"))
        quotient = inside + ((dividend - inside * divisor) / divisor).cast("int64")
    return Value("whole", quotient, node.at, near=quotient.cast("float64"), bound=left.bound)


def _time_arithmetic(node: cel.Call, values: list[Value]) -> Value:
    kinds = tuple(value.kind for value in values)
    if kinds == ("time", "time") and node.name == "-":
        return Value("span", on_clock(values[0]).expr - on_clock(values[1]).expr, node.at)
    if kinds == ("span", "span") and node.name in {"+", "-"}:
        return Value("span", _calculate(node.name, values[0].expr, values[1].expr), node.at)
    moved = kinds == ("time", "span") and node.name in {"+", "-"}
    if moved or (kinds == ("span", "time") and node.name == "+"):
        first, second = (on_clock(v).expr if v.kind == "time" else v.expr for v in values)
        return Value("time", _calculate(node.name, first, second), node.at, native=False)
    found = " and ".join(KIND_NAMES[value.kind] for value in values)
    raise RuleError(
        f"{node.name} at {node.at} does not work on {found}; a duration can be added to or taken "
        "from a time, and two times give a duration"
    )
