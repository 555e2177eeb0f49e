"""Who changed what: rows for requests that change something, for refused ones, and for sign-ins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Engine

from watchkeeper.app.people.sessions import printable
from watchkeeper.store.catalogue.access_log import AccessRow, AccessRows

KEPT = timedelta(days=400)
"""How long rows are kept."""

MOST = 500_000
"""How many rows are kept at most: who may not sign in must not fill the disk."""

_DROPPED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did; as `AccessRow`, without the time."""

    who: str | None
    how: str
    method: str
    route: str
    path: str
    status: int
    address: str


class AccessLog:
    """The access log; rows are added and never changed.

    Parameters
    ----------
    engine, name
        Of the catalogue's database.
    clock
        The time now, with its zone.
    """

    def __init__(self, engine: Engine, name: str, *, clock: Callable[[], datetime]) -> None:
        self._rows = AccessRows(engine, name)
        self._clock = clock
        self._lock = threading.Lock()
        self._dropped: datetime | None = None

    def add(self, entry: Entry) -> None:
        """Add a row, with the time now."""
        now = self._clock()
        self._rows.add(
            AccessRow(
                at=now, who=None if entry.who is None else printable(entry.who)[:200],
                how=entry.how, method=entry.method[:20], route=entry.route[:200],
                path=printable(entry.path)[:500], status=entry.status, address=entry.address[:100],
            )
        )  # fmt: skip
        if self._due(now):
            self._rows.drop(before=now - KEPT, keep=MOST)

    def read(
        self, *, limit: int = 100, before: int | None = None, who: str | None = None
    ) -> list[dict[str, Any]]:
        """Rows, the newest first; those of somebody, or older than the row of an id."""
        return [
            {name: getattr(row, name) for name in AccessRow.__slots__}
            for row in self._rows.read(limit=limit, before=before, who=who)
        ]

    def _due(self, now: datetime) -> bool:
        with self._lock:
            if self._dropped is not None and abs(now - self._dropped) < _DROPPED_EVERY:
                return False
            self._dropped = now
            return True
