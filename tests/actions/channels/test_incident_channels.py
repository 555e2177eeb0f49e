"""PagerDuty, Opsgenie and Splunk On-Call: what each is sent, and within which limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from tests.actions.channels.kit import KEY, NOON, TOKEN, alert, channel, content, notification
from tests.actions.channels.recorder import Answer, Recorder
from watchkeeper.actions.results import Failed, Sent

OVER = notification(alert(over=True), reason="all_resolved")
TAKEN = notification(reason="acknowledged")


def sent(recorder: Recorder, kind: str, told: Any, **more: object) -> Any:
    """The body that a channel sends."""
    assert isinstance(channel(kind, recorder.url, **more).send(told, content(told)), Sent)
    return recorder.last.json


def test_pagerduty_gets_all_that_its_pages_show(recorder):
    """Severity in its words, when it began, where, links, and the evidence in the details."""
    event = sent(recorder, "pagerduty", notification())
    assert recorder.last.path == "/v2/enqueue"
    assert event["routing_key"] == TOKEN
    assert (event["event_action"], event["dedup_key"]) == ("trigger", KEY)
    payload = event["payload"]
    assert payload["summary"] == "P1: LowAccuracy on flights. Accuracy fell below its limit."
    assert (payload["severity"], payload["source"]) == ("error", "flights")
    assert payload["timestamp"] == "2026-03-04T11:00:00+00:00"
    assert "accuracy 0.81 (0.78 to 0.84); limit 0.9" in payload["custom_details"]["alert 1"]
    assert {"href": "https://wk.example.com/alerts/1", "text": "Open"} in event["links"]
    assert event["client_url"] == "https://wk.example.com/alerts/1"


@pytest.mark.parametrize(("told", "action"), [(OVER, "resolve"), (TAKEN, "acknowledge")])
def test_pagerduty_is_told_of_the_end_with_the_same_key(recorder, told, action):
    """Nothing but key and action: the rest is known."""
    event = sent(recorder, "pagerduty", told)
    assert event == {"event_action": action, "dedup_key": KEY, "routing_key": TOKEN}


def test_pagerduty_loses_its_details_before_it_loses_the_event(recorder):
    """512 KB are taken; beyond them `custom_details` goes first."""
    many = [
        alert(annotations={"summary": "x" * 400, "description": "ü" * 1500}, labels={"n": str(n)})
        for n in range(400)
    ]
    event = sent(recorder, "pagerduty", notification(*many))
    assert len(recorder.last.body) < 512 * 1024
    assert "custom_details" not in event["payload"]
    assert event["payload"]["summary"].startswith("Alert: 400 alerts")


def test_pagerduty_limits_hold_for_long_texts(recorder):
    """Keys of 255 and summaries of 1024 characters, whatever was written."""
    long = notification(alert(annotations={"summary": "z" * 5000}), key="k" * 400)
    event = sent(recorder, "pagerduty", long)
    assert len(event["dedup_key"]) <= 255
    assert len(event["payload"]["summary"]) <= 1024
    other = sent(recorder, "pagerduty", notification(key="k" * 399 + "j"))
    assert other["dedup_key"] != event["dedup_key"]


def test_pagerduty_takes_the_users_own_words(recorder):
    """Literal fields and simple templates are used; an unknown severity is not."""
    event = sent(
        recorder, "pagerduty", notification(), severity="critical", component="{{ .Receiver }}",
        details={"team": "{{ .CommonLabels.carrier }}"}, **{"class": "ml"},
    )  # fmt: skip
    payload = event["payload"]
    assert (payload["severity"], payload["component"], payload["class"]) == (
        "critical",
        "ops",
        "ml",
    )
    assert payload["custom_details"]["team"] == "UA"
    event = sent(recorder, "pagerduty", notification(), severity="dire")
    assert event["payload"]["severity"] == "error"


def test_opsgenie_creates_with_an_alias(recorder):
    """Its own fields and limits; the key goes into a header."""
    body = sent(recorder, "opsgenie", notification(alert(annotations={"summary": "x" * 9000})))
    got = recorder.last
    assert (got.method, got.path) == ("POST", "/v2/alerts")
    assert got.headers["Authorization"] == f"GenieKey {TOKEN}"
    assert (body["alias"], body["priority"]) == (KEY, "P2")
    assert len(body["message"]) <= 130
    assert len(body["description"]) <= 15_000
    assert body["details"]["carrier"] == "UA"


@pytest.mark.parametrize(("told", "path"), [(OVER, "close"), (TAKEN, "acknowledge")])
def test_opsgenie_is_told_of_the_end_by_alias(recorder, told, path):
    """By `identifierType=alias`, with the reason as a note."""
    body = sent(recorder, "opsgenie", told)
    assert recorder.last.path == f"/v2/alerts/{KEY}/{path}?identifierType=alias"
    assert "You get this" in body["note"]


def test_an_alias_with_signs_stays_one_part_of_the_address(recorder):
    """A key with slashes and question marks is quoted."""
    told = notification(alert(over=True), key="a/b?c#d é")
    sent(recorder, "opsgenie", told)
    alias = recorder.last.path.split("/")[3]
    assert unquote(alias) == "a/b?c#d é"


def test_jsm_operations_is_the_same_api_elsewhere(recorder):
    """The base address may have a path of its own, and no slash at its end."""
    sent(recorder, "opsgenie", notification(), api_url=f"{recorder.url}/jsm/ops/integration")
    assert recorder.last.path == "/jsm/ops/integration/v2/alerts"


def test_opsgenie_renews_what_it_shows_where_asked_to(recorder):
    """`update_alerts` puts message and description after the first time."""
    again = notification(reason="new_alerts")
    sent(recorder, "opsgenie", again, update_alerts=True)
    assert [(got.method, got.path.split("?")[0].rpartition("/")[2]) for got in recorder.got] == [
        ("POST", "alerts"),
        ("PUT", "message"),
        ("PUT", "description"),
    ]
    recorder.got.clear()
    sent(recorder, "opsgenie", notification(), update_alerts=True)
    assert len(recorder.got) == 1


def test_opsgenie_responders_may_come_from_labels(recorder):
    """A template picks the team."""
    who = [{"name": "team-{{ .CommonLabels.model }}", "type": "team"}]
    body = sent(recorder, "opsgenie", notification(), responders=who, tags="a, b", priority="P5")
    assert body["responders"] == [{"name": "team-flights", "type": "team"}]
    assert (body["tags"], body["priority"]) == (["a", "b"], "P5")


@pytest.mark.parametrize(
    ("told", "kind"),
    [(notification(), "CRITICAL"), (OVER, "RECOVERY"), (TAKEN, "ACKNOWLEDGEMENT")],
    ids=["firing", "over", "acknowledged"],
)
def test_splunk_gets_its_message_types(recorder, told, kind):
    """The key is the entity, the address holds who is told."""
    body = sent(recorder, "victorops", told)
    assert recorder.last.path == f"/alert/{TOKEN}/team"
    assert (body["message_type"], body["entity_id"]) == (kind, KEY)
    assert len(body["state_message"].encode()) <= 20_480


@pytest.mark.parametrize(
    ("severity", "pagerduty", "opsgenie", "splunk"),
    [
        ("P0", "critical", "P1", "CRITICAL"),
        ("P1", "error", "P2", "CRITICAL"),
        ("P2", "warning", "P3", "WARNING"),
        ("P3", "info", "P5", "INFO"),
        ("critical", "critical", "P1", "CRITICAL"),
        ("warning", "warning", "P3", "WARNING"),
        ("odd", "warning", "P3", "WARNING"),
        ("", "warning", "P3", "WARNING"),
    ],
)
def test_one_table_names_severities_for_all(recorder, severity, pagerduty, opsgenie, splunk):
    """Written out here from the design: ours, and those of Prometheus rules."""
    told = notification(alert(labels={"alertname": "A", "severity": severity}))
    assert sent(recorder, "pagerduty", told)["payload"]["severity"] == pagerduty
    assert sent(recorder, "opsgenie", told)["priority"] == opsgenie
    assert sent(recorder, "victorops", told)["message_type"] == splunk


def test_splunk_may_refuse_with_a_good_status(recorder):
    """`result: failure` is a refusal."""
    recorder.answer = Answer(200, b'{"result": "failure", "message": "no such key"}')
    result = channel("victorops", recorder.url).send(notification(), content(notification()))
    assert isinstance(result, Failed)
    assert "no such key" in result.why


def test_a_key_in_a_file_is_read_when_it_is_sent(recorder, tmp_path):
    """A file that is not there yet is waited for."""
    file = tmp_path / "key"
    told = notification()
    sender = channel("pagerduty", recorder.url, routing_key=None, routing_key_file=str(file))
    assert "key" in sender.send(told, content(told)).why
    file.write_text("fresh\n")
    assert isinstance(sender.send(told, content(told)), Sent)
    assert recorder.last.json["routing_key"] == "fresh"


def test_the_time_is_that_of_the_oldest_alert(recorder):
    """`state_start_time` counts seconds since 1970."""
    body = sent(recorder, "victorops", notification())
    assert body["state_start_time"] == int(NOON.timestamp()) - 3600
