"""Small real files for the commands, and a way to call them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from watchkeeper.cli.main import app


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and its two outputs."""

    code: int
    out: str
    err: str


Call = Callable[..., Done]


@pytest.fixture
def call() -> Call:
    """Run a command in this process, without a terminal."""

    def run(*arguments: object) -> Done:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    return run


def table(shift: float, seed: int, n: int = 900) -> pa.Table:
    """Rows of a binary model, drifted by `shift` standard deviations, wrong where they drifted."""
    rng = np.random.default_rng(seed)
    temp = rng.normal(shift, 1, n)
    score = 1 / (1 + np.exp(-2 * temp))
    late = (rng.random(n) < score) ^ (rng.random(n) < shift / 2)
    time = np.datetime64("2013-01-01T00:00:00") + np.arange(n) * np.timedelta64(3600, "s")
    return pa.table(
        {
            "id": np.arange(n),
            "temp": temp,
            "humid": rng.normal(0, 1, n),
            "origin": rng.choice(["EWR", "JFK", "LGA"], n),
            "score": score,
            "late": late.astype(int),
            "hour": time.astype("datetime64[us]"),
        }
    )


@dataclass(frozen=True)
class Files:
    """The paths of a reference, of rows like it, and of rows that drifted."""

    folder: Path
    reference: Path
    same: Path
    drifted: Path


ROLES = (
    "--label",
    "late",
    "--score",
    "score",
    "--id",
    "id",
    "--timestamp",
    "hour",
    "--segment",
    "origin",
)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The three data sets as Parquet files."""
    folder = tmp_path_factory.mktemp("data")
    made = Files(folder, *(folder / f"{name}.parquet" for name in ("reference", "same", "drifted")))
    pq.write_table(table(0.0, 1), made.reference)
    pq.write_table(table(0.0, 2), made.same)
    pq.write_table(table(1.0, 3), made.drifted)
    return made
