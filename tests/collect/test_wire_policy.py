"""Records against the rules of their model: types, unknown and missing features, and fields."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from tests.collect.wire_cases import (
    ARROW,
    JSON,
    MSGPACK,
    NOW,
    batch_of,
    packed,
    read,
    read_all,
    reasons,
    rows_of,
    same,
    stream,
    table_of,
)  # fmt: skip
from watchkeeper.collect.wire.rules import MAX_FEATURES, Policy, Rules
from watchkeeper.core.envelope import ERROR_CLASSES, Signal
from watchkeeper.profiles.values import text_of

SCHEMA = {"d": "double", "i": "int64", "s": "string", "b": "bool", "t": "timestamp"}
GOOD = {"d": 1.5, "i": 3, "s": "x", "b": True, "t": "2024-01-01T00:00:00Z"}
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)

# name, value, what its column holds (None: the overflow has it), whether it counts as a violation
CASES: list[tuple[str, Any, Any, bool]] = [
    ("d", 2, 2.0, False),
    ("d", 2**53, 2.0**53, False),
    ("d", 2**53 + 1, None, True),
    ("d", 2**80, 2.0**80, False),
    ("d", "NaN", math.nan, False),
    ("d", "Infinity", math.inf, False),
    ("d", "-Infinity", -math.inf, False),
    ("d", "3.2", 3.2, True),
    ("d", "-.5e3", -500.0, True),
    ("d", "9007199254740993", None, True),
    ("d", "1e999", None, True),
    ("d", " 3", None, True),
    ("d", "nan", None, True),
    ("d", "\uff11", None, True),
    ("d", "1_0", None, True),
    ("d", "", None, True),
    ("d", True, 1.0, True),
    ("d", [1], None, True),
    ("d", {"a": 1}, None, True),
    ("i", 3.0, 3, False),
    ("i", 2**63 - 1, 2**63 - 1, False),
    ("i", -(2**63), -(2**63), False),
    ("i", 2**63, None, True),
    ("i", 1e300, None, True),
    ("i", 3.5, None, True),
    ("i", "NaN", None, True),
    ("i", "-7", -7, True),
    ("i", "7.0", None, True),
    ("i", False, 0, True),
    ("s", 7, "7", True),
    ("s", 7.0, "7", True),
    ("s", 7.5, "7.5", True),
    ("s", True, "true", True),
    ("s", ["x"], None, True),
    ("b", 1, True, True),
    ("b", 0.0, False, True),
    ("b", "true", True, True),
    ("b", "False", False, True),
    ("b", "yes", None, True),
    ("b", 2, None, True),
    ("t", 1704067200, NEW_YEAR, False),
    ("t", 1704067200.25, NEW_YEAR.replace(microsecond=250_000), False),
    ("t", "2024-01-01", NEW_YEAR, False),
    ("t", "2024-01-01T00:00:00", NEW_YEAR, False),
    ("t", "2024-01-01T02:00:00.5+02:00", NEW_YEAR.replace(microsecond=500_000), False),
    ("t", "2024-02-30T00:00:00Z", None, True),
    ("t", 1704067200000, None, True),
    ("t", True, None, True),
    ("t", "20240101", None, True),
]


@pytest.mark.parametrize(("name", "value", "column", "counted"), CASES)
def test_types_are_coerced_or_overflow(name: str, value: Any, column: Any, counted: bool) -> None:
    """Each value is in its column, or as it was in the overflow; what changed type is counted."""
    rules = Rules(SCHEMA)
    # A good record beside it: whether a value fits never depends on the others.
    (row, _) = rows_of(
        read_all([{"features": {**GOOD, name: value}}, {"features": GOOD}], rules), rules=rules
    )
    if column is None:
        assert name not in row
        assert json.loads(row["_overflow"]) == {name: value}
    else:
        assert same(row[name], column)
        assert "_overflow" not in row
    assert row.get("_violations") == ([f"type:{name}"] if counted else None)


@pytest.mark.parametrize(("name", "value", "column", "counted"), CASES)
def test_strict_policies(name: str, value: Any, column: Any, counted: bool) -> None:
    """`overflow` keeps whatever was of another type; `reject` refuses its record."""
    record = {"features": {**GOOD, name: value}}
    rules = Rules(SCHEMA, policy=Policy(wrong_type="overflow"))
    (row,) = rows_of(read_all([record], rules), rules=rules)
    assert (name in row) is not counted
    assert json.loads(row.get("_overflow", "{}")) == ({name: value} if counted else {})
    assert row.get("_violations") == ([f"type:{name}"] if counted else None)
    rules = Rules(SCHEMA, policy=Policy(wrong_type="reject"))
    rejected = read_all([record], rules).rejected
    assert [one.reason for one in rejected] == (["schema_type"] if counted else [])


@pytest.mark.parametrize(
    ("values", "type_", "columns"),
    [
        ([1, 2], "double", [1.0, 2.0]),
        ([1, 2.5], "double", [1.0, 2.5]),
        ([2**60, 1], "int64", [2**60, 1]),
        ([2**60 + 1, 0.5], "double", [None, 0.5]),
        ([2**70 + 1], None, None),
        (["NaN", 1], "double", [math.nan, 1.0]),
        (["NaN"], "double", [math.nan]),
        (["NaN", "x"], "string", ["NaN", "x"]),
        (["x", 1], "string", ["x", "1"]),
        ([1, "x"], "double", [1.0, None]),
        ([True, False], "bool", [True, False]),
        ([None, [1], True], "bool", [None, None, True]),
        ([None, None], None, None),
        ([[1], {"a": 2}], None, None),
    ],
)
def test_adoption(values: list[Any], type_: str | None, columns: list[Any] | None) -> None:
    """The first value of a feature decides its type; one number is like any other."""
    reading = read_all([{"features": {"x": value}} for value in values])
    assert reading.parts[0].adopted == ({"x": type_} if type_ else {})
    table = table_of(reading)
    if columns is None:
        assert "x" not in table.column_names
    else:
        assert same(table["x"].to_pylist(), columns)
    kept = [json.loads(text)["x"] for text in table["_overflow"].to_pylist() if text is not None]
    held = [] if columns is None else columns
    lost = [value for row, value in enumerate(values) if not held or held[row] is None]
    assert kept == [value for value in lost if value is not None]


def test_unknown_features() -> None:
    """Adopted without a violation, kept with one, or the record is rejected."""
    records = [{"features": {"d": 1, "x": "u"}}, {"features": {"d": 1, "y": None}}]
    for policy, adopted, violations, bad in (
        ("adopt", {"x": "string"}, None, []),
        ("overflow", {}, ["unknown:x"], []),
        ("reject", {}, None, [(0, "schema_unknown")]),
    ):
        rules = Rules({"d": "double"}, policy=Policy(unknown=policy))  # type: ignore[arg-type]
        reading = read_all(records, rules)
        assert reasons(reading) == bad
        assert reading.parts[0].adopted == adopted
        first = rows_of(reading, rules=rules)[0]
        assert first.get("_violations") == violations
        assert first.get("_overflow") == ('{"x":"u"}' if policy == "overflow" else None)


def test_missing_features() -> None:
    """Null is there, absence is counted; a record that says an error is not rejected for it."""
    records = [
        {"features": {"d": None, "s": "a"}},
        {"features": {"s": "a"}},
        {"error": "boom"},
    ]
    rules = Rules({"d": "double", "s": "string"})
    rows = rows_of(read_all(records, rules), rules=rules)
    assert [row.get("_violations") for row in rows] == [
        None, ["missing:d"], ["missing:d", "missing:s"],
    ]  # fmt: skip
    strict = Rules(rules.features, policy=Policy(missing="reject"))
    assert reasons(read_all(records, strict)) == [(1, "schema_missing")]


def test_a_missing_column_is_missing_everywhere() -> None:
    """Arrow lacks a feature for all rows at once."""
    rules = Rules({"d": "double", "s": "string"})
    reading = read(stream(pa.table({"s": ["a", "b"]})), ARROW, batch=batch_of(rules))
    assert [row["_violations"] for row in rows_of(reading, rules=rules)] == [["missing:d"]] * 2


@pytest.mark.parametrize("name", ["_x", "", "__index_level_0__", "_id"])
def test_reserved_names(name: str) -> None:
    """No feature may be called like an envelope column."""
    body = packed([{"features": {name: 1}}, {"features": {name: None}}])
    assert reasons(read(body, MSGPACK)) == [(0, "reserved_name")]
    table = pa.table({"features": pa.array([{name: 1}, {name: None}])})
    assert reasons(read(stream(table), ARROW)) == [(0, "reserved_name")]


def test_a_schema_has_an_end() -> None:
    """Beyond the most features of a model, and where only the case differs, values overflow."""
    features = {f"f{number}": 1.5 for number in range(MAX_FEATURES + 1)}
    reading = read_all([{"features": features}])
    assert len(reading.parts[0].adopted) == MAX_FEATURES
    (row,) = rows_of(reading)
    assert row["_violations"] == [f"unknown:f{MAX_FEATURES}"]
    rules = Rules({"Age": "double"})
    reading = read_all([{"features": {"Age": 1, "age": 2, "Ä": 1, "ä": 2}}], rules)
    assert reading.parts[0].adopted == {"Ä": "double"}
    assert json.loads(rows_of(reading, rules=rules)[0]["_overflow"]) == {"age": 2, "ä": 2}


def test_many_names_cost_no_square() -> None:
    """Records that each bring names of their own stay within bounds."""
    records = [{"features": {f"n{number}": 1}} for number in range(10_000)]
    reading = read_all(records)
    assert reading.parts[0].records == 10_000
    assert len(reading.parts[0].adopted) == 50


@pytest.mark.parametrize(
    ("expected", "values", "column", "adopted"),
    [
        (None, [1, "2", "x"], [1.0, 2.0, None], {"_prediction": "double"}),
        (None, ["x", 1, 1.0, True], ["x", "1", "1", "true"], {"_prediction": "string"}),
        (None, [True, False], ["true", "false"], {"_prediction": "string"}),
        (None, [None, 0.5], [None, 0.5], {"_prediction": "double"}),
        (None, [[1, 2]], None, {}),
        ("string", [1, 1.0, "1", True], ["1", "1", "1", "true"], {}),
        ("double", [1, "NaN", "x", True], [1.0, math.nan, None, 1.0], {}),
    ],
)
def test_predictions(
    expected: str | None, values: list[Any], column: list[Any] | None, adopted: dict[str, str]
) -> None:
    """The type is that of the model, else of the first; what does not fit is kept and counted."""
    rules = Rules({}, prediction=expected)
    reading = read_all([{"prediction": value} for value in values], rules)
    assert reading.parts[0].adopted == adopted
    table = table_of(reading, rules=rules)
    if column is None:
        assert "_prediction" not in table.column_names
        column = [None] * len(values)
    else:
        assert same(table["_prediction"].to_pylist(), column)
    lost = [v for v, held in zip(values, column, strict=True) if held is None and v is not None]
    kept = [text for text in table["_overflow"].to_pylist() if text is not None]
    assert [json.loads(text)["_prediction"] for text in kept] == lost


LABELS = ["yes", 1, 1.0, 0.1, -2.5e-300, 1e22, True, False, 2**70, "NaN", "", 1e16, 123456789.5]


@pytest.mark.parametrize("label", LABELS)
def test_labels_are_classes_and_numbers_alike(label: Any) -> None:
    """A label reads like the category of the same prediction, and a number is exact."""
    body = json.dumps([{"id": "a", "label": label}]).encode()
    text = rows_of(read(body, JSON, signal=Signal.LABELS), signal=Signal.LABELS)[0]["_label"]
    assert text == text_of(label)
    if not isinstance(label, (str, bool)):
        assert float(text) == label
    if not isinstance(label, int) or label < 2**63:
        table = pa.table({"id": ["a"], "label": pa.array([label])})
        arrow = read(stream(table), ARROW, signal=Signal.LABELS)
        assert rows_of(arrow, signal=Signal.LABELS)[0]["_label"] == text


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("soon", "bad_time"),
        ([], "bad_time"),
        (True, "bad_time"),
        (1717243200000, "bad_time"),
        ("0001-01-01T00:00:00Z", "bad_time"),
        ("9999-01-01T00:00:00Z", "bad_time"),
        ("2024-06-02T12:00:01Z", "future_time"),
        ("2024-06-02T12:00:00Z", None),
        ("2024-06-02T14:00:00+02:00", None),
        ("1677-09-22", None),
        (-1.5, None),
    ],
)
def test_times(time: Any, reason: str | None) -> None:
    """Times are sane, and at most a day ahead of the server."""
    got = reasons(read_all([{"time": time}, {"time": "2024-06-01T00:00:00Z"}]))
    assert got == ([(0, reason)] if reason else [])
    if isinstance(time, str) and time.endswith("Z"):
        stamp = datetime.fromisoformat(time)
        table = pa.table({"time": pa.array([stamp, None], pa.timestamp("us", "UTC"))})
        assert reasons(read(stream(table), ARROW)) == ([(0, reason)] if reason else [])


def test_a_time_that_is_absent_is_that_of_receipt() -> None:
    """Also beside records that have one; the span of a part says so."""
    reading = read_all([{"time": "2024-05-01T00:00:00Z"}, {}])
    assert [row["_time"] for row in rows_of(reading)] == [datetime(2024, 5, 1, tzinfo=UTC), NOW]
    assert (reading.parts[0].first, reading.parts[0].last) == (
        datetime(2024, 5, 1, tzinfo=UTC),
        NOW,
    )


def test_ids() -> None:
    """Made from the batch and the index where absent; numbers are texts; feedback needs one."""
    records: list[dict[str, Any]] = [
        {},
        {"id": ""},
        {"id": 7},
        {"id": 7.0},
        {"id": []},
        {"id": None},
    ]
    reading = read_all(records)
    assert [row["_id"] for row in rows_of(reading)] == ["b-0", "b-1", "7", "7", "b-5"]
    assert reasons(reading) == [(4, "bad_value")]
    labels = [{**record, "label": 1} for record in records]
    assert reasons(read_all(labels, signal=Signal.LABELS)) == [
        (0, "missing_id"), (1, "missing_id"), (4, "bad_value"), (5, "missing_id"),
    ]  # fmt: skip
    table = pa.table({"id": pa.array(["", "x", None]), "label": [1, None, 1]})
    assert reasons(read(stream(table), ARROW, signal=Signal.LABELS)) == [
        (0, "missing_id"), (1, "missing_label"), (2, "missing_id"),
    ]  # fmt: skip


FULL = {
    "id": "a", "version": 3, "score": 0.25, "scores": {"yes": 0.25, "no": "NaN"}, "group": 7,
    "variant": "green", "entity": "e", "request_id": "r", "trace_id": "t", "span_id": "s",
    "input_hash": "h", "latency_ms": 12, "stages": {"queue": 1, "inference": 2.5}, "weight": 10,
    "cache_hit": False, "batch_size": 8, "tokens_in": 1, "tokens_out": 2, "concurrent": 3,
    "queue_depth": 4.0, "tags": {"team": "a", "n": 1},
    "error": {"type": "ValueError", "message": "x"},
}  # fmt: skip


def test_every_field_has_its_column() -> None:
    """All fields of a prediction, from a record and from columns of Arrow."""
    (row,) = rows_of(read_all([FULL]))
    assert math.isnan(row.pop("_score_no"))
    expected = {
        "_id": "a", "_time": NOW, "_row": 0, "_version": "3", "_score": 0.25, "_score_yes": 0.25,
        "_group": "7", "_variant": "green", "_entity": "e", "_request_id": "r", "_trace_id": "t",
        "_span_id": "s", "_input_hash": "h", "_latency_ms": 12.0, "_queue_ms": 1.0,
        "_inference_ms": 2.5, "_weight": 10.0, "_cache_hit": False, "_batch_size": 8,
        "_tokens_in": 1, "_tokens_out": 2, "_concurrent": 3, "_queue_depth": 4,
        "_tags": '{"n":1,"team":"a"}', "_error": "ValueError: x", "_error_class": "application",
    }  # fmt: skip
    assert row == expected
    columns = {name: pa.array([value]) for name, value in FULL.items() if name != "stages"}
    columns["scores"] = pa.array([{"yes": 0.25, "no": math.nan}])
    columns |= {"queue_ms": pa.array([1]), "inference_ms": pa.array([2.5], pa.float32())}
    (row,) = rows_of(read(stream(pa.table(columns)), ARROW))
    assert math.isnan(row.pop("_score_no"))
    assert row == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", "high"), ("latency_ms", [1]), ("batch_size", 1.5), ("batch_size", 2**63),
        ("cache_hit", "maybe"), ("version", {}), ("weight", 0), ("weight", -1), ("weight", "NaN"),
        ("features", [1]), ("features", "x"), ("scores", {"a": "b"}), ("stages", {"queue": "long"}),
        ("error", 5), ("error", {"message": 5}), ("error", {"class": 5}), ("tags", "x"),
        ("tags", [1]), ("scores", 0.5),
    ],
)  # fmt: skip
def test_bad_fields_reject_their_record(field: str, value: Any) -> None:
    """The record is named with its field; the one beside it is taken."""
    reading = read_all([{"id": "a", field: value}, {**FULL, "id": "b"}])
    assert reasons(reading) == [(0, "bad_value")]
    assert (reading.rejected[0].id, field in reading.rejected[0].message or field == "error") == (
        "a",
        True,
    )
    assert reading.records == 2 == reading.parts[0].records + len(reading.rejected)


@pytest.mark.parametrize(
    ("error", "text", "class_"),
    [
        ("boom", "boom", "application"),
        ("", None, None),
        ({}, None, None),
        ({"class": "timeout"}, "timeout", "timeout"),
        ({"class": "5xx", "type": "IOError", "message": "gone"}, "IOError: gone", "5xx"),
        ({"class": "weird", "message": "m"}, "m", "application"),
    ],
)
def test_errors(error: Any, text: str | None, class_: str | None) -> None:
    """Errors have a text and one of the fixed classes; another class is kept beside."""
    (row,) = rows_of(read_all([{"error": error}]))
    assert (row.get("_error"), row.get("_error_class")) == (text, class_)
    assert class_ is None or class_ in ERROR_CLASSES
    assert ("weird" in row.get("_overflow", "")) is ("weird" in str(error))


def test_what_a_record_says_besides_is_kept() -> None:
    """Unknown fields and stages are in the overflow under `_record`, and counted."""
    record = {"predicton": 1, "stages": {"gpu": 5, "queue": 1}, "nothing": None}
    (row,) = rows_of(read_all([record]))
    assert json.loads(row["_overflow"]) == {"_record": {"predicton": 1, "stages.gpu": 5}}
    assert row["_violations"] == ["unknown:predicton", "unknown:stages.gpu"]
    assert row["_queue_ms"] == 1.0


@pytest.mark.parametrize("signal", [Signal.LABELS, Signal.OUTCOMES, Signal.CHANGES])
def test_the_other_signals_keep_what_they_do_not_know(signal: Signal) -> None:
    """Their tables get an overflow only where there is one."""
    record = {"id": "a", "time": "2024-05-01T00:00:00Z", "source": "s", "unit": "EUR", "label": 1,
              "name": "revenue", "value": 2, "title": "t", "details": {"k": [1]}}  # fmt: skip
    fields = {
        Signal.LABELS: ("id", "time", "label", "source"),
        Signal.OUTCOMES: ("id", "time", "name", "value", "unit"),
        Signal.CHANGES: ("id", "time", "title", "details"),
    }[signal]
    known = {name: record[name] for name in fields}
    reading = read_all([known], signal=signal)
    assert "_overflow" not in table_of(reading, signal=signal).column_names
    (row,) = rows_of(reading, signal=signal)
    assert {f"_{name}" for name in fields} <= row.keys()
    (row,) = rows_of(read_all([{**known, "other": 1}], signal=signal), signal=signal)
    assert json.loads(row["_overflow"]) == {"_record": {"other": 1}}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": "a", "value": 1}, "missing_name"),
        ({"id": "a", "name": "n"}, "missing_value"),
        ({"id": "a", "name": "n", "value": "NaN"}, "bad_value"),
        ({"id": "a", "name": "n", "value": "many"}, "bad_value"),
        ({"name": "n", "value": 1}, "missing_id"),
    ],
)
def test_outcomes(record: dict[str, Any], reason: str) -> None:
    """An outcome is a finite number with a name."""
    assert reasons(read_all([record], signal=Signal.OUTCOMES)) == [(0, reason)]


def test_a_version_by_default() -> None:
    """The version of the query is that of records which name none."""
    body = json.dumps([{"version": "2"}, {}]).encode()
    reading = read(body, JSON, batch=batch_of(version="1"))
    assert [row["_version"] for row in rows_of(reading)] == ["2", "1"]
    assert reading.parts[0].versions == ("1", "2")
