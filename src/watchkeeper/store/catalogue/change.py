"""One transaction that changes the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.store.catalogue.reading import read_model, read_references
from watchkeeper.store.catalogue.rows import Feature, KeyRow, ModelRow, ReferenceRow
from watchkeeper.store.catalogue.tables import (
    features,
    keys,
    models,
    profiles,
    references,
    versions,
)


class Change:
    """What may be done within a change; `moved` tells whether anything was."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.moved = False

    def model(self, name: str) -> ModelRow | None:
        """The model as it is now: no other change can come between."""
        return read_model(self._connection, name)

    def references(self, name: str) -> list[ReferenceRow]:
        """The references of a model as they are now, the newest first."""
        return read_references(self._connection, name)

    def count_models(self) -> int:
        """How many models there are."""
        return self._connection.execute(sa.select(sa.func.count()).select_from(models)).scalar_one()

    def add_model(self, name: str, content: Mapping[str, Any], *, at: datetime) -> ModelRow:
        """Register a model of a name that is free."""
        values = {"name": name, "content": dict(content), "used": False}
        self._insert(sa.insert(models).values(**values, created=at, changed=at))
        made = self.model(name)
        assert made is not None  # noqa: S101  # it was inserted in this transaction
        return made

    def update_model(self, id_: int, *, at: datetime, **values: Any) -> None:
        """Set columns of a model."""
        self._run(sa.update(models).where(models.c.id == id_).values(**values, changed=at))

    def mark_used(self, id_: int) -> bool:
        """Note that records of a model have come; whether there is such a model."""
        return self._run(sa.update(models).where(models.c.id == id_).values(used=True)) > 0

    def remove_model(self, id_: int) -> None:
        """Forget a model with its features, versions and references."""
        self._run(sa.delete(models).where(models.c.id == id_))

    def put_features(self, id_: int, wanted: Mapping[str, Feature], *, at: datetime) -> None:
        """Add features, or change the type and source of those that are there."""
        held = set(
            self._connection.execute(sa.select(features.c.name).where(features.c.model_id == id_))
            .scalars()
            .all()
        )
        fresh = []
        for name, feature in wanted.items():
            values = {"type": feature.type, "source": feature.source}
            if name in held:
                here = (features.c.model_id == id_) & (features.c.name == name)
                self._run(sa.update(features).where(here).values(**values))
            else:
                fresh.append({"model_id": id_, "name": name, "since": at, **values})
        if fresh:
            self._connection.execute(sa.insert(features), fresh)
            self.moved = True

    def drop_features(self, id_: int, names: set[str]) -> None:
        """Forget features, for a model that no record has come for."""
        here = (features.c.model_id == id_) & features.c.name.in_(sorted(names))
        self._run(sa.delete(features).where(here))

    def put_version(self, id_: int, version: str, **values: Any) -> None:
        """Add a version, or set columns of it."""
        here = (versions.c.model_id == id_) & (versions.c.version == version)
        if self._run(sa.update(versions).where(here).values(**values)) == 0:
            values = {"by_hand": False, "details": {}, **values}
            self._insert(sa.insert(versions).values(model_id=id_, version=version, **values))

    def see_version(self, id_: int, version: str, first: datetime, last: datetime) -> None:
        """Add a version that records have named, or widen when they did."""
        if self._run(widened(id_, version, first, last)) == 0:
            self.put_version(id_, version, first_seen=first, last_seen=last)

    def add_reference(self, id_: int, row: ReferenceRow, profile: bytes | None) -> int:
        """Add a reference, with its profile where it has one; gives its id."""
        columns = ("kind", "origin", "measured", "state", "layout", "rows", "set_at", "who")
        values = {name: getattr(row, name) for name in columns}
        made = self._connection.execute(
            sa.insert(references).values(model_id=id_, **values).returning(references.c.id)
        ).scalar_one()
        self.moved = True
        if profile is not None:
            self._insert(sa.insert(profiles).values(reference_id=made, profile=profile))
        return int(made)

    def end_references(self, id_: int, *states: str) -> None:
        """Those of the states become past; one that never had a profile is forgotten."""
        here = (references.c.model_id == id_) & references.c.state.in_(states)
        self._run(sa.delete(references).where(here & (references.c.state == "wanted")))
        self._run(sa.update(references).where(here).values(state="past"))

    def add_key(self, row: KeyRow) -> None:
        """Keep a key's digest."""
        values = {
            name: getattr(row, name) for name in ("id", "name", "digest", "created", "expires")
        }
        self._insert(sa.insert(keys).values(**values, scopes=list(row.scopes)))

    def revoke_key(self, id_: str, *, at: datetime) -> bool:
        """End a key; whether there was one that had not ended."""
        here = (keys.c.id == id_) & keys.c.revoked.is_(None)
        return self._run(sa.update(keys).where(here).values(revoked=at)) > 0

    def _insert(self, statement: sa.Insert) -> None:
        # Drivers need not count what an INSERT adds.
        self._connection.execute(statement)
        self.moved = True

    def _run(self, statement: sa.Update | sa.Delete) -> int:
        """Run a statement; how many rows it touched."""
        count = self._connection.execute(statement).rowcount
        self.moved = self.moved or count > 0
        return count


def widened(model_id: int, version: str, first: datetime, last: datetime) -> sa.Update:
    """The statement that widens when records of a version were seen, never the other way.

    Servers that share a catalogue each know only what came to them.
    """
    begins, ends = versions.c.first_seen, versions.c.last_seen
    here = (versions.c.model_id == model_id) & (versions.c.version == version)
    return (
        sa.update(versions)
        .where(here)
        .values(
            first_seen=sa.case((begins <= first, begins), else_=sa.literal(first, begins.type)),
            last_seen=sa.case((ends >= last, ends), else_=sa.literal(last, ends.type)),
        )
    )
