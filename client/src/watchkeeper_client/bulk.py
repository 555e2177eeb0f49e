"""Tables and ready bodies on their way into the buffer, also where rules need every record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from watchkeeper_client.batches import layout_of
from watchkeeper_client.errors import ClientError
from watchkeeper_client.row_bodies import frame_rows, records

__all__ = ["Taker", "log_rows", "read_body"]


class Taker(Protocol):
    """Takes single predictions."""

    def __call__(self, record: dict[str, Any]) -> object:
        """Take the fields of one prediction, by their names on the wire."""


def log_rows(
    take: Taker,
    data: Any,
    *,
    model: str | None,
    names: Sequence[str] | None,
    features: Sequence[str] | None,
    fields: Mapping[str, Any],
) -> int:
    """Hand each row of a table over as a record of its own.

    Parameters
    ----------
    take
        Gets the fields of each record.
    data, model, names, features, fields
        As of `watchkeeper_client.tables.log_batch`.

    Returns
    -------
    int
        How many there were.
    """
    layout = layout_of(fields, constants={"model": model}, features=features)
    arrow = getattr(data, "to_pylist", None)
    rows = arrow() if callable(arrow) else frame_rows(data, names=names)
    number = 0
    for record in records(rows, layout):
        take(record)
        number += 1
    return number


def read_body(signal: str, content_type: str, body: bytes) -> Iterator[dict[str, Any]]:
    """The records of a ready body.

    Parameters
    ----------
    signal
        What they tell.
    content_type
        JSON, JSON lines, MessagePack; Arrow for labels and outcomes, whose columns are their
        fields.
    body
        The bytes.

    Raises
    ------
    ClientError
        The body cannot be read into records.
    """
    import msgspec

    kind = content_type.partition(";")[0].strip().lower()
    if kind in {"application/msgpack", "application/x-msgpack"}:
        return _listed(msgspec.msgpack.decode(body))
    if kind == "application/json":
        return _listed(msgspec.json.decode(body))
    if kind in {"application/x-ndjson", "application/jsonl"}:
        return _listed(msgspec.json.Decoder().decode_lines(body))
    if kind == "application/vnd.apache.arrow.stream" and signal != "predictions":
        from watchkeeper_client.arrow_bodies import pyarrow

        return _listed(pyarrow().ipc.open_stream(body).read_all().to_pylist())
    raise ClientError(
        f"there are rules for private values, and they cannot be applied to {signal} as {kind}; "
        "send rows, or use log_batch"
    )


def _listed(found: Any) -> Iterator[dict[str, Any]]:
    """The records of what was decoded: a list, an object with `records`, or a single record."""
    if isinstance(found, dict):
        found = found.get("records", [found])
    if not isinstance(found, Iterable):
        raise ClientError("the body holds no records")
    for record in found:
        if not isinstance(record, dict):
            raise ClientError("the body holds something that is no record")
        yield record
