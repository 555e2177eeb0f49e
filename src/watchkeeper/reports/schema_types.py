"""Pieces of JSON Schema: the types that the report document is written in."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to a named definition."""
    return {"$ref": f"#/$defs/{name}"}


def record(
    required: dict[str, Schema], optional: dict[str, Schema] | None = None, about: str = ""
) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        **({"description": about} if about else {}),
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def mapping(values: Schema, about: str = "") -> Schema:
    """An object whose keys come from the data."""
    return {
        "type": "object",
        **({"description": about} if about else {}),
        "additionalProperties": values,
    }


def array(items: Schema, about: str = "") -> Schema:
    """A list of one type."""
    return {"type": "array", **({"description": about} if about else {}), "items": items}


def optional(schema: Schema) -> Schema:
    """The type, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*values: str | None) -> Schema:
    """One of these constants."""
    return {"enum": list(values)}


def number(about: str = "") -> Schema:
    """A number, or null where it is undefined."""
    return {"type": ["number", "null"], **({"description": about} if about else {})}


def pair(items: Schema, about: str) -> Schema:
    """The same for the reference and for the current rows."""
    return record({"reference": items, "current": items}, about=about)


TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
FLAG_OR_NULL: Schema = {"type": ["boolean", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: Schema = {"type": ["integer", "null"], "minimum": 0}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1.000001}
SHARE_OR_NULL: Schema = {**SHARE, "type": ["number", "null"]}
NUMBERS = array({"type": "number"})
VERDICT = one_of("drifted", "stable", "not_enough_data")
STATUS = one_of("pass", "warn", "fail", "not_enough_data")
STATUS_OR_NULL = one_of("pass", "warn", "fail", "not_enough_data", None)
ROLE = one_of("feature", "label", "prediction", "score", "timestamp")
KIND = one_of("numeric", "categorical", "datetime", "text")
TASK = one_of("binary", "multiclass", "regression", "ranking", None)
DIRECTION = one_of("higher", "lower", "none")
SIDES: Schema = {"type": "array", "items": SHARE, "minItems": 2, "maxItems": 2}

ESTIMATE: Schema = {
    "value": number("the measured number"),
    "low": number("lower end of its 95 % confidence interval"),
    "high": number("upper end of its 95 % confidence interval"),
    "p_value": number("chance of a value at least this extreme had nothing changed"),
    "n_reference": {**COUNT, "description": "reference rows behind the value"},
    "n_current": {**COUNT, "description": "current rows behind the value"},
}
NOTES: Schema = {
    "note": {**TEXT, "description": "why the value is undefined, or a caveat"},
    "bound": number("the largest error that binning may add to the value"),
}
