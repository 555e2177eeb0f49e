"""Pieces of JSON schemas that say of a value what the readers say, for editors.

Editors read YAML 1.2 before they look at a schema, so a text may reach it as a number or a truth
value; readers take each as it was written, and so do these pieces. What only a reader can know,
such as whether a name is one of another section, is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

TEXT: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
"""A text that is not empty."""

WRITTEN: Schema = {"type": ["string", "number", "boolean", "null"]}
"""Any text."""

LENGTH: Schema = {
    "anyOf": [
        {"const": 0},
        {
            "type": "string",
            "pattern": r"^\s*(0|(?=[0-9])([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?"
            r"([0-9]+ms)?)\s*$",
        },
    ]
}
"""A length of time such as 1h30m."""

FLAG: Schema = {"enum": [True, False, "true", "false"]}
"""True or false."""

SHARE: Schema = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "string", "pattern": r"^([0-9]+(\.[0-9]*)?|\.[0-9]+) ?%?$"},
    ]
}
"""A share such as 99.9% or 0.999."""

_WHOLE = r"^\s*[-+]?[0-9]+(_[0-9]+)*\s*$"
_NUMBER = r"^\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"

CLOCK: Schema = {"type": ["string", "integer"], "pattern": r"^\s*[0-9]"}
"""A time of day, such as 09:00, or a date."""


def whole(low: int, high: int | None = None) -> Schema:
    """A whole number within limits.

    >>> whole(0, 3)["anyOf"][0]
    {'type': 'integer', 'minimum': 0, 'maximum': 3}
    """
    limits = {"minimum": low} | ({} if high is None else {"maximum": high})
    return {"anyOf": [{"type": "integer", **limits}, {"type": "string", "pattern": _WHOLE}]}


def number(**limits: float) -> Schema:
    """A number within limits, in the words of JSON Schema.

    >>> number(minimum=0.5)["anyOf"][0]
    {'type': 'number', 'minimum': 0.5}
    """
    return {"anyOf": [{"type": "number", **limits}, {"type": "string", "pattern": _NUMBER}]}


def count(low: int) -> Schema:
    """A whole number that may be written as any number is, such as 1e6.

    >>> count(1)["anyOf"][0]
    {'type': 'integer', 'minimum': 1}
    """
    number = {"type": "string", "pattern": _NUMBER}
    return {"anyOf": [{"type": "integer", "minimum": low}, number]}


def mapping(properties: Mapping[str, Schema], *required: str, **more: Any) -> Schema:
    """Keys and values, and no other keys."""
    return {
        "type": "object", "properties": dict(properties), "additionalProperties": False,
        **({"required": list(required)} if required else {}), **more,
    }  # fmt: skip


def named(values: Schema) -> Schema:
    """Values by names that people give."""
    return {"type": "object", "additionalProperties": values}


def each(items: Schema) -> Schema:
    """A list, or one thing that stands for a list of it."""
    return {"anyOf": [{"type": "array", "items": items}, items, {"type": "null"}]}


def maybe(value: Schema) -> Schema:
    """A value, or nothing."""
    return {"anyOf": [value, {"type": "null"}]}


def matching(pattern: re.Pattern[str]) -> Schema:
    r"""A text that an expression matches wholly, spaces around it aside.

    >>> matching(re.compile("[a-z]+"))["pattern"]
    '^\\s*(?:[a-z]+)\\s*$'
    """
    return {**TEXT, "pattern": rf"^\s*(?:{pattern.pattern})\s*$"}


def choice(names: Iterable[str]) -> Schema:
    """One of several words."""
    return {"enum": [str(name) for name in names]}


def told(description: str, value: Schema) -> Schema:
    """A value with what an editor shows of it."""
    return {"description": description, **value}


def document(
    title: str, value: Schema, parts: Mapping[str, Schema] | None = None, *, empty: bool = True
) -> Schema:
    """The schema of a whole file, which may be `empty`, with the `parts` that it refers to.

    >>> document("Notes", mapping({"text": TEXT}), empty=False)["anyOf"][0]["type"]
    'object'
    """
    held = maybe(value) if empty else {"anyOf": [value]}
    return {"$schema": DRAFT, "title": title, **held, **({"$defs": dict(parts)} if parts else {})}
