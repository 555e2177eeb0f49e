"""A receiver on the loopback interface: it notes what it gets and answers as it is told to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Got:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """Its body, where it is a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Answer:
    """What is answered: `raw` goes out as it is and the connection ends; `silent` says nothing."""

    status: int = 200
    body: bytes = b'{"ok": true, "ts": "1.5", "channel": "C1", "status": "success"}'
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    silent: bool = False


@dataclass
class Recorder:
    """What came, and how to answer."""

    url: str
    got: list[Got] = field(default_factory=list)
    answer: Answer | Callable[[Got], Answer] = field(default_factory=Answer)
    freed: threading.Event = field(default_factory=threading.Event)

    @property
    def last(self) -> Got:
        """The latest request."""
        return self.got[-1]


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recorder on a free port, until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got = Got(self.command, self.path, dict(self.headers), body)
            recorder.got.append(got)
            answer = recorder.answer(got) if callable(recorder.answer) else recorder.answer
            self.close_connection = True
            if answer.silent:
                recorder.freed.wait(20)
            elif answer.raw is not None:
                self.wfile.write(answer.raw)
                self.connection.shutdown(socket.SHUT_WR)
            else:
                self._say(answer)

        do_GET = do_POST = do_PUT = _any  # noqa: N815  # names of the standard library

        def _say(self, answer: Answer) -> None:
            empty = answer.status in {204, 304}
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0" if empty else str(len(answer.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"" if empty else answer.body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        recorder.freed.set()
        server.shutdown()
        server.server_close()
        thread.join()
