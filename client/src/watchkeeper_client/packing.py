"""Records into batches of MessagePack, each with the key that makes it count once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from watchkeeper_client.settings import Signal
from watchkeeper_client.values import wire

__all__ = ["MSGPACK", "Batch", "Packer", "compressed", "new_key"]

MSGPACK = "application/msgpack"


class Batch(NamedTuple):
    """A body on its way to the server.

    Parameters
    ----------
    key
        The `Idempotency-Key`: the same at every attempt, so that the server counts it once.
    signal
        What its records tell.
    query
        The query of its address: `model=…` for records that name none, or empty.
    content_type
        The media type of the body before compression.
    encoding
        `gzip`, or empty.
    records
        How many records are in the body.
    body
        The bytes as they are sent.
    """

    key: str
    signal: Signal
    query: str
    content_type: str
    encoding: str
    records: int
    body: bytes


def compressed(batch: Batch, least: int) -> Batch:
    """The same batch, its body compressed where that is worth it.

    Parameters
    ----------
    batch
        As it was made.
    least
        Bytes from which a body is compressed. Arrow streams carry their own compression.
    """
    if len(batch.body) < least or batch.encoding or "arrow" in batch.content_type:
        return batch
    import zlib

    squeezed = zlib.compressobj(level=1, wbits=31)
    body = squeezed.compress(batch.body) + squeezed.flush()
    return batch._replace(encoding="gzip", body=body)


def new_key() -> str:
    """A key for a batch, which no other batch has."""
    return os.urandom(16).hex()


class Packer:
    """Encodes records and puts them together.

    Parameters
    ----------
    batch_bytes
        Bytes of a body before compression; a record that is larger goes alone.
    gzip_bytes
        Bytes from which a body is compressed.
    """

    def __init__(self, batch_bytes: int, gzip_bytes: int) -> None:
        import msgspec

        self._batch_bytes = batch_bytes
        self._gzip_bytes = gzip_bytes
        self._encoder = msgspec.msgpack.Encoder(enc_hook=wire)
        self._raw = msgspec.Raw

    def encode(self, record: dict[str, Any]) -> bytes:
        """One record as MessagePack.

        Values that MessagePack cannot hold (an integer of more than 64 bits, half of a surrogate
        pair) are brought into a form that it can.
        """
        try:
            return self._encoder.encode(record)
        except (OverflowError, TypeError, ValueError):
            return self._encoder.encode(wire(record))

    def pack(self, encoded: Iterable[tuple[Signal, bytes]]) -> Iterator[Batch]:
        """Encoded records as batches, one signal each, in the order of their first records."""
        groups: dict[Signal, list[bytes]] = {}
        sizes: dict[Signal, int] = {}
        for signal, data in encoded:
            group = groups.setdefault(signal, [])
            if group and sizes[signal] + len(data) > self._batch_bytes:
                yield self._batch(signal, group)
                group.clear()
            sizes[signal] = len(data) + (sizes[signal] if group else 0)
            group.append(data)
        for signal, group in groups.items():
            yield self._batch(signal, group)

    def _batch(self, signal: Signal, group: list[bytes]) -> Batch:
        body = self._encoder.encode([self._raw(data) for data in group])
        return compressed(
            Batch(new_key(), signal, "", MSGPACK, "", len(group), body), self._gzip_bytes
        )
