"""The server of the demo, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(folder: Path, port: int) -> Iterator[str]:
    """A server on a folder, and its address; stopped at the end.

    Raises
    ------
    SystemExit
        It did not start; its own words say why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready, log = folder / "ready.json", folder / "server.log"
    ready.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "watchkeeper", "serve", "--data", str(folder / "data"),
        "--port", str(port), "--ready-file", str(ready),
    ]  # fmt: skip
    with (
        log.open("w") as out,
        subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        ) as server,
    ):
        try:
            yield _url(server, ready, log)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _url(server: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    until = time.monotonic() + 60
    while not ready.exists():
        if server.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"the server did not start:\n{log.read_text()}")
        time.sleep(0.05)
    return str(json.loads(ready.read_text())["url"])
