"""What one can press in each channel's message: pages, none of which does anything by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.actions.channels.kit import HTTP_KINDS, NOON, alert, channel, content, notification
from watchkeeper.actions.channels.email_message import html_of
from watchkeeper.actions.channels.text import text_of
from watchkeeper.alerts.matchers import parse_matcher
from watchkeeper.app.alarms.links import (
    model_page,
    outside,
    runbook_page,
    silence_page,
    with_links,
)
from watchkeeper.core.alert import Alert, Notification

URL = "https://wk.example.com"
LATE = alert(
    annotations={"summary": "Accuracy fell.", "runbook": "accuracy-drop"}, generator_url="",
    evidence={
        "value": 0.8,
        "series": {"metric": "accuracy", "window_s": 3600, "segment": ["origin", "JFK"],
                   "version": "7"},
    },
)  # fmt: skip
PRINT = LATE.fingerprint
PAGES = {
    "group": f"{URL}/alerts?fingerprint={PRINT}",
    "acknowledge": f"{URL}/alerts?fingerprint={PRINT}#acknowledge",
    "silence": f"{URL}/silences/new?matcher=model%3D%22flights%22&for=2h",
    "runbook": f"{URL}/runbooks/accuracy-drop",
    "chart": f"{URL}/models/flights?from=2026-02-25T11:00:00Z&to=2026-03-04T12:00:00Z"
    "&version=7&segment=origin:JFK&metric=accuracy",
}
RULE = f"{URL}/monitors?rule=LowAccuracy"


def told(*alerts: Alert, **more: Any) -> Notification:
    """A message with its links."""
    return with_links(notification(*(alerts or (LATE,)), **{"links": {}} | more), URL)


def test_the_links_of_an_alert():
    """To the alert, to the button, to a silence of its group, to what to do, to its chart."""
    found = told()
    assert dict(found.links) == PAGES
    assert found.alerts[0].generator_url == RULE
    assert found.alerts[0].annotations["runbook_url"] == PAGES["runbook"]


def test_what_is_over_or_taken_has_nothing_to_press():
    """Nobody acknowledges or silences what is over, or acknowledges what somebody has."""
    over = told(replace(LATE, ends_at=NOON - timedelta(minutes=5)), reason="all_resolved")
    assert set(over.links) == {"group", "runbook", "chart"}
    assert over.links["chart"].endswith("metric=accuracy")
    assert "acknowledge" not in told(reason="acknowledged").links


def test_what_is_there_already_stays():
    """Links of the alert's own, and no links where no address of the server is known."""
    own = alert(annotations={"runbook": "x", "runbook_url": "https://own.example.com/r"})
    found = told(own, links={"group": "https://own.example.com/g"})
    assert found.links["group"] == "https://own.example.com/g"
    assert found.links["runbook"] == "https://own.example.com/r"
    assert found.alerts[0].generator_url == own.generator_url
    assert with_links(notification(own), "") == notification(own)


def test_an_incident_leads_to_its_page():
    """And its silence is one of the incident."""
    page = Alert({"alertname": "Incident", "incident": "7", "severity": "P1"}, {}, NOON)
    found = told(page, LATE, group_labels={"alertname": "Incident", "incident": "7"})
    assert found.links["group"] == f"{URL}/incidents/7"
    assert found.links["acknowledge"] == f"{URL}/incidents/7#acknowledge"
    query = parse_qsl(urlsplit(found.links["silence"]).query)
    assert query == [
        ("matcher", 'alertname="Incident"'), ("matcher", 'incident="7"'), ("for", "2h"),
    ]  # fmt: skip


def test_an_incident_told_without_an_address_leads_to_its_page():
    """Also where who put it into the line knew no address of the server."""
    page = Alert({"alertname": "Incident", "incident": "7", "severity": "P1"}, {}, NOON)
    assert told(page).alerts[0].generator_url == f"{URL}/incidents/7"


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://wk.example.com/here", True), ("http://10.0.0.7:8470", True),
        ("http://[fd00::7]:8470", True), ("http://wk:8470", True),
        ("http://127.0.0.1:8470", False), ("http://127.8.0.1:8470", False),
        ("http://localhost:8470", False), ("http://LOCALHOST", False),
        ("http://[::1]:8470", False), ("", False),
    ],
)  # fmt: skip
def test_an_address_of_this_machine_alone_is_none(url, known):
    """In a message it would lead each reader to a machine of their own."""
    assert outside(url) == (url if known else "")


def test_no_channel_has_links_without_an_address(recorder):
    """Nobody is sent to nowhere, and nobody to a relative address."""
    message = with_links(notification(LATE, links={}), outside("http://localhost:8470"))
    assert dict(message.links) == {}
    for kind in HTTP_KINDS:
        channel(kind, recorder.url).send(message, content(message))
        body = json.dumps(recorder.last.json)
        for part in ("/alerts?", "/silences/", "/monitors?", "/runbooks/", "localhost"):
            assert part not in body, kind
    assert Links(html_of(content(message), "")).found == {}


