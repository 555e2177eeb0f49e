"""How fast the server takes records in, client and server on one machine.

Run it with `python -m benchmarks.ingest`; `--soak 30` goes on for 30 minutes at half the rate that
JSON lines reached (or at `--rate`) and says what memory did. The model has a reference, so all that
comes in is profiled by the hour as well. Beside each figure stands its floor, measured in the
same run: how often this disk can be synced, and how fast these bytes can be decoded at all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pyarrow as pa
from rich.console import Console
from rich.progress import Progress

FEATURES = [f"feature_{n}" for n in range(20)]
JSON_LINES = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, int, psutil.Process]]:
    """A server on an empty folder: its host, port and process."""
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "watchkeeper", "serve", "--data", str(folder / "data"),
               "--port", "0", "--ready-file", str(ready), "--log-level", "warning"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise SystemExit("the server did not start")
                time.sleep(0.05)
            url = json.loads(ready.read_text())["url"]
            host, port = url.removeprefix("http://").split(":")
            yield host, int(port), psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


class Records:
    """Bodies of 20-feature records: half numbers, a few categories, a score, a prediction."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._next = 0

    def table(self, rows: int) -> pa.Table:
        """Records as the columns of one Arrow body."""
        first, self._next = self._next, self._next + rows
        score = self._rng.random(rows)
        columns: dict[str, object] = {
            "id": [f"p{n}" for n in range(first, first + rows)],
            "time": np.full(rows, time.time()),
            "model": pa.array(["bench"] * rows),
            "version": pa.array(["1"] * rows),
            "prediction": np.where(score > 0.5, "1", "0"),
            "score": score,
        }
        for index, name in enumerate(FEATURES):
            if index % 5 == 4:
                columns[name] = self._rng.choice(["red", "green", "blue"], rows)
            else:
                columns[name] = self._rng.normal(size=rows)
        return pa.table(columns)

    def json_lines(self, rows: int) -> bytes:
        """Records as JSON lines."""
        encoder = msgspec.json.Encoder()
        lines = []
        for row in self.table(rows).to_pylist():
            record = {k: v for k, v in row.items() if k not in FEATURES}
            record["features"] = {name: row[name] for name in FEATURES}
            lines.append(encoder.encode(record))
        return b"\n".join(lines)

    def arrow(self, rows: int) -> bytes:
        """Records as an Arrow stream."""
        table = self.table(rows)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return sink.getvalue().to_pybytes()


def request(host: str, body: bytes, kind: str) -> bytes:
    """The bytes of one request."""
    head = (
        f"POST /v1/predictions HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes
) -> tuple[int, bytes]:
    """Send one request on an open connection; the status and the body of the answer."""
    writer.write(data)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


async def flood(
    host: str, port: int, bodies: list[bytes], kind: str, records: int, connections: int
) -> float:
    """Send all bodies as fast as answers come; records a second."""
    waiting = [request(f"{host}:{port}", body, kind) for body in bodies]
    refused = 0

    async def work() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
        while waiting:
            data = waiting.pop()
            status, answer = await send(reader, writer, data)
            if status == 429:
                refused += 1
                waiting.append(data)
                await asyncio.sleep(0.2)
            elif status != 200:
                raise SystemExit(f"{status}: {answer[:300]!r}")
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    took = time.perf_counter() - started
    if refused:
        Console().print(f"  {refused} requests were told to come back later (429)")
    return len(bodies) * records / took


async def steady(host: str, port: int, bodies: list[bytes], rate: float) -> list[float]:
    """Send single records at a fixed rate, however slow the answers; seconds from due to answer."""
    latencies: list[float] = []
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(64):
        free.put_nowait(await asyncio.open_connection(host, port))
    started = time.perf_counter()

    async def one(due: float, data: bytes) -> None:
        reader, writer = await free.get()
        status, answer = await send(reader, writer, data)
        latencies.append(time.perf_counter() - due)
        free.put_nowait((reader, writer))
        if status != 200:
            raise SystemExit(f"{status}: {answer[:300]!r}")

    async with asyncio.TaskGroup() as tasks:
        for index, body in enumerate(bodies):
            due = started + index / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            data = request(f"{host}:{port}", body, "application/json")
            tasks.create_task(one(due, data))
    while not free.empty():
        free.get_nowait()[1].close()
    return latencies


def sync_ms(folder: Path) -> float:
    """The floor of durability: the median time to append 4 KiB and have it on disk."""
    took = []
    with (folder / "floor").open("wb", buffering=0) as file:
        for _ in range(200):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - started)
    return float(np.median(took)) * 1000


def decode_rate(body: bytes, records: int) -> float:
    """The floor of reading: JSON lines decoded by msgspec alone, records a second on one core."""
    decoder = msgspec.json.Decoder()
    started = time.perf_counter()
    for _ in range(5):
        decoder.decode_lines(body)
    return 5 * records / (time.perf_counter() - started)


