"""What a message says, before any channel gives it a form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from watchkeeper.actions.channels.evidence import how_bad, is_flapping, suspects_of
from watchkeeper.actions.channels.severities import severity_of, worst
from watchkeeper.actions.channels.words import clean, length, paragraph, time_text, web_address
from watchkeeper.core.alert import NAME, SEVERITY, Alert, Notification, Severity

WHY = {
    "first": "it has just begun",
    "new_alerts": "more alerts have joined those that you know of",
    "all_resolved": "you were told of it, and all of it is over",
    "resolved_alerts": "some of what you were told of is over; the rest still fires",
    "repeat": "it still fires: a reminder",
    "unmuted": "it fires, and the silence or mute time that held it back has ended",
    "acknowledged": "somebody has taken it on",
}
"""The reason of a notification, in words."""

LINK_TITLES = {
    "group": "Open", "acknowledge": "Acknowledge", "silence": "Silence for 2 h",
    "runbook": "Runbook", "chart": "Chart", "rule": "Rule", "rollback": "Roll back",
}  # fmt: skip
"""What is written on the links that are known; others keep their names."""

CHART_IMAGE = "chart_image"
"""The link that is an address of a picture and no page."""


@dataclass(frozen=True, slots=True)
class Link:
    """Something to press: a name for programs, a title for people, an http(s) address."""

    name: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart: a PNG, and what it shows for those who cannot see it."""

    png: bytes = field(repr=False)
    alt: str


