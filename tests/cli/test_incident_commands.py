"""The commands of incidents, on-call and runbooks, against a server over a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

from tests.cli.conftest import Call
from tests.server.conftest import serving
from tests.server.fake_platform import MORNING, FakePlatform

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
def platform(tmp_path: Path) -> Iterator[FakePlatform]:
    """A platform over a store of its own."""
    (tmp_path / "data").mkdir()
    made = FakePlatform(tmp_path / "data")
    yield made
    made.let_go()


@pytest.fixture
def ask(call: Call, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Run a command on a server of its own."""
    with serving(platform) as (address, _):
        monkeypatch.setenv("WATCHKEEPER_URL", address)
        yield call


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
    assert "1 incident, 0 worked on" in ask("incidents", "figures").out
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


def test_shifts_are_written_for_calendars(ask: Call, tmp_path: Path) -> None:
    """To a file or to standard output, of everybody or of one; a wrong name is a sentence."""
    file = tmp_path / "oncall.yaml"
    file.write_text(ONCALL)
    ask("oncall", "apply", file)
    target = tmp_path / "ana.ics"
    done = ask("oncall", "calendar", "--user", "Ana", "--days", "20", "-o", target)
    assert (done.code, "written" in done.err) == (0, True)
    assert target.read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    assert "Ana on call (primary)" in ask("oncall", "calendar", "--days", "20").out
    wrong = ask("oncall", "calendar", "--user", "anna")
    assert (wrong.code, "did you mean 'ana'" in wrong.err) == (2, True)
    wrong = ask("oncall", "calendar", "-o", tmp_path / "no" / "x.ics")
    assert (wrong.code, "cannot be written" in wrong.err) == (2, True)


def test_an_alert_is_taken_on_with_its_incident(ask: Call, platform: FakePlatform) -> None:
    """By its labels; what else fires is proposed, linked by its fingerprint, and taken with it."""
    ends = (MORNING + timedelta(hours=1)).isoformat()
    posted = [
        {"labels": {"alertname": name, "model": "late", "severity": severity}, "endsAt": ends}
        for name, severity in (("Down", "page"), ("Slow", "info"))
    ]
    platform.alarms.take_alerts(json.dumps(posted).encode())
    shown = ask("incidents", "show", "1").out
    (line,) = [one for one in shown.splitlines() if one.startswith("may belong to it")]
    assert line.startswith("may belong to it: Slow (info, fires; the same model, late)")
    fingerprint = line.split()[-1]
    assert ask("incidents", "link", "1", fingerprint, "--by", "ana").out == "incident 1 is open\n"
    again = ask("incidents", "link", "1", fingerprint, "--by", "ana")
    assert (again.code, "already" in again.err) == (2, True)
    shown = ask("incidents", "show", "1").out
    assert "may belong" not in shown
    assert "Slow fires" in shown
    taken = ask("alerts", "ack", "alertname=Down", "--by", "ana").out
    assert taken.startswith("taken on by ana: 2 groups of alerts until ")
    assert taken.endswith(", incident 1\n")
    assert "commander: ana" in ask("incidents", "show", "1").out


def test_everything_that_is_wrong_with_a_file_has_a_line(call: Call, tmp_path: Path) -> None:
    """One problem a line, each with its place."""
    file = tmp_path / "oncall.yaml"
    file.write_text("users: {a: {contacts: [{receivr: x}]}}\nschedules: {p: {zone: Mars}}\n")
    done = call("oncall", "check", file)
    lines = done.err.splitlines()
    assert (done.code, len(lines)) == (2, 3)
    assert lines[0].startswith(f"watchkeeper: {file}, line 1, column 25: ")
    assert all(line.startswith(f"{file}, line 2, column ") for line in lines[1:])


def test_runbooks_are_listed_and_printed(call: Call) -> None:
    """As Markdown; an unknown one is a sentence with the nearest name."""
    assert "accuracy-drop" in call("runbooks").out
    assert call("runbooks", "show", "latency").out.startswith("# ")
    assert json.loads(call("runbooks", "list", "--json").out)[0]["steps"]
    assert json.loads(call("runbooks", "show", "drift", "--json").out)["name"] == "drift"
    wrong = call("runbooks", "show", "latenzy")
    assert (wrong.code, "did you mean 'latency'" in wrong.err) == (2, True)
