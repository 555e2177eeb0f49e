"""Requests and responses that payload loggers send apart, joined into predictions.

A half is on disk before it is acknowledged, in a journal of its own, and joined in memory. After a
crash the halves that had not met are read again; the prediction of a pair has a key, so that it is
kept once however often it is joined. Servers that share a folder read each other's halves, since a
request may come to one of them and its response to another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from watchkeeper.collect.cloud_events import Half, Pair, Pairs, read_pair
from watchkeeper.collect.wire.reading import Batch, Reading
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.store.journal import Entry, Journal, Receipt, Submission

Answer: TypeAlias = dict[str, Any]
Keep: TypeAlias = Callable[[Callable[[Batch], Reading], str], Future[Answer]]
"""Puts the prediction of a pair into the journal of records, under the pair's key."""

TIMEOUT_S = 600.0
"""How long a request waits for its response; then it is kept as an error of the model."""


class Pairing:
    """The halves that wait for each other.

    Parameters
    ----------
    journal
        Of halves alone.
    clock
        Gives the time.
    shared
        Whether other servers put halves into the journal too.
    """

    def __init__(
        self, journal: Journal, clock: Callable[[], datetime], *, shared: bool = False
    ) -> None:
        self.shared = shared
        self._journal = journal
        self._clock = clock
        self._pairs = Pairs(clock, timeout_s=TIMEOUT_S)
        self._lock = threading.Lock()
        self._recalling = threading.Lock()
        self._recalled = False
        self._position = 0

    def keep(self, halves: Sequence[Half], received: datetime, keep: Keep) -> Future[Answer]:
        """Put halves on disk, then join what has met; done when both are on disk."""
        self.recall(keep)
        future: Future[Answer] = Future()

        def done(receipt: Future[Receipt]) -> None:
            error = receipt.exception()
            if error is not None:
                future.set_exception(error)
                return
            if self.shared:
                self._recall_later(keep)
            elif not receipt.result().duplicate:
                for half in halves:
                    self._join(half, keep)
            future.set_result({})

        entries = tuple(Entry("halves", half.model, 1, "half", half.encode()) for half in halves)
        key = f"halves/{'/'.join(half.key for half in halves)}"
        submission = Submission(key, received, entries, msgspec.json.encode({}))
        self._journal.submit(submission).add_done_callback(done)
        return future

    def recall(self, keep: Keep) -> None:
        """Read the halves that a former process had taken, and those of the servers beside."""
        with self._recalling:
            if self._recalled and not self.shared:
                return
            while stored := self._journal.read(self._position, max_bytes=8 << 20):
                for entry in stored:
                    self._join(Half.decode(entry.body), keep)
                    self._position = entry.position
            self._recalled = True

    def settle(self, keep: Keep) -> None:
        """Keep the halves that stayed alone, and forget what is old; call now and then."""
        self.recall(keep)
        with self._lock:
            expired = self._pairs.expired()
        for pair in expired:
            self._submit(pair, keep)
        limit = self._clock() - timedelta(seconds=2 * TIMEOUT_S)
        position = 0
        for stored in self._journal.read(0, max_bytes=8 << 20):
            if stored.received >= limit:
                break
            position = stored.position
        if position:
            self._journal.release(position)

    def counts(self) -> dict[str, int]:
        """How many wait, met, and never met."""
        with self._lock:
            held = msgspec.structs.asdict(self._pairs.counts)
            return {"waiting": self._pairs.waiting, **held}

    def _recall_later(self, keep: Keep) -> None:
        """Recall; where that fails the halves are on disk, and `settle` reads them."""
        with suppress(WatchkeeperError):
            self.recall(keep)

    def _join(self, half: Half, keep: Keep) -> None:
        with self._lock:
            pair = self._pairs.add(half)
        if pair is not None:
            self._submit(pair, keep)

    def _submit(self, pair: Pair, keep: Keep) -> None:
        """Keep a pair; where the journal cannot take it now, both halves wait on."""

        def done(answer: Future[Answer]) -> None:
            if answer.exception() is not None:
                self._restore(pair)

        try:
            keep(lambda batch: read_pair(pair, batch), pair.key).add_done_callback(done)
        except WatchkeeperError:
            self._restore(pair)

    def _restore(self, pair: Pair) -> None:
        with self._lock:
            self._pairs.restore(pair)
