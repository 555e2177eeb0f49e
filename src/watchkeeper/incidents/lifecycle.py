"""An incident and an event in, the incident and the lines of its timeline out.

::

    open → acknowledged → investigating → mitigated → resolved → closed
      └──────┴───────────────┴──────────────┴──▶ merged, false_alarm

Steps forward may be left out: who mitigates has acknowledged. A mitigation that did not hold goes
back to investigating. What was resolved opens again under its number for 24 hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.incidents import amending, events
from watchkeeper.incidents.deadlines import Calendar, due_after
from watchkeeper.incidents.incident import (
    REOPEN_WITHIN,
    SYSTEM,
    Entry,
    EntryKind,
    Incident,
    Kind,
    Role,
    Sev,
    Stamp,
    State,
)

_replace = msgspec.structs.replace

FORWARD = (
    State.OPEN,
    State.ACKNOWLEDGED,
    State.INVESTIGATING,
    State.MITIGATED,
    State.RESOLVED,
    State.CLOSED,
)
"""The states on the way, in order."""

_STEPS: dict[type, State] = {
    events.Acknowledge: State.ACKNOWLEDGED, events.Investigate: State.INVESTIGATING,
    events.Mitigate: State.MITIGATED, events.Resolve: State.RESOLVED, events.Close: State.CLOSED,
    events.MarkFalseAlarm: State.FALSE_ALARM,
}  # fmt: skip

ALLOWED: dict[State, tuple[State, ...]] = {
    State.OPEN: (*FORWARD[1:5], State.FALSE_ALARM),
    State.ACKNOWLEDGED: (*FORWARD[2:5], State.FALSE_ALARM),
    State.INVESTIGATING: (*FORWARD[3:5], State.FALSE_ALARM),
    State.MITIGATED: (State.INVESTIGATING, State.RESOLVED, State.FALSE_ALARM),
    State.RESOLVED: (State.CLOSED, State.FALSE_ALARM),
    State.CLOSED: (),
    State.MERGED: (),
    State.FALSE_ALARM: (),
}
"""Where a step leads from each state; opening again and merging have rules of their own."""


class Applied(NamedTuple):
    """The incident after an event, and what the timeline says of it."""

    incident: Incident
    entries: tuple[Entry, ...]


def open_incident(  # noqa: PLR0913  # each is a fact of the new incident
    number: int,
    title: str,
    severity: Sev | str,
    kind: Kind | str,
    at: datetime,
    *,
    actor: str = SYSTEM,
    models: Iterable[str] = (),
    began_at: datetime | None = None,
    calendar: Calendar | None = None,
) -> Applied:
    """A new incident and the first line of its timeline.

    Parameters
    ----------
    number
        Given by the catalogue.
    at
        Now.
    actor
        Who opens it; that person becomes its commander.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> made = open_incident(7, "Late answers", "SEV-1", "service", at)
    >>> made.incident.state.value, made.entries[0].text
    ('open', 'Opened as SEV-1 (service): Late answers')
    """
    if not title.strip():
        raise InputError("an incident needs a title; say in a few words what is broken")
    incident = Incident(
        number=number,
        title=title.strip(),
        severity=Sev(severity),
        kind=Kind(kind),
        opened_at=at,
        opened_by=actor,
        began_at=began_at,
        stamps=(Stamp(State.OPEN, at, actor),),
        models=tuple(dict.fromkeys(models)),
        touched_at=at,
    )
    text = f"Opened as {incident.severity} ({incident.kind}): {incident.title}"
    lines = [amending.Line(EntryKind.STATE, text, data={"state": "open"})]
    if actor != SYSTEM:
        incident, taken = amending.assign(incident, events.Assign(Role.COMMANDER, actor), at)
        lines += taken
    return _done(incident, lines, at, actor, calendar)


def apply(
    incident: Incident,
    event: events.Event,
    at: datetime,
    actor: str,
    calendar: Calendar | None = None,
) -> Applied:
    """What becomes of an incident.

    Parameters
    ----------
    incident
        As it stands.
    event
        What happened.
    at
        Now. Where the clock went back it counts as the time of the last step, so that no step
        comes before the one before it.
    actor
        Who did it; `SYSTEM` for what nobody did by hand.
    calendar
        Business days, for deadlines that count in them.

    Raises
    ------
    ConflictError
        The incident is in no state for it; the message says what is possible.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> incident, _ = open_incident(1, "Late", "SEV-1", "service", at)
    >>> incident, entries = apply(incident, events.Acknowledge(), at, "ana")
    >>> incident.state.value, [entry.text for entry in entries]
    ('acknowledged', ['Acknowledged', 'ana is commander'])
    >>> apply(incident, events.Close(), at, "ana")
    Traceback (most recent call last):
    watchkeeper.core.errors.ConflictError: incident 1 is acknowledged and cannot become closed; ...
    """
    if incident.stamps:
        at = max(at, incident.stamps[-1].at)
    if isinstance(event, events.Reopen):
        changed, lines = _reopen(incident, event, at, actor)
    elif isinstance(event, events.MergeInto):
        changed, lines = _merge_into(incident, event, at, actor)
    elif type(event) in _STEPS:
        changed, lines = _step(incident, _STEPS[type(event)], event, at, actor)
    else:
        changed, lines = amending.amend(incident, event, at)
    if actor != SYSTEM or isinstance(event, events.AlertFires | events.AlertOver):
        changed = _replace(changed, touched_at=max(at, changed.touched_at or at))
    return _done(changed, lines, at, actor, calendar)


def possible(incident: Incident, now: datetime) -> tuple[State, ...]:
    """The states that a step may lead to now, opening again and merging among them."""
    found = ALLOWED[incident.state]
    if incident.state.active:
        found = (*found, State.MERGED)
    return (*found, State.OPEN) if _why_not_reopen(incident, now) is None else found


def merge(
    source: Incident, target: Incident, at: datetime, actor: str, calendar: Calendar | None = None
) -> tuple[Applied, Applied]:
    """Make one incident a part of another, which takes over its alerts and models.

    Returns
    -------
    tuple[Applied, Applied]
        The source, which is merged, and the target; the worse of both severities is the target's.

    Raises
    ------
    ConflictError
        They are one, or one of them is over.
    """
    if source.number == target.number:
        raise ConflictError(f"incident {source.number} cannot be merged into itself")
    if not target.state.active:
        raise ConflictError(
            f"incident {target.number} is {target.state} and takes in no other; merge it into an "
            "incident that is still worked on"
        )
    taken = events.Absorb(
        source.number, source.severity, source.alerts, source.models, source.began_at
    )
    return (
        apply(source, events.MergeInto(target.number), at, actor, calendar),
        apply(target, taken, at, actor, calendar),
    )


def _done(
    incident: Incident,
    lines: Iterable[amending.Line],
    at: datetime,
    actor: str,
    calendar: Calendar | None,
) -> Applied:
    """The incident with its deadlines, and its lines as entries."""
    entries = tuple(
        Entry(
            incident.number, incident.entries + place, line.at or at, at, line.kind, actor,
            line.text, line.link, line.data,
        )
        for place, line in enumerate(lines, 1)
    )  # fmt: skip
    incident = _replace(incident, entries=incident.entries + len(entries))
    due: dict[str, Any] = due_after(incident, calendar)
    return Applied(_replace(incident, **due), entries)


def _step(
    incident: Incident, to: State, event: events.Event, at: datetime, actor: str
) -> amending.Changed:
    """A step forward, or back from a mitigation that did not hold."""
    if to not in ALLOWED[incident.state]:
        raise ConflictError(
            f"incident {incident.number} is {_words(incident.state)} and cannot become "
            f"{_words(to)}; {_way_out(incident, at)}"
        )
    stamped = _stamp(incident, to, at, actor)
    text = _words(to).capitalize()
    if to is State.INVESTIGATING and incident.state is State.MITIGATED:
        text = "The mitigation did not hold; investigating again"
    told = getattr(event, "note", "") or getattr(event, "reason", "")
    line = amending.Line(
        EntryKind.STATE, f"{text}: {told}" if told else text, data={"state": to.value}
    )
    if actor == SYSTEM or to in {State.CLOSED, State.FALSE_ALARM}:
        return stamped, [line]
    taken, lines = amending.take_command(stamped, actor, at)
    return taken, [line, *lines]


def _stamp(incident: Incident, to: State, at: datetime, actor: str) -> Incident:
    """The incident in a state, the acknowledgement that was left out being made up for."""
    stamps = incident.stamps
    if incident.state is State.OPEN and to in FORWARD[2:] and actor != SYSTEM:
        stamps = (*stamps, Stamp(State.ACKNOWLEDGED, at, actor))
    return _replace(incident, state=to, stamps=(*stamps, Stamp(to, at, actor)))


def _reopen(incident: Incident, event: events.Reopen, at: datetime, actor: str) -> amending.Changed:
    """Open it again: waiting for somebody to take it, or taken by who opens it."""
    why_not = _why_not_reopen(incident, at)
    if why_not is not None:
        raise ConflictError(why_not)
    to = State.OPEN if actor == SYSTEM else State.INVESTIGATING
    changed = _replace(
        incident,
        state=to,
        stamps=(*incident.stamps, Stamp(to, at, actor)),
        acknowledge_by=None,
        update_by=None,
        post_mortem_by=None,
        updated_at=at,
    )
    text = f"Opened again: {event.reason}"
    return changed, [amending.Line(EntryKind.STATE, text, data={"state": to.value})]


def _why_not_reopen(incident: Incident, now: datetime) -> str | None:
    """Why an incident cannot be opened again; None where it can."""
    name = f"incident {incident.number}"
    if incident.state.active:
        return f"{name} is {incident.state}: it is open already"
    if incident.state is State.MERGED:
        return f"{name} went into incident {incident.merged_into}; open that one again"
    ended = incident.last(State.RESOLVED) or incident.last(State.FALSE_ALARM)
    if incident.state is State.FALSE_ALARM:
        ended = incident.last(State.FALSE_ALARM)
    if ended is None or now - ended.at > REOPEN_WITHIN:
        return f"{name} was over more than 24 hours ago; open a new one and name this one in a note"
    return None


def _merge_into(
    incident: Incident, event: events.MergeInto, at: datetime, actor: str
) -> amending.Changed:
    if not incident.state.active:
        raise ConflictError(
            f"incident {incident.number} is {_words(incident.state)} and cannot be merged; "
            f"{_way_out(incident, at)}"
        )
    changed = _replace(_stamp(incident, State.MERGED, at, actor), merged_into=event.number)
    data = {"state": State.MERGED.value, "into": event.number}
    return changed, [
        amending.Line(EntryKind.STATE, f"Merged into incident {event.number}", data=data)
    ]


def _way_out(incident: Incident, now: datetime) -> str:
    """What can be done with an incident, as the end of an error."""
    found = [_words(state) for state in possible(incident, now)]
    return f"from here it can become {', '.join(found)}" if found else "it is over for good"


def _words(state: State) -> str:
    return state.value.replace("_", " ")
