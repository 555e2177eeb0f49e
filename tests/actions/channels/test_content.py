"""What a message says, whatever users wrote."""

from __future__ import annotations

import json
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.actions.channels.kit import KEY, NOON, alert, content, notification
from watchkeeper.actions.channels.content import WHY, Picture, content_of
from watchkeeper.actions.channels.email_message import html_of
from watchkeeper.actions.channels.evidence import how_bad, suspects_of
from watchkeeper.actions.channels.slack_blocks import message
from watchkeeper.actions.channels.teams import card_message
from watchkeeper.actions.channels.text import text_of
from watchkeeper.actions.channels.words import clean, length, web_address
from watchkeeper.core.alert import Severity

TEXTS = st.text(max_size=60) | st.sampled_from(
    ["<b>", "<!here>", "&amp;", "](x)", "\r\nX: y", "\u202eevil", "{{ x }}", "'\"><script>", "@all"]
)


def test_one_alert_is_told_whole():
    """What, how bad, since when, evidence, what to do, links, and why."""
    told = content(notification())
    assert told.title == "P1: LowAccuracy on flights"
    assert told.summary == "Accuracy fell below its limit."
    (one,) = told.alerts
    assert one.how_bad == "accuracy 0.81 (0.78 to 0.84); limit 0.9; 1,204 rows"
    assert one.since == "since 2026-03-04 11:00 UTC, for 1 h 1 min"
    assert one.facts == (("carrier", "UA"), ("model", "flights"))
    assert one.suspects == ("temp: 0.5 (0.4 to 0.6)",)
    assert one.runbook == "https://runbooks.example.com/accuracy"
    assert [link.name for link in told.links] == ["group", "acknowledge", "silence"]
    assert told.why == "You get this as 'ops' because it has just begun."


def test_many_alerts_are_counted():
    """The worst severity leads; three names and a number."""
    labels = [{"alertname": f"A{n}", "severity": f"P{n % 3 + 1}"} for n in range(5)]
    told = content(notification(*(alert(labels=one) for one in labels)))
    assert told.title == "P1: 5 alerts on flights: A0, A1, A2 and 2 more"
    assert told.summary == "5 firing. First: Accuracy fell below its limit."
    assert told.severity is Severity.P1


def test_what_is_over_says_how_long_it_lasted():
    """And asks for nothing any more."""
    told = content(notification(alert(over=True), reason="all_resolved"))
    assert (told.title, told.firing) == ("Over: LowAccuracy on flights", False)
    assert told.alerts[0].since == "from 2026-03-04 11:00 UTC to 2026-03-04 11:55 UTC, for 55 min"
    assert "act within" not in text_of(told)


def test_an_alert_does_not_end_between_decision_and_attempt():
    """What fired when it was decided is told as firing, an hour later too."""
    told = notification(alert(ends_at=NOON + timedelta(minutes=4)))
    assert content_of(told, NOON + timedelta(hours=1)).firing
    assert not content_of(told, NOON + timedelta(hours=1)).alerts[0].over


def test_times_are_written_in_a_zone():
    """With its name, over a change of the clocks."""
    zone = ZoneInfo("Europe/Berlin")
    told = content_of(notification(), NOON + timedelta(days=60), zone=zone)
    assert told.alerts[0].since.startswith("since 2026-03-04 12:00 CET")
    assert told.sent == "2026-05-03 14:00 CEST"


@pytest.mark.parametrize("reason", WHY)
def test_each_reason_is_told(reason):
    """In words."""
    assert WHY[reason] in content(notification(reason=reason)).why


def test_flapping_is_told_once():
    """A note, not for what is over."""
    told = content(notification(alert(evidence={"flapping": True})))
    assert told.flapping.startswith("LowAccuracy comes and goes")
    assert "comes and goes" in text_of(told)
    assert content(notification(alert(over=True, evidence={"flapping": True}))).flapping == ""


def test_late_data_are_told():
    """When they changed it, with the zone; a time that cannot be read is left out."""
    for text, part in (("2026-03-04T11:30:00+00:00", "at 2026-03-04 11:30 UTC."), ("soon", "")):
        told = content(notification(alert(evidence={"amended_at": text})))
        assert ("Late data changed this" in text_of(told)) is bool(part)
        assert part in text_of(told)


