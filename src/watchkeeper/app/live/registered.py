"""What the registry says of a model and of its reference, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import msgspec

from watchkeeper.app.live.content import content_of, measured_digest
from watchkeeper.app.model_file import validate_model
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.app.model_server import RetentionFile, length_of, weeks_of
from watchkeeper.collect.wire.rules import MAX_FEATURES, Policy, Rules
from watchkeeper.core.windows import Window
from watchkeeper.profiles.profile import Profile
from watchkeeper.store.catalogue.rows import ModelRow, ReferenceRow

Kind: TypeAlias = Literal["data", "profile", "window", "rolling", "seasonal"]
"""What a reference is made from: a data set, a profile, or windows of production."""

PRODUCTION = ("window", "rolling", "seasonal")
"""The kinds that are made from rows that the server holds."""

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Registered:
    """A model as the server knows it.

    Attributes
    ----------
    name, file
        Its name, and its model file.
    task
        What it predicts, from the file or the reference; None where neither says it.
    features
        The type of each feature that a record is expected to have: `double`, `int64`, `string`,
        `bool` or `timestamp`.
    optional
        Features among them whose absence is nothing to complain of: the file says
        `required: false`, or only records brought them.
    prediction
        The type of its predictions, `string` or `double`; None until it is known.
    policy
        What becomes of records that do not fit.
    reference
        What it is compared with, in short: `kind`, `origin`, `layout`, `rows`, `set_at`, `who` and
        `fits`, as `Reference` has them; None where nothing is set.
    used
        Whether records have come.
    created, changed
        When it was registered, and when last anything of it was changed.
    """

    name: str
    file: ModelFile
    task: str | None
    features: dict[str, str]
    optional: frozenset[str]
    prediction: str | None
    policy: Policy
    reference: dict[str, Any] | None
    used: bool
    created: datetime
    changed: datetime

    @property
    def content(self) -> dict[str, Any]:
        """The model file without what is as by default, as it would stand in JSON."""
        return content_of(self.file)

    @property
    def retention(self) -> RetentionFile:
        """How long what was sent is kept."""
        return self.file.retention

    @property
    def rules(self) -> Rules:
        """What records are checked against."""
        return Rules(self.features, self.prediction, self.policy, self.optional)


def registered(row: ModelRow, active: ReferenceRow | None) -> Registered:
    """A model from its row of the catalogue.

    Parameters
    ----------
    row
        The model.
    active
        Its reference, where it has one: unknown features are then no longer adopted by default.
    """
    file = validate_model(row.content, name=f"the model {row.name!r}")
    held = {name: feature for name, feature in row.features.items() if feature.source != "past"}
    optional = {name for name, column in file.columns.items() if not column.required}
    if active is not None:
        optional |= {name for name, feature in held.items() if feature.source == "records"}
    return Registered(
        name=row.name,
        file=file,
        task=row.task,
        features={name: feature.type for name, feature in held.items()},
        optional=frozenset(optional & held.keys()),
        prediction=row.prediction,
        policy=_policy(file, referenced=active is not None, full=len(row.features) >= MAX_FEATURES),
        reference=None if active is None else _short(active, file),
        used=row.used,
        created=row.created,
        changed=row.changed,
    )


def _short(row: ReferenceRow, file: ModelFile) -> dict[str, Any]:
    said = {
        name: getattr(row, name) for name in ("kind", "origin", "layout", "rows", "set_at", "who")
    }
    return {**said, "fits": row.measured == measured_digest(file)}


def _policy(file: ModelFile, *, referenced: bool, full: bool) -> Policy:
    unknown = file.policy.unknown or ("overflow" if referenced else "adopt")
    if full and unknown == "adopt":
        unknown = "overflow"
    return Policy(
        unknown=unknown,
        wrong_type=file.policy.wrong_type,
        missing=file.policy.missing,
        max_future_s=length_of(file.policy.max_future).total_seconds(),
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """What a model is compared with.

    Attributes
    ----------
    id
        Of this reference in the catalogue.
    kind, origin
        What it is made from.
    layout_id
        Of its profile: what is measured on this layout can be compared with it.
    profile
        The profile that its layout was made on: all of the reference, but of a rolling or seasonal
        one only what there was when it was set; see `ranges`.
    set_at, who
        When it was set, and whose key did it.
    fits
        Whether the model file still says what it said then of columns, roles and rules. Where it
        does not, the reference goes on with the columns that it has.
    """

    id: int
    kind: Kind
    origin: dict[str, Any]
    layout_id: str
    profile: Profile
    set_at: datetime
    who: str | None = None
    fits: bool = True

    def ranges(self, start: datetime, end: datetime) -> tuple[Window, ...]:
        """The times of production that stand for the reference of a window.

        Parameters
        ----------
        start, end
            The window that is measured.

        Returns
        -------
        tuple
            Before the window for a rolling reference; the same hours of the week in the weeks
            before for a seasonal one (so many weeks apart that they do not overlap); none for
            any other, whose profile is all of it.
        """
        if self.kind == "rolling":
            return (Window(start - length_of(self.origin["rolling"]), start),)
        if self.kind == "seasonal":
            apart = -(-(end - start) // _WEEK) * _WEEK
            count = max(1, weeks_of(self.origin["seasonal"]) // (apart // _WEEK))
            steps = (apart * step for step in range(count, 0, -1))
            return tuple(Window(start - step, end - step) for step in steps)
        return ()

    def as_dict(self) -> dict[str, Any]:
        """Everything but the profile."""
        return {
            "kind": self.kind,
            "origin": self.origin,
            "layout": self.layout_id,
            "rows": self.profile.whole.rows,
            "set_at": self.set_at,
            "who": self.who,
            "fits": self.fits,
        }


def with_limits(profile: Profile, file: ModelFile) -> Profile:
    """The profile as if the thresholds and checks of the file had been there from the start.

    They decide what is said of numbers, not which numbers are counted.
    """
    model = replace(
        profile.layout.model,
        name=file.name,
        checks=tuple(check.check() for check in file.checks),
        thresholds=file.thresholds.thresholds(),
    )
    return msgspec.structs.replace(
        profile, layout=msgspec.structs.replace(profile.layout, model=model)
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reference of production that is still to be made from rows.

    Attributes
    ----------
    model
        The model.
    kind, origin
        What it is to be made from.
    reference_id
        Of the wish in the catalogue.
    who
        Whose key asked for it.
    """

    model: str
    kind: Kind
    origin: dict[str, Any]
    reference_id: int
    who: str | None = None
