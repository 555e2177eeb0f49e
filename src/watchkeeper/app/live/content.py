"""What a model file says, as plain values, and a digest of the part that is measured by."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from watchkeeper.app.model_schema import ModelFile

_UNMEASURED = {
    "name", "checks", "thresholds", "description", "owner", "tags", "policy", "retention",
    "reference",
}  # fmt: skip


def content_of(file: ModelFile) -> dict[str, Any]:
    """A model file without what is as by default, as plain values; it always has the name.

    >>> from watchkeeper.app.model_file import parse_model
    >>> content_of(parse_model("columns: {temp: numeric}"))
    {'name': 'model', 'columns': {'temp': {'kind': 'numeric'}}}
    """
    return {"name": file.name, **file.model_dump(mode="json", exclude_defaults=True)}


def measured_digest(file: ModelFile) -> str:
    """A digest of what the file says of columns, roles and rules: of all that a layout hangs on.

    >>> from watchkeeper.app.model_file import parse_model
    >>> one = measured_digest(parse_model("label: late"))
    >>> one == measured_digest(parse_model("{label: late, thresholds: {alpha: 0.01}}"))
    True
    >>> one == measured_digest(parse_model("{label: late, segments: [origin]}"))
    False
    """
    content = {key: value for key, value in content_of(file).items() if key not in _UNMEASURED}
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
