"""A metric at many times from arrays of hours, where it can be had so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from watchkeeper.app.alarms.stacked.columns import Question, column_points, is_column_metric
from watchkeeper.app.alarms.stacked.counted import counted, is_counted
from watchkeeper.app.alarms.stacked.fields import fields_of
from watchkeeper.app.alarms.stacked.hours import Ends, Fields, Shelf
from watchkeeper.app.alarms.stacked.quantiles import is_quantile, quantiles
from watchkeeper.app.drift import pair_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.series import FREE, part_of
from watchkeeper.app.live.spans import HOUR
from watchkeeper.core.windows import Every, Window
from watchkeeper.metrics.find import Found
from watchkeeper.metrics.pairs import Pair
from watchkeeper.monitors.source import Points

_HOUR = Every("1h", HOUR)


@dataclass(frozen=True)
class Stacked:
    """Series of a model from the hours that were read once.

    Attributes
    ----------
    measured
        The measured hours.
    intervals
        Whether the ends of intervals are wanted: they take longer than the values.
    shelf
        What was read so far.
    """

    measured: Measured
    intervals: bool = True
    shelf: Shelf = field(default_factory=Shelf, compare=False)

    def without_intervals(self) -> Stacked:
        """The same, on the same hours, with values alone."""
        return replace(self, intervals=False)

    def points(self, found: Found, column: str | None, ends: Ends) -> Points | None:
        """A metric of each window; None where it has to be taken one by one."""
        layout = self.measured.layout
        task = None if layout is None else layout.performance
        if not (is_column_metric(found) or is_counted(found, task) or is_quantile(found)):
            return None
        pair = None
        if found.part == "column":
            pair = self._reference(found, column, ends.whole)
            if pair is None:
                return None
        part = part_of(found, column)
        stack = self.shelf.stack(part, ends.whole, lambda window: self._read(part, window))
        spans = stack.spans(ends)
        if not stack.hours.size:
            none = np.full(ends.times.size, np.nan)
            return Points(none, none, none, np.zeros(none.size, dtype=np.int64))
        if pair is not None:
            return column_points(found, Question(stack, spans, pair, self.intervals))
        if is_quantile(found):
            return quantiles(found, stack, spans, intervals=self.intervals)
        return counted(found, stack, spans, (ends, task))

    def _read(self, part: str, window: Window) -> tuple[Sequence[datetime], Fields]:
        free, held = ((part,), ()) if part in FREE else ((), (part,))
        hours = [
            (step.start, parts[part])
            for step, parts in self.measured.steps(window, _HOUR, free=free, held=held)
            if part in parts
        ]
        return [at for at, _ in hours], fields_of([statistic for _, statistic in hours])

    def _reference(self, found: Found, column: str | None, window: Window) -> Pair | None:
        """The reference of a column beside itself; None where it moves with the windows."""
        measured = self.measured
        reference, layout = measured.reference, measured.layout
        if column is None or reference is None or layout is None:
            return None
        if reference.ranges(window.start, window.end):
            return None
        part = part_of(found, column)
        held = measured.compared_with(window, (part,)).get(part)
        return None if held is None else pair_of(layout.axes[column], held, held, column)
