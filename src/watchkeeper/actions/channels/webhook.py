"""Webhooks: the body that Alertmanager sends, version 4, signed where a secret is shared."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.actions.channels.common import Common
from watchkeeper.actions.channels.content import Content
from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Answer, Http, Request, ask, json_bytes
from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.results import Result
from watchkeeper.core.alert import Alert, Notification

SIGNATURE = "X-Watchkeeper-Signature"
"""The header `v1=` and, in hexadecimal, the HMAC-SHA256 of timestamp, a full stop and body."""

TIMESTAMP = "X-Watchkeeper-Timestamp"
"""The header with the seconds since 1970 at which the request was signed."""

KEY = "Idempotency-Key"
"""The header that is the same whenever the same message is sent again."""

FRESH = timedelta(minutes=5)
"""How long a signature holds."""

ENDLESS = "0001-01-01T00:00:00Z"
"""The end of what fires, as Alertmanager writes it."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody's own receiver.

    Attributes
    ----------
    url
        Its address.
    http
        How it is reached.
    secret
        Signs the body; shared with the receiver.
    max_alerts
        The most alerts of a body; 0 for all.
    """

    url: Secret
    http: Http
    secret: Secret | None = None
    max_alerts: int = 0
    resend_every: timedelta | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that no text may repeat."""
        return (self.url, *((self.secret,) if self.secret else ()), *self.http.secrets)

    def send(self, notification: Notification, content: Content) -> Result:
        """Send the notification."""
        body = json_bytes(body_of(notification, content, self.max_alerts))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            KEY: _delivery(notification),
            TIMESTAMP: str(int(content.at.timestamp())),
        }
        if self.secret:
            headers[SIGNATURE] = sign(self.secret.reveal(), headers[TIMESTAMP], body)
        request = Request(self.url.reveal(), body, headers=headers)
        answer = ask(self.http, "the webhook", request)
        return answer.result("the webhook") if isinstance(answer, Answer) else answer


def _delivery(notification: Notification) -> str:
    """Tells one message from the next about the same group."""
    told = f"{notification.key} {notification.at.isoformat()} {notification.reason}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def body_of(notification: Notification, content: Content, max_alerts: int = 0) -> dict[str, Any]:
    """A notification as the JSON of Alertmanager's webhook, version 4.

    Parameters
    ----------
    notification
        What is told.
    content
        Its words.
    max_alerts
        The most alerts; 0 for all. The others are counted in `truncatedAlerts`.
    """
    alerts = notification.alerts[: max_alerts or None]
    return {
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": notification.truncated + len(notification.alerts) - len(alerts),
        "status": notification.status,
        "receiver": notification.receiver,
        "groupLabels": dict(notification.group_labels),
        "commonLabels": notification.common_labels,
        "commonAnnotations": notification.common_annotations,
        "externalURL": notification.links.get("group", ""),
        "notification_reason": notification.reason,
        "alerts": [_alert(alert, notification.at) for alert in alerts],
        "key": notification.key,
        "title": content.title,
        "summary": content.summary,
        "links": {link.name: link.url for link in content.links},
    }


def _alert(alert: Alert, at: datetime) -> dict[str, Any]:
    over = alert.is_over(at)
    return {
        "status": "resolved" if over else "firing",
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": alert.starts_at.isoformat(),
        "endsAt": alert.ends_at.isoformat() if over and alert.ends_at else ENDLESS,
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
    }


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body.

    Parameters
    ----------
    secret
        Shared with the receiver.
    timestamp
        As it stands in the header.
    body
        The bytes that are sent.

    Examples
    --------
    >>> sign("secret", "1700000000", b"{}")[:19]
    'v1=b8569b78799ff9e3'
    """
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether a body comes from who shares the secret, and not from long ago.

    For receivers. Take the body as it came, before JSON is read.

    Parameters
    ----------
    secret
        Shared with the sender.
    headers
        Of the request; the case of their names does not matter.
    body
        The bytes that came.
    now
        The time; a signature holds for five minutes on either side.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime.fromtimestamp(1_700_000_000, UTC)
    >>> headers = {TIMESTAMP: "1700000000", SIGNATURE: sign("secret", "1700000000", b"{}")}
    >>> verify_webhook("secret", headers, b"{}", now), verify_webhook("other", headers, b"{}", now)
    (True, False)
    """
    lower = {name.lower(): value for name, value in headers.items()}
    timestamp, given = lower.get(TIMESTAMP.lower(), ""), lower.get(SIGNATURE.lower(), "")
    if not is_fresh(timestamp, now):
        return False
    return hmac.compare_digest(sign(secret, timestamp, body).encode(), given.encode())


def is_fresh(timestamp: str, now: datetime) -> bool:
    """Whether seconds since 1970 are within five minutes of a time.

    Examples
    --------
    >>> from datetime import UTC
    >>> [is_fresh("1700000000", datetime.fromtimestamp(1_700_000_000 + s, UTC)) for s in (300, 301)]
    [True, False]
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= FRESH.total_seconds()


def webhook_of(fields: Fields, common: Common) -> Webhook:
    """The channel of one of `webhook_configs`; our own field is `secret`."""
    fields.ignore("payload")
    return Webhook(
        url=fields.needed("url", fields.secret("url")),
        http=common.http(fields),
        secret=fields.secret("secret"),
        max_alerts=fields.number("max_alerts"),
    )
