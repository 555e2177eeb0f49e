"""A reference that a model is given: what becomes of the one before, and of the model's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.app.live.applying import By, kept_prediction, want, wish
from watchkeeper.app.live.content import measured_digest
from watchkeeper.app.live.feature_types import (
    after_reference,
    declared,
    features_of,
    prediction_type,
)
from watchkeeper.app.live.registered import PRODUCTION, Kind
from watchkeeper.app.model_file import validate_model
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.profiles.codec import encode
from watchkeeper.profiles.profile import Profile
from watchkeeper.store.catalogue.change import Change
from watchkeeper.store.catalogue.rows import ModelRow, ReferenceRow


class NewReference:
    """A reference that is to be set.

    Parameters
    ----------
    kind, origin
        What it is made from.
    profile
        Of all of it; it is encoded here, since nobody waits for that.
    """

    def __init__(self, kind: Kind, origin: dict[str, Any], profile: Profile) -> None:
        self.kind = kind
        self.origin = origin
        self.profile = profile
        self.encoded = encode(profile)
        self.layout = profile.layout.id
        task = profile.layout.model.task
        self.task = None if task is None else task.value


def production_of(content: Mapping[str, Any]) -> tuple[Kind, dict[str, Any]]:
    """Kind and origin of a reference of production.

    Raises
    ------
    InputError
        It is none of `window`, `rolling` and `seasonal`.
    ModelError
        Its value is none.

    Examples
    --------
    >>> production_of({"rolling": "28d"})
    ('rolling', {'rolling': '28d'})
    """
    said = validate_model({"reference": dict(content)}, name="the request").reference
    if said is None or said.kind not in PRODUCTION:
        raise InputError(
            f"a reference without data is one of {', '.join(PRODUCTION)}, such as "
            '{"rolling": "28d"}; send a data set or a profile as the body of the request'
        )
    kind: Any = said.kind
    return kind, {kind: getattr(said, kind)}


def ask_for(
    change: Change, row: ModelRow, kind: str, origin: Mapping[str, Any], by: By
) -> dict[str, Any]:
    """Ask for a reference of production that the worker makes when there are rows."""
    found, plain = production_of(origin)
    if found != kind:
        raise InputError(f"the reference is called {kind}, but its origin is of {found}")
    measured = measured_digest(validate_model(row.content))
    newest = next((r for r in change.references(row.name) if r.state != "past"), None)
    wished = wish(row.name, kind, plain, measured, by)
    if newest and (newest.kind, newest.origin, newest.measured) == (kind, plain, measured):
        return _answer(newest, "unchanged", [])
    want(change, row.id, wished)
    return _answer(wished, "wanted", [])


def put_reference(
    change: Change, row: ModelRow, new: NewReference, by: By, *, force: bool
) -> dict[str, Any]:
    """Make a reference the one that holds, and the model's schema that of its columns.

    Raises
    ------
    ConflictError
        Its task is not that of the model, and it is not forced.
    """
    file = validate_model(row.content)
    _check_task(row, file, new, force=force)
    made = ReferenceRow(
        id=0,
        model=row.name,
        kind=new.kind,
        origin=new.origin,
        measured=measured_digest(file),
        state="active",
        layout=new.layout,
        rows=new.profile.whole.rows,
        set_at=by.at,
        who=by.who,
    )
    active = next((r for r in change.references(row.name) if r.state == "active"), None)
    change.end_references(row.id, "wanted")
    if active is not None and _alike(active, made):
        return _answer(active, "unchanged", [])
    change.end_references(row.id, "active")
    change.add_reference(row.id, made, new.encoded)
    return _answer(made, "set", _reshape(change, row, file, new, by))


def _reshape(
    change: Change, row: ModelRow, file: ModelFile, new: NewReference, by: By
) -> list[str]:
    """Give the model the schema of its reference; what the user should know of it."""
    task = new.task or row.task
    stored = row.prediction if row.used else None
    wanted = prediction_type(task)
    change.update_model(row.id, at=by.at, task=task, prediction=stored or wanted)
    expected = declared(file) | features_of(new.profile)
    merged = after_reference(row.features, expected, used=row.used)
    change.drop_features(row.id, merged.drop)
    change.put_features(row.id, merged.put, at=by.at)
    if stored is not None and wanted not in {None, stored}:
        return [kept_prediction(stored, str(task)), *merged.notes]
    return merged.notes


def _check_task(row: ModelRow, file: ModelFile, new: NewReference, *, force: bool) -> None:
    if force or new.task is None or row.task in {None, new.task}:
        return
    if file.task is not None or row.used:
        said = "by its model file" if file.task is not None else "by its records so far"
        raise ConflictError(
            f"the reference is of a {new.task} model, but {row.name!r} is {row.task} {said}; give "
            "another reference, or force it (?force=true)"
        )


def _alike(a: ReferenceRow, b: ReferenceRow) -> bool:
    same = ("kind", "origin", "measured", "layout", "rows")
    return all(getattr(a, name) == getattr(b, name) for name in same)


def _answer(row: ReferenceRow, outcome: str, notes: list[str]) -> dict[str, Any]:
    return {
        "model": row.model,
        "outcome": outcome,
        "kind": row.kind,
        "origin": row.origin,
        "layout": row.layout,
        "rows": row.rows,
        "set_at": row.set_at,
        "notes": notes,
    }
