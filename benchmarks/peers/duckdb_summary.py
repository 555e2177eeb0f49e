"""A floor: one DuckDB query for the plainest description of a table. ``REFERENCE CURRENT OUT``.

Count, mean, standard deviation, minimum, maximum and five approximate quantiles of each numeric
column; count, minimum, maximum and approximate number of values of each other one. No drift.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

NUMERIC = ("FLOAT", "DOUBLE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT")


def main(reference: str, current: str, out: str) -> None:
    """Describe both tables."""
    database = duckdb.connect()
    described = [_describe(database, path) for path in (reference, current)]
    Path(out).write_text(json.dumps(described, default=str))


def _describe(database: duckdb.DuckDBPyConnection, path: str) -> dict[str, object]:
    columns = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
    terms = []
    for name, kind, *_ in columns:
        column = f'"{name}"'
        if kind in NUMERIC:
            terms += [f"{call}({column})" for call in ("count", "avg", "stddev", "min", "max")]
            terms.append(f"approx_quantile({column}, [.05, .25, .5, .75, .95])")
        else:
            calls = ("count", "min", "max", "approx_count_distinct")
            terms += [f"{call}({column})" for call in calls]
    query = f"SELECT {', '.join(terms)} FROM read_parquet(?)"
    (row,) = database.execute(query, [path]).fetchall()
    return dict(zip(terms, row, strict=True))


if __name__ == "__main__":
    main(*sys.argv[1:4])
