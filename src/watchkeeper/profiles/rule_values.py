"""The parts of a translated rule: typed values, made from columns and constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from watchkeeper.core.errors import RuleError
from watchkeeper.profiles import cel

if TYPE_CHECKING:
    from ibis.expr.datatypes import DataType

Kind = Literal["truth", "whole", "number", "text", "time", "span"]

KIND_NAMES: dict[Kind, str] = {
    "truth": "a truth value", "whole": "a whole number", "number": "a number", "text": "a text",
    "time": "a time", "span": "a duration",
}  # fmt: skip
"""What to call each kind in an error."""


@dataclass(frozen=True, slots=True)
class Value:
    """A translated part of a rule.

    Attributes
    ----------
    kind
        What CEL would call its type; `whole` is CEL's int, `number` its double.
    expr
        The expression in Ibis. A duration is in microseconds.
    at
        Where it stands in the rule.
    native
        False for a time that was computed: its expression is then in microseconds since 1970.
    aware
        Whether a native time has a zone.
    near
        A whole number's floating-point shadow, from which an overflow is seen before it happens.
    bound
        The largest magnitude that a whole number can have.
    computed
        Whether a number comes from arithmetic and so may be infinity minus infinity.
    """

    kind: Kind
    expr: Any
    at: cel.Position
    native: bool = True
    aware: bool = False
    near: Any = None
    bound: float = 0
    computed: bool = False


def without_nan(number: Any) -> Any:
    """The number, NULL where it is NaN."""
    import ibis  # costs 0.2 s

    return ibis.ifelse(number.isnan(), ibis.null("float64"), number)


def settled(value: Value) -> Any:
    """The expression as it may be compared: infinity minus infinity is unknown, not a number."""
    return without_nan(value.expr) if value.kind == "number" and value.computed else value.expr


def constant(node: cel.Literal) -> Value:
    """A constant of the rule; `RuleError` for null, which has no type."""
    import ibis  # costs 0.2 s

    value = node.value
    if value is None:
        raise RuleError(
            f"null at {node.at} may only be compared with a column: x == null or x != null"
        )
    if isinstance(value, bool):
        return Value("truth", ibis.literal(value), node.at)
    if isinstance(value, int):
        shadow = ibis.literal(float(value), type="float64")
        whole = ibis.literal(value, type="int64")
        return Value("whole", whole, node.at, near=shadow, bound=abs(value))
    if isinstance(value, float):
        return Value("number", ibis.literal(value, type="float64"), node.at)
    return Value("text", ibis.literal(value), node.at)


def column(node: cel.Name, raw: Any) -> Value:
    """A column by its type; NaN is missing, as everywhere in Watchkeeper."""
    type_: DataType = raw.type()
    at = node.at
    if type_.is_boolean():
        return Value("truth", raw, at)
    if type_.is_integer() and not type_.is_uint64():
        bound = 2 ** (8 * type_.nbytes - (0 if type_.is_unsigned_integer() else 1))
        return Value("whole", raw.cast("int64"), at, near=raw.cast("float64"), bound=bound)
    if type_.is_numeric():
        number = raw.cast("float64")
        return Value("number", without_nan(number) if type_.is_floating() else number, at)
    if type_.is_string() or type_.is_uuid():
        return Value("text", raw if type_.is_string() else raw.cast("string"), at)
    if type_.is_date():
        return Value("time", raw.cast("timestamp"), at)
    if type_.is_timestamp():
        return Value("time", raw, at, aware=type_.timezone is not None)
    raise RuleError(
        f"the column {node.name!r} at {at} is of type {type_}, which rules cannot use; they use "
        "numbers, texts, truth values, dates and timestamps"
    )


def alike(left: Value, right: Value, node: cel.Call, what: str) -> tuple[Value, Value]:
    """Both sides as one kind: whole numbers become numbers, times are put on one clock."""
    if {left.kind, right.kind} == {"whole", "number"}:
        return as_number(left), as_number(right)
    if left.kind != right.kind:
        raise RuleError(
            f"{what} at {node.at} do not fit together: {KIND_NAMES[left.kind]} and "
            f"{KIND_NAMES[right.kind]}; convert one with int(), double(), string() or timestamp()"
        )
    clocks = (left.native, left.aware) == (right.native, right.aware)
    if left.kind == "time" and not clocks:
        return on_clock(left), on_clock(right)
    return left, right


def as_number(value: Value) -> Value:
    """A whole number as a number, a number as it is."""
    if value.kind == "number":
        return value
    return Value("number", value.expr.cast("float64"), value.at, computed=value.computed)


def on_clock(value: Value) -> Value:
    """A time as microseconds since 1970; one without a zone is UTC."""
    if not value.native:
        return value
    whole = value.expr.truncate("s").epoch_seconds().cast("int64") * 1_000_000
    micros = whole + value.expr.microsecond().cast("int64")
    return Value("time", micros, value.at, native=False)
