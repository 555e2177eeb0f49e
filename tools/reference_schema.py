"""The page of the report's JSON: every key, its type and its meaning, from the JSON schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

INTRODUCTION = """# Report JSON

What `watchkeeper report REFERENCE CURRENT -o report.json` writes and `Report.to_dict()` returns.
This page is made from the [JSON schema](report.schema.json), which every report is tested against.

`schema_version` is `MAJOR.MINOR`. A minor version adds keys; a major one changes or removes them. A
reader that ignores keys it does not know reads every report of its major version. Shares are
fractions from 0 to 1, times are ISO 8601 in UTC, and a value that is undefined is `null`.
"""

DOCUMENTS = ("comparison", "track")
"""The shapes of whole documents, which come first."""

Schema = Mapping[str, Any]


def schema_page(schema: Schema) -> str:
    """The whole page: the kinds of document at the top, then each shape that they share."""
    lines = [INTRODUCTION]
    if "properties" in schema:
        lines += _object(schema.get("title", "Document"), schema)
    parts = schema.get("$defs", {})
    for name in sorted(parts, key=lambda name: (name not in DOCUMENTS, name)):
        lines += _object(name, parts[name])
    return "\n".join(lines).rstrip() + "\n"


def _object(name: str, schema: Schema) -> Iterator[str]:
    yield f"## {name} {{ #{_anchor(name)} }}"
    yield ""
    if "description" in schema:
        yield " ".join(schema["description"].split())
        yield ""
    rows = [*_rows(schema, ""), *_inner({"items": schema.get("items")}, "")]
    if rows:
        yield "| key | type | meaning |"
        yield "|---|---|---|"
        yield from rows
        yield ""
    elif "properties" not in schema:
        yield f"Type: {_type(schema)}."
        yield ""


def _rows(schema: Schema, prefix: str) -> Iterator[str]:
    """One row a key; keys of nested objects carry the path, `<name>` stands for any key."""
    required = set(schema.get("required", ()))
    for key, part in schema.get("properties", {}).items():
        path = f"{prefix}{key}"
        mark = "" if key in required else " (may be absent)"
        yield f"| `{path}` | {_type(part)}{mark} | {_cell(part.get('description', ''))} |"
        yield from _inner(part, path)


def _inner(part: Schema, path: str) -> Iterator[str]:
    for choice in (part, *part.get("anyOf", ()), *part.get("oneOf", ())):
        yield from _rows(choice, f"{path}.") if "properties" in choice else ()
        items = choice.get("items")
        if isinstance(items, Mapping) and "properties" in items:
            yield from _rows(items, f"{path}[].")
        further = choice.get("additionalProperties")
        if isinstance(further, Mapping):
            yield from _rows(further, f"{path}.<name>.") if "properties" in further else ()
            yield from _inner(further, f"{path}.<name>") if "properties" not in further else ()


def _type(part: Schema) -> str:
    """A type in words, with a link where it is a shape of its own."""
    for word in ("anyOf", "oneOf"):
        if word in part:
            return " or ".join(dict.fromkeys(_type(choice) for choice in part[word]))
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{_anchor(name)})"
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return ", ".join(f"`{'null' if value is None else value}`" for value in part["enum"])
    return _plain(part)


def _plain(part: Schema) -> str:
    kind = part.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(_type({**part, "type": one}) for one in kind)
    if kind == "array":
        items = part.get("items")
        return f"list of {_type(items)}" if isinstance(items, Mapping) else "list"
    further = part.get("additionalProperties")
    if kind == "object" and isinstance(further, Mapping):
        return f"object of {_type(further)} by name"
    return str(kind)


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-").replace("_", "-")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
