"""How each receiver calls our severities: the one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.core.alert import SEVERITY, Alert, Severity, severity_named


@dataclass(frozen=True, slots=True)
class Words:
    """One severity in the words of the receivers.

    Attributes
    ----------
    label
        As Prometheus rules call it.
    pagerduty, opsgenie, splunk
        Their own words.
    meaning
        For people.
    colour
        For cards, charts and mail.
    """

    label: str
    pagerduty: str
    opsgenie: str
    splunk: str
    meaning: str
    colour: str


WORDS = {
    Severity.P0: Words("critical", "critical", "P1", "CRITICAL", "act at once", "#b3261e"),
    Severity.P1: Words("critical", "error", "P2", "CRITICAL", "act within 15 minutes", "#c4501b"),
    Severity.P2: Words("warning", "warning", "P3", "WARNING", "act within the hour", "#9a6700"),
    Severity.P3: Words("info", "info", "P5", "INFO", "act within a day", "#35618e"),
}
"""Our severities by name."""


def severity_of(alert: Alert) -> Severity | None:
    """The severity that an alert's label names, in our words or in those of Prometheus rules.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> since = datetime(2026, 1, 1, tzinfo=UTC)
    >>> severity_of(Alert({"severity": "warning"}, {}, since))
    <Severity.P2: 'P2'>
    """
    return severity_named(alert.labels.get(SEVERITY, ""))


def worst(alerts: Iterable[Alert]) -> Severity | None:
    """The most urgent severity among alerts; None where none of them has any."""
    known = [found for alert in alerts if (found := severity_of(alert)) is not None]
    return min(known, default=None)


def words_of(severity: Severity | None) -> Words:
    """The words of a severity; those of P2 for an alert that has none.

    Examples
    --------
    >>> words_of(Severity.P1).opsgenie, words_of(None).pagerduty
    ('P2', 'warning')
    """
    return WORDS[severity or Severity.P2]
