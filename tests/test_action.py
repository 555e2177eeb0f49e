"""The GitHub Action: its script is run as a runner would, on the real program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SCRIPT = ROOT / ".github" / "actions" / "check.sh"

pytestmark = [
    pytest.mark.newest,
    pytest.mark.skipif(shutil.which("bash") is None, reason="the action runs in bash"),
]


@dataclass(frozen=True)
class Job:
    """What a runner sees of a step."""

    code: int
    outputs: dict[str, str]
    summary: str


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with `same.csv` twice over and `moved.csv`, one column of which moved far."""
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], 3000)
    table = pa.table({"amount": rng.normal(size=3000), "kind": kind})
    moved = table.set_column(0, "amount", pa.array(rng.normal(3.0, size=3000)))
    pa.csv.write_csv(table, tmp_path / "same.csv")
    pa.csv.write_csv(moved, tmp_path / "moved file.csv")
    return tmp_path


def run_step(folder: Path, current: str, *, arguments: str = "", fail: str = "true") -> Job:
    """Run the action's script in a folder, with the variables that action.yml sets."""
    program = folder / "watchkeeper"
    if not program.exists():
        call = "from watchkeeper.cli.main import run; run()"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{call}" "$@"\n')
        program.chmod(0o755)
    variables = {
        **os.environ, "WATCHKEEPER": str(program),
        "REFERENCE": "same.csv", "CURRENT": current, "MODEL": "",
        "ARGUMENTS": arguments, "OUTPUT": "out", "FAIL": fail,
        "GITHUB_OUTPUT": str(folder / "outputs"), "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }  # fmt: skip
    done = subprocess.run(
        ["bash", str(SCRIPT)],
        cwd=folder, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in (folder / "outputs").read_text().splitlines())
    return Job(done.returncode, outputs, (folder / "summary").read_text())


def test_same_data_pass(data: Path) -> None:
    """Data compared with themselves: code 0, all four reports, and the summary is the Markdown."""
    job = run_step(data, "same.csv")
    assert job.code == 0
    assert job.outputs["status"] == "passed"
    assert job.outputs["exit-code"] == "0"
    assert job.summary == (data / "out" / "report.md").read_text()
    assert (data / job.outputs["report"]).stat().st_size > 1000
    assert ET.parse(data / job.outputs["junit"]).getroot().tag == "testsuites"


def test_moved_data_fail(data: Path) -> None:
    """A column that moved fails the step, its name stands in the summary; blanks in names work."""
    job = run_step(data, "moved file.csv")
    assert job.code == 1
    assert job.outputs["status"] == "failed"
    assert "amount" in job.summary


def test_failure_can_be_left_to_later_steps(data: Path) -> None:
    """With `fail: false` the step passes and the status says what was found."""
    job = run_step(data, "moved file.csv", fail="false")
    assert (job.code, job.outputs["status"], job.outputs["exit-code"]) == (0, "failed", "1")


def test_missing_file_is_an_error_with_its_sentence(data: Path) -> None:
    """What cannot run fails with 2 even with `fail: false`, and the summary says why."""
    job = run_step(data, "nowhere.csv", fail="false")
    assert (job.code, job.outputs["status"]) == (2, "error")
    assert "nowhere.csv" in job.summary


def test_crash_is_an_error_not_a_failed_check(data: Path) -> None:
    """A program that dies with 1 and writes no report is an error: nothing was checked."""
    (data / "watchkeeper").write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    (data / "watchkeeper").chmod(0o755)
    (data / "out").mkdir()
    (data / "out" / "report.md").write_text("an old report")
    job = run_step(data, "same.csv", fail="false")
    assert (job.code, job.outputs["status"]) == (2, "error")
    assert "broken" in job.summary
    assert "old" not in job.summary


def test_arguments_are_split_and_never_run(data: Path) -> None:
    """Further options reach the program as words; nothing in them is expanded or executed."""
    job = run_step(data, "same.csv", arguments="--name $(touch broken) `touch broken`")
    assert not (data / "broken").exists()
    assert job.outputs["status"] == "error"


def test_every_input_and_output_is_described_and_used() -> None:
    """Each input has a sentence and is passed on; each output comes from the script."""
    steps = yaml.safe_dump(ACTION["runs"])
    for name, settings in ACTION["inputs"].items():
        assert settings["description"].endswith((".", ").")), name
        assert f"inputs.{name}" in steps, name
    script = SCRIPT.read_text(encoding="utf-8")
    for name, settings in ACTION["outputs"].items():
        assert settings["description"], name
        assert f"{name}=" in script, name
