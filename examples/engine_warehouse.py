"""Compare two tables or queries of a warehouse; their rows stay there.

Run it as it is for two small tables of SQLite, through Ibis:

    python examples/engine_warehouse.py

or with two addresses in the environment, of one of these:

    pip install '.[bigquery]'    # in a clone of the repository
    export REFERENCE_URL='bigquery://project/sales?table=orders_2023'
    export CURRENT_URL='bigquery://project/sales?table=orders&timeout=10m'

    pip install '.[snowflake]'
    export SNOWFLAKE_PASSWORD=...
    export REFERENCE_URL='snowflake://watchkeeper@org-account/sales/public?table=orders_2023&warehouse=wh'
    export CURRENT_URL='snowflake://watchkeeper@org-account/sales/public?table=orders&warehouse=wh'

    pip install '.[trino]'
    export TRINO_PASSWORD=...
    export REFERENCE_URL='trino://watchkeeper@trino.example/hive/sales?table=orders_2023'
    export CURRENT_URL='trino://watchkeeper@trino.example/hive/sales?table=orders&timeout=10m'

    pip install '.[databricks]'
    export DATABRICKS_TOKEN=...
    export REFERENCE_URL='databricks://host/main/sales?http_path=/sql/1.0/warehouses/1&table=orders_2023'
    export CURRENT_URL='databricks://host/main/sales?http_path=/sql/1.0/warehouses/1&table=orders'
"""

from __future__ import annotations

import math
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import watchkeeper as wk


def make(file: Path) -> tuple[object, object]:
    """Orders of two years, which became larger, as tables of Ibis."""
    import ibis  # needed without a warehouse only

    with closing(sqlite3.connect(file)) as trips, trips:
        for name, factor in (("orders_2023", 1.0), ("orders", 1.5)):
            trips.execute(f"CREATE TABLE {name} (amount REAL, country TEXT)")
            held = [(factor * math.exp(i * 0.618 % 1), "DEF"[i % 3]) for i in range(2000)]
            trips.executemany(f"INSERT INTO {name} VALUES (?, ?)", held)  # noqa: S608  # our names
    connection = ibis.sqlite.connect(file)
    return connection.table("orders_2023"), connection.table("orders")


def main() -> None:
    """Compare, and leave the report here."""
    with tempfile.TemporaryDirectory() as folder:
        if "REFERENCE_URL" in os.environ:
            reference, current = os.environ["REFERENCE_URL"], os.environ["CURRENT_URL"]
            report = wk.compare(reference, current)
        else:
            report = wk.compare(*make(Path(folder) / "orders.sqlite"))
    report.save("report.html")
    print(report.headline)


if __name__ == "__main__":
    main()
