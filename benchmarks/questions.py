"""How long a question takes to answer, from profiles of a year of one model with 100 features.

Run it with `python -m benchmarks.questions`. It builds the year as `benchmarks.series` does, and
asks what a model's page asks: each metric over the year by day, and the whole page of 30 days.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import series as year
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.overview import measure_overview
from watchkeeper.app.live.questions import SeriesQuery
from watchkeeper.app.live.registered import Reference
from watchkeeper.app.live.series import measure_series
from watchkeeper.core.windows import Window
from watchkeeper.metrics.find import find_metric, metric_names
from watchkeeper.profiles.fit import with_bounds
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.traffic import measure_traffic
from watchkeeper.store.buckets import Buckets, Slot


def main() -> None:
    """Build the year, or take it from a file, and time the questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--file", type=Path, help="keep the store here, and use it again")
    options = parser.parse_args()
    args = argparse.Namespace(
        days=options.days, segment_days=2, features=100, rows=1141, distinct=24
    )
    with tempfile.TemporaryDirectory() as folder:
        store = Buckets(options.file or Path(folder) / "buckets.db")
        print("| question | wall ms | CPU ms | | |\n|---|---:|---:|---:|---|")
        layout, hours = year.hours(args)
        if not store.models():
            year.build(store, layout, hours, args)
            build_traffic(store, args)
        _ask(store, layout, args)
        store.close()


def build_traffic(store: Buckets, args: argparse.Namespace) -> None:
    """The traffic of each hour, with latencies of two stages."""
    rng = np.random.default_rng(2)
    for at in range(args.days * 24):
        hour = year.END - year.DAY * args.days + year.HOUR * at
        rows = pa.record_batch(
            {
                "_time": pa.array([hour] * args.rows, pa.timestamp("us", "UTC")),
                "_prediction": ["1"] * args.rows,
                "_latency_ms": rng.lognormal(2, 0.5, args.rows),
                "_inference_ms": rng.lognormal(1, 0.5, args.rows),
            }
        )
        with store.transaction(now=hour) as change:
            slot = Slot(year.MODEL, "", "1")
            change.merge(hour, slot, {"traffic": measure_traffic(rows)}, rows=args.rows)
    while store.roll_up(before=year.END, limit=500):
        pass


def _ask(store: Buckets, layout: Layout, args: argparse.Namespace) -> None:
    sample = year.rows(args, "reference", 50_000)
    profile = with_bounds(profile_batch(sample, layout))
    reference = Reference(1, "data", {}, layout.id, profile, year.END)
    measured = Measured(year.MODEL, store, reference)
    window = Window(year.END - year.DAY * args.days, year.END)
    number = next(name for name in layout.axes if name.startswith("f"))
    times: dict[str, tuple[float, float]] = {}
    for name in metric_names():
        found = find_metric(name)
        if found.groups or found.part in {"labels", "outcomes"}:
            continue
        if found.part == "performance" and "binary" not in found.metric.needs:
            continue
        column = (number,) if "numeric" in found.metric.needs else (year.SEGMENT,)
        query = SeriesQuery((name,), column if found.part == "column" else (), step="1d")
        times[name] = year.timed(
            lambda query=query: measure_series(measured, query, window=window, now=year.END), runs=3
        )
    for name, (wall, cpu) in sorted(times.items(), key=lambda pair: -pair[1][0])[:12]:
        year.line(f"`{name}`, a year by day", wall=wall, cpu=cpu)
    walls = sorted(wall for wall, _ in times.values())
    year.line(f"the median of {len(walls)} metrics", wall=walls[len(walls) // 2])
    month = Window(year.END - timedelta(days=30), year.END)
    wall, cpu = year.timed(lambda: measure_overview(measured, window=month, now=year.END), runs=3)
    year.line("the whole page of 30 days: 102 columns", wall=wall, cpu=cpu)


if __name__ == "__main__":
    main()
