"""The thread that takes records from the buffer, makes batches of them, and sends them."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

from watchkeeper_client.buffer import Buffer
from watchkeeper_client.counts import Counts
from watchkeeper_client.delivery import Delivery
from watchkeeper_client.encoding import Destination, Encoder
from watchkeeper_client.errors import SpoolError
from watchkeeper_client.packing import Batch, compressed
from watchkeeper_client.settings import Settings

if TYPE_CHECKING:
    from watchkeeper_client.spool import Spool

__all__ = ["Sender"]

_NEVER: Final = 1 << 62
_IDLE_S: Final = 60.0


class Sender:
    """One process's share of a client: its buffer, its thread, its counts.

    The thread starts with the first record. It holds `_turn` whenever it moves records, and never
    while it sleeps or waits for the network; so whoever closes can take over at once.

    Parameters
    ----------
    settings
        Sizes and times.
    destination
        Where records go.

    Attributes
    ----------
    buffer
        Where callers lay records down.
    """

    def __init__(self, settings: Settings, destination: Destination) -> None:
        self.buffer = Buffer(settings.buffer_records)
        self._settings = settings
        self._to = destination
        self._encoder: Encoder | None = None
        self._turn = threading.RLock()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._bodies: deque[Batch] = deque()
        self._bodies_bytes = 0
        self._delivery: Delivery | None = None
        self._warned: set[str] = set()
        self._linger_until: float | None = None
        self._hurry = False
        self._deadline: float | None = None
        self._over = False

    @property
    def started(self) -> bool:
        """Whether the thread was started in this process."""
        return self._thread is not None

    @property
    def closed(self) -> bool:
        """Whether nothing is taken any more."""
        return self._deadline is not None

    def start(self) -> None:
        """Start the thread, where it has not been; at the end of a process it may not start."""
        with self._starting:
            if self._thread is not None or self.closed:
                return
            thread = threading.Thread(target=self._run, name="watchkeeper-client", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # The interpreter ends; `close` sends what waits.
                return
            self._thread = thread

    def counts(self) -> Counts:
        """All counts at one moment."""
        self.buffer.settle_refused(wait=True)
        if self._over:  # A caller may have come in while the door closed.
            self._drop_rest("closed")
        return self.buffer.ledger.read()

    def add_body(self, batch: Batch) -> bool:
        """Take a ready body; False, and refused, where there is no room for it."""
        room = self._settings.buffer_bytes
        with self._turn:
            used = self._bodies_bytes + (self._delivery.held_bytes if self._delivery else 0)
            if used and used + len(batch.body) > room:
                return False
            with self.buffer.ledger.changed:
                self.buffer.ledger.take(batch.records)
            self._bodies.append(batch)
            self._bodies_bytes += len(batch.body)
        self.start()
        self.buffer.bell.ring()
        return True

    def flush(self, timeout_s: float) -> None:
        """Wait until what was handed over up to now has left memory, at most so many seconds."""
        if threading.current_thread() is self._thread:  # A hook that flushes would wait for itself.
            return
        self.start()
        self.buffer.settle_refused(wait=True)
        ledger = self.buffer.ledger
        goal = ledger.logged()
        self._hurry = True
        self.buffer.bell.ring()
        with ledger.changed:
            ledger.changed.wait_for(lambda: ledger.settled() >= goal, timeout_s)

    def close(self, timeout_s: float) -> None:
        """Send or spool what waits, for so many seconds; then drop the rest. Twice is once."""
        with self._starting:
            first = self._deadline is None
            self._deadline = self._deadline or monotonic() + timeout_s
        if not first or threading.current_thread() is self._thread:
            return
        self.buffer.bell.ring()
        if self._thread is not None:
            self._thread.join(timeout_s)
        elif len(self.buffer) or self._bodies:  # No thread could be started: send from here.
            self._run()
        with self._turn:
            self._leave()

    def discard(self) -> None:
        """Let go of what belongs to the parent of this process; nothing of it is sent here."""
        self._over = True
        if self._delivery is not None:
            self._delivery.close()

    def warn(self, kind: str, text: str) -> None:
        """Say something through the log `watchkeeper.client`, once for each kind."""
        if kind in self._warned:
            return
        self._warned.add(kind)
        import logging

        level = logging.INFO if kind == "back" else logging.WARNING
        with suppress(Exception):  # A handler of the service's log may raise anything.
            logging.getLogger("watchkeeper.client").log(level, "watchkeeper: %s", text)

    def _run(self) -> None:
        while not self._over:
            try:
                self._step()
            except Exception as error:  # noqa: BLE001  # the thread must live; said once a kind
                self.warn(f"internal {type(error).__name__}", f"the sender stumbled: {error!r}")
                time.sleep(0.5)
        self._to.link.close()

    def _step(self) -> None:
        """Take in, try one batch or sleep."""
        with self._turn:
            if self._over:
                return
            delivery = self._open()
            self._tell()
            self._intake(delivery)
            trial = delivery.next(pressed=self._pressed(delivery))
            if trial is None and self._finished(delivery):
                self._leave()
                return
        if trial is None:
            self._sleep(delivery)
            return
        outcome = self._to.link.post(trial.batch, self._left())
        with self._turn:
            if not self._over:
                delivery.settle(trial, outcome)

    def _open(self) -> Delivery:
        """What sending takes; in the thread, since the spool's folder may be slow."""
        if self._delivery is None:
            self._encoder = Encoder(self._settings, self._to, self.buffer.ledger, self.warn)
            spool = self._spool()
            self._delivery = Delivery(self._settings, self.buffer.ledger, spool, self.warn)
        return self._delivery

    def _spool(self) -> Spool | None:
        folder = self._settings.spool
        if not folder:
            return None
        from watchkeeper_client.spool import Spool

        try:
            return Spool(folder, self._to.link.url, self._settings.spool_bytes)
        except SpoolError as error:
            self.warn("spool", str(error))
            return None

    def _tell(self) -> None:
        """Say what callers were refused for; they themselves never write to a log."""
        self.buffer.settle_refused(wait=True)
        for reason, why in list(self.buffer.reasons.items()):
            if why:
                self.warn(reason, f"records are dropped ({reason}): {why}")

    def _pressed(self, delivery: Delivery) -> bool:
        """Whether waiting for the server would cost records."""
        held = delivery.held_bytes + self._bodies_bytes
        return self.closed or held > self._settings.buffer_bytes // 4

    def _left(self) -> float | None:
        """Seconds that an attempt may still take where the process ends; else None."""
        return None if self._deadline is None else max(0.0, self._deadline - monotonic())

    def _finished(self, delivery: Delivery) -> bool:
        """Whether there is nothing more to do before the end, or no time."""
        if self._deadline is None:
            return False
        empty = not len(self.buffer) and not self._bodies and not len(delivery)
        return empty or monotonic() >= self._deadline

    def _leave(self) -> None:
        """The end: what is left goes to disk, or is dropped. Under `_turn`; twice is once."""
        if self._over:
            return
        self._over = True
        delivery = self._delivery
        if delivery is not None:
            while delivery.spool_all() and (self._bodies or len(self.buffer)):
                self._take_in(delivery)
            delivery.give_up("exit")
            delivery.close()
        self._drop_rest("exit")

    def _drop_rest(self, reason: str) -> None:
        """Drop what never became a batch."""
        ledger = self.buffer.ledger
        records = len(self.buffer.take(_NEVER))
        while self._bodies:
            records += self._bodies.popleft().records
        if records:
            ledger.drop(reason, records)

    def _sleep(self, delivery: Delivery) -> None:
        """Wait for records, for the end of a batch's time, or for the next attempt."""
        now = monotonic()
        wait = min(delivery.wait_s(), _IDLE_S)
        buffer = self.buffer
        ring_at = _NEVER
        if self._room(delivery):
            wait = min(wait, self._lingers_until(now) - now)
            ring_at = self._settings.batch_records if len(buffer) else 1
        if self._deadline is not None:
            wait = min(wait, self._deadline - now)
        buffer.ring_at = ring_at
        if len(buffer) < ring_at:
            buffer.bell.wait(wait)
        buffer.ring_at = _NEVER

    def _room(self, delivery: Delivery) -> bool:
        """Whether more batches may be made."""
        return delivery.held_bytes < self._settings.buffer_bytes // 2

    def _lingers_until(self, now: float) -> float:
        """When what waits becomes a batch, be it ever so small; infinite where nothing waits."""
        if self._linger_until is None:
            if not len(self.buffer):
                return float("inf")
            self._linger_until = now + self._settings.batch_s
        return self._linger_until

    def _intake(self, delivery: Delivery) -> None:
        """Make batches where their time has come."""
        if not self._room(delivery):
            return
        now = monotonic()
        due = (
            len(self.buffer) >= self._settings.batch_records
            or now >= self._lingers_until(now)
            or bool(self._bodies or self._hurry)
            or self.closed
        )
        if due:
            self._take_in(delivery)
            if not len(self.buffer):
                self._hurry = False

    def _take_in(self, delivery: Delivery) -> None:
        """Make batches of what waits: all bodies, and records for one batch of each signal."""
        self._linger_until = None
        while self._bodies:
            batch = self._bodies.popleft()
            self._bodies_bytes -= len(batch.body)
            delivery.add(compressed(batch, self._settings.gzip_bytes))
        entries = self.buffer.take(self._settings.batch_records)
        if entries and self._encoder is not None:
            for batch in self._encoder.batches(entries):
                delivery.add(batch)
            self.buffer.limit = self._encoder.fitting
