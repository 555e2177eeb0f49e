"""Which features a model has, and the type that each is stored in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from watchkeeper.app.model_schema import ColumnFile, ModelFile
from watchkeeper.core.model import Role, Task
from watchkeeper.profiles.categorical import Vocabulary
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import Profile
from watchkeeper.store.catalogue.rows import Feature

_EXACT = 2.0**53
"""Whole numbers up to this size are exact as `double`."""

_LARGEST = 2.0**63

_FAMILIES = (
    (r"u?int\d+", "int64"),
    (r"(half)?float\d*|double|decimal\d*", "double"),
    (r"bool(ean)?", "bool"),
    (r"(large_)?(string|utf8)|string_view", "string"),
    (r"timestamp|date(32|64)?", "timestamp"),
    # Times of day and durations are measured in seconds.
    (r"time(32|64)|duration", "double"),
)
_KINDS = {"numeric": "double", "text": "string", "datetime": "timestamp"}


def type_of(dtype: str) -> str | None:
    """The type that values of an Arrow type are stored in; None where there is none.

    >>> type_of("int32"), type_of("timestamp[us, tz=UTC]"), type_of("list<item: double>")
    ('int64', 'timestamp', None)
    """
    family = re.split(r"[\[(]", dtype.strip(), maxsplit=1)[0]
    return next((name for words, name in _FAMILIES if re.fullmatch(words, family)), None)


def prediction_type(task: str | None) -> str | None:
    """The type of the predictions of a task; None where the task is not known.

    >>> prediction_type("multiclass"), prediction_type("ranking")
    ('string', 'double')
    """
    if task is None:
        return None
    return "string" if task in {Task.BINARY, Task.MULTICLASS} else "double"


def features_of(profile: Profile) -> dict[str, str]:
    """The features of a reference, with their types.

    Columns with a role are none, as are ignored ones, and those whose name begins with an
    underscore, since such names are the server's own. Whole numbers of which some were missing
    become `double` where that loses nothing: data frames send them so.

    Parameters
    ----------
    profile
        Of the whole reference.
    """
    layout = profile.layout
    names = [column.name for column in layout.model.columns if column.role is Role.FEATURE]
    return {
        name: _counted_type(name, profile, layout) for name in names if not name.startswith("_")
    }


def _counted_type(name: str, profile: Profile, layout: Layout) -> str:
    """The type of one column; a column of nothing but nulls is text, as its kind is."""
    type_ = type_of(layout.dtypes.get(name, "null")) or "string"
    if type_ != "int64":
        return type_
    largest = _largest(name, profile, layout)
    missing = profile.whole.columns[name].nulls > 0
    return "double" if largest >= _LARGEST or (missing and largest <= _EXACT) else "int64"


def _largest(name: str, profile: Profile, layout: Layout) -> float:
    """The largest absolute value of a column of whole numbers, as far as it is known."""
    held, axis = profile.whole.columns[name], layout.axes[name]
    if isinstance(held, Numeric):
        return max(abs(held.minimum or 0.0), abs(held.maximum or 0.0))
    values = axis.values if isinstance(axis, Vocabulary) else ()
    numbers = [abs(float(value)) for value in values if re.fullmatch(r"-?\d+", value)]
    return max(numbers, default=0.0)


def declared(file: ModelFile) -> dict[str, str]:
    r"""The features that a model file names, as far as their type is plain from it.

    A categorical column may hold texts, numbers or truth values, so it needs a `dtype`.

    >>> from watchkeeper.app.model_file import parse_model
    >>> declared(parse_model("label: y\ncolumns: {y: numeric, a: numeric, b: categorical}"))
    {'a': 'double'}
    """
    return {
        name: type_
        for name, column in file.columns.items()
        if file.role_of(name) is Role.FEATURE
        and not name.startswith("_")
        and (type_ := _declared_type(column)) is not None
    }


def _declared_type(column: ColumnFile) -> str | None:
    if column.dtype is not None:
        return type_of(column.dtype)
    return _KINDS.get(column.kind or "")


@dataclass(frozen=True, slots=True)
class Merged:
    """What becomes of a model's features: those to put, those to drop, and what to say of it."""

    put: dict[str, Feature] = field(default_factory=dict)
    drop: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def after_reference(
    held: Mapping[str, Feature], wanted: Mapping[str, str], *, used: bool
) -> Merged:
    """The features of a model once it has a reference.

    Parameters
    ----------
    held
        What there was.
    wanted
        What the reference has.
    used
        Whether records have come: a type that rows are stored in stays then, and a feature that
        is no longer expected is remembered with its type.
    """
    merged = Merged()
    for name, type_ in wanted.items():
        before = held.get(name)
        kept = before.type if before is not None and used else type_
        if kept != type_:
            merged.notes.append(
                f"the feature {name!r} stays stored as {kept}, as its records are, though the "
                f"reference has {type_}"
            )
        if before != Feature(kept, "reference"):
            merged.put[name] = Feature(kept, "reference")
    _retire(held, [name for name in held if name not in wanted], merged, used=used)
    return merged


def after_file(held: Mapping[str, Feature], wanted: Mapping[str, str], *, used: bool) -> Merged:
    """The features of a model once its file says something else; what others said stays."""
    merged = Merged()
    for name, type_ in wanted.items():
        before = held.get(name)
        if before is None or (before.source == "file" and not used and before.type != type_):
            merged.put[name] = Feature(type_, "file")
        elif before.source == "past":
            merged.put[name] = Feature(before.type, "file")
    gone = [name for name, feature in held.items() if feature.source == "file"]
    _retire(held, [name for name in gone if name not in wanted], merged, used=used)
    return merged


def _retire(held: Mapping[str, Feature], names: list[str], merged: Merged, *, used: bool) -> None:
    """Expect features no longer; what records brought themselves goes on."""
    for name in names:
        source = held[name].source
        if not used:
            merged.drop.add(name)
        elif source in {"file", "reference"}:
            merged.put[name] = Feature(held[name].type, "past")
