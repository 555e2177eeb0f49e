"""A message as mail: plain text, HTML with the chart inside, and headers that make threads."""

from __future__ import annotations

import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import NamedTuple

from watchkeeper.actions.channels.content import AlertContent, Content
from watchkeeper.actions.channels.severities import words_of
from watchkeeper.actions.channels.text import head, left_out_text, text_of, urgency
from watchkeeper.actions.channels.words import clean
from watchkeeper.core.alert import Notification

_BOX = "border-left:4px solid {colour};padding:2px 0 2px 14px;margin:18px 0"
_BUTTON = ("display:inline-block;padding:7px 14px;margin:0 8px 8px 0;border:1px solid #8a8f98;"
           "border-radius:4px;color:#1c1f24;text-decoration:none")  # fmt: skip
_PAGE = ("font:15px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
         "color:#1c1f24;max-width:680px")  # fmt: skip
_OVER = "#2e7d4f"


class Envelope(NamedTuple):
    """From whom to whom, and headers of the user's own."""

    sender: Address
    to: tuple[Address, ...]
    headers: dict[str, str]


def mail(envelope: Envelope, notification: Notification, content: Content) -> EmailMessage:
    """The mail of a notification.

    All mails about one key refer to one that was never sent, so that readers show them as one
    thread whichever of them arrive. A mail that is tried again has the same `Message-ID`.
    """
    message = EmailMessage(policy=SMTP)
    domain = envelope.sender.domain or "localhost"
    # Short, so that no header of an id is folded: not all readers unfold them.
    thread = f"wk-{hashlib.sha256(notification.key.encode()).hexdigest()[:20]}"
    moment = f"{int(notification.at.timestamp() * 1_000_000):x}"
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Subject"] = content.title
    message["Date"] = content.at
    message["Message-ID"] = f"<{thread}.{moment}@{domain}>"
    message["In-Reply-To"] = message["References"] = f"<{thread}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, text in envelope.headers.items():
        del message[name]
        message[name] = clean(text, 900)
    message.set_content(f"{content.title}\n{urgency(content)}\n\n{text_of(content)}\n")
    picture = f"chart.{moment}@{domain}"
    message.add_alternative(html_of(content, picture if content.chart else ""), subtype="html")
    if content.chart:
        html = message.get_payload()[1]  # type: ignore[index]
        html.add_related(  # type: ignore[union-attr]
            content.chart.png, "image", "png", cid=f"<{picture}>", disposition="inline",
            filename="chart.png",
        )  # fmt: skip
    return message


def html_of(content: Content, picture: str) -> str:
    """The mail as HTML; whatever users wrote is escaped.

    Parameters
    ----------
    content
        What it says.
    picture
        The content id of the chart; empty where there is none.
    """
    colour = words_of(content.severity).colour if content.firing else _OVER
    parts = [
        f'<h2 style="margin:0 0 4px;color:{colour}">{escape(content.title)}</h2>',
        _paragraph(content.summary),
        _paragraph(urgency(content), "font-weight:600"),
        _paragraph(content.flapping, "font-style:italic"),
        _picture(content, picture),
        *(_alert(alert) for alert in content.alerts),
        _paragraph(left_out_text(content)),
        "".join(_link(link.title, link.url) for link in content.links),
        _paragraph(f"{content.why} Sent {content.sent}.", "color:#5a606a;font-size:13px"),
    ]
    body = "\n".join(part for part in parts if part)
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{escape(content.title)}</title></head>\n"
            f'<body><div style="{_PAGE}">\n{body}\n</div></body></html>\n')  # fmt: skip


def _alert(alert: AlertContent) -> str:
    colour = _OVER if alert.over else words_of(alert.severity).colour
    facts = [
        ("How bad", alert.how_bad),
        ("Since", alert.since.removeprefix("since ")),
        *((name, text) for name, text in alert.facts),
        ("Suspects", "; ".join(alert.suspects)),
    ]
    rows = "".join(
        f'<tr><td style="padding:1px 14px 1px 0;color:#5a606a;vertical-align:top">{escape(name)}'
        f'</td><td style="padding:1px 0">{escape(text)}</td></tr>'
        for name, text in facts
        if text
    )
    links = [("What to do", alert.runbook), ("Rule", alert.rule)]
    parts = [
        f"<strong>{escape(head(alert))}</strong>",
        _paragraph(alert.what),
        *(_paragraph(line) for line in alert.detail.splitlines()),
        f'<table style="border-collapse:collapse;font-size:14px;margin-bottom:8px">{rows}</table>',
        "".join(_link(title, url) for title, url in links if url),
    ]
    return f'<div style="{_BOX.format(colour=colour)}">{"".join(parts)}</div>'


def _paragraph(text: str, style: str = "") -> str:
    return f'<p style="margin:4px 0;{style}">{escape(text)}</p>' if text else ""


def _link(title: str, url: str) -> str:
    return f'<a style="{_BUTTON}" href="{escape(url)}">{escape(title)}</a>'


def _picture(content: Content, picture: str) -> str:
    if picture and content.chart:
        source, alt = f"cid:{picture}", content.chart.alt
    elif content.chart_url:
        source, alt = content.chart_url, "Chart"
    else:
        return ""
    return (f'<p><img src="{escape(source)}" alt="{escape(alt)}" width="640" '
            'style="max-width:100%;height:auto"></p>')  # fmt: skip
