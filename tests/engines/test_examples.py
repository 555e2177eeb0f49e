"""The examples of engines run, as they say at their top."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.engines.conftest import Loaded, Server

EXAMPLES = Path(__file__).parents[2] / "examples"


def rows(shift: float) -> pa.Table:
    """Rows around a number."""
    rng = np.random.default_rng(3)
    return pa.table({"x": rng.normal(shift, 1, 1500), "c": rng.choice(["a", "b"], 1500)})


def run(name: str, folder: Path, **environment: str) -> str:
    """What an example prints; its report is there."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"engine_{name}.py")],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "report.html").stat().st_size > 1000
    return done.stdout


def test_duckdb(tmp_path: Path) -> None:
    """A table of a file, and a query over another."""
    before, after = rows(0.0), rows(1.0)
    with duckdb.connect(str(tmp_path / "trips.db")) as con:
        con.register("before_rows", before)
        con.register("after_rows", after)
        con.execute("CREATE TABLE accepted AS SELECT * FROM before_rows")
        con.execute("CREATE TABLE current AS SELECT * FROM after_rows")
    said = run(
        "duckdb", tmp_path, DATABASE="trips.db", REFERENCE="table=accepted",
        CURRENT="query=SELECT * FROM current WHERE c = 'a'",
    )  # fmt: skip
    assert "features drifted" in said


def test_delta(tmp_path: Path) -> None:
    """Two versions of a table."""
    write_deltalake(tmp_path / "t", rows(0.0))
    write_deltalake(tmp_path / "t", rows(1.0), mode="append")
    assert "1 of 2 features drifted" in run("delta", tmp_path, TABLE_URL="delta://t")


@pytest.mark.xdist_group("postgres")
def test_postgres(tmp_path: Path, server: Server, postgres_loaded: Loaded) -> None:
    """Two tables of a server, with a password from the environment."""
    postgres_loaded.load(rows(0.0), "before")
    postgres_loaded.load(rows(1.0), "after")
    place = f"127.0.0.1:{server.port}/postgres"
    said = run(
        "postgres", tmp_path, PGPASS="p@ss word",
        REFERENCE_URL=f"postgres://postgres:${{PGPASS}}@{place}?table=before",
        CURRENT_URL=f"postgres://postgres:${{PGPASS}}@{place}?table=after&timeout=10m",
    )  # fmt: skip
    assert "1 of 2 features drifted" in said
    assert "profiling postgres://127.0.0.1" in said
    assert "p@ss" not in said


def test_a_warehouse(tmp_path: Path) -> None:
    """Without an address, two tables of SQLite by way of Ibis."""
    assert "1 of 2 features drifted" in run("warehouse", tmp_path)
