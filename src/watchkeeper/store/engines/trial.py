"""A trial of an engine: whether it counts a few known rows as the kernel does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import numpy as np
import pyarrow as pa

from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import ColumnStatistic, Profile
from watchkeeper.profiles.query import profile_table

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from watchkeeper.profiles.engine import QueryEngine

_NAN, _INF = float("nan"), float("inf")
_STAMPS = [1709251199999999, None, -1000000 + 1, 1711846800000000, 0, None, 4102444800000000, None]
"""Microseconds since 1970: before it, far after it, and of all digits."""

_DAYS = [date(2024, 2, 29), None, date(1969, 12, 31), date(1970, 1, 1), None, date(1800, 1, 1)]
_TEXTS = ["a", "A", "a ", "", None, "it's", "日本", "é"]

_SAMPLES: dict[str, tuple[Kind, pa.DataType, list[Any]]] = {
    "float64": (
        Kind.NUMERIC, pa.float64(), [0.1, None, _NAN, _INF, -_INF, -0.0, 1e-300, 1.7e308],
    ),
    "float32": (Kind.NUMERIC, pa.float32(), [0.1, None, _NAN, _INF, -0.0, 2.0, 0.5, -1.0]),
    "int64": (
        Kind.NUMERIC, pa.int64(), [2**53 + 1, -(2**62), None, 0, -1, 7, 7, 2**62],
    ),
    "boolean": (Kind.NUMERIC, pa.bool_(), [True, False, None, True, True, None, False, True]),
    "string": (Kind.CATEGORICAL, pa.string(), _TEXTS),
    "length": (Kind.TEXT, pa.string(), _TEXTS),
    "timestamp": (Kind.DATETIME, pa.timestamp("us"), _STAMPS),
    "date": (
        Kind.DATETIME, pa.date32(),
        [*_DAYS, date(2000, 1, 1), None],
    ),
    "decimal": (
        Kind.NUMERIC, pa.decimal128(10, 2),
        [Decimal(cents) / 100 for cents in (10, -333, 1234567891, 7, 7, 7, 0)] + [None],
    ),
}  # fmt: skip
"""A column of each type: its kind, its Arrow type, and eight values."""


def counts_alike(engine: QueryEngine, schema: ibis.Schema) -> bool:
    """Whether the engine's profile of a few known rows is the kernel's.

    The rows are constants of a query, so that nothing is written. Only types that the columns of
    `schema` have are tried; a column of a type that has no trial fails it.
    """
    wanted: dict[str, None] = {}
    for dtype in schema.types:
        names = _trials(dtype)
        if not names:
            return False
        wanted |= dict.fromkeys(names)
    try:
        return not wanted or _alike(engine, list(wanted))
    except Exception:  # noqa: BLE001  # whatever a driver raises, the trial has failed
        return False


def _trials(dtype: dt.DataType) -> tuple[str, ...]:
    if dtype.is_string():
        return ("string", "length")
    if dtype.is_floating():
        return ("float64", "float32") if dtype.is_float32() else ("float64",)
    if dtype.is_integer():
        return ("int64",)
    if isinstance(dtype, dt.Decimal) and dtype.scale is not None and (dtype.precision or 38) <= 15:
        return ("decimal",)
    tests = {"boolean": dtype.is_boolean, "timestamp": dtype.is_timestamp, "date": dtype.is_date}
    return tuple(name for name, holds in tests.items() if holds())


def _alike(engine: QueryEngine, names: list[str]) -> bool:
    rows = pa.table({name: pa.array(_SAMPLES[name][2], _SAMPLES[name][1]) for name in names})
    rows = rows.append_column("part", pa.array(["x", "y", None, "z", "x", "y", "x", "it's"]))
    columns = [Column(name, _SAMPLES[name][0]) for name in names]
    model = Model(
        "trial", (*columns, Column("part", Kind.CATEGORICAL)), segments=("part",), segment_limit=2
    )
    layout = fit_layout(model, rows.slice(0, 5))
    found = profile_table(_constants(rows), layout, engine)
    return same(found, profile_batch(rows.combine_chunks().to_batches()[0], layout))


def _constants(rows: pa.Table) -> ir.Table:
    """The rows as a union of SELECTs of constants."""
    schema = ibis.Schema.from_pyarrow(rows.schema)
    base = ibis.literal(0).name("one").as_table()
    parts = [
        base.select(**{name: _constant(value, schema[name]) for name, value in row.items()})
        for row in rows.to_pylist()
    ]
    return reduce(lambda all_, part: all_.union(part), parts)


def _constant(value: Any, dtype: dt.DataType) -> ir.Value:
    return ibis.null(dtype) if value is None else ibis.literal(value, dtype).cast(dtype)


def same(found: Profile, kernel: Profile) -> bool:
    """Whether two profiles of the same rows count the same, sums up to reordering."""
    pairs = [(found.whole, kernel.whole)]
    for name, parts in kernel.segments.items():
        if found.segments[name].keys() != parts.keys():
            return False
        pairs += [(found.segments[name][value], part) for value, part in parts.items()]
    return all(
        one.rows == two.rows
        and all(_same_column(one.columns[name], held) for name, held in two.columns.items())
        for one, two in pairs
    )


def _same_column(found: ColumnStatistic, kernel: ColumnStatistic) -> bool:
    if not isinstance(found, Numeric) or not isinstance(kernel, Numeric):
        return (
            not isinstance(found, Numeric)
            and not isinstance(kernel, Numeric)
            and (found.rows, found.nulls, found.others, found.other_rows)
            == (kernel.rows, kernel.nulls, kernel.others, kernel.other_rows)
            and bool(np.array_equal(found.counts, kernel.counts))
        )
    exact = ("rows", "nulls", "nans", "negative_infinities", "positive_infinities")
    ends = ("minimum", "maximum")
    return (
        all(getattr(found, name) == getattr(kernel, name) for name in (*exact, *ends))
        and bool(np.array_equal(found.counts, kernel.counts))
        and bool(np.isclose(found.total, kernel.total, rtol=1e-9, atol=1e-300))
        and bool(np.isclose(found.squares, kernel.squares, rtol=1e-9, atol=1e-300))
    )
