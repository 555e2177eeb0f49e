"""Unit tests of rules: what passes, and what is said where it does not."""

from __future__ import annotations

import re

import pytest

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.conditions.names import Known, Vocabulary
from watchkeeper.monitors.rule_file import RuleFileError, read_rules
from watchkeeper.monitors.rule_tests import run_rule_tests
from watchkeeper.monitors.rule_tests_file import read_rule_tests
from watchkeeper.monitors.rule_tests_series import expand, parse_series

WORDS = Vocabulary(
    [
        Known("accuracy", worse="lower"),
        Known("latency_ms@p95", "ms"),
        Known("prediction_count", amount=True),
        Known("psi", takes="column", compares=True),
        Known("outcome_mean", takes="name"),
    ],
    slos=["availability"],
    constants=["floor"],
)


def checked(rules, test):
    """The differences of one test."""
    return run_rule_tests(read_rule_tests(test, WORDS), read_rules(rules, vocabulary=WORDS), WORDS)


LOW = """
groups:
  - name: quality
    model: flights
    labels: {team: air}
    rules:
      - alert: Low
        expr: accuracy < 0.9
        for: 2m
        severity: P1
        annotations: {summary: '{{ $labels.model }} is at {{ $value | humanizePercentage }}'}
"""


def test_it_passes_where_all_is_as_expected():
    """Labels of group, model and severity; annotations only where they are given."""
    test = """
tests:
  - name: falls
    input_series:
      - {series: accuracy, values: 0.95x4 0.8x9}
    alert_rule_test:
      - {eval_time: 6m, alertname: Low, exp_alerts: []}
      - eval_time: 7m
        alertname: Low
        exp_alerts: [{exp_labels: {alertname: Low, model: flights, team: air, severity: P1}}]
      - eval_time: 8m30s
        alertname: Low
        exp_alerts:
          - exp_labels: {model: flights, team: air, severity: P1}
            exp_annotations: {summary: flights is at 80%}
"""
    result = checked(LOW, test)
    assert result.differences == ()
    assert (result.passed, result.tests, result.checks) == (True, 1, 3)


def test_differences_are_plain_sentences():
    """What is missing, what was not expected, and which annotation differs."""
    test = """
tests:
  - name: falls
    input_series: [{series: 'accuracy{model="flights"}', values: 0.8x9}]
    alert_rule_test:
      - {eval_time: 0, alertname: Low, exp_alerts: [{exp_labels: {model: flights}}]}
      - {eval_time: 5m, alertname: Low}
      - eval_time: 5m
        alertname: Low
        exp_alerts:
          - exp_labels: {model: flights, team: air, severity: P1}
            exp_annotations: {summary: x, more: y}
"""
    result = checked(LOW, test)
    assert not result.passed
    full = '{model="flights", severity="P1", team="air"}'
    assert result.differences == (
        'falls, at 0s: Low should fire with {model="flights"}, and does not',
        f"falls, at 5m: Low fires with {full}, which is not expected",
        "falls, at 5m: Low: the annotation 'more' should be 'y', and is no such annotation",
        "falls, at 5m: Low: the annotation 'summary' should be 'x', and is 'flights is at 80%'",
    )


def test_segments_versions_and_models_are_alerts_of_their_own():
    """A series belongs to the alert whose labels it has; a group watches its model only."""
    rules = """
groups:
  - name: by carrier
    model: flights
    rules:
      - {alert: Low, expr: accuracy < 0.9, segment: carrier}
      - {alert: All, expr: accuracy < 0.9}
      - {alert: Each, expr: accuracy < 0.9, by_version: true}
"""
    test = """
tests:
  - input_series:
      - {series: 'accuracy{model="flights",carrier="AA"}', values: 0.8}
      - {series: 'accuracy{model="flights",carrier="UA"}', values: 0.7}
      - {series: 'accuracy{model="flights",carrier="DL"}', values: 0.95}
      - {series: 'accuracy{model="fraud"}', values: 0.1}
      - {series: 'accuracy{model="flights",version="2"}', values: 0.1}
      - {series: 'accuracy{model="flights"}', values: 0.95}
    alert_rule_test:
      - eval_time: 0
        alertname: Low
        exp_alerts:
          - exp_labels: {model: flights, carrier: UA}
          - exp_labels: {model: flights, carrier: AA}
      - {eval_time: 0, alertname: All}
      - eval_time: 0
        alertname: Each
        exp_alerts: [{exp_labels: {model: flights, version: '2'}}]
"""
    assert checked(rules, test).differences == ()


