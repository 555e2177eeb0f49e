"""Journal entries to tables: one table whatever the format, and no value lost on the way."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

from tests.collect.wire_cases import (
    ARROW,
    JSON,
    LINES,
    MSGPACK,
    NOW,
    Stored,
    batch_of,
    packed,
    read,
    read_all,
    rows_of,
    stream,
    table_of,
)  # fmt: skip
from watchkeeper.collect.wire.columns import to_table
from watchkeeper.collect.wire.journal_form import FEW
from watchkeeper.collect.wire.rules import Policy, Rules
from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError
from watchkeeper.profiles.values import text_of

TYPES = ["double", "int64", "string", "bool", "timestamp"]
SCALAR_TYPES = st.sampled_from(TYPES[:-1])  # Times have tests of their own.
WHOLE = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.sampled_from(["1", "-2.5", "true", "NaN", "2024-01-01", "1e3", "é", "\x00", "0"]),
)
NUMBER = st.one_of(st.floats(), st.integers(-3, 3).map(float))
MOMENT = st.datetimes(datetime(1700, 1, 1), datetime(2024, 5, 1)).map(  # noqa: DTZ001
    lambda time: time.replace(tzinfo=UTC)
)
SCALARS = [
    (WHOLE, pa.int64()), (NUMBER, pa.float64()), (st.booleans(), pa.bool_()), (TEXT, pa.string()),
]  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.Table, Rules]:
    """Records as columns of one type each, and rules that know some of them."""
    rows = draw(st.sampled_from([1, 2, 5, FEW + 3]))
    known: dict[str, str] = {}
    columns = {"id": pa.array(draw(st.lists(TEXT, min_size=rows, max_size=rows)))}
    times = draw(st.lists(st.none() | MOMENT, min_size=rows, max_size=rows))
    columns["time"] = pa.array(times, pa.timestamp("us", "UTC"))
    for name in ("prediction", "group", "x", "y", "z"):
        values, type_ = draw(st.sampled_from(SCALARS))
        drawn = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        want = draw(st.sampled_from([*TYPES, None])) if name in "xyz" else None
        if "string" in {want, "string" if name in ("prediction", "group") else None}:
            drawn = [None if _is_unsaid(value) else value for value in drawn]
        columns[name] = pa.array(drawn, type_)
        if want is not None:
            known[name] = want
    policy = Policy(
        draw(st.sampled_from(["adopt", "overflow", "reject"])),
        draw(st.sampled_from(["coerce", "overflow", "reject"])),
    )
    prediction = draw(st.sampled_from([None, "double", "string"]))
    return pa.table(columns), Rules(known, prediction, policy)


def _is_unsaid(value: Any) -> bool:
    """Whether JSON has to write a number as a text, which is another thing where texts go."""
    return isinstance(value, float) and not math.isfinite(value)


def _json_value(value: Any) -> Any:
    if _is_unsaid(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.isoformat() if isinstance(value, datetime) else value


@given(tables())
@settings(max_examples=50, deadline=None)
def test_one_table_whatever_the_format(drawn: tuple[pa.Table, Rules]) -> None:
    """JSON, JSON lines, MessagePack and Arrow give the same table and the same rejections."""
    table, rules = drawn
    features = [name for name in table.column_names if name in "xyz"]
    records = [
        {**{name: row[name] for name in row if name not in features},
         "features": {name: row[name] for name in features}}
        for row in table.to_pylist()
    ]  # fmt: skip
    said = [
        {name: _json_value(value) for name, value in record.items()}
        | {"features": {name: _json_value(v) for name, v in record["features"].items()}}
        for record in records
    ]
    bodies = [
        (stream(table), ARROW),
        (packed(records), MSGPACK),
        (json.dumps(said).encode(), JSON),
        ("\n".join(map(json.dumps, said)).encode(), LINES),
    ]
    readings = [read(body, form, batch=batch_of(rules)) for body, form in bodies]
    first = readings[0]
    expected = table_of(first, rules=rules)
    for reading in readings[1:]:
        assert reading.rejected == first.rejected
        assert [part.adopted for part in reading.parts] == [part.adopted for part in first.parts]
        got = table_of(reading, rules=rules)
        assert got.schema.equals(expected.schema)
        assert repr(got.to_pylist()) == repr(expected.to_pylist())


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
NAMES = st.sampled_from(["a", "b", "c", "d", "A", "é"])


@given(
    st.lists(st.dictionaries(NAMES, ANYTHING, max_size=4), min_size=1, max_size=6),
    st.dictionaries(NAMES, SCALAR_TYPES, max_size=3),
    st.sampled_from(["adopt", "overflow"]),
    st.sampled_from(["coerce", "overflow"]),
    st.dictionaries(NAMES, SCALAR_TYPES, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_no_value_is_lost(
    features: list[dict[str, Any]], known: dict[str, str], unknown: Any, wrong_type: Any,
    later: dict[str, str],
) -> None:  # fmt: skip
    """Each value is in its column, or as it was in the overflow, also when the types change."""
    rules = Rules(known, policy=Policy(unknown, wrong_type))
    reading = read_all([{"features": held} for held in features], rules)
    assert reading.rejected == ()
    for schema in (Rules(known | reading.parts[0].adopted), Rules(later)):
        rows = table_of(reading, rules=schema).to_pylist()
        for held, row in zip(features, rows, strict=True):
            overflow = json.loads(row["_overflow"] or "{}")
            for name, value in held.items():
                if value is not None:
                    assert _is_kept(value, row.get(name), overflow.get(name)), (name, value, row)


def _is_kept(value: Any, column: Any, overflow: Any) -> bool:
    """Whether one of two places holds a value: the text of a scalar is as good as itself."""
    if overflow is not None:
        return bool(overflow == value) or text_of(overflow) in _texts(value)
    return column is not None and bool(_texts(column) & _texts(value))


def _texts(value: Any) -> set[str]:
    """The texts that say the same scalar."""
    texts = {text_of(value)}
    if isinstance(value, bool):
        texts |= {str(int(value)), str(value)}
    if isinstance(value, str) and value not in {"NaN", ""}:
        try:
            texts |= {text_of(float(value)), text_of(value == "true")}
        except (ValueError, OverflowError):
            texts.add(value.lower())
    return texts


def test_the_schema_stands_still() -> None:
    """The same rules give the same columns, whatever the entries hold."""
    rules = Rules({"x": "double", "t": "timestamp"}, prediction="double")
    empty = to_table([], signal=Signal.PREDICTIONS, rules=rules)
    one = table_of(read_all([{"id": "a"}], rules), rules=rules)
    full = table_of(
        read_all([{"features": {"x": 1}, "error": "e", "tags": {}}], rules), rules=rules
    )
    assert empty.schema.equals(one.schema)
    assert one.schema.equals(full.schema)
    expected = {**envelope.COMMON, **envelope.PREDICTION_COLUMNS, "_prediction": "double"}
    assert empty.column_names == [*expected, "x", "t"]


def test_entries_of_all_forms_are_one_table() -> None:
    """Small and large entries, with and without a column, in one table with their positions."""
    many = [{"id": f"m{n}", "features": {"x": n}} for n in range(FEW)]
    readings = [
        read_all([{"id": "a", "features": {"x": 1}}]),
        read_all(many),
        read_all([{"id": "b", "error": "e", "scores": {"yes": 1}}]),
        read_all([{"id": "c", "features": {"x": 2}}, {"id": "d", "features": {"x": 3}}]),
    ]
    assert [part.form for reading in readings for part in reading.parts] == [
        "rows", "arrow", "rows", "rows",
    ]  # fmt: skip
    table = table_of(*readings, rules=Rules({"x": "double"}))
    assert table["_id"].to_pylist() == ["a", *(f"m{n}" for n in range(FEW)), "b", "c", "d"]
    assert table["_position"].to_pylist() == [0, *[1] * FEW, 2, 3, 3]
    assert table["_row"].to_pylist()[-2:] == [0, 1]
    assert table["_score_yes"].to_pylist()[FEW + 1] == 1.0


def test_the_receipt_is_that_of_the_journal() -> None:
    """A record without a time has that of its own entry."""
    body = read_all([{}]).parts[0].body
    entries = [Stored(n, NOW + timedelta(hours=n), "rows", body) for n in range(2)]
    table = to_table(entries, signal=Signal.PREDICTIONS, rules=Rules({}))
    assert table["_time"].to_pylist() == [NOW, NOW + timedelta(hours=1)]
    assert table["_time"].equals(table["_received"])


def test_types_that_two_doors_adopted() -> None:
    """Where two processes took a feature with different types, the rules decide, or the first."""
    number, text = (read_all([{"features": {"x": value}}]) for value in (1.5, "1e0"))
    word = read_all([{"features": {"x": "word"}}])
    rows = rows_of(number, text, word, rules=Rules({"x": "double"}))
    assert [row.get("x") for row in rows] == [1.5, 1.0, None]
    assert rows[2]["_overflow"] == '{"x":"word"}'
    assert [row.get("_violations") for row in rows] == [None, ["type:x"], ["type:x"]]
    assert [row.get("x") for row in rows_of(text, number)] == ["1e0", "1.5"]


def test_violations_of_both_sides_are_joined() -> None:
    """What overflowed at the door stays when another column overflows later."""
    reading = read_all([{"features": {"x": "word", "l": [1]}}], Rules({"gone": "double"}))
    (row,) = rows_of(reading, rules=Rules({"x": "double"}))
    assert json.loads(row["_overflow"]) == {"l": [1], "x": "word"}
    assert row["_violations"] == ["missing:gone", "type:l", "type:x"]


def test_a_form_of_a_newer_version() -> None:
    """An entry that cannot be read says so, rather than being skipped."""
    with pytest.raises(InputError, match="'other'"):
        to_table([Stored(0, NOW, "other", b"")], signal=Signal.LABELS, rules=Rules({}))
