"""A message as plain text, for mail, SMS and the fields of others that take nothing better."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.actions.channels.content import AlertContent, Content
from watchkeeper.actions.channels.severities import words_of


def text_of(content: Content, *, links: bool = True) -> str:
    """All that a message says, but for its title.

    Parameters
    ----------
    content
        The message.
    links
        Whether the addresses are written out.
    """
    parts = [content.summary, content.flapping]
    parts += [alert_text(alert, links=links) for alert in content.alerts]
    parts.append(left_out_text(content))
    if links and content.links:
        parts.append("\n".join(f"{link.title}: {link.url}" for link in content.links))
    parts.append(content.why)
    return "\n\n".join(part for part in parts if part)


def alert_text(alert: AlertContent, *, links: bool = True) -> str:
    """What a message says of one alert, a line each."""
    return "\n".join([head(alert), *(f"  {line}" for line in _lines(alert, links=links))])


def head(alert: AlertContent) -> str:
    """The first line of an alert: whether it fires, how urgent it is, and its name."""
    return " ".join(part for part in (mark(alert), alert.severity or "", alert.title) if part)


def mark(alert: AlertContent) -> str:
    """`OVER` or `FIRING`."""
    return "OVER" if alert.over else "FIRING"


def urgency(content: Content) -> str:
    """How soon somebody must act; empty where nothing fires or no severity is known."""
    if not content.firing or content.severity is None:
        return ""
    return f"{content.severity}: {words_of(content.severity).meaning}"


def left_out_text(content: Content) -> str:
    """How many alerts a message leaves out; empty for none."""
    if not content.left_out:
        return ""
    return f"{content.left_out} more alert{'s' if content.left_out > 1 else ''}; see the link."


def _lines(alert: AlertContent, *, links: bool) -> Iterator[str]:
    yield alert.what
    yield from alert.detail.splitlines()
    if alert.how_bad:
        yield f"How bad: {alert.how_bad}"
    yield alert.since[:1].upper() + alert.since[1:]
    if alert.facts:
        yield "Where: " + ", ".join(f"{name} {text}" for name, text in alert.facts)
    if alert.suspects:
        yield "Suspects: " + "; ".join(alert.suspects)
    if links and alert.runbook:
        yield f"What to do: {alert.runbook}"
