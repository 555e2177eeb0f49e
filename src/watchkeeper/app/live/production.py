"""References from production: rows that the server holds in, a profile on its own layout out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.app.compare import prepare_reference
from watchkeeper.app.live.registered import Registered, Wanted
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.app.model_server import length_of, weeks_of
from watchkeeper.core import envelope
from watchkeeper.core.model import Role, Task
from watchkeeper.core.windows import Window, parse_window
from watchkeeper.profiles.profile import Profile

MIN_ROWS = 100
"""Rows below which no reference is made of production; it is tried again when there are more."""

Rows = Callable[[str, tuple[Window, ...]], pa.Table]
"""Gives the predictions of a model in some windows, in the columns of `watchkeeper.core.envelope`,
with the last label of each as `_label`; a uniform sample where there are very many."""

_ROLES = {
    "prediction": envelope.PREDICTION,
    "score": envelope.SCORE,
    "label": envelope.LABEL,
    "timestamp": envelope.TIME,
    "group": envelope.GROUP,
    "id": envelope.ID,
}


def fit_reference(
    registry: Registry, wanted: Wanted, rows: Rows, *, at: datetime
) -> dict[str, Any] | None:
    """Make a reference that was asked for, once there are rows for it.

    Parameters
    ----------
    registry
        Where it is set.
    wanted
        What was asked for.
    rows
        Reads rows of production.
    at
        Up to when a rolling or seasonal reference reaches at first: the time of the newest rows.

    Returns
    -------
    dict or None
        As `Registry.set_reference` says; None where there are fewer than `MIN_ROWS` rows.

    Raises
    ------
    ModelError
        The rows do not fit what the model file says of columns and roles.
    """
    found = rows(wanted.model, windows_of(wanted, at))
    if found.num_rows < MIN_ROWS:
        return None
    profile = profile_production(registry.get(wanted.model), found)
    return registry.set_reference(
        wanted.model, kind=wanted.kind, origin=wanted.origin, profile=profile, who=wanted.who
    )


def windows_of(wanted: Wanted, at: datetime) -> tuple[Window, ...]:
    """The windows that the first profile of a reference is made from.

    >>> from datetime import UTC
    >>> asked = Wanted("late", "rolling", {"rolling": "7d"}, 1)
    >>> windows_of(asked, datetime(2013, 4, 8, tzinfo=UTC))[0].start.day
    1
    """
    said = wanted.origin[wanted.kind]
    if wanted.kind == "window":
        return (parse_window(said),)
    length = length_of(said) if wanted.kind == "rolling" else timedelta(weeks=weeks_of(said))
    return (Window(at - length, at),)


def profile_production(model: Registered, rows: pa.Table) -> Profile:
    """The profile of rows of production, on a layout that is fitted to them.

    Parameters
    ----------
    model
        The model; roles that its file does not name go by the names of the record's fields, such
        as `prediction` and `label`.
    rows
        As `Rows` gives them.
    """
    file, table = as_model(model, rows)
    return prepare_reference(table, model=file).profile


def as_model(model: Registered, rows: pa.Table) -> tuple[ModelFile, pa.Table]:
    """Rows of production in the columns of the model, and the model file that fits them."""
    table, named = _features(model, rows), {}
    for role, source in _present(model, rows).items():
        values = rows.column(source)
        if role == "label" and model.prediction == "double":
            values = _numbers(values)
        name = _free_name(getattr(model.file, role) or role, source, table)
        table, named[role] = table.append_column(name, values), name
    scores = {}
    for class_, name, source in _scores(model, rows):
        free = _free_name(name, source, table)
        table, scores[class_] = table.append_column(free, rows.column(source)), free
    for name, column in model.file.columns.items():
        feature = model.file.role_of(name) is Role.FEATURE
        if feature and column.required and name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(rows)))
    held = set(table.column_names)
    columns = {name: c for name, c in model.file.columns.items() if name in held or not c.required}
    update: dict[str, Any] = {role: named.get(role) for role in _ROLES}
    update |= {"scores": scores, "task": _task(model), "columns": columns}
    return model.file.model_copy(update=update), table


def _features(model: Registered, rows: pa.Table) -> pa.Table:
    """The features that the model has, and such as hold a value."""
    names = [
        name
        for name in rows.column_names
        if not name.startswith("_")
        and (name in model.features or rows.column(name).null_count < len(rows))
        and model.file.role_of(name) in {Role.FEATURE, Role.IGNORED}
    ]
    return rows.select(names)


def _present(model: Registered, rows: pa.Table) -> dict[str, str]:
    """The column behind each role that the rows can play.

    Without labels to fit them on, the errors of a regression would be counted on a grid of no
    use; classes are counted alike whether labels have come yet or not.
    """
    found = {}
    for role, held in _ROLES.items():
        if held not in rows.column_names:
            continue
        count = len(rows) - rows.column(held).null_count
        stated = getattr(model.file, role) is not None
        if role == "label" and model.prediction == "double":
            wanted = count >= MIN_ROWS
        elif role in {"id", "group"}:
            wanted = stated
        else:
            wanted = stated or count > 0
        if wanted:
            found[role] = held
    return found


def _scores(model: Registered, rows: pa.Table) -> list[tuple[str, str, str]]:
    """Class, name and column of each probability of a multi-class model."""
    found = [
        (name.removeprefix(envelope.SCORES), name)
        for name in rows.column_names
        if name.startswith(envelope.SCORES) and rows.column(name).null_count < len(rows)
    ]
    named = model.file.scores
    return [(class_, named.get(class_, f"score_{class_}"), held) for class_, held in found]


def _task(model: Registered) -> str | None:
    """The task, as far as the type of the predictions says it where nobody else does."""
    if model.task is not None or model.prediction != "double":
        return model.task
    return Task.RANKING.value if model.file.group else Task.REGRESSION.value


def _free_name(wanted: str, held: str, table: pa.Table) -> str:
    """The name of a role's column; that of the event table where a feature has it already."""
    return held if wanted in table.column_names else wanted


def _numbers(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Labels, which are kept as text, as numbers; null where they are none."""
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    spelt = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return pc.if_else(spelt, text, None).cast(pa.float64())
