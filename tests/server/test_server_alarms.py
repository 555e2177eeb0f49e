"""The routes of alarms, and Alertmanager's API beside them, over a real store."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.server.fake_platform import MODEL, MORNING, FakePlatform
from tests.server.test_server_api import answer_schema, check, described
from watchkeeper.app.alarms.dispatching import look_at_due
from watchkeeper.app.live.clock import now
from watchkeeper.core.alert import fingerprint
from watchkeeper.store.catalogue.alarms import StateRow

__all__ = ["described"]

RULES = """
groups:
  - name: flights
    model: late-arrivals
    rules:
      - alert: AccuracyLow
        expr: accuracy < 0.9
        for: 2h
        severity: P1
        annotations: {runbook: accuracy-drop}
"""
ROUTES = """
route: {receiver: team, routes: [{matchers: ["severity=P0"], receiver: pager}]}
receivers: [{name: team}, {name: pager}]
"""
Ask = Callable[..., httpx.Response]


@pytest.fixture
def own(own: FakePlatform) -> Iterator[FakePlatform]:
    """A platform whose store is closed at the end."""
    yield own
    own.let_go()


def test_rules_are_applied_shown_and_removed(
    ask: Ask, described: dict[str, Any], own: FakePlatform
) -> None:
    """Under a name, with warnings; twice the same changes nothing."""
    answer = ask("PUT", "/v1/rules/flights", content=RULES)
    assert answer.json() == {
        "name": "flights", "outcome": "created", "groups": 1, "rules": 1,
        "warnings": [f"not tried on the past of {MODEL}: this platform has measured nothing"],
    }  # fmt: skip
    assert ask("PUT", "/v1/rules/flights", content=RULES).json()["outcome"] == "unchanged"
    changed = ask("PUT", "/v1/rules/flights", content=RULES.replace("0.9", "0.8"))
    assert changed.json()["outcome"] == "changed"
    shown = ask("GET", "/v1/rules")
    check(described, answer_schema(described, "/v1/rules"), shown.json())
    (file,) = shown.json()["files"]
    (rule,) = file["groups"][0]["rules"]
    assert (rule["alert"], rule["for"], rule["severity"]) == ("AccuracyLow", "2h", "P1")
    assert ask("DELETE", "/v1/rules/flights").json()["outcome"] == "removed"
    assert ask("DELETE", "/v1/rules/flights").status_code == 404
    history = ask("GET", "/v1/history")
    check(described, answer_schema(described, "/v1/history"), history.json())
    assert [one["what"]["outcome"] for one in history.json()["history"]] == [
        "removed", "changed", "created",
    ]  # fmt: skip
    del own


def test_a_wrong_rule_file_is_refused_with_all_that_is_wrong(ask: Ask) -> None:
    """Line, column, nearest name; nothing of it is in force."""
    wrong = RULES.replace("accuracy <", "acuracy <").replace("severity: P1", "severity: P9")
    for method, path in (("PUT", "/v1/rules/x"), ("POST", "/v1/rules/check")):
        answer = ask(method, path, content=wrong)
        assert answer.status_code == 400
        message = answer.json()["error"]["message"]
        assert "did you mean 'accuracy'" in message
        assert "line 7, column 15" in message
        assert "P9" in message
    assert ask("GET", "/v1/rules").json() == {"files": []}
    assert ask("PUT", "/v1/rules/x", content=b"\xff\xfe").status_code == 400
    assert ask("POST", "/v1/rules/check", content=RULES).json()["rules"] == 1


@pytest.mark.parametrize(
    ("window", "said"),
    [("yesterday", "START..END"), ("2013-01-01..1913-01-01", "ends before"),
     ("1013-01-01..2013-01-01", "more than"), ("2013-01-01..2013-01-01T00:10", "shorter")],
)  # fmt: skip
def test_back_tests_of_odd_times_are_refused(ask: Ask, window: str, said: str) -> None:
    """With what is allowed."""
    answer = ask("POST", f"/v1/rules/backtest?window={window}", content=RULES)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_routes_are_applied_and_tried(ask: Ask, described: dict[str, Any]) -> None:
    """As an Alertmanager file; what is wrong changes nothing."""
    assert ask("GET", "/v1/routes").json()["receivers"] == [{"name": "default", "channels": []}]
    answer = ask("PUT", "/v1/routes", content=ROUTES)
    check(described, answer_schema(described, "/v1/routes"), answer.json())
    assert [one["name"] for one in answer.json()["receivers"]] == ["team", "pager"]
    tried = ask("POST", "/v1/routes/test", json={"labels": {"severity": "P0"}})
    assert tried.json() == {"receivers": ["pager"]}
    wrong = ROUTES.replace("receiver: pager}", "receiver: pagr}")
    assert "did you mean" in ask("PUT", "/v1/routes", content=wrong).json()["error"]["message"]
    webhook = ROUTES.replace("{name: team}", "{name: team, webhook_configs: [{ur: x}]}")
    assert ask("PUT", "/v1/routes", content=webhook).status_code == 400
    assert ask("GET", "/v1/routes").json()["text"] == ROUTES


def post_alert(ask: Ask, **labels: str) -> None:
    """Raise an alert from outside."""
    answer = ask("POST", "/api/v2/alerts", json=[{"labels": labels}])
    assert answer.status_code == 200


def test_alertmanagers_api_over_our_state(ask: Ask, own: FakePlatform) -> None:
    """Alerts in, groups out, silences that hold them back, and their end."""
    ask("PUT", "/v1/routes", content=ROUTES)
    post_alert(ask, alertname="Late", model=MODEL)
    (alert,) = ask("GET", "/api/v2/alerts").json()
    assert alert["labels"] == {"alertname": "Late", "model": MODEL}
    assert alert["status"]["state"] == "active"
    assert ask("GET", "/api/v2/alerts?filter=model=other").json() == []
    (group,) = ask("GET", "/api/v2/alerts/groups").json()
    assert group["receiver"] == {"name": "team"}
    silence = {
        "matchers": [{"name": "model", "value": MODEL, "isRegex": False}],
        "startsAt": MORNING.isoformat(), "endsAt": (MORNING + timedelta(hours=1)).isoformat(),
        "createdBy": "ann", "comment": "moving",
    }  # fmt: skip
    made = ask("POST", "/api/v2/silences", json=silence).json()["silenceID"]
    assert ask("GET", "/api/v2/alerts").json()[0]["status"]["silencedBy"] == [made]
    assert ask("GET", f"/api/v2/silence/{made}").json()["comment"] == "moving"
    assert ask("DELETE", f"/api/v2/silence/{made}").status_code == 200
    assert ask("DELETE", f"/api/v2/silence/{made}").status_code == 409
    assert ask("GET", "/api/v2/silence/none").status_code == 404
    assert ask("GET", "/api/v2/alerts").json()[0]["status"]["state"] == "active"
    assert ask("GET", "/api/v2/status").json()["config"]["original"] == ROUTES
    assert ask("GET", "/api/v2/receivers").json() == [{"name": "team"}, {"name": "pager"}]
    assert ask("POST", "/api/v2/alerts", json=[{"labels": {}}]).status_code == 400
    assert [row.kind for row in own.alarm_store.history(kinds=["silence"])] == ["silence"] * 2


def test_who_takes_an_alert_on_is_told_to_the_receiver(ask: Ask, own: FakePlatform) -> None:
    """Once it has been told; who takes it on before, is not told by themselves."""
    hooks = ROUTES.replace("{name: team}", "{name: team, webhook_configs: [{url: 'http://x/'}]}")
    ask("PUT", "/v1/routes", content=hooks)
    post_alert(ask, alertname="Late", model=MODEL)
    taking = {"labels": {"model": MODEL}, "by": "ann", "comment": "I look "}
    early = ask("POST", "/v1/alerts/acknowledge", json=taking)
    assert len(early.json()["acknowledged"]) == 1
    store, config = own.alarm_store, own.alarms.config()
    look_at_due(store, config, MORNING + timedelta(minutes=1))
    answer = ask("POST", "/v1/alerts/acknowledge", json=taking)
    assert answer.status_code == 200, answer.text
    assert answer.json()["by"] == "ann"
    reasons = [one["reason"] for one in ask("GET", "/v1/messages").json()["messages"]]
    assert reasons == ["acknowledged", "first"]
    noted, _ = ask("GET", "/v1/history?kind=acknowledged").json()["history"]
    assert (noted["what"]["by"], noted["what"]["comment"]) == ("ann", "I look")
    past = {**taking, "until": (MORNING - timedelta(hours=1)).isoformat()}
    assert ask("POST", "/v1/alerts/acknowledge", json=past).status_code == 400


def test_messages_and_alerts_are_as_described(
    ask: Ask, own: FakePlatform, described: dict[str, Any]
) -> None:
    """Of rules that fire, and of what became of what was sent."""
    with own.alarm_store.work() as work:
        key = f'["f","g","{MODEL}","Low",0,"",""]'
        body = (
            '{"labels":{"alertname":"Low","severity":"P1"},"since":"2013-06-03T14:00:00Z",'
            '"state":"firing","value":0.8,"rows":90}'
        )
        work.put_state(StateRow("instance", key, body), at=MORNING)
    answer = ask("GET", "/v1/alerts")
    check(described, answer_schema(described, "/v1/alerts"), answer.json())
    (alert,) = answer.json()["alerts"]
    assert (alert["alert"], alert["state"], alert["value"]) == ("Low", "firing", 0.8)
    assert alert["fingerprint"] == fingerprint({"alertname": "Low", "severity": "P1"})
    assert ask("GET", "/v1/alerts?model=other").json() == {"alerts": []}
    with own.alarm_store.work() as work:
        over = body.replace("firing", "inactive")
        work.put_state(StateRow("instance", key, over), at=MORNING)
    assert ask("GET", "/v1/alerts").json() == {"alerts": []}
    assert len(ask("GET", "/v1/alerts?every=true").json()["alerts"]) == 1
    check(described, answer_schema(described, "/v1/messages"), ask("GET", "/v1/messages").json())


SLOS = """
slos:
  - {name: answers, objective: 99.9%, sli: availability}
  - {name: fast, objective: 99%, sli: {kind: latency, under_ms: 100}, model: late-arrivals}
