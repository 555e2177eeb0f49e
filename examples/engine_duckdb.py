"""Compare two tables of a DuckDB file, or a table and a query.

Run it with the file in the environment, and with what is compared:

    pip install .    # in a clone of the repository
    export DATABASE=trips.db REFERENCE='table=accepted'
    export CURRENT="query=SELECT * FROM trips WHERE day >= '2024-06-01'"
    python examples/engine_duckdb.py
"""

from __future__ import annotations

import os

import watchkeeper as wk


def main() -> None:
    """Compare, and leave the report here."""
    file = f"duckdb://{os.environ['DATABASE']}"
    reference, current = os.environ["REFERENCE"], os.environ["CURRENT"]
    report = wk.compare(f"{file}?{reference}", f"{file}?{current}&timeout=10m")
    report.save("report.html")
    print(report.headline)


if __name__ == "__main__":
    main()
