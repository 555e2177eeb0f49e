"""The same profile on Spark and on DuckDB: seconds, cores, memory, bytes shipped to the driver.

Run it with ``python -m benchmarks.engines --rows 2000000 10000000``. It writes Parquet files of
twenty columns, starts a standalone Spark cluster of one master and two workers on the loopback
interface, and profiles the files there with one core and with two, and with DuckDB in one process
whose memory is limited to 2 GiB. Beside each stands a floor: count, minimum and maximum of each
column in one plain scan of the same engine; on Spark also the naive way, a group-by for each
column in a union. Seconds are the median of the runs after the first; CPU seconds are those of all
processes that work for it, which carry further where the machine is shared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.engines_data import write
from tests.engines.spark_cluster import Cluster, running_cluster

HEAD = (
    "| rows | engine | cores | first s | profile s | CPU s | plain scan s | CPU s | naive s "
    "| CPU s | to driver KB | peak MiB |\n" + "|---:|---|" + "---:|" * 10
)


def main() -> None:
    """Measure each size, and print a line of the table for each job."""
    args = _arguments()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as made, running_cluster() as cluster:
        for rows in args.rows:
            data = (args.data or Path(made)) / str(rows)
            write(data, rows)
            for cores in args.cores:
                for engine in args.engines:
                    naive = engine == "spark" and rows <= args.naive_up_to
                    print(
                        _line(
                            rows,
                            engine,
                            cores,
                            _job(args, cluster, engine, data, cores, naive=naive),
                        ),
                        flush=True,
                    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000, 10_000_000])
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engines", nargs="+", default=["duckdb", "spark"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--naive-up-to", type=int, default=2_000_000)
    parser.add_argument("--data", type=Path, help="keep the files here, and use them again")
    return parser.parse_args()


def _job(
    args: argparse.Namespace, cluster: Cluster, engine: str, data: Path, cores: int, *, naive: bool
) -> dict[str, Any]:
    options = cluster.options(
        cores=cores, **{"spark.executor.memory": "1g", "spark.driver.memory": "1g"}
    )
    command = [
        sys.executable, "-m", "benchmarks.engines_jobs", "--engine", engine, "--data", data,
        "--cores", cores, "--runs", args.runs, "--url", cluster.url,
        "--options", json.dumps({k: v for k, v in options.items() if k != "spark.ui.enabled"}),
        "--workers", *(worker.pid for worker in cluster.workers),
        *(["--naive"] if naive else []),
    ]  # fmt: skip
    with _peak(cluster) as peak:
        done = subprocess.run(
            list(map(str, command)), stdout=subprocess.PIPE, env=cluster.environment, check=True
        )
    return {**json.loads(done.stdout), "executors": peak[0]}


@contextmanager
def _peak(cluster: Cluster) -> Iterator[list[int]]:
    """The most memory that all executors and their Python workers held at once, in bytes."""
    peak, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            peak[0] = max(peak[0], sum(map(_held, cluster.workers)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _held(worker: subprocess.Popen[bytes]) -> int:
    total = 0
    for child in psutil.Process(worker.pid).children(recursive=True):
        try:
            # What forks share counts once for each; the proportional share would be too slow.
            total += child.memory_info().rss
        except psutil.Error:
            continue
    return total


def _line(rows: int, engine: str, cores: int, found: dict[str, Any]) -> str:
    profile, floor, naive = found["profile"], found["floor"], found.get("naive")
    several = f"{naive['wall']:.1f} | {naive['cpu']:.1f}" if naive else " | "
    sent = f"{found['shipped'] / 1e3:.0f}" if "shipped" in found else ""
    memory = found["executors"] if engine == "spark" else found["peak"]
    return (
        f"| {rows:,} | {engine} | {cores} | {profile['first']:.1f} | {profile['wall']:.1f} | "
        f"{profile['cpu']:.1f} | {floor['wall']:.1f} | {floor['cpu']:.1f} | {several} | {sent} | "
        f"{memory / 2**20:,.0f} |"
    )


if __name__ == "__main__":
    start = time.monotonic()
    main()
    print(f"\n{time.monotonic() - start:.0f} s in all")
