"""The routes of incidents and of who is on call, over a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import icalendar
import pytest

from tests.server.fake_platform import MODEL, MORNING, FakePlatform
from tests.server.test_server_api import answer_schema, check, described

__all__ = ["described"]

ROUTES = "route: {receiver: team}\nreceivers: [{name: team}, {name: pager}]\n"
ONCALL = """
users:
  ana: {name: Ana, contacts: [{receiver: pager}, {email: ana@example.com}]}
schedules:
  primary: {layers: [{rotation: weekly, users: [ana], start: 2013-01-07}]}
  nights:
    layers:
      - {rotation: daily, users: [ana], start: 2013-01-07, only: [{from: 22:00, to: 06:00}]}
escalations:
  default: {steps: [{notify: {schedule: primary}}]}
"""
LATE = {"title": "Late answers", "severity": "SEV-1", "models": [MODEL], "by": "ana"}
Ask = Callable[..., httpx.Response]


@pytest.fixture
def own(own: FakePlatform) -> Iterator[FakePlatform]:
    """A platform whose store is closed at the end."""
    yield own
    own.let_go()


def test_an_incident_from_its_opening_to_its_end(
    ask: Ask, described: dict[str, Any], own: FakePlatform
) -> None:
    """Every answer is as described; steps that are not possible are refused with those that are."""
    opened = ask("POST", "/v1/incidents", json={**LATE, "class": "service"})
    assert opened.status_code == 200, opened.text
    check(described, answer_schema(described, "/v1/incidents", "post"), opened.json())
    assert (opened.json()["number"], opened.json()["commander"]) == (1, "ana")
    listed = ask("GET", "/v1/incidents?state=active")
    check(described, answer_schema(described, "/v1/incidents"), listed.json())
    assert listed.json()["incidents"][0]["due"]["what"] == "acknowledge"
    events = "/v1/incidents/1/events"
    for event in ("acknowledge", "mitigate", "resolve"):
        answer = ask("POST", events, json={"event": event, "by": "ana", "text": "so"})
        schema = answer_schema(described, "/v1/incidents/{number}/events", "post")
        check(described, schema, answer.json())
    assert answer.json()["state"] == "resolved"
    assert answer.json()["possible"] == ["closed", "false_alarm", "open"]
    refused = ask("POST", events, json={"event": "mitigate", "by": "ana"})
    assert refused.status_code == 409
    assert "closed" in refused.json()["error"]["message"]
    shown = ask("GET", "/v1/incidents/1")
    check(described, answer_schema(described, "/v1/incidents/{number}"), shown.json())
    assert shown.json()["deadlines"][0]["what"] == "post_mortem"
    assert ask("GET", "/v1/incidents?state=active").json() == {"incidents": []}
    assert len(ask("GET", f"/v1/incidents?model={MODEL}").json()["incidents"]) == 1
    figures = ask("GET", "/v1/incidents/figures")
    check(described, answer_schema(described, "/v1/incidents/figures"), figures.json())
    assert figures.json()["times"]["resolve"]["measured"] == 1
    del own


def test_the_post_mortem_is_markdown(ask: Ask, described: dict[str, Any]) -> None:
    """As described."""
    ask("POST", "/v1/incidents", json=LATE)
    answer = ask("GET", "/v1/incidents/1/post-mortem")
    assert answer.headers["content-type"].startswith("text/markdown")
    assert answer.text.startswith("# Post-mortem: Late answers (incident 1)")
    path = described["paths"]["/v1/incidents/{number}/post-mortem"]["get"]
    assert list(path["responses"]["200"]["content"]) == ["text/markdown"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/incidents/9", None, 404),
        ("GET", "/v1/incidents/9/post-mortem", None, 404),
        ("GET", "/v1/incidents/x", None, 400),
        ("GET", "/v1/incidents?state=odd", None, 400),
        ("POST", "/v1/incidents", {**LATE, "severity": "SEV-9"}, 400),
        ("POST", "/v1/incidents", {**LATE, "title": " "}, 400),
        ("POST", "/v1/incidents/9/events", {"event": "acknowledge"}, 404),
        ("POST", "/v1/incidents/1/events", {"event": "note"}, 400),
        ("POST", "/v1/incidents/1/events", {"event": "nothing"}, 400),
        ("POST", "/v1/incidents/1/events", {"event": "merge", "into": 1}, 409),
        ("GET", "/v1/oncall/now?days=900", None, 400),
        ("DELETE", "/v1/oncall", None, 404),
    ],
)
def test_what_cannot_be_done_is_refused(
    ask: Ask, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    """With a sentence."""
    ask("POST", "/v1/incidents", json=LATE)
    answer = ask(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


def test_who_is_on_call(ask: Ask, described: dict[str, Any]) -> None:
    """A file is applied, read, and taken out of force."""
    ask("PUT", "/v1/routes", content=ROUTES)
    check(described, answer_schema(described, "/v1/oncall"), ask("GET", "/v1/oncall").json())
    answer = ask("PUT", "/v1/oncall", content=ONCALL)
    check(described, answer_schema(described, "/v1/oncall", "put"), answer.json())
    assert answer.json()["schedules"] == ["nights", "primary"]
    now = ask("GET", "/v1/oncall/now?days=7")
    check(described, answer_schema(described, "/v1/oncall/now"), now.json())
    found = {one["schedule"]: one for one in now.json()["schedules"]}
    assert (found["primary"]["user"], found["primary"]["gaps"]) == ("ana", [])
    assert found["nights"]["user"] is None  # It is two in the afternoon.
    assert len(found["nights"]["gaps"]) == 8
    wrong = ask("PUT", "/v1/oncall", content=ONCALL.replace("receiver: pager", "receiver: pagr"))
    assert wrong.status_code == 400
    assert "did you mean 'pager'" in wrong.json()["error"]["message"]
    assert ask("PUT", "/v1/oncall", content=b"\xff").status_code == 400
    assert ask("DELETE", "/v1/oncall").json()["outcome"] == "removed"
    assert ask("GET", "/v1/oncall").json()["text"] == ""


def test_shifts_go_into_calendars(ask: Ask) -> None:
    """Of everybody or of one, by name; events keep their ids until the month is over."""
    ask("PUT", "/v1/routes", content=ROUTES)
    ask("PUT", "/v1/oncall", content=ONCALL.replace("  ana:", "  bo: {}\n  ana:"))
    answer = ask("GET", "/v1/oncall/calendar.ics?days=10")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
    assert {str(one["SUMMARY"]) for one in events} == {
        "Ana on call (primary)", "Ana on call (nights)",
    }  # fmt: skip
    starts = min(one["DTSTART"].dt for one in events)
    assert starts.isoformat() == "2013-05-01T00:00:00+00:00"
    assert ask("GET", "/v1/oncall/calendar.ics?days=10&user=Ana").text.count("BEGIN:VEVENT") == len(
        events
    )
    assert "VEVENT" not in ask("GET", "/v1/oncall/calendar.ics?user=bo").text
    wrong = ask("GET", "/v1/oncall/calendar.ics?user=anna")
    assert wrong.status_code == 404
    assert "did you mean 'ana'" in wrong.json()["error"]["message"]
    assert ask("GET", "/v1/oncall/calendar.ics?days=900").status_code == 400


def test_a_calendar_program_sends_a_key_as_a_password(ask: Ask, own: FakePlatform) -> None:
    """A key in the address itself is none: addresses end up in logs and histories."""
    scopes = ("read", "ingest", "admin")
    secrets = {scope: own.keys.create(scope, [scope])[1] for scope in scopes}
    ask("PUT", "/v1/routes", content=ROUTES, auth=("key", secrets["admin"]))
    ask("PUT", "/v1/oncall", content=ONCALL, auth=("key", secrets["admin"]))
    path = "/v1/oncall/calendar.ics"
    answer = ask("GET", path, auth=("key", secrets["read"]))
    assert (answer.status_code, answer.text[:15]) == (200, "BEGIN:VCALENDAR")
    assert ask("GET", path, auth=("key", secrets["ingest"])).status_code == 403
    for name in ("key", "token", "access_token", "secret"):
        assert ask("GET", f"{path}?{name}={secrets['read']}").status_code == 401


def test_an_alert_beside_an_incident_is_taken_into_it(
    ask: Ask, described: dict[str, Any], own: FakePlatform
) -> None:
    """It is proposed by its fingerprint, and a part of the incident when somebody says so."""
    ends = {"endsAt": (MORNING + timedelta(hours=1)).isoformat()}
    both = [
        {"labels": {"alertname": name, "model": MODEL, "severity": severity}, **ends}
        for name, severity in (("Down", "page"), ("Slow", "info"))
    ]
    assert ask("POST", "/api/v2/alerts", json=both).status_code == 200
    shown = ask("GET", "/v1/incidents/1")
    check(described, answer_schema(described, "/v1/incidents/{number}"), shown.json())
    (related,) = shown.json()["related"]
    assert (related["name"], related["why"]) == ("Slow", f"the same model, {MODEL}")
    body = {"event": "alert", "fingerprint": related["fingerprint"], "by": "ana"}
    taken = ask("POST", "/v1/incidents/1/events", json=body).json()
    assert [one["name"] for one in taken["alerts"]] == ["Down", "Slow"]
    again = ask("POST", "/v1/incidents/1/events", json=body)
    assert (again.status_code, "already" in again.json()["error"]["message"]) == (409, True)
    wrong = ask("POST", "/v1/incidents/1/events", json=body | {"fingerprint": "cbf2"})
    assert wrong.status_code == 404
    del own


def test_a_silenced_alert_opens_no_incident(ask: Ask, own: FakePlatform) -> None:
    """And a silence of one that has an incident stands on its timeline, with who and why."""
    labels = {"alertname": "Down", "model": MODEL, "severity": "page"}
    silence = {
        "matchers": [{"name": "model", "value": MODEL, "isRegex": False, "isEqual": True}],
        "startsAt": MORNING.isoformat(), "endsAt": (MORNING + timedelta(hours=2)).isoformat(),
        "createdBy": "ana", "comment": "the feed moves",
    }  # fmt: skip
    made = ask("POST", "/api/v2/silences", json=silence)
    assert made.status_code == 200, made.text
    assert ask("POST", "/api/v2/alerts", json=[{"labels": labels}]).status_code == 200
    assert ask("GET", "/v1/incidents").json()["incidents"] == []
    number = made.json()["silenceID"]
    assert ask("DELETE", f"/api/v2/silence/{number}").status_code == 200
    assert ask("POST", "/api/v2/alerts", json=[{"labels": labels}]).status_code == 200
    assert len(ask("GET", "/v1/incidents").json()["incidents"]) == 1
    assert ask("POST", "/api/v2/silences", json=silence).status_code == 200
    last = ask("GET", "/v1/incidents/1").json()["timeline"][-1]["text"]
    assert last.startswith("Down is silenced by ana until")
    assert last.endswith("the feed moves")
    del own


def test_a_posted_alert_opens_an_incident_which_is_taken_with_it(
    ask: Ask, described: dict[str, Any], own: FakePlatform
) -> None:
    """Over Alertmanager's API, told by the chain, taken on by its labels, and over when it is."""
    hooks = ROUTES.replace("{name: pager}", "{name: pager, webhook_configs: [{url: 'http://x/'}]}")
    ask("PUT", "/v1/routes", content=hooks)
    ask("PUT", "/v1/oncall", content=ONCALL)
    labels = {"alertname": "Down", "model": MODEL, "severity": "page"}
    ends = {"endsAt": (MORNING + timedelta(hours=1)).isoformat()}
    assert ask("POST", "/api/v2/alerts", json=[{"labels": labels, **ends}]).status_code == 200
    (incident,) = ask("GET", "/v1/incidents").json()["incidents"]
    assert (incident["title"], incident["severity"]) == (f"Down on {MODEL}", "SEV-0")
    taken = ask("POST", "/v1/alerts/acknowledge", json={"labels": labels, "by": "ana"})
    check(described, answer_schema(described, "/v1/alerts/acknowledge", "post"), taken.json())
    assert taken.json()["incidents"] == [1]
    shown = ask("GET", "/v1/incidents/1").json()
    assert (shown["state"], shown["escalation"]["status"]) == ("acknowledged", "held")
    over = {"labels": labels, "endsAt": (MORNING - timedelta(seconds=1)).isoformat()}
    assert ask("POST", "/api/v2/alerts", json=[over]).status_code == 200
    assert ask("GET", "/v1/incidents/1").json()["mitigation_suggested"]
    del own


