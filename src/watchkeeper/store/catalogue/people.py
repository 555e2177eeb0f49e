"""Users, their sessions, and sign-ins that failed, in the catalogue's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.store.catalogue.opening import WRITE, answering, open_engine, prepare
from watchkeeper.store.catalogue.tables import sign_in_failures, user_sessions, users

_TURN = 8470_2015
"""The number of a lock of PostgreSQL: one change of users after the other."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user.

    Attributes
    ----------
    password
        The hash of the password with its parameters; None where there is none.
    issuer, subject
        Who vouches for the user, and under which id; None for users of this server's own.
    disabled
        Since when the user may not sign in.
    """

    id: int
    name: str
    display_name: str
    role: str
    password: str | None
    issuer: str | None
    subject: str | None
    disabled: datetime | None
    created: datetime
    last_sign_in: datetime | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A sign-in that goes on: the digest of its token, never the token."""

    id: str
    digest: str
    user_id: int
    way: str
    created: datetime
    last_seen: datetime
    expires: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class FailureRow:
    """Sign-ins that failed one after the other, of a user or from an address."""

    count: int
    last: datetime
    until: datetime | None


class PeopleWork:
    """One transaction; nobody else changes users or sessions meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def users(self) -> list[UserRow]:
        """All users by name."""
        return read_users(self._connection)

    def user(self, name: str) -> UserRow | None:
        """A user by name."""
        return read_user(self._connection, users.c.name == name)

    def known_as(self, issuer: str, subject: str) -> UserRow | None:
        """The user that an issuer vouches for."""
        return read_user(
            self._connection, (users.c.issuer == issuer) & (users.c.subject == subject)
        )

    def add_user(self, **values: Any) -> None:
        """Add a user of a name that is free."""
        self._connection.execute(sa.insert(users).values(**values))

    def set_user(self, id_: int, **values: Any) -> None:
        """Set columns of a user."""
        self._connection.execute(sa.update(users).where(users.c.id == id_).values(**values))

    def remove_user(self, id_: int) -> None:
        """Forget a user with all sessions."""
        self._connection.execute(sa.delete(users).where(users.c.id == id_))

    def add_session(self, row: SessionRow) -> None:
        """Keep a session."""
        values = {name: getattr(row, name) for name in SessionRow.__slots__}
        self._connection.execute(sa.insert(user_sessions).values(**values))

    def end_session(self, id_: str, *, user_id: int | None = None) -> bool:
        """End a session, of a user where one is given; whether there was one."""
        here = user_sessions.c.id == id_
        if user_id is not None:
            here &= user_sessions.c.user_id == user_id
        return self._connection.execute(sa.delete(user_sessions).where(here)).rowcount > 0

    def end_sessions(self, user_id: int) -> None:
        """End all sessions of a user."""
        self._connection.execute(sa.delete(user_sessions).where(user_sessions.c.user_id == user_id))

    def drop_ended(self, now: datetime, seen_before: datetime) -> None:
        """Forget sessions that have come to their end."""
        t = user_sessions.c
        self._connection.execute(
            sa.delete(user_sessions).where((t.expires <= now) | (t.last_seen <= seen_before))
        )

    def failure(self, kind: str, key: str) -> FailureRow | None:
        """Sign-ins that failed."""
        t = sign_in_failures.c
        found = self._connection.execute(
            sa.select(t["count"], t.last, t.until).where((t.kind == kind) & (t.key == key))
        ).first()
        return None if found is None else FailureRow(*found)

    def put_failure(self, kind: str, key: str, row: FailureRow | None) -> None:
        """Keep what failed in the place of what was kept; None forgets it."""
        t = sign_in_failures.c
        self._connection.execute(
            sa.delete(sign_in_failures).where((t.kind == kind) & (t.key == key))
        )
        if row is not None:
            self._connection.execute(
                sa.insert(sign_in_failures).values(
                    kind=kind, key=key, count=row.count, last=row.last, until=row.until
                )
            )

    def drop_failures(self, before: datetime) -> None:
        """Forget what failed last before a time."""
        self._connection.execute(
            sa.delete(sign_in_failures).where(sign_in_failures.c.last < before)
        )


class PeopleStore:
    """Users and sessions, shared by any number of threads and processes.

    Parameters
    ----------
    place
        As of `Catalogue`: the same database.
    """

    def __init__(self, place: str | Path) -> None:
        self.engine = open_engine(place)
        self.name = str(self.engine.url.database or self.engine.url)
        try:
            with answering(self.name):
                prepare(self.engine, self.name)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def work(self) -> Iterator[PeopleWork]:
        """A transaction: all of it is kept, or nothing where an error leaves the block."""
        with (
            answering(self.name),
            self.engine.connect().execution_options(**{WRITE: True}) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_TURN})"))
            yield PeopleWork(connection)

    def users(self) -> list[UserRow]:
        """All users by name."""
        with answering(self.name), self.engine.connect() as connection:
            return read_users(connection)

    def user(self, name: str) -> UserRow | None:
        """A user by name."""
        with answering(self.name), self.engine.connect() as connection:
            return read_user(connection, users.c.name == name)

    def session(self, digest: str) -> tuple[SessionRow, UserRow] | None:
        """The session of a token's digest, and whose it is."""
        query = sa.select(user_sessions).where(user_sessions.c.digest == digest)
        with answering(self.name), self.engine.connect() as connection:
            found = connection.execute(query).mappings().first()
            if found is None:
                return None
            user = read_user(connection, users.c.id == found["user_id"])
        return None if user is None else (SessionRow(**found), user)

    def sessions(self, user: str | None = None) -> list[tuple[str, SessionRow]]:
        """Sessions with the names of their users, of one or of all; the one seen last first."""
        query = (
            sa.select(users.c.name.label("user"), user_sessions)
            .join(users, users.c.id == user_sessions.c.user_id)
            .order_by(user_sessions.c.last_seen.desc(), user_sessions.c.id)
        )
        if user is not None:
            query = query.where(users.c.name == user)
        with answering(self.name), self.engine.connect() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        return [(str(row.pop("user")), SessionRow(**row)) for row in found]

    def touch_session(self, id_: str, at: datetime) -> None:
        """Note when a session was used."""
        statement = sa.update(user_sessions).where(user_sessions.c.id == id_).values(last_seen=at)
        with (
            answering(self.name),
            self.engine.connect().execution_options(**{WRITE: True}) as connection,
            connection.begin(),
        ):
            connection.execute(statement)


def read_users(connection: Connection) -> list[UserRow]:
    """All users by name."""
    rows = connection.execute(sa.select(users).order_by(users.c.name))
    return [UserRow(**row) for row in rows.mappings()]


def read_user(connection: Connection, where: sa.ColumnElement[bool]) -> UserRow | None:
    """The user that a condition finds."""
    row = connection.execute(sa.select(users).where(where)).mappings().first()
    return None if row is None else UserRow(**row)
