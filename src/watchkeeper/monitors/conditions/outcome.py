"""What came out of an evaluation, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from watchkeeper.core.estimate import finite
from watchkeeper.monitors.conditions.numbers import NOTHING, Number, nothing
from watchkeeper.monitors.conditions.plan import Comparison, Condition
from watchkeeper.monitors.rule import Observation
from watchkeeper.monitors.source import Counts, Floats, Points, Times
from watchkeeper.monitors.truths import BY_CODE, ERROR, NO_DATA, TRUE, Truths

_NAMED = 5
"""So many features are named in a note, the rest is counted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A series that was read, so that a note can say why it has no data."""

    name: str
    column: str | None = None
    points: Points | None = None
    min_rows: int = 0
    note: str = ""

    def why(self, at: int) -> str:
        """Why it has no data at one time; an empty text where it has."""
        if self.points is None:
            return self.note
        rows, value = int(self.points.rows[at]), self.points.value[at]
        name = self.name if self.column is None else f'{self.name}("{self.column}")'
        if rows < self.min_rows:
            return f"{name} rests on {rows:,} rows; at least {self.min_rows:,} are needed"
        return f"{name} has no value" if np.isnan(value) else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A truth value at each time, with the number that was compared.

    Arrays may be of no dimension where all times have the same.
    """

    truth: Truths
    number: Number = field(default_factory=lambda: Number(NOTHING))
    limit: Floats = field(default_factory=nothing)
    which: npt.NDArray[np.int16] | int = -1
    error: str = ""

    @property
    def rows(self) -> Counts:
        """The rows behind the number."""
        return np.array(0) if self.number.rows is None else self.number.rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a condition said; all arrays have the length of the times.

    Attributes
    ----------
    condition
        Which.
    truth
        Codes as in `monitors.truths`.
    value, low, high, rows
        The number of the comparison that decided, its interval, and the rows behind it.
    limit
        What that number was compared with; the nearer end of the band for an anomaly.
    which
        The place of that comparison in `Condition.comparisons`; -1 where there is none.
    error
        What is wrong where `truth` is an error.
    readings
        What was read.
    counted
        What `count(features, …)` found of each feature.
    """

    condition: Condition
    truth: Truths
    value: Floats
    low: Floats
    high: Floats
    limit: Floats
    rows: Counts
    which: npt.NDArray[np.int16]
    error: str = ""
    readings: tuple[Reading, ...] = ()
    counted: tuple[tuple[str, Truths], ...] = ()

    def comparison(self, at: int) -> Comparison | None:
        """The comparison that decided at one of the times."""
        place = int(self.which[at])
        return self.condition.comparisons[place] if place >= 0 else self.condition.main

    def features(self, at: int) -> tuple[str, ...]:
        """The features for which `count(features, …)` was true at one of the times."""
        found = (name for name, truth in self.counted if truth[at] == TRUE)
        return tuple(dict.fromkeys(found))

    def note(self, at: int) -> str:
        """Why there is no data at one of the times, what the error is, or which features count."""
        truth = self.truth[at]
        if truth == ERROR:
            return self.error
        if truth == NO_DATA:
            told = (reading.why(at) for reading in self.readings)
            return "; ".join(dict.fromkeys(text for text in told if text))
        named = self.features(at) if truth == TRUE else ()
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        return ", ".join(named[:_NAMED]) + more


def decided(truth: Truths, parts: Sequence[Judged]) -> Judged:
    """A joint truth with the number of the part that decided it.

    That is the first whose truth is the joint one, and one that only asks for enough rows after
    all others.
    """
    first, *others = parts
    number, limit, which = first.number, first.limit, first.which
    error = next((part.error for part in parts if part.error), "")
    settled = first.truth == truth
    if not settled.all():
        for part in others:
            take = ~settled & (part.truth == truth)
            number = _mixed(take, part.number, number)
            limit = np.where(take, part.limit, limit)
            which = np.where(take, part.which, which).astype(np.int16)
            settled = settled | take
    return Judged(truth, number, limit, which, error)


def _mixed(take: npt.NDArray[np.bool_], one: Number, other: Number) -> Number:
    value, low, high = (
        np.where(take, a, b)
        for a, b in ((one.value, other.value), (one.low, other.low), (one.high, other.high))
    )
    rows = np.where(
        take, 0 if one.rows is None else one.rows, 0 if other.rows is None else other.rows
    )
    return Number(value, low, high, rows.astype(np.int64))


def observe(outcome: Outcome, clear: Outcome | None, times: Times) -> list[Observation]:
    """What a rule's condition says, as its state machine takes it in.

    Parameters
    ----------
    outcome
        Of the condition.
    clear
        Of the rule's `clear` condition; None where it has none.
    times
        When either was evaluated.

    Examples
    --------
    >>> from watchkeeper.monitors.conditions.compiling import compile_condition
    >>> from watchkeeper.monitors.conditions.evaluating import evaluate
    >>> from watchkeeper.monitors.conditions.given import GivenSource
    >>> from watchkeeper.monitors.conditions.names import Known, Vocabulary
    >>> source = GivenSource({"accuracy": [0.8]}, rows=100)
    >>> condition = compile_condition("accuracy < 0.9", Vocabulary([Known("accuracy")]))
    >>> observe(evaluate(condition, source, source.times), None, source.times)[0].truth
    <Truth.TRUE: 'true'>
    """
    clears = [None] * len(times) if clear is None else [BY_CODE[code] for code in clear.truth]
    numbers = zip(outcome.value.tolist(), outcome.low.tolist(), outcome.high.tolist(), strict=True)
    return [
        Observation(
            at, BY_CODE[code], cleared, finite(value), finite(low), finite(high), rows,
            outcome.note(place),
        )
        for place, (at, code, cleared, (value, low, high), rows) in enumerate(
            zip(moments(times), outcome.truth.tolist(), clears, numbers, outcome.rows.tolist(),
                strict=True)
        )
    ]  # fmt: skip


def moments(times: Times) -> Iterator[datetime]:
    """Times as Python has them.

    Examples
    --------
    >>> next(moments(np.array(["2026-01-01"], dtype="datetime64[s]"))).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    return (time.replace(tzinfo=UTC) for time in times.astype("datetime64[us]").tolist())
