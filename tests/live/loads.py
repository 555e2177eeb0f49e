"""Load on a server while it is killed: batches that are sent again until they are acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import msgspec
import pyarrow as pa

AGAIN = frozenset({429, 502, 503, 504})
"""Answers after which a batch is sent again."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Shipment:
    """A batch on its way: its key, and how it goes over the wire."""

    key: str
    path: str
    content_type: str
    body: bytes
    ids: tuple[str, ...]


def as_lines(records: Sequence[Record]) -> tuple[str, bytes]:
    """Records as JSON lines."""
    return "application/x-ndjson", b"\n".join(msgspec.json.encode(one) for one in records)


def as_messages(records: Sequence[Record]) -> tuple[str, bytes]:
    """Records as MessagePack."""
    return "application/msgpack", msgspec.msgpack.encode(records)


def as_arrow(records: Sequence[Record]) -> tuple[str, bytes]:
    """Records as an Arrow stream, their features as one struct column."""
    table = pa.Table.from_pylist(list(records))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return "application/vnd.apache.arrow.stream", sink.getvalue().to_pybytes()


Form = Callable[[Sequence[Record]], tuple[str, bytes]]


def shipments(
    name: str, signal: str, records: Sequence[Record], form: Form, *, size: int = 40
) -> Iterator[Shipment]:
    """Records in batches with keys; those whose id begins with `bad` are to be refused."""
    for number, start in enumerate(range(0, len(records), size)):
        batch = records[start : start + size]
        content_type, body = form(batch)
        ids = tuple(record["id"] for record in batch if not record["id"].startswith("bad"))
        yield Shipment(f"{name}-{number}", f"/v1/{signal}", content_type, body, ids)


@dataclass
class Poster:
    """Sends shipments from a thread of its own, each until it is acknowledged.

    Parameters
    ----------
    url
        The server's address.
    queue
        What is to be sent.
    pause_s
        The time between two shipments.
    again
        Whether a shipment is sent again with its key; else it is sent once and without a key, so
        that what is not acknowledged may be there or not.
    """

    url: str
    queue: Iterator[Shipment]
    pause_s: float = 0.15
    again: bool = True
    acknowledged: dict[str, Shipment] = field(default_factory=dict)
    answers: list[Record] = field(default_factory=list)
    unsure: list[Shipment] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    repeats: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Send what has begun, and no more."""
        self._stop.set()
        self._thread.join(timeout=120)
        assert not self._thread.is_alive(), "a batch is never acknowledged"

    def ids(self) -> set[str]:
        """The records that the server has acknowledged."""
        return {one for held in self.acknowledged.values() for one in held.ids}

    def _run(self) -> None:
        with httpx.Client(base_url=self.url, timeout=30.0) as http:
            for shipment in self.queue:
                self._deliver(http, shipment)
                if self._stop.wait(self.pause_s):
                    return

    def _deliver(self, http: httpx.Client, shipment: Shipment) -> None:
        while not self._sent(http, shipment):
            self.repeats += 1
            if not self.again:
                self.unsure.append(shipment)
                return
            # After the end too: the server is up then, and what has begun is to be acknowledged.
            threading.Event().wait(0.05)

    def _sent(self, http: httpx.Client, shipment: Shipment) -> bool:
        headers = {"Content-Type": shipment.content_type}
        if self.again:
            headers["Idempotency-Key"] = shipment.key
        try:
            answer = http.post(shipment.path, content=shipment.body, headers=headers)
        except httpx.TransportError:
            return False
        if answer.status_code in AGAIN:
            return False
        if answer.status_code != 200:
            self.refused.append(f"{answer.status_code} {answer.text}")
            return True
        self.acknowledged[shipment.key] = shipment
        self.answers.append(answer.json())
        return True
