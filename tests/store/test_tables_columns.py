"""Columns that fit: exactly or not at all, and nothing is lost."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.batches import START, TIMESTAMP
from watchkeeper.core.envelope import Signal
from watchkeeper.store.table_columns import convert, fit, model_name, plain_type, stored_names

STRUCT = pa.struct({"a": pa.list_(pa.int8())})
STORED = [
    pa.bool_(), pa.int64(), pa.float64(), TIMESTAMP, pa.date32(), pa.string(),
    pa.list_(pa.string()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "found", "wanted", "expected", "left"),
    [
        ([1, None, 2**60 + 1], pa.int64(), pa.float64(), [1.0, None, None], {2: 2**60 + 1}),
        ([1.0, 1.5, None], pa.float64(), pa.int64(), [1, None, None], {1: 1.5}),
        ([0.0, 1.0, 0.5], pa.float64(), pa.bool_(), [False, True, None], {2: 0.5}),
        ([True, False], pa.bool_(), pa.float64(), [1.0, 0.0], {}),
        (["1.5", "x", "nan"], pa.string(), pa.float64(), [1.5, None, "nan"], {1: "x"}),
        (["7", "7.5"], pa.large_string(), pa.int64(), [7, None], {1: "7.5"}),
        ([1, 2], pa.int64(), pa.string(), ["1", "2"], {}),
        ([True], pa.bool_(), pa.string(), ["true"], {}),
        ([5], pa.int64(), TIMESTAMP, [None], {0: 5}),
        ([START], TIMESTAMP, pa.float64(), [None], {0: START}),
        ([2**63], pa.uint64(), pa.int64(), [None], {0: 2**63}),
        ([{"a": [1, None]}], STRUCT, pa.string(), ['{"a":[1,null]}'], {}),
        ([b"\xff"], pa.binary(), pa.string(), ["ff"], {}),
        (["a"], pa.string(), pa.list_(pa.string()), [None], {0: "a"}),
        ([["a"]], pa.list_(pa.string()), pa.float64(), [None], {0: ["a"]}),
        ([Decimal("0.1")], pa.decimal128(5, 2), pa.float64(), [0.1], {}),
        ([date(2026, 3, 1)], pa.date32(), TIMESTAMP, [datetime(2026, 3, 1, tzinfo=UTC)], {}),
        ([START], TIMESTAMP, pa.date32(), [None], {0: START}),
        ([None], pa.null(), pa.float64(), [None], {}),
    ],
)  # fmt: skip
def test_values_in_another_type(
    values: list[Any], found: pa.DataType, wanted: pa.DataType, expected: list[Any],
    left: dict[int, Any],
) -> None:  # fmt: skip
    """Each value is equal in the new type, or it is left over as it was."""
    cast, over = convert(pa.chunked_array([pa.array(values, found)]), wanted)
    assert cast.type == wanted
    assert [("nan" if value != value else value) for value in cast.to_pylist()] == expected  # noqa: PLR0124
    assert over == left


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_of_any_unit(unit: str) -> None:
    """Timestamps of any unit and zone become microseconds in UTC; those without zone are UTC."""
    for zone in (None, "UTC", "Europe/Berlin"):
        column = pa.chunked_array(
            [pa.array([START.replace(tzinfo=None)], pa.timestamp(unit, zone))]
        )
        assert plain_type(column.type) == TIMESTAMP
        cast, left = convert(column, TIMESTAMP)
        assert (cast.to_pylist(), left) == ([START], {})


def test_dictionaries_are_read() -> None:
    """A dictionary column is its values."""
    column = pa.chunked_array([pa.array(["a", None, "a"]).dictionary_encode()])
    assert plain_type(column.type) == pa.string()
    assert convert(column, pa.string())[0].to_pylist() == ["a", None, "a"]


SCALARS = st.one_of(
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=6).map(
        lambda values: pa.array(values, pa.int64())
    ),
    st.lists(st.one_of(st.none(), st.floats()), max_size=6).map(
        lambda values: pa.array(values, pa.float64())
    ),
    st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=6).map(
        lambda values: pa.array(values, pa.string())
    ),
    st.lists(st.one_of(st.none(), st.booleans()), max_size=6).map(
        lambda values: pa.array(values, pa.bool_())
    ),
)


@given(SCALARS, st.sampled_from(STORED))
def test_no_value_is_lost(array: pa.Array, wanted: pa.DataType) -> None:
    """Every value that is not null is in the column or left over; numbers keep their worth."""
    cast, left = convert(pa.chunked_array([array]), wanted)
    assert cast.type == wanted
    assert len(cast) == len(array)
    for row, (before, after) in enumerate(zip(array.to_pylist(), cast.to_pylist(), strict=True)):
        assert (before is not None) == ((after is not None) != (row in left))
        if isinstance(before, int | float) and isinstance(after, int | float):
            assert before == after or before != before  # noqa: PLR0124


def test_overflow_is_merged() -> None:
    """What the door kept stays beside what the table could not take."""
    known = pa.schema([("_time", TIMESTAMP), ("n", pa.int64()), ("_overflow", pa.string())])
    table = pa.table({
        "_time": pa.array([START] * 3, TIMESTAMP),
        "n": ["1", "one", "two"],
        "_overflow": ['{"a":1}', '{"a":1}', "plain"],
        "_violations": pa.array([["unknown:a"], ["unknown:a"], None], pa.list_(pa.string())),
    })  # fmt: skip
    found = fit(table, known, Signal.PREDICTIONS).to_pylist()
    assert json.loads(found[0]["_overflow"]) == {"a": 1}
    assert json.loads(found[1]["_overflow"]) == {"a": 1, "n": "one"}
    assert json.loads(found[2]["_overflow"]) == {"_overflow": "plain", "n": "two"}
    assert [row["_violations"] for row in found] == [
        ["unknown:a"], ["unknown:a", "type:n"], ["type:n"],
    ]  # fmt: skip


def test_columns_of_the_envelope_have_their_type_from_the_first_batch() -> None:
    """A label of 1 is text from the start, so that a label 'yes' fits later."""
    table = pa.table({"_time": pa.array([START], TIMESTAMP), "_label": [1], "_row": ["3"]})
    found = fit(table, pa.schema([]), Signal.LABELS)
    assert found.to_pylist() == [{"_time": START, "_label": "1", "_row": 3, "_day": START.date()}]


@given(st.lists(st.text("aAbB~01ß", max_size=5), max_size=8, unique=True), st.integers(0, 8))
def test_stored_names_are_told_apart(names: list[str], first: int) -> None:
    """Names as stored differ by more than case and lead back, however the columns came."""
    known = list(stored_names(names[:first], []).values())
    stored = stored_names(names, known)
    assert len({name.lower() for name in stored.values()}) == len(names)
    assert [model_name(name) for name in stored.values()] == names
    assert set(known) <= set(stored.values())
