"""Write the JSON schema of model files into the docs."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.app.model_file import json_schema

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "model.schema.json"

if __name__ == "__main__":
    TARGET.write_text(json_schema(), encoding="utf-8")
