"""The beginnings and ends of processes: forks, and the exit.

A fork copies memory but no threads, so a child that went on with its parent's buffer would send the
parent's records a second time, or never send its own. It begins with an empty one instead.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import Protocol
from weakref import WeakSet

__all__ = ["Living", "began", "enrol", "importing"]

importing = threading.RLock()
"""Held while a thread of ours imports. A fork waits for it: a child that inherits a half-imported
module waits for its end for ever."""


class Living(Protocol):
    """What has to know of forks and of the end."""

    def forked(self) -> None:
        """Begin anew: this is a child."""

    def exit(self) -> None:
        """Send what waits: the process ends."""


_all: WeakSet[Living] = WeakSet()
_finalized: set[int] = set()


def enrol(client: Living) -> None:
    """Tell an object of forks and of the end, as long as it lives."""
    _all.add(client)


def began() -> None:
    """Say that a first record was laid down in this process.

    Children of `multiprocessing` end without the exit's handlers; they have handlers of their own,
    which are cleared at their start, so this cannot be done earlier.
    """
    util = sys.modules.get("multiprocessing.util")
    if util is None or os.getpid() in _finalized:
        return
    _finalized.add(os.getpid())
    util.Finalize(None, _exit, exitpriority=100)


def _exit() -> None:
    for client in list(_all):
        client.exit()


def _forked() -> None:
    importing.release()
    for client in list(_all):
        client.forked()


atexit.register(_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=importing.acquire, after_in_parent=importing.release, after_in_child=_forked
    )
