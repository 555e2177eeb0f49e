"""Events of incidents as people name them: a word, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.incidents import events
from watchkeeper.incidents.incident import Kind, Role, Sev

MERGE: Final = "merge"
"""The event that concerns two incidents."""

ALERT: Final = "alert"
"""The event that concerns an alert, too."""


def _text(given: Mapping[str, Any], what: str) -> str:
    text = given.get("text") or ""
    if not text.strip():
        raise InputError(f"{what}; say it as `text`")
    return str(text)


def _assign(given: Mapping[str, Any]) -> events.Event:
    if given.get("role") is None:
        raise InputError(f"a role is one of {', '.join(Role)}; name it as `role`")
    return events.Assign(Role(given["role"]), given.get("person") or "")


def _severity(given: Mapping[str, Any]) -> events.Event:
    if given.get("severity") is None:
        raise InputError(f"a severity is one of {', '.join(Sev)}; name it as `severity`")
    return events.Amend(severity=Sev(given["severity"]), reason=given.get("text") or "")


def _amend(given: Mapping[str, Any]) -> events.Event:
    models, kind, severity = given.get("models"), given.get("class"), given.get("severity")
    return events.Amend(
        title=given.get("title"),
        severity=None if severity is None else Sev(severity),
        kind=None if kind is None else Kind(kind),
        began_at=given.get("began_at"),
        summary=given.get("summary"),
        models=None if models is None else tuple(models),
        reason=given.get("text") or "",
    )


_MADE: dict[str, Callable[[Mapping[str, Any]], events.Event]] = {
    "acknowledge": lambda given: events.Acknowledge(given.get("text") or ""),
    "investigate": lambda given: events.Investigate(given.get("text") or ""),
    "mitigate": lambda given: events.Mitigate(given.get("text") or ""),
    "resolve": lambda given: events.Resolve(given.get("text") or ""),
    "close": lambda given: events.Close(given.get("text") or ""),
    "reopen": lambda given: events.Reopen(_text(given, "why is it opened again?")),
    "false_alarm": lambda given: events.MarkFalseAlarm(_text(given, "why is it a false alarm?")),
    "role": _assign,
    "severity": _severity,
    "amend": _amend,
    "note": lambda given: events.Note(
        _text(given, "what was seen?"), given.get("link") or "", given.get("at")
    ),
    "decision": lambda given: events.Decision(_text(given, "what was decided?"), given.get("at")),
    "message": lambda given: events.Message(
        _text(given, "what were people told?"), given.get("to") or "", given.get("link") or ""
    ),
    "change": lambda given: events.Change(
        _text(given, "what was changed?"), _when(given), given.get("link") or ""
    ),
    "action": lambda given: events.Action(_text(given, "what was done?"), given.get("link") or ""),
}

NAMES: Final = (*_MADE, MERGE, ALERT)
"""What can be done with an incident by hand."""


def event_of(name: str, given: Mapping[str, Any]) -> events.Event:
    """The event of a name with what was given for it.

    Raises
    ------
    InputError
        There is none of that name, or something that it needs is missing.

    Examples
    --------
    >>> event_of("note", {"text": "the feed is late"})
    Note(text='the feed is late', link='', at=None, data={})
    >>> event_of("mitgate", {})
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: there is no event 'mitgate'; did you mean 'mitigate'
        or 'investigate'?
    """
    made = _MADE.get(name)
    if made is None:
        raise InputError(f"there is no event {name!r}{suggest(name, NAMES)}")
    return made(given)


def _when(given: Mapping[str, Any]) -> datetime:
    at = given.get("at")
    if not isinstance(at, datetime):
        raise InputError("when was it changed? say it as `at`, such as 2026-01-31T12:00:00Z")
    return at
