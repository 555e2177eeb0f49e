"""Model files: YAML in, a checked model out, and the way back.

Unknown keys are errors that name the nearest known one, and each error says the line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from watchkeeper.app.model_schema import CheckFile, ColumnFile, ModelFile, RuleFile, ThresholdsFile
from watchkeeper.app.model_server import PolicyFile, ReferenceFile, RetentionFile
from watchkeeper.core.errors import InputError, ModelError
from watchkeeper.core.model import Column, Constraint, Kind, Model, Role, Rule, Task
from watchkeeper.expressions.hints import suggest
from watchkeeper.files.composing import CoreLoader, decode
from watchkeeper.files.nodes import Node, Words, is_list, is_mapping, place
from watchkeeper.files.reader import DEEPEST, Reader
from watchkeeper.files.schema import DRAFT

_MAX_BYTES = 10_000_000
_LISTED: dict[str, type[BaseModel]] = {
    "columns": ColumnFile, "rules": RuleFile, "checks": CheckFile,
}  # fmt: skip
_SINGLE: dict[str, type[BaseModel]] = {
    "thresholds": ThresholdsFile, "policy": PolicyFile, "retention": RetentionFile,
    "reference": ReferenceFile,
}  # fmt: skip

Lines: TypeAlias = dict[tuple[Any, ...], int]
"""The line of each key and item of a document, by its path."""


def read_model_file(path: str | Path) -> ModelFile:
    """The model file at `path`.

    Raises
    ------
    ModelError
        It cannot be read, is no YAML, or holds what no model file may.
    """
    return parse_model(read_text(path), name=str(path))


def read_text(path: str | Path) -> str:
    """The text of the model file at `path`; `ModelError` where it cannot be read."""
    path = Path(path)
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise ModelError(f"{path} has {len(data)} bytes; a model file is a short YAML text")
        return decode(data, f"the model file {path}")
    except OSError as error:
        raise ModelError(
            f"the model file {path} cannot be read: {error.strerror}; write one with "
            f"`watchkeeper infer DATA -o {path.name}`"
        ) from error
    except InputError as error:
        raise ModelError(str(error)) from error


def parse_model(text: str, *, name: str = "the model file") -> ModelFile:
    """A model file from its text.

    Parameters
    ----------
    text
        YAML 1.2: only `true` and `false` are truth values, so classes `yes` and `no` stay text.
    name
        What to call it in an error.

    Raises
    ------
    ModelError
        With the line and the field of each thing that is wrong.

    Examples
    --------
    >>> parse_model("label: late").label
    'late'
    """
    files = parse_models(text, name=name)
    if len(files) > 1:
        raise ModelError(
            f"{name} holds {len(files)} documents, parted by `---`; one model is expected here"
        )
    return files[0]


def parse_models(text: str, *, name: str = "the model file") -> list[ModelFile]:
    r"""The model files in a text, one for each of its documents, which `---` parts.

    Parameters
    ----------
    text
        As for `parse_model`; an empty text is one model of which nothing is said, an empty
        document beside others is none.
    name
        What to call it in an error.

    Raises
    ------
    ModelError
        With the line and the field of each thing that is wrong.

    Examples
    --------
    >>> [file.name for file in parse_models("name: a\n---\nname: b")]
    ['a', 'b']
    """
    reader = _Reader(name)
    try:
        nodes = reader.documents(text)
        reader.finish()
        found = [reader.document(node) for node in nodes]
    except InputError as error:
        raise ModelError(str(error)) from error
    if reader.problems:
        told = sorted(f"{name}, line {one.line}: {one.message}" for one in reader.problems)
        raise ModelError("\n".join(told))
    said = [pair for pair in found if pair[0] is not None] or [({}, {})]
    return [validate_model(data, name=name, lines=lines) for data, lines in said]


class _Reader(Reader):
    """Makes Python objects of the documents, and notes the line of each of their parts."""

    LOADER = CoreLoader
    MOST = 200_000
    WORDS = Words(twice="the key {key!r} stands twice, first on line {line}; keep one")

    def document(self, node: Node) -> tuple[Any, Lines]:
        """What a document holds, and where."""
        lines: Lines = {}
        content = self.plain(node, "the file")
        self._note(node, (), lines)
        return content, lines

    def _note(self, node: Node, path: tuple[Any, ...], lines: Lines) -> None:
        """The lines of keys and items below a node; what `plain` found too deep is refused."""
        if len(path) > DEEPEST:
            return
        if is_mapping(node):
            for key, (at, value) in self.pairs(node, "the file").items():
                lines[*path, key] = place(at)[0]
                self._note(value, (*path, key), lines)
        elif is_list(node):
            for index, item in enumerate(self.items(node, "the file")):
                lines[*path, index] = place(item)[0]
                self._note(item, (*path, index), lines)


def validate_model(
    data: object, *, name: str = "the model", lines: Mapping[tuple[Any, ...], int] | None = None
) -> ModelFile:
    """A model file from its content, such as a mapping written in Python.

    Raises
    ------
    ModelError
        With the field, and where `lines` are known the line, of each thing that is wrong.
    """
    if not isinstance(data, Mapping):
        raise ModelError(
            f"{name} must hold keys and values, such as `label: late`; it holds a "
            f"{type(data).__name__}"
        )
    try:
        return ModelFile.model_validate(dict(data))
    except ValidationError as error:
        told: dict[str, str] = {}
        for item in error.errors():
            told.setdefault(_field(item["loc"]), _tell(item, lines or {}))
        raise ModelError("\n".join(f"{name}{text}" for text in told.values())) from error


def model_of(file: ModelFile, columns: Iterable[tuple[str, Kind]] | None = None) -> Model:
    """The model that a file describes.

    Parameters
    ----------
    file
        The checked content of a model file.
    columns
        Names and kinds of all columns, in order; those that the file lists where None.

    Raises
    ------
    ModelError
        A column has no kind.
    """
    if columns is None:
        unstated = [name for name, column in file.columns.items() if column.kind is None]
        if unstated:
            raise ModelError(
                f"columns.{unstated[0]} has no kind; add `kind: numeric`, categorical, datetime "
                "or text, or let it be inferred from data"
            )
        columns = [(name, Kind(str(column.kind))) for name, column in file.columns.items()]
    made = tuple(
        Column(name, kind, file.role_of(name), file.columns.get(name, ColumnFile()).constraint())
        for name, kind in columns
    )
    return Model(
        name=file.name,
        columns=made,
        task=Task(file.task) if file.task else None,
        label=file.label,
        prediction=file.prediction,
        score=file.score,
        scores=tuple(file.scores.items()),
        classes=tuple(file.classes),
        threshold=file.threshold,
        id=file.id,
        timestamp=file.timestamp,
        group=file.group,
        segments=tuple(file.segments),
        sensitive=tuple(file.sensitive),
        ranks=tuple(file.ranks),
        segment_limit=file.segment_limit,
        rules=tuple(Rule(rule.name, rule.expr, rule.target, rule.severity) for rule in file.rules),
        checks=tuple(check.check() for check in file.checks),
        thresholds=file.thresholds.thresholds(),
    )


def file_of(model: Model) -> ModelFile:
    """The model file that describes a model; `model_of` gives an equal model back."""
    columns = {
        column.name: {"kind": column.kind.value, **_constraint(column.constraint)}
        for column in model.columns
    }
    same = (
        "name", "label", "prediction", "score", "threshold", "id", "timestamp", "group",
        "segment_limit",
    )  # fmt: skip
    limits = {key: getattr(model.thresholds, key) for key in ThresholdsFile.model_fields}
    content: dict[str, Any] = {key: getattr(model, key) for key in same}
    lists = ("classes", "segments", "sensitive", "ranks")
    content |= {key: list(getattr(model, key)) for key in lists}
    content |= {
        "task": model.task.value if model.task else None,
        "scores": dict(model.scores),
        "ignore": [c.name for c in model.columns if c.role is Role.IGNORED],
        "columns": columns,
        "rules": [
            {"name": rule.name, "expr": rule.expression, "target": rule.target,
             "severity": rule.severity}
            for rule in model.rules
        ],
        "checks": [
            {key: getattr(check, key) for key in CheckFile.model_fields} for check in model.checks
        ],
        "thresholds": {**limits, "fail_on": list(limits["fail_on"])},
    }  # fmt: skip
    return validate_model(content, name=f"the model {model.name!r}")


def _constraint(constraint: Constraint) -> dict[str, Any]:
    values = {key: getattr(constraint, key) for key in ColumnFile.model_fields if key != "kind"}
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}


def json_schema() -> str:
    """The JSON schema of a model file, for editors, as text."""
    schema = ModelFile.model_json_schema()
    schema = {"$schema": DRAFT, **schema, "type": ["object", "null"]}  # An empty file is one.
    # In YAML an entry of `columns` may be its kind alone, or empty.
    entry = schema["properties"]["columns"]["additionalProperties"]
    kinds = {"enum": [str(kind) for kind in Kind]}
    schema["properties"]["columns"]["additionalProperties"] = {
        "anyOf": [entry, kinds, {"type": "null"}]
    }
    return json.dumps(schema, indent=2) + "\n"


def _tell(item: Any, lines: Mapping[tuple[Any, ...], int]) -> str:
    """One error of Pydantic as a sentence: line, field, what is wrong, what is allowed."""
    path = item["loc"]
    known = next((path[:n] for n in range(len(path), -1, -1) if path[:n] in lines), ())
    line = f", line {lines[known]}" if known in lines else ""
    return f"{line}: {_sentence(item, _field(path))}"


def _sentence(item: Any, field: str) -> str:
    path, given, context = item["loc"], item.get("input"), item.get("ctx", {})
    if item["type"] == "extra_forbidden":
        keys = _fields(path[:-1])
        near = suggest(str(path[-1]), keys) or f"; known are {', '.join(keys)}"
        where = f" in {'.'.join(map(str, path[:-1]))}" if len(path) > 1 else ""
        text = f"unknown key {str(path[-1])!r}{where}{near}"
    elif item["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        text = f"{field}: {given!r} is not allowed; use {', '.join(allowed)}"
        text += suggest(str(given), allowed)
    elif item["type"] == "missing":
        text = f"{field} is missing"
    elif item["type"] == "too_short":
        text = f"{field} is empty; name at least one, or leave it out"
    elif item["type"] == "less_than_equal" and context["le"] == 1:
        text = f"{field} is {given}; shares are fractions, 0.05 for 5 %"
    elif item["type"] == "value_error":
        text = f"{field}: {context['error']}" if field else str(context["error"])
    else:
        text = _WORDS.sub(lambda found: _SAID[found.group()], item["msg"])
        text = f"{field}: {text[:1].lower()}{text[1:]}, not {given!r}"
    return text


_SAID = {
    "Input": "it", "a valid dictionary": "a mapping of keys to values", "a valid list": "a list",
    "a valid string": "a text", "a valid number": "a number", "a valid integer": "a whole number",
    "a valid boolean": "true or false",
}  # fmt: skip
_WORDS = re.compile("|".join(_SAID))


def _field(path: tuple[Any, ...]) -> str:
    """A location as keys of the file: Pydantic appends the branch of a union."""
    branches = {"float", "str"}
    keys = path[:-1] if len(path) > 1 and path[-1] in branches else path
    return ".".join(map(str, keys))


def _fields(path: Sequence[Any]) -> list[str]:
    """The keys that are known below a place in the file."""
    if not path:
        return list(ModelFile.model_fields)
    return list((_SINGLE | _LISTED).get(str(path[0]), ModelFile).model_fields)
