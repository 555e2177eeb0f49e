"""What people say to Slack: slash commands and buttons, made into one plain value."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from urllib.parse import parse_qs, urlsplit

from watchkeeper.actions.channels.fields import nearest
from watchkeeper.actions.channels.slack_blocks import escape
from watchkeeper.actions.channels.webhook import is_fresh
from watchkeeper.actions.channels.words import clean, shorten
from watchkeeper.core.durations import format_duration, parse_duration
from watchkeeper.core.errors import InputError

Verb = Literal[
    "ack", "silence", "show", "run", "do", "rollback", "approve", "refuse", "runs", "help"
]  # fmt: skip
"""What can be asked for."""

SILENCE = timedelta(hours=1)
"""How long a silence lasts that names no length."""

LONGEST = timedelta(days=30)
"""The longest silence that a command may make."""

_NEEDS = {
    "ack": "an alert: write ack and its name", "silence": "an alert: write silence and its name",
    "rollback": "a model: write rollback and its name",
    "run": "a step: write run and RUNBOOK/STEP", "do": "a step: write do and RUNBOOK/STEP",
    "approve": "a run: write approve and its number",
    "refuse": "a run: write refuse and its number",
}  # fmt: skip
"""What a verb cannot be without."""

_DANGER = frozenset({"do", "rollback", "approve"})
_LENGTH = re.compile(r"(?:\d+(?:ms|[wdhms]))+")

HELP = """*/watchkeeper* commands
• `ack ALERT [reason]`: you take it on; reminders stop
• `silence ALERT [1h] [reason]`: nobody is told for so long, an hour without a length
• `show [ALERT or MODEL]`: what fires
• `run RUNBOOK/STEP [ABOUT]`: look at a check; of an action, only show what it would do
• `do RUNBOOK/STEP [ABOUT]`: run an action; somebody may have to approve
• `rollback MODEL`: back to the version before; somebody may have to approve
• `approve RUN`, `refuse RUN [reason]`: of an action that waits
• `runs`: what was run lately
ABOUT is a model, an incident such as `#7`, or the fingerprint of an alert.
ALERT is the key in a message's buttons, such as `wk-1234`, or the name of a rule."""


@dataclass(frozen=True, slots=True)
class ChatCommand:
    """What somebody asks for. Nothing is checked but its form and, with `verify_slack`, its origin.

    Attributes
    ----------
    verb
        What is asked for.
    target
        The key of a notification, a rule, a model, a step as RUNBOOK/STEP or the number of a run;
        empty where none is named.
    length
        Of a silence.
    reason
        Why, in the words of the user.
    user, user_name
        The id in the workspace, and the name, which users can change: trust the id.
    team, channel
        Ids of the workspace and the channel.
    reply_to
        Where answers may be posted for half an hour: an address of Slack, and a secret.
    confirmed
        Whether it was asked for with a button, which asks back.
    """

    verb: Verb
    target: str = ""
    length: timedelta | None = None
    reason: str = ""
    user: str = ""
    user_name: str = ""
    team: str = ""
    channel: str = ""
    reply_to: str = ""
    confirmed: bool = False

    def __repr__(self) -> str:
        return f"ChatCommand({self.verb} {self.target} by {self.user})"


