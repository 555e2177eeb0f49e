"""Numbers at many times, with their intervals, the rows behind them, and arithmetic on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from watchkeeper.monitors.source import Counts, Floats

NOTHING: Floats = np.array(np.nan)
"""No number at any time."""


def nothing() -> Floats:
    """No number at any time, as the default of a field."""
    return NOTHING


@dataclass(frozen=True, slots=True)
class Number:
    """A number at each time; arrays may be of no dimension where all times have the same.

    Attributes
    ----------
    value
        NaN where there is none.
    low, high
        The ends of its interval, NaN where there is none.
    rows
        The rows behind it; None for what is not measured.
    error
        Why it cannot be known at all; "" where it can.
    """

    value: Floats
    low: Floats = field(default_factory=nothing)
    high: Floats = field(default_factory=nothing)
    rows: Counts | None = None
    error: str = ""


def calculate(name: str, numbers: Sequence[Number]) -> Number:
    """An operation on numbers; where one has no value, the result has none.

    Only the value is calculated: an interval of the result would need to know how the parts vary
    together. A difference from or a multiple of a constant keeps its interval.

    Examples
    --------
    >>> half = Number(np.array([0.5]), np.array([0.4]), np.array([0.6]), np.array([90]))
    >>> double = calculate("*", [half, Number(np.array(2.0))])
    >>> double.value.tolist(), double.low.tolist(), double.rows.tolist()
    ([1.0], [0.8], [90])
    """
    error = next((number.error for number in numbers if number.error), "")
    value = _apply(name, [number.value for number in numbers])
    low, high = _interval(name, numbers)
    counts = [number.rows for number in numbers if number.rows is not None]
    rows = reduce(np.minimum, counts) if counts else None
    return Number(value, low, high, rows, error)


def _apply(name: str, values: Sequence[Floats]) -> Floats:
    first = values[0]
    with np.errstate(all="ignore"):  # A division by nothing is no data, see below.
        if len(values) == 1:
            result = -first if name == "neg" else np.abs(first) if name == "abs" else first
        elif name in ("min", "max"):
            result = reduce(np.minimum if name == "min" else np.maximum, values)
        elif name == "change":
            result = (first - values[1]) / np.abs(values[1])
        else:
            result = _ARITHMETIC[name](first, values[1])
    if name in ("/", "%", "change"):
        result = np.where(np.isfinite(result), result, np.nan)
    return np.asarray(result, dtype=np.float64)


def _interval(name: str, numbers: Sequence[Number]) -> tuple[Floats, Floats]:
    """The interval where one part is measured, the others are constants, and order is kept."""
    measured = [number for number in numbers if number.rows is not None]
    if len(measured) != 1 or name not in ("+", "-", "*", "/", "neg"):
        return NOTHING, NOTHING
    if name == "/" and numbers[0] is not measured[0]:
        return NOTHING, NOTHING
    ends = [
        _apply(name, [getattr(n, end) if n is measured[0] else n.value for n in numbers])
        for end in ("low", "high")
    ]
    return np.minimum(*ends), np.maximum(*ends)


_ARITHMETIC = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod,
}  # fmt: skip
