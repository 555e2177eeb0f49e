"""The rules that a model begins with, for every kind of model."""

from __future__ import annotations

from itertools import product

import jsonschema
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.monitors.conditions.vocabulary import KNOWN, WORDS
from watchkeeper.core.alert import Severity
from watchkeeper.core.model import Task
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.rule_file_lint import lint
from watchkeeper.monitors.rule_file_schema import rule_schema
from watchkeeper.monitors.starter import starter_rules
from watchkeeper.monitors.starter_rules import SCORES, Portrait

FEATURES = ("a", "b", "c", "d", "e")
TASKS = (None, *(str(task) for task in Task))
RUNBOOKS = {
    "high-error-rate", "latency", "drift", "accuracy-drop", "missing-data", "no-labels",
}  # fmt: skip


def full(task="binary", **changes):
    """A model that has everything."""
    given = {
        "model": "flights", "task": task, "features": FEATURES, "has_reference": True,
        "has_latency": True, "has_score": True, "prediction": "late", "segments": ("airport",),
        "sensitive": ("gender",),
    }  # fmt: skip
    return Portrait(**given | changes)


def rules_of(portrait):
    """The rules by name."""
    groups = read_rules(starter_rules(portrait), vocabulary=WORDS)
    return [rule for group in groups for rule in group.rules]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("has", list(product([False, True], repeat=3)), ids=str)
def test_every_pack_can_be_read(task, has):
    """Whatever a model has: it reads, fits the schema, and lint has nothing to say."""
    reference, latency, score = has
    portrait = full(task, has_reference=reference, has_latency=latency, has_score=score)
    text = starter_rules(portrait)
    words = Vocabulary(KNOWN, columns=(*FEATURES, "late", "gender", "airport"), slos=())
    groups = read_rules(text, vocabulary=words)
    assert lint(groups, words) == []
    jsonschema.validate(yaml.safe_load(text), rule_schema())
    assert {group.model for group in groups} == {"flights"}


@pytest.mark.parametrize("task", TASKS)
def test_every_rule_says_what_to_do(task):
    """A severity, a sentence, and a runbook that there is."""
    for rule in rules_of(full(task)):
        assert isinstance(rule.severity, Severity), rule.alert
        assert rule.annotations["summary"].startswith("{{ $labels.model }}: ")
        assert rule.annotations["runbook"] in RUNBOOKS


def test_every_task_has_its_metrics():
    """No task is forgotten."""
    assert set(SCORES) == {str(task) for task in Task}


@pytest.mark.parametrize(
    ("expr", "severity"),
    [
        ("accuracy < 0.95 * reference.accuracy", "P2"),
        ("accuracy < 0.9 * reference.accuracy", "P1"),
        ("f1 < 0.95 * reference.f1", "P2"),
        ("f1 < 0.9 * reference.f1", "P1"),
        ("roc_auc < 0.75", "P2"),
        ("roc_auc < 0.7", "P1"),
        ("error_rate > 0.01", "P2"),
        ("error_rate > 0.05", "P1"),
        ("error_rate > 0.1", "P0"),
        ("count(features, psi_corrected >= 0.2) >= 1", "P3"),
        ("count(features, psi_corrected > 0.25) >= 5", "P2"),
        ('psi_corrected("late") >= 0.2', "P2"),
        ("count(features, missing_share > 0.05) >= 1", "P2"),
        ("schema_violation_rate > 0", "P2"),
        ("arrival_delay_p95 > 3600 && anomaly(arrival_delay_p95)", "P3"),
        ('absent(volume, "25h") || (absent(volume, "30m") && anomaly(volume))', "P1"),
        ("latency_p95 > 200", "P1"),
    ],
)
def test_the_limits_of_the_requirements(expr, severity):
    """Each stands in the pack with its severity."""
    assert (expr, severity) in {(rule.expr, str(rule.severity)) for rule in rules_of(full())}


def test_the_budget_of_false_alarms():
    """At most one in 90 days."""
    (budget,) = [rule.budget for rule in rules_of(full()) if rule.budget]
    assert (budget.false_alarms, budget.per.days, budget.watch) == (1, 90, ())


def test_a_regression_is_worse_the_higher_its_error():
    """Errors rise where scores fall."""
    expressions = [rule.expr for rule in rules_of(full("regression"))]
    assert "mae > 1.05 * reference.mae" in expressions
    assert "rmse > 1.1 * reference.rmse" in expressions


def test_a_model_that_has_nothing():
    """Errors and arrival can be watched of every model."""
    rules = rules_of(Portrait("m"))
    assert {rule.alert for rule in rules} == {
        "HighErrorRate", "NoPredictions", "UnusualVolume", "SchemaViolated", "LateRecords",
    }  # fmt: skip


def test_what_is_off_can_be_switched_on():
    """Rules that stand as comments are right once the signs are taken off."""
    text = starter_rules(full(features=("a",)))
    lines = [
        line.replace("# ", "", 1) if line.startswith(("      # - alert", "      #   ")) else line
        for line in text.splitlines()
    ]
    before, after = (read_rules(one, vocabulary=WORDS) for one in (text, "\n".join(lines)))
    count = [sum(len(group.rules) for group in groups) for groups in (before, after)]
    assert count[1] == count[0] + 3
    assert lint(after, WORDS) == []


@settings(max_examples=30, deadline=None)
@example("\x1b", "0\x85\u2028\n'\"\\: {{ #")
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
)
def test_names_may_be_anything(model, column):
    """Names with quotes, colons, lines and templates do not break the file."""
    portrait = full(model=model, prediction=column, segments=(column,), sensitive=(column,))
    groups = read_rules(starter_rules(portrait), vocabulary=WORDS)
    assert {group.model for group in groups} == {model}
    rules = [rule for group in groups for rule in group.rules]
    assert column in {rule.segment for rule in rules}
    (drifted,) = [rule.expr for rule in rules if rule.alert == "PredictionsDrifted"]
    assert compile_condition(drifted, WORDS).series()[0].column == column
