"""What lint says of rules that can be read."""

from __future__ import annotations

import pytest

from tests.monitors.conditions.vocabulary import WORDS
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.rule_file_lint import lint

GOOD = "severity: P1, annotations: {runbook_url: 'https://example.org'}"


def told(text):
    """The messages on a file."""
    return [str(problem) for problem in lint(read_rules(text), WORDS)]


def of(expr, further=""):
    """The messages on a rule that is well but for its condition."""
    return told(f"- {{alert: A, expr: '{expr}', {GOOD}{further}}}")


@pytest.mark.parametrize(
    "expr",
    [
        "accuracy < 0.9",
        "error_rate > 0.01 && rows(error_rate) > 100",
        "accuracy < 0.95 * reference.accuracy",
        "volume > 10000 || volume < 10",
        "bias > 0.5 || bias < -0.5",
        'change(accuracy, "7d") < -0.05',
        "!(accuracy > 0.9)",
        "rows(accuracy) > 100000",
        "latency_p95 > 200",
        "r2 < -0.5",
        "matthews < 0.0",
        'anomaly(accuracy) || absent(accuracy, "1h")',
        "abs(accuracy - 0.9) > 0.05",
        "accuracy != 0.5",
    ],
)
def test_nothing_is_said_of_what_is_well(expr):
    """No warnings on rules as they should be."""
    assert of(expr) == []


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("accuracy < 0", "accuracy < 0 is never true: accuracy is at least 0"),
        ("accuracy <= -0.1", "is never true"),
        ("0 > accuracy", "accuracy < 0 is never true"),
        ("error_rate > 1", "error_rate > 1 is never true: error_rate is at most 1"),
        ("error_rate >= 1.01", "is never true"),
        ("error_rate == 2", "is never true"),
        ("error_rate >= 0", "error_rate >= 0 is always true: error_rate is at least 0"),
        ("error_rate > -0.5", "is always true"),
        ("accuracy <= 1", "is always true: accuracy is at most 1"),
        ("accuracy != 1.5", "is always true"),
        ("f1 < 0.8 || latency_p95 > 200 && accuracy < -1", "accuracy < -1 is never true"),
        ('ks("a") > 1.5', "ks is at most 1"),
    ],
)
def test_comparisons_that_are_decided_already(expr, message):
    """A limit beyond what the metric can be."""
    assert any(message in one for one in of(expr, ", min_rows: 500")), of(expr)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("accuracy > 0.9", "accuracy is worse the lower it is; turn the comparison around"),
        ("0.9 <= low(accuracy)", "low(accuracy) >= 0.9 is true where the model is well"),
        ("error_rate < 0.01", "error_rate is worse the higher it is"),
        ("!(accuracy < 0.9)", "accuracy is worse the lower"),
        ("latency_p95 < 0.5 * reference.latency_p95", "is worse the higher"),
        ('change(accuracy, "7d") > 0.05', "is true where the model is well"),
    ],
)
def test_limits_on_the_wrong_side(expr, message):
    """A rule that alarms when all is well."""
    (found,) = of(expr)
    assert message in found


def test_a_clear_condition_is_on_the_other_side():
    """It is true where the model is well; its bounds are looked at all the same."""
    assert of("latency_p95 > 200", ", clear: latency_p95 < 180") == []
    (found,) = of("latency_p95 > 200", ", clear: latency_p95 < 0")
    assert "is never true" in found


def test_what_a_rule_lacks():
    """Severity and runbook, each once, at the place of the rule."""
    severity, runbook = told("- alert: A\n  expr: f1 < 0.5")
    assert severity == "line 1, column 3: warning: A has no severity; add P0, P1, P2 or P3"
    assert runbook.startswith("line 1, column 3: warning: A has no runbook; say under annotations")
    assert (
        told("- {alert: A, expr: f1 < 0.5, labels: {severity: page}, annotations: {runbook: a}}")
        == []
    )


def test_lengths_that_do_not_fit_the_interval():
    """What is evaluated every 5 minutes cannot hold for 7."""
    group = "groups: [{name: g, interval: 5m, rules: [{alert: A, expr: f1 < 0.5, for: %s, "
    found = told((group % "7m") + GOOD + "}]}]")
    assert len(found) == 1
    assert "has for 7m, and is evaluated every 5m: it is as 10m" in found[0]
    assert told((group % "10m") + GOOD + "}]}]") == []


def test_drift_of_few_rows():
    """A drift metric wants min_rows."""
    (found,) = of("count(features, psi > 0.2) >= 1")
    assert "psi of few rows is noise" in found
    assert of("count(features, psi > 0.2) >= 1", ", min_rows: 500") == []


def test_rules_that_cannot_be_told_apart():
    """The same name needs other labels."""
    one, other = (f"- {{alert: A, expr: f1 < 0.{n}, {GOOD}}}\n" for n in (5, 4))
    (found,) = told(one + other)
    assert found.startswith("line 2, column 3: warning: A is there before with the same labels")
    assert told(one + other.replace("P1", "P2")) == []


def test_a_condition_that_is_wrong_is_an_error():
    """Lint compiles what was only parsed."""
    problems = lint(read_rules("- {alert: A, expr: f9 < 0.5, " + GOOD + "}"), WORDS)
    assert [(one.level, one.line) for one in problems] == [("error", 1)]
