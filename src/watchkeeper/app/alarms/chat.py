"""What somebody asks for in a chat, done and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from watchkeeper.actions.channels.slack_blocks import escape
from watchkeeper.actions.channels.slack_commands import (
    SILENCE,
    ChatCommand,
    done_reply,
    help_reply,
    refusal,
    reply,
)
from watchkeeper.alerts.matchers import equality
from watchkeeper.alerts.silences import Silence
from watchkeeper.app.alarms.desk import AlarmDesk, new_id
from watchkeeper.app.alarms.runbooks.chat import run_answer
from watchkeeper.app.alarms.runbooks.desk import RunbookDesk
from watchkeeper.core.alert import SEVERITY
from watchkeeper.core.errors import WatchkeeperError

_SHOWN = 10


def answer(
    desk: AlarmDesk, runbooks: RunbookDesk, command: ChatCommand, now: datetime
) -> dict[str, Any]:
    """Do what a command asks for; the body of the answer to Slack."""
    try:
        return _done(desk, runbooks, command, now)
    except WatchkeeperError as error:
        return refusal(error)


def _done(
    desk: AlarmDesk, runbooks: RunbookDesk, command: ChatCommand, now: datetime
) -> dict[str, Any]:
    who = f"slack:{command.user}"
    match command.verb:
        case "show":
            return reply(_shown(desk, command.target))
        case "ack":
            desk.acknowledge(desk.labels_of(command.target), by=who)
            return done_reply(command)
        case "silence":
            labels = desk.labels_of(command.target)
            desk.add_silence(
                Silence(
                    id=new_id(),
                    matchers=(tuple(equality(name, text) for name, text in labels.items()),),
                    starts_at=now,
                    ends_at=now + (command.length or SILENCE),
                    created_by=who,
                    comment=command.reason or "from Slack",
                    updated_at=now,
                )
            )
            return done_reply(command)
        case "help":
            return help_reply()
        case _:
            return run_answer(runbooks, command)


def _shown(desk: AlarmDesk, target: str) -> str:
    found = [one for one in desk.alerts() if not target or target in (one["model"], one["alert"])]
    if not found:
        return "Nothing is wrong." if not target else f"Nothing is wrong with {escape(target)}."
    lines = [_line(one) for one in found[:_SHOWN]]
    more = len(found) - len(lines)
    return "\n".join([*lines, f"and {more} more" if more else ""]).strip()


def _line(one: dict[str, Any]) -> str:
    summary = one["annotations"].get("summary") or one["note"] or ""
    parts = (one["labels"].get(SEVERITY, ""), one["state"], one["alert"], one["model"], summary)
    return "• " + escape(" ".join(str(part) for part in parts if part))
