"""The way in: a request's records are checked, put on disk, and only then acknowledged."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import msgspec

from watchkeeper.app.live.pairing import Pairing
from watchkeeper.app.live.questions import Ingest
from watchkeeper.app.live.registry import Registry
from watchkeeper.collect.cloud_events import Request, Told, read_cloud_events
from watchkeeper.collect.wire.reading import Batch, Reading, Rejected, read_body, read_records
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import NotFoundError
from watchkeeper.store.journal import Entry, Journal, Receipt, Refused, Submission

Answer = dict[str, Any]

ERRORS_LISTED = 100
"""Rejected records that an answer names; it counts them all."""


class Door:
    """Takes requests in.

    Parameters
    ----------
    registry
        Knows the models and what their records hold.
    journal
        Has a record on disk before it is acknowledged.
    pairing
        Joins the halves of payload loggers.
    max_body
        The largest body after decompression, in bytes.
    open_models
        Whether the first record of an unknown model registers it.
    clock
        Gives the time of receipt; see `Steady`.
    """

    def __init__(  # the stores behind the door, by name
        self,
        registry: Registry,
        journal: Journal,
        pairing: Pairing,
        *,
        max_body: int,
        open_models: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self._registry = registry
        self._journal = journal
        self._pairing = pairing
        self._max_body = max_body
        self._open_models = open_models
        self._clock = clock
        # Names of batches that have none: random once, since randomness costs a system call.
        self._prefix = uuid.uuid4().hex
        self._count = itertools.count()

    def take(self, request: Ingest) -> Future[Answer]:
        """Check the records now; the future is done once they are on disk.

        Raises
        ------
        InputError, TooLargeError, UnsupportedTypeError
            The body cannot be read at all.
        BusyError, UnavailableError
            Nothing can be taken now.
        """
        if request.signal is None:
            return self._take_events(request)
        key = None
        if request.key is not None:
            key = f"{request.scope}/{request.signal}/{request.key}"
        self._journal.check_room(len(request.body))
        received = self._clock()
        batch = Batch(
            key=request.key or f"{self._prefix}-{next(self._count)}",
            received=received,
            rules=self._rules,
            model=request.model,
            version=request.version,
        )
        reading = read_body(
            request.body,
            signal=request.signal,
            content_type=request.content_type or None,
            encoding=request.encoding,
            max_bytes=self._max_body,
            batch=batch,
        )
        return self._keep(reading, request.signal, key, received)

    def settle(self) -> None:
        """Keep the requests of payload loggers that were never answered, as errors."""
        self._pairing.settle(self._keep_pair)

    def pairing_counts(self) -> dict[str, int]:
        """How many halves wait, met, and never met."""
        return self._pairing.counts()

    def _rules(self, model: str) -> Rules:
        return self._registry.rules(model, create=self._open_models)

    def _keep(
        self, reading: Reading, signal: Signal, key: str | None, received: datetime
    ) -> Future[Answer]:
        """Put what was accepted into the journal, with the answer that a repeat will get."""
        for part in reading.parts:
            if part.adopted:
                # What the records taught of their model is on disk before they are.
                self._registry.adopt(part.model, part.adopted)
        answer = {
            "batch": reading.batch,
            "accepted": sum(part.records for part in reading.parts),
            "rejected": len(reading.rejected),
            "duplicate": False,
            "errors": [_told(fault) for fault in reading.rejected[:ERRORS_LISTED]],
        }
        entries = tuple(
            Entry(signal, part.model, part.records, part.form, part.body) for part in reading.parts
        )
        refused = Counter(fault.model for fault in reading.rejected)
        return self._submit(
            Submission(
                key,
                received,
                entries,
                msgspec.json.encode(answer),
                tuple(Refused(signal, model, count) for model, count in refused.items()),
            )
        )

    def _submit(self, submission: Submission) -> Future[Answer]:
        future: Future[Answer] = Future()

        def done(receipt: Future[Receipt]) -> None:
            error = receipt.exception()
            if error is not None:
                future.set_exception(error)
                return
            held = receipt.result()
            answer: Answer = msgspec.json.decode(held.answer)
            answer["duplicate"] = held.duplicate
            future.set_result(answer)

        self._journal.submit(submission).add_done_callback(done)
        return future

    # ---- payload loggers ---------------------------------------------------------------------

    def _take_events(self, request: Ingest) -> Future[Answer]:
        """Halves of predictions are on disk before they are acknowledged, and joined here."""
        received = self._clock()
        events = read_cloud_events(
            request.body,
            Request(request.headers, received, self._max_body, request.model, request.version),
        )
        waits: list[Future[Answer]] = [
            self._keep_told(told, Signal.LABELS, received) for told in events.labels
        ]
        waits += [self._keep_told(told, Signal.OUTCOMES, received) for told in events.outcomes]
        if events.halves:
            waits.append(self._pairing.keep(events.halves, received, self._keep_pair))
        return _all(waits, events.records, events.rejected)

    def _keep_told(self, told: Told, signal: Signal, received: datetime) -> Future[Answer]:
        batch = Batch(key=told.key, received=received, rules=self._rules, model=told.model)
        reading = read_records(list(told.records), signal=signal, batch=batch)
        return self._keep(reading, signal, f"events/{told.key}", received)

    def _keep_pair(self, reading: Callable[[Batch], Reading], key: str) -> Future[Answer]:
        received = self._clock()
        if self._pairing.shared and self._is_kept(f"events/{key}"):
            return _done({})  # Another server was first: nobody sent it twice.
        batch = Batch(key=key, received=received, rules=self._rules)
        try:
            read = reading(batch)
        except NotFoundError as error:
            failed: Future[Answer] = Future()
            failed.set_exception(error)
            return failed
        return self._keep(read, Signal.PREDICTIONS, f"events/{key}", received)

    def _is_kept(self, key: str) -> bool:
        return self._journal.answer_to(key) is not None


def _done(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future


def _told(fault: Rejected) -> dict[str, Any]:
    return {
        "index": fault.index, "id": fault.id, "reason": fault.reason, "message": fault.message,
    }  # fmt: skip


def _all(
    waits: list[Future[Answer]], records: int, rejected: tuple[Rejected, ...]
) -> Future[Answer]:
    """One answer once all is on disk; the first error where one failed."""
    future: Future[Answer] = Future()
    answer = {
        "batch": None,
        "accepted": records - len(rejected),
        "rejected": len(rejected),
        "duplicate": False,
        "errors": [_told(fault) for fault in rejected[:ERRORS_LISTED]],
    }
    if not waits:
        future.set_result(answer)
        return future
    lock = threading.Lock()
    finished: list[BaseException | None] = []

    def done(wait: Future[Answer]) -> None:
        with lock:
            finished.append(wait.exception())
            last = len(finished) == len(waits)
        if last:
            failed = next((error for error in finished if error is not None), None)
            if failed is not None:
                future.set_exception(failed)
            else:
                future.set_result(answer)

    for wait in waits:
        wait.add_done_callback(done)
    return future
