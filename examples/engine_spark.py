"""Compare two tables on Spark, where they lie.

Run it with the addresses of a reference and of newer rows, for example:

    export REFERENCE='spark://master:7077?table=sales.may'
    export CURRENT='spark://master:7077?table=sales.june'
    python examples/engine_spark.py

It needs `pip install '.[spark]'` here and in the Python of the workers. Without
addresses it makes two small tables in a Spark of this process.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import watchkeeper as wk


def tables() -> tuple[Any, Any]:
    """The addresses of the environment, or two small DataFrames."""
    if "REFERENCE" in os.environ:
        return os.environ["REFERENCE"], os.environ["CURRENT"]
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.master("local[2]").getOrCreate()
    query = "SELECT rand({0}) * {1} AS amount, id % 5 AS region FROM range(20000)"
    return spark.sql(query.format(1, 10)), spark.sql(query.format(2, 12))


def main() -> None:
    """Print what has changed."""
    reference, current = tables()
    report = wk.compare(reference, current)
    print(report.headline)
    report.save("spark.html")
    print("The whole report is in spark.html")


if __name__ == "__main__":
    main()
