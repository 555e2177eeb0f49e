"""The client as a distribution: small, typed, and installed without a numerical stack."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.newest
CLIENT = Path(__file__).parents[1] / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_client_depends_on_two_small_packages() -> None:
    """One that encodes, one that speaks HTTP: serving a model installs no numerical stack."""
    names = {re.split(r"[<>=!~ \[]", wanted)[0] for wanted in PROJECT["dependencies"]}
    assert names == {"msgspec", "urllib3"}


def test_client_imports_with_the_standard_library_alone() -> None:
    """It imports in a Python that sees no site-packages, says its version, and is typed."""
    code = "import watchkeeper_client as c; print(c.__version__)"
    source = CLIENT / "src"
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(source)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == PROJECT["version"]
    assert (source / "watchkeeper_client" / "py.typed").is_file()
