"""The budget of lines is really held."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.newest


@pytest.fixture(scope="module")
def size_check() -> ModuleType:
    """The script in tools/, loaded as a module."""
    path = Path(__file__).parents[1] / "tools" / "size_check.py"
    spec = importlib.util.spec_from_file_location("size_check", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_long_function_and_long_file_are_reported(
    size_check: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line over either budget fails, and says where."""
    body = "\n".join("    x = 1" for _ in range(size_check.FUNCTION_LIMIT))
    (tmp_path / "function.py").write_text(f"def f():\n{body}\n")
    (tmp_path / "file.py").write_text("x = 1\n" * (size_check.FILE_LIMIT + 1))
    assert size_check.main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "function.py:1: f has 61 lines" in said
    assert "file.py: 501 lines" in said


def test_docstring_does_not_count(size_check: ModuleType, tmp_path: Path) -> None:
    """A long explanation is welcome: only code counts against the budget."""
    words = "\n".join("    word" for _ in range(size_check.FUNCTION_LIMIT))
    (tmp_path / "f.py").write_text(f'def f():\n    """Say.\n\n{words}\n    """\n    return 1\n')
    assert size_check.main([str(tmp_path)]) == 0


def test_empty_folder_is_fine(size_check: ModuleType, tmp_path: Path) -> None:
    """No file, no size, no failure."""
    assert size_check.main([str(tmp_path)]) == 0
