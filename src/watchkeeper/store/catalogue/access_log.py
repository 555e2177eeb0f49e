"""Who changed what, when and from where: rows that are added, and dropped when they are old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from watchkeeper.store.catalogue.opening import WRITE, answering
from watchkeeper.store.catalogue.tables import access_log


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A request that changed something or was refused, or a sign-in.

    Attributes
    ----------
    who
        The user or the key; None where nobody is known.
    how
        `session`, `key`, `password` or `oidc` for sign-ins, `open` where nothing is asked.
    route
        The template of the path, such as `/v1/rules/{name}`.
    """

    at: datetime
    who: str | None
    how: str
    method: str
    route: str
    path: str
    status: int
    address: str
    id: int = 0


class AccessRows:
    """The rows of the access log.

    Parameters
    ----------
    engine, name
        Of the catalogue's database.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name

    def add(self, row: AccessRow) -> None:
        """Add a row."""
        values = {name: getattr(row, name) for name in AccessRow.__slots__ if name != "id"}
        self._run(sa.insert(access_log).values(**values))

    def read(
        self, *, limit: int, before: int | None = None, who: str | None = None
    ) -> list[AccessRow]:
        """Rows, the newest first; those of somebody, or before a row's id."""
        query = sa.select(access_log).order_by(access_log.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(access_log.c.id < before)
        if who is not None:
            query = query.where(access_log.c.who == who)
        with answering(self._name), self._engine.connect() as connection:
            return [AccessRow(**row) for row in connection.execute(query).mappings()]

    def drop(self, *, before: datetime, keep: int) -> None:
        """Forget rows from before a time, and all but the newest so many."""
        newest = sa.select(sa.func.max(access_log.c.id)).scalar_subquery()
        self._run(
            sa.delete(access_log).where(
                (access_log.c.at < before) | (access_log.c.id <= newest - keep)
            )
        )

    def _run(self, statement: sa.Insert | sa.Delete) -> None:
        with (
            answering(self._name),
            self._engine.connect().execution_options(**{WRITE: True}) as connection,
            connection.begin(),
        ):
            connection.execute(statement)
