"""The predictions behind a window: filtered, paged, and written to files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.app.live.event_rows import LABEL_COLUMNS, LABEL_SCHEMA, joined, role_columns
from watchkeeper.app.live.known_ids import LEAD
from watchkeeper.app.live.questions import RowsQuery
from watchkeeper.app.sources import open_local
from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, RuleError
from watchkeeper.core.windows import Window
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.rules import translate
from watchkeeper.store.buckets import Buckets
from watchkeeper.store.tables import Tables, Wanted

Answer = dict[str, Any]
Place = tuple[int, int, int]
"""Where a row stands: microseconds of its time, its position in the journal, its place there."""

MAX_LIMIT = 10_000

_AT_ONCE = 20_000
"""Rows below which twice as many hours are read next: an hour costs the same with few rows."""
_MOST_HOURS = 7 * 24

_ORDER = (envelope.TIME, envelope.POSITION, envelope.ROW)
_PLAIN = {
    envelope.ID: "id", envelope.TIME: "time", envelope.RECEIVED: "received",
    envelope.VERSION: "version", envelope.PREDICTION: "prediction", envelope.SCORE: "score",
    envelope.LABEL: "label", "_label_time": "label_time", envelope.VIOLATIONS: "violations",
}  # fmt: skip
_INNER = {envelope.POSITION, envelope.ROW, envelope.DAY, "_label_received", "_label_versions"}


class RowReader:
    """Reads predictions of a model with their labels.

    Parameters
    ----------
    model
        Its name.
    layout
        Of its reference, for the names of roles in conditions; None where it has none.
    tables, buckets
        The stores: the buckets say which hours hold rows.
    """

    def __init__(self, model: str, layout: Layout | None, tables: Tables, buckets: Buckets) -> None:
        self._model = model
        self._names = {} if layout is None else role_columns(layout.model)
        self._tables = tables
        self._buckets = buckets

    def page(self, query: RowsQuery, window: Window) -> Answer:
        """One page of rows, and where the next begins (None: this was the last).

        Raises
        ------
        InputError
            The limit, the cursor or the condition is wrong.
        """
        if not 1 <= query.limit <= MAX_LIMIT:
            raise InputError(f"limit is {query.limit}; it may be 1 to {MAX_LIMIT}")
        after = None if query.cursor is None else _place(query.cursor)
        found: list[Answer] = []
        for table in self._hours(query, window, after):
            found += _told(table.slice(0, query.limit + 1 - len(found)))
            if len(found) > query.limit:
                break
        page = found[: query.limit]
        more = len(found) > query.limit
        cursor = ".".join(map(str, page[-1].pop("_place"))) if more else None
        for row in page:
            row.pop("_place", None)
        return {"model": self._model, "rows": page, "next": cursor}

    def tables(self, query: RowsQuery, window: Window) -> Iterator[pa.Table]:
        """All rows, some hours at a time, without the columns that only the server needs."""
        for table in self._hours(query, window, None):
            if table.num_rows:
                yield table.drop_columns([n for n in _INNER if n in table.column_names])

    def _hours(self, query: RowsQuery, window: Window, after: Place | None) -> Iterator[pa.Table]:
        """Rows that fit, in the order asked for: hour by hour, or more where hours hold few."""
        held = self._buckets.buckets(self._model, layout="", start=window.start, end=window.end)
        hours = sorted({b.start + timedelta(hours=n) for b in held for n in range(b.hours)})
        newest = query.order == "newest"
        if newest:
            hours.reverse()
        left = [h for h in hours if after is None or not _passed(h, after, newest=newest)]
        length = 1
        while left:
            now, left = left[:length], left[length:]
            scanned, rows = self._between(query, min(now), max(now) + timedelta(hours=1))
            length = min(length * 2, _MOST_HOURS) if scanned < _AT_ONCE else max(1, length // 2)
            if rows.num_rows:
                direction = "descending" if newest else "ascending"
                rows = rows.sort_by([(name, direction) for name in _ORDER])
                yield rows if after is None else _beyond(rows, after, newest=newest)

    def _between(self, query: RowsQuery, start: datetime, end: datetime) -> tuple[int, pa.Table]:
        """How many rows were looked at, and those that fit."""
        wanted = Wanted(start, end, ids=query.ids or None)
        batches = list(self._tables.batches(self._model, Signal.PREDICTIONS, wanted))
        if not batches:
            return 0, pa.table({})
        rows = pa.Table.from_batches(batches)
        return rows.num_rows, self._fitting(query, rows, start)

    def _fitting(self, query: RowsQuery, rows: pa.Table, start: datetime) -> pa.Table:
        if query.version is not None:
            rows = rows.filter(pc.equal(rows.column(envelope.VERSION), query.version))
        if rows.num_rows == 0:
            return rows
        ids = rows.column(envelope.ID).combine_chunks()
        lead = max(self._buckets.followed(self._model, LEAD), 0)
        since = start - timedelta(days=lead + 1)
        labels = self._tables.batches(
            self._model, Signal.LABELS, Wanted(since, columns=LABEL_COLUMNS, ids=ids)
        )
        rows = joined(rows, pa.Table.from_batches(labels, schema=LABEL_SCHEMA))
        return rows if query.where is None else self._where(rows, query.where)

    def _where(self, rows: pa.Table, condition: str) -> pa.Table:
        """The rows on which a condition in CEL holds."""
        renamed = {held: name for name, held in self._names.items()}
        plain = {**_PLAIN, **renamed}
        shown = rows.rename_columns([plain.get(name, name) for name in rows.column_names])
        shown = shown.append_column("__row", pa.array(range(rows.num_rows)))
        table = open_local(shown, name="the rows").table()
        try:
            kept = table.filter(translate(condition, table)).select("__row").to_pyarrow()
        except RuleError as error:
            raise InputError(f"where: {error}") from error
        return rows.take(kept.column("__row").combine_chunks().sort())


def write_rows(tables: Iterator[pa.Table], form: str) -> Iterator[bytes]:
    """Rows as a file, piece by piece.

    Parameters
    ----------
    tables
        The rows; their columns may differ.
    form
        `parquet`, `csv` or `json` (one object a line).
    """
    if form == "json":
        encoder = msgspec.json.Encoder()
        for table in tables:
            for row in _told(table):
                row.pop("_place", None)
                yield encoder.encode(row) + b"\n"
        return
    drain = _Drain()
    writer: Any = None
    for table in tables:
        flat = _flat(table)
        if writer is None:
            writer = _writer(drain, flat.schema, form)
        writer.write_table(flat.select(writer.schema.names).cast(writer.schema))
        yield from drain.taken()
    if writer is None:
        writer = _writer(drain, pa.schema([(envelope.ID, pa.string())]), form)
    writer.close()
    yield from drain.taken()


class _Drain(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        """Yes: Arrow asks."""
        return True

    def write(self, data: Any, /) -> int:
        """Keep a copy, since Arrow uses its buffer again."""
        self._held.append(bytes(data))
        return len(self._held[-1])

    def taken(self) -> Iterator[bytes]:
        """What has been written since the last time."""
        held, self._held = self._held, []
        yield from held


def _writer(drain: _Drain, schema: pa.Schema, form: str) -> Any:
    if form == "parquet":
        import pyarrow.parquet as pq

        return pq.ParquetWriter(drain, schema, compression="zstd")
    from pyarrow import csv

    return _CsvWriter(csv.CSVWriter(drain, schema), schema)


class _CsvWriter:
    """A CSV writer that knows its schema, as that of Parquet does."""

    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self.schema = schema
        self.write_table = writer.write_table
        self.close = writer.close


def _flat(table: pa.Table) -> pa.Table:
    """Lists of text as text: a CSV file has no lists."""
    for index, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = pc.binary_join(table.column(index), "; ")
            table = table.set_column(index, field.name, texts)
    return table


def _told(table: pa.Table) -> list[Answer]:
    """Rows as objects: what every record has, features, and the rest where it holds a value."""
    told = []
    for row in table.to_pylist():
        place = tuple(row.get(name) for name in _ORDER)
        time = row[envelope.TIME]
        out: Answer = {plain: row.get(name) for name, plain in _PLAIN.items()}
        out["features"] = {k: v for k, v in row.items() if not k.startswith("_")}
        out["scores"] = {
            name.removeprefix(envelope.SCORES): value
            for name, value in row.items()
            if name.startswith(envelope.SCORES) and value is not None
        }
        for name, value in row.items():
            if name.startswith("_") and value is not None and _extra(name):
                out[name[1:]] = value
        micros = int(time.timestamp()) * 1_000_000 + time.microsecond
        out["_place"] = (micros, *place[1:])
        told.append(out)
    return told


def _extra(name: str) -> bool:
    return name not in _PLAIN and name not in _INNER and not name.startswith(envelope.SCORES)


def _place(cursor: str) -> Place:
    try:
        time, position, row = (int(part) for part in cursor.split("."))
    except ValueError as error:
        raise InputError(
            f"cursor is {cursor!r}; give `next` of the page before, as it was"
        ) from error
    return time, position, row


def _passed(hour: datetime, after: Place, *, newest: bool) -> bool:
    """Whether all rows of an hour stand before the place."""
    start = int(hour.timestamp()) * 1_000_000
    return start > after[0] if newest else start + 3_600_000_000 <= after[0]


def _beyond(rows: pa.Table, after: Place, *, newest: bool) -> pa.Table:
    """The rows that come after a place in their order."""
    strict = pc.less if newest else pc.greater
    columns = (rows.column(envelope.TIME).cast(pa.int64()), *(rows.column(n) for n in _ORDER[1:]))
    keep = strict(columns[2], after[2])
    for column, value in ((columns[1], after[1]), (columns[0], after[0])):
        keep = pc.or_(strict(column, value), pc.and_(pc.equal(column, value), keep))
    return rows.filter(keep)
