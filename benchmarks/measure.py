"""One command as a process of its own, and what it cost.

Nothing heavy is imported here: on Linux the peak memory of a child starts at that of the process
that forked it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_QUIET = {
    "DO_NOT_TRACK": "1",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "WHYLOGS_NO_ANALYTICS": "True",
}
"""Keeps the peers from calling home, which would cost them time and us a network."""

_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Usage:
    """What one run of a command cost.

    Parameters
    ----------
    cpu
        User and system time in seconds of the process and of all processes below it.
    wall
        Time in seconds from start to end.
    memory
        Peak resident memory in bytes of the largest process among them.
    """

    cpu: float
    wall: float
    memory: int

    def as_dict(self) -> dict[str, float]:
        """The fields by name, for a JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """The least, the middle and the greatest of several runs."""

    low: float
    middle: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of some numbers.

    Parameters
    ----------
    values
        At least one number.

    Returns
    -------
    Spread
        Minimum, median and maximum.

    Examples
    --------
    >>> spread([3.0, 1.0, 2.0])
    Spread(low=1.0, middle=2.0, high=3.0)
    """
    return Spread(min(values), statistics.median(values), max(values))


def run(command: Sequence[str | Path], log: Path) -> Usage:
    """Run a command to its end and account for it.

    Parameters
    ----------
    command
        The program and its arguments.
    log
        Where its output goes.

    Returns
    -------
    Usage
        What it cost, its children included.

    Raises
    ------
    RuntimeError
        The command failed; the message holds the end of its output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        start = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=stream, stderr=stream, env=os.environ | _QUIET
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(map(str, command))} failed ({process.returncode}):\n{tail}")
    return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * _MAXRSS_BYTES)
