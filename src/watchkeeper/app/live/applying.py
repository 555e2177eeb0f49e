"""A model file laid over what the catalogue holds of the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from watchkeeper.app.live.content import content_of, measured_digest
from watchkeeper.app.live.differences import differences
from watchkeeper.app.live.feature_types import after_file, declared, prediction_type
from watchkeeper.app.live.registered import PRODUCTION
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.core.errors import ConflictError, ModelError
from watchkeeper.store.catalogue.change import Change
from watchkeeper.store.catalogue.rows import ModelRow, ReferenceRow

LONGEST_NAME = 200
"""Characters of a model's name once it is percent-encoded, as folders and addresses hold it."""


@dataclass(slots=True)
class Applied:
    """What became of a model file.

    Attributes
    ----------
    name
        Of the model.
    outcome
        Whether it was created, changed, or stood so already.
    changes
        What changed, one text a key.
    notes
        What the user should know of.
    """

    name: str
    outcome: Literal["created", "changed", "unchanged"] = "unchanged"
    changes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For an answer in JSON."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "changes": self.changes,
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class By:
    """When a change was made, and with whose key."""

    at: datetime
    who: str | None = None


def check_name(name: str) -> None:
    """Raise `ModelError` for a name that cannot stand in an address or name a folder."""
    if (
        not name
        or name in {".", ".."}
        or name != name.strip()
        or not name.isprintable()
        or len(quote(name, safe="", errors="replace")) > LONGEST_NAME
    ):
        raise ModelError(
            f"{name[:60]!r} cannot be the name of a model; use printable characters without blanks "
            f"at the ends, at most {LONGEST_NAME} once percent-encoded, and not '.' or '..'"
        )


def apply_file(change: Change, file: ModelFile, by: By, *, force: bool = False) -> Applied:
    """Register the model, or change it to what the file says.

    Raises
    ------
    ConflictError
        The change would orphan what is stored, and is not forced.
    """
    content = content_of(file)
    applied = Applied(file.name)
    row = change.model(file.name)
    if row is None:
        row = change.add_model(file.name, {"name": file.name}, at=by.at)
        applied.outcome = "created"
    elif row.content != content:
        applied.changes = differences(row.content, content)
        applied.outcome = "changed"
    references = change.references(file.name)
    active = any(held.state == "active" for held in references)
    if row.content != content:
        _check_task(row, file, active=active, force=force)
        applied.notes += _update(change, row, file, by, active=active)
    _follow(change, row, file, references, by, applied)
    return applied


def _check_task(row: ModelRow, file: ModelFile, *, active: bool, force: bool) -> None:
    if file.task is None or row.task in {None, file.task} or not (row.used or active):
        return
    if not force:
        raise ConflictError(
            f"the model {row.name!r} is {row.task}, and what is stored of it was measured so; as "
            f"{file.task} it could not be compared. Register it under another name, or force the "
            "change (--force, ?force=true)"
        )


def _update(change: Change, row: ModelRow, file: ModelFile, by: By, *, active: bool) -> list[str]:
    """Keep the file and what follows from it; gives what the user should know of."""
    task = file.task or (row.task if active else None)
    wanted = prediction_type(task)
    stored = row.prediction if row.used else None
    change.update_model(
        row.id, at=by.at, content=content_of(file), task=task, prediction=stored or wanted
    )
    if not active:
        merged = after_file(row.features, declared(file), used=row.used)
        change.drop_features(row.id, merged.drop)
        change.put_features(row.id, merged.put, at=by.at)
    return [kept_prediction(stored, str(task))] if stored and wanted not in {None, stored} else []


def kept_prediction(stored: str, task: str) -> str:
    """What to say where predictions are stored in another type than the task asks for."""
    return (
        f"predictions stay stored as {stored}, as their records are, though those of {task} are "
        f"{prediction_type(task)}"
    )


def _follow(
    change: Change,
    row: ModelRow,
    file: ModelFile,
    references: list[ReferenceRow],
    by: By,
    applied: Applied,
) -> None:
    """Ask for the reference that the file names, or say that the one that is there is old."""
    said, measured = file.reference, measured_digest(file)
    newest = next((held for held in references if held.state in {"wanted", "active"}), None)
    if said is not None and said.kind in PRODUCTION:
        origin = {said.kind: getattr(said, said.kind)}
        if newest and (newest.origin, newest.measured) == (origin, measured):
            return
        want(change, row.id, wish(row.name, said.kind, origin, measured, by))
        applied.notes.append("the reference will be made from the rows of production")
        if applied.outcome == "unchanged":
            applied.outcome = "changed"
            applied.changes = [f"reference: {said.kind} {origin[said.kind]}"]
    elif newest and newest.measured != measured:
        if newest.kind in PRODUCTION:
            want(change, row.id, wish(row.name, newest.kind, newest.origin, measured, by))
        elif said is None:
            applied.notes.append(
                "the reference was made with other columns, roles or rules, and goes on with "
                "those; set it again for the new ones"
            )


def wish(model: str, kind: str, origin: dict[str, Any], measured: str, by: By) -> ReferenceRow:
    """A reference of production that is still to be made."""
    return ReferenceRow(
        id=0,
        model=model,
        kind=kind,
        origin=origin,
        measured=measured,
        state="wanted",
        layout=None,
        rows=None,
        set_at=by.at,
        who=by.who,
    )


def want(change: Change, model_id: int, wished: ReferenceRow) -> None:
    """Ask for a reference of production, instead of any that was asked for before."""
    change.end_references(model_id, "wanted")
    change.add_reference(model_id, wished, None)
