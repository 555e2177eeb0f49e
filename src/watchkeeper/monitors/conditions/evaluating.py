"""What a condition says at many times at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.bands.band import band
from watchkeeper.monitors.calendar import EVERYWHERE, Calendar
from watchkeeper.monitors.conditions import plan
from watchkeeper.monitors.conditions.anomalies import Bands, expected
from watchkeeper.monitors.conditions.burning import burn
from watchkeeper.monitors.conditions.logic import all_of, any_of, contrary
from watchkeeper.monitors.conditions.numbers import NOTHING, Number, calculate
from watchkeeper.monitors.conditions.outcome import Judged, Outcome, Reading, decided
from watchkeeper.monitors.conditions.plan import Condition, Logical, Numeric, Series
from watchkeeper.monitors.source import Floats, Source, Times
from watchkeeper.monitors.truths import ERROR, FALSE, NO_DATA, TRUE, Truths

_DAY = timedelta(days=1)
_COMPARE: dict[str, Callable[[Floats, Floats], npt.NDArray[np.bool_]]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


def evaluate(  # noqa: PLR0913  # what a condition is asked with, by name
    condition: Condition,
    source: Source,
    times: Times,
    *,
    window: timedelta = _DAY,
    min_rows: int = 1,
    bands: Bands | None = None,
    calendar: Calendar = EVERYWHERE,
) -> Outcome:
    """What a condition says at each time.

    A metric without a value, or with fewer rows than `min_rows`, has no data, and a comparison
    with it is neither true nor false. What the model does not have is an error. Both are outcomes,
    not exceptions.

    Parameters
    ----------
    condition
        What is asked.
    source
        Answers for one model.
    times
        Ascending.
    window
        What a metric is measured over where the condition says nothing else.
    min_rows
        Fewer rows than this behind a metric are no data; amounts such as `volume` are exempt.
    bands
        Learns where a series is expected; `monitors.bands` where None.
    calendar
        In which hours and days series live, for `anomaly`.

    Examples
    --------
    >>> from watchkeeper.monitors.conditions.compiling import compile_condition
    >>> from watchkeeper.monitors.conditions.names import Known, Vocabulary
    >>> from watchkeeper.monitors.conditions.given import GivenSource
    >>> source = GivenSource({"accuracy": [0.95, 0.8, np.nan]}, rows=100)
    >>> condition = compile_condition("accuracy < 0.9", Vocabulary([Known("accuracy")]))
    >>> evaluate(condition, source, source.times).truth.tolist()
    [0, 1, 2]
    """
    run = _Run(source, times, window, min_rows, bands or band, calendar)
    judged = run.truth(condition.plan)
    number, shape = judged.number, times.shape
    return Outcome(
        condition,
        _spread(judged.truth, shape),
        _spread(number.value, shape),
        _spread(number.low, shape),
        _spread(number.high, shape),
        _spread(judged.limit, shape),
        _spread(judged.rows, shape),
        _spread(judged.which, shape),
        judged.error,
        tuple(run.readings),
        tuple(run.counted),
    )


def _spread(held: Any, shape: tuple[int, ...]) -> Any:
    """An array with a place for each time."""
    return held if np.shape(held) == shape else np.broadcast_to(held, shape)


@dataclass
class _Run:
    """One evaluation of one condition."""

    source: Source
    times: Times
    window: timedelta
    min_rows: int
    bands: Bands
    calendar: Calendar
    feature: str | None = None
    readings: list[Reading] = field(default_factory=list)
    counted: list[tuple[str, Truths]] = field(default_factory=list)

    # ---- truth values ------------------------------------------------------------------------

    def truth(self, part: Logical) -> Judged:
        """What a part says."""
        return _LOGIC[type(part)](self, part)

    def fixed(self, part: plan.Fixed) -> Judged:
        """`true` and `false`."""
        return Judged(np.array(TRUE if part.value else FALSE, dtype=np.int8))

    def compare(self, part: plan.Compare) -> Judged:
        """Two numbers."""
        left, right = self.number(part.left), self.number(part.right)
        error = left.error or right.error
        truth = _COMPARE[part.operator](left.value, right.value).astype(np.int8)
        unknown = np.isnan(left.value) | np.isnan(right.value)
        truth = np.where(unknown, np.int8(ERROR if error else NO_DATA), truth)
        return Judged(truth, left, right.value, part.index, error)

    def absent(self, part: plan.Absent) -> Judged:
        """Nothing came for so long; this is always true or false."""
        series, seconds = part.series, part.length.total_seconds()
        try:
            if part.of_traffic:
                age = self.source.age(self.times)
                return Judged((age >= seconds).astype(np.int8), Number(age), np.array(seconds),
                              part.index)  # fmt: skip
            found = self.source.points(series.asked(self.window, self.feature), self.times)
        except InputError as error:
            return _failed(error, part.index)
        nothing = np.isnan(found.value) | (found.rows == 0)
        number = Number(found.value, found.low, found.high, found.rows)
        return Judged(nothing.astype(np.int8), number, NOTHING, part.index)

    def anomaly(self, part: plan.Anomaly) -> Judged:
        """A series outside of its band."""
        if not len(self.times):
            return Judged(np.zeros(0, dtype=np.int8), which=part.index)
        asked = part.series.asked(self.window, self.feature)
        try:
            points, usual = expected(
                part.series,
                part.level,
                self.source,
                self.times,
                asked=asked,
                bands=self.bands,
                calendar=self.calendar,
            )
        except InputError as error:
            return _failed(error, part.index)
        number = self._known(part.series, points)
        unknown = np.isnan(number.value) | np.isnan(usual.lower) | np.isnan(usual.upper)
        under = number.value < usual.lower
        outside = (under | (number.value > usual.upper)).astype(np.int8)
        truth = np.where(unknown, np.int8(NO_DATA), outside)
        if usual.note and np.isnan(usual.lower).any():
            self.readings.append(Reading(part.series.known.names[0], note=usual.note))
        limit = np.where(under | ~np.isfinite(usual.upper), usual.lower, usual.upper)
        return Judged(truth, number, limit, part.index)

    def join(self, part: plan.Join) -> Judged:
        """`&&` and `||`."""
        parts = [self.truth(one) for one in part.parts]
        join = any_of if part.name == "||" else all_of
        return decided(join([one.truth for one in parts]), parts)

    def either(self, part: plan.Either) -> Judged:
        """`c ? a : b`; where `c` is not known, neither is the result."""
        test, yes, no = self.truth(part.condition), self.truth(part.yes), self.truth(part.no)
        truth = np.where(test.truth == FALSE, no.truth, test.truth)
        truth = np.where(test.truth == TRUE, yes.truth, truth)
        return decided(truth, [yes, no, test])

    def contrary(self, part: plan.Not) -> Judged:
        """`!`."""
        judged = self.truth(part.part)
        return Judged(contrary(judged.truth), judged.number, judged.limit, judged.which,
                      judged.error)  # fmt: skip

    # ---- numbers -----------------------------------------------------------------------------

    def number(self, part: Numeric) -> Number:
        """The number of a part."""
        return _NUMBERS[type(part)](self, part)

    def constant(self, part: plan.Constant) -> Number:
        """What was written down."""
        return Number(np.array(part.value))

    def parameter(self, part: plan.Parameter) -> Number:
        """What the model knows by a name."""
        value = self.source.constants().get(part.name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Number(NOTHING, error=f"the model has no number {part.name!r}")
        return Number(np.array(float(value)))

    def series(self, part: Series) -> Number:
        """A metric."""
        try:
            found = self.source.points(part.asked(self.window, self.feature), self.times)
        except InputError as error:
            return Number(NOTHING, error=str(error))
        if part.part == "rows":
            return Number(found.rows.astype(np.float64), rows=found.rows)
        number = self._known(part, found)
        if part.part == "value":
            return number
        return Number(number.low if part.part == "low" else number.high, rows=number.rows)

    def burn(self, part: plan.Burn) -> Number:
        """How fast an error budget is spent."""
        try:
            number = burn(self.source, part.slo, part.window, self.times)
        except InputError as error:
            return Number(NOTHING, error=str(error))
        if part.part == "value":
            return number
        if part.part == "rows" and number.rows is not None:
            return Number(number.rows.astype(np.float64), rows=number.rows)
        return Number(number.low if part.part == "low" else number.high, rows=number.rows)

    def operation(self, part: plan.Operation) -> Number:
        """Arithmetic."""
        return calculate(part.name, [self.number(one) for one in part.arguments])

    def choice(self, part: plan.Choice) -> Number:
        """`c ? a : b`."""
        test = self.truth(part.condition)
        yes, no = self.number(part.yes), self.number(part.no)
        value = np.where(test.truth == TRUE, yes.value, no.value)
        known = (test.truth == TRUE) | (test.truth == FALSE)
        error = test.error or yes.error or no.error
        return Number(np.where(known, value, np.nan), rows=yes.rows, error=error)

    def count(self, part: plan.Count) -> Number:
        """Of how many features something is true; those without data are left out."""
        try:
            features = self.source.features()
        except InputError as error:
            return Number(NOTHING, error=str(error))
        held, told = self.feature, []
        for self.feature in features:
            told.append((self.feature, self.truth(part.body)))
        self.feature = held
        return self._counted(told)

    def _counted(self, told: Sequence[tuple[str, Judged]]) -> Number:
        if not told:
            return Number(NOTHING, error="the model has no features that are measured")
        errors = [judged.error for _, judged in told if judged.error]
        if len(errors) == len(told):
            return Number(NOTHING, error=errors[0])
        truths = [np.broadcast_to(judged.truth, self.times.shape) for _, judged in told]
        self.counted += zip((name for name, _ in told), truths, strict=True)
        held = np.stack(truths)
        count = (held == TRUE).sum(axis=0).astype(np.float64)
        known = (held == TRUE) | (held == FALSE)
        value = np.where(known.any(axis=0), count, np.nan)
        rows = np.stack([np.broadcast_to(judged.rows, self.times.shape) for _, judged in told])
        return Number(value, rows=np.where(known, rows, 0).max(axis=0))

    def _known(self, series: Series, found: Any) -> Number:
        """The values that rest on rows enough."""
        least = 0 if series.known.amount else self.min_rows
        self.readings.append(
            Reading(series.known.names[0], series.column or self.feature, found, least)
        )
        few = found.rows < least
        if not few.any():
            return Number(found.value, found.low, found.high, found.rows)
        value, low, high = (
            np.where(few, np.nan, held) for held in (found.value, found.low, found.high)
        )
        return Number(value, low, high, found.rows)


def _failed(error: InputError, which: int) -> Judged:
    truth = np.array(ERROR, dtype=np.int8)
    return Judged(truth, which=which, error=str(error))


_LOGIC: dict[type, Callable[[_Run, Any], Judged]] = {
    plan.Fixed: _Run.fixed,
    plan.Compare: _Run.compare,
    plan.Absent: _Run.absent,
    plan.Anomaly: _Run.anomaly,
    plan.Join: _Run.join,
    plan.Not: _Run.contrary,
    plan.Either: _Run.either,
}
_NUMBERS: dict[type, Callable[[_Run, Any], Number]] = {
    plan.Constant: _Run.constant,
    plan.Parameter: _Run.parameter,
    Series: _Run.series,
    plan.Burn: _Run.burn,
    plan.Operation: _Run.operation,
    plan.Choice: _Run.choice,
    plan.Count: _Run.count,
}
