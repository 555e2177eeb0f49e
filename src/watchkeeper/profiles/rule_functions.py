"""The functions that a rule may call."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from watchkeeper.core.errors import RuleError
from watchkeeper.profiles import cel
from watchkeeper.profiles.patterns import portable
from watchkeeper.profiles.rule_arithmetic import SAFE
from watchkeeper.profiles.rule_values import KIND_NAMES, Kind, Value, settled

_WHOLE = "^[+-]?[0-9]{1,18}$"
_NUMBER = r"^[+-]?([0-9]{1,40}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_MICROS = {
    "ns": 1e-3, "us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9,
}  # fmt: skip
_PARTS: dict[str, Callable[[Any], Any]] = {
    "getFullYear": lambda time: time.year(),
    "getMonth": lambda time: time.month() - 1,
    "getDate": lambda time: time.day(),
    "getDayOfMonth": lambda time: time.day() - 1,
    "getDayOfWeek": lambda time: (time.day_of_week.index() + 1) % 7,
    "getHours": lambda time: time.hour(),
    "getMinutes": lambda time: time.minute(),
    "getSeconds": lambda time: time.second(),
}
"""Parts of a time, counted as CEL counts them: months, days of month and of week from 0."""


def apply(node: cel.Call, values: list[Value]) -> Value:
    """The call of a function on translated arguments.

    Raises
    ------
    RuleError
        The number or the kinds of the arguments do not fit.
    """
    name = node.name
    if name in {"startsWith", "endsWith", "contains", "matches"}:
        return _text_test(node, values)
    if name in {"timestamp", "duration"}:
        return _moment(node, values)
    kinds: dict[str, tuple[Kind, ...]] = {
        "size": ("text",),
        "int": ("whole", "number", "text", "time", "truth"),
        "double": ("number", "whole", "text"),
        "string": ("text", "whole", "truth"),
    }
    wanted = kinds.get(name, ("time",))
    if name == "reference":
        raise RuleError(f'reference() at {node.at} stands after `in`: x in reference("x")')
    if len(values) != 1 or values[0].kind not in wanted:
        found = ", ".join(KIND_NAMES[value.kind] for value in values) or "nothing"
        allowed = " or ".join(KIND_NAMES[kind] for kind in wanted)
        raise RuleError(f"{name}() at {node.at} takes {allowed}, there is {found}")
    if name in _PARTS:
        return _part(node, values[0])
    if name == "size":
        return _whole(values[0].expr.length(), node, 2.0**31)
    return {"int": _to_whole, "double": _to_number, "string": _to_text}[name](node, values[0])


def _text_test(node: cel.Call, values: list[Value]) -> Value:
    if len(values) != 2 or {value.kind for value in values} != {"text"}:
        found = ", ".join(KIND_NAMES[value.kind] for value in values)
        raise RuleError(
            f'{node.name}() at {node.at} takes a text and one more, as in name.{node.name}("x"); '
            f"there is {found}"
        )
    text, other = values[0].expr, values[1].expr
    if node.name == "matches":
        pattern = node.arguments[1]
        if not isinstance(pattern, cel.Literal) or not isinstance(pattern.value, str):
            raise RuleError(f"the pattern of matches() at {node.at} must be a constant text")
        return Value("truth", text.re_search(portable(pattern.value)), node.at)
    tests: dict[str, Callable[[], Any]] = {
        "startsWith": lambda: text.startswith(other),
        "endsWith": lambda: text.endswith(other),
        "contains": lambda: text.contains(other),
    }
    return Value("truth", tests[node.name](), node.at)


def _moment(node: cel.Call, values: list[Value]) -> Value:
    """`timestamp("2024-01-01T00:00:00Z")`, `timestamp(column)` and `duration("1h30m")`."""
    import ibis  # costs 0.2 s

    if node.name == "timestamp" and len(values) == 1 and values[0].kind == "time":
        return values[0]
    argument = node.arguments[0] if len(values) == 1 else None
    if not isinstance(argument, cel.Literal) or not isinstance(argument.value, str):
        example = "2024-01-01T00:00:00Z" if node.name == "timestamp" else "1h30m"
        raise RuleError(f'{node.name}() at {node.at} takes one text: {node.name}("{example}")')
    if node.name == "duration":
        micros = span(argument.value, node.at)
        return Value("span", ibis.literal(micros, type="int64"), node.at)
    try:
        time = datetime.fromisoformat(argument.value)
    except ValueError as error:
        raise RuleError(
            f"timestamp({argument.value!r}) at {node.at} is no time; write it as "
            '"2024-01-01T00:00:00Z"'
        ) from error
    utc = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    return Value("time", ibis.literal(utc, type="timestamp"), node.at)


def span(text: str, at: cel.Position) -> int:
    """A duration as CEL writes it, in microseconds.

    Raises
    ------
    RuleError
        The text is no duration.

    Examples
    --------
    >>> span("1h30m", cel.Position(1, 1))
    5400000000
    """
    body = text.removeprefix("-").removeprefix("+")
    parts = _SPAN.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body:
        raise RuleError(
            f"duration({text!r}) at {at} is no duration; write numbers with h, m, s, ms, us or "
            'ns, as in "1h30m"'
        )
    micros = round(sum(float(number) * _MICROS[unit] for number, unit in parts))
    return -micros if text.startswith("-") else micros


def _part(node: cel.Call, value: Value) -> Value:
    if not value.native:
        raise RuleError(
            f"{node.name}() at {node.at} works on a time column, not on a time that was computed"
        )
    return _whole(_PARTS[node.name](value.expr), node, 2.0**31)


def _whole(expr: Any, node: cel.Call, bound: float) -> Value:
    exact = expr.cast("int64")
    return Value("whole", exact, node.at, near=exact.cast("float64"), bound=bound)


def _to_whole(node: cel.Call, value: Value) -> Value:
    """Towards zero; what is no whole number of 64 bits is unknown."""
    import ibis  # costs 0.2 s

    expr, nothing = value.expr, ibis.null("int64")
    if value.kind == "whole":
        return value
    if value.kind == "truth":
        return _whole(expr, node, 1.0)
    if value.kind == "time":
        if value.native:
            return _whole(expr.truncate("s").epoch_seconds(), node, 2.0**53)
        raise RuleError(f"int() at {node.at} works on a time column, not on one that was computed")
    if value.kind == "text":
        whole = ibis.ifelse(expr.re_search(_WHOLE), expr, ibis.null("string"))
        return _whole(whole, node, 1e18)
    number = settled(value)
    inside = ibis.ifelse(number.abs() < SAFE, number, ibis.null("float64"))
    towards_zero = ibis.ifelse(inside < 0, inside.ceil(), inside.floor())
    return _whole(ibis.ifelse(inside.isnull(), nothing, towards_zero.cast("int64")), node, SAFE)


def _to_number(node: cel.Call, value: Value) -> Value:
    import ibis  # costs 0.2 s

    if value.kind == "text":
        spelt = ibis.ifelse(value.expr.re_search(_NUMBER), value.expr, ibis.null("string"))
        return Value("number", spelt.cast("float64"), node.at)
    return Value("number", value.expr.cast("float64"), node.at, computed=value.computed)


def _to_text(node: cel.Call, value: Value) -> Value:
    return Value("text", value.expr.cast("string"), node.at)
