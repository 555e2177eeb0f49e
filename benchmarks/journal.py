"""How fast the journal and the writer are, beside the disk's own speed in the same run.

`python -m benchmarks.journal` prints two tables. The floor of a submission is its bytes appended to
a file and synced by the same number of threads, each waiting for its own; the journal commits what
waits together, so with several at once it may be faster than that floor.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from watchkeeper.core.envelope import Signal
from watchkeeper.store.journal import Entry, Journal, Limits, Stored, Submission
from watchkeeper.store.tables import Tables
from watchkeeper.store.writer import Writer

_KEY_BYTES = 16
_MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
_LIMITS = Limits(max_backlog=1 << 34, min_free=0)


def timed(threads: int, seconds: float, call: Callable[[], object]) -> np.ndarray:
    """Call something again and again from several threads.

    Parameters
    ----------
    threads
        How many call at once.
    seconds
        For how long.
    call
        What is called.

    Returns
    -------
    numpy.ndarray
        How long each call took, in seconds.
    """
    times: list[float] = []
    end = time.perf_counter() + seconds

    def work() -> None:
        while (start := time.perf_counter()) < end:
            call()
            times.append(time.perf_counter() - start)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return np.array(times)


@contextmanager
def floor(folder: Path, size: int) -> Iterator[Callable[[], object]]:
    """Append and sync the same bytes."""
    body = os.urandom(size)
    handle = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def append() -> None:
        os.write(handle, body)
        os.fdatasync(handle)

    yield append
    os.close(handle)
    (folder / "floor").unlink()


@contextmanager
def journal(folder: Path, size: int) -> Iterator[Callable[[], object]]:
    """Submit and wait for the receipt; a thread releases what was submitted, as the writer does."""
    entry = Entry("predictions", "flights", 1, "rows", os.urandom(size))
    line = Journal(folder / "journal.db", limits=_LIMITS)
    other = Journal(folder / "journal.db", limits=_LIMITS)
    stop = threading.Event()

    def release() -> None:
        while not stop.wait(0.5):
            other.release(other.backlog().last_position)

    thread = threading.Thread(target=release)
    thread.start()
    yield lambda: line.submit(
        Submission(os.urandom(_KEY_BYTES).hex(), _MOMENT, (entry,), b"x" * 100)
    ).result()
    stop.set()
    thread.join()
    line.close()
    other.close()
    for path in folder.glob("journal.db*"):
        path.unlink()


def submissions(folder: Path, seconds: float) -> None:
    """Print rates and latencies of submissions, beside the floor."""
    print(f"{'body':>8} {'at once':>8} {'what':>8} {'per s':>8} {'MB/s':>7}", end="")
    print(f" {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'max ms':>8}")
    for size in (1 << 10, 1 << 20):
        for threads in (1, 8, 64):
            for name, subject in (("floor", floor), ("journal", journal)):
                with subject(folder, size) as call:
                    began = time.perf_counter()
                    times = timed(threads, seconds, call)
                    rate = len(times) / (time.perf_counter() - began)
                shares = np.percentile(times, [50, 95, 99, 100]) * 1e3
                print(
                    f"{size:>8} {threads:>8} {name:>8} {rate:>8.0f} {rate * size / 1e6:>7.1f}",
                    end="",
                )
                print("".join(f" {share:>8.2f}" for share in shares))


def features(rows: int) -> pa.Table:
    """Predictions with twenty features: fourteen doubles, three integers, three texts."""
    generator = np.random.default_rng(0)
    start = np.datetime64("2026-03-01T00:00:00", "us")
    stamp = pa.timestamp("us", "UTC")
    words = np.array(["north", "south", "east"])
    return pa.table({
        "_id": pa.array([f"{n:032x}" for n in range(rows)]),
        "_time": pa.array(start + np.arange(rows) * np.timedelta64(1000, "us"), stamp),
        "_received": pa.array(np.full(rows, start), stamp),
        "_position": pa.array(np.ones(rows, np.int64)),
        "_row": pa.array(np.arange(rows)),
        "_version": pa.array(["v1"] * rows),
        "_prediction": pa.array(generator.choice(["late", "in time"], rows)),
        "_score": generator.random(rows),
        "_latency_ms": generator.random(rows),
        **{f"double_{n}": generator.normal(size=rows) for n in range(14)},
        **{f"int_{n}": generator.integers(0, 1000, rows) for n in range(3)},
        **{f"text_{n}": generator.choice(words, rows) for n in range(3)},
    })  # fmt: skip


def writing(folder: Path) -> None:
    """Print rows a second through the writer, from journal entries of Arrow streams to commits."""
    print(f"\n{'rows':>8} {'entries':>8} {'steps':>6} {'rows/s':>9} {'MB/s in':>8} {'ms/step':>8}")
    for rows, entries in ((100, 100), (1000, 100), (10_000, 50), (100_000, 10)):
        table = features(rows)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        body = sink.getvalue().to_pybytes()
        home = folder / f"writer{rows}"
        line = Journal(home / "journal.db", limits=_LIMITS)
        for _ in range(entries):
            entry = Entry("predictions", "flights", rows, "arrow", body)
            line.submit(Submission(None, _MOMENT, (entry,), b"")).result()
        writer = Writer(line, Tables(home / "tables"), joined)
        began, steps = time.perf_counter(), 0
        while writer.step():
            steps += 1
        took = time.perf_counter() - began
        count = rows * entries
        print(f"{rows:>8} {entries:>8} {steps:>6} {count / took:>9.0f}", end="")
        print(f" {len(body) * entries / took / 1e6:>8.0f} {took / steps * 1e3:>8.0f}")
        line.close()


def joined(_model: str, _signal: Signal, entries: list[Stored]) -> pa.Table:
    """Arrow streams one after the other."""
    return pa.concat_tables(pa.ipc.open_stream(entry.body).read_all() for entry in entries)


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each line of the first")
    parser.add_argument("--folder", type=Path, help="a folder on the disk that is to be measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        submissions(Path(name), options.seconds)
        writing(Path(name))


if __name__ == "__main__":
    main()
