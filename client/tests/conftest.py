"""A server that does as it is told, and settings of the property tests."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@dataclass
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    port: int
    """The other end of the connection that it came by."""

    @property
    def key(self) -> str:
        """The key of the batch."""
        return self.headers["idempotency-key"]

    def records(self) -> list[dict[str, Any]]:
        """The records of a MessagePack body."""
        data = self.body
        if self.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        return msgspec.msgpack.decode(data)


@dataclass
class Told:
    """What the server is to answer, whether it takes the batch first, or hangs up instead."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: dict[str, Any] | None = None
    hang_up: bool = False
    takes: bool = True


class FakeServer:
    """Takes batches once by their keys, unless its plan says otherwise.

    The plan is called with each request and gives what to answer. A batch that it takes counts
    once, whatever is answered then: so an answer that is lost can be played.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.taken: dict[str, list[dict[str, Any]]] = {}
        self.plan: Callable[[Asked], Told] = lambda _: Told()
        self.lock = threading.Lock()
        self.connections: list[socket.socket] = []
        self._server: ThreadingHTTPServer | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Its address, the same when it comes back."""
        return f"http://127.0.0.1:{self.port}"

    def records(self, signal: str | None = None) -> list[dict[str, Any]]:
        """All records of the batches that it took, in the order of their first coming."""
        with self.lock:
            return [
                record
                for key, records in self.taken.items()
                if signal is None or key.startswith(f"{signal} ")
                for record in records
            ]

    def ids(self) -> list[str]:
        """The ids of all records that it took."""
        return [record["id"] for record in self.records()]

    def start(self) -> None:
        """Listen."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                fake.connections.append(self.connection)

            def do_POST(self) -> None:
                fake.answer(self)

            def do_GET(self) -> None:
                fake.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        ThreadingHTTPServer.daemon_threads = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that goes away is no news
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Be away."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        while self.connections:
            with contextlib.suppress(OSError):
                self.connections.pop().shutdown(socket.SHUT_RDWR)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request as planned."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(handler.command, handler.path, headers, body, handler.client_address[1])
        with self.lock:
            self.asked.append(asked)
            told = self.plan(asked)
            signal = handler.path.partition("?")[0].removeprefix("/v1/")
            known = f"{signal} {headers.get('idempotency-key')}"
            new = told.takes and told.status == 200 and handler.command == "POST"
            if new and known not in self.taken and "msgpack" in headers.get("content-type", ""):
                self.taken[known] = asked.records()
        if told.hang_up:
            with contextlib.suppress(OSError):
                handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        answer = told.answer
        if answer is None:
            answer = {"accepted": len(self.taken.get(known, ())), "rejected": 0}
        data = json.dumps(answer).encode()
        handler.send_response(told.status)
        for name, value in {**told.headers, "Content-Length": str(len(data))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)


@pytest.fixture
def told() -> type[Told]:
    """What a plan of the server gives."""
    return Told


@pytest.fixture
def away() -> Iterator[FakeServer]:
    """A server that does not listen yet."""
    server = FakeServer()
    yield server
    server.stop()


@pytest.fixture
def server(away: FakeServer) -> FakeServer:
    """A server that listens and takes everything."""
    away.start()
    return away


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests do not reach them."""
    for name in ("URL", "KEY", "SPOOL", "SALT"):
        monkeypatch.delenv(f"WATCHKEEPER_{name}", raising=False)
