"""What stands between a caller and the sender of this process: room, sampling, ends and forks."""

from __future__ import annotations

import time
from typing import Any, Final

from watchkeeper_client import lifecycle
from watchkeeper_client.buffer import Entry
from watchkeeper_client.counts import Counts
from watchkeeper_client.encoding import Destination
from watchkeeper_client.identity import Ids
from watchkeeper_client.packing import Batch
from watchkeeper_client.sampling import Sample
from watchkeeper_client.sender import Sender
from watchkeeper_client.settings import Settings

__all__ = ["Door"]

_POLL_S: Final = 0.002


class Door:
    """Takes records in, and begins anew in a forked child.

    Parameters
    ----------
    settings
        Sizes, times and the rate of the sample.
    destination
        Where records go.
    off
        They go nowhere and are only counted.

    Attributes
    ----------
    make_id
        Makes an id from nanoseconds since 1970.
    sampled
        Whether not all predictions are sent.
    strict
        Whether every record must be looked at: ready bodies cannot pass as they are.
    """

    def __init__(self, settings: Settings, destination: Destination, *, off: bool = False) -> None:
        self._settings = settings
        self._off = off
        self._to = destination
        rate = settings.sample_rate
        self._sample = None if rate >= 1.0 else Sample(rate)
        self.sampled: Final = self._sample is not None
        self.strict: Final = self.sampled or destination.privacy.active
        self._begin()
        lifecycle.enrol(self)

    def _begin(self) -> None:
        self.make_id = Ids().make
        self._sender = Sender(self._settings, self._to)
        self._buffer = self._sender.buffer
        self._open = False

    def add(self, entry: Entry) -> None:
        """Lay a record down, at once where there is room; where there is none see `wait_s`."""
        if not self._open or not self._buffer.add(entry):
            self._add_slowly(entry)

    def keeps(self, record: dict[str, Any]) -> bool:
        """Whether a prediction belongs to the sample; it then carries its weight."""
        if self._sample is None:
            return True
        weight = self._sample.weight(record["id"], failed=record.get("error") is not None)
        if weight is None:
            self._buffer.refuse("sampled", "")
            return False
        given = record.get("weight")
        record["weight"] = weight if given is None else weight * given
        return True

    def misused(self, what: str, records: int = 1) -> None:
        """Count a call that could not be understood.

        Parameters
        ----------
        what
            What was wrong, without any value.
        records
            How many records it was about.
        """
        for _ in range(records):
            self._buffer.refuse("argument", what)
        self._usable()

    def add_body(self, batch: Batch, wait_s: float) -> None:
        """Take a ready body, where there is room for it within so many seconds."""
        if self._usable(batch.records):
            until = time.monotonic() + wait_s
            while not self._sender.add_body(batch):
                if time.monotonic() >= until:
                    self._refuse_full(batch.records)
                    return
                time.sleep(_POLL_S)

    def counts(self) -> Counts:
        """What became of all records of this process."""
        return self._sender.counts()

    def flush(self, timeout_s: float) -> None:
        """Wait until what was laid down up to now has left memory."""
        if not self._off:
            self._sender.flush(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Take nothing more; send what waits."""
        self._open = False
        self._sender.close(timeout_s)

    def forked(self) -> None:
        """Begin anew: this process is a child, and what waits belongs to its parent."""
        parents, closed = self._sender, self._sender.closed
        self._begin()
        parents.discard()
        if closed:
            self._sender.close(0.0)

    def exit(self) -> None:
        """The process ends."""
        self.close(self._settings.exit_s)

    def _usable(self, records: int = 1) -> bool:
        """Whether the sender runs; it is started where it can be."""
        if self._off or self._sender.closed:
            reason = "off" if self._off else "closed"
            for _ in range(records):
                self._buffer.refuse(reason, "the client takes no more records")
            return False
        if not self._open:
            lifecycle.began()
            self._sender.start()
            self._open = True
        return True

    def _add_slowly(self, entry: Entry) -> None:
        """The first record, one after the end, or one for which there may be no room."""
        if not self._usable():
            return
        until = time.monotonic() + self._settings.wait_s
        while not self._buffer.add(entry):
            if time.monotonic() >= until:
                self._refuse_full(1)
                return
            self._buffer.bell.ring()
            time.sleep(_POLL_S)

    def _refuse_full(self, records: int) -> None:
        for _ in range(records):
            self._buffer.refuse("buffer_full", "they come faster than they can be sent")
