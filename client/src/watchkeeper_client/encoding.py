"""Records of callers into batches, with the rules for private values on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from watchkeeper_client.buffer import Entry
from watchkeeper_client.counts import Ledger
from watchkeeper_client.link import Link
from watchkeeper_client.packing import Batch, Packer
from watchkeeper_client.privacy import Privacy
from watchkeeper_client.records import ArgumentError, finish
from watchkeeper_client.settings import Settings, Signal

__all__ = ["Destination", "Encoder"]

_BREATH: Final = 64
"""Records that are encoded before other threads get the interpreter."""

_LARGEST: Final = 32 << 20
"""Bytes of one record; the server takes bodies up to twice that."""

_IN_MEMORY: Final = 3
"""About how many times the size of its MessagePack a record takes in memory."""


class Destination(NamedTuple):
    """Where records go, and what stands in them where the caller says nothing.

    Parameters
    ----------
    link
        The way to the server.
    privacy
        Rules applied to each record.
    model, version
        Defaults.
    """

    link: Link
    privacy: Privacy
    model: str | None
    version: str


class _DroppedError(Exception):
    """A record that is not sent, with the reason as the counts name it."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(reason, why)
        self.reason = reason
        self.why = why


class Encoder:
    """Makes batches of records; what cannot be sent is dropped, counted, and said once a kind.

    Parameters
    ----------
    settings
        Sizes of batches.
    to
        Defaults and rules.
    ledger
        Where what is dropped is entered.
    warn
        Called with a kind and a text.
    """

    def __init__(
        self,
        settings: Settings,
        to: Destination,
        ledger: Ledger,
        warn: Callable[[str, str], None],
    ) -> None:
        self._packer = Packer(settings.batch_bytes, settings.gzip_bytes)
        self._settings = settings
        self._to = to
        self._ledger = ledger
        self._warn = warn
        self.fitting = settings.buffer_records
        """Records of the last size that fit `buffer_bytes`, and at most `buffer_records`."""

    def batches(self, entries: list[Entry]) -> Iterator[Batch]:
        """The batches that some records make."""
        encoded = list(self._encoded(entries))
        if encoded:
            mean = sum(len(data) for _, data in encoded) / len(encoded) * _IN_MEMORY
            fits = int(self._settings.buffer_bytes / mean)
            self.fitting = max(1, min(self._settings.buffer_records, fits))
        return self._packer.pack(encoded)

    def _encoded(self, entries: list[Entry]) -> Iterator[tuple[Signal, bytes]]:
        for number, entry in enumerate(entries, 1):
            if number % _BREATH == 0:
                # Callers are in the same process: let them have the interpreter.
                time.sleep(0)
            try:
                yield entry[0], self._encode(entry)
            except _DroppedError as dropped:
                self._ledger.drop(dropped.reason)
                if dropped.why:
                    text = f"records are dropped ({dropped.reason}): {dropped.why}"
                    self._warn(dropped.reason, text)

    def _encode(self, entry: Entry) -> bytes:
        """A record as bytes, as it may leave the process."""
        record = self._allowed(entry[0], self._finished(entry))
        data = self._packer.encode(record)
        if len(data) > _LARGEST:
            why = f"one has {len(data)} bytes, of {_LARGEST} allowed"
            raise _DroppedError("too_large", why)
        return data

    def _finished(self, entry: Entry) -> dict[str, Any]:
        try:
            return finish(entry, self._to.model, self._to.version, self._unknown)
        except ArgumentError as error:
            raise _DroppedError("argument", str(error)) from error
        except Exception as error:  # the caller's values may raise anything
            raise _DroppedError("argument", f"one raised {type(error).__name__}") from error

    def _allowed(self, signal: Signal, record: dict[str, Any]) -> dict[str, Any]:
        """What the rules for private values leave of a record."""
        if not self._to.privacy.active:
            return record
        try:
            allowed = self._to.privacy.apply(signal, record)
        except Exception as error:  # the caller's hook may raise anything
            raise _DroppedError("before_send", f"it raised {type(error).__name__}") from error
        if allowed is None:
            raise _DroppedError("before_send", "")
        return allowed

    def _unknown(self, field: str) -> None:
        self._warn(
            f"field {field}", f"a record has a field {field!r}; it is not known, so it is left out"
        )
