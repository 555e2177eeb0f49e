"""A small HTTP server on this machine that records what it is asked."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        """Its body."""
        return json.loads(self.body)


@dataclass
class Server:
    """Where it is, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(answer):
    """A server that answers each request as `answer(asked)` says: a status and a body."""
    found = Server("")

    class Handler(BaseHTTPRequestHandler):
        def _any(self):
            size = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command, self.path, dict(self.headers.items()), self.rfile.read(size)
            )
            found.asked.append(asked)
            status, body = answer(asked)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815  # their names

        def log_message(self, *_):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
