"""Write the JSON schema of model files, and the tables of their reference page, into the docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchkeeper.app.model_file import json_schema
from watchkeeper.app.model_schema import (
    CheckFile,
    ColumnFile,
    ModelFile,
    RuleFile,
    ThresholdsFile,
)
from watchkeeper.app.model_server import PolicyFile, ReferenceFile, RetentionFile
from watchkeeper.app.model_text import flow

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
PARTS = {
    part.__name__: part
    for part in (
        ModelFile, ColumnFile, RuleFile, CheckFile, ThresholdsFile,
        PolicyFile, RetentionFile, ReferenceFile,
    )
}  # fmt: skip


def table(part: type[BaseModel]) -> str:
    """A row for each key: what it means and what holds where it is absent."""
    rows = ["| key | meaning | default |", "|---|---|---|"]
    rows += [
        f"| `{name}` | {field.description} | {default(field)} |"
        for name, field in part.model_fields.items()
    ]
    return "\n".join(rows)


def default(field: FieldInfo) -> str:
    """The default as a model file would have it."""
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True)
    return "" if value is None or value in ([], {}) or field.default_factory else f"`{flow(value)}`"


def page(text: str) -> str:
    """The reference page with its tables made anew."""
    for name, part in PARTS.items():
        pattern = rf"(<!-- keys of {name} -->\n)(.*?)(<!-- end -->)"
        made = table(part)
        text = re.sub(pattern, lambda m, t=made: f"{m[1]}{t}\n{m[3]}", text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    (REFERENCE / "model.schema.json").write_text(json_schema(), encoding="utf-8")
    target = REFERENCE / "model-file.md"
    target.write_text(page(target.read_text(encoding="utf-8")), encoding="utf-8")
