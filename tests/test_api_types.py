"""The types that the web application has of the HTTP API are those of the API."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.newest

ROOT = Path(__file__).parents[1]


def test_types_of_the_api_are_up_to_date(tmp_path: Path) -> None:
    """`make reference` writes them; who changes the API and forgets it is told here."""
    node = shutil.which("node")
    if node is None or not (ROOT / "ui" / "node_modules" / "swagger-typescript-api").is_dir():
        pytest.skip("no Node.js, or the packages of ui/ are not installed (npm ci in ui/)")
    description, types = tmp_path / "openapi.json", tmp_path / "schema.ts"
    tool = [sys.executable, str(ROOT / "tools" / "openapi.py"), str(description)]
    subprocess.run(tool, check=True, timeout=120)
    made = [node, "scripts/types.mjs", str(description), str(types)]
    subprocess.run(made, cwd=ROOT / "ui", check=True, timeout=120)
    held = ROOT / "ui" / "src" / "api" / "schema.ts"
    assert types.read_text("utf-8") == held.read_text("utf-8"), "run `make reference`"
