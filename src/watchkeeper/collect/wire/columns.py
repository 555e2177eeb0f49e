"""Journal entries of one model and signal to one Arrow table, typed as the model's rules say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.collect.wire.arrays import STAMP, TYPES, as_array, values_of
from watchkeeper.collect.wire.faults import Faults, json_text
from watchkeeper.collect.wire.features import place
from watchkeeper.collect.wire.journal_form import Columns, read, read_rows
from watchkeeper.collect.wire.rules import Policy, Rules
from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal

_LATER = Policy(wrong_type="coerce")
_OF_SIGNAL: dict[Signal, dict[str, str]] = {
    Signal.PREDICTIONS: envelope.PREDICTION_COLUMNS,
    Signal.LABELS: envelope.LABEL_COLUMNS,
    Signal.OUTCOMES: envelope.OUTCOME_COLUMNS,
    Signal.CHANGES: envelope.CHANGE_COLUMNS,
}


class Stored(Protocol):
    """A journal entry, as far as it is read here."""

    @property
    def position(self) -> int:
        """Its place in the journal."""

    @property
    def received(self) -> datetime:
        """When it was received."""

    @property
    def form(self) -> str:
        """How its body is written."""

    @property
    def body(self) -> bytes:
        """The records."""


def to_table(stored: Iterable[Stored], *, signal: Signal, rules: Rules) -> pa.Table:
    """Journal entries as a table with the columns of the signal, and features.

    Parameters
    ----------
    stored
        Entries of one model and one signal.
    signal
        What their records tell.
    rules
        The schema as it is now. What an entry holds under another type is coerced, or kept in the
        overflow; what the rules lack gets a column of its own type.

    Returns
    -------
    Table
        All columns of the signal, then `_prediction` and `_score_…` where known, then the features
        in the order of the rules, then others. The rows stand in no promised order; `_position`
        and `_row` tell it.

    Examples
    --------
    >>> to_table([], signal=Signal.LABELS, rules=Rules({})).column_names
    ['_id', '_time', '_received', '_position', '_row', '_label', '_source']
    """
    pooled = list(_pooled(stored))
    types = {**envelope.COMMON, **_OF_SIGNAL[signal]}
    features: dict[str, str] = {}
    if signal is Signal.PREDICTIONS:
        types |= {envelope.PREDICTION: rules.prediction} if rules.prediction else {}
        features |= rules.features
    for columns in pooled:
        for name, (type_, _) in columns.items():
            (types if name.startswith("_") else features).setdefault(name, type_)
    types |= features
    pieces = [_piece(columns, types) for columns in pooled]
    if any(envelope.OVERFLOW in piece for piece in pieces):
        types.setdefault(envelope.OVERFLOW, "string")
    schema = pa.schema([(name, TYPES[type_]) for name, type_ in types.items()])
    if not pieces:
        return schema.empty_table()
    return pa.concat_tables([_as_table(piece, schema) for piece in pieces])


def _pooled(stored: Iterable[Stored]) -> Iterator[Columns]:
    """The columns of each entry; entries of rows with the same columns are one."""
    pools: dict[tuple[tuple[str, str], ...], _Pool] = {}
    for entry in stored:
        if entry.form == "rows":
            types, rows = read_rows(entry.body)
            pools.setdefault(tuple(types.items()), _Pool()).add(entry, rows)
        else:
            columns = read(entry.form, entry.body)
            yield _placed(columns, entry, len(columns[envelope.ROW][1]))
    for key, pool in pools.items():
        yield pool.columns(key)


class _Pool:
    """Rows of many small entries that have the same columns."""

    def __init__(self) -> None:
        self._rows: list[list[Any]] = []
        self._positions: list[int] = []
        self._received: list[datetime] = []

    def add(self, entry: Stored, rows: list[list[Any]]) -> None:
        """Take the rows of one more entry."""
        self._rows.extend(rows)
        self._positions.extend([entry.position] * len(rows))
        self._received.extend([entry.received] * len(rows))

    def columns(self, types: Iterable[tuple[str, str]]) -> Columns:
        """All rows as columns."""
        turned = zip(*self._rows, strict=True)
        columns: Columns = {
            name: (type_, list(values)) for (name, type_), values in zip(types, turned, strict=True)
        }
        columns[envelope.POSITION] = ("int64", self._positions)
        columns[envelope.RECEIVED] = ("timestamp", self._received)
        return columns


def _placed(columns: Columns, entry: Stored, count: int) -> Columns:
    position = pa.array(np.full(count, entry.position, dtype=np.int64))
    received = pa.repeat(pa.scalar(entry.received, STAMP), count)
    return {
        **columns,
        envelope.POSITION: ("int64", position),
        envelope.RECEIVED: ("timestamp", received),
    }


def _piece(columns: Columns, types: Mapping[str, str]) -> Columns:
    """Columns in the types of the rules; one of another type is coerced, or overflows."""
    piece: Columns = {}
    faults = Faults()
    for name, (type_, column) in columns.items():
        want = types[name]
        piece[name] = (want, as_array(column, type_))
        if want != type_:
            piece[name] = (want, place(name, piece[name][1], want, _LATER, faults))
    _fill_times(piece)
    rows = len(columns[envelope.ROW][1])
    violations, overflow = faults.violations(rows), faults.overflow(rows)
    if violations is not None:
        before = _held(piece, envelope.VIOLATIONS, rows)
        merged = [
            sorted({*(old or ()), *(new or ())}) or None
            for old, new in zip(before, violations, strict=True)
        ]
        piece[envelope.VIOLATIONS] = ("strings", merged)
    if overflow is not None:
        before = _held(piece, envelope.OVERFLOW, rows)
        pairs = zip(before, overflow, strict=True)
        piece[envelope.OVERFLOW] = ("string", [_both(old, new) for old, new in pairs])
    return piece


def _held(piece: Columns, name: str, rows: int) -> list[Any]:
    """A column of a piece as Python values, nulls where it has none."""
    return values_of(as_array(piece[name][1], piece[name][0])) if name in piece else [None] * rows


def _both(old: str | None, new: str | None) -> str | None:
    """Two JSON objects as one."""
    if old is None or new is None:
        return old or new
    return json_text(json.loads(new) | json.loads(old))


def _fill_times(piece: Columns) -> None:
    """A record that says no time is of its receipt."""
    received = as_array(piece[envelope.RECEIVED][1], "timestamp")
    if envelope.TIME in piece:
        times = as_array(piece[envelope.TIME][1], "timestamp")
        received = pc.coalesce(times, received) if times.null_count else times
    piece[envelope.TIME] = ("timestamp", received)


def _as_table(piece: Columns, schema: pa.Schema) -> pa.Table:
    rows = len(piece[envelope.ROW][1])
    arrays = [
        as_array(piece[field.name][1], piece[field.name][0])
        if field.name in piece
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
