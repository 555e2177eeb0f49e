"""A database opened as a catalogue: settings of the connection, and migrations to this release."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from watchkeeper.core.errors import (
    ConflictError,
    InputError,
    MissingExtraError,
    UnavailableError,
)

HEAD = "r0003"
"""The newest revision of the tables."""

WRITE = "watchkeeper_write"
"""The option of a connection whose transaction will write: SQLite takes its lock at the start."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_S = 10
_LOCK = 8470_2013
_ATTEMPTS = 50
_KEPT_ALIVE = {
    "connect_timeout": _BUSY_S, "keepalives_idle": 10, "keepalives_interval": 5,
    "keepalives_count": 3, "tcp_user_timeout": 15_000, "application_name": "watchkeeper",
}  # fmt: skip
"""A server that is gone without a word is noticed."""

_PATIENCE = {
    # A process that sleeps within a transaction must not keep the others from theirs.
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "20s",
}
_ABSENT = (
    sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, sqlite3.OperationalError,
)  # fmt: skip


def open_engine(place: str | Path) -> Engine:
    """An engine whose transactions keep what they promise.

    Parameters
    ----------
    place
        The path of an SQLite file, made where it is absent; or the URL of a database.

    Raises
    ------
    InputError
        The URL is of no database that is supported, or the folder cannot be made.
    MissingExtraError
        The driver of PostgreSQL is not installed.
    """
    if isinstance(place, Path) or "://" not in place:
        return _sqlite(Path(place))
    try:
        url = sa.make_url(place)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InputError(
            "the URL of the catalogue cannot be read; write it as "
            "postgresql://user:password@host:5432/database"
        ) from error
    if url.get_backend_name() not in {"postgres", "postgresql"}:
        raise InputError(
            f"the catalogue cannot be a database of {url.get_backend_name()!r}; give a path for "
            "SQLite, or postgresql://user:password@host:5432/database"
        )
    return _postgres(url)


def _postgres(url: sa.URL) -> Engine:
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={
                name: held for name, held in _KEPT_ALIVE.items() if name not in url.query
            },
        )
    except ImportError as error:
        raise MissingExtraError("psycopg", "a catalogue in PostgreSQL", "postgres") from error

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        for name, length in _PATIENCE.items():
            connection.execute(f"SET {name} = '{length}'")
        connection.commit()

    return engine


def _sqlite(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {path.parent} cannot be made ({error.strerror})") from error
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        # Without this the driver begins transactions by itself, and not around DDL.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_S * 1000}",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns into a writer may fail at once instead of waiting for its turn.
        writes = connection.get_execution_options().get(WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def answering(name: str) -> Iterator[None]:
    """Turn what a database says when it cannot into `UnavailableError`."""
    try:
        yield
    except _ABSENT as error:
        said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        raise UnavailableError(
            f"the catalogue {name} does not answer ({said}); check that it runs and that its disk "
            "has room",
            retry_after=5.0,
        ) from error
    except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
        if getattr(error, "connection_invalidated", False):  # It was ended from the other side.
            raise UnavailableError(
                f"the catalogue {name} has ended the connection; it is tried again", retry_after=1.0
            ) from error
        if "not a database" not in str(error) and "malformed" not in str(error):
            raise
        raise InputError(
            f"the catalogue {name} is damaged or no catalogue; restore it from a backup"
        ) from error


def prepare(engine: Engine, name: str) -> None:
    """Bring the tables to this release, one process at a time.

    Raises
    ------
    ConflictError
        A newer release has written the catalogue.
    """
    if engine.dialect.name == "sqlite":
        _to_wal(engine)
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        upgrade(connection, name)


def upgrade(connection: Connection, name: str, *, to: str = "head") -> None:
    """Run the migrations that are missing, in the transaction of the connection."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(_MIGRATIONS))
    held = _revision(connection)
    known = {step.revision for step in script.walk_revisions()}
    if held is not None and held not in known:
        raise ConflictError(
            f"the catalogue {name} was written by a newer Watchkeeper (revision {held}, this one "
            f"knows {HEAD}); upgrade Watchkeeper, or restore a backup from before"
        )

    def steps(revision: Any, _context: object) -> Any:
        return script._upgrade_revs(to, revision)  # noqa: SLF001  # what `alembic upgrade` calls

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _revision(connection: Connection) -> str | None:
    """The revision of the tables, None where there are none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(
        sa.text("SELECT version_num FROM alembic_version")
    ).scalar()
    return found


def _to_wal(engine: Engine) -> None:
    """Switch to the write-ahead log; SQLite does not wait for its turn here, so we do."""
    for attempt in range(_ATTEMPTS):
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        except sqlite3.DatabaseError as error:
            if "locked" not in str(error) or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
