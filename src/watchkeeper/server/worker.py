"""The background worker as a child process: started, watched, started again, and stopped.

The child's standard input is a pipe that only this process holds. It is never written to: when this
process ends, however it ends, the child reads the end of it and stops too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
"""A worker that ran this long is taken for sound: the next pause is the first again."""

GRACE_S = 20.0
"""How long a worker may take to finish its step when it is asked to stop."""

_log = structlog.stdlib.get_logger("watchkeeper.server")


def worker_command(folder: Path) -> list[str]:
    """The command that runs the worker of a folder."""
    return [sys.executable, "-m", "watchkeeper.app.live.worker", str(folder)]


def alarm_command(folder: Path, url: str) -> list[str]:
    """The command that keeps watch over the rules of a folder."""
    return [sys.executable, "-m", "watchkeeper.app.alarms.worker", str(folder), url]


class Supervisor:
    """Keeps one child process running until it is stopped.

    Parameters
    ----------
    command
        The child's command line.
    first_pause_s
        The pause before the first new start; it doubles with every early death.
    grace_s
        How long the child may take to stop before it is killed.
    environment
        What the child is told beside what this process was: what must not be seen in a list of
        processes.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        grace_s: float = GRACE_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **environment} if environment else None
        self._first_pause_s = first_pause_s
        self._grace_s = grace_s
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._restarts = 0
        self._thread = threading.Thread(target=self._watch, name="watchkeeper-supervisor")

    def start(self) -> None:
        """Start the child, and begin to watch it."""
        self._thread.daemon = True
        self._thread.start()

    def status(self) -> dict[str, Any]:
        """`alive`, `pid` (None while none runs) and `restarts`."""
        with self._lock:
            child = self._child
            alive = child is not None and child.poll() is None
            pid = child.pid if child is not None and alive else None
            return {"alive": alive, "pid": pid, "restarts": self._restarts}

    def stop(self) -> None:
        """Ask the child to finish its step, wait for it, and kill it where it takes too long."""
        with self._lock:
            self._stopping.set()
            child = self._child
        if child is not None:
            _end(child, self._grace_s)
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        pause = self._first_pause_s
        while True:
            begun = time.monotonic()
            child = self._started()
            if child is None:
                return
            code = child.wait()
            if child.stdin is not None:
                child.stdin.close()
            if self._stopping.is_set():
                return
            if time.monotonic() - begun >= STEADY_S:
                pause = self._first_pause_s
            _log.error("the worker ended; it is started again", code=code, pause_s=pause)
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE_S)
            with self._lock:
                self._restarts += 1

    def _started(self) -> subprocess.Popen[bytes] | None:
        """A new child; None where it is time to stop."""
        with self._lock:
            if self._stopping.is_set():
                return None
            # A session of its own: Ctrl-C on the terminal reaches the server alone, which stops
            # taking records before the worker finishes.
            self._child = subprocess.Popen(  # noqa: S603  # our own module, no shell
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                start_new_session=True, env=self._environment,
            )  # fmt: skip
            return self._child


def _end(child: subprocess.Popen[bytes], grace_s: float) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        _log.warning("the worker did not stop in time and is killed", grace_s=grace_s)
        child.kill()
        child.wait()
