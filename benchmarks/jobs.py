"""The jobs that are timed against one another, each a whole process from files to a result."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import HERE, python_of

DATA = HERE / ".data"


@dataclass(frozen=True)
class Size:
    """Rows and columns of both tables."""

    rows: int
    columns: int = 50

    def __str__(self) -> str:
        return f"{self.rows}x{self.columns}"

    def path(self, table: str) -> Path:
        """Where one of the two tables lies."""
        return DATA / f"{table}-{self}.parquet"


@dataclass(frozen=True)
class Job:
    """One way to look at the two tables.

    Parameters
    ----------
    title
        What the table of results calls it.
    does
        What it computes.
    script
        Its file in ``benchmarks/peers``, or None for our own command.
    peer
        Whose environment it runs in, or None for the one that runs the benchmark.
    heavy
        It takes minutes: run fewer times.
    """

    title: str
    does: str
    script: str | None = None
    peer: str | None = None
    heavy: bool = False

    def command(self, size: Size, out: Path) -> list[str | Path]:
        """The command that does the job on the tables of a size, with results in `out`."""
        tables = [size.path("reference"), size.path("current")]
        if self.script is None or self.peer is None:
            results: list[str | Path] = ["-o", out / "report.html", "-o", out / "report.json"]
            return [sys.executable, "-m", "watchkeeper", "report", *tables, *results]
        return [python_of(self.peer), HERE / "peers" / self.script, *tables, out / "result"]


OURS = "watchkeeper"

JOBS: Mapping[str, Job] = {
    OURS: Job("Watchkeeper", "`watchkeeper report`: drift, quality and summary, HTML and JSON"),
    "duckdb": Job(
        "DuckDB query",
        "count, mean, deviation, extremes and 5 approximate quantiles only; no drift",
        "duckdb_summary.py",
        "duckdb",
    ),
    "scipy": Job(
        "SciPy loop", "`ks_2samp` over the numeric columns only", "scipy_loop.py", "scipy"
    ),
    "nannyml": Job(
        "NannyML 0.13.1", "univariate drift, defaults", "nannyml_drift.py", "nannyml", heavy=True
    ),
    "whylogs": Job(
        "whylogs 1.6.4",
        "two profiles and their drift scores",
        "whylogs_drift.py",
        "whylogs",
        heavy=True,
    ),
    "evidently": Job(
        "Evidently 0.7.23",
        "`DataDriftPreset` and `DataSummaryPreset`, JSON",
        "evidently_report.py",
        "evidently",
        heavy=True,
    ),
}

BASE = Size(1_000_000)
"""The size at which all jobs run."""

GROWTH = (Size(2_000_000), Size(4_000_000), Size(10_000_000), Size(100_000, 1_000))
"""The sizes at which only ours runs."""