@dataclass(frozen=True, slots=True)
class AlertContent:
    """What a message says of one alert. All texts are plain, one line each, and not escaped.

    Attributes
    ----------
    title
        The name of the rule.
    severity
        None where its label names none.
    over
        Whether it no longer fires.
    what
        What is wrong.
    detail
        More of it; may have several lines.
    how_bad
        The value with its interval, the limit and the rows; empty where nothing is known.
    since
        Since when, or from when to when, with the zone.
    facts
        Its labels, but for its name and severity.
    suspects
        What may be behind it, one line each.
    runbook, rule
        http(s) addresses; empty where there are none.
    fingerprint
        Of the alert.
    """

    title: str
    severity: Severity | None
    over: bool
    what: str
    detail: str
    how_bad: str
    since: str
    facts: tuple[tuple[str, str], ...]
    suspects: tuple[str, ...]
    runbook: str
    rule: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says. All texts are plain and not escaped: each channel escapes its own way.

    Attributes
    ----------
    title
        How urgent, what and where, in a line.
    summary
        What is wrong, in a line.
    severity
        The most urgent of what fires, or of what is over where nothing fires.
    firing
        Whether anything fires.
    alerts
        Those that fire, then those that are over.
    why
        Why you get this.
    flapping
        A note where an alert comes and goes; else empty.
    left_out
        Alerts that are not in `alerts`.
    links
        Where to look and what to press.
    at, sent
        When it was made, which is when it is sent, and the same in words with the zone.
    chart_url
        The https address of a picture that receivers fetch; empty where there is none.
    chart
        The picture itself.
    """

    title: str
    summary: str
    severity: Severity | None
    firing: bool
    alerts: tuple[AlertContent, ...]
    why: str
    flapping: str
    left_out: int
    links: tuple[Link, ...]
    at: datetime
    sent: str
    chart_url: str = ""
    chart: Picture | None = None

    def without_resolved(self) -> Content:
        """The same, silent about what is over."""
        return replace(self, alerts=tuple(alert for alert in self.alerts if not alert.over))

    def cut(self, most: int) -> Content:
        """The same with at most so many alerts; the others are counted as left out."""
        kept = self.alerts[:most]
        return replace(self, alerts=kept, left_out=self.left_out + len(self.alerts) - len(kept))


def content_of(
    notification: Notification,
    now: datetime,
    *,
    chart: Picture | None = None,
    zone: tzinfo = UTC,
) -> Content:
    """What a message about a notification says.

    Make it anew for each attempt: it tells how long alerts have lasted, and a signature holds only
    for some minutes after `now`.

    Parameters
    ----------
    notification
        What is told. Of each alert's `evidence` these are read: `value`, `low`, `high`, `limit`,
        `rows`, `metric`, `unit`, `note`, `suspects`, `flapping` and `amended_at`.
    now
        The time.
    chart
        A picture of it.
    zone
        In which times are written.

    Examples
    --------
    >>> at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> late = Alert({"alertname": "Late", "model": "flights", "severity": "P1"},
    ...     {"summary": "Labels are late."}, at)
    >>> about = Notification("wk-1", "ops", "g", {"model": "flights"}, (late,), "first", at)
    >>> told = content_of(about, at)
    >>> told.title, told.summary
    ('P1: Late on flights', 'Labels are late.')
    """
    alerts = tuple(_alert(alert, notification.at, now, zone) for alert in _in_order(notification))
    told = notification.firing or notification.alerts
    flapping = [alert for alert in notification.firing if is_flapping(alert)]
    return Content(
        title=_title(notification),
        summary=_summary(notification, alerts),
        severity=worst(told),
        firing=bool(notification.firing),
        alerts=alerts,
        why=f"You get this as '{clean(notification.receiver, 80)}' because "
        f"{WHY.get(notification.reason, notification.reason)}.",
        flapping=_flapping(flapping),
        left_out=notification.truncated,
        links=_links(notification),
        at=now,
        sent=time_text(now, zone),
        chart_url=_picture_url(notification.links.get(CHART_IMAGE, "")),
        chart=chart,
    )


def _in_order(notification: Notification) -> list[Alert]:
    """What fires before what is over, the most urgent first, else as it was."""
    at = notification.at
    return sorted(
        notification.alerts,
        key=lambda alert: (alert.is_over(at), severity_of(alert) or Severity.P3),
    )


def _title(notification: Notification) -> str:
    told = notification.firing or notification.alerts
    names = list(dict.fromkeys(clean(alert.name, 80) or "unnamed" for alert in told))
    head = "Over" if not notification.firing else (worst(told) or "Alert")
    place = _place(notification)
    if len(told) == 1:
        return clean(f"{head}: {names[0]}{place}", 200)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return clean(f"{head}: {len(told)} alerts{place}: {', '.join(names[:3])}{more}", 200)


def _place(notification: Notification) -> str:
    """Where it is: the model, or else what the group has in common."""
    labels = {**notification.group_labels, **notification.common_labels}
    if labels.get("model"):
        return f" on {clean(labels['model'], 80)}"
    rest = {name: text for name, text in notification.group_labels.items() if name != NAME}
    pairs = [f"{clean(name, 40)} {clean(text, 60)}" for name, text in sorted(rest.items()) if text]
    return f" on {', '.join(pairs)}" if pairs else ""


def _summary(notification: Notification, alerts: tuple[AlertContent, ...]) -> str:
    firing, over = len(notification.firing), len(notification.resolved)
    if len(alerts) == 1:
        return alerts[0].what
    counts = [f"{count} {word}" for count, word in ((firing, "firing"), (over, "over")) if count]
    first = f" First: {alerts[0].what}" if alerts else ""
    return clean(f"{', '.join(counts)}.{first}", 500)


def _alert(alert: Alert, decided: datetime, now: datetime, zone: tzinfo) -> AlertContent:
    """One alert; whether it is over was decided with the notification and does not change since."""
    annotations = alert.annotations
    detail = paragraph(annotations.get("description", ""), 1500)
    what = clean(annotations.get("summary", ""), 400) or clean(detail, 400)
    note = clean(alert.evidence.get("note") or "", 400)
    amended = _amended(alert.evidence.get("amended_at"), zone)
    hidden = {NAME, SEVERITY}
    facts = ((clean(name, 80), clean(text, 200)) for name, text in sorted(alert.labels.items())
             if name not in hidden and text)  # fmt: skip
    return AlertContent(
        title=clean(alert.name, 120) or "unnamed",
        severity=severity_of(alert),
        over=alert.is_over(decided),
        what=what or clean(alert.name, 120) or "Something is wrong.",
        detail="\n".join(
            part for part in (detail if detail != what else "", note, amended) if part
        ),
        how_bad=how_bad(alert.evidence),
        since=_since(alert, decided, now, zone),
        facts=tuple(facts),
        suspects=suspects_of(alert.evidence),
        runbook=web_address(annotations.get("runbook_url", "")),
        rule=web_address(alert.generator_url),
        fingerprint=alert.fingerprint,
    )


def _since(alert: Alert, decided: datetime, now: datetime, zone: tzinfo) -> str:
    began = time_text(alert.starts_at, zone)
    if alert.ends_at is not None and alert.is_over(decided):
        lasted = length(alert.ends_at - alert.starts_at)
        return f"from {began} to {time_text(alert.ends_at, zone)}, for {lasted}"
    return f"since {began}, for {length(now - alert.starts_at)}"


def _amended(at: object, zone: tzinfo) -> str:
    """That late data changed what is known; empty where none did."""
    try:
        time = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        time = None
    return f"Late data changed this at {time_text(time, zone)}." if time else ""


def _flapping(alerts: list[Alert]) -> str:
    if not alerts:
        return ""
    names = ", ".join(dict.fromkeys(clean(alert.name, 80) for alert in alerts[:3]))
    comes = "comes and goes" if len(alerts) == 1 else "come and go"
    return f"{names} {comes}: you are told once, and again when it is over for good."


def _links(notification: Notification) -> tuple[Link, ...]:
    """The links that can be pressed, those that are known first."""
    known = [name for name in LINK_TITLES if name in notification.links]
    others = sorted(set(notification.links) - {*known, CHART_IMAGE})
    found = [(name, web_address(notification.links[name])) for name in (*known, *others)]
    return tuple(
        Link(name, LINK_TITLES.get(name, clean(name, 40)), url) for name, url in found if url
    )


def _picture_url(url: str) -> str:
    """Receivers fetch pictures over https alone."""
    return web_address(url) if url.startswith("https://") else ""
