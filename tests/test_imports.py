"""What importing costs, and what the package promises to be importable at which versions."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SLOW = {
    "duckdb", "ibis", "numpy", "pandas", "polars", "pyarrow", "pydantic", "scipy", "sklearn",
    "sqlglot",
}  # fmt: skip


def modules_after(code: str) -> set[str]:
    """The names of all top-level modules that a fresh Python holds after running some code."""
    script = (
        f"{code}\nimport sys\nprint('\\n'.join({{name.partition('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import watchkeeper",
        "from watchkeeper.cli.main import app",
        "import watchkeeper.core.model, watchkeeper.core.errors, watchkeeper.core.windows",
    ],
)
def test_start_up_imports_nothing_slow(code: str) -> None:
    """`import watchkeeper` and `watchkeeper --help` load no numerical package and no engine."""
    assert modules_after(code) & SLOW == set()


def test_scipy_stats_is_never_imported_at_the_top() -> None:
    """`scipy.stats` costs a second; importing every metric must not load it."""
    code = "import sys, watchkeeper.metrics as m; assert m.ALL and 'scipy.stats' not in sys.modules"
    assert "watchkeeper" in modules_after(code)


def test_public_names_exist_and_are_documented() -> None:
    """Each name in `watchkeeper.__all__` can be had, and says in one sentence what it is."""
    import watchkeeper

    for name in watchkeeper.__all__:
        value = getattr(watchkeeper, name)
        assert isinstance(value, str) or (value.__doc__ or "").strip(), name


def test_version_is_that_of_the_distribution() -> None:
    """`watchkeeper.__version__` is what pyproject.toml says."""
    import watchkeeper

    assert watchkeeper.__version__ == PROJECT["project"]["version"]


def bounds(requirement: str) -> tuple[str, str]:
    """A requirement's name and its lower bound.

    >>> bounds("Ibis-Framework[duckdb]>=10")
    ('ibis-framework', '10')
    """
    match = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)", requirement)
    assert match, f"{requirement!r} has no lower bound alone"
    return match[1].lower(), match[2]


def test_lowest_versions_are_those_of_the_ranges() -> None:
    """requirements/lowest.txt pins each dependency at the very bottom of its range."""
    lines = (ROOT / "requirements" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(
        re.sub(r"\[.*?\]", "", line).lower().split("==")
        for line in lines
        if line and not line.startswith("#")
    )
    ours, extras = PROJECT["project"], PROJECT["project"]["optional-dependencies"]
    client = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text(encoding="utf-8"))
    server = [one.partition(";")[0] for one in extras["server"] if one != "watchkeeper-client"]
    declared = [*ours["dependencies"], *extras["demo"], *server, *client["project"]["dependencies"]]
    for name, lowest in map(bounds, declared):
        wanted = lowest.split(".")
        assert pins[name].split(".")[: len(wanted)] == wanted, name
        assert set(pins[name].split(".")[len(wanted) :]) <= {"0"}, name


def test_pins_name_no_place() -> None:
    """Pins are names and versions: no index, no file, no address."""
    text = (ROOT / "requirements" / "pins.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.+!]+", line), line
