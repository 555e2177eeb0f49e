"""The beginnings and ends of processes: forks, and the exit.

A fork copies memory but no threads, so a child that went on with its parent's buffer would send the
parent's records a second time, or never send its own. It begins with an empty one instead.
"""

from __future__ import annotations

import atexit
import importlib
import os
import sys
from typing import Final, Protocol
from weakref import WeakSet

__all__ = ["Living", "began", "enrol", "import_all"]


class Living(Protocol):
    """What has to know of forks and of the end."""

    def forked(self) -> None:
        """Begin anew: this is a child."""

    def exit(self) -> None:
        """Send what waits: the process ends."""


_NEEDED: Final = (
    "email.utils", "hashlib", "logging", "msgspec", "urllib3", "urllib3.connection",
    "urllib3.response", "watchkeeper_client.spool", "zlib",
)  # fmt: skip

_all: WeakSet[Living] = WeakSet()
_finalized: set[int] = set()


def enrol(client: Living) -> None:
    """Tell an object of forks and of the end, as long as it lives."""
    _all.add(client)


def import_all() -> None:
    """Import all that our threads will need, so that none of them imports.

    A fork while a thread imports leaves the child with a module that never becomes whole, and may
    run the new module's hooks by half. Importing the client itself brings none of these, so that
    it is quick.
    """
    for name in _NEEDED:
        importlib.import_module(name)
    # The first name of a host that is looked up imports this codec.
    "localhost".encode("idna")


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
    for client in list(_all):
        client.forked()


atexit.register(_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
