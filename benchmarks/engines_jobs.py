"""One job of `benchmarks.engines` in a process of its own; prints what it took as JSON."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa

from watchkeeper.app.profiling import draw_sample, profile_source
from watchkeeper.app.sources import open_source
from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.profiles.codec import encode
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.layout import Layout

MEMORY = "2GiB"


def layout_of(sample: pa.Table) -> Layout:
    """Texts and booleans as categories, times and numbers on grids."""

    def kind(type_: pa.DataType) -> Kind:
        if pa.types.is_temporal(type_):
            return Kind.DATETIME
        is_category = pa.types.is_string(type_) or pa.types.is_boolean(type_)
        return Kind.CATEGORICAL if is_category else Kind.NUMERIC

    columns = tuple(Column(field.name, kind(field.type)) for field in sample.schema)
    return fit_layout(Model("engines", columns), sample)


def timed(
    action: Callable[[], Any], runs: int, cpu: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """What a call costs: the first, which starts processes and compiles, then the median of some.

    CPU seconds are of all processes that work for it; where a machine is shared they say more.
    """
    walls, cpus = [], []
    for _ in range(runs + 1):
        start, used = time.perf_counter(), cpu()
        action()
        walls.append(time.perf_counter() - start)
        cpus.append(cpu() - used)
    return {
        "first": walls[0],
        "wall": statistics.median(walls[1:] or walls),
        "cpu": statistics.median(cpus[1:] or cpus),
    }


def cpu_below(parents: list[int]) -> float:
    """CPU seconds so far of this process, its children, and all processes below some others."""
    roots = [psutil.Process(parent) for parent in parents]
    total = 0.0
    for process in (psutil.Process(), *(c for r in roots for c in r.children(recursive=True))):
        with suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])  # those of children that have ended too
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            total += sum(child.cpu_times()[:4])
    return total


def on_duckdb(args: argparse.Namespace) -> dict[str, Any]:
    """Parquet through DuckDB in this process, with little memory, and its floor."""
    import duckdb

    os.sched_setaffinity(0, range(args.cores))
    os.cpu_count = lambda: args.cores  # type: ignore[assignment]  # so many threads measure
    connection = duckdb.connect(config={"memory_limit": MEMORY, "threads": args.cores})
    relation = connection.sql(f"FROM read_parquet('{args.data}/*.parquet')")
    with_floor = ", ".join(f'count("{c}"), min("{c}"), max("{c}")' for c in relation.columns)
    source = open_source(relation, name="rows")
    layout = layout_of(draw_sample(source))
    profile = timed(lambda: profile_source(source, layout), args.runs)
    floor = timed(lambda: relation.aggregate(with_floor).to_arrow_table(), args.runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"profile": profile, "floor": floor, "peak": peak}


def on_spark(args: argparse.Namespace) -> dict[str, Any]:
    """Parquet on a Spark cluster: the profile, its floor, and a group-by for each column."""
    end = "&".join(f"{key}={value}" for key, value in json.loads(args.options).items())
    source: Any = open_source(f"{args.url}?path={args.data}&{end}&spark.ui.enabled=true")
    layout = layout_of(draw_sample(source))
    found: dict[str, Any] = {}
    before = shipped(source)

    def profile() -> None:
        found["profile"] = profile_source(source, layout)

    def cpu() -> float:
        return cpu_below(args.workers)

    result: dict[str, Any] = {"profile": timed(profile, args.runs, cpu)}
    result["shipped"] = (shipped(source) - before) / (args.runs + 1)
    result["encoded"] = len(encode(found["profile"]))
    result["floor"] = timed(lambda: ends_of(source.frame).collect(), args.runs, cpu)
    if args.naive:
        result["naive"] = timed(lambda: naive(source.frame, layout).collect(), 1, cpu)
    source.close()
    return result


def shipped(source: Any) -> int:
    """Bytes of results that tasks have sent to the driver, as Spark counts them."""
    context = source.frame.sparkSession.sparkContext
    at = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/stages"
    time.sleep(1.0)  # It is told of a stage a moment later.
    with urllib.request.urlopen(at) as answer:
        return sum(stage["resultSize"] for stage in json.load(answer))


def ends_of(frame: Any) -> Any:
    """The floor: count, minimum and maximum of each column in one plain scan."""
    from pyspark.sql import functions as sf

    how = (sf.count, sf.min, sf.max)
    return frame.agg(*(f(name) for name in frame.columns for f in how))


def naive(frame: Any, layout: Layout) -> Any:
    """One group-by for each column, in a union: bins of equal width, or values, and their sums."""
    from pyspark.sql import functions as sf

    parts = []
    for name, axis in layout.axes.items():
        column = sf.col(name)
        number = column.cast("double")
        if hasattr(axis, "edges"):
            low, high = float(axis.edges[0]), float(axis.edges[-1])
            width = (high - low) / len(axis.edges) or 1.0
            key = sf.floor((number - low) / width).cast("string")
        else:
            key, number = column.cast("string"), sf.lit(1.0)
        grouped = frame.select(key.alias("key"), number.alias("x")).groupBy("key")
        parts.append(
            grouped.agg(
                sf.count("x").alias("rows"), sf.sum("x").alias("total"),
                sf.sum(sf.col("x") * sf.col("x")).alias("squares"), sf.min("x").alias("low"),
                sf.max("x").alias("high"),
            ).withColumn("column", sf.lit(name))
        )  # fmt: skip
    return reduce(lambda a, b: a.unionByName(b), parts)


def main() -> None:
    """Run one job and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("duckdb", "spark"), required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--url", default="")
    parser.add_argument("--options", default="{}")
    parser.add_argument("--workers", type=int, nargs="*", default=[])
    parser.add_argument("--naive", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    found = on_duckdb(args) if args.engine == "duckdb" else on_spark(args)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
