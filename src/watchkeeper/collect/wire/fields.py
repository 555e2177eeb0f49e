"""The fields of a record beside its features: in the types of their columns, or why not."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.collect.wire.arrays import (
    Column,
    fit_column,
    has_values,
    null_rows,
    values_of,
)  # fmt: skip
from watchkeeper.collect.wire.faults import Faults, NestedTooDeeplyError, json_text
from watchkeeper.collect.wire.features import Spread
from watchkeeper.collect.wire.values import EARLIEST_US, LATEST_US, Fitted
from watchkeeper.core.envelope import ERROR_CLASSES, Signal

PLAIN: dict[Signal, dict[str, tuple[str, str]]] = {
    Signal.PREDICTIONS: {
        **{
            name: (f"_{name}", "string")
            for name in (
                "version", "group", "variant", "entity", "request_id", "trace_id", "span_id",
                "input_hash",
            )
        },
        **{name: (f"_{name}", "double") for name in ("score", "latency_ms", "weight")},
        "cache_hit": ("_cache_hit", "bool"),
        **{
            name: (f"_{name}", "int64")
            for name in ("batch_size", "tokens_in", "tokens_out", "concurrent", "queue_depth")
        },
    },
    Signal.LABELS: {"label": ("_label", "string"), "source": ("_source", "string")},
    Signal.OUTCOMES: {
        "name": ("_name", "string"), "value": ("_value", "double"), "unit": ("_unit", "string"),
    },
    Signal.CHANGES: {
        name: (f"_{name}", "string") for name in ("kind", "title", "version", "link", "author")
    },
}  # fmt: skip
"""By signal: the fields that are one value, with their column and its type."""

NEEDED = {
    Signal.PREDICTIONS: (),
    Signal.LABELS: ("id", "label"),
    Signal.OUTCOMES: ("id", "name", "value"),
    Signal.CHANGES: ("title",),
}
"""By signal: the fields that a record must have."""

_SHOWN = 40


def plain_field(name: str, column: Column, want: str, faults: Faults) -> Column:
    """One field in the type of its column; rows whose value does not fit are rejected.

    Examples
    --------
    >>> faults = Faults()
    >>> plain_field("latency_ms", [1.5, "fast", None], "double", faults)
    [1.5, None, None]
    >>> faults.rejected
    {1: ('bad_value', "'latency_ms' is a number, not 'fast'")}
    """
    fitted = as_text(column) if want == "string" else fit_column(column, want)
    if fitted.bad:
        originals = values_of(column)
        for row in fitted.bad:
            faults.reject(
                row, "bad_value", f"{name!r} is {_KINDS[want]}, not {_shown(originals[row])}"
            )
    return fitted.values


_KINDS = {
    "double": "a number", "int64": "a whole number", "string": "a text", "bool": "true or false",
    "timestamp": "a time",
}  # fmt: skip


def as_text(column: Column) -> Fitted:
    """Texts, and scalars as the texts of their categories, by which labels and predictions compare.

    Examples
    --------
    >>> as_text([True, 1.0, "yes"]).values
    ['true', '1', 'yes']
    """
    if not isinstance(column, list):
        type_ = column.type
        if pa.types.is_int64(type_) or pa.types.is_boolean(type_):
            return Fitted(column.cast(pa.string()))  # Arrow writes these as `text_of` does.
    return fit_column(column, "string")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def times(column: Column, latest_us: int, faults: Faults) -> Column:
    """Event times in microseconds since 1970; rows in no sane year or in the future are rejected.

    Parameters
    ----------
    column
        Texts, datetimes, seconds since 1970, or nulls where the time of receipt stands.
    latest_us
        The latest time that is believed, in microseconds since 1970.

    Examples
    --------
    >>> faults = Faults()
    >>> times(["1970-01-01T00:00:01Z", "soon"], 10**9, faults)
    [1000000, None]
    >>> faults.rejected[1][0]
    'bad_time'
    """
    fitted = fit_column(column, "timestamp")
    if fitted.bad:
        originals = values_of(column)
        for row in fitted.bad:
            faults.reject(
                row, "bad_time",
                f"the time {_shown(originals[row])} is neither RFC 3339 text nor seconds since "
                "1970 (not milliseconds)",
            )  # fmt: skip
    for row, micros in _outside(fitted.values, EARLIEST_US, min(LATEST_US, latest_us)):
        if EARLIEST_US <= micros <= LATEST_US:
            faults.reject(
                row, "future_time",
                f"the time is {(micros - latest_us) / 1e6:.0f} s later than the latest that is "
                "taken; check the clock, or send seconds rather than milliseconds",
            )  # fmt: skip
        else:
            faults.reject(row, "bad_time", "the time lies outside of the years 1677 to 2262")
    return fitted.values


def _outside(column: Column, low: int, high: int) -> list[tuple[int, int]]:
    """Rows beyond two limits, with their values."""
    if isinstance(column, list):
        held = [value for value in column if value is not None]
        if not held or (min(held) >= low and max(held) <= high):
            return []
        return [
            (row, value)
            for row, value in enumerate(column)
            if value is not None and not low <= value <= high
        ]
    ticks = column.cast(pa.int64())
    rows = pc.indices_nonzero(pc.or_(pc.less(ticks, low), pc.greater(ticks, high)).fill_null(False))
    return list(zip(rows.to_pylist(), ticks.take(rows).to_pylist(), strict=True))


def needed(columns: dict[str, Column], signal: Signal, rows: int, faults: Faults) -> None:
    """Reject the rows that lack a field that their signal needs; an empty id is none."""
    for name in NEEDED[signal]:
        column = columns.get(name)
        empty = range(rows) if column is None else null_rows(column)
        if name == "id" and column is not None:
            empty = without_id(column)
        faults.reject_all(
            empty, f"missing_{name}", f"the record has no {name!r}, which each of its kind needs"
        )


def without_id(column: Column) -> list[int]:
    """The rows whose id is null or empty."""
    if isinstance(column, list):
        return [row for row, value in enumerate(column) if value is None or value == ""]
    if not pa.types.is_string(column.type):
        return null_rows(column)
    rows: list[int] = pc.indices_nonzero(pc.equal(column, "").fill_null(True)).to_pylist()
    return rows


def weights(column: Column, faults: Faults) -> None:
    """Reject the rows whose weight is not a positive number."""
    if not isinstance(column, list):
        good = pc.and_(pc.greater(column, 0.0), pc.is_finite(column))
        if pc.all(good).as_py() is not False:
            return
    for row, value in enumerate(values_of(column)):
        if value is not None and not 0 < value < math.inf:
            faults.reject(row, "bad_value", f"'weight' is a positive number, not {value}")


def finite(name: str, column: Column, faults: Faults) -> None:
    """Reject the rows whose value is not finite."""
    if not isinstance(column, list) and pc.all(pc.is_finite(column)).as_py() is not False:
        return
    for row, value in enumerate(values_of(column)):
        if value is not None and not math.isfinite(value):
            faults.reject(row, "bad_value", f"{name!r} is a finite number, not {value}")


def errors(column: Column, classes: Column | None, faults: Faults) -> tuple[Column, Column]:
    """The texts and the classes of errors.

    Parameters
    ----------
    column
        Texts, or objects of `class`, `type` and `message`. An empty text is no error.
    classes
        The classes, where they stand in a column of their own.

    Examples
    --------
    >>> errors([None, "boom", {"class": "timeout", "message": "5 s"}], None, Faults())
    ([None, 'boom', '5 s'], [None, 'application', 'timeout'])
    """
    named = [None] * len(column) if classes is None else values_of(classes)
    texts: list[Any] = []
    found: list[Any] = []
    for row, (value, given) in enumerate(zip(values_of(column), named, strict=True)):
        text, class_ = _error(row, value, faults)
        class_ = given if given is not None else class_
        if class_ is not None and class_ not in ERROR_CLASSES:
            faults.keep_field(row, "error_class", class_)
            class_ = "application"
        texts.append(text if text is not None or class_ is None else class_)
        found.append(class_)
    return texts, found


def _error(row: int, value: Any, faults: Faults) -> tuple[str | None, Any]:
    if value is None or value == "":
        return None, None
    if type(value) is str:
        return value, "application"
    if not isinstance(value, dict):
        faults.reject(
            row, "bad_value",
            f"'error' is a text or an object of class, type and message, not {_shown(value)}",
        )  # fmt: skip
        return None, None
    held = {name: said for name, said in value.items() if said is not None}
    if not held:
        return None, None
    if held.keys() - {"class", "type", "message"}:
        faults.keep_field(row, "error", value)
    texts = [said for said in (held.get("type"), held.get("message")) if type(said) is str]
    class_ = held.get("class", "application")
    if type(class_) is not str or len(texts) != len(held.keys() & {"type", "message"}):
        faults.reject(row, "bad_value", "'class', 'type' and 'message' of an error are texts")
        return None, None
    return ": ".join(texts) or class_, class_


def objects(name: str, column: Column, faults: Faults) -> Column:
    """Objects as JSON text, such as tags; a text must be a JSON object itself.

    Examples
    --------
    >>> objects("tags", [{"team": "a"}, None], Faults())
    ['{"team":"a"}', None]
    """
    texts: list[Any] = []
    for row, value in enumerate(values_of(column)):
        try:
            texts.append(_object_text(value))
        except (TypeError, ValueError, msgspec.DecodeError, RecursionError) as error:
            texts.append(None)
            why = str(error) if isinstance(error, NestedTooDeeplyError) else _shown(value)
            faults.reject(row, "bad_value", f"{name!r} is an object, not {why}")
    return texts


def _object_text(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is str:
        msgspec.json.decode(value, type=dict[str, Any])
        return value
    if isinstance(value, list) and all(isinstance(pair, tuple) for pair in value):
        value = dict(value)
    if not isinstance(value, dict):
        raise TypeError(value)
    return json_text({name: held for name, held in value.items() if held is not None})


def numbers_within(name: str, found: Spread, prefix: str, faults: Faults) -> dict[str, Column]:
    """The numbers within an object, such as scores by class, as columns called by a prefix.

    Examples
    --------
    >>> found = Spread(1, {}, {}, {"yes": {0: 0.9}})
    >>> numbers_within("scores", found, "_score_", Faults())
    {'_score_yes': [0.9]}
    """
    columns: dict[str, Column] = {}
    for key, held in (found.columns | found.unknown).items():
        column: Any = held
        if isinstance(held, dict):
            column = [held.get(row) for row in range(found.rows)]
        if has_values(column):
            columns[f"{prefix}{key}"] = plain_field(f"{name}.{key}", column, "double", faults)
    return columns
