"""Debian's Alertmanager as an oracle: the program itself, on the loopback interface."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
AMTOOL = shutil.which("amtool")

needs_alertmanager = pytest.mark.skipif(
    BINARY is None, reason="Alertmanager is not installed: apt-get install prometheus-alertmanager"
)
needs_amtool = pytest.mark.skipif(
    AMTOOL is None, reason="amtool is not installed: apt-get install prometheus-alertmanager"
)


@dataclass
class Hook:
    """A webhook that keeps what it is sent, each with the path that it was sent to."""

    port: int
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Hook]:
    """A webhook on a free port."""
    hook = Hook(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.got.append((self.path.strip("/"), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Alertmanager:
    """The running program."""

    url: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask its API, version 2."""
        request = urllib.request.Request(
            f"{self.url}/api/v2{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None


@contextmanager
def alertmanager(config: str, folder: Path) -> Iterator[Alertmanager]:
    """The program with a configuration, alone, in a folder of its own."""
    path = folder / "alertmanager.yml"
    path.write_text(config, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = _start(path, folder, port, log)
    found = Alertmanager(f"http://127.0.0.1:{port}")
    try:
        _wait_until_ready(found, process, folder)
        yield found
    finally:
        process.terminate()
        process.wait(10)


def _start(path: Path, folder: Path, port: int, log: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            str(BINARY),
            f"--config.file={path}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=log,
    )


def _wait_until_ready(found: Alertmanager, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
        try:
            found.call("GET", "/status")
        except (urllib.error.URLError, ConnectionError):
            threading.Event().wait(0.05)
        else:
            return
    pytest.fail("Alertmanager does not answer")
