"""Microsoft Teams: Adaptive Cards; Webex: plain text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.actions.channels.kit import TOKEN, alert, channel, content, notification
from tests.actions.channels.recorder import Answer
from watchkeeper.actions.channels.teams import card_message
from watchkeeper.actions.results import Retry, Sent


def walk(element: Any) -> list[dict[str, Any]]:
    """All elements of a card."""
    if isinstance(element, list):
        return [found for one in element for found in walk(one)]
    if not isinstance(element, dict):
        return []
    return [element, *(found for value in element.values() for found in walk(value))]


def test_a_workflow_gets_one_card(recorder):
    """Version 1.2, in an attachment, with buttons that open pages."""
    told = notification()
    assert isinstance(channel("msteamsv2", recorder.url).send(told, content(told)), Sent)
    body = recorder.last.json
    assert recorder.last.path == f"/workflows/{TOKEN}?sig={TOKEN}"
    assert body["type"] == "message"
    attachment = body["attachments"][0]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.2")
    assert [action["title"] for action in card["actions"]] == [
        "Open",
        "Acknowledge",
        "Silence for 2 h",
    ]
    whole = json.dumps(body, ensure_ascii=False)
    for part in ("act within 15 minutes", "accuracy 0.81 (0.78 to 0.84)", "2026-03-04 11:00 UTC"):
        assert part in whole


def test_nothing_that_users_write_is_markup():
    """No element of a card reads Markdown, and no mention is declared."""
    nasty = "[safe](https://evil.example) **x** <at>everyone</at>"
    labels = {"alertname": nasty, "model": nasty}
    told = notification(alert(labels=labels, annotations={"summary": nasty, "description": nasty}))
    card = card_message(content(told))
    elements = walk(card)
    assert not [one for one in elements if one.get("type") in {"TextBlock", "FactSet"}]
    assert all("entities" not in one for one in elements)
    runs = [one["text"] for one in elements if one.get("type") == "TextRun"]
    assert any(nasty in run for run in runs)


@pytest.mark.parametrize("count", [1, 20, 500])
def test_a_message_has_at_most_28_kb(count):
    """Alerts are left out, and the card says how many."""
    texts = {"summary": "ü" * 400, "description": ("é" * 300 + "\n") * 9}
    told = notification(*(alert(annotations=texts, labels={"n": str(n)}) for n in range(count)))
    message = card_message(content(told))
    assert len(json.dumps(message, ensure_ascii=False).encode()) <= 28 * 1024
    assert count == 1 or "more alert" in json.dumps(message)


def test_an_old_connector_hides_its_refusal_in_a_good_answer(recorder):
    """A status of 200 whose text names an error of 429 is tried again."""
    said = b"Webhook message delivery failed with error: Teams endpoint returned HTTP error 429"
    recorder.answer = Answer(200, said)
    told = notification()
    assert isinstance(channel("msteamsv2", recorder.url).send(told, content(told)), Retry)


def test_webex_gets_plain_text(recorder):
    """In a room, within its limit, with the bot's token, and no Markdown."""
    told = notification(*(alert(labels={"n": "é" * 100, "m": str(n)}) for n in range(50)))
    sender = channel("webex", recorder.url, room_id="room-{{ .GroupLabels.model }}")
    assert isinstance(sender.send(told, content(told)), Sent)
    body = recorder.last.json
    assert (recorder.last.path, body["roomId"]) == ("/v1/messages", "room-flights")
    assert set(body) == {"roomId", "text"}
    assert len(body["text"].encode()) <= 7439
    assert recorder.last.headers["Authorization"] == f"Bearer {TOKEN}-bearer"
