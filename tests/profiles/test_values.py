"""Arrow arrays as numbers and categories."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.core.model import Kind
from watchkeeper.profiles.values import codes, counted, is_measurable, numbers

NUMBERS = {
    "int8": (pa.array([1, None, -3], pa.int8()), [1.0, -3.0]),
    "uint64 beyond int64": (pa.array([2**63 + 2**20, None], pa.uint64()), [2.0**63 + 2**20]),
    "float16": (pa.array(np.array([1.5, 2.5], np.float16)), [1.5, 2.5]),
    "float32": (pa.array([0.5, None], pa.float32()), [0.5]),
    "decimal": (pa.array([Decimal("1.25"), None]), [1.25]),
    "boolean": (pa.array([True, None, False]), [1.0, 0.0]),
    "date": (pa.array([date(1970, 1, 3)]), [2 * 86400.0]),
    "timestamp": (pa.array([1500], pa.timestamp("ms")), [1.5]),
    "zoned": (
        pa.array([datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))]).cast(
            pa.timestamp("ms", "Europe/Paris")
        ),
        [0.0],
    ),
    "nanoseconds": (pa.array([1_500_000_000], pa.timestamp("ns")), [1.5]),
    "time": (pa.array([3600], pa.time32("s")), [3600.0]),
    "duration": (pa.array([timedelta(seconds=90)]), [90.0]),
    "text that spells numbers": (pa.array(["1", " 2.5e1 ", "x", None, ""]), [1.0, 25.0]),
    "dictionary of text": (pa.array(["1", "2", "1"]).dictionary_encode(), [1.0, 2.0, 1.0]),
    "null": (pa.nulls(3), []),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_each_type(name: str) -> None:
    """Every type gives its values as numbers and the rest as nulls, rows adding up."""
    array, expected = NUMBERS[name]
    values, nulls = numbers(array, Kind.NUMERIC)
    np.testing.assert_array_equal(values, expected)
    assert values.size + nulls == len(array)


def test_text_is_measured_by_its_length_in_characters() -> None:
    """Characters, not bytes."""
    values, nulls = numbers(pa.array(["", "ä", "日本", None]), Kind.TEXT)
    assert values.tolist() == [0.0, 1.0, 2.0]
    assert nulls == 1


CATEGORIES = {
    "text": (pa.array(["a", "b", "a", None, ""]), {"a": 2, "b": 1, "": 1}),
    "dictionary": (pa.array(["a", None, "a"]).dictionary_encode(), {"a": 2}),
    "boolean": (pa.array([True, False, None]), {"true": 1, "false": 1}),
    "integer": (pa.array([1, 1, None]), {"1": 2}),
    "whole float": (pa.array([1.0, 1.5]), {"1": 1, "1.5": 1}),
    "nested": (pa.array([[1], [2]]), {}),
}


@pytest.mark.parametrize("name", CATEGORIES)
def test_counts_of_each_type(name: str) -> None:
    """Every type gives its categories as text and the rest as nulls, rows adding up."""
    array, expected = CATEGORIES[name]
    counts, nulls = counted(array)
    assert counts == expected
    assert sum(counts.values()) + nulls == len(array)


def test_slices_of_dictionaries_count_only_their_rows() -> None:
    """A slice shares its dictionary with rows that it does not hold."""
    array = pa.array(["a", "b", "c", "a"]).dictionary_encode().slice(2)
    assert counted(array) == ({"a": 1, "c": 1}, 0)


def test_codes_follow_the_vocabulary() -> None:
    """Null is -1, unknown is -2, whatever the encoding."""
    plain = pa.array(["b", None, "z", "a"])
    for array in (plain, plain.dictionary_encode()):
        assert codes(array, {"a": 0, "b": 1}).tolist() == [1, -1, -2, 0]


def test_nested_and_binary_columns_are_not_measurable() -> None:
    """Lists, structs and bytes are left out."""
    assert not is_measurable(pa.list_(pa.int64()))
    assert not is_measurable(pa.binary())
    assert is_measurable(pa.dictionary(pa.int32(), pa.string()))
