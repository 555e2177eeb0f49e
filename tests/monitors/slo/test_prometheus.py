"""Rules for Prometheus: its own tool accepts them, and they fire when our alerts do."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta

import numpy as np
import pytest
import yaml

from tests.monitors.slo.made import accuracy, answers, events
from watchkeeper.monitors.slo.alerting import alerting
from watchkeeper.monitors.slo.objective import Indicator, Kind, Pair, Slo, Urgency
from watchkeeper.monitors.slo.prometheus import BAD, TOTAL, prometheus_rules
from watchkeeper.monitors.truths import TRUE

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed; it is in Debian's package prometheus"
)

ODD = Slo(
    'p95 "fast"\\n',
    0.99,
    Indicator(Kind.LATENCY, under_ms=200),
    'Flüge "EU"',
    labels={"cost-centre": "4 'b'", "9to5": "yes"},
)


def promtool(*arguments, at):
    """What Prometheus' tool says, in a folder."""
    command = [PROMTOOL, *arguments]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)


def rules(text):
    """The rules of a file by what they record or alert."""
    groups = yaml.safe_load(text)["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_names_that_sloth_gives():
    """Dashboards for Sloth find their series and labels."""
    found = rules(prometheus_rules([answers()]))
    recorded = {rule["record"] for rule in found if "record" in rule}
    assert recorded == {
        *(f"slo:sli_error:ratio_rate{w}" for w in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")),
        "slo:sli_error:ratio_rate30d",
        "slo:objective:ratio",
        "slo:error_budget:ratio",
        "slo:time_period:days",
        "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
        "sloth_slo_info",
    }
    labels = {"sloth_id": "flights-answers", "sloth_service": "flights", "sloth_slo": "answers"}
    assert all(labels.items() <= rule["labels"].items() for rule in found if "record" in rule)
    severities = [rule["labels"]["sloth_severity"] for rule in found if "alert" in rule]
    assert severities == ["page", "ticket"]
    assert "(14.4 * 0.001)" in next(rule["expr"] for rule in found if "alert" in rule)


def test_an_slo_without_alerts():
    """Its ratios and its budget are recorded, and nothing alerts."""
    found = rules(prometheus_rules([answers(0.9, pairs=())]))
    assert not any("alert" in rule for rule in found)
    assert any(rule.get("record") == "slo:sli_error:ratio_rate5m" for rule in found)


@needs_promtool
def test_promtool_accepts_them(tmp_path):
    """Events, slices, calendars, no alerts, and names full of quotes."""
    slos = [answers(), accuracy(calendar="month"), answers(0.9, pairs=(), model=None), ODD]
    (tmp_path / "rules.yml").write_text(prometheus_rules(slos), encoding="utf-8")
    ran = promtool("check", "rules", "rules.yml", at=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "SUCCESS" in ran.stdout


def series(name, counts):
    """A counter by the minute, as promtool's test files write it."""
    values = np.concatenate([[0], np.cumsum(counts)]).round().astype(int)
    labels = '{model="flights", slo="answers"}'
    return {"series": name + labels, "values": " ".join(map(str, values))}


def expected(minute, firing):
    """That so many pages fire at a minute."""
    pages = 'count(ALERTS{alertstate="firing", sloth_severity="page"}) or vector(0)'
    sample = {"labels": "{}", "value": int(firing)}
    return {"expr": pages, "eval_time": f"{minute}m", "exp_samples": [sample]}


@needs_promtool
@pytest.mark.parametrize(
    ("ratio", "minutes"), [(0.1, 10), (0.03, 90)], ids=["a burst", "a slow burn"]
)
def test_prometheus_fires_when_we_do(tmp_path, ratio, minutes):
    """Prometheus evaluates the file on a trouble of some minutes and fires at our times.

    `rate` extrapolates to the ends of its window, so times may differ by two minutes.
    """
    slo, count, before = answers(0.999), 300, 120
    bad, total = np.zeros(count), np.full(count, 1000.0)
    bad[before : before + minutes] = 1000 * ratio
    codes = alerting(slo, events(bad, total, timedelta(minutes=1))).of(Urgency.PAGE)
    fired = {int(i) + 1 for i in np.flatnonzero(codes == TRUE)}
    nearby = {minute: {minute + off for off in range(-2, 3)} for minute in range(60, count - 2)}
    firing = [minute for minute, near in nearby.items() if near <= fired]
    quiet = [minute for minute, near in nearby.items() if not near & fired]
    assert len(firing) > minutes / 3
    assert len(quiet) > before - 60
    case = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [series(TOTAL, total), series(BAD, bad)],
                "promql_expr_test": [expected(m, m in firing) for m in sorted(firing + quiet)],
            }
        ],
    }
    (tmp_path / "rules.yml").write_text(prometheus_rules([slo]), encoding="utf-8")
    (tmp_path / "case.yml").write_text(yaml.safe_dump(case), encoding="utf-8")
    ran = promtool("test", "rules", "case.yml", at=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_windows_are_as_prometheus_writes_them():
    """A twelfth of 30 hours is 2h30m."""
    day = timedelta(hours=30)
    text = prometheus_rules([answers(pairs=(Pair(day, day / 12, 0.1),))])
    assert "[2h30m]" in text
    assert "slo:sli_error:ratio_rate1d6h" in text