def test_only_web_addresses_become_links():
    """No script and no file, from links, runbooks or rules."""
    links = {"group": "javascript:alert(1)", "runbook": "https://ok.example.com/<x>", "x": "/local"}
    told = content(notification(alert(generator_url="file:///etc"), links=links))
    assert [link.url for link in told.links] == ["https://ok.example.com/%3Cx%3E"]
    assert told.alerts[0].rule == ""


def test_a_picture_is_fetched_over_https_alone():
    """The address of the chart is no button."""
    for scheme, shown in (("https", True), ("http", False)):
        told = content(notification(links={"chart_image": f"{scheme}://wk.example.com/c.png"}))
        assert bool(told.chart_url) is shown
        assert told.links == ()


def test_a_picture_keeps_its_bytes_out_of_texts():
    """Only what it shows is printed."""
    assert "secretbytes" not in repr(content(notification(), Picture(b"secretbytes", "a chart")))


EVIDENCE: list[Any] = [
    {}, {"value": None}, {"value": float("nan"), "limit": float("inf")}, {"value": "high"},
    {"value": True}, {"rows": -1}, {"rows": "many"}, {"low": 1}, {"unit": None, "value": 3},
    {"suspects": "temp"}, {"suspects": [None, 3, {}, {"name": None}]}, {"suspects": {"a": 1}},
    {"note": ["x"]}, {"metric": {"a": 1}, "value": 1e300}, {"value": -0.0},
]  # fmt: skip


@pytest.mark.parametrize("evidence", EVIDENCE, ids=[str(n) for n in range(len(EVIDENCE))])
def test_odd_evidence_breaks_nothing(evidence):
    """Half of it, none of it, or of other types."""
    told = content(notification(alert(evidence=evidence)))
    assert "nan" not in text_of(told).lower().replace("finance", "")
    assert isinstance(how_bad(evidence), str)
    assert all(suspects_of(evidence))


@given(text=st.text(max_size=400), most=st.integers(1, 60))
def test_a_clean_text_is_one_short_line(text, most):
    """No control characters, no turned writing, and cleaning again changes nothing."""
    found = clean(text, most)
    assert len(found) <= most
    assert not any(ord(letter) < 32 or letter in "\u202e\u2066\x7f\x85\u2028" for letter in found)
    assert clean(found, most) == found


def test_the_direction_of_writing_cannot_be_turned():
    """`exe.txt` stays what it is; letters of languages that run the other way are kept."""
    assert clean("evil\u202etxt.exe\u2066 \u05d0\u05d1", 40) == "eviltxt.exe \u05d0\u05d1"


@given(minutes=st.integers(0, 10**6))
def test_lengths_are_two_units_at_most(minutes):
    """And never negative or empty."""
    words = length(timedelta(minutes=minutes)).split()
    assert 2 <= len(words) <= 4


class _Tags(HTMLParser):
    """The tags and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.add(tag)
        self.hrefs += [value or "" for name, value in attrs if name in {"href", "src"}]
        assert not [name for name, _ in attrs if name.startswith("on")]


@given(texts=st.lists(TEXTS, min_size=7, max_size=7))
def test_whatever_users_write_stays_text(texts):
    """In mail no tag, in Slack no mention, in Teams no element comes of it; JSON holds it all."""
    name, label, value, summary, description, url, note = texts
    told = notification(
        alert(
            labels={"alertname": name, "model": value, label: value},
            annotations={"summary": summary, "description": description, "runbook_url": url},
            evidence={"note": note, "suspects": [note, {"name": note, "effect": note}]},
            generator_url=url,
        ),
        receiver=name,
        group_labels={"model": value, label: value},
        links={"group": url, "odd": url},
    )
    words = content(told)
    page = _Tags()
    page.feed(html_of(words, ""))
    assert page.tags <= {"html", "head", "meta", "title", "body", "div", "h2", "p", "strong",
                         "table", "tr", "td", "a"}  # fmt: skip
    assert all(href.startswith(("http://", "https://")) for href in page.hrefs)
    for block in message(words, KEY)["blocks"]:
        if block["type"] == "section":
            bare = block["text"]["text"].replace("<http", "").replace("<https", "")
            assert "<" not in bare.split("|")[0]
    json.dumps(card_message(words))
    assert "\r" not in words.title + words.summary
    assert "\n" not in words.title + words.summary


@given(text=st.text(max_size=100))
def test_an_address_holds_no_sign_that_ends_it(text):
    """Neither in Slack's `<url|title>` nor in an attribute."""
    for found in (web_address(text), web_address(f"https://example.com/{text}")):
        assert not set(found) & set("<>|\"' ")
