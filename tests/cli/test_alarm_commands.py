"""The commands of alarms, against a real server over what is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.cli.conftest import Call
from tests.live.stations import START, flights, labels, predictions, station
from tests.server.conftest import serving
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.served import ServedPlatform
from watchkeeper.core.envelope import Signal

RULES = """
- alert: AccuracyLow
  expr: accuracy < 0.99
  window: 6h
  min_rows: 20
  severity: P1
  annotations: {runbook: accuracy-drop}
- alert: Quiet
  expr: absent(volume, "15m")
  severity: P3
  annotations: {runbook: missing-data}
"""
SLOS = "slos: [{name: answers, objective: 99.9%, sli: availability}]"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over two days of labelled predictions."""
    folder = tmp_path_factory.mktemp("alarms") / "data"
    with station(folder, START + timedelta(hours=48)) as held:
        held.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        held.send(Signal.PREDICTIONS, predictions(flights(900)))
        held.send(Signal.LABELS, labels(flights(900), delay=timedelta()))
        held.work()
    platform: Any = ServedPlatform(Settings(folder, min_free=0))
    with serving(platform) as (address, _):
        yield address
    platform.close()


@pytest.fixture
def ask(call: Call, url: str, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command on that server."""
    monkeypatch.setenv("WATCHKEEPER_URL", url)
    return call


def test_rules_for_a_model_are_written_tried_and_applied(ask: Call, tmp_path: Path) -> None:
    """From `init` to `remove`; a file that is there is not written over."""
    file = tmp_path / "rules.yaml"
    assert ask("init", "late", "-o", file).code == 0
    assert "accuracy < 0.95 * reference.accuracy" in file.read_text()
    again = ask("init", "late", "-o", file)
    assert (again.code, "--force" in again.err) == (2, True)
    assert ask("rules", "lint", file, "--strict").code == 0
    file.write_text(RULES)
    span = ("--from", "2026-03-02", "--to", "2026-03-04")
    tried = json.loads(ask("rules", "backtest", file, *span, "--json").out)
    alarms = {one["alert"]: one["summary"]["alarms"] for one in tried["rules"]}
    assert alarms["AccuracyLow"] >= 1
    assert "AccuracyLow" in ask("rules", "backtest", file, *span, "--step", "2h").out
    assert ask("rules", "apply", file, "--name", "two").out == "two: created (2 rules)\n"
    assert "accuracy < 0.99" in ask("rules", "list").out
    assert ask("rules", "remove", "two").out == "two: removed\n"
    assert ask("rules", "remove", "two").code == 2
    assert json.loads(ask("rules", "schema").out)["title"]


def test_a_rule_that_can_be_improved_fails_only_strictly(call: Call, tmp_path: Path) -> None:
    """Warnings are printed, and are no error."""
    file = tmp_path / "rules.yaml"
    file.write_text("{alert: A, expr: accuracy < 0.9}")
    lax, strict = call("rules", "lint", file), call("rules", "lint", file, "--strict")
    assert (lax.code, strict.code) == (0, 1)
    assert "has no severity" in lax.out
    assert call("rules", "lint", tmp_path / "none.yaml").code == 2


def test_tests_of_rules_fail_with_a_sentence(call: Call, tmp_path: Path) -> None:
    """Exit code 1 where something is not as expected."""
    (tmp_path / "r.yaml").write_text("{alert: Low, expr: accuracy < 0.9, severity: P1}")
    tests = tmp_path / "t.yaml"
    tests.write_text(
        "rule_files: [r.yaml]\ntests:\n- input_series: [{series: accuracy, values: 0.8x5}]\n"
        "  alert_rule_test: [{eval_time: 2m, alertname: Low, exp_alerts: []}]\n"
    )
    done = call("rules", "test", tests)
    assert (done.code, "should not fire" in done.out or "Low" in done.out) == (1, True)
    tests.write_text("rule_files: [no.yaml]\ntests: []\n")
    assert call("rules", "test", tests).code == 2


def test_silences_are_added_listed_and_ended(ask: Call) -> None:
    """By id."""
    made = ask("silences", "add", "model=late", "--by", "ann", "--comment", "move", "--for", "2h")
    assert made.code == 0, made.err
    id_ = made.out.strip()
    assert "model=late" in ask("silences").out
    assert ask("silences", "end", id_).out == f"{id_}: ended\n"
    assert ask("silences", "end", id_).code == 2
    wrong = ask("silences", "add", "model", "--by", "a", "--comment", "c")
    assert wrong.code == 2


def test_alerts_and_messages_are_listed(ask: Call) -> None:
    """Nothing is wrong where nothing is; what cannot be taken on says so."""
    assert "Nothing is wrong" in ask("alerts").err + ask("alerts").out
    assert json.loads(ask("alerts", "list", "--json").out) == []
    assert ask("alerts", "messages").code == 0
    none = ask("alerts", "ack", "alertname=No", "--by", "ann")
    assert (none.code, "watchkeeper alerts" in none.err) == (2, True)
    assert ask("alerts", "ack", "alertname", "--by", "ann").code == 2


def test_slos_are_checked_applied_and_shown(ask: Call, tmp_path: Path) -> None:
    """With what is left of the budget."""
    file = tmp_path / "slos.yaml"
    file.write_text(SLOS)
    checked = ask("slo", "check", file)
    assert "14.4" in checked.out
    assert ask("slo", "apply", file).out.startswith("slos: answers")
    assert "99.9 %" in ask("slo").out
    assert "slo:sli_error:ratio_rate1h" in ask("slo", "export", file).out
    assert "openslo/v1" in ask("slo", "export", file, "--format", "openslo").out
    file.write_text(SLOS.replace("99.9%", "80%"))
    assert ask("slo", "check", file).code == 2


def test_without_a_server_it_is_said_how_to_name_one(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flag and variable."""
    monkeypatch.delenv("WATCHKEEPER_URL", raising=False)
    done = call("alerts")
    assert done.code == 2
    assert "--url" in done.err
