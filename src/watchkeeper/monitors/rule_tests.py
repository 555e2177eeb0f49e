"""Unit tests of rules: series in, and what should fire at which time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from watchkeeper.core.alert import NAME, Alert, Labels
from watchkeeper.core.durations import format_duration
from watchkeeper.expressions.hints import suggest
from watchkeeper.monitors.conditions.anomalies import Bands
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.conditions.outcome import Outcome, observe
from watchkeeper.monitors.conditions.plan import Condition
from watchkeeper.monitors.instance import ERROR_NAME, NO_DATA_NAME, Instance, alerts_of
from watchkeeper.monitors.machine import Turn, step_all
from watchkeeper.monitors.rule import Group, Observation, Rule
from watchkeeper.monitors.rule_tests_file import Check, Expected, RuleTest, RuleTestFile
from watchkeeper.monitors.rule_tests_source import Listed, ListedSource
from watchkeeper.monitors.source import Source, Times
from watchkeeper.monitors.templates import texts_of

_MOST: Final = 1_000_000
_MODEL: Final = "model"
_VERSION: Final = "version"


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """What came of a file of tests.

    Attributes
    ----------
    tests, checks
        How many there were.
    differences
        What was expected and is not so, or is so and was not expected: a sentence each.
    """

    tests: int
    checks: int
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.differences


def run_rule_tests(
    file: RuleTestFile,
    groups: Sequence[Group],
    vocabulary: Vocabulary,
    *,
    bands: Bands | None = None,
) -> RuleTestResult:
    """Run every test of a file.

    Rules are evaluated each `evaluation_interval` from the start of a test to its last check. A
    check at a time between two evaluations looks at the first of them.

    Parameters
    ----------
    file
        The tests.
    groups
        The rules, of all rule files.
    vocabulary
        The names that conditions may use.
    bands
        Learns where a series is expected, for `anomaly`.

    Raises
    ------
    RuleError
        A condition cannot be compiled.

    Examples
    --------
    >>> from watchkeeper.monitors.conditions.names import Known
    >>> from watchkeeper.monitors.rule_file import read_rules
    >>> from watchkeeper.monitors.rule_tests_file import read_rule_tests
    >>> words = Vocabulary([Known("accuracy", worse="lower")])
    >>> groups = read_rules("{alert: Low, expr: accuracy < 0.9, for: 2m}")
    >>> file = read_rule_tests('''
    ... tests:
    ...   - input_series: [{series: accuracy, values: 0.95x5 0.8x5}]
    ...     alert_rule_test:
    ...       - {eval_time: 7m, alertname: Low, exp_alerts: [{}]}
    ...       - {eval_time: 8m, alertname: Low, exp_alerts: [{}]}
    ... ''', words)
    >>> run_rule_tests(file, groups, words).differences
    ('the test at line 3, at 7m: Low should fire with {}, and does not',)
    """
    found: list[str] = []
    for test in file.tests:
        found += _differences(test, groups, _Run(file.interval, vocabulary, bands))
    checks = sum(len(test.checks) for test in file.tests)
    return RuleTestResult(len(file.tests), checks, tuple(found))


@dataclass(frozen=True, slots=True)
class _Run:
    """What all evaluations share."""

    interval: timedelta
    vocabulary: Vocabulary
    bands: Bands | None

    def compiled(self, text: str) -> Condition:
        """A condition of a rule."""
        return compile_condition(text, self.vocabulary)

    def outcome(self, condition: Condition, rule: Rule, source: Source, times: Times) -> Outcome:
        """What a condition of a rule says."""
        return evaluate(
            condition, source, times,
            window=rule.window, min_rows=rule.min_rows, bands=self.bands, calendar=rule.calendar,
        )  # fmt: skip


def _differences(test: RuleTest, groups: Sequence[Group], run: _Run) -> Iterator[str]:
    """What differs in one test."""
    asked = {check.eval_time // run.interval for check in test.checks}
    last = max(asked, default=0)
    if last >= _MOST:
        yield f"{test.name}: it asks for {last:,} evaluations; {_MOST:,} are the most"
        return
    seconds = run.interval // timedelta(seconds=1) * np.arange(last + 1)
    times = np.datetime64("1970-01-01T00:00:00", "s") + seconds
    firing: dict[int, list[Alert]] = {place: [] for place in asked}
    for group in groups:
        for rule in group.rules:
            for place, alert in _rule_alerts(test, group, rule, run, times):
                if place in firing:
                    firing[place].append(alert)
    names = {rule.alert: rule for group in groups for rule in group.rules}
    for check in test.checks:
        place = check.eval_time // run.interval
        told = f"{test.name}, at {format_duration(check.eval_time)}"
        known = names.get(check.alertname)
        if known is None and check.alertname not in (NO_DATA_NAME, ERROR_NAME):
            yield f"{told}: there is no rule {check.alertname!r}{suggest(check.alertname, names)}"
            continue
        if known is not None and not known.expr:
            yield f"{told}: {check.alertname} has a budget, which series cannot test; back-test it"
            continue
        same = [alert for alert in firing[place] if alert.name == check.alertname]
        yield from (f"{told}: {text}" for text in _compared(check, same))


def _rule_alerts(
    test: RuleTest, group: Group, rule: Rule, run: _Run, times: Times
) -> Iterator[tuple[int, Alert]]:
    """Every alert that a rule fires, with the place of its time."""
    if not rule.expr:
        return
    condition = run.compiled(rule.expr)
    clear = None if rule.clear is None else run.compiled(rule.clear)
    known: list[tuple[dict[str, str], list[Observation]]] = []
    for labels, series in _instances(test, group, rule):
        source = ListedSource(series, times[0], test.interval, test.constants, test.events)
        outcome = run.outcome(condition, rule, source, times)
        cleared = None if clear is None else run.outcome(clear, rule, source, times)
        known.append((labels, observe(outcome, cleared, times)))
    held: list[Instance | None] = [None] * len(known)
    for place in range(len(times)):
        turns = [
            Turn(instance, seen[place], *texts_of(rule, labels, seen[place], shared=group.labels))
            for instance, (labels, seen) in zip(held, known, strict=True)
        ]
        held = [done.instance for done in step_all(turns, rule)]
        for instance in held:
            if instance is not None:
                yield from ((place, alert) for alert in _firing(instance))


def _firing(instance: Instance) -> Iterator[Alert]:
    """The alerts that fire; one that is told as firing because it flaps is not among them."""
    for alert in alerts_of(instance):
        if alert.ends_at is None and (alert.name != instance.name or instance.fires):
            yield alert


def _instances(
    test: RuleTest, group: Group, rule: Rule
) -> Iterator[tuple[dict[str, str], list[Listed]]]:
    """The labels of each alert that a rule may have in a test, with the series that it sees."""
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    wanted = {name for name in (rule.segment, _VERSION if rule.by_version else None) if name}
    for one in test.series:
        labels = _with_model(one.labels, group)
        if labels is not None and one.side == "current" and set(labels) - {_MODEL} == wanted:
            found[tuple(sorted(labels.items()))] = labels
    if not found and not wanted:
        found[()] = {} if group.model is None else {_MODEL: group.model}
    for labels in found.values():
        yield labels, [one for one in test.series if _is_seen(one, labels, group)]


def _with_model(labels: Mapping[str, str], group: Group) -> dict[str, str] | None:
    """The labels of a series, its model among them; None where its group watches another."""
    if group.model is not None and labels.get(_MODEL, group.model) != group.model:
        return None
    return {**labels, _MODEL: group.model} if group.model is not None else dict(labels)


def _is_seen(one: Listed, labels: Labels, group: Group) -> bool:
    """Whether a series is of an alert's model, version and segment; a reference may be of all."""
    own = _with_model(one.labels, group)
    if own is None:
        return False
    if one.side == "reference":
        return all(labels.get(name) == text for name, text in own.items())
    return own == labels


def _compared(check: Check, firing: Iterable[Alert]) -> Iterator[str]:
    """What differs between the alerts that are expected and those that fire."""
    left = list(firing)
    for expected in check.expected:
        match = next((alert for alert in left if _labels(alert) == dict(expected.labels)), None)
        if match is None:
            yield f"{check.alertname} should fire with {_written(expected.labels)}, and does not"
            continue
        left.remove(match)
        yield from _annotated(check.alertname, expected, match)
    for alert in left:
        yield f"{check.alertname} fires with {_written(_labels(alert))}, which is not expected"


def _annotated(name: str, expected: Expected, alert: Alert) -> Iterator[str]:
    if expected.annotations is None:
        return
    for key in sorted({*expected.annotations, *alert.annotations}):
        want, got = expected.annotations.get(key), alert.annotations.get(key)
        if want != got:
            has = "no such annotation" if got is None else repr(got)
            should = "have none" if want is None else f"be {want!r}"
            yield f"{name}: the annotation {key!r} should {should}, and is {has}"


def _labels(alert: Alert) -> dict[str, str]:
    return {name: text for name, text in alert.labels.items() if name != NAME}


def _written(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{labels[name]}"' for name in sorted(labels)) + "}"
