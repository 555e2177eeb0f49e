"""Every channel that speaks HTTP, pointed at a receiver of ours, and things to tell about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.actions.channels.base import Integration
from watchkeeper.actions.channels.content import Content, Picture, content_of
from watchkeeper.actions.channels.receivers import channels_of
from watchkeeper.core.alert import Alert, Notification, Reason

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""When things happen here."""

KEY = "wk-0123456789abcdef0123456789abcdef"
"""The key of the notifications here."""

TOKEN = "s3cr3t-t0ken-value"
"""What no text may hold."""

HTTP_KINDS = (
    "alertmanager",
    "apprise",
    "msteamsv2",
    "opsgenie",
    "pagerduty",
    "slack-bot",
    "slack-webhook",
    "victorops",
    "webex",
    "webhook",
)
"""Channels that a receiver of HTTP can stand in for."""


def receiver(kind: str, url: str, timeout: str = "") -> dict[str, Any]:
    """A receiver of a kind at an address; its secrets hold `TOKEN`."""
    authorization = {"authorization": {"credentials": f"{TOKEN}-bearer"}}
    mappings: dict[str, tuple[str, dict[str, Any]]] = {
        "alertmanager": (
            "alertmanager_configs",
            {"url": f"{url}/prefix?token={TOKEN}", "http_config": authorization},
        ),
        "apprise": (
            "apprise_configs",
            {"url": url.replace("http://", "json://") + f"/{TOKEN}/?rto=0.5&cto=2"},
        ),
        "msteamsv2": ("msteamsv2_configs", {"webhook_url": f"{url}/workflows/{TOKEN}?sig={TOKEN}"}),
        "opsgenie": ("opsgenie_configs", {"api_url": f"{url}/", "api_key": TOKEN}),
        "pagerduty": ("pagerduty_configs", {"url": f"{url}/v2/enqueue", "routing_key": TOKEN}),
        "slack-bot": (
            "slack_configs",
            {"app_url": f"{url}/api/chat.postMessage", "app_token": TOKEN, "channel": "#ops"},
        ),
        "slack-webhook": ("slack_configs", {"api_url": f"{url}/services/T0/B0/{TOKEN}"}),
        "victorops": (
            "victorops_configs",
            {"api_url": f"{url}/alert/", "api_key": TOKEN, "routing_key": "team"},
        ),
        "webex": (
            "webex_configs",
            {"api_url": f"{url}/v1/messages", "room_id": "R1", "http_config": authorization},
        ),
        "webhook": (
            "webhook_configs",
            {"url": f"{url}/hook/{TOKEN}", "secret": f"{TOKEN}-hmac", "http_config": authorization},
        ),
    }
    key, config = mappings[kind]
    more = {"timeout": timeout} if timeout and kind != "apprise" else {}
    return {"name": "ops", key: [{**config, **more, "send_resolved": True}]}


def channel(kind: str, url: str, timeout: str = "", **more: object) -> Integration:
    """The channel of `receiver`, with more fields."""
    told = receiver(kind, url, timeout)
    next(entries for key, entries in told.items() if key != "name")[0].update(more)
    return channels_of(told)[0]


def alert(over: bool = False, **more: Any) -> Alert:
    """An alert that began an hour ago."""
    labels = {"alertname": "LowAccuracy", "model": "flights", "severity": "P1", "carrier": "UA"}
    annotations = {
        "summary": "Accuracy fell below its limit.",
        "description": "Of flights with labels.",
        "runbook_url": "https://runbooks.example.com/accuracy",
    }
    evidence = {
        "metric": "accuracy", "value": 0.81, "low": 0.78, "high": 0.84, "limit": 0.9,
        "rows": 1204, "suspects": [{"name": "temp", "effect": 0.5, "low": 0.4, "high": 0.6}],
    }  # fmt: skip
    fields: dict[str, Any] = {
        "labels": labels,
        "annotations": annotations,
        "starts_at": NOON - timedelta(hours=1),
        "ends_at": NOON - timedelta(minutes=5) if over else None,
        "generator_url": "https://wk.example.com/rules/1",
        "evidence": evidence,
    }
    return Alert(**{**fields, **more})


def notification(
    *alerts: Alert, reason: Reason = "first", at: datetime = NOON, **more: Any
) -> Notification:
    """A notification about alerts, one that fires where none is given."""
    links = {
        "group": "https://wk.example.com/alerts/1",
        "acknowledge": "https://wk.example.com/a/1",
        "silence": "https://wk.example.com/s/1",
    }
    fields: dict[str, Any] = {
        "key": KEY,
        "receiver": "ops",
        "group_key": '{}:{model="flights"}',
        "group_labels": {"model": "flights"},
        "links": links,
    }
    told = alerts or (alert(),)
    return Notification(**{**fields, "alerts": told, "reason": reason, "at": at, **more})


def content(told: Notification, chart: Picture | None = None) -> Content:
    """The words of a notification a minute later."""
    return content_of(told, told.at + timedelta(minutes=1), chart=chart)