class Links(HTMLParser):
    """The addresses of links by what is written on them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._href = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address."""
        self._href = dict(attrs).get("href") or "" if tag == "a" else ""

    def handle_data(self, data: str) -> None:
        """What is written on it."""
        if self._href:
            self.found[data], self._href = self._href, ""


WORDS = {
    "Open": PAGES["group"], "Acknowledge": PAGES["acknowledge"],
    "Silence for 2 h": PAGES["silence"], "Runbook": PAGES["runbook"], "Chart": PAGES["chart"],
}  # fmt: skip


def test_mail_has_them_as_links_and_as_text():
    """What to do and the rule stand with the alert."""
    message = content(told())
    found = Links(html_of(message, "")).found
    assert found == WORDS | {"What to do": PAGES["runbook"], "Rule": RULE}
    lines = text_of(message).splitlines()
    assert [line for line in lines if line.partition(": ")[0] in WORDS] == [
        f"{word}: {url}" for word, url in WORDS.items()
    ]


def test_slack_has_them_as_buttons(recorder):
    """Two of them are commands where Slack may call the server; the others open pages."""
    message = told()
    channel("slack-webhook", recorder.url).send(message, content(message))
    assert urls_of_slack(recorder.last.json) == WORDS
    channel("slack-webhook", recorder.url, interactive=True).send(message, content(message))
    (actions,) = [one for one in recorder.last.json["blocks"] if one["type"] == "actions"]
    commands = {one["text"]["text"] for one in actions["elements"] if "url" not in one}
    assert commands == {"Acknowledge", "Silence for 2 h", "Show"}
    opened = urls_of_slack(recorder.last.json)
    assert opened == {word: WORDS[word] for word in ("Open", "Runbook", "Chart")}


def urls_of_slack(body: dict[str, Any]) -> dict[str, str]:
    """The addresses of buttons by what is written on them."""
    (actions,) = [one for one in body["blocks"] if one["type"] == "actions"]
    return {one["text"]["text"]: one["url"] for one in actions["elements"] if "url" in one}


def test_teams_opens_urls(recorder):
    """As actions of the card."""
    message = told()
    channel("msteamsv2", recorder.url).send(message, content(message))
    card = recorder.last.json["attachments"][0]["content"]
    assert {one["title"]: one["url"] for one in card["actions"]} == WORDS
    assert {one["type"] for one in card["actions"]} == {"Action.OpenUrl"}


def test_webhooks_have_them_as_fields(recorder):
    """By name, and Alertmanager's own fields lead to the same pages."""
    message = told()
    channel("webhook", recorder.url).send(message, content(message))
    body = recorder.last.json
    assert body["links"] == PAGES
    assert body["externalURL"] == PAGES["group"]
    assert body["alerts"][0]["generatorURL"] == RULE


def test_pagerduty_and_opsgenie_have_them(recorder):
    """As links of the event, and as details of the alert."""
    message = told()
    channel("pagerduty", recorder.url).send(message, content(message))
    event = recorder.last.json
    assert {one["text"]: one["href"] for one in event["links"]} == WORDS
    assert event["client_url"] == PAGES["group"]
    channel("opsgenie", recorder.url).send(message, content(message))
    details = recorder.last.json["details"]
    assert {word: details[word] for word in WORDS} == WORDS
    channel("victorops", recorder.url).send(message, content(message))
    assert recorder.last.json["link_silence"] == PAGES["silence"]


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_every_channel_leads_somewhere(recorder, kind):
    """Each message holds the address of the alert's page, or of its rule."""
    message = told()
    channel(kind, recorder.url).send(message, content(message))
    body = json.dumps(recorder.last.json)
    assert PAGES["group"] in body or RULE in body


NAMES = st.text(min_size=1, max_size=20)


@given(st.dictionaries(NAMES, NAMES, min_size=1, max_size=4))
def test_a_silence_is_of_what_the_address_says(labels):
    """Whatever stands in labels: it is read back as equalities of the same."""
    query = parse_qsl(urlsplit(silence_page(URL, labels)).query, keep_blank_values=True)
    found = [parse_matcher(text) for name, text in query if name == "matcher"]
    assert {one.name: one.value for one in found} == labels
    assert not any(one.is_regex or not one.is_equal for one in found)


@given(NAMES, NAMES, NAMES)
def test_names_stay_whole_in_addresses(model, metric, value):
    """A slash, a question mark or a colon in a name adds no part to the address."""
    page = urlsplit(model_page(URL, model, metric=metric, segment=("a", value)))
    assert unquote(page.path.removeprefix("/models/")) == model
    assert dict(parse_qsl(page.query)) == {"metric": metric, "segment": f"a:{value}"}
    assert unquote(urlsplit(runbook_page(URL, model)).path) == f"/runbooks/{model}"
