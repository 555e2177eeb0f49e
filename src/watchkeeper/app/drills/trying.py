"""What rules would have done over the hours of a window, and by the minute where harm begins.

A back-test reads whole hours. Live, rules over the last minutes of traffic read minutes, and notice
within some: so do these here from the harm on, at first every five minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from watchkeeper.app.alarms.backtesting import HOUR, Sources, backtest_group, times_of
from watchkeeper.app.alarms.evaluating import Surroundings, scoped, to_times
from watchkeeper.app.alarms.rule_book import Bound, Scope, bind, scopes_of
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.drills.verdicts import Alerting
from watchkeeper.app.live.spans import hour_before
from watchkeeper.core.durations import format_duration
from watchkeeper.core.windows import Window
from watchkeeper.metrics.find import find_metric
from watchkeeper.monitors.backtest import Firings, backtest
from watchkeeper.monitors.conditions.caching import CachingSource
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.plan import Anomaly, Burn, Condition, Series, below
from watchkeeper.monitors.rule import Group, Rule
from watchkeeper.monitors.source import Floats, Times
from watchkeeper.monitors.truths import NO_DATA, Truths

FINE = timedelta(minutes=5)
"""From one evaluation to the next, while they are by the minute."""

FINE_HOURS = timedelta(hours=6)
"""So long after the harm begins; also the longest window that is read by the minute."""


@dataclass(frozen=True, slots=True)
class Span:
    """When rules are evaluated.

    Attributes
    ----------
    window
        All of it, by the hour.
    at
        When the harm begins.
    """

    window: Window
    at: datetime

    @property
    def minutes(self) -> datetime:
        """The first hour whose traffic has to be known by the minute."""
        return hour_before(self.at) - FINE_HOURS

    def hours(self) -> Times:
        """The ends of all hours."""
        return times_of(self.window, HOUR)

    def parts(self) -> tuple[Times, Times]:
        """Times before the harm, and times after it, of which the first are close together."""
        hours = self.hours()
        begin = hour_before(self.at)
        first, last = to_times([begin, min(begin + FINE_HOURS, self.window.end)])
        step = np.timedelta64(int(FINE.total_seconds()), "s")
        close: Times = np.arange(first + step, last + step, step)
        return hours[hours <= first], np.concatenate([close, hours[hours > last]])


def try_rules(groups: Sequence[Group], around: Surroundings, span: Span) -> Iterator[Alerting]:
    """What every alert of some rules would have done.

    Parameters
    ----------
    groups
        The rules.
    around
        The model.
    span
        When they are evaluated.
    """
    hours = span.hours()
    by_hour: Sources = {}
    by_minute: dict[str, tuple[CachingSource, CachingSource]] = {}
    for first, group in enumerate(groups):
        for second, rule in enumerate(group.rules):
            place, alone = (first, second), replace(group, rules=(rule,))
            found = _quick(alone, around)
            if found is None:
                for one in backtest_group(alone, around, hours, sources=by_hour):
                    yield Alerting(
                        place, group.name, rule, one.version, one.segment, one.firings, one.error
                    )
                continue
            for scope in scopes_of(rule, around.measured, around.versions):
                if scope.version not in by_minute:
                    by_minute[scope.version] = _sources(around, rule, scope, span)
                fired, note = _fired(found, by_minute[scope.version], span)
                yield Alerting(place, group.name, rule, scope.version, "", fired, note)


def _sources(
    around: Surroundings, rule: Rule, scope: Scope, span: Span
) -> tuple[CachingSource, CachingSource]:
    measured = scoped(around.measured, rule, scope)
    return (
        CachingSource(MeasuredSource(measured)),
        CachingSource(MeasuredSource(measured, minutes=span.minutes)),
    )


def _quick(alone: Group, around: Surroundings) -> Bound | None:
    """A rule over the last minutes or hours of traffic; None for any other."""
    slos = around.slos.slos if around.slos else ()
    (one,) = bind(alone, vocabulary_of(around.measured, slos))
    rule = one.rule
    if one.error or one.condition is None or rule.budget or rule.segment is not None:
        return None
    conditions = [one.condition] if one.clear is None else [one.condition, one.clear]
    return one if all(_by_minutes(condition, rule) for condition in conditions) else None


def _by_minutes(condition: Condition, rule: Rule) -> bool:
    """Whether a condition reads nothing but the traffic of some hours before."""
    for part in below(condition.plan):
        if isinstance(part, Anomaly | Burn):
            return False
        if isinstance(part, Series) and not (
            find_metric(part.known.metric).part == "traffic"
            and (part.window or rule.window) <= FINE_HOURS
            and not part.offset
            and part.side == "current"
        ):
            return False
    return True


def _fired(
    one: Bound, sources: tuple[CachingSource, CachingSource], span: Span
) -> tuple[Firings, str]:
    """What a rule does, and why it never could."""
    assert one.condition is not None  # noqa: S101  # the caller has looked
    times = np.concatenate(span.parts())
    truth, values = _said(one.condition, one.rule, sources, span)
    clear = None if one.clear is None else _said(one.clear, one.rule, sources, span)[0]
    note = ""
    if (truth[times > to_times([span.at])[0]] == NO_DATA).all():
        window = format_duration(one.rule.window)
        note = f"no {window} has {one.rule.min_rows} rows, so it has no data"
    return backtest(one.rule, truth, clear, times, values), note


def _said(
    condition: Condition, rule: Rule, sources: tuple[CachingSource, CachingSource], span: Span
) -> tuple[Truths, Floats]:
    """What a condition says at all times; after the harm begins by the minute."""
    told = [
        evaluate(
            condition,
            source,
            times,
            window=rule.window,
            min_rows=rule.min_rows,
            calendar=rule.calendar,
        )
        for source, times in zip(sources, span.parts(), strict=True)
        if len(times)
    ]
    return (
        np.concatenate([one.truth for one in told]),
        np.concatenate([one.value for one in told]),
    )
