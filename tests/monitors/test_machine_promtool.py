"""Prometheus as the oracle: the same rules on the same series are in the same states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.monitors.promtool import differences, needs_promtool
from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.machine import step
from watchkeeper.monitors.rule import Observation, Rule, State, Truth

MINUTE = timedelta(minutes=1)
START = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN = {State.PENDING: "pending", State.FIRING: "firing", State.RECOVERING: "firing"}
WRITTEN = {Truth.TRUE: "1", Truth.FALSE: "0", Truth.NO_DATA: "stale"}


def random_case(rng, name):
    """A rule, and the truths of its series in spells of random length, minute by minute."""
    rule = Rule(
        name,
        "m == 1",
        for_=int(rng.integers(0, 5)) * MINUTE,
        keep_firing_for=int(rng.integers(0, 5)) * MINUTE,
        no_data="ok",
        no_data_after=0,
    )
    truths = []
    while len(truths) < 60:
        truths += [rng.choice(list(WRITTEN))] * int(rng.integers(1, 7))
    return rule, [Truth(truth) for truth in truths[:60]]


def states(rule, truths):
    """Our state after each minute."""
    instance = None
    for minute, truth in enumerate(truths):
        seen = Observation(START + minute * MINUTE, truth)
        instance = step(instance, seen, rule, {"s": rule.alert}, {}).instance
        yield instance.state if instance else State.INACTIVE


def as_prometheus(cases):
    """The rules, and a test that expects our states of them at every minute."""
    rules, series, samples = [], [], [[] for _ in range(60)]
    for rule, truths in cases:
        rules.append(
            {
                "alert": rule.alert,
                "expr": f'm{{s="{rule.alert}"}} == 1',
                "for": format_duration(rule.for_),
                "keep_firing_for": format_duration(rule.keep_firing_for),
            }
        )
        values = " ".join(WRITTEN[truth] for truth in truths)
        series.append({"series": f'm{{s="{rule.alert}"}}', "values": values})
        for minute, state in enumerate(states(rule, truths)):
            if state in SHOWN:
                told = f'alertname="{rule.alert}",alertstate="{SHOWN[state]}",s="{rule.alert}"'
                samples[minute].append({"labels": f"ALERTS{{{told}}}", "value": 1})
    tests = [
        {"expr": "ALERTS", "eval_time": f"{minute}m", "exp_samples": expected}
        for minute, expected in enumerate(samples)
    ]
    return rules, {"interval": "1m", "input_series": series, "promql_expr_test": tests}


@needs_promtool
@pytest.mark.parametrize("seed", range(4))
def test_states_are_those_of_prometheus(tmp_path, seed):
    """Sixty random rules over an hour of random series: pending and firing at the same minutes."""
    rng = np.random.default_rng(seed)
    rules, test = as_prometheus([random_case(rng, f"R{number}") for number in range(60)])
    shown = [sample["labels"] for one in test["promql_expr_test"] for sample in one["exp_samples"]]
    assert any("pending" in labels for labels in shown)
    assert any("firing" in labels for labels in shown)
    assert differences(tmp_path, rules, test) == ""


@needs_promtool
def test_the_oracle_notices_a_state_that_is_wrong(tmp_path):
    """One expected alert taken away at one minute is a difference."""
    rng = np.random.default_rng(0)
    rules, test = as_prometheus([random_case(rng, f"R{number}") for number in range(5)])
    full = next(one for one in test["promql_expr_test"] if one["exp_samples"])
    full["exp_samples"].pop()
    assert "FAILED" in differences(tmp_path, rules, test)
