"""A program for the tests: the whole server over a fake platform, in a process of its own.

Arguments: the folder, then pairs of a setting and its value. The worker is a Python that waits for
the end of its standard input, as the real one does.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tests.server.fake_platform import FakePlatform, taken
from watchkeeper.app.live.questions import Ingest
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.server.running import Running, serve

WORKER = (
    "import signal, sys, pathlib\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    "sys.stdin.read()\n"
)


class SlowPlatform(FakePlatform):
    """Takes half a second for each record, and notes that it was closed."""

    def ingest(self, request: Ingest) -> Future[dict[str, Any]]:
        """Answer later."""
        import threading

        future: Future[dict[str, Any]] = Future()
        threading.Timer(0.5, future.set_result, (taken(request),)).start()
        return future

    def close(self) -> None:
        """Leave a note."""
        (self.settings.folder / "closed").write_text("yes")


def main() -> int:
    """Serve; the exit code."""
    folder, *pairs = sys.argv[1:]
    given: dict[str, Any] = dict(zip(pairs[::2], pairs[1::2], strict=True))
    key = given.pop("key", None)
    is_json = given.pop("json", None) is not None
    settings = Settings(Path(folder), port=int(given.pop("port", "0")), **given)

    def opened(settings: Settings) -> FakePlatform:
        platform = SlowPlatform(settings.folder)
        platform.settings = settings
        if key:
            platform.keys.create("a", [key])
        return platform

    running = Running(
        ready_file=settings.folder / "ready.json",
        worker=(sys.executable, "-c", WORKER),
        as_json=is_json,
    )
    try:
        return serve(settings, running, open_platform=opened)
    except WatchkeeperError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
