"""Tables on which databases differ, each with the model by which it is profiled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from watchkeeper.core.model import Column, Kind, Model, Role, Task

INFINITY, NAN = float("inf"), float("nan")


@dataclass(frozen=True)
class Example:
    """Rows that fix a layout, and rows that are profiled on it."""

    model: Model
    reference: pa.Table
    current: pa.Table


def _example(columns: dict[str, tuple[Kind, pa.Array]], *segments: str) -> Example:
    """Every column as it is, profiled on the layout that the first half of the rows fixes."""
    table = pa.table({name: array for name, (_, array) in columns.items()})
    model = Model(
        "example",
        tuple(Column(name, kind) for name, (kind, _) in columns.items()),
        segments=segments,
        segment_limit=3,
    )
    return Example(model, table.slice(0, (len(table) + 1) // 2), table)


def _numbers() -> Example:
    edge = [0.1, 0.2, 0.30000000000000004, 1 / 3, 1e-5]
    floats = [
        None, NAN, INFINITY, -INFINITY, -0.0, 0.0, 5e-324, -5e-324, 2.2250738585072014e-308,
        1e-200, -1e-200, 1.7976931348623157e308, -1.7976931348623157e308, 1e200, -1e160, 1.0, *edge,
    ]  # fmt: skip
    n = len(floats)
    wide = [2**53 + 1, 2**53, -(2**63), 2**63 - 1, None, 0, -1]
    return _example(
        {
            "float64": (Kind.NUMERIC, pa.array(floats, pa.float64())),
            "float32": (
                Kind.NUMERIC,
                pa.array([None, NAN, INFINITY, -0.0, 1e-45, 3.4028235e38, 0.1] * 3, pa.float32()),
            ),
            "int64": (Kind.NUMERIC, pa.array((wide * 3)[:n], pa.int64())),
            "int8": (Kind.NUMERIC, pa.array([-128, 127, None] * (n // 3), pa.int8())),
            "bool": (Kind.NUMERIC, pa.array([True, False, None] * (n // 3))),
        }
    )


def _unsigned() -> Example:
    return _example(
        {
            "u8": (Kind.NUMERIC, pa.array([0, 255, None, 3], pa.uint8())),
            "u32": (Kind.CATEGORICAL, pa.array([0, 2**32 - 1, None, 2**32 - 1], pa.uint32())),
            "u64": (Kind.NUMERIC, pa.array([2**64 - 1, 2**63 + 1, None, 0], pa.uint64())),
            "u64 class": (Kind.CATEGORICAL, pa.array([2**64 - 1, 7, None, 7], pa.uint64())),
        }
    )


def _decimals() -> Example:
    cents = [Decimal(i) / 100 for i in range(-300, 300)]
    tenths = [Decimal(i) / 10 for i in range(600)]
    long = [Decimal(i) / 10**9 + Decimal(10**20) * (i % 3) for i in range(0, 6000, 10)]
    return _example(
        {
            "cents": (Kind.NUMERIC, pa.array([*cents, None], pa.decimal128(10, 2))),
            "tenths": (Kind.NUMERIC, pa.array([*tenths, None], pa.decimal128(5, 1))),
            "long": (Kind.NUMERIC, pa.array([*long, None], pa.decimal128(38, 9))),
            "class": (Kind.CATEGORICAL, pa.array([*cents, None], pa.decimal128(10, 2))),
        }
    )


def _times() -> Example:
    days = [date(1970, 1, 1), date(1969, 12, 31), None, date(2024, 2, 29), date(1, 1, 1)]
    zoned = [
        datetime(2024, 3, 31, 1, 59, 59, 999999, UTC),
        None,
        datetime(1969, 12, 31, 23, 59, 59, 1, UTC),
        datetime(2200, 1, 1, tzinfo=UTC),
        datetime(2024, 3, 31, 3, tzinfo=UTC),
    ]
    stamps = [None if stamp is None else stamp.replace(tzinfo=None) for stamp in zoned]
    clock = [time(0), time(23, 59, 59, 999999), None, time(12), time(12)]
    return _example(
        {
            "day": (Kind.DATETIME, pa.array(days, pa.date32())),
            "stamp": (Kind.DATETIME, pa.array(stamps, pa.timestamp("us"))),
            "zoned": (Kind.DATETIME, pa.array(zoned, pa.timestamp("us", "Europe/Berlin"))),
            "clock": (Kind.DATETIME, pa.array(clock, pa.time64("us"))),
            "day class": (Kind.CATEGORICAL, pa.array(days, pa.date32())),
            "stamp class": (Kind.CATEGORICAL, pa.array(stamps, pa.timestamp("us"))),
        },
        "day class",
    )


def _texts() -> Example:
    words = [
        "", " ", "a", "A", "a ", "ä", "a\u0308", "日本", "🤦🏼\u200d♂️", "it's", 'say "hi"',
        "back\\slash", "100%", "%s", "new\nline", "tab\t", "null", "NULL", None, "(missing)",
        "'; DROP TABLE t; --", "{}", "\ufeff", "ß", "SS", "x" * 300,
    ]  # fmt: skip
    spelt = [
        "1", " 2.5 ", "-3e2", "nan", "Inf", "-infinity", "", "abc", None, "1e999",
        "0x10", "1_0", "+7",
    ]  # fmt: skip
    n = len(words)
    return _example(
        {
            "class": (Kind.CATEGORICAL, pa.array(words)),
            "length": (Kind.TEXT, pa.array(words)),
            "spelt": (Kind.NUMERIC, pa.array((spelt * 3)[:n])),
            "segment": (
                Kind.CATEGORICAL,
                pa.array((["it's", "日本", "", None, "z", "\\"] * 5)[:n]),
            ),
        },
        "segment",
    )


def _names() -> Example:
    names = [
        "select", "table", "user", "order", "group", "key", "value", "rows", "bin", "count",
        'quo"te', "it's", "with space", "UPPER", "Ünïcode", "日本", "a.b", "100%", "$1", ":x", "?",
        "v0",
        "a\\b", "{x}", "total", "hash", "known", "rank", "x" * 60,
    ]  # fmt: skip
    columns = {
        name: (Kind.NUMERIC, pa.array([float(i), 1.5, None, -2.0]))
        if i % 2
        else (Kind.CATEGORICAL, pa.array(["a", None, str(i), "a"]))
        for i, name in enumerate(names)
    }
    return _example(columns, "select", "日本")


def _cases() -> Example:
    return _example(
        {"A": (Kind.NUMERIC, pa.array([1.0, None])), "a": (Kind.CATEGORICAL, pa.array(["b", "c"]))}
    )


def _wide() -> Example:
    columns: dict[str, tuple[Kind, pa.Array]] = {}
    for i in range(300):
        if i % 10:
            columns[f"c{i}"] = (Kind.NUMERIC, pa.array([float(i), None, NAN, -float(i), 0.5]))
        else:
            columns[f"c{i}"] = (Kind.CATEGORICAL, pa.array(["a", None, "b", str(i), "a"]))
    return _example(columns)


def _segmented() -> Example:
    n = 400
    steps = np.arange(n)
    return _example(
        {
            "x": (Kind.NUMERIC, pa.array(np.sin(steps) * 10.0**(steps % 7), mask=steps % 11 == 0)),
            "number": (Kind.CATEGORICAL, pa.array(steps % 5, pa.int64(), mask=steps % 13 == 0)),
            "flag": (Kind.CATEGORICAL, pa.array(steps % 3 == 0, mask=steps % 17 == 0)),
            "level": (Kind.CATEGORICAL, pa.array((steps % 4) / 2, mask=steps % 19 == 0)),
            "word": (Kind.CATEGORICAL, pa.array([None, "a", "b", "c", "d"]).take(steps % 5)),
        },
        "number", "flag", "level", "word",
    )  # fmt: skip


def _many_categories() -> Example:
    n = 9000
    steps = np.arange(n)
    words = pa.array([f"w{i % 4001}-é" for i in range(n)])
    return _example(
        {
            "word": (Kind.CATEGORICAL, words),
            "number": (Kind.CATEGORICAL, pa.array(steps * 7919 % 3001 - 1500, pa.int32())),
            "part": (Kind.CATEGORICAL, pa.array(["a", "b", None]).take(steps % 3)),
        },
        "part",
    )


def _nothing() -> Example:
    columns = {
        "x": (Kind.NUMERIC, pa.array([1.0, 2.0])),
        "c": (Kind.CATEGORICAL, pa.array(["a", None])),
        "t": (Kind.DATETIME, pa.array([None, None], pa.timestamp("us"))),
    }
    some = _example(columns, "c")
    return Example(some.model, some.reference, some.current.slice(0, 0))


def _null() -> Example:
    types = (pa.float64(), pa.int64(), pa.string(), pa.bool_(), pa.date32(), pa.decimal128(9, 2))
    columns: dict[str, tuple[Kind, pa.Array]] = {}
    for type_ in types:
        columns[f"{type_} number"] = (Kind.NUMERIC, pa.nulls(6, type_))
        columns[f"{type_} class"] = (Kind.CATEGORICAL, pa.nulls(6, type_))
    return _example(columns, "string class")


def _performance() -> Example:
    n = 600
    steps = np.arange(n)
    score = (np.sin(steps * 1.7) + 1) / 2
    label = (score + np.cos(steps * 0.9) / 3 > 0.5).astype(np.int64)
    table = pa.table(
        {
            "score": pa.array(score, mask=steps % 23 == 0),
            "label": pa.array(label, mask=steps % 7 == 0),
            "part": pa.array(["a", "b", None]).take(steps % 3),
        }
    )
    model = Model(
        "example",
        (
            Column("score", Kind.NUMERIC, Role.SCORE),
            Column("label", Kind.CATEGORICAL, Role.LABEL),
            Column("part", Kind.CATEGORICAL),
        ),
        task=Task.BINARY,
        label="label",
        score="score",
        classes=("0", "1"),
        segments=("part",),
    )
    return Example(model, table.slice(0, 300), table)


def _changed() -> Example:
    """Columns gone, added, and of another type than in the reference."""
    reference = {
        "gone": (Kind.NUMERIC, pa.array([1.0, 2.0])),
        "gone class": (Kind.CATEGORICAL, pa.array(["a", "b"])),
        "number to text": (Kind.NUMERIC, pa.array([1.0, 2.0])),
        "text to number": (Kind.CATEGORICAL, pa.array(["1", "2"])),
        "class to float": (Kind.CATEGORICAL, pa.array(["1", "2"])),
    }
    some = _example(reference, "gone class", "text to number", "class to float")
    current = pa.table(
        {
            "new": pa.array([1, 2, 3, 4]),
            "number to text": pa.array(["1", "x", None, "1"]),
            "text to number": pa.array([1, 2, 3, None]),
            "class to float": pa.array([1.0, 2.5, None, NAN]),
        }
    )
    return Example(some.model, some.reference, current)


NASTY = MappingProxyType(
    {
        "numbers": _numbers(),
        "unsigned": _unsigned(),
        "decimals": _decimals(),
        "times": _times(),
        "texts": _texts(),
        "names": _names(),
        "names that differ by case": _cases(),
        "300 columns": _wide(),
        "segments": _segmented(),
        "many categories": _many_categories(),
        "no rows": _nothing(),
        "all null": _null(),
        "performance": _performance(),
        "changed columns": _changed(),
    }
)
"""Examples by name."""