def resident(process: psutil.Process) -> list[int]:
    """MiB of the server and of its worker."""
    return [p.memory_info().rss >> 20 for p in (process, *process.children(recursive=True))]


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement, about")
    parser.add_argument("--soak", type=float, default=0.0, help="minutes at half the peak rate")
    parser.add_argument("--rate", type=float, help="records a second of the soak")
    options = parser.parse_args()
    console = Console()
    records = Records()
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as (host, port, process):
        _refer(f"http://{host}:{port}", records, Path(name))
        floor = sync_ms(Path(name))
        lines = [records.json_lines(1_000) for _ in range(40)]
        decode = decode_rate(lines[0], 1_000)
        _flood(host, port, lines[:10], JSON_LINES, 1_000)
        json_rate = _flood(
            host, port, _repeated(lines, int(options.seconds * 40)), JSON_LINES, 1_000
        )
        _drained(host, port)
        arrow = [records.arrow(20_000) for _ in range(10)]
        arrow_rate = _flood(host, port, _repeated(arrow, int(options.seconds * 15)), ARROW, 20_000)
        backlog = _drained(host, port)
        singles = [records.json_lines(1) for _ in range(2_000)]
        count = int(options.seconds * 1_000)
        latencies = asyncio.run(steady(host, port, _repeated(singles, count), 1_000.0))
        p50, p99 = np.quantile(latencies, [0.5, 0.99]) * 1000
        console.print(
            "| what | measured | floor |\n|---|---:|---:|\n"
            f"| JSON lines, 1,000 records a request | {json_rate:,.0f} records/s | "
            f"{decode:,.0f} records/s decoded by msgspec alone |\n"
            f"| Arrow, 20,000 records a request | {arrow_rate:,.0f} records/s | "
            f"in the tables and measured {backlog:.0f} s after the last |\n"
            f"| one record a request, 1,000 requests/s: P50 | {p50:.1f} ms | "
            f"{floor:.1f} ms to sync 4 KiB |\n"
            f"| the same: P99 | {p99:.1f} ms | |\n"
            f"| resident memory of server and worker | {resident(process)} MiB | |",
            markup=False,
        )
        if options.soak:
            _soak(
                host, port, process, lines, rate=options.rate or json_rate / 2, minutes=options.soak
            )


def _refer(url: str, records: Records, folder: Path) -> None:
    """Register the model with a reference of 20,000 rows."""
    import pyarrow.parquet as pq

    from watchkeeper_client import Client
    from watchkeeper_client.reading import Reader

    kept = [*FEATURES, "prediction", "score"]
    pq.write_table(records.table(20_000).select(kept), folder / "reference.parquet")
    model = {"name": "bench", "task": "binary", "prediction": "prediction", "score": "score",
             "classes": ["0", "1"]}  # fmt: skip
    with Client(url) as client:
        reader = Reader(client)
        reader.apply(model)
        reader.set_reference("bench", folder / "reference.parquet")


def _repeated(bodies: list[bytes], count: int) -> list[bytes]:
    return [bodies[n % len(bodies)] for n in range(count)]


def _flood(host: str, port: int, bodies: list[bytes], kind: str, records: int) -> float:
    return asyncio.run(flood(host, port, bodies, kind, records, connections=8))


def _drained(host: str, port: int) -> float:
    """Wait until all is in the tables and measured; the seconds that it took."""
    import urllib.request

    started = time.monotonic()
    while True:
        with urllib.request.urlopen(f"http://{host}:{port}/v1/models/bench") as answer:
            if json.load(answer)["measured"]:
                return time.monotonic() - started
        time.sleep(0.25)


def _soak(  # what a soak is made of
    host: str, port: int, process: psutil.Process, bodies: list[bytes], *, rate: float,
    minutes: float,
) -> None:  # fmt: skip
    """Send JSON lines at a fixed rate, and look at memory every minute."""
    console = Console()
    seconds = minutes * 60
    seen: list[list[int]] = []
    taken = 0

    async def work(step: Callable[[float], None]) -> None:
        nonlocal taken
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
        started = time.monotonic()
        sent = 0
        while (now := time.monotonic() - started) < seconds:
            body = bodies[sent % len(bodies)]
            status, _ = await send(reader, writer, request(f"{host}:{port}", body, JSON_LINES))
            sent += status == 200
            taken = sent * 1_000
            if now // 60 >= len(seen):
                seen.append(resident(process))
                step(now)
            await asyncio.sleep(max(started + sent * 1_000 / rate - time.monotonic(), 0))
        writer.close()

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"soak at {rate:,.0f} records/s", total=seconds)
        run: Awaitable[None] = work(lambda now: progress.update(task, completed=now))
        asyncio.run(_awaited(run))
    console.print(f"{taken:,} records taken, {taken / seconds:,.0f} a second")
    console.print(f"resident MiB of server and worker, each minute: {seen}", markup=False)


async def _awaited(work: Awaitable[None]) -> None:
    await work


if __name__ == "__main__":
    main()
