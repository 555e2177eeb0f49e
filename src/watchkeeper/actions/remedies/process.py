"""Programs, without a shell: a list of arguments in, a bounded outcome out."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from watchkeeper.actions.channels.secret import Secret
from watchkeeper.actions.remedies.base import Outcome, Status, outcome

ENVIRONMENT = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT", "SSL_CERT_FILE",
)  # fmt: skip
"""What a program gets of our environment; keys and passwords are in none of these."""

MOST_READ = 1_000_000
"""Bytes of an output that are kept in memory: the first half of it and the last."""


@dataclass(frozen=True, slots=True)
class Runner:
    """How programs are run.

    Attributes
    ----------
    timeout_s
        Seconds until a program and all that it has started are stopped.
    pass_on
        Names of environment variables that it gets beside `ENVIRONMENT`.
    path
        Folders in which programs are looked for; those of our own environment where empty.
    cwd
        The folder in which they run.
    secrets
        What no text may repeat.
    grace_s
        Seconds between being asked to end and being killed.
    """

    timeout_s: float = 300.0
    pass_on: tuple[str, ...] = ()
    path: str = ""
    cwd: str | None = None
    secrets: tuple[Secret, ...] = ()
    grace_s: float = 5.0

    def run(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Outcome:
        """Run a program to its end, or to that of its time.

        Parameters
        ----------
        argv
            The program and its arguments; no shell reads them.
        env
            More environment variables.
        """
        whole = self.environment(env or {})
        program = shutil.which(argv[0], path=whole.get("PATH")) if argv else None
        if program is None:
            name = argv[0] if argv else "nothing"
            return outcome("failed", f"there is no program {name!r} on this machine; install it")
        try:
            # The arguments are a list and no shell reads them.
            process = subprocess.Popen(  # noqa: S603
                [program, *argv[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, env=whole, cwd=self.cwd, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return outcome("failed", f"{argv[0]} cannot be started: {error}", secrets=self.secrets)
        return self._wait(process)

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """What a program gets: names that are allowed, and what it is given."""
        names = (*ENVIRONMENT, *self.pass_on)
        found = {name: os.environ[name] for name in names if name in os.environ}
        if self.path:
            found["PATH"] = self.path
        return {**found, **env}

    def within(self, timeout_s: float) -> Runner:
        """The same with another limit of time."""
        return replace(self, timeout_s=timeout_s)

    def _wait(self, process: subprocess.Popen[bytes]) -> Outcome:
        held = _Held()
        reader = threading.Thread(target=held.read, args=(process.stdout,), daemon=True)
        reader.start()
        late = False
        try:
            process.wait(self.timeout_s)
        except subprocess.TimeoutExpired:
            late = True
            _stop(process, self.grace_s)
        reader.join(1.0)
        if reader.is_alive():  # Something that it has started holds the pipe; it ends with it.
            _signal(process, signal.SIGKILL)
            reader.join(1.0)
        status: Status = "ok" if process.returncode == 0 else "failed"
        status = "timed_out" if late else status
        found = outcome(status, held.text(), exit_=process.returncode, secrets=self.secrets)
        return replace(found, output_hash=held.digest.hexdigest() if held.size else "")


@dataclass(slots=True)
class _Held:
    """An output as it comes: its hash, its size, its first part and its last."""

    first: bytearray = field(default_factory=bytearray)
    last: bytearray = field(default_factory=bytearray)
    size: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def read(self, stream: IO[bytes] | None) -> None:
        """Read to the end."""
        half = MOST_READ // 2
        with contextlib.suppress(OSError, ValueError):
            while stream is not None and (chunk := os.read(stream.fileno(), 65536)):
                self.size += len(chunk)
                self.digest.update(chunk)
                room = max(0, half - len(self.first))
                self.first += chunk[:room]
                self.last += chunk[room:]
                del self.last[: max(0, len(self.last) - half)]
        if stream is not None:
            stream.close()

    def text(self) -> bytes:
        """What is kept."""
        left_out = self.size - len(self.first) - len(self.last)
        between = f"\n… {left_out} bytes left out …\n".encode() if left_out else b""
        return bytes(self.first) + between + bytes(self.last)


def shown(argv: Iterable[str]) -> str:
    """Arguments as one would type them, to be read and never to be run.

    >>> shown(["/opt/restart", "--note", "two words"])
    "/opt/restart --note 'two words'"
    """
    return shlex.join(argv)


def _stop(process: subprocess.Popen[bytes], grace_s: float) -> None:
    """End a program and its children: asked first, then made to."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_s)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a program and all of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
