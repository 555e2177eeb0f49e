"""How incidents lie in the store of alarms: a state each, and a timeline in the history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from watchkeeper.app.alarms import states
from watchkeeper.core.errors import NotFoundError
from watchkeeper.incidents import events, lifecycle
from watchkeeper.incidents.deadlines import deadlines
from watchkeeper.incidents.incident import SYSTEM, Entry, EntryKind, Incident, in_order
from watchkeeper.store.catalogue.alarms import AlarmStore, StateRow, Work

INCIDENT: Final = "incident"
"""An incident, under its number; due at its next deadline."""

TIMELINE: Final = "timeline"
"""The kind of history that holds the lines of timelines; their subject is the number."""

_LONGEST = 100_000


@dataclass
class Case:
    """An incident within a transaction, and the lines that are to be written of it."""

    work: Work
    incident: Incident
    at: datetime
    entries: list[Entry] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Under which it and what belongs to it are kept."""
        return key_of(self.incident.number)

    def apply(self, event: events.Event, actor: str = SYSTEM) -> None:
        """Let something happen to it."""
        done = lifecycle.apply(self.incident, event, self.at, actor)
        self.incident = done.incident
        self.entries += done.entries

    def pass_over(self, event: events.Event) -> None:
        """Let something happen without a line about it."""
        done = lifecycle.apply(self.incident, event, self.at, SYSTEM)
        self.incident = msgspec.structs.replace(done.incident, entries=self.incident.entries)

    def say(self, kind: EntryKind, text: str) -> None:
        """Write a line that nobody wrote by hand; no deadline is moved by it."""
        done = lifecycle.apply(self.incident, events.Note(text), self.at, SYSTEM)
        self.incident = done.incident
        self.entries += [msgspec.structs.replace(entry, kind=kind) for entry in done.entries]

    def keep(self) -> None:
        """Put it into the store, with its lines."""
        due = min((one.at for one in deadlines(self.incident, self.at)), default=None)
        row = StateRow(INCIDENT, self.key, states.encode(self.incident), due)
        self.work.put_state(row, at=self.at)
        for entry in self.entries:
            self.work.add_history(
                at=entry.recorded_at, kind=TIMELINE, subject=str(entry.incident),
                model=next(iter(self.incident.models), ""), body=states.encode(entry),
            )  # fmt: skip
        self.entries = []


def key_of(number: int) -> str:
    """The key of an incident, in the order of numbers.

    >>> key_of(7)
    '000000007'
    """
    return f"{number:09d}"


def all_incidents(store: AlarmStore | Work) -> list[Incident]:
    """Every incident, by number."""
    return [states.decode(row, Incident) for row in store.states(INCIDENT)]


def incident_of(store: AlarmStore | Work, number: int) -> Incident:
    """The incident of a number.

    Raises
    ------
    NotFoundError
        There is none.
    """
    found = store.states(INCIDENT, keys=[key_of(number)])
    if not found:
        raise NotFoundError(
            f"there is no incident {number}; `watchkeeper incidents` lists what there is"
        )
    return states.decode(found[0], Incident)


def next_number(incidents: Iterable[Incident]) -> int:
    """The number of a new incident; to be asked in a transaction that has waited for its turn."""
    return max((incident.number for incident in incidents), default=0) + 1


def timeline(store: AlarmStore, number: int) -> list[Entry]:
    """The timeline of an incident, in order."""
    rows = store.history(kinds=[TIMELINE], subject=str(number), limit=_LONGEST)
    return in_order(msgspec.json.decode(row.body, type=Entry) for row in rows)