def test_missing_data_few_rows_and_errors():
    """The alerts about the rule are checked by their own names."""
    rules = "{alert: Low, expr: accuracy < 0.9, min_rows: 100}"
    test = """
tests:
  - input_series: [{series: accuracy, values: 0.8x9 _x9, rows: 500x4 50x4 500x9}]
    alert_rule_test:
      - {eval_time: 4m, alertname: Low, exp_alerts: [{}]}
      - {eval_time: 5m, alertname: NoData}
      - eval_time: 6m
        alertname: NoData
        exp_alerts:
          - exp_labels: {rulename: Low}
            exp_annotations:
              summary: Low has no data
              description: accuracy rests on 50 rows; at least 100 are needed
      - {eval_time: 12m, alertname: Low, exp_alerts: [{}]}
      - {eval_time: 12m, alertname: NoData, exp_alerts: [{exp_labels: {rulename: Low}}]}
"""
    assert checked(rules, test).differences == ()
    rules = "alert: Fast\nexpr: burn_rate(availability, '5m') > 1"
    test = """
tests:
  - alert_rule_test:
      - {eval_time: 1m, alertname: EvaluationError, exp_alerts: [{exp_labels: {rulename: Fast}}]}
"""
    assert checked(rules, test).differences == ()


def test_all_that_conditions_may_ask():
    """The reference, columns, outcomes, windows, constants, counts, changes and silence."""
    rules = """
- {alert: Slow, expr: latency_p95 > 1.5 * reference.latency_p95}
- {alert: Drift, expr: 'count(features, psi > 0.2) >= 2'}
- {alert: One, expr: 'psi("temp") > 0.2'}
- {alert: Poor, expr: 'outcome_mean("revenue") < floor'}
- {alert: Wide, expr: 'over(accuracy, "7d") < 0.9 && accuracy > 0.9'}
- {alert: Fell, expr: 'delta(accuracy, "3m") < -0.04'}
- {alert: Silent, expr: 'absent(volume, "3m")'}
- {alert: Sure, expr: high(accuracy) < 0.99}
"""
    test = """
tests:
  - constants: {floor: 10}
    input_series:
      - {series: latency_p95, values: 100x4 200x4}
      - {series: reference.latency_p95, values: 100}
      - {series: 'psi{column="temp"}', values: 0x4 0.3x4}
      - {series: 'psi{column="wind"}', values: 0x5 0.3x4}
      - {series: 'outcome_mean{name="revenue"}', values: 9 11x9}
      - {series: accuracy, values: 0.95x4 0.98 0.91x4, high: 0.99x8 0.98}
      - {series: 'accuracy{window="7d"}', values: 0.95x3 0.8x9}
      - {series: volume, values: 7x2 0x2 0 _x3}
    alert_rule_test:
      - {eval_time: 4m, alertname: Slow}
      - {eval_time: 5m, alertname: Slow, exp_alerts: [{}]}
      - {eval_time: 5m, alertname: Drift}
      - {eval_time: 6m, alertname: Drift, exp_alerts: [{}]}
      - {eval_time: 5m, alertname: One, exp_alerts: [{}]}
      - {eval_time: 0, alertname: Poor, exp_alerts: [{}]}
      - {eval_time: 1m, alertname: Poor}
      - {eval_time: 3m, alertname: Wide}
      - {eval_time: 4m, alertname: Wide, exp_alerts: [{}]}
      - {eval_time: 6m, alertname: Fell}
      - {eval_time: 8m, alertname: Fell, exp_alerts: [{}]}
      - {eval_time: 4m, alertname: Silent}
      - {eval_time: 5m, alertname: Silent, exp_alerts: [{}]}
      - {eval_time: 8m, alertname: Sure}
      - {eval_time: 9m, alertname: Sure, exp_alerts: [{}]}
"""
    assert checked(rules, test).differences == ()


