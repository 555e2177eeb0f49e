"""A message in Slack's blocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchkeeper.actions.channels.content import AlertContent, Content, Link
from watchkeeper.actions.channels.text import head, left_out_text, urgency
from watchkeeper.actions.channels.words import shorten

MOST_HEADER, MOST_SECTION, MOST_BUTTON, MOST_ALERTS = 150, 2900, 75, 10
"""Characters of a header, a section and a button; alerts of a message."""

MOST_CHARACTERS = 11_000
"""Of all texts together; Slack takes about 13,000."""

ACTIONS = {"acknowledge": "ack", "silence": "silence"}
"""Which commands the buttons of an interactive message give, in the place of a link."""

Block = dict[str, Any]


def escape(text: str) -> str:
    """A text of users in Slack's markup: no mention, no link and no channel comes of it.

    Examples
    --------
    >>> escape("<!channel> & <https://evil|safe>")
    '&lt;!channel&gt; &amp; &lt;https://evil|safe&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(
    content: Content, key: str, *, image: Block | None = None, interactive: bool = False
) -> dict[str, Any]:
    """The text and blocks of a message.

    Parameters
    ----------
    content
        What it says.
    key
        Of the notification: what the buttons are about.
    image
        Where the chart is: `slack_file` or `image_url`.
    interactive
        Whether buttons give commands to the server; else they open pages.

    Returns
    -------
    dict[str, Any]
        `text` for notifications, and `blocks`.
    """
    blocks: list[Block] = []
    for most in (MOST_ALERTS, 6, 3, 1, 0):
        blocks = _blocks(content.cut(most), key, image, interactive=interactive)
        if _characters(blocks) <= MOST_CHARACTERS:
            break
    return {"text": fallback(content), "blocks": blocks}


def fallback(content: Content) -> str:
    """The line that phones show, and readers of screens."""
    return escape(shorten(f"{sign(content)} {content.title}. {content.summary}", 500))


def sign(content: Content) -> str:
    """A colour that tells how it stands, as one character; the words say the same."""
    if not content.firing:
        return "\N{WHITE HEAVY CHECK MARK}"
    urgent = content.severity in {"P0", "P1"}
    return "\N{LARGE RED CIRCLE}" if urgent else "\N{LARGE YELLOW CIRCLE}"


def _blocks(content: Content, key: str, image: Block | None, *, interactive: bool) -> list[Block]:
    title = shorten(f"{sign(content)} {content.title}", MOST_HEADER)
    lead = [f"*{escape(content.summary)}*", escape(urgency(content)), escape(content.flapping)]
    blocks: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
        _section(lead),
        *(_section(_alert_lines(alert)) for alert in content.alerts),
    ]
    if content.left_out:
        blocks.append(_section([escape(left_out_text(content))]))
    if image:
        blocks.append({"type": "image", "alt_text": _alt(content), **image})
    if buttons := _buttons(content.links, key, interactive=interactive):
        blocks.append({"type": "actions", "elements": buttons})
    why = escape(f"{content.why} Sent {content.sent}.")
    blocks.append({"type": "context", "elements": [_text(why)]})
    return blocks


def _alert_lines(alert: AlertContent) -> list[str]:
    where = ", ".join(f"{name} {text}" for name, text in alert.facts)
    links = [("What to do", alert.runbook), ("Rule", alert.rule)]
    lines = [
        f"*{escape(head(alert))}*",
        escape(alert.what),
        *(escape(line) for line in alert.detail.splitlines()),
        f"*How bad:* {escape(alert.how_bad)}" if alert.how_bad else "",
        f"*Since:* {escape(alert.since.removeprefix('since '))}",
        f"*Where:* {escape(where)}" if where else "",
        f"*Suspects:* {escape('; '.join(alert.suspects))}" if alert.suspects else "",
        " · ".join(f"<{escape(url)}|{title}>" for title, url in links if url),
    ]
    return [line for line in lines if line]


def _section(lines: Iterable[str]) -> Block:
    """Whole lines as far as they fit, so that no escape is cut in two."""
    text = ""
    for line in lines:
        if line and len(text) + len(line) < MOST_SECTION:
            text += f"{line}\n"
    return {"type": "section", "text": _text(text.strip() or "…")}


def _text(text: str) -> Block:
    """Markup in which nothing that stands there unmarked becomes a mention or a link."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _buttons(links: tuple[Link, ...], key: str, *, interactive: bool) -> list[Block]:
    buttons = []
    for link in links:
        if link.name in ACTIONS and interactive:
            continue
        buttons.append(_button(f"open:{link.name}", link.title, {"url": link.url}))
    if interactive and key:
        titles = {"ack": "Acknowledge", "silence": "Silence for 2 h", "show": "Show"}
        for verb, title in reversed(titles.items()):
            value = f"{key} 2h" if verb == "silence" else key
            buttons.insert(0, _button(f"watchkeeper:{verb}", title, {"value": value}))
    return buttons[:10]


def _button(action: str, title: str, more: Block) -> Block:
    text = {"type": "plain_text", "text": shorten(title, MOST_BUTTON), "emoji": False}
    return {"type": "button", "action_id": action[:255], "text": text, **more}


def _alt(content: Content) -> str:
    return shorten(content.chart.alt if content.chart else f"Chart: {content.title}", 1900)


def _characters(blocks: list[Block]) -> int:
    """The characters of all texts."""
    total = 0
    for block in blocks:
        parts = [block.get("text"), *block.get("elements", ())]
        texts = [part.get("text") if isinstance(part, dict) else None for part in parts]
        total += sum(
            len(text["text"] if isinstance(text, dict) else text) for text in texts if text
        )
    return total
