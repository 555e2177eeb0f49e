"""Batches for tests of the journal and the writer: what a body holds, and how it becomes rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa

from watchkeeper.core.envelope import Signal
from watchkeeper.store.journal import Entry, Journal, Limits, Refused, Stored, Submission
from watchkeeper.store.tables import Tables, Wanted

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMESTAMP = pa.timestamp("us", "UTC")
MODEL = "churn"


def limits(**changes: float) -> Limits:
    """Limits that do not depend on the disk of who runs the test."""
    return msgspec.structs.replace(Limits(min_free=0), **changes)


def entry(ids: Iterable[str], *, model: str = MODEL, signal: str = "predictions") -> Entry:
    """One entry with a record for each id."""
    names = list(ids)
    return Entry(signal, model, len(names), "rows", msgspec.msgpack.encode(names))


def submission(
    key: str | None, *entries: Entry, refused: int = 0, received: datetime = START
) -> Submission:
    """A submission whose answer names its key."""
    rejected = (Refused("predictions", MODEL, refused),) if refused else ()
    return Submission(key, received, entries, f"answer to {key}".encode(), rejected)


def one(key: str | None, *ids: str, refused: int = 0) -> Submission:
    """A submission of one entry for the usual model."""
    return submission(key, entry(ids), refused=refused)


@contextmanager
def opened(path: Path, **changes: float) -> Iterator[Journal]:
    """A journal that is closed when the block is left."""
    journal = Journal(path, limits=limits(**changes))
    try:
        yield journal
    finally:
        journal.close()


def shape(_model: str, _signal: Signal, entries: list[Stored]) -> pa.Table:
    """Rows of entries: the id, a time that follows from it, and a feature."""
    ids, positions, rows = [], [], []
    for stored in entries:
        names = msgspec.msgpack.decode(stored.body, type=list[str])
        ids += names
        positions += [stored.position] * len(names)
        rows += range(len(names))
    times = [START + timedelta(hours=7 * (len(name) % 5)) for name in ids]
    return pa.table({
        "_id": pa.array(ids, pa.string()),
        "_time": pa.array(times, TIMESTAMP),
        "_received": pa.array([START] * len(ids), TIMESTAMP),
        "_position": pa.array(positions, pa.int64()),
        "_row": pa.array(rows, pa.int64()),
        "age": pa.array([float(len(name)) for name in ids], pa.float64()),
    })  # fmt: skip


def ids_in(tables: Tables, model: str = MODEL, signal: str = "predictions") -> list[str]:
    """Ids of all rows of a table, as often as they are there."""
    batches = tables.batches(model, signal, Wanted(columns=("_id",)))
    return [text for batch in batches for text in batch.column("_id").to_pylist()]
