"""One evaluation of a group of rules on a model: from the series to what is kept and handed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from watchkeeper.app.alarms.budgets import Learnt, learn_anew, observe_budget, suspects_of
from watchkeeper.app.alarms.remembered import Remembered
from watchkeeper.app.alarms.rule_book import Bound, Key, Scope, Watched, bind, scopes_of
from watchkeeper.app.alarms.slos import SloEvents
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.alert import Alert
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.core.estimate import finite
from watchkeeper.monitors.conditions.caching import CachingSource
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.outcome import Outcome, observe
from watchkeeper.monitors.instance import RULE_LABEL, Instance
from watchkeeper.monitors.judged import Amendment
from watchkeeper.monitors.machine import (
    Step,
    Transition,
    Turn,
    end,
    last_alerts,
    step_all,
    vanish,
)
from watchkeeper.monitors.rule import Observation, Rule, Truth
from watchkeeper.monitors.source import Asked, Times
from watchkeeper.monitors.templates import texts_of

MODEL = "model"
"""The label that names the model of an alert."""

VERSION = "version"
"""The label that names the version, where a rule has one alert for each."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an evaluation leaves of one alert of a rule.

    Attributes
    ----------
    key
        Which.
    instance
        To be kept; None where nothing is to be remembered.
    alerts
        To be handed on.
    transitions
        For the history, in order.
    seen
        What its condition said, at each time.
    amendments
        What late data have made of evaluations of the past, for the history.
    """

    key: Key
    instance: Instance | None
    alerts: tuple[Alert, ...]
    transitions: tuple[Transition, ...]
    seen: tuple[Observation, ...] = ()
    amendments: tuple[Amendment, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a group is evaluated in.

    Attributes
    ----------
    measured
        The measured hours of the model.
    versions
        Those that records have come of lately.
    slos
        The model's SLOs; None where it has none.
    url
        Where the server is reached.
    minutes
        As in `MeasuredSource`.
    learnt
        Gives what a budget has learnt; the default learns at every question.
    memory
        What is remembered of long series; None to read them at every evaluation.
    """

    measured: Measured
    versions: Sequence[str] = ()
    slos: SloEvents | None = None
    url: str = ""
    minutes: datetime | None = None
    learnt: Callable[[Measured, Rule, datetime], Learnt] = learn_anew
    memory: Remembered | None = None


def evaluate_group(
    watched: Watched,
    around: Surroundings,
    times: Sequence[datetime],
    held: Mapping[Key, Instance],
) -> list[Result]:
    """Evaluate all rules of a group on a model.

    Parameters
    ----------
    watched
        The group and the model.
    around
        What it reads.
    times
        The times of evaluation, ascending: those that were missed, and now.
    held
        What is remembered of the group's alerts on the model.

    Returns
    -------
    list of Result
        One for each alert that there may be, and for each that is remembered.
    """
    run = _Run(watched, around, list(times), held)
    bound = bind(
        watched.group, vocabulary_of(around.measured, around.slos.slos if around.slos else ())
    )
    for one in bound:
        run.rule(one)
    run.rest(bound)
    return list(run.results.values())


