"""The commands of incidents, on-call and runbooks, against a server over a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.cli.conftest import Call
from tests.server.conftest import serving
from tests.server.fake_platform import FakePlatform

ONCALL = """
users: {ana: {name: Ana, contacts: [{email: ana@example.com}]}}
schedules:
  primary: {layers: [{rotation: weekly, users: [ana], start: 2013-01-07}]}
escalations:
  default: {steps: [{notify: {schedule: primary}}]}
"""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
DTSTART:20260105T090000Z
DTEND:20260112T090000Z
SUMMARY:ana
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def ask(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Run a command on a server of its own."""
    platform = FakePlatform(tmp_path / "data")
    (tmp_path / "data").mkdir()
    with serving(platform) as (address, _):
        monkeypatch.setenv("WATCHKEEPER_URL", address)
        yield call
    platform.let_go()


def test_an_incident_from_its_opening_to_its_post_mortem(ask: Call, tmp_path: Path) -> None:
    """Each step is a command; a step that is not possible is a sentence and exit code 2."""
    assert ask("incidents").out == ""
    made = ask("incidents", "open", "Late", "--severity", "SEV-1", "--model", "late", "--by", "ana")
    assert made.out == "incident 1 is open\n"
    assert "SEV-1" in ask("incidents", "list", "--state", "active", "--model", "late").out
    assert ask("incidents", "ack", "1", "--by", "ana", "--for", "9000d").out == (
        "incident 1 is acknowledged\n"
    )
    ask("incidents", "note", "1", "the feed is late", "--by", "bo")
    for word, state in (("mitigate", "mitigated"), ("resolve", "resolved"), ("close", "closed")):
        assert ask("incidents", word, "1", "--by", "ana").out == f"incident 1 is {state}\n"
    again = ask("incidents", "close", "1", "--by", "ana")
    assert (again.code, "closed" in again.err) == (2, True)
    shown = ask("incidents", "show", "1").out
    assert "the feed is late" in shown
    assert "commander: ana" in shown
    assert json.loads(ask("incidents", "show", "1", "--json").out)["state"] == "closed"
    assert "1 incidents, 0 worked on" in ask("incidents", "figures").out
    file = tmp_path / "pm.md"
    assert ask("incidents", "post-mortem", "1", "-o", file).code == 0
    assert file.read_text() == ask("incidents", "post-mortem", "1").out
    assert file.read_text().startswith("# Post-mortem: Late (incident 1)")
    assert ask("incidents", "post-mortem", "1", "-o", tmp_path / "no" / "x").code == 2
    assert ask("incidents", "post-mortem", "7").code == 2


def test_an_on_call_file_is_checked_applied_and_asked(ask: Call, tmp_path: Path) -> None:
    """Calendars are read beside it when it is checked."""
    file = tmp_path / "oncall.yaml"
    assert ask("oncall").code == 0
    file.write_text(ONCALL)
    assert ask("oncall", "check", file).code == 0
    assert "schedules primary; escalations default" in ask("oncall", "apply", file).out
    assert "Ana" in ask("oncall").out
    assert "email ana@example.com" in ask("oncall", "now").out
    assert "primary" in ask("oncall", "shifts", "--days", "10").out
    found = json.loads(ask("oncall", "shifts", "--days", "10", "--json").out)
    assert found["schedules"][0]["gaps"] == []
    file.write_text(ONCALL.replace("users: [ana]", "users: [anna]"))
    wrong = ask("oncall", "check", file)
    assert (wrong.code, "did you mean 'ana'" in wrong.err) == (2, True)
    file.write_text(
        "users: {ana: {}}\nschedules: {p: {layers: [{calendar: p.ics}]}}\nescalations: {}\n"
    )
    assert ask("oncall", "check", file).code == 2
    (tmp_path / "p.ics").write_text(CALENDAR)
    assert ask("oncall", "check", file).code == 0


def test_runbooks_are_listed_and_printed(call: Call) -> None:
    """As Markdown; an unknown one is a sentence with the nearest name."""
    assert "accuracy-drop" in call("runbooks").out
    assert call("runbooks", "show", "latency").out.startswith("# ")
    assert json.loads(call("runbooks", "list", "--json").out)[0]["steps"]
    assert json.loads(call("runbooks", "show", "drift", "--json").out)["name"] == "drift"
    wrong = call("runbooks", "show", "latenzy")
    assert (wrong.code, "did you mean 'latency'" in wrong.err) == (2, True)
