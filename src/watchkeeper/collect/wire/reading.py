"""A request body to checked records, ready for the journal: the one way in for every format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.collect.wire import arrow_stream, fields, records
from watchkeeper.collect.wire.arrays import Column, taken, values_of
from watchkeeper.collect.wire.bodies import Format, decompressed, format_of
from watchkeeper.collect.wire.checking import Checked, Context, Group, check
from watchkeeper.collect.wire.faults import Faults
from watchkeeper.collect.wire.journal_form import Form, write
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.collect.wire.shapes import SHAPES, Decoded
from watchkeeper.core.envelope import TIME, VERSION, Signal
from watchkeeper.core.errors import InputError, ModelError, NotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_RULES = Rules({})


class Batch(msgspec.Struct, frozen=True):
    """What is known of a request beside its body.

    Parameters
    ----------
    key
        The idempotency key; ids that are made begin with it.
    received
        When it came, with a time zone.
    rules
        The rules of a model by its name. `NotFoundError`, `ModelError` or `InputError` rejects the
        records of that model; any other error goes through.
    model, version
        Of records that name none.
    """

    key: str
    received: datetime
    rules: Callable[[str], Rules]
    model: str | None = None
    version: str | None = None


class Rejected(msgspec.Struct, frozen=True):
    """A record that was not taken.

    Parameters
    ----------
    index
        Its place in the body, from 0.
    id
        Its id, where it has one.
    reason
        One of a fixed list, for machines.
    message
        A sentence, for people.
    model
        Its model, empty where none is known.
    """

    index: int
    id: str | None
    reason: str
    message: str
    model: str = ""


class Part(msgspec.Struct, frozen=True):
    """The accepted records of one model.

    Parameters
    ----------
    model
        Its name; empty for changes that concern all models.
    records
        How many there are.
    form, body
        As the journal keeps them; `to_table` reads them.
    adopted
        Features, and `_prediction`, that the rules did not have, with their types.
    versions
        The versions that the records name.
    first, last
        The first and the last event time.
    """

    model: str
    records: int
    form: Form
    body: bytes
    adopted: dict[str, str]
    versions: tuple[str, ...]
    first: datetime
    last: datetime


class Reading(msgspec.Struct, frozen=True):
    """All records of a body: each is in a part or rejected.

    Parameters
    ----------
    batch
        The key of the batch.
    records
        How many records the body had.
    parts
        The accepted ones, a part a model.
    rejected
        The others, in order.
    """

    batch: str
    records: int
    parts: tuple[Part, ...]
    rejected: tuple[Rejected, ...]


def read_body(
    body: bytes,
    *,
    signal: Signal,
    content_type: str | None,
    encoding: str | None,
    max_bytes: int,
    batch: Batch,
) -> Reading:
    """Read, check and encode the records of a request body.

    Parameters
    ----------
    body
        As received.
    signal
        What the records tell.
    content_type, encoding
        The headers of those names.
    max_bytes
        The most bytes that a body may have, before and after decompression.
    batch
        What else is known of the request.

    Raises
    ------
    InputError
        The body as a whole cannot be read.
    TooLargeError
        Too many bytes or records.
    UnsupportedTypeError
        A content type or encoding that is not read.

    Examples
    --------
    >>> batch = Batch("b1", datetime(2024, 1, 1, tzinfo=UTC), lambda model: Rules({}), "flights")
    >>> reading = read_body(
    ...     b'{"features": {"miles": 12}}', signal=Signal.PREDICTIONS,
    ...     content_type="application/json", encoding=None, max_bytes=1000, batch=batch,
    ... )
    >>> reading.parts[0].records, reading.parts[0].adopted, reading.rejected
    (1, {'miles': 'double'}, ())
    """
    form = format_of(content_type)
    plain = decompressed(body, encoding=encoding, max_bytes=max_bytes)
    if form is Format.ARROW:
        decoded = arrow_stream.read_stream(plain, signal=signal, max_bytes=max_bytes)
    else:
        decoded = records.decode(plain, form, signal)
    return _checked(decoded, signal, batch)


def read_records(mappings: Sequence[Mapping[str, Any]], *, signal: Signal, batch: Batch) -> Reading:
    """Check and encode records that are in memory already, as `read_body` does.

    Examples
    --------
    >>> batch = Batch("b1", datetime(2024, 1, 1, tzinfo=UTC), lambda model: Rules({}), "flights")
    >>> read_records([{"label": 1}], signal=Signal.LABELS, batch=batch).rejected[0].reason
    'missing_id'
    """
    return _checked(records.from_mappings(mappings, SHAPES[signal]), signal, batch)


def _checked(decoded: Decoded, signal: Signal, batch: Batch) -> Reading:
    rejected = [Rejected(bad.index, None, bad.reason, bad.message) for bad in decoded.bad]
    parts = []
    for model, group in _by_model(decoded, signal, batch, rejected):
        try:
            rules = batch.rules(model) if model else _NO_RULES
        except (NotFoundError, ModelError, InputError) as error:
            _reject_group(group, model, ("unknown_model", str(error)), rejected)
            continue
        checked = check(group, Context(signal, rules, batch.key, batch.received, batch.version))
        for row, (reason, message) in checked.rejected.items():
            rejected.append(_rejection(group, row, model, (reason, message)))
        if len(checked.indexes):
            parts.append(_part(model, checked, batch.received))
    rejected.sort(key=lambda one: one.index)
    return Reading(batch.key, decoded.total, tuple(parts), tuple(rejected))


def _by_model(
    decoded: Decoded, signal: Signal, batch: Batch, rejected: list[Rejected]
) -> list[tuple[str, Group]]:
    """The records of each model, in the order of the models' first records."""
    columns = dict(decoded.columns)
    named = columns.pop("model", None)
    whole = Group(decoded.indexes, columns, decoded.nested, decoded.extras)
    if not len(decoded.indexes):
        return []
    default = batch.model or ("" if signal is Signal.CHANGES else None)
    faults = Faults()
    names = _models(named, default, len(decoded.indexes), faults)
    if isinstance(names, str):
        return [(names, whole)]
    rows_of: dict[str | None, list[int]] = {}
    for row, name in enumerate(names):
        rows_of.setdefault(name, []).append(row)
    groups = []
    for name, rows in rows_of.items():
        if name is None:
            for row in rows:
                why = faults.rejected.get(row, _MODEL_MISSING)
                rejected.append(_rejection(whole, row, "", why))
        else:
            groups.append((name, _some_rows(whole, rows)))
    return groups


