"""A model as YAML that people review: only what differs from the defaults, with comments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import yaml
from pydantic import BaseModel

from watchkeeper.app.model_file import file_of
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.core.model import Model

Comments: TypeAlias = Mapping[tuple[str, ...], str]
"""What to say of a key, by its path: ("columns", "temp", "minimum"), or () for the head."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_WIDTH = 100


def write_model(model: Model, comments: Comments | None = None) -> str:
    """The model as the text of a model file.

    Parameters
    ----------
    model
        Any model; reading the text gives an equal one back.
    comments
        Remarks for the reader, by path: they stand behind the key, or above it where they have
        several lines or the line is long.

    Examples
    --------
    >>> from watchkeeper.core.model import Column, Kind, Role
    >>> column = Column("late", Kind.CATEGORICAL, Role.LABEL)
    >>> print(write_model(Model("m", (column,), label="late")))
    name: m
    label: late
    columns:
      late:
        kind: categorical
    <BLANKLINE>
    """
    told = dict(comments or {})
    lines = [f"# {line}".rstrip() for line in told.get((), "").splitlines()]
    return "\n".join(lines + _mapping(_content(file_of(model)), (), told)) + "\n"


def _content(file: ModelFile) -> dict[str, Any]:
    """What differs from the defaults; of a column always the kind."""
    content = _changed(file)
    content["name"] = file.name
    columns = {
        name: {"kind": column.kind, **_changed(column)} for name, column in file.columns.items()
    }
    rules = [{"name": rule.name, "expr": rule.expr, **_changed(rule)} for rule in file.rules]
    checks = [{"metric": check.metric, **_changed(check)} for check in file.checks]
    made = {"columns": columns, "rules": rules, "checks": checks}
    content |= {key: value for key, value in made.items() if value}
    order = list(ModelFile.model_fields)
    return {key: content[key] for key in sorted(content, key=order.index)}


def _changed(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(exclude_defaults=True)


def _mapping(content: Mapping[str, Any], path: tuple[str, ...], told: Comments) -> list[str]:
    """Lines of a mapping, indented by its depth."""
    indent = "  " * len(path)
    lines: list[str] = []
    for key, value in content.items():
        place = (*path, key)
        head = f"{indent}{scalar(key)}:"
        below: list[str] = []
        if isinstance(value, Mapping) and value:
            below = _mapping(value, place, told)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            below = [line for item in value for line in _item(item, indent + "  ")]
        else:
            head += " " + flow(value)
        lines += [*_remarked(head, told.get(place), indent), *below]
    return lines


def _item(item: Mapping[str, Any], indent: str) -> list[str]:
    """A list item that is a mapping."""
    keys = [f"{scalar(key)}: {flow(value)}" for key, value in item.items()]
    return [f"{indent}{'  ' if index else '- '}{text}" for index, text in enumerate(keys)]


def _remarked(line: str, remark: str | None, indent: str) -> list[str]:
    """The line with its comment behind it, or above it where there is no room."""
    if not remark:
        return [line]
    if "\n" not in remark and len(line) + len(remark) + 4 <= _WIDTH:
        return [f"{line}  # {remark}"]
    return [*(f"{indent}# {part}".rstrip() for part in remark.splitlines()), line]


def flow(value: object) -> str:
    """A value on one line.

    Examples
    --------
    >>> flow(["a", "no", 1.5])
    '[a, "no", 1.5]'
    """
    if isinstance(value, Mapping):
        pairs = (f"{scalar(key)}: {flow(held)}" for key, held in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def scalar(value: object) -> str:
    """A constant as every YAML reader takes it: text is quoted unless it is plainly text.

    Examples
    --------
    >>> scalar("yes"), scalar("New York"), scalar(0.00001), scalar(None)
    ('"yes"', 'New York', '1.0e-05', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        # YAML 1.1 readers take 1e-05 for text.
        return text.replace("e", ".0e", 1) if "e" in text and "." not in text else text
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    dumped: str = yaml.dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return dumped.rstrip("\n")
