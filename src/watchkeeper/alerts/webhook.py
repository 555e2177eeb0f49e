"""Messages as the JSON that Alertmanager posts to webhooks, version 4."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from watchkeeper.core.alert import Alert, Notification, Reason

ZERO_TIME = "0001-01-01T00:00:00Z"
"""What stands for no time."""

REASONS: dict[Reason, str] = {
    "first": "first notification",
    "new_alerts": "new alerts added",
    "resolved_alerts": "some alerts resolved",
    "all_resolved": "all alerts resolved",
    "repeat": "repeat interval elapsed",
    "unmuted": "no longer muted",
    "acknowledged": "acknowledged",
}
"""Reasons as Alertmanager 0.32 and later write them; the last two are ours."""


def webhook_body(notification: Notification, *, external_url: str = "") -> dict[str, Any]:
    """The body that receivers of Alertmanager's webhook know, and why it is sent.

    Parameters
    ----------
    notification
        The message.
    external_url
        Where people reach this server.

    Examples
    --------
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> late = Alert({"alertname": "Late"}, {}, now)
    >>> body = webhook_body(Notification("wk-1", "ml", "k", {}, (late,), "first", now))
    >>> body["status"], body["alerts"][0]["startsAt"], body["alerts"][0]["endsAt"]
    ('firing', '2026-01-01T00:00:00Z', '0001-01-01T00:00:00Z')
    """
    return {
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": notification.truncated,
        "status": notification.status,
        "receiver": notification.receiver,
        "groupLabels": dict(notification.group_labels),
        "commonLabels": notification.common_labels,
        "commonAnnotations": notification.common_annotations,
        "externalURL": external_url,
        "notification_reason": REASONS[notification.reason],
        "alerts": [_alert(alert, notification.at) for alert in notification.alerts],
    }


def _alert(alert: Alert, at: datetime) -> dict[str, Any]:
    over = alert.is_over(at)
    return {
        "status": "resolved" if over else "firing",
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": rfc3339(alert.ends_at if over else None),
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
    }


def rfc3339(time: datetime | None) -> str:
    """A time in UTC as Go writes it; the zero time for None.

    Examples
    --------
    >>> rfc3339(datetime(2026, 1, 1, 8, 30, 0, 250000, tzinfo=UTC))
    '2026-01-01T08:30:00.25Z'
    """
    if time is None:
        return ZERO_TIME
    utc = time.astimezone(UTC)
    parts = f".{utc.microsecond:06d}".rstrip("0").rstrip(".")
    return utc.strftime("%Y-%m-%dT%H:%M:%S") + parts + "Z"
