"""The door of the client: where callers lay records down and go on at once.

The caller's path takes no lock: a `deque` is appended to in one step, also from a signal's handler
or while the sender works. Exact numbers are kept by whoever takes from it.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from watchkeeper_client.counts import Ledger
from watchkeeper_client.settings import Signal

__all__ = ["Bell", "Buffer", "Entry"]


Entry = tuple[Signal, int, dict[str, Any]]
"""A record as its caller gave it, and when, in nanoseconds since 1970. A tuple is quickly made."""


class Bell:
    """Wakes one sleeping thread. Ringing takes no lock and is safe in a signal's handler."""

    __slots__ = ("_closed",)

    def __init__(self) -> None:
        # A lock that is held while nobody has rung.
        self._closed = threading.Lock()
        self._closed.acquire()

    def ring(self) -> None:
        """Wake the sleeper, or keep it from falling asleep next; more rings are one."""
        if self._closed.locked():
            try:
                self._closed.release()
            except RuntimeError:  # Another thread rang in between.
                return

    def wait(self, timeout_s: float) -> None:
        """Sleep until it rings, at most so many seconds."""
        self._closed.acquire(timeout=max(0.0, timeout_s))


class Buffer:
    """Records that wait for the sender, bounded.

    Parameters
    ----------
    limit
        Records that may wait; several callers at once may each lay down one more.

    Attributes
    ----------
    limit
        As above; the sender lowers it where records are large.
    ring_at
        The number of waiting records that wakes the sender; beyond `limit` while it is awake.
    """

    __slots__ = ("_entries", "_refused", "bell", "ledger", "limit", "reasons", "ring_at")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.ring_at = 1
        self.bell = Bell()
        self.ledger = Ledger(self.__len__)
        self.reasons: dict[str, str] = {}
        self._entries: deque[Entry] = deque()
        self._refused: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> bool:
        """Lay a record down; False, and nothing is done, where there is no room."""
        waiting = len(self._entries)
        if waiting >= self.limit:
            return False
        self._entries.append(entry)
        if waiting + 1 >= self.ring_at:
            self.bell.ring()
        return True

    def refuse(self, reason: str, why: str) -> None:
        """Count a record that is not taken.

        Parameters
        ----------
        reason
            As `Counts.dropped` names it.
        why
            What the log says of it, once for each reason; without any value of the record.
        """
        self._refused.append(reason)
        if reason not in self.reasons:
            self.reasons[reason] = why
            self.bell.ring()
        if len(self._refused) > 1_000:
            self.settle_refused(wait=False)

    def settle_refused(self, *, wait: bool) -> None:
        """Bring what was refused into the ledger.

        Parameters
        ----------
        wait
            False: not where somebody else holds the ledger.
        """
        lock = self.ledger.changed
        if not lock.acquire(blocking=wait):
            return
        try:
            while self._refused:
                self.ledger.refuse(self._refused.popleft())
        finally:
            lock.release()

    def take(self, most: int) -> list[Entry]:
        """Take the oldest records, at most so many, and answer for them from now on."""
        with self.ledger.changed:
            number = min(most, len(self._entries))
            taken = [self._entries.popleft() for _ in range(number)]
            self.ledger.take(number)
            return taken
