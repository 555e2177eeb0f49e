"""Compare two parts of a ClickHouse table, on a server or by its engine in this process.

Run it as it is for a small table that it makes in a folder, without a server:

    pip install '.[chdb]'    # in a clone of the repository
    python examples/engine_clickhouse.py

or with a server's address in the environment, and two queries:

    pip install '.[clickhouse]'    # in a clone of the repository
    export CLICKHOUSE_USER=watchkeeper CLICKHOUSE_PASSWORD=...
    export CLICKHOUSE_URL='clickhouses://ch.example/sales'
    export REFERENCE="SELECT * FROM orders WHERE day < '2024-06-01'"
    export CURRENT="SELECT * FROM orders WHERE day >= '2024-06-01'"
    python examples/engine_clickhouse.py
"""

from __future__ import annotations

import os
import tempfile

import watchkeeper as wk

ORDERS = """
CREATE TABLE orders ENGINE = MergeTree ORDER BY day AS SELECT
    toDate('2024-01-01') + number % 300 AS day,
    exp(randNormal(3, 1) + (day >= '2024-06-01')) AS amount,
    ['de', 'fr', 'es'][1 + rand(1) % 3] AS country
FROM numbers(100000)
"""


def make(folder: str) -> str:
    """A table of orders, which become larger in June, and the address of its folder."""
    import chdb  # needed without a server only

    connection = chdb.connect(folder)
    connection.query(ORDERS)
    connection.close()
    return f"clickhouse://{folder}"


def main() -> None:
    """Compare, and leave the report here."""
    days = "SELECT * FROM orders WHERE day"
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("CLICKHOUSE_URL") or make(folder)
        reference = os.environ.get("REFERENCE", f"{days} < '2024-06-01'")
        current = os.environ.get("CURRENT", f"{days} >= '2024-06-01'")
        report = wk.compare(f"{url}?query={reference}", f"{url}?query={current}&timeout=10m")
    report.save("report.html")
    print(report.headline)


if __name__ == "__main__":
    main()
