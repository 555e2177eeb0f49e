"""Times the store of buckets under a year of one model: what it costs to write, and each read.

``python -m benchmarks.series`` prints a Markdown table. The year has 100 features and an hour
bucket of each for every hour; the hours repeat a few dozen that were profiled from rows, since
what the store does depends on the bytes of a part and not on the day. Segments are written for
the last days only, as a server keeps them. Each read stands beside its floor: SQLite reading the
same bytes and nothing else.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.data import batches
from watchkeeper.core.model import Column, Kind, Model, Role, Task
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.parts import PERFORMANCE, Segment, column_part, split_profile
from watchkeeper.store.bucket_file import LEVELS, part_key
from watchkeeper.store.buckets import Buckets, Slot

MODEL = "bench"
SEGMENT = "c_20"
KINDS = {
    "f": Kind.NUMERIC, "i": Kind.NUMERIC, "c": Kind.CATEGORICAL, "b": Kind.CATEGORICAL,
    "t": Kind.DATETIME,
}  # fmt: skip
END = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Parts = dict[Segment, dict[str, Any]]


@dataclass(frozen=True)
class Read:
    """One question and how it is asked of `Buckets.read`."""

    name: str
    parts: tuple[str, ...] | None
    days: float
    step_s: int | None
    segment: Segment | None = None


def reads(columns: Sequence[str]) -> tuple[Read, ...]:
    """The questions that a page asks."""
    one = (column_part(columns[0]),)
    words = (column_part("c_1000"),)
    label = (PERFORMANCE,)
    part = (SEGMENT, f"{SEGMENT[2:]}-0")
    return (
        Read("one number, 365 days by day", one, 365, 86_400),
        Read("one category of 1,000, 365 days by day", words, 365, 86_400),
        Read("performance, 365 days by day", label, 365, 86_400),
        Read("one number, 16 days by hour", one, 16, 3_600),
        Read("performance, 16 days by hour", label, 16, 3_600),
        Read("one number, 90 days by 6 hours", one, 90, 21_600),
        Read("performance, 90 days by 6 hours", label, 90, 21_600),
        Read("performance of a segment, 14 days by hour", label, 14, 3_600, part),
        Read("all parts, 30 days in one", None, 30, None),
        Read("all parts, 30 days and 7 hours in one", None, 30 + 7 / 24, None),
        Read("all parts, 24 hours in one", None, 1, None),
    )


def main() -> None:
    """Build the year, time the reads, print the table."""
    args = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        path = args.file or Path(folder) / "buckets.db"
        print("| step | wall ms | CPU ms | floor ms | |\n|---|---:|---:|---:|---|")
        layout, made = hours(args)
        store = Buckets(path)
        if not store.models():
            build(store, layout, made, args)
        _print_reads(store, layout, path)
        _print_write(store, layout, made)
        store.close()
        _print_size(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--segment-days", type=int, default=14, help="days of segments by hour")
    parser.add_argument("--features", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1141, help="predictions in an hour")
    parser.add_argument("--distinct", type=int, default=24, help="hours that are profiled")
    parser.add_argument("--file", type=Path, help="keep the store here, and use it again")
    return parser.parse_args()


def hours(args: argparse.Namespace) -> tuple[Layout, list[Parts]]:
    """The layout, and the parts of some hours profiled from rows."""
    sample = rows(args, "reference", 50_000)
    features = sample.schema.names[: args.features]
    columns = tuple(Column(name, KINDS[name[0]]) for name in features)
    label = Column("y", Kind.CATEGORICAL, Role.LABEL)
    model = Model(
        MODEL, (*columns, label, Column("s", Kind.NUMERIC, Role.SCORE)),
        task=Task.BINARY, label="y", score="s", segments=(SEGMENT,),
    )  # fmt: skip
    layout = fit_layout(model, pa.Table.from_batches([sample]))
    current = rows(args, "current", args.rows * args.distinct)
    cuts = [current.slice(at * args.rows, args.rows) for at in range(args.distinct)]
    begun = time.process_time()
    made = [split_profile(profile_batch(cut, layout)) for cut in cuts]
    line("profile an hour, whole and 21 segments", cpu=(time.process_time() - begun) / len(cuts))
    return layout, made


def rows(args: argparse.Namespace, table: str, count: int) -> pa.RecordBatch:
    """Rows with a score that tells something of the label."""
    made = pa.Table.from_batches(batches(table, count, args.features)).combine_chunks()
    rng = np.random.default_rng(1)
    score = rng.beta(0.6, 2.0, count)
    label = (rng.random(count) < score).astype(int)
    known = rng.random(count) > 0.2
    wide = made.append_column("y", pa.array(label, mask=~known)).append_column("s", pa.array(score))
    return wide.to_batches()[0]


def build(store: Buckets, layout: Layout, made: list[Parts], args: argparse.Namespace) -> None:
    """Write every hour of the year, then roll up its days."""
    begun, cpu = time.perf_counter(), time.process_time()
    identity = layout.id
    for at in range(args.days * 24):
        hour = END - DAY * args.days + HOUR * at
        recent = hour >= END - DAY * args.segment_days
        with store.transaction(now=hour) as change:
            for (column, value), parts in made[at % len(made)].items():
                if recent or not column:
                    slot = Slot(MODEL, identity, "1", column, value)
                    change.merge(hour, slot, parts, rows=args.rows)
    line(
        f"write {args.days * 24:,} hours, {args.segment_days} days of them with segments",
        wall=time.perf_counter() - begun, cpu=time.process_time() - cpu,
    )  # fmt: skip
    begun, cpu, done = time.perf_counter(), time.process_time(), 0
    while found := store.roll_up(before=END, limit=500):
        done += found
    line(
        "roll up a day of one slot (102 parts)",
        wall=(time.perf_counter() - begun) / done, cpu=(time.process_time() - cpu) / done,
    )  # fmt: skip


def _print_reads(store: Buckets, layout: Layout, path: Path) -> None:
    identity = layout.id
    names = [name for name in layout.axes if name[0] == "f"]
    for read in reads(names):
        # Whole days where they are asked for: the window ends at midnight.
        start = END - timedelta(seconds=round(read.days * 86_400))

        def ask(read: Read = read, start: datetime = start) -> list[Any]:
            return store.read(
                MODEL, layout=identity, parts=read.parts, start=start, end=END,
                step_s=read.step_s, segment=read.segment,
            )  # fmt: skip

        keys, count = _keys_of(path, read, start)
        points = len(ask())
        wall, cpu = timed(ask)
        floor, _ = timed(lambda keys=keys: _raw(path, keys))
        line(read.name, wall=wall, cpu=cpu, floor=floor, note=f"{count:,} parts, {points} points")


def _keys_of(path: Path, read: Read, start: datetime) -> tuple[list[tuple[int, int]], int]:
    """The ranges of keys that hold the answer, and how many parts lie in them."""
    first, end = (int(at.timestamp()) // 3600 for at in (start, END))
    step = 24 if read.step_s is None else read.step_s // 3600
    level = next(hours for hours in reversed(LEVELS) if step % hours == 0)
    whole = -(-first // level) * level
    connection = sqlite3.connect(path)
    rows = connection.execute(
        'SELECT series.id, part FROM series JOIN slots ON slots.id = slot WHERE "column" = ? '
        "AND value = ? ORDER BY series.id",
        read.segment or ("", ""),
    ).fetchall()
    keys = []
    for series, part in rows:
        if read.parts is None or part in read.parts:
            keys.append((part_key(series, level, whole), part_key(series, level, end - 1)))
            if whole > first:
                keys.append((part_key(series, 1, first), part_key(series, 1, whole - 1)))
    count = sum(
        connection.execute("SELECT count(*) FROM parts WHERE key BETWEEN ? AND ?", pair).fetchone()[
            0
        ]
        for pair in keys
    )
    connection.close()
    return keys, count


def _raw(path: Path, keys: list[tuple[int, int]]) -> int:
    connection = sqlite3.connect(path)
    size = 0
    for pair in keys:
        for _, body in connection.execute(
            "SELECT key, body FROM parts WHERE key BETWEEN ? AND ?", pair
        ):
            size += len(body)
    connection.close()
    return size


def _print_write(store: Buckets, layout: Layout, hours: list[Parts]) -> None:
    """The hour that is going on, written again every few seconds."""
    identity, turn = layout.id, iter(range(10**6))

    def write() -> None:
        with store.transaction(now=END) as change:
            for (column, value), parts in hours[next(turn) % len(hours)].items():
                change.merge(END, Slot(MODEL, identity, "1", column, value), parts, rows=10)

    parts = sum(len(held) for held in hours[0].values())
    wall, cpu = timed(write)
    line("add to the hour that is going on", wall=wall, cpu=cpu, note=f"{parts:,} parts")


def _print_size(path: Path) -> None:
    connection = sqlite3.connect(path)
    count, body = connection.execute("SELECT count(*), sum(length(body)) FROM parts").fetchone()
    connection.close()
    print(
        f"\nFile: {path.stat().st_size / 1e6:,.0f} MB with {count:,} parts of {body / count:,.0f} "
        f"bytes in the mean ({body / 1e6:,.0f} MB)."
    )


def timed(ask: Callable[[], Any], runs: int = 7) -> tuple[float, float]:
    """Median wall and CPU seconds."""
    walls, cpus = [], []
    for _ in range(runs):
        begun, cpu = time.perf_counter(), time.process_time()
        ask()
        walls.append(time.perf_counter() - begun)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus)


def line(
    name: str,
    *,
    wall: float | None = None,
    cpu: float | None = None,
    floor: float | None = None,
    note: str = "",
) -> None:
    """Print a line of the table; times are given in seconds and shown in milliseconds."""
    cells = ["" if held is None else f"{held * 1e3:,.1f}" for held in (wall, cpu, floor)]
    print(f"| {name} | {' | '.join(cells)} | {note} |", flush=True)


if __name__ == "__main__":
    main()
