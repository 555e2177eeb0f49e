"""What became of every record: the numbers that a client answers for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["Counts", "Ledger"]


class Counts(NamedTuple):
    """What became of the records of this process, up to now.

    At any time `logged == sent + rejected + sum(dropped.values()) + spooled + buffered`.

    Parameters
    ----------
    logged
        Records that the service handed over, in whatever way.
    sent
        Records that the server has on its disk.
    rejected
        Records that the server refused for good: in part of a batch, or a whole batch.
    dropped
        Records that never left, by reason: `sampled` (by design), `buffer_full`, `argument` (the
        call could not be understood), `too_large`, `before_send`, `exit` (the process ended with
        the server away and no spool), `closed`, `off`, `torn` (a file of the spool was damaged).
    spooled
        Records on disk, which this process or another will send.
    buffered
        Records in memory, on their way.
    retried
        Attempts that were repeated.
    replayed
        Records of other processes that this one settled from the spool; no part of the sum.
    torn
        Files of the spool that were damaged or half written.
    """

    logged: int = 0
    sent: int = 0
    rejected: int = 0
    dropped: Mapping[str, int] = MappingProxyType({})
    spooled: int = 0
    buffered: int = 0
    retried: int = 0
    replayed: int = 0
    torn: int = 0


class Ledger:
    """Keeps the counts. All but `buffered` move under one lock, so that a reading adds up.

    Parameters
    ----------
    waiting
        How many records stand at the door, handed over and not yet taken in.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        # Its lock is re-entrant: a signal's handler may read the counts.
        self.changed = threading.Condition()
        self._waiting = waiting
        self._taken = 0
        self._held = 0
        self._sent = 0
        self._rejected = 0
        self._spooled = 0
        self._retried = 0
        self._replayed = 0
        self._torn = 0
        self._dropped: Counter[str] = Counter()
        self._refused = 0

    def read(self) -> Counts:
        """All counts at one moment."""
        with self.changed:
            waiting = self._waiting()
            return Counts(
                logged=self._taken + self._refused + waiting,
                sent=self._sent,
                rejected=self._rejected,
                dropped=dict(self._dropped),
                spooled=self._spooled,
                buffered=self._held + waiting,
                retried=self._retried,
                replayed=self._replayed,
                torn=self._torn,
            )

    def logged(self) -> int:
        """Records handed over up to now."""
        with self.changed:
            return self._taken + self._refused + self._waiting()

    def settled(self) -> int:
        """Records that are no longer in memory."""
        with self.changed:
            return self._taken + self._refused - self._held

    def refuse(self, reason: str, records: int = 1) -> None:
        """Records were turned away at the door."""
        with self.changed:
            self._refused += records
            self._dropped[reason] += records

    def take(self, records: int) -> None:
        """Records were taken in. To be called under the lock, together with the taking."""
        self._taken += records
        self._held += records

    def drop(self, reason: str, records: int = 1) -> None:
        """Records that were taken in will not be sent."""
        with self.changed:
            self._held -= records
            self._dropped[reason] += records
            self.changed.notify_all()

    def spool(self, records: int) -> None:
        """Records went from memory to disk."""
        with self.changed:
            self._held -= records
            self._spooled += records
            self.changed.notify_all()

    def settle(self, *, sent: int, rejected: int, spooled: bool = False) -> None:
        """The server answered for a batch of this process.

        Parameters
        ----------
        sent, rejected
            Its records by the server's answer.
        spooled
            It came from the disk, not from memory.
        """
        with self.changed:
            self._sent += sent
            self._rejected += rejected
            if spooled:
                self._spooled -= sent + rejected
            else:
                self._held -= sent + rejected
            self.changed.notify_all()

    def inherit(self, records: int) -> None:
        """The server answered for a batch of another process."""
        with self.changed:
            self._replayed += records

    def tear(self, records: int) -> None:
        """A file of the spool was damaged; `records` of this process were in it."""
        with self.changed:
            self._torn += 1
            self._spooled -= records
            if records:
                self._dropped["torn"] += records

    def retry(self) -> None:
        """An attempt is to be repeated."""
        with self.changed:
            self._retried += 1
