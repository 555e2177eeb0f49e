"""Rule files against Prometheus' own check: what it takes we take, what it refuses we refuse.

Where conditions are plain comparisons they are PromQL as well as CEL, so both can read them.
"""

from __future__ import annotations

import shutil
import subprocess

import pytest

from watchkeeper.monitors.rule_file import RuleFileError, read_rules

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed; it is in Debian's package prometheus"
)
RULE = "groups: [{{name: g, rules: [{{alert: A, expr: f1 < 0.5{0}}}]}}]"


def cases():
    """Files by what they show."""
    further = {
        "least": "",
        "for": ", for: 5m",
        "for of several units": ", for: 1h30m",
        "for of 0": ", for: 0s",
        "for of 0 without a unit": ", for: 0",
        "for of milliseconds": ", for: 500ms",
        "for of days and weeks": ", for: 1w2d",
        "for in a wrong order": ", for: 30m1h",
        "for with a space": ", for: 5 m",
        "for without a unit": ", for: 5",
        "negative for": ", for: -5m",
        "fraction in for": ", for: 1.5h",
        "for with a word": ", for: 5minutes",
        "keep_firing_for": ", keep_firing_for: 10m",
        "labels": ", labels: {team: a, _x1: b}",
        "numbers and truths as labels": ", labels: {a: 1, b: true, c: 1.5}",
        "bad label": ", labels: {a-b: c}",
        "digit first in a label": ", labels: {1a: c}",
        "label in a list": ", labels: {a: [b]}",
        "labels as a list": ", labels: [a]",
        "annotations": ", annotations: {summary: a, runbook_url: 'https://example.org'}",
        "template": ", annotations: {summary: '{{ $labels.model }}: {{ $value }}'}",
        "formatted template": ", annotations: {summary: '{{ $value | humanizePercentage }}'}",
        "printf": ", annotations: {summary: '{{ printf \"%.2f\" $value }}'}",
        "unknown variable": ", annotations: {summary: '{{ $valu }}'}",
        "unknown function": ", annotations: {summary: '{{ $value | humanise }}'}",
        "open template": ", annotations: {summary: '{{ $value'}",
        "unknown key": ", fro: 5m",
        "key twice": ", for: 5m, for: 6m",
        "alert and record": ", record: a",
    }
    found = {name: RULE.format(text) for name, text in further.items()}
    found |= {
        "no rules in a group": "groups: [{name: g, rules: []}]",
        "no groups": "groups: []",
        "interval": "groups: [{name: g, interval: 30s, rules: []}]",
        "bad interval": "groups: [{name: g, interval: often, rules: []}]",
        "group twice": "groups: [{name: g, rules: []}, {name: g, rules: []}]",
        "group without a name": "groups: [{rules: []}]",
        "unknown key of a group": "groups: [{name: g, rulez: []}]",
        "unknown key of the file": "groops: []",
        "no expr": "groups: [{name: g, rules: [{alert: A}]}]",
        "no alert": "groups: [{name: g, rules: [{expr: f1 < 0.5}]}]",
        "bad expr": "groups: [{name: g, rules: [{alert: A, expr: f1 <}]}]",
        "block": "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |\n      f1\n        < 0.5",
        "two rules of one name": "groups: [{name: g, rules: [{alert: A, expr: f1 < 0.5, labels: "
        "{a: b}}, {alert: A, expr: f1 < 0.4}]}]",
        "no yaml": "groups: [",
        "text": "groups",
        "group of text": "groups: [a]",
    }  # fmt: skip
    return found


@pytest.mark.parametrize("name", list(cases()))
def test_a_file_is_taken_or_refused_as_prometheus_does(name, tmp_path):
    """The same files are good."""
    text = cases()[name]
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert PROMTOOL is not None
    run = subprocess.run(
        [PROMTOOL, "check", "rules", "--lint=none", str(path)], capture_output=True, check=False
    )
    refused = ""
    try:
        read_rules(text)
    except RuleFileError as error:
        refused = str(error)
    assert (run.returncode == 0) == (not refused), refused or run.stderr.decode()
