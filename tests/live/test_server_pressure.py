"""More than the server can take, and the end of a server that is busy."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa

from tests.live.loads import Poster, as_arrow, as_lines, shipments
from tests.live.processes import PATIENCE_S, Serving, ids_once, resident_bytes, serving, wait_until
from tests.live.stations import flights, predictions
from watchkeeper_client import Client, Settings
from watchkeeper_client.counts import Counts

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
MEBIBYTE = 1 << 20
SENDERS, BATCHES, ROWS = 6, 3, 10_000


def wide_table(sender: int, batch: int) -> pa.Table:
    """Rows of some 2.5 MB that do not compress."""
    rng = np.random.default_rng(1_000 * sender + batch)
    columns = {f"f{n}": rng.normal(size=ROWS) for n in range(30)}
    return pa.table(
        {
            "id": [f"{sender}-{batch}-{n}" for n in range(ROWS)],
            "time": pa.array([YESTERDAY] * ROWS, pa.timestamp("us", "UTC")),
            "prediction": rng.choice(["0", "1"], ROWS),
            **columns,
        }
    )


def send_all(url: str, sender: int, counts: dict[int, Counts]) -> None:
    """What one service does: log its tables, and wait until they have arrived."""
    settings = Settings(
        backoff_s=0.05, backoff_max_s=0.5, timeout_s=60.0, gzip_bytes=1 << 30, attempts=1_000,
    )  # fmt: skip
    with Client(url, model="wide", version="1", settings=settings) as client:
        for batch in range(BATCHES):
            client.log_batch(
                wide_table(sender, batch), id="id", time="time", prediction="prediction"
            )
        counts[sender] = client.flush(PATIENCE_S)


def test_pressure_is_answered_with_429_and_nothing_is_lost(tmp_path: Path) -> None:
    """45 MB at once against a backlog of 8 MB: the client comes again, and all arrives, once."""
    counts: dict[int, Counts] = {}
    with serving(tmp_path, "--max-backlog", "8M") as held:
        threads = [
            threading.Thread(target=send_all, args=(held.url, sender, counts), daemon=True)
            for sender in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE_S)
        held.settle()
        assert sum(one.retried for one in counts.values()) > 0, "the server was never busy"
        for one in counts.values():
            assert (one.logged, one.sent) == (BATCHES * ROWS, BATCHES * ROWS)
            assert (one.rejected, one.dropped, one.buffered) == (0, {}, 0)
        total = SENDERS * BATCHES * ROWS
        assert len(ids_once(held.rows("wide", "predictions", "_id"))) == total
        assert held.account("wide", "predictions")["accepted"] == total
        assert held.value("wide", "prediction_count") == total


class Caller(threading.Thread):
    """Sends most of a body, waits, sends the rest, and keeps the answer."""

    def __init__(self, port: int, body: bytes, go_on: threading.Event) -> None:
        super().__init__(daemon=True)
        self.held = threading.Event()
        self.status: int | None = None
        self.retry_after: str | None = None
        self._port = port
        self._body = memoryview(body)
        self._go_on = go_on

    def run(self) -> None:
        """Call the server, which may hang up on who sends too much."""
        call = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        call.putrequest("POST", "/v1/predictions?model=wide")
        call.putheader("Content-Type", "application/vnd.apache.arrow.stream")
        call.putheader("Content-Length", str(len(self._body)))
        call.endheaders()
        most = len(self._body) * 7 // 8
        with suppress(OSError):
            call.send(self._body[:most])
            self.held.set()
            self._go_on.wait(PATIENCE_S)
            call.send(self._body[most:])
        self.held.set()
        with suppress(OSError):
            answer = call.getresponse()
            self.status, self.retry_after = answer.status, answer.getheader("Retry-After")
            answer.read()
        call.close()


def test_large_bodies_at_once_do_not_fill_the_memory(tmp_path: Path) -> None:
    """100 bodies of 7 MB are on their way at once, twice: most are told to come again."""
    table = pa.concat_tables([wide_table(0, batch) for batch in range(3)]).drop_columns(["id"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    assert 100 * len(body) > 680 * MEBIBYTE
    taken = 0
    with serving(tmp_path, "--max-backlog", "32M") as held:
        warm_up(held)
        before = resident_bytes(held.process.pid)
        for _ in range(2):
            callers, most = call_at_once(held, body, 100)
            # 256 MiB of bodies may be in memory, and a few of them as what was read of them.
            assert most - before < 520 * MEBIBYTE
            assert {caller.status for caller in callers} <= {200, 429, None}
            assert all(caller.retry_after for caller in callers if caller.status == 429)
            now = sum(caller.status == 200 for caller in callers)
            assert 0 < now < 60
            taken += now
            held.settle()
            # What is over is given back; 300 MiB stayed when answers of 429 kept their bodies.
            assert resident_bytes(held.process.pid) - before < 200 * MEBIBYTE
        assert len(ids_once(held.rows("wide", "predictions", "_id"))) == taken * table.num_rows


def call_at_once(held: Serving, body: bytes, times: int) -> tuple[list[Caller], int]:
    """A body in many requests that are on their way together; and the server's memory then."""
    go_on = threading.Event()
    callers = [Caller(held.port, body, go_on) for _ in range(times)]
    for caller in callers:
        caller.start()
    most = 0
    while any(caller.is_alive() for caller in callers):
        most = max(most, resident_bytes(held.process.pid))
        if all(caller.held.is_set() for caller in callers):
            go_on.set()
        time.sleep(0.01)
    return callers, most


