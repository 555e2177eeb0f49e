"""Splunk On-Call, once VictorOps: incidents over its REST endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from watchkeeper.actions.channels.common import Common, below, short_key
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Answer, Http, ask, json_request
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.severities import words_of
from watchkeeper.actions.channels.templates import expand
from watchkeeper.actions.channels.text import text_of
from watchkeeper.actions.channels.words import shorten_bytes
from watchkeeper.actions.results import Failed, Result
from watchkeeper.core.alert import Notification

URL = "https://alert.victorops.com/integrations/generic/20131114/alert/"
MOST_KEY, MOST_TEXT = 512, 20_480
"""Characters of an entity's id, bytes of `state_message`."""

_TYPES = ("CRITICAL", "WARNING", "INFO")


@dataclass(frozen=True, slots=True)
class Splunk:
    """A routing key of Splunk On-Call.

    Attributes
    ----------
    api_key
        Of the REST endpoint.
    routing_key
        Who is told.
    http, url
        How and where it is reached.
    message_type
        For what fires, in place of that of the severity.
    tool
        What sends, as its people see it.
    custom
        More fields.
    """

    api_key: Secret
    routing_key: str
    http: Http
    url: str
    message_type: str = ""
    tool: str = "Watchkeeper"
    custom: tuple[tuple[str, str], ...] = ()
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.api_key, *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:
        """Open, acknowledge or close the incident of the notification's key."""
        to = quote(expand(self.routing_key, notification), safe="")
        url = below(self.url, f"{quote(self.api_key.reveal(), safe='')}/{to}")
        request = json_request(url, self._body(notification, content))
        answer = ask(self.http, "Splunk On-Call", request)
        if not isinstance(answer, Answer):
            return answer
        said = answer.json() or {}
        if answer.status < 300 and said.get("result") == "failure":
            return Failed(f"Splunk On-Call refuses the message: {answer.text}")
        return answer.result("Splunk On-Call")

    def _body(self, notification: Notification, content: Content) -> dict[str, Any]:
        custom = {name: expand(text, notification) for name, text in self.custom}
        links = {f"link_{link.name}": link.url for link in content.links}
        return {
            **custom,
            **links,
            "message_type": self._type(notification, content),
            "entity_id": short_key(notification.key, MOST_KEY),
            "entity_display_name": content.title,
            "state_message": shorten_bytes(text_of(content), MOST_TEXT),
            "state_start_time": int(
                min(alert.starts_at for alert in notification.alerts).timestamp()
            ),
            "monitoring_tool": self.tool,
        }

    def _type(self, notification: Notification, content: Content) -> str:
        if notification.status == "resolved":
            return "RECOVERY"
        if notification.reason == "acknowledged":
            return "ACKNOWLEDGEMENT"
        own = expand(self.message_type, notification).upper()
        return own if own in _TYPES else words_of(content.severity).splunk


def splunk_of(fields: Fields, common: Common) -> Splunk:
    """The channel of one of `victorops_configs`."""
    routing = fields.choice("routing_key")
    if not routing:
        fields.wrong(f"{fields.where} has no routing_key; write that of the team to be told")
    fields.ignore("state_message", "entity_display_name")
    return Splunk(
        api_key=common.secret(fields, "api_key", "victorops_api_key"),
        routing_key=routing,
        http=common.http(fields),
        url=common.text(fields, "api_url", "victorops_api_url", URL),
        message_type=fields.wording("message_type"),
        tool=fields.wording("monitoring_tool") or "Watchkeeper",
        custom=tuple(fields.wordings("custom_fields").items()),
    )
