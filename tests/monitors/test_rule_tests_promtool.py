"""The same rule file and test file through `promtool test rules` and through ours."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pytest
import yaml

from tests.monitors.promtool import differences, needs_promtool
from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.conditions.names import Known, Vocabulary
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.rule_tests import run_rule_tests
from watchkeeper.monitors.rule_tests_file import read_rule_tests
from watchkeeper.monitors.rule_tests_series import expand

WORDS = Vocabulary([Known("accuracy", worse="lower"), Known("latency_ms@p95", "ms")])
MINUTES = 40


def random_values(rng, low, high, size):
    """Values in the notation of series, at least so many."""
    items, count = [], 0
    while count < size:
        times = int(rng.integers(0, 6))
        first = round(float(rng.uniform(low, high)), 3)
        step = round(float(rng.uniform(-1, 1)) * (high - low) / 5, 4)
        items.append(
            rng.choice([f"{first}", f"{first}x{times}", f"{first}{step:+}x{times}", f"{first:.2e}"])
        )
        count += expand(items[-1]).size
    return " ".join(items)


def random_rule(rng, number):
    """A rule that CEL and PromQL read alike."""
    metric, limit = [("accuracy", 0.9), ("latency_p95", 200.0)][rng.integers(2)]
    sign = rng.choice(["<", ">", "<=", ">="])
    return {
        "alert": f"R{number}",
        "expr": f"{metric} {sign} {limit * rng.uniform(0.9, 1.1):.4f}",
        "for": f"{rng.integers(0, 4)}m",
        "keep_firing_for": f"{rng.integers(0, 4)}m",
        "labels": {"severity": "page", "of": "{{ $labels.model }}"},
        "annotations": {"summary": "{{ $value | humanize }} of {{ $labels.model }}"},
    }


def random_check(rng, rules):
    """An expectation that is often wrong: who fires, with which labels, with which summary."""
    alerts = []
    for model in ("a", "b"):
        if rng.random() < 0.5:
            labels = {"model": model, "severity": "page", "of": rng.choice([model, model, "x"])}
            alerts.append({"exp_labels": {name: str(text) for name, text in labels.items()}})
    return {
        "eval_time": format_duration(timedelta(seconds=15 * int(rng.integers(0, 4 * MINUTES)))),
        "alertname": str(rng.choice([rule["alert"] for rule in rules])),
        "exp_alerts": alerts,
    }


def ours(rules, test):
    """Our differences of a test."""
    file = read_rule_tests(yaml.safe_dump({"tests": [test]}), WORDS)
    groups = read_rules(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    return run_rule_tests(file, groups, WORDS).differences


@needs_promtool
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("interval", [30, 60, 180])
def test_the_same_checks_fail(tmp_path, seed, interval):
    """Of two hundred checks, right ones and wrong ones, by name and time."""
    rng = np.random.default_rng(seed)
    size = MINUTES * 60 // interval + 2
    rules = [random_rule(rng, number) for number in range(12)]
    for rule in rules:
        del rule["annotations"]
    series = [
        {"series": f'{metric}{{model="{model}"}}', "values": random_values(rng, low, high, size)}
        for metric, low, high in (("accuracy", 0.8, 1.0), ("latency_p95", 150, 250))
        for model in ("a", "b")
    ]
    checks = [random_check(rng, rules) for _ in range(200)]
    test = {"interval": f"{interval}s", "input_series": series, "alert_rule_test": checks}
    told = differences(tmp_path, rules, test)
    theirs = set(re.findall(r"alertname: (\w+), time: (\w+)", told))
    found = {
        (alert, time)
        for line in ours(rules, test)
        for time, alert in re.findall(r"at (\w+): (\w+)", line)
    }
    asked = {(check["alertname"], check["eval_time"]) for check in checks}
    assert found == theirs
    assert 0 < len(found) < len(asked)


@needs_promtool
def test_annotations_are_the_same(tmp_path):
    """What promtool accepts as the summary, ours does, and only that."""
    rng = np.random.default_rng(11)
    rule = random_rule(rng, 1) | {"expr": "accuracy < 0.9", "for": "1m", "keep_firing_for": "3m"}
    series = [{"series": 'accuracy{model="a"}', "values": "0.8771x3 0.85126 0.95x3 0.1x3"}]
    labels = {"model": "a", "severity": "page", "of": "a"}
    expected = {2: "877.1m", 4: "851.3m", 5: "851.3m", 7: "851.3m", 10: "100m"}
    for right in (True, False):
        checks = [
            {
                "eval_time": f"{minute}m",
                "alertname": "R1",
                "exp_alerts": [
                    {
                        "exp_labels": labels,
                        "exp_annotations": {"summary": f"{text if right else 'x'} of a"},
                    }
                ],
            }
            for minute, text in expected.items()
        ]
        test = {"interval": "1m", "input_series": series, "alert_rule_test": checks}
        told = differences(tmp_path, [rule], test)
        assert len(re.findall("alertname: R1", told)) == (0 if right else len(expected))
        assert len(ours([rule], test)) == (0 if right else len(expected))


@needs_promtool
@pytest.mark.parametrize("seed", range(4))
def test_values_expand_as_theirs(tmp_path, seed):
    """To the last bit, times without a value included."""
    rng = np.random.default_rng(seed)
    words = random_values(rng, -5, 5, 60).split()
    for place in rng.choice(len(words), 8, replace=False):
        words[place] = str(rng.choice(["stale", "_ stale", "_x1 stale", "stale stale"]))
    text = " ".join(words)
    samples = [
        {
            "expr": "m",
            "eval_time": f"{minute}m",
            "exp_samples": [] if np.isnan(value) else [{"labels": "m", "value": float(value)}],
        }
        for minute, value in enumerate(expand(text))
        if not (np.isnan(value) and minute and not np.isnan(expand(text)[minute - 1]))
    ]
    assert len(samples) > 50
    test = {
        "interval": "1m",
        "input_series": [{"series": "m", "values": text}],
        "promql_expr_test": samples,
    }
    rules = [{"alert": "A", "expr": "m > 1"}]
    assert differences(tmp_path, rules, test) == ""