"""


def test_slos_are_applied_shown_and_removed(ask: Ask, described: dict[str, Any]) -> None:
    """What can never alert is refused; a model that has measured nothing says so."""
    answer = ask("PUT", "/v1/slos/flights", content=SLOS)
    assert answer.json() == {"name": "flights", "slos": ["answers", "fast"], "warnings": []}
    shown = ask("GET", "/v1/slos")
    check(described, answer_schema(described, "/v1/slos"), shown.json())
    assert [one["name"] for one in shown.json()["slos"]] == ["answers", "fast"]
    assert "measured nothing" in shown.json()["slos"][0]["error"]
    never = ask("PUT", "/v1/slos/flights", content=SLOS.replace("99.9%", "90%"))
    assert never.status_code == 400
    assert "144 %" in never.json()["error"]["message"]
    assert ask("DELETE", "/v1/slos/flights").json()["outcome"] == "removed"
    assert ask("DELETE", "/v1/slos/flights").status_code == 404


def slack(ask: Ask, text: str, secret: str = "s3", age: int = 0) -> httpx.Response:
    """A slash command as Slack sends it."""
    body = urlencode({"command": "/watchkeeper", "text": text, "user_id": "U1", "team_id": "T1",
                      "channel_id": "C1"}).encode()  # fmt: skip
    stamp = str(int(now().timestamp()) - age)
    signed = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    headers = {
        "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signed.hexdigest()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    return ask("POST", "/v1/chat/slack", content=body, headers=headers)


def test_slack_takes_alerts_on_and_silences_them(
    ask: Ask, own: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is set up, and where it is Slack that asks."""
    assert slack(ask, "show").status_code == 404
    monkeypatch.setenv("WATCHKEEPER_SLACK_SIGNING_SECRET", "s3")
    assert slack(ask, "show", secret="other").status_code == 403
    assert slack(ask, "show", age=3600).status_code == 403
    assert slack(ask, "show").json()["text"] == "Nothing is wrong."
    hooks = ROUTES.replace("{name: team}", "{name: team, webhook_configs: [{url: 'http://x/'}]}")
    ask("PUT", "/v1/routes", content=hooks)
    post_alert(ask, alertname="Late", model=MODEL)
    look_at_due(own.alarm_store, own.alarms.config(), MORNING + timedelta(minutes=1))
    assert "nothing that fires is called 'Lat'" in slack(ask, "ack Lat").json()["text"]
    key = ask("GET", "/v1/messages").json()["messages"][0]["key"]
    assert slack(ask, f"ack {key} mine").json()["response_type"] == "in_channel"
    assert ask("GET", "/v1/messages").json()["messages"][0]["reason"] == "acknowledged"
    assert slack(ask, "dance").json()["response_type"] == "ephemeral"
    assert "may not run anything here" in slack(ask, f"rollback {MODEL}").json()["text"]


