"""A receiver on loopback that keeps what it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Recorder:
    """What came, and what is answered."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.status = 200
        self.pause_s = 0.0
        self.url = ""

    def wait_for(self, count: int, *, timeout_s: float = 10.0) -> list[dict[str, Any]]:
        """The first so many bodies, once they are there."""
        wait_until(lambda: len(self.bodies) >= count, timeout_s=timeout_s)
        return self.bodies[:count]


def wait_until(holds: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
    """Return once something holds; fail where it takes too long."""
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


@contextmanager
def recorder() -> Iterator[Recorder]:
    """A webhook receiver, stopped at the end."""
    held = Recorder()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        """Answers with the status that is wanted."""

        def do_POST(self) -> None:
            """Keep the body."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(held.pause_s)
            if held.status == 200:
                with lock:
                    held.keys.append(self.headers.get("Idempotency-Key", ""))
                    held.bodies.append(json.loads(body))
            self.send_response(held.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
