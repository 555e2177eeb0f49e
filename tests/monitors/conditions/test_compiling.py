"""Conditions are checked when they are read: kinds, names, arguments."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.monitors.conditions.vocabulary import KNOWN, WORDS
from watchkeeper.core.errors import RuleError
from watchkeeper.expressions.parsing import ExpressionError
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.dialect import read, write
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.source import Asked

DAY = timedelta(days=1)
MODEL = Vocabulary(KNOWN, columns=("temp", "humidity"), slos=("availability",))

OF_THE_ISSUE = (
    "accuracy < 0.90",
    "latency_p95 > 1.5 * reference.latency_p95",
    'psi("temp") > 0.2',
    "count(features, psi > 0.25) >= 5",
    'absent(volume, "15m")',
    'change(f1, "7d") < -0.05',
    'delta(f1, "7d") < -0.05',
    "anomaly(volume)",
    'anomaly(volume, "critical")',
    'burn_rate(slo, "1h") > 14.4',
    'burn_rate("availability", "1h") > 14.4 && burn_rate(availability, "5m") > 14.4',
    'over(f1, "6h") < 0.8',
    "low(accuracy) < 0.9 && rows(accuracy) > 100 || !(high(f1) > 0.5)",
    "abs(min(accuracy, f1) - max(precision, recall)) > 0.1 * -1 + 0.2",
    'outcome_mean("revenue") < 0.8 * reference.outcome_mean("revenue")',
    'demographic_parity_difference > 0.1 || demographic_parity_difference("temp") > 0.1',
    "latency_p95 > (error_rate > 0.1 ? 100.0 : 200.0)",
    "error_rate > 0.1 ? latency_p95 > 100.0 : latency_p95 > 200.0",
    'over(accuracy < 0.9 && f1 < 0.8, "1h")',
    "psi(temp) > 0.2",
)


@pytest.mark.parametrize("text", OF_THE_ISSUE)
def test_what_the_language_has(text):
    """Each form compiles, and written out again compiles to the same."""
    condition = compile_condition(text, MODEL)
    again = compile_condition(write(read(text)), MODEL)
    assert again.plan == condition.plan
    assert again.comparisons == condition.comparisons


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("acuracy < 0.9", 1, "there is no metric 'acuracy' at line 1, column 1; did you mean 'acc"),
        ("1.0 < reference.acuracy", 7, "there is no metric 'acuracy'"),
        ("latncy(f1) > 1", 1, "there is no function or metric 'latncy'"),
        ("chnge(f1, '7d') > 1", 1, "did you mean 'change'?"),
        ("accuracy", 1, "accuracy is a number at line 1, column 1; compare it, as in accuracy <"),
        ("!accuracy", 2, "accuracy is a number"),
        ("0.5 && accuracy < 1", 1, "0.5 is a number"),
        ("accuracy && f1 < 1", 1, "accuracy is a number"),
        ('accuracy < "x"', 12, '"x" is a text'),
        ("accuracy < null", 12, "null is no value"),
        ("f1 < 1 || accuracy == true", 11, "a truth value stands beside =="),
        ("0.1 < accuracy < 0.2", 1, "join comparisons with &&"),
        ("accuracy in [0.1]", 1, "`in` is not supported"),
        ("accuracy < [0.1]", 12, "this is a list"),
        ("accuracy + (f1 < 1) > 1", 13, "f1 < 1 is a truth value"),
        ("psi > 0.2", 1, 'name one, as in psi("temp"), or go through all'),
        ('psi("tmp") > 0.2', 5, "there is no column 'tmp' at line 1, column 5; did you mean"),
        ("psi(0.1) > 0.2", 1, "psi takes one column"),
        ('psi("temp", "humidity") > 0.2', 1, "psi takes one column"),
        ('accuracy("temp") < 0.2', 1, "accuracy takes nothing"),
        ("outcome_mean > 1", 1, 'name it, as in outcome_mean("revenue")'),
        ('reference.psi("temp") > accuracy', 1, "psi compares with the reference by itself"),
        ("reference.volum < volume", 1, "did you mean 'volume'"),
        ("latency_ms@p95 > 200", 11, "write latency_ms_p95 for latency_ms@p95"),
        ("change(f1) < 0.1", 1, "change() does not take 1 argument at line 1, column 1; write"),
        ('change(0.5, "7d") < f1', 1, "change() takes a metric"),
        ('change(f1, "7 days") < 0.1', 12, "'7 days' is no length of time"),
        ('change(f1, "0s") < 0.1', 12, '"0s" is no time at all'),
        ("over(f1, 7) < 0.1", 10, "7 is no length of time"),
        ('absent(f1 < 1, "1h")', 8, "absent() takes one metric"),
        ('absent(f1 + 1, "1h")', 8, "absent() takes one metric"),
        ('anomaly(volume, "crit")', 17, 'a level is "warning" or "critical"'),
        ("anomaly(volume, 3)", 17, 'a level is "warning" or "critical"'),
        ("anomaly(reference.volume)", 1, "anomaly() is asked of now"),
        ("count(columns, psi > 1) > 1", 7, "count() goes through features"),
        ("count(features, psi) > 1", 17, "psi is a number"),
        ("count(features, count(features, psi > 1) > 1) > 1", 17, "count() cannot stand in"),
        ("features > 1", 1, "features stand in count() only"),
        ("over > 1", 1, "over is a function at line 1, column 1; write over(f1"),
        ("low(accuracy + 1) > 1", 1, "low() takes one metric"),
        ("low(high(accuracy)) > 1", 1, "low() takes one metric"),
        ('burn_rate(latency, "1h") > 1', 11, "there is no SLO 'latency' at line 1, column 11;"),
        ('burn_rate(0.5, "1h") > 1', 1, "burn_rate() takes an SLO"),
        ('change(burn_rate(slo, "1h"), "1d") > 1', 1, "change() takes a metric"),
        ('delta(burn_rate(slo, "1h") + f1, "1d") > 1', 7, "burn_rate() cannot be asked of a time"),
        ("min() < accuracy", 1, "min() does not take 0 arguments"),
        ("abs(f1, f1) < accuracy", 1, "abs() does not take 2 arguments"),
        ("reference.accuracy < 0.9", 1, "measures nothing"),
        ("accuracy < 0.9 && 1 < 2", 19, "1 < 2 measures nothing"),
    ],
)  # fmt: skip
def test_what_is_refused(text, column, told):
    """Each with the place of what is wrong, and with what to write."""
    with pytest.raises(ExpressionError) as caught:
        compile_condition(text, MODEL)
    assert caught.value.at.column == column
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["true", "", "  ", "false || true"])
def test_a_condition_must_measure(text):
    """A condition that no data can change is a slip."""
    with pytest.raises(RuleError, match=r"measures nothing|is empty"):
        compile_condition(text, WORDS)


def test_what_is_not_known_yet_is_let_through():
    """Columns and SLOs are checked only where it is known which model it is."""
    text = 'psi("anything") > 0.2 || burn_rate(any, "1h") > 2'
    assert compile_condition(text, WORDS).slos() == ("any",)


def test_constants_of_a_model():
    """Further numbers of the model may be named."""
    words = Vocabulary(KNOWN, constants=["target"])
    assert compile_condition("accuracy < target", words).main.limit == "target"
    with pytest.raises(ExpressionError, match="did you mean 'target'"):
        compile_condition("accuracy < tarjet", words)


def test_the_comparison_that_messages_show():
    """What is measured stands on the left, however it was written; guards come last."""
    turned = compile_condition("0.9 >= accuracy", WORDS).main
    assert (turned.name, turned.operator, turned.limit, turned.unit) == (
        "accuracy", "<=", "0.9", "share",
    )  # fmt: skip
    both = compile_condition("reference.accuracy > accuracy", WORDS).main
    assert (both.name, both.operator, both.limit) == ("accuracy", "<", "reference.accuracy")
    assert compile_condition("accuracy < f1", WORDS).main.name == "accuracy"
    guarded = compile_condition("rows(f1) > 100 && f1 < 0.8", WORDS)
    assert [one.guard for one in guarded.comparisons] == [True, False]
    assert guarded.main.name == "f1"
    assert compile_condition('change(f1, "7d") < 0.1', WORDS).main.unit == "share"
    assert compile_condition("latency_p95 > 1", WORDS).main.unit == "ms"


def test_what_a_condition_asks_for():
    """Windows, offsets and sides of all series, each once, for caching and for lint."""
    condition = compile_condition(
        'change(over(f1, "6h"), "7d") < 0.1 && f1 < 0.5 * reference.f1 && rows(f1) > 5 && '
        'count(features, psi > 0.2) > 1 && absent(recall, "3d")',
        WORDS,
    )
    hours, week = timedelta(hours=6), timedelta(days=7)
    assert condition.asked(DAY, ("a", "b")) == (
        Asked("f1", None, hours),
        Asked("f1", None, hours, week),
        Asked("f1", None, DAY),
        Asked("f1", None, DAY, side="reference"),
        Asked("psi", "a", DAY),
        Asked("psi", "b", DAY),
        Asked("recall", None, timedelta(days=3)),
    )


def test_offsets_add_up():
    """A change of a change asks for the sum of both lengths."""
    condition = compile_condition('delta(delta(f1, "1d"), "7d") > 0', WORDS)
    assert [one.offset.days for one in condition.asked(DAY)] == [0, 1, 7, 8]
