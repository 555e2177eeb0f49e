"""A metric at many times from arrays of hours, where it can be had so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from watchkeeper.app.alarms.stacked.columns import Question, column_points, is_column_metric
from watchkeeper.app.alarms.stacked.counted import counted, is_counted
from watchkeeper.app.alarms.stacked.fields import fields_of
from watchkeeper.app.alarms.stacked.hours import Fields, Shelf, Spans, Stack
from watchkeeper.app.alarms.stacked.quantiles import is_quantile, quantiles
from watchkeeper.app.drift import pair_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.series import FREE, measure_metric, part_of
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

    def points(
        self, found: Found, column: str | None, windows: Sequence[Window], ends: Sequence[datetime]
    ) -> Points | None:
        """A metric of each window; None where it has to be taken one by one.

        Parameters
        ----------
        found, column
            The metric.
        windows
            Of whole hours.
        ends
            When each was asked for.
        """
        layout = self.measured.layout
        task = None if layout is None else layout.performance
        if not (is_column_metric(found) or is_counted(found, task) or is_quantile(found)):
            return None
        pair = None
        if found.part == "column" and column is not None:
            pair = self._reference(found, column, windows[0])
            if pair is None:
                return None
        part = part_of(found, column)
        whole = Window(min(w.start for w in windows), max(w.end for w in windows))
        stack = self.shelf.stack(part, whole, lambda window: self._read(part, window))
        spans = stack.spans(windows)
        if not stack.hours.size:
            none = np.full(len(windows), np.nan)
            return Points(none, none, none, np.zeros(len(windows), dtype=np.int64))
        if pair is not None:
            return column_points(found, Question(stack, spans, pair, self.intervals))
        if is_quantile(found):
            return quantiles(found, stack, spans, intervals=self.intervals)
        return self._counted(found, stack, spans, (windows, ends))

    def _counted(
        self,
        found: Found,
        stack: Stack,
        spans: Spans,
        when: tuple[Sequence[Window], Sequence[datetime]],
    ) -> Points | None:
        """A metric of a few sums, by its own function."""
        layout = self.measured.layout
        statistics = counted(found, stack, spans, None if layout is None else layout.performance)
        if statistics is None:
            return None
        part = part_of(found, None)
        value, low, high = np.full((3, len(when[0])), np.nan)
        rows = np.zeros(len(when[0]), dtype=np.int64)
        filled = spans.filled.tolist()
        for at, (window, end, held) in enumerate(zip(*when, statistics, strict=True)):
            if not filled[at]:
                continue
            one = measure_metric(
                self.measured, found, None, window=window, parts={part: held}, now=end
            )
            rows[at] = one.n_current
            for room, number in ((value, one.value), (low, one.low), (high, one.high)):
                if number is not None:
                    room[at] = number
        return Points(value, low, high, rows)

    def _read(self, part: str, window: Window) -> tuple[Sequence[datetime], Fields]:
        free, held = ((part,), ()) if part in FREE else ((), (part,))
        hours = [
            (step.start, parts[part])
            for step, parts in self.measured.steps(window, _HOUR, free=free, held=held)
            if part in parts
        ]
        return [at for at, _ in hours], fields_of([statistic for _, statistic in hours])

    def _reference(self, found: Found, column: str, window: Window) -> Pair | None:
        """The reference of a column beside itself; None where it moves with the windows."""
        measured = self.measured
        reference, layout = measured.reference, measured.layout
        if reference is None or layout is None or reference.ranges(window.start, window.end):
            return None
        part = part_of(found, column)
        held = measured.compared_with(window, (part,)).get(part)
        return None if held is None else pair_of(layout.axes[column], held, held, column)