def test_a_rule_file_says_where_it_is_kept(ask: Ask) -> None:
    """What comes from a file is named with it; what is changed here no longer is."""
    source = "ml/rules.yaml"
    ask("PUT", f"/v1/rules/flights?{urlencode({'source': source})}", content=RULES)
    assert ask("GET", "/v1/rules").json()["files"][0]["source"] == source
    again = ask("PUT", "/v1/rules/flights", content=RULES)
    assert again.json()["outcome"] == "unchanged"
    assert ask("GET", "/v1/rules").json()["files"][0]["source"] is None
    wrong = RULES.replace("for: 2h", "fro: 2h")
    said = [
        ask("PUT", f"/v1/rules/flights{query}", content=wrong).json()["error"]["message"]
        for query in (f"?{urlencode({'source': source})}", "")
    ]
    assert [one.partition(",")[0] for one in said] == [source, "flights"]


def test_a_check_says_what_was_read(ask: Ask, described: dict[str, Any]) -> None:
    """So that a form can stand beside the text."""
    answer = ask("POST", "/v1/rules/check", content=RULES)
    check(described, answer_schema(described, "/v1/rules/check", "post"), answer.json())
    (rule,) = answer.json()["read"][0]["rules"]
    assert (rule["expr"], rule["number"], rule["no_data"]) == ("accuracy < 0.9", 0, "alert")
