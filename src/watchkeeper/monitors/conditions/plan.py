"""What a condition is compiled to: a small tree of which every part knows its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from watchkeeper.monitors.conditions.names import Known
from watchkeeper.monitors.source import Asked, Side

Part = Literal["value", "low", "high", "rows"]
Level = Literal["warning", "critical"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that was written down."""

    value: float


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that the model knows by a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Series:
    """A metric over time.

    Attributes
    ----------
    known
        Which metric, with the outcome's name where it takes one.
    column
        The column; None where it has none, or where `each` is set.
    each
        Whether it is asked of each feature in turn.
    window
        None: as the rule says.
    offset, side
        As in `Asked`.
    part
        The value, an end of its interval, or the rows behind it.
    """

    known: Known
    column: str | None = None
    each: bool = False
    window: timedelta | None = None
    offset: timedelta = timedelta()
    side: Side = "current"
    part: Part = "value"

    def asked(self, window: timedelta, column: str | None = None) -> Asked:
        """The question to a source, the rule's window and the feature at hand given."""
        return Asked(
            self.known.metric,
            column if self.each else self.column,
            self.window or window,
            self.offset,
            self.side,
        )


@dataclass(frozen=True, slots=True)
class Burn:
    """How many times faster than allowed the error budget of an SLO is spent."""

    slo: str
    window: timedelta
    part: Part = "value"


@dataclass(frozen=True, slots=True)
class Operation:
    """Arithmetic: `+ - * / %`, `neg`, `abs`, `min`, `max`, `change`."""

    name: str
    arguments: tuple[Numeric, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`."""

    condition: Logical
    yes: Numeric
    no: Numeric


@dataclass(frozen=True, slots=True)
class Count:
    """Of how many features something is true."""

    body: Logical


Numeric: TypeAlias = Constant | Parameter | Series | Burn | Operation | Choice | Count


@dataclass(frozen=True, slots=True)
class Fixed:
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """Two numbers.

    Attributes
    ----------
    operator, left, right
        With what is measured on the left, whichever way it was written.
    index
        Its place in `Condition.comparisons`.
    """

    operator: str
    left: Numeric
    right: Numeric
    index: int


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing came for so long.

    Attributes
    ----------
    series
        Of what.
    length
        For how long.
    index
        Its place among the comparisons.
    of_traffic
        Whether the time since the last record tells it, and not a window without a value.
    """

    series: Series
    length: timedelta
    index: int
    of_traffic: bool


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A series outside of what it usually is."""

    series: Series
    level: Level
    index: int


@dataclass(frozen=True, slots=True)
class Join:
    """`&&` or `||` of two or more."""

    name: Literal["&&", "||"]
    parts: tuple[Logical, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    part: Logical


@dataclass(frozen=True, slots=True)
class Either:
    """`condition ? yes : no` of truth values."""

    condition: Logical
    yes: Logical
    no: Logical


Logical: TypeAlias = Fixed | Compare | Absent | Anomaly | Join | Not | Either
Plan: TypeAlias = Numeric | Logical


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a condition, for messages.

    Attributes
    ----------
    name
        What is compared, as conditions write it.
    operator
        `<`, `<=`, `>`, `>=`, `==`, `!=`, `absent`, or `anomaly`.
    limit
        What it is compared with, as conditions write it.
    unit
        Of the number, as in the metric's record; "" where it has none or is computed.
    guard
        Whether it only asks for enough rows.
    """

    name: str
    operator: str
    limit: str
    unit: str = ""
    guard: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was checked and can be evaluated.

    Attributes
    ----------
    text
        As it was written.
    plan
        What it means.
    comparisons
        Every comparison in it, in the order of the text.
    """

    text: str
    plan: Logical
    comparisons: tuple[Comparison, ...]

    @property
    def main(self) -> Comparison | None:
        """The first comparison that is no guard: what a message says of the condition."""
        serious = (one for one in self.comparisons if not one.guard)
        return next(serious, self.comparisons[0] if self.comparisons else None)

    def series(self) -> tuple[Series, ...]:
        """Every metric that it reads, each once."""
        found = (part for part in below(self.plan) if isinstance(part, Series))
        return tuple(dict.fromkeys(replace(one, part="value") for one in found))

    def asked(self, window: timedelta, features: tuple[str, ...] = ()) -> tuple[Asked, ...]:
        """Every question that it puts to a source, but for the history of anomalies.

        Parameters
        ----------
        window
            The rule's window.
        features
            The columns that `count(features, …)` goes through.
        """
        questions = (
            one.asked(window, column)
            for one in self.series()
            for column in (features if one.each else (None,))
        )
        return tuple(dict.fromkeys(questions))

    def slos(self) -> tuple[str, ...]:
        """Names of the SLOs whose burn it reads."""
        found = (part.slo for part in below(self.plan) if isinstance(part, Burn))
        return tuple(dict.fromkeys(found))


def below(plan: Plan) -> Iterator[Plan]:
    """A part and all its parts."""
    yield plan
    for part in _parts(plan):
        yield from below(part)


def _parts(plan: Plan) -> tuple[Plan, ...]:
    found = _BELOW.get(type(plan))
    return found(plan) if found else ()


_BELOW: dict[type, Callable[[Any], tuple[Plan, ...]]] = {
    Operation: lambda plan: plan.arguments,
    Choice: lambda plan: (plan.condition, plan.yes, plan.no),
    Either: lambda plan: (plan.condition, plan.yes, plan.no),
    Count: lambda plan: (plan.body,),
    Compare: lambda plan: (plan.left, plan.right),
    Absent: lambda plan: (plan.series,),
    Anomaly: lambda plan: (plan.series,),
    Join: lambda plan: plan.parts,
    Not: lambda plan: (plan.part,),
}
