"""What alarms must remember: files, states with deadlines, messages on their way, history, leases.

It lies in the catalogue's database. A state and the messages that it calls for are written in one
transaction, so a crash loses neither and repeats neither.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.store.catalogue.alarm_rows import (
    MESSAGE,
    FileRow,
    HistoryRow,
    LeaseRow,
    Mark,
    MessageRow,
    MessageState,
    StateRow,
    read_holder,
    read_leases,
    read_now,
    read_states,
    read_waits,
)
from watchkeeper.store.catalogue.opening import WRITE, answering, open_engine, prepare
from watchkeeper.store.catalogue.tables import (
    alarm_files,
    alarm_history,
    alarm_messages,
    alarm_states,
    leases,
)

__all__ = [
    "AGAIN", "AlarmStore", "FileRow", "HistoryRow", "LeaseRow", "Mark", "MessageRow",
    "MessageState", "StateRow", "Work",
]  # fmt: skip

AGAIN = "again"
"""What a message says that repeats the one before, until it has been sent."""

_SLACK = timedelta(minutes=1)

_TURN = 8470_2014
"""The number of a lock of PostgreSQL: one transaction after the other."""


class Work:
    """One transaction of alarms: no other one comes between its reading and its writing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._has_turn = connection.dialect.name != "postgresql"

    def in_turn(self) -> None:
        """Wait for the other transactions; in SQLite there is one anyway."""
        if not self._has_turn:
            self._connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_TURN})"))
            self._has_turn = True

    # ---- leases ------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The time by the clock that all who share the database share."""
        return read_now(self._connection)

    def leases(self) -> list[LeaseRow]:
        """All leases, also those that have run out."""
        return read_leases(self._connection)

    def holder(self, name: str) -> str | None:
        """Who has a lease, be it that it has run out; None where nobody has it."""
        return read_holder(self._connection, name)

    def put_lease(self, row: LeaseRow) -> None:
        """Give a lease, whoever had it before."""
        self._connection.execute(sa.delete(leases).where(leases.c.name == row.name))
        values = {"name": row.name, "holder": row.holder, "until": row.until}
        self._connection.execute(sa.insert(leases).values(**values))

    def prolong_leases(self, holders: Sequence[str], until: datetime) -> None:
        """Let the leases of some holders last until a time."""
        if holders:
            mine = leases.c.holder.in_(list(holders))
            self._connection.execute(sa.update(leases).where(mine).values(until=until))

    def drop_leases(self, holders: Sequence[str]) -> None:
        """Take back the leases of some holders."""
        if holders:
            mine = leases.c.holder.in_(list(holders))
            self._connection.execute(sa.delete(leases).where(mine))

    # ---- states ------------------------------------------------------------------------------

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

    def waits(self, id_: int, attempts: int) -> bool:
        """Whether a message still waits after so many attempts: nobody else has sent it."""
        return read_waits(self._connection, id_, attempts)

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
        self._fence: Callable[[Work], None] | None = None
        try:
            with answering(self.name):
                prepare(self._engine, self.name)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def fenced(self, fence: Callable[[Work], None]) -> Self:
        """The same store, whose transactions begin with a check that may refuse them."""
        made = copy.copy(self)
        made._fence = fence  # noqa: SLF001  # a copy of this one
        return made

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A transaction: all of the block or nothing of it, on disk when it has ended.

        They come one after the other in every database: what is read in one stays as it is until
        its end.
        """
        with self._writing() as connection:
            work = Work(connection)
            work.in_turn()
            if self._fence is not None:
                self._fence(work)
            yield work

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
                sa.select(*MESSAGE)
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
        asked = sa.select(*MESSAGE).order_by(t.id.desc()).limit(limit)
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

    def waits(self, id_: int, attempts: int) -> bool:
        """Whether a message still waits after so many attempts: nobody else has sent it."""
        with self._reading() as connection:
            return read_waits(connection, id_, attempts)

    # ---- who works ---------------------------------------------------------------------------

    def holder(self, name: str) -> str | None:
        """Who has a lease, be it that it has run out; None where nobody has it."""
        with self._reading() as connection:
            return read_holder(connection, name)

    def leases(self) -> tuple[list[LeaseRow], datetime]:
        """All leases, also those that have run out, and the time by the database's clock."""
        with self._reading() as connection:
            return read_leases(connection), read_now(connection)

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
