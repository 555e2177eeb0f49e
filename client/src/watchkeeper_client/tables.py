"""Many records at once: data frames, Arrow, NumPy arrays and lists of mappings.

Columns that are named for a field (`prediction="late"`, `id="flight"`) become that field; all
others are features. Where PyArrow is installed (`watchkeeper-client[arrow]`) the columns travel as
Arrow IPC streams, else as MessagePack rows. The batch is cut into bodies of at most 50,000 rows and
8 MiB, and each goes through the client's buffer, retries and spool.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict, Unpack

from watchkeeper_client import arrow_bodies, row_bodies
from watchkeeper_client.batches import MAX_BYTES, MAX_ROWS, Body, Fields, Layout, layout_of
from watchkeeper_client.row_bodies import frame_rows

__all__ = [
    "BodySink", "frame_rows", "label_batch", "log_batch", "outcome_batch", "prediction_bodies",
    "value_bodies",
]  # fmt: skip


class BodySink(Protocol):
    """Takes ready bodies; it neither blocks nor raises."""

    def send_body(self, signal: str, content_type: str, body: bytes, records: int) -> None:
        """Send one body of a signal: `predictions`, `labels` or `outcomes`."""


class OutcomeFields(TypedDict, total=False):
    """What an outcome may say beside its value."""

    unit: str | None
    time: Any
    model: str | None


def log_batch(
    client: BodySink,
    data: Any,
    *,
    model: str | None = None,
    names: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    **fields: Unpack[Fields],
) -> int:
    """Log one prediction for each row of a table.

    Parameters
    ----------
    client
        Where the bodies go.
    data
        A data frame (pandas, Polars), anything that offers Arrow (PyArrow, DuckDB, Polars, a
        reader), a NumPy array, a mapping of columns, or an iterable of mappings.
    model
        The model of all rows; without it the client's own.
    names
        The names of a NumPy array's columns.
    features
        The columns that are features; without it all that are no field.
    **fields
        Fields of the records: a column's name, or the values themselves. Give an `id` where labels
        are to come.

    Returns
    -------
    int
        How many records were handed over.

    Raises
    ------
    ValueError
        Where a named column is absent, or values have another length than the data.
    TypeError
        For data that hold no rows, and for a field that there is not.

    Examples
    --------
    >>> class Printer:
    ...     def send_body(self, signal, content_type, body, records):
    ...         print(signal, records)
    >>> rows = [{"distance": 2475, "late": True}]
    >>> log_batch(Printer(), rows, prediction="late", model="arrivals")
    predictions 1
    1
    """
    layout = layout_of(fields, constants={"model": model}, features=features)
    sent = 0
    for body in prediction_bodies(data, layout, names=names):
        client.send_body("predictions", *body)
        sent += body.records
    return sent


def prediction_bodies(
    data: Any,
    layout: Layout,
    *,
    names: Sequence[str] | None = None,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Body]:
    """A table as bodies of predictions, ready to send.

    Lists of mappings, and columns of mixed types that Arrow cannot hold, go as MessagePack rows.

    Examples
    --------
    >>> layout = layout_of({"prediction": "late"}, constants={"model": "arrivals"}, features=None)
    >>> [body.records for body in prediction_bodies([{"late": 1}, {"late": 0}], layout, max_rows=1)]
    [1, 1]
    """
    rows_known = hasattr(data, "__len__") and not isinstance(data, Mapping)
    if rows_known:
        layout.check_lengths(len(data))
    pa = arrow_bodies.pyarrow()
    if pa is not None and arrow_bodies.offers_arrow(data):
        with contextlib.suppress(pa.ArrowException):
            batches = arrow_bodies.opened(data, names)
            return arrow_bodies.arrow_bodies(
                batches, layout, max_rows=max_rows, max_bytes=max_bytes
            )
    rows = frame_rows(data, names=names)
    return row_bodies.row_bodies(rows, layout, max_rows=max_rows, max_bytes=max_bytes)


def label_batch(
    client: BodySink,
    ids: Any,
    labels: Any,
    *,
    time: Any = None,
    source: str | None = None,
    model: str | None = None,
) -> int:
    """Say what turned out to be true, for many predictions.

    Parameters
    ----------
    client
        Where the bodies go.
    ids, labels
        The predictions' ids and their labels: lists, arrays or series of the same length.
    time
        When each became known; absent: when the server receives it.
    source
        Who says so, the same for all.
    model
        The model of all; without it the client's own.

    Returns
    -------
    int
        How many labels were handed over.

    Raises
    ------
    ValueError
        Where the lengths differ.
    """
    columns = {"id": ids, "label": labels, "time": time}
    return _send_values(client, "labels", columns, {"source": source, "model": model})


def outcome_batch(
    client: BodySink,
    ids: Any,
    values: Any,
    *,
    name: str,
    **more: Unpack[OutcomeFields],
) -> int:
    """Say what many predictions were worth: a business value for each.

    Parameters
    ----------
    client
        Where the bodies go.
    ids, values
        The predictions' ids and their values: lists, arrays or series of the same length.
    name
        What was measured, such as `revenue`.
    **more
        `unit`, such as `EUR`; `time`, when each became known (absent: when the server receives it);
        `model` of all (absent: the client's own).

    Returns
    -------
    int
        How many outcomes were handed over.

    Raises
    ------
    ValueError
        Where the lengths differ.
    """
    columns = {"id": ids, "value": values, "time": more.get("time")}
    constants = {"name": name, "unit": more.get("unit"), "model": more.get("model")}
    return _send_values(client, "outcomes", columns, constants)


def _send_values(
    client: BodySink,
    signal: Literal["labels", "outcomes"],
    columns: Mapping[str, Any],
    constants: Mapping[str, str | None],
) -> int:
    given = {name: values for name, values in columns.items() if values is not None}
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"{signal} need as many ids as values, and {shown}")
    said = {name: value for name, value in constants.items() if value}
    sent = 0
    for body in value_bodies(given, said):
        client.send_body(signal, *body)
        sent += body.records
    return sent


def value_bodies(columns: Mapping[str, Any], constants: Mapping[str, str]) -> Iterator[Body]:
    """Labels or outcomes as bodies, ready to send; columns of mixed types as MessagePack rows."""
    pa = arrow_bodies.pyarrow()
    if pa is not None:
        with contextlib.suppress(pa.ArrowException):
            return iter(list(arrow_bodies.value_bodies(columns, constants)))
    return row_bodies.plain_bodies(columns, constants)
