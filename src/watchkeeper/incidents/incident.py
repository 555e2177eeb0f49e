"""What an incident is: something that people manage, with a severity, roles and a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from watchkeeper.core.alert import Severity, severity_named

SYSTEM = "watchkeeper"
"""The actor of what nobody did by hand."""

REOPEN_WITHIN = timedelta(hours=24)
"""How long after it was resolved an incident opens again under its number."""


class Sev(StrEnum):
    """How much is lost: the smaller the number, the more.

    SEV-0: wrong decisions at scale or unlawful output, now. SEV-1: a major segment or a key
    objective is lost. SEV-2: degraded, with a way around it. SEV-3: minor. If unsure take the
    higher.
    """

    SEV0 = "SEV-0"
    SEV1 = "SEV-1"
    SEV2 = "SEV-2"
    SEV3 = "SEV-3"

    @property
    def major(self) -> bool:
        """Whether it is one of the two that never close by themselves."""
        return self in {Sev.SEV0, Sev.SEV1}


def sev_of(severity: Severity | str | None) -> Sev:
    """The incident's severity for that of an alert; SEV-2 where the alert has none.

    >>> sev_of("P0"), sev_of("warning"), sev_of(None)
    (<Sev.SEV0: 'SEV-0'>, <Sev.SEV2: 'SEV-2'>, <Sev.SEV2: 'SEV-2'>)
    """
    named = severity_named(severity or "")
    return dict(zip(Severity, Sev, strict=True))[named] if named else Sev.SEV2


class Kind(StrEnum):
    """What is broken; in files and messages it is called the class of an incident."""

    DATA = "data"
    DRIFT = "drift"
    MODEL = "model"
    SERVICE = "service"
    INFRASTRUCTURE = "infrastructure"
    SECURITY = "security"


class State(StrEnum):
    """How far the work on an incident is."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    """Nobody is hurt any more."""
    RESOLVED = "resolved"
    """The cause is gone."""
    CLOSED = "closed"
    """The paperwork is done."""
    MERGED = "merged"
    FALSE_ALARM = "false_alarm"

    @property
    def active(self) -> bool:
        """Whether there is still something to be done about what is broken."""
        return self in {State.OPEN, State.ACKNOWLEDGED, State.INVESTIGATING, State.MITIGATED}


class Role(StrEnum):
    """What somebody does in an incident."""

    COMMANDER = "commander"
    OPERATIONS = "operations"
    COMMUNICATIONS = "communications"
    SCRIBE = "scribe"


class EntryKind(StrEnum):
    """What an entry of the timeline tells."""

    ALERT = "alert"
    CHANGE = "change"
    ACTION = "action"
    MESSAGE = "message"
    NOTE = "note"
    DECISION = "decision"
    ROLE = "role"
    STATE = "state"


class Stamp(msgspec.Struct, frozen=True):
    """A step that was taken: to which state, when, by whom."""

    state: State
    at: datetime
    actor: str


class Assignment(msgspec.Struct, frozen=True):
    """Who held a role, from when and until when; until is None while they hold it."""

    role: Role
    person: str
    since: datetime
    until: datetime | None = None


class LinkedAlert(msgspec.Struct, frozen=True):
    """An alert that belongs to the incident.

    Attributes
    ----------
    fingerprint, name, model
        Its identity, its rule's name and its model; the model is empty where it has none.
    starts_at, ends_at
        Since when it fires and when it was over; `ends_at` is None while it fires.
    severity
        As its label says; empty without one.
    """

    fingerprint: str
    name: str
    starts_at: datetime
    ends_at: datetime | None = None
    model: str = ""
    severity: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One line of the timeline; it is never changed.

    Attributes
    ----------
    incident, number
        Which incident, and the entry's place in it by the order of arrival, from 1.
    at
        When it happened.
    recorded_at
        When it was written down; later than `at` where somebody adds it after the fact.
    kind, actor, text
        What, who, and one sentence.
    link
        Where to look; empty where there is nothing to see.
    data
        The same for machines.
    """

    incident: int
    number: int
    at: datetime
    recorded_at: datetime
    kind: EntryKind
    actor: str
    text: str
    link: str = ""
    data: Mapping[str, Any] = {}


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it stands; `lifecycle.apply` makes the next one.

    Attributes
    ----------
    number, title, severity, kind, state
        What it is and how far one is.
    opened_at, opened_by
        When it was opened and by whom.
    began_at
        When the trouble began, as far as is known: when the first alert began to fire, or what
        somebody found out.
    stamps
        Every step, the first being the opening.
    roles
        Who holds and held which role.
    alerts, models
        What belongs to it.
    merged_into
        The number of the incident that it went into.
    acknowledge_by, update_by, resolve_by, post_mortem_by
        What is due when; None where nothing is. `resolve_by` is when it resolves by itself.
    updated_at
        When people were last told how it stands.
    touched_at
        When a person or an alert last did something.
    entries
        How many entries its timeline has.
    slack_channel, external
        Where people talk about it, and what others call it: name of the system to their key.
    """

    number: int
    title: str
    severity: Sev
    kind: Kind
    opened_at: datetime
    opened_by: str = SYSTEM
    state: State = State.OPEN
    began_at: datetime | None = None
    summary: str = ""
    stamps: tuple[Stamp, ...] = ()
    roles: tuple[Assignment, ...] = ()
    alerts: tuple[LinkedAlert, ...] = ()
    models: tuple[str, ...] = ()
    merged_into: int | None = None
    acknowledge_by: datetime | None = None
    update_by: datetime | None = None
    resolve_by: datetime | None = None
    post_mortem_by: datetime | None = None
    updated_at: datetime | None = None
    touched_at: datetime | None = None
    entries: int = 0
    slack_channel: str = ""
    external: Mapping[str, str] = {}

    @property
    def quiet(self) -> bool:
        """Whether it has alerts and all of them are over."""
        return bool(self.alerts) and all(alert.ends_at is not None for alert in self.alerts)

    @property
    def mitigation_suggested(self) -> bool:
        """Whether its alerts are over and nobody has called it mitigated yet."""
        return self.quiet and self.state in {
            State.OPEN, State.ACKNOWLEDGED, State.INVESTIGATING,
        }  # fmt: skip

    def holder(self, role: Role) -> str | None:
        """Who holds a role now."""
        held = (a.person for a in self.roles if a.role is role and a.until is None)
        return next(held, None)

    def last(self, state: State) -> Stamp | None:
        """The last time that it came into a state."""
        return next((stamp for stamp in reversed(self.stamps) if stamp.state is state), None)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """A timeline by when things happened, and by arrival where that is the same."""
    return sorted(entries, key=lambda entry: (entry.at, entry.number))
