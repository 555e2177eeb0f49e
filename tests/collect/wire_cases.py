"""What the tests of the wire share: a batch, bodies of every format, and reading them back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa

from watchkeeper.collect.wire.columns import to_table
from watchkeeper.collect.wire.reading import Batch, Reading, read_body
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import NotFoundError

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
JSON, LINES = "application/json", "application/x-ndjson"
MSGPACK, ARROW = "application/msgpack", "application/vnd.apache.arrow.stream"
LIMIT = 1 << 20


@dataclass(frozen=True)
class Stored:
    """A journal entry."""

    position: int
    received: datetime
    form: str
    body: bytes


def batch_of(
    rules: Rules | None = None, model: str | None = "m", version: str | None = None
) -> Batch:
    """A batch whose every model but `none` has the same rules."""

    def find(name: str) -> Rules:
        if name == "none":
            raise NotFoundError("there is no model 'none'")
        return rules or Rules({})

    return Batch("b", NOW, find, model, version)


def read(body: bytes, content_type: str | None = LINES, **options: Any) -> Reading:
    """Read a body of predictions, unless told otherwise."""
    given = {
        "signal": Signal.PREDICTIONS, "encoding": None, "max_bytes": LIMIT, "batch": batch_of(),
    } | options  # fmt: skip
    return read_body(body, content_type=content_type, **given)


def read_all(records: Sequence[Any], rules: Rules | None = None, **options: Any) -> Reading:
    """Read records as a JSON list."""
    return read(json.dumps(records).encode(), JSON, batch=batch_of(rules), **options)


def table_of(
    *readings: Reading, rules: Rules | None = None, signal: Signal = Signal.PREDICTIONS
) -> pa.Table:
    """What the worker makes of readings, sorted by position and row."""
    stored = [
        Stored(position, NOW, part.form, part.body)
        for position, reading in enumerate(readings)
        for part in reading.parts
    ]
    table = to_table(stored, signal=signal, rules=rules or Rules({}))
    return table.sort_by([("_position", "ascending"), ("_row", "ascending")])


def rows_of(*readings: Reading, **options: Any) -> list[dict[str, Any]]:
    """The rows of readings, without nulls and without what the journal adds."""
    added = {"_position", "_received"}
    return [
        {name: value for name, value in row.items() if value is not None and name not in added}
        for row in table_of(*readings, **options).to_pylist()
    ]


def reasons(reading: Reading) -> list[tuple[int, str]]:
    """The index and the reason of each record that was rejected."""
    return [(one.index, one.reason) for one in reading.rejected]


def same(got: Any, expected: Any) -> bool:
    """Whether values are equal and of one type, NaN to NaN."""
    if isinstance(expected, list):
        return len(got) == len(expected) and all(map(same, got, expected))
    alike = got == expected or repr(got) == repr(expected) == "nan"
    return alike and (isinstance(expected, datetime) or type(got) is type(expected))


def stream(table: pa.Table, compression: str | None = None) -> bytes:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def packed(value: Any) -> bytes:
    """A value as MessagePack."""
    return msgspec.msgpack.encode(value)
