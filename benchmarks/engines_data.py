"""Makes Parquet files of twenty columns: floats, integers, texts, booleans and times.

Every value follows from the number of its file, so that a table of two million rows is the head of
one of a hundred million. ``python -m benchmarks.engines_data --rows 2000000 --out FOLDER``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FILE_ROWS = 1_000_000
GROUP_ROWS = 250_000
_START = 1_767_225_600


def block(number: int, rows: int) -> pa.Table:
    """The rows of one file.

    >>> block(0, 3).num_columns
    20
    """
    rng = np.random.default_rng([20260101, number])
    columns: dict[str, pa.Array] = {}
    for i in range(5):
        columns[f"normal{i}"] = pa.array(rng.normal(i, 1 + i, rows))
        columns[f"skewed{i}"] = pa.array(rng.lognormal(0, 0.4 * (i + 1), rows))
    for i in range(4):
        columns[f"count{i}"] = pa.array(rng.integers(0, 10 ** (i + 1), rows))
    for i, distinct in enumerate((3, 12, 60, 300)):
        words = pa.array([f"category {j}" for j in range(distinct)])
        columns[f"word{i}"] = words.take(pa.array(rng.integers(0, distinct, rows)))
    columns["flag"] = pa.array(rng.random(rows) < 0.2)
    seconds = _START + number * 3600 + rng.integers(0, 3600, rows)
    columns["at"] = pa.array(seconds).cast(pa.timestamp("s")).cast(pa.timestamp("us", "UTC"))
    for name in ("normal4", "skewed3", "count2", "word1"):
        missing = pa.array(rng.random(rows) < 0.05)
        columns[name] = pc.if_else(missing, None, columns[name])
    return pa.table(columns)


def write(folder: Path, rows: int) -> None:
    """Write the files of so many rows, but for those that are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(-(-rows // FILE_ROWS)):
        path = folder / f"{number:05}.parquet"
        if not path.exists():
            here = min(FILE_ROWS, rows - number * FILE_ROWS)
            partial = path.with_suffix(".partial")
            table = block(number, FILE_ROWS).slice(0, here)
            pq.write_table(table, partial, row_group_size=GROUP_ROWS)
            partial.replace(path)


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    write(args.out, args.rows)


if __name__ == "__main__":
    main()
