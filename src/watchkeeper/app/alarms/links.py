"""Addresses of pages, for messages: where to look, and where there is a button to press.

A link opens a page and does nothing more: scanners of mail follow every link that they see. A
server that only its own machine reaches, and that was not told what it is called, makes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from watchkeeper.alerts.matchers import equality
from watchkeeper.core.alert import NAME, Alert, Labels, Notification
from watchkeeper.monitors.instance import RULE_LABEL

BEFORE: Final = timedelta(days=7)
"""How much of the past the page of a model shows before an alert began."""

SILENCED_FOR: Final = "2h"
"""What the page of a new silence begins with."""

_MOST_ALERTS = 10


def outside(url: str) -> str:
    """An address where others reach the server; empty for one of this machine alone.

    >>> outside("http://10.1.2.3:8470"), outside("http://127.0.0.1:8470"), outside("http://[::1]:1")
    ('http://10.1.2.3:8470', '', '')
    """
    host = urlsplit(url).hostname or ""
    try:
        return "" if ip_address(host).is_loopback else url
    except ValueError:
        return "" if host in {"", "localhost"} else url


def alert_page(url: str, fingerprints: Iterable[str]) -> str:
    """The page of alerts.

    >>> alert_page("http://here", ["cbf2"])
    'http://here/alerts?fingerprint=cbf2'
    """
    return f"{url}/alerts?{urlencode([('fingerprint', one) for one in fingerprints])}"


def incident_page(url: str, number: int | str) -> str:
    """The page of an incident.

    >>> incident_page("http://here", 7)
    'http://here/incidents/7'
    """
    return f"{url}/incidents/{quote(str(number), safe='')}"


def rule_page(url: str, name: str) -> str:
    """The page of a rule.

    >>> rule_page("http://here", "Accuracy low")
    'http://here/monitors?rule=Accuracy%20low'
    """
    return f"{url}/monitors?{_query([('rule', name)])}"


def runbook_page(url: str, name: str) -> str:
    """The page of a runbook.

    >>> runbook_page("http://here", "accuracy-drop")
    'http://here/runbooks/accuracy-drop'
    """
    return f"{url}/runbooks/{quote(name, safe='')}"


def silence_page(url: str, labels: Labels, lasting: str = SILENCED_FOR) -> str:
    """The page on which a silence of what carries some labels is made.

    >>> silence_page("http://here", {"model": "fares"})
    'http://here/silences/new?matcher=model%3D%22fares%22&for=2h'
    """
    wanted = [("matcher", str(equality(*pair))) for pair in sorted(labels.items())]
    return f"{url}/silences/new?{_query([*wanted, ('for', lasting)])}"


def model_page(  # noqa: PLR0913  # each is a part of the address
    url: str,
    model: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    version: str = "",
    segment: tuple[str, str] | None = None,
    metric: str = "",
) -> str:
    """The page of a model, at a time, a version, a segment and a metric.

    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> model_page("http://here", "a/b", start=at, segment=("origin", "JFK"), metric="f1")
    'http://here/models/a%2Fb?from=2026-01-01T00:00:00Z&segment=origin:JFK&metric=f1'
    """
    asked = [
        ("from", "" if start is None else _iso(start)),
        ("to", "" if end is None else _iso(end)),
        ("version", version),
        ("segment", "" if segment is None else ":".join(segment)),
        ("metric", metric),
    ]
    query = _query([pair for pair in asked if pair[1]])
    return f"{url}/models/{quote(model, safe='')}" + (f"?{query}" if query else "")


def alert_chart(url: str, alert: Alert, at: datetime) -> str:
    """The page of an alert's model about the time of the alert; empty where it names no model."""
    model = alert.labels.get("model", "")
    if not model:
        return ""
    series: Mapping[str, Any] = alert.evidence.get("series") or {}
    segment = series.get("segment")
    return model_page(
        url, model, start=alert.starts_at - BEFORE, end=min(alert.ends_at or at, at),
        version=str(series.get("version") or alert.labels.get("version", "")),
        segment=None if not segment else (str(segment[0]), str(segment[1])),
        metric=str(series.get("metric") or ""),
    )  # fmt: skip


def with_links(notification: Notification, url: str) -> Notification:
    """A message with the links that belong into it; as it is where no address is known.

    Links that it has already stay as they are.

    Examples
    --------
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> late = Alert({"alertname": "Late", "model": "fares"}, {"runbook": "no-labels"}, at)
    >>> told = Notification("wk-1", "ml", "g", {"model": "fares"}, (late,), "first", at)
    >>> found = with_links(told, "http://here/")
    >>> found.links["acknowledge"], found.alerts[0].generator_url
    ('http://here/alerts?fingerprint=...#acknowledge', 'http://here/monitors?rule=Late')
    """
    if not url:
        return notification
    url = url.rstrip("/")
    alerts = tuple(_with_pages(alert, url) for alert in notification.alerts)
    told = replace(notification, alerts=alerts)
    return replace(told, links={**_links_of(told, url), **notification.links})


def _links_of(told: Notification, url: str) -> dict[str, str]:
    number = told.group_labels.get("incident", "")
    shown = told.firing or told.alerts
    page = alert_page(url, [one.fingerprint for one in shown[:_MOST_ALERTS]])
    if number:
        page = incident_page(url, number)
    found = {"group": page}
    if told.firing:
        if told.reason != "acknowledged":
            found["acknowledge"] = f"{page}#acknowledge"
        own = {NAME: told.group_labels.get(NAME, ""), "incident": number}
        labels = own if number else dict(told.group_labels) or dict(told.firing[0].labels)
        found["silence"] = silence_page(url, labels)
    runbooks = [one.annotations.get("runbook_url", "") for one in shown]
    charts = [alert_chart(url, one, told.at) for one in shown if one.evidence.get("series")]
    charts += [alert_chart(url, one, told.at) for one in shown]
    for name, pages in (("runbook", runbooks), ("chart", charts)):
        if first := next(filter(None, pages), ""):
            found[name] = first
    return found


def _with_pages(alert: Alert, url: str) -> Alert:
    """An alert with the pages of its rule and its runbook, where it names none of its own."""
    notes = dict(alert.annotations)
    if notes.get("runbook") and not notes.get("runbook_url"):
        notes["runbook_url"] = runbook_page(url, notes["runbook"])
    return replace(alert, annotations=notes, generator_url=alert.generator_url or _own(alert, url))


def _own(alert: Alert, url: str) -> str:
    """What an alert comes from: a rule, or an incident, which is an alert of its own."""
    if alert.name == "Incident" and (number := alert.labels.get("incident", "")):
        return incident_page(url, number)
    # An alert that a rule has no data, or an error, is called otherwise than its rule.
    name = alert.labels.get(RULE_LABEL, alert.name)
    return rule_page(url, name) if name else ""


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    return urlencode(list(pairs), quote_via=quote, safe=":")


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
