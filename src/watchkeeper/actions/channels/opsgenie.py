"""Opsgenie and Jira Service Management Operations: one API at two addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from watchkeeper.actions.channels.common import Common, below, short_key
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Http, Request, ask, json_request
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.severities import words_of
from watchkeeper.actions.channels.templates import expand
from watchkeeper.actions.channels.text import text_of
from watchkeeper.actions.channels.words import clean, shorten
from watchkeeper.actions.results import Result, Sent
from watchkeeper.core.alert import Notification

URL = "https://api.opsgenie.com/"
"""The API in the USA; `https://api.eu.opsgenie.com/` in Europe, and for Jira Service Management
`https://api.atlassian.com/jsm/ops/integration/`."""

MOST_ALIAS, MOST_MESSAGE, MOST_TEXT, MOST_NOTE = 512, 130, 15_000, 25_000
"""Characters that its fields may have."""

_PRIORITIES = ("P1", "P2", "P3", "P4", "P5")


@dataclass(frozen=True, slots=True)
class Opsgenie:
    """A team's integration.

    Attributes
    ----------
    api_key
        Of an API integration.
    http, url
        How and where it is reached.
    fields
        `priority`, `source`, `entity`, `note`, `tags` and `actions` in place of our own.
    details
        More details.
    responders
        Who is told, as the API writes it.
    update_alerts
        Whether the message and description of an open alert are renewed.
    """

    api_key: Secret
    http: Http
    url: str
    fields: dict[str, str]
    details: dict[str, str]
    responders: tuple[dict[str, str], ...] = ()
    update_alerts: bool = False
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.api_key, *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:
        """Create, acknowledge or close the alert whose alias is the notification's key."""
        headers = {"Authorization": f"GenieKey {self.api_key.reveal()}"}
        result: Result = Sent()
        for request in self._requests(notification, content, headers):
            answer = ask(self.http, "Opsgenie", request)
            result = answer if isinstance(answer, Result) else answer.result("Opsgenie")
            if not isinstance(result, Sent):
                break
        return result

    def _requests(
        self, notification: Notification, content: Content, headers: dict[str, str]
    ) -> Iterator[Request]:
        alias = quote(short_key(notification.key, MOST_ALIAS), safe="")
        note = {"note": shorten(content.why, MOST_NOTE), "source": "Watchkeeper"}

        def at(path: str) -> str:
            return below(self.url, f"v2/alerts/{alias}/{path}?identifierType=alias")

        if notification.status == "resolved":
            yield json_request(at("close"), note, headers)
        elif notification.reason == "acknowledged":
            yield json_request(at("acknowledge"), note, headers)
        else:
            alert = self._alert(notification, content)
            yield json_request(below(self.url, "v2/alerts"), alert, headers)
            if self.update_alerts and notification.reason != "first":
                for name in ("message", "description"):
                    put = json_request(at(name), {name: alert[name]}, headers)
                    yield Request(put.url, put.body, "PUT", put.headers)

    def _alert(self, notification: Notification, content: Content) -> dict[str, Any]:
        own = {name: expand(text, notification) for name, text in self.fields.items()}
        priority = own.get("priority", "").upper()
        labels = {clean(name, 100): clean(text, 500)
                  for name, text in notification.common_labels.items()}  # fmt: skip
        links = {link.title: link.url for link in content.links}
        alert = {
            "alias": short_key(notification.key, MOST_ALIAS),
            "message": shorten(content.title, MOST_MESSAGE),
            "description": shorten(text_of(content), MOST_TEXT),
            "details": {
                **labels,
                **links,
                **{name: expand(text, notification) for name, text in self.details.items()},
            },
            "source": own.get("source") or "Watchkeeper",
            "priority": priority
            if priority in _PRIORITIES
            else words_of(content.severity).opsgenie,
            "entity": own.get("entity") or labels.get("model", ""),
            "note": own.get("note", ""),
            "tags": _parts(own.get("tags", "")),
            "actions": _parts(own.get("actions", "")),
            "responders": [_expanded(one, notification) for one in self.responders],
        }
        return {name: value for name, value in alert.items() if value}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _expanded(responder: dict[str, str], notification: Notification) -> dict[str, str]:
    return {name: expand(text, notification) for name, text in responder.items()}


def opsgenie_of(fields: Fields, common: Common) -> Opsgenie:
    """The channel of one of `opsgenie_configs`."""
    names = ("priority", "source", "entity", "note", "tags", "actions")
    fields.ignore("message", "description")
    return Opsgenie(
        api_key=common.secret(fields, "api_key", "opsgenie_api_key"),
        http=common.http(fields),
        url=common.text(fields, "api_url", "opsgenie_api_url", URL),
        fields={name: text for name in names if (text := fields.wording(name))},
        details=fields.wordings("details"),
        responders=tuple(_responders(fields)),
        update_alerts=fields.flag("update_alerts", default=False),
    )


def _responders(fields: Fields) -> Iterator[dict[str, str]]:
    for index, one in enumerate(fields.items("responders")):
        inner = Fields(one, f"{fields.where}.responders[{index}]", fields.problems)
        told = {name: inner.choice(name) for name in ("id", "name", "username", "type")}
        inner.finish()
        if not any(told[name] for name in ("id", "name", "username")):
            inner.wrong(f"{inner.where} names nobody; write id, name or username")
        yield {name: text for name, text in told.items() if text}