_MODEL_MISSING = (
    "missing_model",
    "the record names no model; name it in the record, or for all in the query (?model=)",
)


def _models(
    named: Column | None, default: str | None, rows: int, faults: Faults
) -> str | list[str | None]:
    """The model of each row; one name where it is the same for all."""
    if named is None:
        return default if default is not None else [None] * rows
    column = fields.plain_field("model", named, "string", faults)
    distinct = set(column) if isinstance(column, list) else set(pc.unique(column).to_pylist())
    distinct = {name or default for name in distinct}
    if len(distinct) == 1 and not faults.rejected and None not in distinct:
        return str(distinct.pop())
    values = values_of(column)
    return [
        None if row in faults.rejected else (name or default) for row, name in enumerate(values)
    ]


def _some_rows(group: Group, rows: list[int]) -> Group:
    if len(rows) == len(group.indexes):
        return group
    place = {row: at for at, row in enumerate(rows)} if group.extras else {}
    return Group(
        [group.indexes[row] for row in rows],
        {name: taken(column, rows) for name, column in group.columns.items()},
        {
            name: {child: taken(column, rows) for child, column in children.items()}
            for name, children in group.nested.items()
        },
        {place[row]: extra for row, extra in group.extras.items() if row in place},
    )


def _reject_group(group: Group, model: str, why: tuple[str, str], rejected: list[Rejected]) -> None:
    rows = range(len(group.indexes))
    rejected.extend(_rejection(group, row, model, why) for row in rows)


def _rejection(group: Group, row: int, model: str, why: tuple[str, str]) -> Rejected:
    column = group.columns.get("id")
    given = None if column is None else column[row]
    if isinstance(given, pa.Scalar):
        given = given.as_py()
    id_ = str(given) if isinstance(given, (str, int, float)) else None
    return Rejected(group.indexes[row], id_, why[0], why[1], model)


def _part(model: str, checked: Checked, received: datetime) -> Part:
    form, body = write(checked.columns, checked.indexes)
    first, last = _span(checked, received)
    versions: tuple[str, ...] = ()
    if VERSION in checked.columns:
        column = checked.columns[VERSION][1]
        held = column if isinstance(column, list) else pc.unique(column).to_pylist()
        versions = tuple(sorted(set(held) - {None}))
    return Part(model, len(checked.indexes), form, body, checked.adopted, versions, first, last)


def _span(checked: Checked, received: datetime) -> tuple[datetime, datetime]:
    """The first and the last event time; a record without one is of its receipt."""
    if TIME not in checked.columns:
        return received, received
    column = checked.columns[TIME][1]
    if isinstance(column, list):
        held = [value for value in column if value is not None]
        low, high, gaps = min(held), max(held), len(held) < len(column)
    else:
        limits = pc.min_max(column.cast(pa.int64())).as_py()
        low, high, gaps = limits["min"], limits["max"], column.null_count > 0
    first, last = (_EPOCH + timedelta(microseconds=micros) for micros in (low, high))
    return (min(first, received), max(last, received)) if gaps else (first, last)
