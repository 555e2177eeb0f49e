"""Microsoft Teams: an Adaptive Card to the URL of a workflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from watchkeeper.actions.channels.common import Common
from watchkeeper.actions.channels.content import AlertContent, Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Answer, Http, ask, json_bytes, json_request
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.text import head, left_out_text, urgency
from watchkeeper.actions.results import Result, Retry
from watchkeeper.core.alert import Notification

MOST_BYTES, MOST_ALERTS = 28_000, 20
"""Bytes of a message, alerts of a card."""

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Teams:
    """A workflow that posts what it gets into a channel.

    Attributes
    ----------
    url
        Of the workflow's trigger "When a Teams webhook request is received".
    http
        How it is reached.
    """

    url: Secret
    http: Http
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.url, *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:  # noqa: ARG002  # all is in the content
        """Post a card."""
        answer = ask(self.http, "Teams", json_request(self.url.reveal(), card_message(content)))
        if not isinstance(answer, Answer):
            return answer
        # Old connectors answer 200 and name the real status, 429 or 500, in the text.
        if answer.status < 300 and "returned HTTP error" in answer.text:
            return Retry(answer.after_s, f"Teams: {answer.text}")
        return answer.result("Teams")


def card_message(content: Content) -> dict[str, Any]:
    """The message with its card; alerts are left out until it is small enough."""
    message: dict[str, Any] = {}
    for most in (MOST_ALERTS, 10, 5, 2, 1, 0):
        card = _card(content.cut(most))
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card,
        }
        message = {"type": "message", "attachments": [attachment]}
        if len(json_bytes(message)) <= MOST_BYTES:
            break
    return message


def _card(content: Content) -> Element:
    body = [
        _line(content.title, size="Large", weight="Bolder", color=_colour(content)),
        _line(content.summary),
        _line(urgency(content), weight="Bolder"),
        _line(content.flapping, italic=True),
        *(_alert(alert) for alert in content.alerts),
        _line(left_out_text(content)),
    ]
    if content.chart_url:
        body.append({"type": "Image", "url": content.chart_url, "altText": "Chart"})
    body.append(_line(content.why, isSubtle=True, size="Small"))
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": content.title,
        "body": [element for element in body if element],
        "actions": [
            {"type": "Action.OpenUrl", "title": link.title, "url": link.url}
            for link in content.links[:6]
        ],
        "msteams": {"width": "Full"},
    }


def _alert(alert: AlertContent) -> Element:
    where = ", ".join(f"{name} {text}" for name, text in alert.facts)
    facts = [
        ("How bad", alert.how_bad),
        ("Since", alert.since.removeprefix("since ")),
        ("Where", where),
        ("Suspects", "; ".join(alert.suspects)),
    ]
    lines = [
        _line(head(alert), weight="Bolder"),
        _line(alert.what),
        *(_line(line) for line in alert.detail.splitlines()),
        *(_fact(name, text) for name, text in facts if text),
    ]
    items = [line for line in lines if line]
    container: Element = {"type": "Container", "separator": True, "items": items}
    if alert.runbook:
        todo = [{"type": "Action.OpenUrl", "title": "What to do", "url": alert.runbook}]
        items.append({"type": "ActionSet", "actions": todo})
    return container


def _line(text: str, **look: object) -> Element:
    """Text in which nothing is markup: a `TextRun`, unlike a `TextBlock`, reads no Markdown."""
    if not text:
        return {}
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _fact(name: str, text: str) -> Element:
    runs = [
        {"type": "TextRun", "text": f"{name}: ", "weight": "Bolder"},
        {"type": "TextRun", "text": text},
    ]
    return {"type": "RichTextBlock", "inlines": runs}


def _colour(content: Content) -> str:
    if not content.firing:
        return "Good"
    return "Attention" if content.severity in {"P0", "P1"} else "Warning"


def teams_of(fields: Fields, common: Common) -> Teams:
    """The channel of one of `msteamsv2_configs`, or of the older `msteams_configs`."""
    fields.ignore("title", "summary", "text")
    return Teams(fields.needed("webhook_url", fields.secret("webhook_url")), common.http(fields))
