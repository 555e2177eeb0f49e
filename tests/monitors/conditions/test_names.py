"""Names of metrics in conditions: each says one metric, and every metric has one."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from tests.monitors.conditions.vocabulary import KNOWN, WORDS
from watchkeeper.metrics.find import find_metric, metric_names
from watchkeeper.monitors.conditions.arguments import USES
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.names import Vocabulary, rule_names

NAMES = [(name, known) for known in KNOWN for name in known.names]


def test_no_name_stands_for_two_metrics():
    """Names and further names together are unique, and none is that of a function."""
    counted = Counter(name for name, _ in NAMES)
    assert [name for name, count in counted.items() if count > 1] == []
    assert not set(counted) & {*USES, "features", "reference"}


def test_every_metric_of_the_registry_is_known():
    """Nothing that reports show is missing."""
    assert {known.metric for known in KNOWN} >= set(metric_names())


@pytest.mark.parametrize(("name", "known"), NAMES, ids=[name for name, _ in NAMES])
def test_each_name_compiles_to_its_metric(name, known):
    """Each name can be written in CEL, and asks for what the registry finds."""
    argument = {"column": '("x")', "group": '("x")', "name": '("revenue")'}.get(known.takes, "")
    (asked,) = compile_condition(f"{name}{argument} > 0.5", WORDS).asked(timedelta(days=1))
    assert asked.metric == known.metric + ("@revenue" if known.takes == "name" else "")
    assert find_metric(asked.metric).name == asked.metric
    assert asked.column == ("x" if known.takes in ("column", "group") else None)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("latency_p95", "latency_ms@p95"),
        ("latency_ms_p95", "latency_ms@p95"),
        ("latency_p97_5", "latency_ms@p97.5"),
        ("queue_p50", "queue_ms@p50"),
        ("latency_mean", "latency_ms_mean"),
        ("label_delay_p95", "label_delay_s@p95"),
        ("precision_at_7", "precision@7"),
        ("ndcg_at_10", "ndcg@10"),
        ("error_rate_timeout", "error_rate@timeout"),
        ("freshness", "freshness_s"),
        ("volume", "prediction_count"),
        ("auc", "roc_auc"),
        ("p90_absolute_error", "p90_absolute_error"),
    ],
)
def test_names_that_people_write(name, metric):
    """Percentiles and places beyond the usual ones are found, units may be left out."""
    known = WORDS.find(name)
    assert known is not None
    assert known.metric == metric
    assert find_metric(known.metric).name == metric


@pytest.mark.parametrize(
    "name",
    ["latency", "latency_p0", "latency_p100", "latency_p", "accuracy_p95", "precision_at_0",
     "psi_at_5", "latency_ms@p95", "error_rate_p95", "Accuracy", ""],
)  # fmt: skip
def test_names_that_are_none(name):
    """What looks like a family but is none is not found."""
    assert WORDS.find(name) is None


def test_properties_come_from_the_registry():
    """Which way is worse, what stands in parentheses, and what few rows mean."""
    accuracy, psi, volume = (WORDS.find(name) for name in ("accuracy", "psi", "volume"))
    assert accuracy is not None
    assert psi is not None
    assert volume is not None
    assert (accuracy.worse, accuracy.highest, accuracy.takes) == ("lower", 1.0, "nothing")
    assert (psi.takes, psi.compares, psi.amount) == ("column", True, False)
    assert (volume.amount, volume.compares) == (True, False)


def test_outcomes_are_written_as_calls():
    """The name of an outcome may hold anything, so it stands in quotes."""
    assert rule_names("outcome_sum@net revenue") == ('outcome_sum("net revenue")',)


def test_an_empty_vocabulary_knows_nothing():
    """Without metrics there is nothing to find, and nothing to hint at."""
    words = Vocabulary([])
    assert words.find("latency_p95") is None
    assert words.hint("accuracy") == ""
    assert words.names == []
