"""What an alert is, from the rule that raises it to the channel that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

Labels = Mapping[str, str]
"""Names and values that tell an alert, a group or a series from any other."""

NAME = "alertname"
"""The label that holds the name of the rule."""

SEVERITY = "severity"
"""The label that holds a `Severity`."""


class Severity(StrEnum):
    """How soon somebody must act: at once, within 15 minutes, an hour, a day."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong, or was.

    Attributes
    ----------
    labels
        Its identity.
    annotations
        Texts for people: `summary`, `description`, `runbook_url` …
    starts_at
        Since when it fires.
    ends_at
        When it was over; None while it fires. In the future: over then, unless heard of again.
    generator_url
        Where the rule can be looked at.
    evidence
        What is known of it, for messages and pages: value, interval, rows, limit, suspects.

    Examples
    --------
    >>> from datetime import UTC
    >>> Alert({"alertname": "Late", "model": "flights"}, {}, datetime(2026, 1, 1, tzinfo=UTC)).name
    'Late'
    """

    labels: Labels
    annotations: Labels
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its rule."""
        return self.labels.get(NAME, "")

    @property
    def fingerprint(self) -> str:
        """Its identity in 16 hexadecimal digits, as Alertmanager makes it."""
        return fingerprint(self.labels)

    def is_over(self, now: datetime) -> bool:
        """Whether it no longer fires."""
        return self.ends_at is not None and self.ends_at <= now


def fingerprint(labels: Labels) -> str:
    """The hash of labels that Prometheus and Alertmanager use: FNV-1a over the sorted pairs.

    Examples
    --------
    >>> fingerprint({})
    'cbf29ce484222325'
    """
    value = 0xCBF29CE484222325
    for name in sorted(labels):
        for byte in name.encode() + b"\xff" + labels[name].encode() + b"\xff":
            value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


_FOREIGN = {
    "critical": Severity.P0, "page": Severity.P0, "error": Severity.P1, "high": Severity.P1,
    "warning": Severity.P2, "warn": Severity.P2, "info": Severity.P3, "none": Severity.P3,
}  # fmt: skip


def severity_named(text: str) -> Severity | None:
    """The severity that a label names, in our words or in those of Prometheus rules.

    Examples
    --------
    >>> severity_named("p1"), severity_named("warning"), severity_named("")
    (<Severity.P1: 'P1'>, <Severity.P2: 'P2'>, None)
    """
    try:
        return Severity(text.upper())
    except ValueError:
        return _FOREIGN.get(text.lower())


Reason = Literal[
    "first", "new_alerts", "all_resolved", "resolved_alerts", "repeat", "unmuted", "acknowledged"
]
"""Why a message is sent."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one receiver about one group of alerts.

    Attributes
    ----------
    key
        The same for every message about this group to this receiver, and safe to send anywhere:
        who gets two messages with one key knows them for one affair.
    receiver
        The receiver's name.
    group_key, group_labels
        Of the group.
    alerts
        Those that fire, then those that are over, each by when it began.
    reason
        Why it is sent.
    at
        When it was decided.
    links
        Where to look and what to press: `group`, `silence`, `acknowledge`, `runbook` …
    truncated
        Alerts that were left out.
    """

    key: str
    receiver: str
    group_key: str
    group_labels: Labels
    alerts: tuple[Alert, ...]
    reason: Reason
    at: datetime
    links: Labels = field(default_factory=dict)
    truncated: int = 0

    @property
    def status(self) -> Literal["firing", "resolved"]:
        """Whether any of its alerts fires."""
        return "firing" if self.firing else "resolved"

    @property
    def firing(self) -> tuple[Alert, ...]:
        """Alerts that fire."""
        return tuple(alert for alert in self.alerts if not alert.is_over(self.at))

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """Alerts that are over."""
        return tuple(alert for alert in self.alerts if alert.is_over(self.at))

    @property
    def common_labels(self) -> dict[str, str]:
        """Labels that all its alerts share."""
        return _common([alert.labels for alert in self.alerts])

    @property
    def common_annotations(self) -> dict[str, str]:
        """Annotations that all its alerts share."""
        return _common([alert.annotations for alert in self.alerts])


def _common(all_of: list[Labels]) -> dict[str, str]:
    if not all_of:
        return {}
    first, *others = all_of
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }
