"""The catalogue as the rest of Watchkeeper knows it: questions, and changes one after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.store.catalogue import reading
from watchkeeper.store.catalogue.change import Change, widened
from watchkeeper.store.catalogue.opening import WRITE, answering, open_engine, prepare
from watchkeeper.store.catalogue.rows import (
    KeyRow,
    ModelRow,
    ReferenceRow,
    State,
    VersionRow,
)
from watchkeeper.store.catalogue.tables import keys, state

P = ParamSpec("P")
T = TypeVar("T")


class Catalogue:
    """Models, versions, references and keys, shared by any number of threads and processes.

    Parameters
    ----------
    place
        The path of an SQLite file, made where it is absent; or `postgresql://…`.

    Raises
    ------
    ConflictError
        A newer release has written it.
    UnavailableError
        The database does not answer; every method may raise it.

    Notes
    -----
    A process that forks opens its own.
    """

    def __init__(self, place: str | Path) -> None:
        self._engine = open_engine(place)
        # A URL may hold a password, which this way of writing it leaves out.
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

    def generation(self) -> int:
        """A number that moves with every change, whoever made it."""
        return self._ask(reading.read_generation)

    def names(self) -> list[str]:
        """The names of all models, in order."""
        return self._ask(reading.read_names)

    def model(self, name: str) -> ModelRow | None:
        """One model with its features; None where there is none of that name."""
        return self._ask(reading.read_model, name)

    def versions(self, model_id: int) -> list[VersionRow]:
        """The versions of a model by when they were first seen, those never seen last."""
        return self._ask(reading.read_versions, model_id)

    def references(
        self, model: str | None = None, *, states: tuple[State, ...] = ()
    ) -> list[ReferenceRow]:
        """References without their profiles, the newest first; of one model, or in some states."""
        return self._ask(reading.read_references, model, states)

    def profile(self, reference_id: int) -> bytes | None:
        """The profile of a reference, as it was given."""
        return self._ask(reading.read_profile, reference_id)

    def api_keys(self) -> list[KeyRow]:
        """All keys, those that have ended among them, the oldest first."""
        return self._ask(reading.read_keys)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction that nobody else's can come between; it moves the generation.

        Nothing is kept, and the generation stays, where an error leaves the block or nothing was
        done in it. Once the block has ended without error the change is on disk.
        """
        with (
            answering(self.name),
            self._engine.connect().execution_options(**{WRITE: True}) as connection,
            connection.begin() as transaction,
        ):
            # The row is locked until the end, in every database: changes wait for each other here.
            connection.execute(sa.update(state).values(generation=state.c.generation + 1))
            change = Change(connection)
            yield change
            if not change.moved:
                transaction.rollback()

    def touch_version(self, model_id: int, version: str, first: datetime, last: datetime) -> None:
        """Note when a version's records were seen too; this is no change of the catalogue."""
        self._touch(widened(model_id, version, first, last))

    def touch_key(self, id_: str, at: datetime) -> None:
        """Note when a key was used; this is no change of the catalogue."""
        self._touch(sa.update(keys).where(keys.c.id == id_).values(last_used=at))

    def back_up(self, path: Path) -> None:
        """Write a consistent copy to a file, while others go on.

        Raises
        ------
        ConflictError
            It is no SQLite file; databases have their own tools.
        InputError
            The copy cannot be written.
        """
        if self._engine.dialect.name != "sqlite":
            raise ConflictError(
                "a catalogue in PostgreSQL is backed up with its own tools, such as pg_dump"
            )
        partial = path.with_name(f".{path.name}.partial")
        # SQLite makes a copy only outside of transactions, which SQLAlchemy would begin.
        connection = self._engine.raw_connection()
        try:
            partial.unlink(missing_ok=True)
            connection.cursor().execute("VACUUM INTO ?", (str(partial),))
            partial.replace(path)
        except (OSError, sqlite3.Error) as error:
            partial.unlink(missing_ok=True)
            raise InputError(f"the copy {path} cannot be written ({error})") from error
        finally:
            connection.close()

    def _ask(
        self, question: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with answering(self.name), self._engine.connect() as connection:
            return question(connection, *args, **kwargs)

    def _touch(self, statement: sa.Update) -> None:
        with (
            answering(self.name),
            self._engine.connect().execution_options(**{WRITE: True}) as connection,
            connection.begin(),
        ):
            connection.execute(statement)
