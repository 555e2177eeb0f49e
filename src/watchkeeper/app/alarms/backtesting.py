"""When rules would have fired: their conditions over the hours of the past, from profiles alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from watchkeeper.app.alarms.budgets import truth_over
from watchkeeper.app.alarms.evaluating import Surroundings, scoped, to_times
from watchkeeper.app.alarms.rule_book import Bound, Scope, bind, scopes_of
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.stacked.series import Stacked
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.errors import InputError
from watchkeeper.core.estimate import finite
from watchkeeper.core.windows import Window
from watchkeeper.monitors.backtest import Firings, backtest
from watchkeeper.monitors.backtest_summary import summarise
from watchkeeper.monitors.conditions.caching import CachingSource
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.outcome import Outcome, moments
from watchkeeper.monitors.conditions.plan import Anomaly, Condition, Series, below
from watchkeeper.monitors.rule import Group, Rule
from watchkeeper.monitors.source import Times
from watchkeeper.monitors.truths import BY_CODE

HOUR = timedelta(hours=1)
MAX_TIMES = 60_000
"""Evaluations of one rule: nearly seven years of hours."""

Answer = dict[str, Any]
Incidents = Sequence[tuple[datetime, datetime]]
Sources = dict[tuple[str, str | None, str, bool], CachingSource]
"""The series of each version and segment, with and without intervals."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One alert of a rule on a model, and what it would have done.

    Attributes
    ----------
    group, model, version, segment
        Which.
    firings
        When it would have fired; None where it cannot be evaluated.
    summary
        In a row.
    error
        Why it cannot be evaluated.
    number
        Which rule it is of those in the group that share a name.
    outcome
        What its condition said at each time; None where it has none or was not evaluated.
    """

    group: str
    alert: str
    model: str
    version: str
    segment: str
    firings: Firings | None
    summary: Answer
    error: str = ""
    number: int = 0
    outcome: Outcome | None = None

    def points(self, times: Times) -> Answer | None:
        """What was compared with what at each time, column by column."""
        told = self.outcome
        if told is None or told.error:
            return None
        main = told.condition.main
        return {
            "at": [int(at) for at in times.astype(np.int64)],
            **{
                name: [_short(value) for value in values.tolist()]
                for name, values in (
                    ("value", told.value), ("low", told.low), ("high", told.high),
                    ("limit", told.limit),
                )
            },
            "rows": told.rows.tolist(),
            "truth": [str(BY_CODE[code]) for code in told.truth],
            "name": main.name if main else None,
            "operator": main.operator if main else None,
            "unit": main.unit if main else "",
        }  # fmt: skip

    def to_dict(self) -> Answer:
        """As the API and the command line write it."""
        found = self.firings
        return {
            "group": self.group,
            "alert": self.alert,
            "model": self.model,
            "version": self.version or None,
            "segment": self.segment or None,
            "error": self.error or None,
            "number": self.number,
            "summary": self.summary,
            "firings": [
                {
                    "pending_since": one.pending_since, "fired_at": one.fired_at,
                    "until": one.until, "peak": one.peak,
                }
                for one in (found.firings if found else ())
            ],
            "no_data": [
                {"start": span.start, "until": span.until}
                for span in (found.no_data if found else ())
            ],
        }  # fmt: skip


def _short(value: float) -> float | None:
    """A number with six digits, for there are thousands of them in an answer.

    >>> _short(0.123456789), _short(float("nan"))
    (0.123457, None)
    """
    known = finite(value)
    return None if known is None else float(f"{known:.6g}")


def times_of(window: Window, step: timedelta) -> Times:
    """The times at which a back-test evaluates: the ends of steps within the window.

    Raises
    ------
    InputError
        There are too many of them, or none.
    """
    count = int((window.end - window.start) / step)
    if count > MAX_TIMES:
        raise InputError(
            f"{count:,} evaluations are more than {MAX_TIMES:,}; choose a shorter range or a "
            "longer step"
        )
    if count < 1:
        raise InputError("the range is shorter than a step; choose a longer one")
    first = to_times([window.start])[0]
    seconds = np.arange(1, count + 1) * int(step.total_seconds())
    times: Times = first + seconds.astype("timedelta64[s]")
    return times


def backtest_group(
    group: Group,
    around: Surroundings,
    times: Times,
    *,
    incidents: Incidents | None = None,
    sources: Sources | None = None,
    intervals: bool = False,
) -> Iterator[Tried]:
    """Every alert of a group's rules on a model over the past.

    Rules are evaluated as they are live, at the end of each hour; windows shorter than that are
    widened to it.

    Parameters
    ----------
    group
        The rules.
    around
        The model.
    times
        See `times_of`.
    incidents
        When something was wrong, where that is known.
    sources
        What was read for other groups of the same model, and is now for this one.
    intervals
        Whether intervals are measured even where no condition reads them; that takes longer.
    """
    past = _Past(group, around, times, incidents, {} if sources is None else sources, intervals)
    for one in bind(group, vocabulary_of(around.measured, around.slos.slos if around.slos else ())):
        error, scopes = one.error, [Scope()]
        if not error:
            try:
                scopes = scopes_of(one.rule, around.measured, around.versions)
            except InputError as failure:
                error = str(failure)
        for scope in scopes:
            if error:
                yield past.told(one, scope, None, error)
            else:
                yield past.budgeted(one, scope) if one.rule.budget else past.tried(one, scope)


@dataclass
class _Past:
    """A back-test of a group; series are read once for all rules."""

    group: Group
    around: Surroundings
    times: Times
    incidents: Incidents | None
    sources: Sources
    intervals: bool = False

    def tried(self, one: Bound, scope: Scope) -> Tried:
        """A rule with a condition."""
        rule = one.rule
        assert one.condition is not None  # noqa: S101  # it has no budget, so it has one
        told = self._evaluated(one.condition, rule, scope)
        clear = None
        if one.clear is not None:
            clear = self._evaluated(one.clear, rule, scope).truth
        found = backtest(rule, told.truth, clear, self.times, told.value)
        return self.told(one, scope, found, told.error, told)

    def budgeted(self, one: Bound, scope: Scope) -> Tried:
        """A rule with a budget: it learns from the first windows, and is tried on the rest."""
        last = next(moments(self.times[-1:]))
        try:
            measured = scoped(self.around.measured, one.rule, scope)
            learnt = self.around.learnt(measured, one.rule, last)
        except InputError as error:
            return self.told(one, scope, None, str(error))
        if learnt.track is None:
            return self.told(one, scope, None, learnt.note)
        truth = truth_over(learnt, one.rule, self.times)
        return self.told(one, scope, backtest(one.rule, truth, None, self.times), "")

    def told(
        self, one: Bound, scope: Scope, found: Firings | None, error: str,
        outcome: Outcome | None = None,
    ) -> Tried:  # fmt: skip
        """What came of it."""
        row = {}
        if found is not None:
            row = summarise(found, self.incidents, grace=one.rule.window).to_row()
        return Tried(
            self.group.name, one.rule.alert, self.around.measured.model, scope.version,
            scope.segment, found, row, error, one.number, outcome,
        )  # fmt: skip

    def _evaluated(self, condition: Condition, rule: Rule, scope: Scope) -> Outcome:
        source = self._source(rule, scope, intervals=self.intervals or _reads_intervals(condition))
        window, least = rule.window, rule.min_rows
        return evaluate(
            condition, source, self.times, window=window, min_rows=least, calendar=rule.calendar
        )

    def _source(self, rule: Rule, scope: Scope, *, intervals: bool) -> CachingSource:
        """The series that a condition reads, on the same hours with intervals and without."""
        key = (scope.version, rule.segment, scope.segment)
        if (*key, intervals) not in self.sources:
            measured = scoped(self.around.measured, rule, scope)
            stacked = Stacked(measured)
            for wanted, held in ((True, stacked), (False, stacked.without_intervals())):
                source = MeasuredSource(measured, self.around.slos, stacked=held)
                self.sources[*key, wanted] = CachingSource(source)
        return self.sources[*key, intervals]


def _reads_intervals(condition: Condition) -> bool:
    """Whether what a condition says depends on the ends of intervals."""
    return any(
        isinstance(part, Anomaly) or (isinstance(part, Series) and part.part in ("low", "high"))
        for part in below(condition.plan)
    )
