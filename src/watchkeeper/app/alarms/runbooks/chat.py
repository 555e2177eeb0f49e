"""What somebody asks of runbooks in a chat: a dry run, a run, an approval, a rollback."""

from __future__ import annotations

import re
import time
from typing import Any

from watchkeeper.actions.channels.slack_commands import ChatCommand, confirmation, offer, reply
from watchkeeper.app.alarms.runbooks.desk import RunbookDesk
from watchkeeper.app.alarms.runbooks.requests import Asker
from watchkeeper.app.alarms.runbooks.subjects import About
from watchkeeper.core.errors import InputError

WAIT_S = 2.0
"""How long an answer waits for what is done at once: Slack itself waits for three seconds."""

_LISTED = 10
_INCIDENT = re.compile(r"#(\d{1,9})")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def run_answer(desk: RunbookDesk, command: ChatCommand) -> dict[str, Any]:
    """Do what a command asks of runbooks; the body of the answer to Slack.

    Who asks is the person whom the operator has written beside the id of the user, so that nobody
    is the second one to agree to what they ask for themselves.

    Parameters
    ----------
    desk
        Of runbooks.
    command
        Of a user.
    """
    who = desk.from_slack(command.user)
    match command.verb:
        case "runs":
            lines = [_line(one) for one in desk.runs(limit=_LISTED)]
            return reply("\n".join(lines) or "Nothing was run.")
        case "approve":
            found = desk.approve(_number(command), who)
            return _shown(_followed(desk, found))
        case "refuse":
            return _shown(desk.refuse(_number(command), who, command.reason))
        case "rollback":
            name, step = desk.rollback_step()
            return _asked(desk, command, who, (name, step, About(target=command.target)))
        case _:
            name, slash, step = command.target.partition("/")
            if not slash:
                raise InputError(f"{command.target!r} is no step; write RUNBOOK/STEP")
            asked = name, step, _about(command.reason)
            return _asked(desk, command, who, asked)


def _asked(
    desk: RunbookDesk, command: ChatCommand, who: Asker, asked: tuple[str, str, About]
) -> dict[str, Any]:
    """Ask for a step: `run` only dry, what does something once a button has asked back."""
    name, step, about = asked
    if command.verb == "run":
        found = desk.ask(name, step, about, who, dry=True)
        found = _followed(desk, found)
        if found["kind"] == "check" or found["status"] != "ok":
            return _shown(found)
        value = f"{command.target} {command.reason}".strip()
        return offer(_line(found), [("do", value, "Do it")], for_all=True)
    if not command.confirmed:
        on = f" on {about.target}" if about.target else ""
        return confirmation(command, f"Run {name}/{step}{on}?")
    found = desk.ask(name, step, about, who)
    return _shown(_followed(desk, found))


def _about(words: str) -> About:
    """What a step is for: an incident, an alert or a model.

    >>> _about("#7").incident, _about("flights since noon").target
    (7, 'flights')
    """
    word = words.split(" ", maxsplit=1)[0]
    if found := _INCIDENT.fullmatch(word):
        return About(incident=int(found[1]))
    return About(alert=word) if _FINGERPRINT.fullmatch(word) else About(target=word)


def _number(command: ChatCommand) -> int:
    text = command.target.removeprefix("#")
    if not text.isdecimal() or len(text) > 9:
        raise InputError(f"{command.target!r} is no number of a run; `runs` lists them")
    return int(text)


def _followed(desk: RunbookDesk, found: dict[str, Any]) -> dict[str, Any]:
    """A run once what is done at once is done."""
    until = time.monotonic() + WAIT_S
    while _goes_on(found) and time.monotonic() < until:
        time.sleep(0.1)
        found = desk.run(found["number"])
    return found


def _goes_on(found: dict[str, Any]) -> bool:
    waits = found["state"] == "waiting" and not found["waits_for_approval"]
    return waits or found["state"] == "running"


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    """A run for all in the channel, with buttons where somebody must agree."""
    if found["waits_for_approval"]:
        number = str(found["number"])
        return offer(
            _line(found),
            [("approve", number, "Approve"), ("refuse", number, "Refuse")],
            for_all=True,
        )
    return reply(_line(found), for_all=True)


def _line(one: dict[str, Any]) -> str:
    """A run in a line or two."""
    on = f" on {one['target']}" if one["target"] else ""
    dry = ", dry run" if one["dry_run"] else ""
    said = (one.get("result") or {}).get("text") or one["reason"] or ""
    head = f"run {one['number']} ({one['title']}{on}{dry}), asked for by {one['requested_by']}"
    return f"{head}: {one['state']}" + (f"\n{said.strip()[:1500]}" if said.strip() else "")
