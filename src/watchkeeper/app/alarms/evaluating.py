"""One evaluation of a group of rules on a model: from the series to what is kept and handed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from watchkeeper.app.alarms.rule_book import Bound, Key, Scope, Watched, bind, scopes_of
from watchkeeper.app.alarms.source import Events, MeasuredSource
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.alert import Alert
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.conditions.caching import CachingSource
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.outcome import observe
from watchkeeper.monitors.instance import Instance
from watchkeeper.monitors.machine import Step, Transition, end, step, vanish
from watchkeeper.monitors.rule import Observation, Rule, Truth
from watchkeeper.monitors.source import Times
from watchkeeper.monitors.templates import Facts, fill_all

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
    """

    key: Key
    instance: Instance | None
    alerts: tuple[Alert, ...]
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a group is evaluated in.

    Attributes
    ----------
    measured
        The measured hours of the model.
    versions
        Those that records have come of lately.
    constants
        Further names of conditions.
    slo_events
        Counts the events of SLOs.
    slos
        Their names.
    url
        Where the server is reached.
    minutes
        As in `MeasuredSource`.
    """

    measured: Measured
    versions: Sequence[str] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)
    slo_events: Events | None = None
    slos: Sequence[str] = ()
    url: str = ""
    minutes: datetime | None = None


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
    bound = bind(watched.group, vocabulary_of(around.measured, around.slos))
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
        """Every alert that a rule may have now."""
        around = self._around
        scopes, error = [Scope()], one.error
        if not error:
            try:
                scopes = scopes_of(one.rule, around.measured, around.versions)
            except InputError as failure:
                error = str(failure)
        for scope in scopes:
            self._scope(one, scope, error)

    def rest(self, bound: Sequence[Bound]) -> None:
        """What is remembered and was not evaluated: a segment that is gone, or a rule."""
        rules = {(one.rule.alert, one.number): one.rule for one in bound}
        for key, instance in self._held.items():
            if key in self.results:
                continue
            rule = rules.get((key.alert, key.number))
            if rule is None or (rule.segment is None) != (not key.segment):
                done = end(instance, self._moments[-1])
                change = (done.transition,) if done.transition else ()
                self.results[key] = Result(key, None, done.alerts, change)
                continue
            self._vanished(key, instance, rule)

    def _scope(self, one: Bound, scope: Scope, error: str) -> None:
        watched, rule = self._watched, one.rule
        key = Key(
            watched.file, watched.group.name, rule.alert, one.number, watched.model, scope.version,
            scope.segment,
        )  # fmt: skip
        seen = self._observations(one, scope, error)
        own = {MODEL: watched.model}
        if rule.by_version:
            own[VERSION] = scope.version
        if rule.segment is not None:
            own[rule.segment] = scope.segment
        instance = self._held.get(key)
        alerts: tuple[Alert, ...] = ()
        changes: list[Transition] = []
        for observation in seen:
            done = _stepped(instance, observation, rule, self._labels(own, rule), self._around.url)
            instance, alerts = done.instance, done.alerts
            changes += [done.transition] if done.transition else []
        self.results[key] = Result(key, instance, alerts, tuple(changes))

    def _labels(self, own: Mapping[str, str], rule: Rule) -> dict[str, str]:
        return {**self._watched.group.labels, **rule.labels, **own}

    def _vanished(self, key: Key, instance: Instance, rule: Rule) -> None:
        changes: list[Transition] = []
        alerts: tuple[Alert, ...] = ()
        kept: Instance | None = instance
        for at in self._moments:
            if kept is None:
                break
            done = vanish(kept, at, rule)
            kept, alerts = done.instance, done.alerts
            changes += [done.transition] if done.transition else []
        self.results[key] = Result(key, kept, alerts, tuple(changes))

    def _observations(self, one: Bound, scope: Scope, error: str) -> list[Observation]:
        if error or one.condition is None:
            note = error or "the rule has no condition"
            return [Observation(at, Truth.ERROR, note=note) for at in self._moments]
        source = self._source(one.rule, scope)
        times, rule = self._times, one.rule
        told = evaluate(one.condition, source, times, window=rule.window, min_rows=rule.min_rows)
        clear = None
        if one.clear is not None:
            clear = evaluate(one.clear, source, times, window=rule.window, min_rows=rule.min_rows)
        return observe(told, clear, times)

    def _source(self, rule: Rule, scope: Scope) -> CachingSource:
        key = (scope.version, rule.segment, scope.segment)
        found = self._sources.get(key)
        if found is None:
            around = self._around
            measured = replace(
                around.measured,
                version=scope.version or None,
                segment=None if rule.segment is None else (rule.segment, scope.segment),
            )
            found = CachingSource(
                MeasuredSource(measured, around.constants, around.slo_events, around.minutes)
            )
            self._sources[key] = found
        return found


def _stepped(
    instance: Instance | None,
    seen: Observation,
    rule: Rule,
    labels: Mapping[str, str],
    url: str,
) -> Step:
    facts = Facts(labels, seen.value, seen.low, seen.high, seen.rows, url)
    named = fill_all(labels, facts)
    texts = fill_all(rule.annotations, replace(facts, labels=named))
    return step(instance, seen, rule, named, texts)


def to_times(moments: Sequence[datetime]) -> Times:
    """Times as conditions take them.

    >>> to_times([datetime.fromisoformat("2026-01-01T12:00:00+00:00")])
    array(['2026-01-01T12:00:00'], dtype='datetime64[s]')
    """
    return np.array([int(at.timestamp()) for at in moments], dtype="int64").astype("datetime64[s]")