def test_what_flaps_is_checked_by_its_state():
    """Though it is told as firing until it is calm."""
    test = """
tests:
  - input_series: [{series: accuracy, values: 0.8 1 0.8 1 0.8 1 1x9}]
    alert_rule_test:
      - {eval_time: 4m, alertname: Low, exp_alerts: [{}]}
      - {eval_time: 5m, alertname: Low}
      - {eval_time: 9m, alertname: Low}
"""
    assert checked("{alert: Low, expr: accuracy < 0.9}", test).differences == ()


def test_the_limit_holds_over_segments():
    """Two carriers of three are more than one."""
    rules = "{alert: Low, expr: accuracy < 0.9, segment: carrier, limit: 1}"
    test = """
tests:
  - input_series:
      - {series: 'accuracy{carrier="AA"}', values: 0.8x9}
      - {series: 'accuracy{carrier="UA"}', values: 0.95x4 0.8x4}
    alert_rule_test:
      - {eval_time: 4m, alertname: Low, exp_alerts: [{exp_labels: {carrier: AA}}]}
      - {eval_time: 6m, alertname: Low, exp_alerts: [{exp_labels: {carrier: AA}}]}
      - eval_time: 6m
        alertname: EvaluationError
        exp_alerts: [{exp_labels: {carrier: AA, rulename: Low}}]
"""
    assert checked(rules, test).differences == ()


def test_what_tells_alerts_apart_wins_over_labels_of_the_rule_and_these_over_the_groups():
    """So two segments never become one alert."""
    rules = """
groups:
  - name: g
    labels: {team: air, tier: one, carrier: none}
    rules:
      - alert: Low
        expr: accuracy < 0.9
        segment: carrier
        labels: {team: "{{ $labels.tier }}", carrier: all}
"""
    test = """
tests:
  - input_series: [{series: 'accuracy{carrier="AA"}', values: 0.8}]
    alert_rule_test:
      - eval_time: 0
        alertname: Low
        exp_alerts: [{exp_labels: {carrier: AA, team: one, tier: one}}]
"""
    assert checked(rules, test).differences == ()


def test_error_budgets_are_burnt_by_listed_events():
    """The events of the intervals in the window, against the objective."""
    rules = "- {alert: Fast, expr: 'burn_rate(availability, \"3m\") > 10'}"
    test = """
tests:
  - input_events: [{slo: availability, objective: 0.99, bad: 0x3 20x5, total: 100x9}]
    alert_rule_test:
      - {eval_time: 4m, alertname: Fast}
      - {eval_time: 5m, alertname: Fast, exp_alerts: [{}]}
      - {eval_time: 9m, alertname: Fast, exp_alerts: [{}]}
"""
    assert checked(rules, test).differences == ()


def test_rules_with_a_budget_are_named():
    """No series can test them."""
    rules = "{alert: Any, budget: {false_alarms: 1}}"
    test = "tests: [{alert_rule_test: [{eval_time: 1m, alertname: Any}]}]"
    [difference] = checked(rules, test).differences
    assert difference.endswith("Any has a budget, which series cannot test; back-test it")