class _Run:
    """One evaluation; series are read once for all rules."""

    def __init__(
        self,
        watched: Watched,
        around: Surroundings,
        times: list[datetime],
        held: Mapping[Key, Instance],
    ) -> None:
        self._watched = watched
        self._around = around
        self._moments = times
        self._times = to_times(times)
        self._held = held
        self._sources: dict[tuple[str, str | None, str], CachingSource] = {}
        self.results: dict[Key, Result] = {}

    def rule(self, one: Bound) -> None:
        """Every alert that a rule may have now, at each of the times."""
        around = self._around
        scopes, error = [Scope()], one.error
        if not error:
            try:
                scopes = scopes_of(one.rule, around.measured, around.versions)
            except InputError as failure:
                error = str(failure)
        lanes = [self._lane(one, scope, error) for scope in scopes]
        for place in range(len(self._moments)):
            turns = [lane.turn(one.rule, place, self) for lane in lanes]
            for lane, done in zip(lanes, step_all(turns, one.rule), strict=True):
                lane.take(done)
        for lane in lanes:
            self.results[lane.key] = lane.result()

    def rest(self, bound: Sequence[Bound]) -> None:
        """What is remembered and was not evaluated: a segment that is gone, or a rule."""
        rules = {(one.rule.alert, one.number): one.rule for one in bound}
        for key, instance in self._held.items():
            if key in self.results:
                continue
            rule = rules.get((key.alert, key.number))
            if rule is None or (rule.segment is None) != (not key.segment):
                lane = _Lane(key, instance, {}, [])
                lane.take(end(instance, self._moments[-1]))
            else:
                lane = self._vanished(key, instance, rule)
            self.results[key] = lane.result()

    def _lane(self, one: Bound, scope: Scope, error: str) -> _Lane:
        watched, rule = self._watched, one.rule
        key = Key(
            watched.file, watched.group.name, rule.alert, one.number, watched.model, scope.version,
            scope.segment,
        )  # fmt: skip
        own = {MODEL: watched.model}
        if rule.by_version:
            own[VERSION] = scope.version
        if rule.segment is not None:
            own[rule.segment] = scope.segment
        if rule.budget is not None and not error:
            return self._budgeted(key, rule, scope, own)
        if error or one.condition is None:
            return self._failed(key, own, error or "the rule has no condition")
        try:
            told, seen = self.observed(one, scope)
        except WatchkeeperError as failure:  # Its data cannot be read; other rules go on.
            return self._failed(key, own, str(failure))
        evidence = evidence_of(told, len(seen) - 1)
        if series := told.condition.series():
            evidence["series"] = _series(series[0].asked(rule.window), rule, scope)
        return _Lane(key, self._held.get(key), own, seen, evidence)

    def _failed(self, key: Key, own: Mapping[str, str], note: str) -> _Lane:
        seen = [Observation(at, Truth.ERROR, note=note) for at in self._moments]
        return _Lane(key, self._held.get(key), own, seen)

    def _budgeted(self, key: Key, rule: Rule, scope: Scope, own: Mapping[str, str]) -> _Lane:
        """A rule with a budget: its condition is the evidence of all streams of the model."""
        measured = scoped(self._around.measured, rule, scope)
        try:
            found = self._around.learnt(measured, rule, self._moments[-1])
        except WatchkeeperError as error:
            return self._failed(key, own, str(error))
        seen = observe_budget(found, rule, self._moments)
        evidence: dict[str, Any] = {"metric": "evidence of change", "operator": ">="}
        if suspects := suspects_of(found):
            evidence["suspects"] = suspects
        return _Lane(key, self._held.get(key), own, seen, evidence)

    def _vanished(self, key: Key, instance: Instance, rule: Rule) -> _Lane:
        lane = _Lane(key, instance, {}, [])
        for at in self._moments:
            if lane.instance is None:
                break
            lane.take(vanish(lane.instance, at, rule))
        return lane

    def texts(
        self, rule: Rule, own: Mapping[str, str], seen: Observation
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The labels and annotations of an alert."""
        return texts_of(
            rule, own, seen, shared=self._watched.group.labels, external_url=self._around.url
        )

    def observed(self, one: Bound, scope: Scope) -> tuple[Outcome, list[Observation]]:
        """What a rule's condition says at each time, and how it came to it."""
        source, times, rule = self._source(one.rule, scope), self._times, one.rule
        assert one.condition is not None  # noqa: S101  # the caller has looked
        memory = self._around.memory
        bands = None if memory is None else memory.band
        given: dict[str, Any] = {
            "window": rule.window, "min_rows": rule.min_rows, "bands": bands,
            "calendar": rule.calendar,
        }  # fmt: skip
        told = evaluate(one.condition, source, times, **given)
        clear = None if one.clear is None else evaluate(one.clear, source, times, **given)
        return told, observe(told, clear, times)

    def _source(self, rule: Rule, scope: Scope) -> CachingSource:
        key = (scope.version, rule.segment, scope.segment)
        found = self._sources.get(key)
        if found is None:
            around = self._around
            measured = scoped(around.measured, rule, scope)
            plain = MeasuredSource(measured, around.slos, around.minutes)
            memory = around.memory
            found = CachingSource(plain if memory is None else memory.source(plain))
            self._sources[key] = found
        return found


class Past:
    """The conditions of a group at times of the past, with what is known now.

    Parameters
    ----------
    watched, around
        As for `evaluate_group`.
    times
        The times, ascending.
    """

    def __init__(self, watched: Watched, around: Surroundings, times: Sequence[datetime]) -> None:
        self._run = _Run(watched, around, list(times), {})

    def seen(self, one: Bound, scope: Scope) -> list[Observation]:
        """What a rule's condition says at each of the times."""
        return self._run.observed(one, scope)[1]


def scoped(measured: Measured, rule: Rule, scope: Scope) -> Measured:
    """The part of a model that an alert is about."""
    return replace(
        measured,
        version=scope.version or None,
        segment=None if rule.segment is None else (rule.segment, scope.segment),
    )


@dataclass
class _Lane:
    """One alert of a rule on its way through the times of an evaluation."""

    key: Key
    instance: Instance | None
    own: Mapping[str, str]
    seen: Sequence[Observation]
    evidence: Mapping[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def turn(self, rule: Rule, place: int, run: _Run) -> Turn:
        """What the state machine is given."""
        return Turn(self.instance, self.seen[place], *run.texts(rule, self.own, self.seen[place]))

    def take(self, done: Step) -> None:
        """Go on from a step."""
        self.instance = done.instance
        self.steps.append(done)

    def result(self) -> Result:
        """What is left of it; of each alert that it raised the last word."""
        alerts = tuple(
            alert if RULE_LABEL in alert.labels else replace(alert, evidence=self._known(alert))
            for alert in last_alerts(self.steps)
        )
        changes = tuple(done.transition for done in self.steps if done.transition is not None)
        return Result(self.key, self.instance, alerts, changes, tuple(self.seen))

    def _known(self, alert: Alert) -> dict[str, Any]:
        return {**self.evidence, **alert.evidence}


def evidence_of(told: Outcome, at: int) -> dict[str, Any]:
    """What decided at one of the times, for messages: the metric, the operator, the limit."""
    comparison = told.comparison(at)
    if comparison is None:
        return {}
    found: dict[str, Any] = {
        "metric": comparison.name, "operator": comparison.operator, "unit": comparison.unit,
    }  # fmt: skip
    if (limit := finite(float(told.limit[at]))) is not None:
        found["limit"] = limit
    if suspects := told.features(at):
        found["suspects"] = [{"name": name} for name in suspects]
    return found


def _series(asked: Asked, rule: Rule, scope: Scope) -> dict[str, Any]:
    """What a chart of the alert shows."""
    found: dict[str, Any] = {"metric": asked.metric, "window_s": asked.window.total_seconds()}
    if asked.column is not None:
        found["column"] = asked.column
    if scope.version:
        found["version"] = scope.version
    if rule.segment is not None:
        found["segment"] = [rule.segment, scope.segment]
    return found


def to_times(moments: Sequence[datetime]) -> Times:
    """Times as conditions take them.

    >>> to_times([datetime.fromisoformat("2026-01-01T12:00:00+00:00")])
    array(['2026-01-01T12:00:00'], dtype='datetime64[s]')
    """
    return np.array([int(at.timestamp()) for at in moments], dtype="int64").astype("datetime64[s]")
