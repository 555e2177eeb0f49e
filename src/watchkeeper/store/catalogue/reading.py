"""Questions to the catalogue, each in the transaction that the caller began."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from watchkeeper.store.catalogue.rows import (
    Feature,
    KeyRow,
    ModelRow,
    ReferenceRow,
    State,
    VersionRow,
)
from watchkeeper.store.catalogue.tables import (
    features,
    keys,
    models,
    profiles,
    references,
    state,
    versions,
)


def read_generation(connection: Connection) -> int:
    """How many changes there have been."""
    return int(connection.execute(sa.select(state.c.generation)).scalar_one())


def read_names(connection: Connection) -> list[str]:
    """The names of all models, in order."""
    return list(connection.execute(sa.select(models.c.name).order_by(models.c.name)).scalars())


def read_model(connection: Connection, name: str) -> ModelRow | None:
    """One model with its features."""
    row = connection.execute(sa.select(models).where(models.c.name == name)).mappings().first()
    if row is None:
        return None
    held = connection.execute(
        sa.select(features.c.name, features.c.type, features.c.source)
        .where(features.c.model_id == row["id"])
        .order_by(features.c.since, features.c.name)
    )
    return ModelRow(**row, features={name: Feature(type_, source) for name, type_, source in held})


def read_versions(connection: Connection, model_id: int) -> list[VersionRow]:
    """The versions of a model by when they were first seen, those never seen last."""
    columns = [column for column in versions.c if column.name != "model_id"]
    rows = connection.execute(
        sa.select(*columns)
        .where(versions.c.model_id == model_id)
        .order_by(versions.c.first_seen.is_(None), versions.c.first_seen, versions.c.version)
    )
    return [VersionRow(**row) for row in rows.mappings()]


def read_references(
    connection: Connection, model: str | None = None, states: tuple[State, ...] = ()
) -> list[ReferenceRow]:
    """References without their profiles, the newest first."""
    columns = [column for column in references.c if column.name != "model_id"]
    query = (
        sa.select(models.c.name.label("model"), *columns)
        .join(models, models.c.id == references.c.model_id)
        .order_by(references.c.id.desc())
    )
    if model is not None:
        query = query.where(models.c.name == model)
    if states:
        query = query.where(references.c.state.in_(states))
    return [ReferenceRow(**row) for row in connection.execute(query).mappings()]


def read_profile(connection: Connection, reference_id: int) -> bytes | None:
    """The profile of a reference, as it was encoded."""
    query = sa.select(profiles.c.profile).where(profiles.c.reference_id == reference_id)
    found: bytes | None = connection.execute(query).scalar()
    return found


def read_keys(connection: Connection) -> list[KeyRow]:
    """All keys, those that have ended among them, the oldest first."""
    rows = connection.execute(sa.select(keys).order_by(keys.c.created, keys.c.id)).mappings()
    return [KeyRow(**{**row, "scopes": tuple(row["scopes"])}) for row in rows]
