"""What the catalogue holds, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

FeatureSource: TypeAlias = Literal["file", "reference", "records", "past"]
"""Who said that a model has a feature: its file, its reference, or the records themselves; of the
`past` is one that is no longer expected, whose type is remembered since rows hold it."""

State: TypeAlias = Literal["wanted", "active", "past"]
"""A reference that is to be fitted, the one that holds, or an earlier one."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature's type, such as `double`, and who said it."""

    type: str
    source: FeatureSource


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model.

    Attributes
    ----------
    content
        The model file without what is as by default.
    task, prediction
        What it predicts, and the type of its prediction; None where not known yet.
    used
        Whether records have come: their types are fixed from then on.
    features
        By name, those of the past among them.
    """

    id: int
    name: str
    content: dict[str, Any]
    task: str | None
    prediction: str | None
    used: bool
    created: datetime
    changed: datetime
    features: dict[str, Feature] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a model; times are those of its records, None where none came."""

    version: str
    first_seen: datetime | None
    last_seen: datetime | None
    by_hand: bool
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """A reference of a model, without its profile.

    Attributes
    ----------
    measured
        A digest of what decides the layout in the model file that it was made with.
    layout, rows
        Of its profile; None while it has none.
    """

    id: int
    model: str
    kind: str
    origin: dict[str, Any]
    measured: str
    state: State
    layout: str | None
    rows: int | None
    set_at: datetime
    who: str | None


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key: the digest of its secret, never the secret."""

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    revoked: datetime | None
