"""When a batch is tried, tried again, put on disk, or given up. No thread and no network here."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from time import monotonic, time_ns
from typing import TYPE_CHECKING, NamedTuple

from watchkeeper_client.counts import Ledger
from watchkeeper_client.errors import SpoolError
from watchkeeper_client.link import Outcome, Retry, Sent
from watchkeeper_client.packing import Batch
from watchkeeper_client.settings import Settings

if TYPE_CHECKING:
    from watchkeeper_client.spool import Spool, Spooled

__all__ = ["Delivery", "Trial", "draw"]

_LOOK_S = 30.0
"""How often the spool is searched for what other processes left, where nothing was put there."""


class Trial(NamedTuple):
    """A batch that is to be tried now, and the file it came from, if it did."""

    batch: Batch
    origin: Spooled | None


def draw() -> float:
    """A random number from 0 up to 1: the jitter of a wait."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


class Delivery:
    """The batches of a client between packing and the server's answer.

    What waits on disk goes first, then what waits in memory, oldest first. After a failure nothing
    is tried until the wait is over. Where there is a spool, batches go there once `attempts`
    failed, or when memory fills up; without one they wait in memory. For one thread at a time.

    Parameters
    ----------
    settings
        Of these `attempts`, `backoff_s` and `backoff_max_s`.
    ledger
        Where each record's fate is entered.
    spool
        The folder, or None.
    warn
        Called with a kind and a text; the log gets one of each kind.
    clock
        Seconds of a monotonic clock.
    jitter
        Draws from 0 up to 1.

    Attributes
    ----------
    held_bytes
        Bytes of the batches in memory.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        spool: Spool | None,
        warn: Callable[[str, str], None],
        *,
        clock: Callable[[], float] = monotonic,
        jitter: Callable[[], float] = draw,
    ) -> None:
        self.held_bytes = 0
        self._settings = settings
        self._ledger = ledger
        self._spool = spool
        self._warn = warn
        self._clock = clock
        self._jitter = jitter
        self._ready: deque[Batch] = deque()
        self._failures = 0
        self._retry_at = 0.0
        self._look_at = 0.0
        self._spool_from = 0.0

    def __len__(self) -> int:
        """Batches in memory."""
        return len(self._ready)

    @property
    def away(self) -> bool:
        """Whether the last attempt failed in a way that says: later."""
        return self._failures > 0

    def add(self, batch: Batch) -> None:
        """Take a batch whose records the ledger has taken."""
        self._ready.append(batch)
        self.held_bytes += len(batch.body)

    def next(self, *, pressed: bool) -> Trial | None:
        """The batch that is to be tried now; None where there is none, or its time has not come.

        Parameters
        ----------
        pressed
            Memory fills up or the process ends: do not wait for more failures before spooling.
        """
        if self._failures >= self._settings.attempts or (pressed and self.away):
            self.spool_all()
        if self._clock() < self._retry_at:
            return None
        found = self._from_spool()
        if found is not None:
            if pressed:
                self.spool_all()
            return found
        return Trial(self._ready[0], None) if self._ready else None

    def wait_s(self) -> float:
        """Seconds until `next` may have something; infinite where it never will by itself."""
        now = self._clock()
        due = float("inf") if self._spool is None else self._look_at
        if self._ready:
            due = now
        return max(due, self._retry_at) - now

    def settle(self, trial: Trial, outcome: Outcome) -> None:
        """Enter what became of a trial, and decide when the next may be."""
        if isinstance(outcome, Retry):
            self._fail(outcome)
            return
        if self.away:
            self._warn("back", "the server answers again")
        self._failures, self._retry_at = 0, 0.0
        records = trial.batch.records
        sent, rejected = (
            (outcome.accepted, outcome.rejected) if isinstance(outcome, Sent) else (0, records)
        )
        if rejected:
            kind = "rejected" if isinstance(outcome, Sent) else "refused"
            self._warn(kind, f"the server refused {rejected} of {records} records: {outcome.why}")
        self._forget(trial)
        if trial.origin is not None and not trial.origin.own:
            self._ledger.inherit(records)
        else:
            self._ledger.settle(sent=sent, rejected=rejected, spooled=trial.origin is not None)

    def spool_all(self) -> bool:
        """Put what is in memory on disk; False where some stays in memory."""
        if self._spool is None or self._clock() < self._spool_from:
            return not self._ready
        while self._ready:
            batch = self._ready[0]
            try:
                self._spool.write(batch)
            except SpoolError as error:
                self._spool_failed(error)
                return False
            self._drop_first()
            self._ledger.spool(batch.records)
            self._look_at = 0.0
        return True

    def give_up(self, reason: str) -> None:
        """Drop what is in memory."""
        while self._ready:
            self._ledger.drop(reason, self._drop_first().records)

    def close(self) -> None:
        """Let other processes send what is on disk."""
        if self._spool is not None:
            self._spool.release()

    def _from_spool(self) -> Trial | None:
        """The oldest batch on disk, where it is time to look; damaged files on the way go."""
        if self._spool is None or self._clock() < self._look_at:
            return None
        try:
            while (found := self._spool.oldest()) is not None:
                batch = self._spool.read(found)
                if batch is not None:
                    return Trial(batch, found)
                self._spool.remove(found)
                self._ledger.tear(found.records if found.own else 0)
                self._warn("torn", f"a batch in the spool was damaged and is lost: {found.path}")
            for _ in range(self._spool.sweep(time_ns() / 1e9)):
                self._ledger.tear(0)
        except SpoolError as error:
            self._warn("spool", str(error))
        self._spool.release()
        self._look_at = self._clock() + _LOOK_S
        return None

    def _forget(self, trial: Trial) -> None:
        if trial.origin is None:
            self._drop_first()
        elif self._spool is not None:
            self._spool.remove(trial.origin)

    def _drop_first(self) -> Batch:
        batch = self._ready.popleft()
        self.held_bytes -= len(batch.body)
        return batch

    def _fail(self, outcome: Retry) -> None:
        """Wait: drawn from 0 to a limit that doubles, and at least what the server asks for."""
        self._failures += 1
        self._ledger.retry()
        longest = min(
            self._settings.backoff_max_s,
            self._settings.backoff_s * 2.0 ** min(self._failures - 1, 60),
        )
        self._retry_at = self._clock() + outcome.after_s + self._jitter() * longest
        self._warn("away", f"will be tried again: {outcome.why}")
        if self._spool is not None:
            self._spool.release()

    def _spool_failed(self, error: SpoolError) -> None:
        """Leave the disk alone for a while: what could not be written waits in memory."""
        self._spool_from = self._clock() + max(1.0, self._settings.backoff_s)
        self._warn("spool", str(error))
