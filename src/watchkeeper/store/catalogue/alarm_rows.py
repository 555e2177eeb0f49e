"""Rows of the tables of alarms, and questions that are asked within and without a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.store.catalogue.tables import alarm_messages, alarm_states, leases

MessageState: TypeAlias = Literal["waiting", "sent", "dead"]
"""On its way; taken by its receiver; given up."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of rules, routes or the like, as it was applied."""

    kind: str
    name: str
    text: str
    set_at: datetime
    who: str | None


@dataclass(frozen=True, slots=True)
class StateRow:
    """Something that goes on: its body is JSON, and it is looked at again when it is due."""

    kind: str
    key: str
    body: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message to one channel of a receiver.

    Attributes
    ----------
    key
        The same for all messages of one affair; they are sent in their order.
    said
        What the receiver answered last, or why it could not be reached.
    """

    id: int
    key: str
    receiver: str
    channel: str
    state: MessageState
    due: datetime
    attempts: int
    body: str
    said: str
    made: datetime
    done: datetime | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What an attempt to send a message came to, when, and when the next one is due."""

    state: MessageState
    said: str
    at: datetime
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """Something that happened."""

    id: int
    at: datetime
    kind: str
    model: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """A piece of work that one process does until a time; see `store.catalogue.leases`."""

    name: str
    holder: str
    until: datetime


def read_now(connection: Connection) -> datetime:
    """The time of the database; a file of SQLite has that of its only machine."""
    if connection.dialect.name == "postgresql":
        there: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        return there.astimezone(UTC)
    here = connection.execute(sa.text("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"))
    return datetime.fromisoformat(here.scalar_one())


def read_leases(connection: Connection) -> list[LeaseRow]:
    """All leases, by name."""
    found = connection.execute(sa.select(leases).order_by(leases.c.name))
    return [LeaseRow(*row) for row in found]


def read_holder(connection: Connection, name: str) -> str | None:
    """Who has a lease, be it that it has run out; None where nobody has it."""
    asked = sa.select(leases.c.holder).where(leases.c.name == name)
    found: str | None = connection.execute(asked).scalar()
    return found


def read_waits(connection: Connection, id_: int, attempts: int) -> bool:
    """Whether a message still waits after so many attempts."""
    t = alarm_messages.c
    asked = sa.select(t.id).where((t.id == id_) & (t.state == "waiting") & (t.attempts == attempts))
    return connection.execute(asked).first() is not None


def read_states(connection: Connection, kind: str, keys: Iterable[str] | None) -> list[StateRow]:
    """States of a kind, by key; only those of `keys` where it is given."""
    t = alarm_states.c
    asked = sa.select(t.kind, t.key, t.body, t.due).where(t.kind == kind).order_by(t.key)
    if keys is not None:
        asked = asked.where(t.key.in_(list(keys)))
    return [StateRow(*row) for row in connection.execute(asked)]


MESSAGE = (
    alarm_messages.c.id, alarm_messages.c.key, alarm_messages.c.receiver, alarm_messages.c.channel,
    alarm_messages.c.state, alarm_messages.c.due, alarm_messages.c.attempts, alarm_messages.c.body,
    alarm_messages.c.said, alarm_messages.c.made, alarm_messages.c.done,
)  # fmt: skip
"""The columns of a `MessageRow`, in order."""
