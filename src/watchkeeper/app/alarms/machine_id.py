"""The name of a process that others can tell to be dead, where they are on the same machine."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def own_name() -> str:
    """The name of this process: its machine for people, its number, and where that number counts.

    >>> own_name().split(":")[1] == str(os.getpid())
    True
    """
    return f"{socket.gethostname()}:{os.getpid()}:{_here()}"


def is_gone(name: str) -> bool:
    """Whether the process of a name is certainly dead; False where that cannot be known from here.

    >>> is_gone(own_name()), is_gone("elsewhere:1:abcdef12")
    (False, False)
    """
    _, _, rest = name.partition(":")
    number, _, where = rest.partition(":")
    if not number.isdigit() or not where or where.partition("/")[0] != _here():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:  # It is there, and belongs to somebody else.
        return False
    return False


def _here() -> str:
    """The present start of this machine, and the numbers of processes as they are seen here."""
    try:
        known = f"{_BOOT.read_text().strip()} {_NAMESPACE.stat().st_ino}"
    except OSError:  # No Linux: nobody is known to be dead, and leases run out.
        return ""
    return hashlib.sha256(known.encode()).hexdigest()[:8]
