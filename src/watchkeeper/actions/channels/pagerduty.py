"""PagerDuty: incidents over its Events API, version 2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from watchkeeper.actions.channels.common import Common, short_key
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Http, json_bytes, post_json
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.channels.severities import words_of
from watchkeeper.actions.channels.templates import expand
from watchkeeper.actions.channels.text import alert_text, left_out_text
from watchkeeper.actions.channels.words import clean, web_address
from watchkeeper.actions.results import Result
from watchkeeper.core.alert import Notification

URL = "https://events.pagerduty.com/v2/enqueue"
MOST_KEY, MOST_SUMMARY, MOST_BYTES = 255, 1024, 512 * 1024
"""Limits of PagerDuty: characters of a key and a summary, bytes of an event."""

_SEVERITIES = ("critical", "error", "warning", "info")


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """A service of PagerDuty.

    Attributes
    ----------
    routing_key
        Of its Events API v2 integration.
    http, url
        How and where it is reached.
    fields
        `severity`, `source`, `class`, `component`, `group`, `client` and `client_url` in place of
        our own.
    details
        More for `custom_details`.
    """

    routing_key: Secret
    http: Http
    url: str
    fields: dict[str, str]
    details: dict[str, str]
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.routing_key, *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:
        """Trigger, acknowledge or resolve the incident of the notification's key."""
        event = self._event(notification, content)
        event["routing_key"] = self.routing_key.reveal()
        if len(json_bytes(event)) > MOST_BYTES:
            event["payload"].pop("custom_details", None)
        return post_json(self.http, "PagerDuty", self.url, event)

    def _event(self, notification: Notification, content: Content) -> dict[str, Any]:
        event = {
            "event_action": action_of(notification),
            "dedup_key": short_key(notification.key, MOST_KEY),
        }
        if event["event_action"] != "trigger":
            return event
        links = [{"href": link.url, "text": link.title} for link in content.links]
        images = [{"src": content.chart_url, "alt": "Chart"}] if content.chart_url else []
        own = {name: expand(text, notification) for name, text in self.fields.items()}
        return {
            **event,
            "client": own.get("client") or "Watchkeeper",
            "client_url": web_address(own.get("client_url", ""))
            or next((link.url for link in content.links if link.name == "group"), ""),
            "payload": self._payload(notification, content, own),
            "links": links,
            "images": images,
        }

    def _payload(
        self, notification: Notification, content: Content, own: dict[str, str]
    ) -> dict[str, Any]:
        labels = notification.common_labels
        severity = own.get("severity", "").lower()
        payload = {
            "summary": clean(f"{content.title}. {content.summary}", MOST_SUMMARY),
            "source": own.get("source") or labels.get("model") or notification.receiver,
            "severity": severity
            if severity in _SEVERITIES
            else words_of(content.severity).pagerduty,
            "timestamp": min(a.starts_at for a in notification.alerts).isoformat(),
            "component": own.get("component") or labels.get("model", ""),
            "group": own.get("group") or notification.group_labels.get("model", ""),
            "class": own.get("class") or labels.get("alertname", ""),
            "custom_details": self._details(notification, content),
        }
        return {name: value for name, value in payload.items() if value}

    def _details(self, notification: Notification, content: Content) -> dict[str, str]:
        alerts = {f"alert {n}": alert_text(alert) for n, alert in enumerate(content.alerts, 1)}
        more = {name: expand(text, notification) for name, text in self.details.items()}
        told = {
            "why": content.why,
            "flapping": content.flapping,
            "more": left_out_text(content),
            **alerts,
            **more,
        }
        return {name: text for name, text in told.items() if text}


def action_of(notification: Notification) -> str:
    """`trigger`, `acknowledge` or `resolve`."""
    if notification.status == "resolved":
        return "resolve"
    return "acknowledge" if notification.reason == "acknowledged" else "trigger"


def pagerduty_of(fields: Fields, common: Common) -> PagerDuty:
    """The channel of one of `pagerduty_configs`."""
    if fields.has("service_key") or fields.has("service_key_file"):
        fields.wrong(f"{fields.where}.service_key is of the old Events API; "
                     "write the routing_key of an Events API v2 integration")  # fmt: skip
    key = fields.secret("routing_key")
    names = ("severity", "source", "class", "component", "group", "client", "client_url")
    fields.ignore("description", "images", "links")
    return PagerDuty(
        routing_key=fields.needed("routing_key", key),
        http=common.http(fields),
        url=common.text(fields, "url", "pagerduty_url", URL),
        fields={name: text for name in names if (text := fields.wording(name))},
        details=fields.wordings("details"),
    )