def test_a_check_of_no_rule_is_a_difference():
    """A slip of the name would pass for ever where nothing is expected."""
    test = "tests: [{alert_rule_test: [{eval_time: 1m, alertname: Lwo}]}]"
    [difference] = checked("{alert: Low, expr: accuracy < 0.9}", test).differences
    assert difference.endswith("there is no rule 'Lwo'; did you mean 'Low'?")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1", "line 1, column 1", "unknown key 'a'"),
        ("tests: 5", "line 1, column 8", "tests is a list"),
        ("tests:\n- nmae: x", "line 2, column 3", "did you mean 'name'?"),
        ("tests:\n- promql_expr_test: []", "line 2, column 3", "unknown key 'promql_expr_test'"),
        (
            "tests:\n- input_series:\n  - {series: acuracy, values: 1}",
            "line 3, column 14",
            "there is no metric 'acuracy'; did you mean 'accuracy'?",
        ),
        ("tests:\n- input_series: [{series: 'accuracy{'}]", "line 2, column 18", "'values'"),
        (
            "tests:\n- input_series: [{series: 'accuracy{a}', values: 1}]",
            "line 2, column 27",
            "is no series",
        ),
        (
            "tests:\n- input_series: [{series: psi, values: 1}]",
            "line 2, column 27",
            'write psi{column="temp"}',
        ),
        (
            "tests:\n- input_series: [{series: outcome_mean, values: 1}]",
            "line 2, column 27",
            'write outcome_mean{name="revenue"}',
        ),
        (
            "tests:\n- input_series: [{series: accuracy, values: 1 x2}]",
            "line 2, column 45",
            "'x2' is no value",
        ),
        (
            "tests:\n- alert_rule_test: [{eval_time: soon, alertname: A}]",
            "line 2, column 33",
            "'soon' is no length of time",
        ),
        ("tests:\n- alert_rule_test: [{eval_time: 1m}]", "line 2, column 21", "'alertname'"),
        ("tests:\n- interval: 500ms", "line 2, column 13", "whole seconds"),
        ("tests:\n- constants: {a: b}", "line 2, column 18", "the constant 'a' is a number"),
        (
            "tests:\n- input_events: [{slo: a, objective: 0.9, bad: 1, total: 1 2}]",
            "line 2, column 18",
            "1 times of `bad`, but 2 of `total`",
        ),
        (
            "tests:\n- input_events: [{slo: a, objective: 99, bad: 1, total: 1}]",
            "line 2, column 38",
            "objective is 99",
        ),
        (
            "tests:\n- input_events: [{slo: a, bad: 1, total: 1}]",
            "line 2, column 18",
            "'objective'",
        ),
        (
            "tests:\n- alert_rule_test: [{eval_time: 1m, alertname: A, exp_alerts: 5}]",
            "line 2, column 63",
            "exp_alerts is a list",
        ),
    ],
)
def test_errors_of_a_file_have_a_place(text, place, words):
    """Line and column, what is wrong, and what to write."""
    with pytest.raises(RuleFileError, match=f"^tests.yaml, {place}: .*{re.escape(words)}"):
        read_rule_tests(text, WORDS, source="tests.yaml")


def test_too_many_evaluations_are_refused():
    """A slip of the unit does not run for hours."""
    test = "tests: [{alert_rule_test: [{eval_time: 9999w, alertname: Low}]}]"
    [difference] = checked("{alert: Low, expr: accuracy < 0.9}", test).differences
    assert "1,000,000 are the most" in difference


@pytest.mark.parametrize(
    "text",
    ["x", "1x", "x3", "1+2", "_+1x3", "stale+1x3", "stalex3", "1x-3", "0x10x2", "1x9999999", "1,2"],
)
def test_values_that_are_none_are_refused(text):
    """With what could be written."""
    with pytest.raises(InputError, match="'"):
        expand(text)


@pytest.mark.parametrize("text", ["", "{}", "a b", "a{b=c}", 'a{b="c"', 'a{b="c" d="e"}', "a.b"])
def test_series_that_are_none_are_refused(text):
    """With what could be written."""
    with pytest.raises(InputError, match="is no series"):
        parse_series(text)
    with pytest.raises(InputError, match="twice"):
        parse_series("a{b='c', b='d'}")
