"""Arrow streams of every type, and streams that mean harm."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.collect.wire_cases import (
    ARROW,
    LIMIT,
    batch_of,
    read,
    reasons,
    rows_of,
    same,
    stream,
    table_of,
)  # fmt: skip
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, TooLargeError, UnavailableError

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("array", "type_", "values"),
    [
        (pa.array([1, None], pa.int8()), "double", [1.0, None]),
        (pa.array([200], pa.uint8()), "int64", [200]),
        (pa.array([2**63], pa.uint64()), "double", [2.0**63]),
        (pa.array([2**64 - 1], pa.uint64()), "double", [None]),
        (pa.array(np.array([1.5], np.float16)), "double", [1.5]),
        (pa.array([0.1], pa.float32()), "double", [float(np.float32(0.1))]),
        (pa.array([Decimal("0.1"), None]), "double", [0.1, None]),
        (pa.array([Decimal(123456789012345678901)]), "double", [None]),
        (pa.array([Decimal(7)]), "int64", [7]),
        (pa.array([2**53 + 1]), "double", [None]),
        (pa.array([1.0, 2.5]), "int64", [1, None]),
        (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
        (pa.array(["a" * 20, None, "b"], pa.string_view()), "string", ["a" * 20, None, "b"]),
        (pa.array(["a", None, "a"]).dictionary_encode(), "string", ["a", None, "a"]),
        (pa.array([1, 2, 1]).dictionary_encode(), "double", [1.0, 2.0, 1.0]),
        (pa.array([date(2024, 1, 1)]), "timestamp", [NOON.replace(hour=0)]),
        (pa.array([date(2024, 1, 1)], pa.date64()), "timestamp", [NOON.replace(hour=0)]),
        (pa.array([NOON.replace(tzinfo=None)], pa.timestamp("s")), "timestamp", [NOON]),
        (pa.array([NOON], pa.timestamp("ms", "America/New_York")), "timestamp", [NOON]),
        (pa.array([1499, 1500, -1499, -1500], pa.timestamp("ns")), "timestamp", [
            datetime.fromtimestamp(micros / 1e6, UTC) for micros in (1, 2, -1, -2)
        ]),
        (pa.array([True]), "bool", [True]),
        (pa.nulls(2), "double", [None, None]),
        (pa.array([b"x"]), "string", [None]),
        (pa.array([[1, 2]]), "double", [None]),
        (pa.array([{"a": 1}]), "string", [None]),
        (pa.array([1], pa.duration("s")), "double", [None]),
        (pa.array([1], pa.time64("ns")), "string", [None]),
        (pa.array([2**62], pa.timestamp("s")), "timestamp", [None]),
        (pa.array([2**62], pa.timestamp("us")), "string", [str(2**62)]),
        (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "double", [None]),
    ],
)  # fmt: skip
def test_types(array: pa.Array, type_: str, values: list[Any]) -> None:
    """Whatever the type, the value is in its column or in the overflow."""
    rules = Rules({"x": type_})
    for compression in (None, "lz4"):
        reading = read(stream(pa.table({"x": array}), compression), ARROW, batch=batch_of(rules))
        table = table_of(reading, rules=rules)
        assert same(table["x"].to_pylist(), values)
        kept = [text is not None for text in table["_overflow"].to_pylist()]
        given = [value.is_valid for value in array]
        assert kept == [there and value is None for there, value in zip(given, values, strict=True)]


def test_slices_and_chunks() -> None:
    """Several batches, sliced arrays and sliced views are read as one column."""
    array = pa.array(["x", "y" * 20, "z"], pa.string_view())
    table = pa.concat_tables([pa.table({"x": array.slice(1)}), pa.table({"x": array.slice(0, 1)})])
    assert [row["x"] for row in rows_of(read(stream(table), ARROW))] == ["y" * 20, "z", "x"]


def test_features_as_a_struct() -> None:
    """Fields of `features` are features, another column is then none; null structs are rows."""
    features = pa.array([{"a": 1.5, "b": "u"}, None, {"a": None, "b": "v"}])
    table = pa.table({"features": features, "other": [1, None, 2]})
    reading = read(stream(table), ARROW)
    assert reading.parts[0].adopted == {"a": "double", "b": "string"}
    rows = rows_of(reading)
    assert [(row.get("a"), row.get("b")) for row in rows] == [(1.5, "u"), (None, None), (None, "v")]
    assert json.loads(rows[0]["_overflow"]) == {"_record": {"other": 1}}
    assert "_overflow" not in rows[1]


def test_maps_are_objects() -> None:
    """Scores, tags and features may be maps."""
    of_numbers = pa.map_(pa.string(), pa.float64())
    table = pa.table(
        {
            "scores": pa.array([[("yes", 0.75)], None], of_numbers),
            "features": pa.array([[("x", 1.5)], []], of_numbers),
            "tags": pa.array([[("k", 2.0)], []], of_numbers),
            "stages": pa.array([{"queue": 1, "gpu": 2}, None]),
        }
    )
    first, second = rows_of(read(stream(table), ARROW))
    assert (first["_score_yes"], first["x"], first["_tags"]) == (0.75, 1.5, '{"k":2.0}')
    assert (first["_queue_ms"], first["_violations"]) == (1.0, ["unknown:stages.gpu"])
    assert "x" not in second


def test_names_that_occur_twice() -> None:
    """Two columns of one name, or two fields of a struct, cannot be told apart."""
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(InputError, match="more than one column called 'x'"):
        read(stream(table), ARROW)
    children = [pa.array([1]), pa.array([2])]
    table = pa.table({"features": pa.StructArray.from_arrays(children, names=["x", "x"])})
    with pytest.raises(InputError, match="two fields of one name"):
        read(stream(table), ARROW)


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_buffers_that_decompress_to_much(compression: str) -> None:
    """The limit holds for the buffers of a stream, by what they claim to decompress to."""
    body = stream(pa.table({"x": np.zeros(LIMIT // 8 + 1)}), compression)
    assert len(body) < LIMIT // 10
    with pytest.raises(TooLargeError, match="bytes decompressed"):
        read(body, ARROW)
    assert read(stream(pa.table({"x": np.zeros(LIMIT // 16)}), compression), ARROW).records > 0


def test_a_dictionary_that_unfolds_to_much() -> None:
    """A long text that every row refers to is not written out a million times."""
    long = pa.DictionaryArray.from_arrays(np.zeros(10_000, np.int8), ["x" * 1000])
    with pytest.raises(TooLargeError, match="written out"):
        read(stream(pa.table({"x": long})), ARROW)
    _, view, text = pa.array(["x" * 10_000]).cast(pa.string_view()).buffers()
    views = pa.Array.from_buffers(
        pa.string_view(), 1000, [None, pa.py_buffer(view.to_pybytes()[:16] * 1000), text]
    )
    with pytest.raises(TooLargeError, match="written out"):
        read(stream(pa.table({"x": views})), ARROW)


@pytest.mark.parametrize(
    "array",
    [
        pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), ["x"]),
        pa.UnionArray.from_dense(
            pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array(["x"])]
        ),
        pa.array([["x"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        pa.array([[1]], pa.list_view(pa.int64())),
        pa.array([{"a": "x"}], pa.struct([("a", pa.string_view())])),
        pa.DictionaryArray.from_arrays(pa.array([0]), pa.array([["x"]])),
        pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["x"], pa.string_view())),
        pa.nulls(1, pa.decimal128(10, -620_756_990)),
        pa.DictionaryArray.from_arrays(pa.array([0]), pa.nulls(1, pa.decimal128(5, -5))),
    ],
)
def test_types_that_are_refused(array: pa.Array) -> None:
    """Types whose values refer to shared bytes, and decimals on which Arrow itself crashes."""
    with pytest.raises(InputError, match="cast it"):
        read(stream(pa.table({"tags" if "struct" in str(array.type) else "x": array})), ARROW)


def test_damaged_streams_never_crash() -> None:
    """Bytes changed at random give a reading or an `InputError`, whatever they claim."""
    table = pa.table(
        {"id": [f"i{n}" for n in range(20)], "x": pa.array(np.arange(20.0)),
         "c": pa.array(["u", "v"] * 10).dictionary_encode(), "l": [[1]] * 20}
    )  # fmt: skip
    generator = np.random.default_rng(7)
    outcomes = set()
    for compression in (None, "lz4"):
        whole = stream(table, compression)
        for _ in range(400):
            body = bytearray(whole)
            for _ in range(int(generator.choice([1, 1, 2, 8]))):
                body[generator.integers(len(body))] = int(generator.integers(256))
            try:
                reading = read(bytes(body), ARROW)
                outcomes.add(sum(part.records for part in reading.parts) + len(reading.rejected))
            except InputError as error:
                outcomes.add(type(error).__name__)
    assert {20, "InputError"} <= outcomes


def test_an_error_of_the_registry_goes_through() -> None:
    """Only what concerns the model rejects records; a store that is down stops the request."""

    def down(_: str) -> Rules:
        raise UnavailableError("the disk is full")

    batch = batch_of()
    with pytest.raises(UnavailableError):
        read(b"{}", batch=type(batch)("b", NOON, down, "m"))


def test_labels_and_outcomes_as_columns() -> None:
    """Any type of label is its category; an outcome is a number."""
    table = pa.table(
        {"id": pa.array([1, 2]), "label": pa.array(["a", "b"]).dictionary_encode(),
         "time": pa.array([1.5, None])}
    )  # fmt: skip
    rows = rows_of(read(stream(table), ARROW, signal=Signal.LABELS), signal=Signal.LABELS)
    assert [(row["_id"], row["_label"]) for row in rows] == [("1", "a"), ("2", "b")]
    table = pa.table({"id": ["a", "b"], "name": ["n", "n"], "value": pa.array([1, None])})
    reading = read(stream(table), ARROW, signal=Signal.OUTCOMES)
    assert reasons(reading) == [(1, "missing_value")]
    assert rows_of(reading, signal=Signal.OUTCOMES)[0]["_value"] == 1.0