def verify_slack(
    signing_secret: str, timestamp: str, body: bytes, signature: str, now: datetime
) -> bool:
    """Whether a request comes from Slack, and not from long ago.

    Parameters
    ----------
    signing_secret
        Of the Slack app.
    timestamp, signature
        The headers `X-Slack-Request-Timestamp` and `X-Slack-Signature`.
    body
        The bytes that came, before any form is read.
    now
        The time; a request holds for five minutes.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime.fromtimestamp(1_531_420_618, UTC)
    >>> verify_slack("secret", "1531420618", b"text=", "v0=00", now)
    False
    """
    if not signing_secret or not is_fresh(timestamp, now):
        return False
    signed = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(signing_secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={digest}".encode(), signature.encode())


def parse_command(text: str) -> ChatCommand:
    """The words after `/watchkeeper`.

    Raises
    ------
    InputError
        They are no command.

    Examples
    --------
    >>> told = parse_command("silence wk-12 2h labels are late")
    >>> told.verb, told.target, told.length, told.reason
    ('silence', 'wk-12', datetime.timedelta(seconds=7200), 'labels are late')
    """
    words = clean(text, 2000).split(" ")
    verb = words[0].lower() or "help"
    verb = {"acknowledge": "ack", "mute": "silence", "roll-back": "rollback"}.get(verb, verb)
    if verb not in get_args(Verb):
        raise InputError(f"there is no command {verb!r}{nearest(verb, get_args(Verb))}")
    command = ChatCommand(verb)  # type: ignore[arg-type]
    target, rest = words[1] if len(words) > 1 else "", words[2:]
    if not target and verb in _NEEDS:
        raise InputError(f"{verb} needs {_NEEDS[verb]}")
    if verb == "silence":
        length, rest = _length(rest)
        command = replace(command, length=length)
    return replace(command, target=target, reason=" ".join(rest))


def _length(words: list[str]) -> tuple[timedelta, list[str]]:
    """How long a silence lasts, and the words after it."""
    if not words or not _LENGTH.fullmatch(words[0]):
        return SILENCE, words
    length = parse_duration(words[0])
    if not timedelta(0) < length <= LONGEST:
        raise InputError(f"a silence of {words[0]} is not possible; write 1m to 30d")
    return length, words[1:]


def slash_command(body: bytes) -> ChatCommand:
    """The command that Slack sends when somebody writes `/watchkeeper …`.

    Raises
    ------
    InputError
        It is no command; answer with `refusal`.

    Examples
    --------
    >>> slash_command(b"command=%2Fwatchkeeper&text=show&user_id=U1&team_id=T1")
    ChatCommand(show  by U1)
    """
    form = _form(body)
    if "command" not in form:
        raise InputError("this is no slash command of Slack; it has no field 'command'")
    return replace(
        parse_command(form.get("text", "")),
        user=form.get("user_id", ""),
        user_name=form.get("user_name", ""),
        team=form.get("team_id", ""),
        channel=form.get("channel_id", ""),
        reply_to=_reply_to(form.get("response_url", "")),
    )


def button(body: bytes) -> ChatCommand | None:
    """The command of a button that somebody pressed in a message.

    Returns
    -------
    ChatCommand | None
        None for a button that opens a page, of which Slack tells too.

    Raises
    ------
    InputError
        It is none of our buttons.
    """
    try:
        told = json.loads(_form(body).get("payload", ""))
        if told["type"] != "block_actions":
            raise InputError(f"Slack sent {str(told['type'])[:40]!r}; only buttons are read")
        action, user = told["actions"][0], told["user"]
        name, value = str(action["action_id"]), str(action.get("value", ""))
        if name.startswith("open:"):
            return None
        if not name.startswith("watchkeeper:"):
            raise InputError(f"there is no button {clean(name, 60)!r} of Watchkeeper")
        command = parse_command(f"{name.removeprefix('watchkeeper:')} {value}")
        return replace(
            command,
            confirmed=True,
            user=str(user["id"]),
            user_name=str(user.get("username") or user.get("name") or ""),
            team=str((told.get("team") or {}).get("id", "")),
            channel=str((told.get("channel") or {}).get("id", "")),
            reply_to=_reply_to(str(told.get("response_url") or "")),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise InputError("this is no button press of Slack; its payload cannot be read") from None


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form; the first of each name."""
    try:
        read = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise InputError("the request holds no form in UTF-8") from None
    return {name: values[0] for name, values in read.items()}


def _reply_to(url: str) -> str:
    """The address for answers, where it is one of Slack: no other is ever posted to."""
    try:
        site = urlsplit(url)
    except ValueError:
        return ""
    own = site.scheme == "https" and site.netloc in {"hooks.slack.com", "hooks.slack-gov.com"}
    return url if own else ""


def reply(text: str, *, for_all: bool = False) -> dict[str, Any]:
    """The body of an answer that only who asked sees, or all in the channel.

    Parameters
    ----------
    text
        Plain text; it is escaped.
    for_all
        Whether the channel sees it.
    """
    kind = "in_channel" if for_all else "ephemeral"
    return {
        "response_type": kind,
        "replace_original": False,
        "text": escape(shorten(text, 2900)),
    }


def refusal(error: Exception) -> dict[str, Any]:
    """The body of an answer to what is no command: what is wrong, and what there is."""
    return {**reply(f"{error}."), "text": f"{escape(shorten(str(error), 1000))}.\n{HELP}"}


def help_reply() -> dict[str, Any]:
    """The body of the answer to `help`."""
    return {"response_type": "ephemeral", "replace_original": False, "text": HELP}


def done_reply(command: ChatCommand) -> dict[str, Any]:
    """The body of the answer to what was done, for all in the channel.

    Examples
    --------
    >>> told = ChatCommand("silence", "wk-1", timedelta(hours=2), "planned", "U1")
    >>> done_reply(told)["text"]
    '<@U1> silenced wk-1 for 2h: planned'
    """
    length = f" for {format_duration(command.length)}" if command.length else ""
    did = {"ack": "acknowledged", "silence": "silenced"}
    reason = f": {escape(shorten(command.reason, 500))}" if command.reason else ""
    target = escape(shorten(command.target, 200))
    who = f"<@{command.user}>" if command.user.isalnum() else "Somebody"
    text = f"{who} {did.get(command.verb, command.verb)} {target}{length}{reason}"
    return {**reply("", for_all=True), "text": text}


def confirmation(command: ChatCommand, question: str) -> dict[str, Any]:
    """The body of an answer that asks back with a button, for what cannot be undone at once.

    Parameters
    ----------
    command
        Of a user; the button gives it again, with `confirmed`.
    question
        What will be done, in plain text.
    """
    value = f"{command.target} {command.reason}".strip()
    return offer(question, [(command.verb, value, "Do it")])


def offer(
    text: str, buttons: Iterable[tuple[Verb, str, str]], *, for_all: bool = False
) -> dict[str, Any]:
    """The body of an answer with buttons under it.

    Parameters
    ----------
    text
        Plain text; it is escaped.
    buttons
        Of each the verb, what stands behind it in the command that it gives, and what is on it.
    for_all
        Whether the channel sees it.

    Examples
    --------
    >>> offer("Do it?", [("approve", "7", "Approve")])["blocks"][1]["elements"][0]["value"]
    '7'
    """
    pressed = [
        {
            "type": "button",
            **({"style": "danger"} if verb in _DANGER else {}),
            "action_id": f"watchkeeper:{verb}",
            "value": shorten(value, 1900),
            "text": {"type": "plain_text", "text": label, "emoji": False},
        }
        for verb, value, label in buttons
    ]
    said = {"type": "mrkdwn", "text": escape(shorten(text, 2900)), "verbatim": True}
    blocks = [{"type": "section", "text": said}, {"type": "actions", "elements": pressed}]
    return {**reply(text, for_all=for_all), "blocks": blocks}