def warm_up(held: Serving) -> None:
    """One batch of another model, so that all is imported that takes memory for good."""
    content_type, body = as_arrow(predictions(flights(100, start=YESTERDAY, hours=12)))
    headers = {"Content-Type": content_type}
    answer = httpx.post(f"{held.url}/v1/predictions", content=body, headers=headers, timeout=60)
    assert answer.status_code == 200
    held.settle()
    assert held.value("late", "prediction_count") == 100


def test_a_server_that_is_asked_to_end_loses_nothing(tmp_path: Path) -> None:
    """Requests that have begun are finished; the exit code is 0, each time."""
    parts = [flights(6_000, seed=n, start=YESTERDAY, hours=12) for n in range(6)]
    with serving(tmp_path) as held, ExitStack() as running:
        posters = [
            Poster(held.url, shipments(f"p{n}", "predictions", predictions(part), form), 0.0)
            for n, (part, form) in enumerate(zip(parts, [as_lines, as_arrow] * 3, strict=True))
        ]
        for poster in posters:
            running.enter_context(poster)
        for _ in range(2):
            time.sleep(0.7)
            assert held.stop() == 0, held.log.read_text()
            held.start()
        for poster in posters:
            poster.finish()
            assert poster.refused == []
        held.settle()
        sure = set().union(*(poster.ids() for poster in posters))
        assert ids_once(held.rows("late", "predictions", "_id")) == sure
        account = held.account("late", "predictions")
        assert account["accepted"] == account["written"] == len(sure)
        assert held.value("late", "prediction_count") == len(sure)
    assert held.log.read_text().count("Stopped.") == 3


def test_requests_that_have_begun_are_answered_before_the_end(tmp_path: Path) -> None:
    """A body that is still on its way when the server is told to stop is taken in."""
    content_type, body = as_lines(predictions(flights(500, start=YESTERDAY, hours=12)))
    said: list[httpx.Response] = []
    half, rest = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        half.set()
        rest.wait(PATIENCE_S)
        yield body[len(body) // 2 :]

    with serving(tmp_path) as held:
        url, headers = f"{held.url}/v1/predictions", {"Content-Type": content_type}
        sending = threading.Thread(
            target=lambda: said.append(
                httpx.post(url, content=slowly(), headers=headers, timeout=PATIENCE_S)
            )
        )
        sending.start()
        assert half.wait(PATIENCE_S)
        wait_until(
            lambda: "requests_in_flight 2.0" in httpx.get(f"{held.url}/metrics", timeout=60).text,
            "the request has begun",
        )
        held.process.terminate()
        wait_until(lambda: is_closed(held), "no more requests are taken")
        rest.set()
        sending.join()
        assert held.process.wait(PATIENCE_S) == 0
        assert (said[0].status_code, said[0].json()["accepted"]) == (200, 500)
        held.start()
        held.settle()
        assert len(ids_once(held.rows("late", "predictions", "_id"))) == 500


def is_closed(held: Serving) -> bool:
    """Whether new connections are refused."""
    try:
        httpx.get(f"{held.url}/healthz", timeout=5)
    except httpx.TransportError:
        return True
    return False


def test_a_folder_is_served_once(tmp_path: Path) -> None:
    """A second server says who has it and ends; the first goes on; after a kill it is free."""
    with serving(tmp_path) as held:
        command = [
            sys.executable, "-m", "watchkeeper", "serve", "--data", str(held.data), "--port", "0",
        ]  # fmt: skip
        second = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert second.returncode == 2
        assert f"served by another process ({held.process.pid}) at {held.url}" in second.stderr
        assert held.ask("/v1/status")["problems"] == []
        held.kill()
        held.start()
        assert held.ask("/v1/status")["problems"] == []
