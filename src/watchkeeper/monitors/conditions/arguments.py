"""What stands in the parentheses of functions, and the words of errors about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.expressions.nodes import Call, Literal, Name, Node
from watchkeeper.expressions.parsing import ExpressionError
from watchkeeper.monitors.conditions.dialect import write
from watchkeeper.monitors.conditions.plan import Level

USES = {
    "abs": "abs(change)", "min": "min(a, b)", "max": "max(a, b)",
    "absent": 'absent(volume, "15m")', "anomaly": 'anomaly(volume) or anomaly(volume, "critical")',
    "burn_rate": 'burn_rate(availability, "1h")', "change": 'change(f1, "7d")',
    "count": "count(features, psi > 0.25)", "delta": 'delta(f1, "7d")', "high": "high(accuracy)",
    "low": "low(accuracy)", "over": 'over(f1, "6h")', "rows": "rows(accuracy)",
}  # fmt: skip
"""Every function of the language, and how it is called."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the functions around a metric make of it: `over`, `change` and `delta`, `count`."""

    window: timedelta | None = None
    offset: timedelta = timedelta()
    each: bool = False


def refusal(node: Node, told: str, rest: str = "") -> ExpressionError:
    """An error at a part of the text."""
    return ExpressionError(f"{told} at {node.at}{rest}", node.at)


def check_arity(node: Call, least: int, most: int) -> None:
    """Refuse a call of a function with too few or too many arguments."""
    count = len(node.arguments)
    if not least <= count <= most:
        found = f"{count} argument{'' if count == 1 else 's'}"
        raise refusal(node, f"{node.name}() does not take {found}", f"; write {USES[node.name]}")


def text_of(node: Node) -> str | None:
    """The text of a constant, or of a name that stands for itself."""
    if isinstance(node, Name) and not node.of:
        return node.name
    if isinstance(node, Literal) and isinstance(node.value, str):
        return node.value
    return None


def length_of(node: Node) -> timedelta:
    """A length of time in quotes, longer than none."""
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        raise refusal(
            node, f"{write(node)} is no length of time", '; write it in quotes, as in "1h"'
        )
    try:
        length = parse_duration(node.value)
    except InputError as error:
        raise refusal(node, str(error)) from error
    if not length:
        raise refusal(node, f"{write(node)} is no time at all", '; write a length such as "1h"')
    return length


def level_of(node: Call) -> Level:
    """How far out an anomaly must be, as `anomaly(x, "critical")` says."""
    if len(node.arguments) == 1:
        return "warning"
    level = text_of(node.arguments[1])
    if level in ("warning", "critical"):
        return "critical" if level == "critical" else "warning"
    hint = suggest(level or "", ("warning", "critical"))
    raise refusal(node.arguments[1], 'a level is "warning" or "critical"', hint)


def kind_of(node: Node) -> str:
    """What a part is, for errors: `0.9 is a number`."""
    if isinstance(node, Literal):
        kinds = {str: "a text", bool: "a truth value", type(None): "no value"}
        return f"{write(node)} is {kinds.get(type(node.value), 'a number')}"
    return f"{write(node)} is a number" if isinstance(node, Name | Call) else "this is a list"
