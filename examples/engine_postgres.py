"""Compare two tables or queries of a PostgreSQL server; their rows stay there.

Run it with both addresses in the environment, and the password apart from them:

    pip install '.[postgres]'    # in a clone of the repository
    export PGPASS=...
    export REFERENCE_URL='postgres://watchkeeper:${PGPASS}@db.example/sales?table=orders_2023'
    export CURRENT_URL='postgres://watchkeeper:${PGPASS}@db.example/sales?table=orders&timeout=10m'
    python examples/engine_postgres.py
"""

from __future__ import annotations

import os

import watchkeeper as wk


def tell(done: float, text: str) -> None:
    """Print how far it is."""
    print(f"{done:4.0%} {text}")


def main() -> None:
    """Compare, and leave the report beside a profile that later comparisons can use."""
    reference = wk.profile(os.environ["REFERENCE_URL"], progress=tell)
    report = wk.compare(reference, os.environ["CURRENT_URL"])
    report.save("report.html")
    print(report.headline)


if __name__ == "__main__":
    main()
