"""Whole servers in processes of their own, which tests kill and start again."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
from deltalake import DeltaTable

from watchkeeper_client import Client
from watchkeeper_client.reading import Reader

PATIENCE_S = 120.0
"""How long anything may take on a machine that does much else."""


class Serving:
    """A server over a folder: started, killed and started again on one port.

    Parameters
    ----------
    folder
        What belongs to it: `data`, its log, and the file that says that it is ready.
    options
        Of `watchkeeper serve`.
    data
        The folder of its data, where that is to lie elsewhere.
    """

    def __init__(self, folder: Path, *options: str, data: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = data or folder / "data"
        self.log = folder / "server.log"
        self._ready = folder / "ready.json"
        self._options = options
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, timeout=60.0)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The one that was started last."""
        assert self._process is not None, "the server has not been started"
        return self._process

    def begin(self) -> None:
        """Start it, and do not wait until it answers."""
        self._ready.unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "watchkeeper", "serve", "--data", str(self.data),
            "--port", str(self.port), "--ready-file", str(self._ready), *self._options,
        ]  # fmt: skip
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.begin()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
            return self._ready.exists()

        wait_until(answers, "the server answers")

    def worker(self) -> int:
        """The process of its worker, once there is one."""
        found: list[int | None] = []

        def runs() -> bool:
            worker = self.ask("/v1/status")["server"]["worker"]
            found.append(worker["pid"] if worker["alive"] else None)
            return found[-1] is not None

        wait_until(runs, "the worker runs")
        assert found[-1] is not None
        return found[-1]

    def kill(self, *, worker: bool = False) -> None:
        """End it as a crash does, at this very moment; its worker too where asked for."""
        pids = [self.process.pid]
        if worker:
            pids.append(self.worker())
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def kill_worker(self) -> None:
        """End the worker alone; one that ended by itself in this moment is awaited again."""

        def ended() -> bool:
            with suppress(ProcessLookupError):
                os.kill(self.worker(), signal.SIGKILL)
                return True
            return False

        wait_until(ended, "the worker can be ended")

    def stop(self) -> int:
        """Ask it to end, as a service manager does; its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE_S)

    def close(self) -> None:
        """End it and its worker, at the end of a test."""
        self._http.close()
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    # ---- what it says ------------------------------------------------------------------------

    def ask(self, path: str, **query: object) -> Any:
        """What it answers to a question, where it answers well."""
        answer = self._http.get(path, params=query)  # type: ignore[arg-type]  # plain values
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def value(self, model: str, metric: str, **query: object) -> float | None:
        """A metric over all that there is; None where it has no value."""
        asked: dict[str, object] = {"metric": metric, "window": "all", "step": "window", **query}
        answer = self.ask(f"/v1/models/{model}/metrics", **asked)
        points = answer["series"][0]["points"]
        value: float | None = points[0]["value"] if points else None
        return value

    def account(self, model: str, signal_: str) -> dict[str, int]:
        """What became of all records of a model."""
        accounts = self.ask("/v1/status")["accounting"]
        return next(
            (one for one in accounts if (one["model"], one["signal"]) == (model, signal_)),
            dict.fromkeys(("accepted", "rejected", "duplicates", "written", "aside"), 0),
        )

    def settle(self) -> None:
        """Wait until all that was acknowledged is in the tables, and measured."""

        def measured() -> bool:
            if self.ask("/v1/status")["journal"]["entries"]:
                return False
            return all(model["measured"] for model in self.ask("/v1/models")["models"])

        wait_until(measured, "everything is measured")

    def rows(self, model: str, signal_: str, *columns: str) -> pa.Table:
        """What the table on disk holds, read by Delta's own library."""
        folder = self.data / "tables" / model / signal_
        return DeltaTable(str(folder)).to_pyarrow_table(columns=list(columns))


@contextmanager
def serving(folder: Path, *options: str, data: Path | None = None) -> Iterator[Serving]:
    """A server that answers, and that is ended with the test; it never met a defect of its own."""
    held = Serving(folder, *options, data=data)
    try:
        held.start()
        yield held
    finally:
        held.close()
    said = held.log.read_text()
    assert "unexpected failure" not in said, said
    assert "Traceback" not in said, said


def register(held: Serving, model_file: str, reference: pa.Table) -> None:
    """Register a model with a reference, over HTTP as a user does."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, reference.schema) as writer:
        writer.write_table(reference)
    with Client(held.url) as client:
        reader = Reader(client)
        name = reader.apply(model_file).name
        reader.set_reference(
            name, sink.getvalue().to_pybytes(), content_type="application/vnd.apache.arrow.stream"
        )


def free_port() -> int:
    """A free port outside of those that the system gives to connections by itself.

    Else a client that knocks while the server is away might be given the server's own port.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("not one of a hundred ports is free")


def wait_until(holds: Callable[[], bool], what: str, *, every_s: float = 0.05) -> None:
    """Wait until something holds; a long time at most."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"this does not come true: {what}"
        time.sleep(every_s)


def ids_once(table: pa.Table) -> set[str]:
    """The ids in a table, none of which may come twice."""
    ids = table.column("_id").to_pylist()
    found = set(ids)
    assert len(found) == len(ids), f"{len(ids) - len(found)} rows are there twice"
    return found


def resident_bytes(pid: int) -> int:
    """Memory that a process holds now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    held = next(line for line in lines if line.startswith("VmRSS"))
    return int(held.split()[1]) * 1024
