"""What alarms must remember: files, states with deadlines, messages on their way, history, leases.

It lies in the catalogue's database. A state and the messages that it calls for are written in one
transaction, so a crash loses neither and repeats neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.store.catalogue.opening import WRITE, answering, open_engine, prepare
from watchkeeper.store.catalogue.tables import (
    alarm_files,
    alarm_history,
    alarm_messages,
    alarm_states,
    leases,
)

AGAIN = "again"
"""What a message says that repeats the one before, until it has been sent."""

_SLACK = timedelta(minutes=1)

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


_TURN = 8470_2014
"""The number of a lock of PostgreSQL: one transaction after the other."""


class Work:
    """One transaction of alarms."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_turn(self) -> None:
        """Wait for other transactions that asked for a turn; in SQLite there is one anyway."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_TURN})"))

    def states(self, kind: str, *, keys: Iterable[str] | None = None) -> list[StateRow]:
        """States as they are now: nobody else changes them until the end."""
        return read_states(self._connection, kind, keys)

    def put_state(self, row: StateRow, *, at: datetime) -> None:
        """Keep a state in the place of an earlier one."""
        t = alarm_states.c
        self._connection.execute(
            sa.delete(alarm_states).where((t.kind == row.kind) & (t.key == row.key))
        )
        self._connection.execute(
            sa.insert(alarm_states).values(
                kind=row.kind, key=row.key, due=row.due, body=row.body, changed=at
            )
        )

    def drop_state(self, kind: str, key: str) -> None:
        """Forget a state."""
        t = alarm_states.c
        self._connection.execute(sa.delete(alarm_states).where((t.kind == kind) & (t.key == key)))

    def add_message(  # a message, by name
        self,
        *,
        key: str,
        receiver: str,
        channel: str,
        body: str,
        at: datetime,
        again_at: datetime | None = None,
    ) -> None:
        """Put a message into the line.

        With `again_at` it says then what was said before, for receivers that forget; whatever is
        said anew takes its place.
        """
        t = alarm_messages.c
        said_before = (t.state == "waiting") & (t.said == AGAIN) & (t.attempts == 0)
        mine = (t.key == key) & (t.receiver == receiver) & (t.channel == channel)
        self._connection.execute(sa.delete(alarm_messages).where(mine & said_before))
        self._connection.execute(
            sa.insert(alarm_messages).values(
                key=key, receiver=receiver, channel=channel, state="waiting", due=again_at or at,
                attempts=0, body=body, said="" if again_at is None else AGAIN, made=at,
            )
        )  # fmt: skip

    def add_history(
        self, *, at: datetime, kind: str, subject: str, body: str, model: str = ""
    ) -> None:
        """Note what happened."""
        values = {"at": at, "kind": kind, "model": model, "subject": subject, "body": body}
        self._connection.execute(sa.insert(alarm_history).values(**values))

    def mark_message(self, id_: int, mark: Mark) -> None:
        """Note what an attempt to send a message came to."""
        values: dict[str, Any] = {
            "state": mark.state, "said": mark.said, "attempts": alarm_messages.c.attempts + 1,
            "done": None if mark.state == "waiting" else mark.at,
        }  # fmt: skip
        if mark.due is not None:
            values["due"] = mark.due
        self._connection.execute(
            sa.update(alarm_messages).where(alarm_messages.c.id == id_).values(**values)
        )

    def count_copies(self, key: str, receiver: str, made: datetime) -> dict[str, int]:
        """In which states the copies of a message for all channels of its receiver are."""
        t = alarm_messages.c
        found = self._connection.execute(
            sa.select(t.state, sa.func.count())
            .where((t.key == key) & (t.receiver == receiver) & (t.made == made))
            .group_by(t.state)
        )
        return {str(state): int(count) for state, count in found}

    def put_file(self, row: FileRow) -> None:
        """Keep a file in the place of an earlier one of its kind and name."""
        self.drop_file(row.kind, row.name)
        self._connection.execute(
            sa.insert(alarm_files).values(
                kind=row.kind, name=row.name, text=row.text, set_at=row.set_at, who=row.who
            )
        )

    def drop_file(self, kind: str, name: str) -> bool:
        """Forget a file; whether there was one."""
        t = alarm_files.c
        gone = self._connection.execute(
            sa.delete(alarm_files).where((t.kind == kind) & (t.name == name))
        )
        return gone.rowcount > 0


class AlarmStore:
    """The tables of alarms, shared by any number of threads and processes.

    Parameters
    ----------
    place
        As of a `Catalogue`: the path of an SQLite file, or `postgresql://…`.
    """

    def __init__(self, place: str | Path) -> None:
        self._engine = open_engine(place)
        self.name = str(self._engine.url.database or self._engine.url)
        try:
            with answering(self.name):
                prepare(self._engine, self.name)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A transaction: all of the block or nothing of it, on disk when it has ended."""
        with self._writing() as connection:
            yield Work(connection)

    def files(self, kind: str) -> list[FileRow]:
        """Files of a kind, by name."""
        t = alarm_files.c
        with self._reading() as connection:
            found = connection.execute(
                sa.select(alarm_files).where(t.kind == kind).order_by(t.name)
            )
            return [FileRow(*row) for row in found]

    def states(self, kind: str, *, keys: Iterable[str] | None = None) -> list[StateRow]:
        """States of a kind, by key."""
        with self._reading() as connection:
            return read_states(connection, kind, keys)

    def states_from(self, kind: str, begins: str) -> list[StateRow]:
        """States of a kind whose keys begin with a text, by key."""
        t = alarm_states.c
        asked = sa.select(t.kind, t.key, t.body, t.due).where(
            (t.kind == kind) & t.key.startswith(begins, autoescape=True)
        )
        with self._reading() as connection:
            found = [StateRow(*row) for row in connection.execute(asked.order_by(t.key))]
        # LIKE takes no notice of case in SQLite.
        return [row for row in found if row.key.startswith(begins)]

    def due(self, kind: str, now: datetime, *, limit: int = 1000) -> list[StateRow]:
        """States whose time has come, the longest overdue first.

        What was written in the future comes too: the clock was set back since, and its deadline
        may lie far ahead.
        """
        t = alarm_states.c
        come = (t.due <= now) | ((t.changed > now + _SLACK) & t.due.is_not(None))
        with self._reading() as connection:
            found = connection.execute(
                sa.select(t.kind, t.key, t.body, t.due)
                .where((t.kind == kind) & come)
                .order_by(t.due, t.key)
                .limit(limit)
            )
            return [StateRow(*row) for row in found]

    def next_due(self, kind: str) -> datetime | None:
        """When the next state of a kind is due."""
        t = alarm_states.c
        with self._reading() as connection:
            found: datetime | None = connection.execute(
                sa.select(sa.func.min(t.due, type_=t.due.type)).where(t.kind == kind)
            ).scalar()
            return found

    # ---- messages ----------------------------------------------------------------------------

    def messages_due(self, now: datetime, *, limit: int = 200) -> list[MessageRow]:
        """The first waiting message of each key and channel, where it is due."""
        t, other = alarm_messages.c, alarm_messages.alias()
        first = sa.select(sa.func.min(other.c.id)).where(
            (other.c.state == "waiting")
            & (other.c.key == t.key)
            & (other.c.receiver == t.receiver)
            & (other.c.channel == t.channel)
        )
        with self._reading() as connection:
            found = connection.execute(
                sa.select(*_MESSAGE)
                .where((t.state == "waiting") & (t.due <= now))
                .where(t.id == first.scalar_subquery())
                .order_by(t.due, t.id)
                .limit(limit)
            )
            return [MessageRow(*row) for row in found]

    def messages(
        self, *, state: MessageState | None = None, limit: int = 100, key: str | None = None
    ) -> list[MessageRow]:
        """Messages, the newest first."""
        t = alarm_messages.c
        asked = sa.select(*_MESSAGE).order_by(t.id.desc()).limit(limit)
        if state is not None:
            asked = asked.where(t.state == state)
        if key is not None:
            asked = asked.where(t.key == key)
        with self._reading() as connection:
            return [MessageRow(*row) for row in connection.execute(asked)]

    def count_messages(self) -> dict[str, int]:
        """How many messages there are in each state."""
        t = alarm_messages.c
        with self._reading() as connection:
            found = connection.execute(sa.select(t.state, sa.func.count()).group_by(t.state))
            return {str(state): int(count) for state, count in found}

    def mark_message(self, id_: int, mark: Mark) -> None:
        """Note what an attempt to send a message came to."""
        with self.work() as work:
            work.mark_message(id_, mark)

    # ---- history -----------------------------------------------------------------------------

    def history(  # filters by name
        self,
        *,
        kinds: Iterable[str] = (),
        subject: str | None = None,
        model: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 1000,
    ) -> list[HistoryRow]:
        """What happened, the newest first."""
        t = alarm_history.c
        asked = sa.select(alarm_history).order_by(t.at.desc(), t.id.desc()).limit(limit)
        filters = [
            t.kind.in_(list(kinds)) if kinds else None,
            t.subject == subject if subject is not None else None,
            t.model == model if model is not None else None,
            t.at >= start if start is not None else None,
            t.at < end if end is not None else None,
        ]
        asked = asked.where(*[one for one in filters if one is not None])
        with self._reading() as connection:
            return [HistoryRow(*row) for row in connection.execute(asked)]

    def forget(self, before: datetime, *, spare: Iterable[str] = ()) -> int:
        """Drop history and finished messages from before a time, some kinds spared; how many."""
        t, m = alarm_history.c, alarm_messages.c
        old = (t.at < before) & t.kind.not_in(list(spare))
        with self._writing() as connection:
            gone = connection.execute(sa.delete(alarm_history).where(old)).rowcount
            done = (m.state != "waiting") & (m.done < before)
            return gone + connection.execute(sa.delete(alarm_messages).where(done)).rowcount

    # ---- who works ---------------------------------------------------------------------------

    def lease(self, name: str, holder: str, *, until: datetime, now: datetime) -> bool:
        """Take or keep a lease; False while somebody else has it.

        Parameters
        ----------
        name
            Of the work.
        holder
            Who asks.
        until
            How long it is theirs; ask again before.
        now
            The present: a lease that ended before it is free.
        """
        t = leases.c
        mine = (t.name == name) & ((t.holder == holder) | (t.until <= now))
        try:
            with self._writing() as connection:
                kept = connection.execute(
                    sa.update(leases).where(mine).values(holder=holder, until=until)
                )
                if kept.rowcount:
                    return True
                values = {"name": name, "holder": holder, "until": until}
                connection.execute(sa.insert(leases).values(**values))
        except sa.exc.IntegrityError:  # Somebody else has it, or took it just now.
            return False
        return True

    def let_go(self, name: str, holder: str) -> None:
        """Give a lease back."""
        t = leases.c
        with self._writing() as connection:
            connection.execute(sa.delete(leases).where((t.name == name) & (t.holder == holder)))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with answering(self.name), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with (
            answering(self.name),
            self._engine.connect().execution_options(**{WRITE: True}) as connection,
            connection.begin(),
        ):
            yield connection


def read_states(connection: Connection, kind: str, keys: Iterable[str] | None) -> list[StateRow]:
    """States of a kind, by key; only those of `keys` where it is given."""
    t = alarm_states.c
    asked = sa.select(t.kind, t.key, t.body, t.due).where(t.kind == kind).order_by(t.key)
    if keys is not None:
        asked = asked.where(t.key.in_(list(keys)))
    return [StateRow(*row) for row in connection.execute(asked)]


_MESSAGE = (
    alarm_messages.c.id, alarm_messages.c.key, alarm_messages.c.receiver, alarm_messages.c.channel,
    alarm_messages.c.state, alarm_messages.c.due, alarm_messages.c.attempts, alarm_messages.c.body,
    alarm_messages.c.said, alarm_messages.c.made, alarm_messages.c.done,
)  # fmt: skip
