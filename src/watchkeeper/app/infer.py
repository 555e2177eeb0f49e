"""From what the user says of a model, and a sample of its reference, to the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

import pyarrow as pa

from watchkeeper.app.kinds import is_text, kind_of
from watchkeeper.app.model_file import file_of, model_of, read_model_file, validate_model
from watchkeeper.app.model_schema import SERVER_KEYS, ModelFile
from watchkeeper.app.model_text import write_model
from watchkeeper.app.profiling import draw_sample
from watchkeeper.app.sources import reading
from watchkeeper.app.suggest import suggest_constraint, suggest_roles
from watchkeeper.app.tasks import is_class_task, task_of, usable_time
from watchkeeper.core.errors import ModelError, RuleError
from watchkeeper.core.model import Column, Kind, Model, Role, Task
from watchkeeper.core.progress import Progress, silent
from watchkeeper.expressions.hints import suggest
from watchkeeper.profiles.cel import columns_of
from watchkeeper.profiles.values import is_measurable

Roles = Mapping[str, Any]
"""Roles, kinds and options given beside a model file; they win over it."""

_LISTS = {"segments", "sensitive", "ignore", "classes", "ranks"}


def resolve(model: object, roles: Roles | None, schema: pa.Schema, sample: pa.Table) -> Model:
    """The model that the user means, with everything that was not said inferred.

    Parameters
    ----------
    model
        A model, a model file or its path, a mapping like its content, or None.
    roles
        Any key of a model file but `columns`, and `kinds`: column to kind. They win.
    schema
        All columns of the reference.
    sample
        Rows of the reference.

    Returns
    -------
    Model
        With every column of the reference in its order; those that cannot be measured (nested,
        binary) are ignored: see `unmeasurable`.

    Raises
    ------
    ModelError
        A role or a rule names no column, or a column does not fit its role or kind.
    """
    file = with_roles(open_model(model), roles or {})
    _check_names(file, schema.names)
    drawn = set(sample.column_names)
    missing = [name for name in schema.names if name not in drawn]
    for name in missing:
        sample = sample.append_column(name, pa.nulls(sample.num_rows))
    task, classes = task_of(file, sample)
    file = file.model_copy(
        update={
            "task": task.value if task else None,
            "classes": list(classes),
            "ignore": [*file.ignore, *(n for n in unmeasurable(schema) if n not in file.ignore)],
        }
    )
    columns = [(name, _kind(file, name, sample, task)) for name in schema.names]
    return model_of(file, columns)


def unmeasurable(schema: pa.Schema) -> tuple[str, ...]:
    """The columns that cannot be measured, since they are nested or binary."""
    return tuple(field.name for field in schema if not is_measurable(field.type))


def infer(
    sample: pa.Table, *, model: object = None, roles: Roles | None = None
) -> tuple[Model, dict[tuple[str, ...], str]]:
    """A model with constraints suggested from the reference, and what to say of each.

    Parameters
    ----------
    sample
        Rows of the reference.
    model, roles
        What is known already, as for `resolve`; constraints that are stated are kept.

    Returns
    -------
    tuple
        The model, and comments for `write_model`.
    """
    resolved = resolve(model, roles, sample.schema, sample)
    comments: dict[tuple[str, ...], str] = {
        (): "Written by `watchkeeper infer`: review it, then keep it with the model's code.\n"
        f"Constraints were suggested from {sample.num_rows:,} rows; shares are fractions."
    }
    hints = suggest_roles(resolved, sample)
    if hints:
        comments[()] += "\n\n" + "\n".join(hints)
    columns = []
    for column in resolved.columns:
        constraint, told = suggest_constraint(column, sample.column(column.name))
        columns.append(Column(column.name, column.kind, column.role, constraint))
        comments |= {("columns", column.name, key): text for key, text in told.items()}
        if not is_measurable(sample.schema.field(column.name).type):
            comments["columns", column.name] = "nested or binary: cannot be measured"
    content = {name: getattr(resolved, name) for name in Model.__dataclass_fields__}
    return Model(**{**content, "columns": tuple(columns)}), comments


def with_roles(file: ModelFile, roles: Roles) -> ModelFile:
    """The file with the options of a call or of flags laid over it.

    Raises
    ------
    ModelError
        An option that does not exist, or a value that it cannot have.
    """
    given = {key: value for key, value in roles.items() if value not in (None, "", (), [], {})}
    if not given:
        return file
    allowed = sorted({*ModelFile.model_fields, "kinds"} - {"columns"} - SERVER_KEYS)
    for key in given:
        if key not in allowed:
            hint = suggest(key, allowed) or f"; known are {', '.join(allowed)}"
            raise ModelError(f"unknown option {key!r}{hint}")
    content = file.model_dump(exclude_defaults=True)
    kinds = given.pop("kinds", {})
    content["columns"] = {name: {} for name in file.columns} | content.get("columns", {})
    for name, kind in kinds.items():
        entry = content["columns"].setdefault(str(name), {})
        entry["kind"] = str(kind)
    for key, value in given.items():
        text = isinstance(value, str)
        content[key] = [value] if key in _LISTS and text else _plain(value)
    used = {str(value) for value in given.values() if isinstance(value, str)}
    if "ignore" not in given and "ignore" in content:
        content["ignore"] = [name for name in content["ignore"] if name not in used]
    return validate_model(content, name="the options")


def _plain(value: Any) -> Any:
    """Enums and tuples as a file would hold them."""
    if isinstance(value, (str, bool, int, float)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    return [_plain(item) for item in value] if isinstance(value, Iterable) else value


def open_model(model: object) -> ModelFile:
    """Whatever describes a model as the content of a model file.

    Parameters
    ----------
    model
        A model, a model file or its path, a mapping like its content, or None for nothing said.

    Raises
    ------
    ModelError
        The file cannot be read, or holds what no model file may.
    """
    if model is None:
        return ModelFile.model_validate({})
    if isinstance(model, ModelFile):
        return model
    if isinstance(model, Model):
        return file_of(model)
    if isinstance(model, Mapping):
        return validate_model(model)
    if isinstance(model, (str, PathLike)):
        return read_model_file(str(model))
    raise ModelError(
        f"a model is a Model, a mapping or the path of a model file, not {type(model).__name__}"
    )


def _check_names(file: ModelFile, names: list[str]) -> None:
    """Every column that the file names is there; an ignored or optional one may be absent."""
    wanted = [(role, column) for role, column in file.roles() if role != "ignore"]
    wanted += [("segments", column) for column in file.segments]
    wanted += [("sensitive", column) for column in file.sensitive]
    for key, column in wanted:
        if column not in names:
            raise ModelError(f"{key}: {_absent(column, names)}")
    for column, said in file.columns.items():
        if column not in names and said.required and column not in file.ignore:
            raise ModelError(f"columns: {_absent(column, names)}, or set required: false")
    for rule in file.rules:
        unknown = [column for column in columns_of(rule.expr) if column not in names]
        if unknown:
            raise RuleError(f"rule {rule.name!r}: {_absent(unknown[0], names)}")


def _absent(column: str, names: list[str]) -> str:
    listed = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    hint = suggest(column, names) or f"; its columns are {listed}"
    return f"the reference has no column {column!r}{hint}"


def _kind(file: ModelFile, name: str, sample: pa.Table, task: Task | None) -> Kind:
    """The kind of a column: as stated, as its role asks, else as its values look."""
    said = file.columns[name].kind if name in file.columns else None
    values = sample.column(name)
    role = file.role_of(name)
    if role is Role.TIMESTAMP:
        if not usable_time(values.type):
            raise ModelError(
                f"timestamp: the column {name!r} holds {values.type}, not times; store it as a "
                "timestamp, a date, or seconds since 1970"
            )
        return Kind.DATETIME
    if said is not None:
        _check_kind(name, Kind(said), values)
        return Kind(said)
    if role in {Role.LABEL, Role.PREDICTION} and task is not None and task is not Task.RANKING:
        return Kind.CATEGORICAL if is_class_task(task) else Kind.NUMERIC
    if role is Role.SCORE:
        return Kind.NUMERIC
    return kind_of(values) or Kind.CATEGORICAL


def _check_kind(name: str, kind: Kind, values: pa.ChunkedArray) -> None:
    text = is_text(values.type)
    wrong = (kind is Kind.DATETIME and not usable_time(values.type)) or (
        kind is Kind.TEXT and not text and not pa.types.is_null(values.type)
    )
    if wrong:
        raise ModelError(
            f"columns.{name}.kind is {kind}, but the column holds {values.type}; "
            + ("store it as a timestamp" if kind is Kind.DATETIME else "only strings can be text")
        )


def infer_model(
    data: object, *, roles: Roles | None = None, progress: Progress = silent
) -> tuple[Model, str]:
    """A model from data, and its file as YAML for review.

    Parameters
    ----------
    data
        The reference; see `watchkeeper.app.sources.open_source`.
    roles
        What is known already, as for `resolve`.
    progress
        Told how far it is.
    """
    with reading(data, name="the data") as source:
        model, comments = infer(draw_sample(source, progress), roles=roles)
    return model, write_model(model, comments)
