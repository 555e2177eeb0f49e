"""A catalogue copied from one database to another: from PostgreSQL to a file, or back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.core.errors import ConflictError
from watchkeeper.store.catalogue.opening import WRITE, answering, open_engine, prepare
from watchkeeper.store.catalogue.tables import leases, metadata, state

_ROWS = 1_000
_PASSED_OVER = {leases.name}
"""Who works now is no one's business in a copy."""


def copy_catalogue(source: str | Path, target: str | Path) -> int:
    """Copy all that a catalogue holds, as it is at one moment, while others use it.

    Parameters
    ----------
    source
        As of a `Catalogue`.
    target
        The same; a catalogue that is empty or not there.

    Returns
    -------
    int
        Rows that were copied.

    Raises
    ------
    ConflictError
        The target holds something.
    UnavailableError
        A database does not answer.
    """
    there, here = open_engine(source), open_engine(target)
    try:
        for engine in (there, here):
            with answering(_name(engine)):
                prepare(engine, _name(engine))
        with (
            answering(_name(there)),
            there.connect().execution_options(**_one_moment(there)) as reading,
            reading.begin(),
            answering(_name(here)),
            here.connect().execution_options(**{WRITE: True}) as writing,
            writing.begin(),
        ):
            return _copied(reading, writing, _name(here))
    finally:
        there.dispose()
        here.dispose()


def check_empty(place: str | Path) -> None:
    """See to it that a catalogue holds nothing; one that is not there yet is made.

    Raises
    ------
    ConflictError
        It holds something.
    UnavailableError
        The database does not answer.
    """
    engine = open_engine(place)
    name = _name(engine)
    try:
        with answering(name):
            prepare(engine, name)
            with engine.connect() as connection:
                _refuse_used(connection, name)
    finally:
        engine.dispose()


def _copied(reading: Connection, writing: Connection, name: str) -> int:
    _refuse_used(writing, name)
    writing.execute(sa.delete(state))
    return sum(_copy_table(reading, writing, table) for table in _tables())


def _refuse_used(connection: Connection, name: str) -> None:
    for table in _tables():
        if table is not state and connection.execute(sa.select(table).limit(1)).first() is not None:
            raise ConflictError(f"the catalogue {name} is in use; name one that is empty")


def _tables() -> list[sa.Table]:
    return [one for one in metadata.sorted_tables if one.name not in _PASSED_OVER]


def _copy_table(reading: Connection, writing: Connection, table: sa.Table) -> int:
    count = 0
    found = reading.execution_options(yield_per=_ROWS).execute(sa.select(table))
    for rows in found.mappings().partitions(_ROWS):
        writing.execute(sa.insert(table), [dict(row) for row in rows])
        count += len(rows)
    _go_on_after(writing, table)
    return count


def _go_on_after(writing: Connection, table: sa.Table) -> None:
    """Let the ids that are given next be new ones; SQLite sees to it by itself."""
    column = table.autoincrement_column
    if column is None or writing.dialect.name != "postgresql":
        return
    highest = writing.execute(sa.select(sa.func.max(column))).scalar()
    where = {"table": table.name, "column": column.name}
    sequence = sa.text("SELECT pg_get_serial_sequence(:table, :column)")
    if highest is not None and (name := writing.execute(sequence, where).scalar()) is not None:
        writing.execute(sa.text("SELECT setval(:name, :last)"), {"name": name, "last": highest})


def _one_moment(engine: sa.Engine) -> dict[str, Any]:
    """The options of a connection that sees one state of the database."""
    return {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}


def _name(engine: sa.Engine) -> str:
    return str(engine.url.database or engine.url)