def test_an_incident_opened_by_hand_is_told(ask: Ask, own: FakePlatform) -> None:
    """To who is on call, with the incident itself as the alert; who takes it is named."""
    hooks = ROUTES.replace("{name: pager}", "{name: pager, webhook_configs: [{url: 'http://x/'}]}")
    ask("PUT", "/v1/routes", content=hooks)
    ask("PUT", "/v1/oncall", content=ONCALL)
    ask("POST", "/v1/incidents", json=LATE)
    (message,) = ask("GET", "/v1/messages").json()["messages"]
    assert (message["receiver"], message["status"], message["alerts"]) == ("pager", "firing", 1)
    until = (MORNING + timedelta(hours=1)).replace(tzinfo=None).isoformat()
    taken = {"event": "acknowledge", "by": "ana", "until": until}
    shown = ask("POST", "/v1/incidents/1/events", json=taken).json()
    assert shown["escalation"]["held_until"].startswith("2013-06-03T15:00:00")
    reasons = [one["reason"] for one in ask("GET", "/v1/messages").json()["messages"]]
    assert reasons == ["acknowledged", "first"]
    past = {**taken, "until": (MORNING - timedelta(hours=1)).isoformat()}
    assert ask("POST", "/v1/incidents/1/events", json=past).status_code == 400
    del own


def test_changes_need_the_scope_admin(ask: Ask, own: FakePlatform) -> None:
    """Reading does not do."""
    _, reader = own.keys.create("reader", ["read"])
    headers = {"Authorization": f"Bearer {reader}"}
    assert ask("GET", "/v1/incidents", headers=headers).status_code == 200
    for method, path in (("POST", "/v1/incidents"), ("PUT", "/v1/oncall")):
        assert ask(method, path, json=LATE, headers=headers).status_code == 403
    _, admin = own.keys.create("boss", ["admin"])
    named = {key: value for key, value in LATE.items() if key != "by"}
    answer = ask("POST", "/v1/incidents", json=named, headers={"Authorization": f"Bearer {admin}"})
    assert answer.json()["opened_by"] == "boss"
