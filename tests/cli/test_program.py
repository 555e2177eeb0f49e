"""The program as a process: exit codes, tracebacks, signals, pipes and what it imports."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import Files

PROGRAM = [sys.executable, "-c", "from watchkeeper.cli.main import run; run()"]
FAULTY = """
import sys
import watchkeeper.app.compare as module
from watchkeeper.cli.main import run
def compare(*arguments, **options):
    raise {error}
module.compare = compare
sys.argv = ["watchkeeper", *{arguments!r}]
run()
"""


def start(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=120,
    )


def fault(error: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program with a comparison that raises."""
    code = FAULTY.format(error=error, arguments=[str(argument) for argument in arguments])
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, text=True, timeout=120
    )


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """Help and version load neither NumPy nor an engine: they must answer at once.

    Typer itself loads pydantic for the flags of a command, so only the program's own help is free
    of that.
    """
    code = (
        "import sys, atexit\n"
        "heavy = {'numpy', 'pyarrow', 'duckdb', 'ibis', 'scipy', 'pandas', 'yaml'}\n"
        f"heavy |= {set() if 'report' in arguments else {'pydantic'}!r}\n"
        "atexit.register(lambda: print('HEAVY', sorted(heavy & set(sys.modules))))\n"
        f"sys.argv = ['watchkeeper', *{arguments!r}]\n"
        "from watchkeeper.cli.main import run; run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("HEAVY []")


def test_import_is_light() -> None:
    """`import watchkeeper` loads nothing heavy, and a public name does so when it is used."""
    code = (
        "import sys, watchkeeper\n"
        "assert not {'numpy', 'pyarrow', 'typer', 'rich'} & set(sys.modules)\n"
        "assert 'compare' in dir(watchkeeper)\n"
        "watchkeeper.Report\n"
        "assert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_exit_codes(files: Files) -> None:
    """0 where all holds, 1 where a check failed, 2 where it could not run."""
    assert start("check", files.reference, files.same, "-q").returncode == 0
    assert start("check", files.reference, files.drifted, "-q").returncode == 1
    failed = start("check", files.reference, "nothing.parquet")
    assert failed.returncode == 2
    assert "Traceback" not in failed.stderr


def test_debug_shows_the_traceback(files: Files) -> None:
    """With --debug the traceback stands before the sentence, and the exit code stays."""
    done = start("report", files.reference, "nothing.parquet", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.rstrip().splitlines()[-1].startswith("watchkeeper: there is no file")


def test_unexpected_error_is_a_sentence(files: Files) -> None:
    """A defect of ours is one sentence that says how to report it, and exit code 2."""
    done = fault("ValueError('the number\\nis odd')", "report", files.reference, files.same)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "unexpected ValueError: the number is odd" in done.stderr
    assert "--debug" in done.stderr


def test_stopping_is_130(files: Files) -> None:
    """Control-C ends it with 130 and one word."""
    done = fault("KeyboardInterrupt", "report", files.reference, files.same)
    assert (done.returncode, done.stderr) == (130, "Stopped.\n")


def test_a_reader_that_leaves_is_no_error(files: Files) -> None:
    """`watchkeeper … | head -1` says nothing of a broken pipe."""
    first = subprocess.Popen(
        [*PROGRAM, "report", str(files.reference), str(files.drifted), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert first.stdout is not None
    assert first.stderr is not None
    first.stdout.read(1)
    first.stdout.close()
    said = first.stderr.read().decode()
    first.stderr.close()
    first.wait(120)
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert first.returncode in {0, 141, -signal.SIGPIPE}


def test_output_in_a_poor_encoding(files: Files) -> None:
    """On an ASCII terminal the report is printed with question marks, and JSON stays JSON."""
    plain = start("report", files.reference, files.drifted, PYTHONIOENCODING="ascii")
    assert plain.returncode == 0
    assert "drifted" in plain.stdout
    parsed = start("report", files.reference, files.drifted, "--json", PYTHONIOENCODING="ascii")
    assert json.loads(parsed.stdout)["kind"] == "comparison"


def test_width_and_no_color_are_respected(files: Files) -> None:
    """COLUMNS limits the tables; NO_COLOR leaves no colour even where it is forced."""
    done = start(
        "report", files.reference, files.drifted, COLUMNS="70", NO_COLOR="1", FORCE_COLOR="1"
    )
    assert not re.search(r"\x1b\[[0-9;]*[34][0-9]", done.stdout)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines()
    table = lines[lines.index(next(line for line in lines if "Drift, by" in line)) :]
    assert all(len(line.rstrip()) <= 70 for line in table)


def test_module_runs() -> None:
    """`python -m watchkeeper` is the program."""
    done = subprocess.run(
        [sys.executable, "-m", "watchkeeper", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("watchkeeper ")
