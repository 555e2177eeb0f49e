"""Every format and encoding, whole and damaged: what is read, what is refused, and why."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from typing import Any

import pyarrow as pa
import pytest

from tests.collect.wire_cases import (
    ARROW,
    JSON,
    LIMIT,
    LINES,
    MSGPACK,
    batch_of,
    packed,
    read,
    read_all,
    reasons,
    rows_of,
    stream,
)  # fmt: skip
from watchkeeper.collect.wire.rules import MAX_RECORDS
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, TooLargeError, UnsupportedTypeError

RECORDS = [
    {"id": "a", "model": "m", "features": {"x": 1.5, "c": "u"}, "prediction": "yes"},
    {"id": "b", "model": "m", "features": {"x": 2.5, "c": "v"}, "prediction": "no"},
]
TEXT = json.dumps(RECORDS).encode()
ROWS = [
    {"_id": "a", "_row": 0, "_prediction": "yes", "x": 1.5, "c": "u"},
    {"_id": "b", "_row": 1, "_prediction": "no", "x": 2.5, "c": "v"},
]
TABLE = pa.table(
    {"id": ["a", "b"], "model": ["m", "m"], "prediction": ["yes", "no"], "x": [1.5, 2.5],
     "c": ["u", "v"]}
)  # fmt: skip
LINES_BODY = b"\n".join(json.dumps(record).encode() for record in RECORDS)


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the time, which is that of receipt."""
    return [{name: value for name, value in row.items() if name != "_time"} for row in rows]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (TEXT, JSON),
        (TEXT, "Application/JSON; charset=utf-8"),
        (b"\xef\xbb\xbf" + TEXT, JSON),
        (json.dumps({"records": RECORDS}).encode(), JSON),
        (LINES_BODY, LINES),
        (LINES_BODY, "application/jsonl"),
        (LINES_BODY.replace(b"\n", b"\r\n\r\n \n") + b"\r\n", LINES),
        (packed(RECORDS), MSGPACK),
        (packed({"records": RECORDS}), "application/x-msgpack"),
        (stream(TABLE), ARROW),
        (stream(TABLE, "zstd"), ARROW),
        (TEXT, None),
        (LINES_BODY, ""),
    ],
)
def test_every_format_says_the_same(body: bytes, content_type: str | None) -> None:
    """The same two records come out of each form of a body."""
    reading = read(body, content_type)
    assert (reading.records, reading.rejected) == (2, ())
    assert plain(rows_of(reading)) == ROWS


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity", "", "GZIP", None])
def test_content_encodings(encoding: str | None) -> None:
    """A compressed body is read as the body that it was."""
    name = (encoding or "").lower()
    body = pa.compress(TEXT, codec=name, asbytes=True) if name in {"gzip", "zstd"} else TEXT
    assert read(body, JSON, encoding=encoding).records == 2


def test_one_record_alone() -> None:
    """A JSON body may be one record."""
    assert plain(rows_of(read(json.dumps(RECORDS[0]).encode(), JSON))) == ROWS[:1]


@pytest.mark.parametrize("content_type", [JSON, LINES, MSGPACK, ARROW, None])
@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_an_empty_body_has_no_records(content_type: str | None, encoding: str | None) -> None:
    """Nothing is an empty batch, not an error."""
    reading = read(b"", content_type, encoding=encoding)
    assert (reading.records, reading.parts, reading.rejected) == (0, (), ())


def test_a_bad_line_is_rejected_alone() -> None:
    """A torn or malformed line names itself and its line; the others are taken."""
    body = b'{"id": "a"}\n\n{"id": \n[1]\n{"id": "b"}\n{"id": "c", "predic'
    reading = read(body)
    assert [row["_id"] for row in rows_of(reading)] == ["a", "b"]
    assert reasons(reading) == [(1, "malformed"), (2, "not_an_object"), (4, "malformed")]
    assert [one.message.split(" is ")[0] for one in reading.rejected] == [
        "line 3",
        "line 4",
        "line 6",
    ]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (TEXT[:-3], JSON),
        (b"\xff\xfe\x00", JSON),
        (b'"text"', JSON),
        (b"[" * 100_000, JSON),
        (json.dumps({"records": RECORDS, "model": "m"}).encode(), JSON),
        (packed(RECORDS)[:-3], MSGPACK),
        (b"\x92\xa1\xff", MSGPACK),
        (packed(7), MSGPACK),
        (b"no stream", ARROW),
        (stream(TABLE)[:-40], ARROW),
        (TEXT, ARROW),
    ],
)
def test_unreadable_bodies(body: bytes, content_type: str) -> None:
    """A body that cannot be read as a whole is one error."""
    with pytest.raises(InputError) as caught:
        read(body, content_type)
    assert not isinstance(caught.value, (TooLargeError, UnsupportedTypeError))


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [("text/csv", None), ("application/x-www-form-urlencoded", None), (JSON, "br"), (None, None)],
)
def test_types_that_are_not_read(content_type: str | None, encoding: str | None) -> None:
    """The error says what is read."""
    with pytest.raises(UnsupportedTypeError, match="send"):
        read(b"a,b\n1,2", content_type, encoding=encoding)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(TEXT)[:-4], "gzip"),
        (gzip.compress(TEXT) + b"junk", "gzip"),
        (TEXT, "gzip"),
        (pa.compress(TEXT, codec="zstd", asbytes=True)[:-4], "zstd"),
        (TEXT, "zstd"),
    ],
    # The bytes hold the time of day, which would be another name in each worker of xdist.
    ids=["gzip cut off", "gzip and more", "no gzip", "zstd cut off", "no zstd"],
)
def test_damaged_compression(body: bytes, encoding: str) -> None:
    """A compressed stream that ends early, or is none, is unreadable."""
    with pytest.raises(InputError, match="stream"):
        read(body, JSON, encoding=encoding)


def test_members_of_gzip_are_one_body() -> None:
    """Gzip streams one after another are one body, as gzip says."""
    first, second = LINES_BODY.split(b"\n")
    body = gzip.compress(first + b"\n") + gzip.compress(second)
    assert read(body, LINES, encoding="gzip").records == 2


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused_early(encoding: str) -> None:
    """A small body that grows beyond the limit is refused before its end, which is missing here."""
    chunk = b" " * (1 << 24)
    if encoding == "gzip":
        squeeze = zlib.compressobj(wbits=31)
        body = b"".join([*(squeeze.compress(chunk) for _ in range(4)), squeeze.flush()])
    else:
        body = pa.compress(chunk * 4, codec="zstd", asbytes=True)
    with pytest.raises(TooLargeError, match="1,048,576 bytes"):
        read(body[:-20], JSON, encoding=encoding)


def test_the_limit_holds_without_compression() -> None:
    """A plain body has the same limit, to the byte."""
    body = b" " * (LIMIT - len(TEXT)) + TEXT
    assert read(body, JSON).records == 2
    with pytest.raises(TooLargeError):
        read(b" " + body, JSON)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}\n" * (MAX_RECORDS + 1), LINES),
        (b"[" + b"{}," * MAX_RECORDS + b"{}]", JSON),
        (b"\xdd" + (MAX_RECORDS + 1).to_bytes(4, "big") + b"\x80" * (MAX_RECORDS + 1), MSGPACK),
        (stream(pa.table({"x": pa.nulls(MAX_RECORDS + 1)})), ARROW),
    ],
)
def test_too_many_records(body: bytes, content_type: str) -> None:
    """Records of a few bytes are refused by their number, before each takes a hundred bytes."""
    with pytest.raises(TooLargeError, match="1,000,00"):
        read(body, content_type, max_bytes=1 << 28)


def test_what_python_writes_is_read() -> None:
    """Python's JSON writer makes NaN and lone surrogates; the records are kept, other lines too."""
    body = json.dumps([{"id": "a", "features": {"x": float("nan"), "t": "\ud800"}}]).encode()
    for reading in (read(body, JSON), read(body[1:-1] + b'\n{"id": "b"}')):
        row = rows_of(reading)[0]
        assert math.isnan(row["x"])
        assert json.loads(row["_overflow"]) == {"t": "\ud800"}
        assert row["_violations"] == ["type:t"]


def test_a_surrogate_where_text_is_needed_is_a_bad_value() -> None:
    """An id that UTF-8 cannot write rejects its record alone."""
    assert reasons(read_all([{"id": "\ud800"}, {"id": "b"}])) == [(0, "bad_value")]
    assert reasons(read_all([{"features": {"\ud800": 1}}])) == [(0, "reserved_name")]


def test_nul_is_text() -> None:
    """A zero character passes through every form."""
    row = rows_of(read_all([{"id": "a\x00b", "features": {"t": "\x00"}}]))[0]
    assert (row["_id"], row["t"]) == ("a\x00b", "\x00")


@pytest.mark.parametrize("number", ["1" * 5000, "1e999", "-1e999", str(2**64), str(-(2**70))])
def test_numbers_beyond_any_column_are_kept(number: str) -> None:
    """A number that no double holds exactly is in the overflow, digit for digit."""
    body = f'[{{"features": {{"x": 0.5}}}}, {{"features": {{"x": {number}}}}}]'.encode()
    first, second = rows_of(read(body, JSON))
    assert first["x"] == 0.5
    kept = second.get("x") if "x" in second else json.loads(second["_overflow"])["x"]
    assert str(kept) == number or float(kept) == int(number)


def test_a_deeply_nested_value_rejects_its_record() -> None:
    """What cannot be written back as JSON is named, and the rest is taken."""
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    reading = read_all([{"id": "a", "features": {"x": deep}}, {"id": "b"}])
    assert reasons(reading) == [(0, "bad_value")]
    assert [row["_id"] for row in rows_of(reading)] == ["b"]


def test_models_of_one_body() -> None:
    """Each model has a part; a model that may not be used rejects its records alone."""
    records = [
        {"model": "m"},
        {"model": "none"},
        {"model": "n"},
        {},
        {"model": "m"},
        {"model": [1]},
    ]
    body = packed(records)
    reading = read(body, MSGPACK, batch=batch_of(model=None))
    assert [(part.model, part.records) for part in reading.parts] == [("m", 2), ("n", 1)]
    assert reasons(reading) == [(1, "unknown_model"), (3, "missing_model"), (5, "bad_value")]
    assert [one.model for one in reading.rejected] == ["none", "", ""]
    assert read(body, MSGPACK).parts[0].records == 3


def test_models_of_one_stream() -> None:
    """A column of models, dictionary-encoded, is split like records."""
    models = pa.array(["m", "n", "none", None, "m"]).dictionary_encode()
    table = pa.table({"model": models, "x": [1.0, 2.0, 3.0, 4.0, 5.0]})
    reading = read(stream(table), ARROW)
    assert [(part.model, part.records) for part in reading.parts] == [("m", 3), ("n", 1)]
    assert reasons(reading) == [(2, "unknown_model")]
    rows = rows_of(reading)
    assert sorted((row["_row"], row["x"]) for row in rows) == [
        (0, 1.0),
        (1, 2.0),
        (3, 4.0),
        (4, 5.0),
    ]


def test_changes_need_no_model() -> None:
    """A change without a model concerns all, whatever the rules say."""
    reading = read_all([{"title": "new pipeline"}], signal=Signal.CHANGES)
    assert reading.parts[0].model == "m"
    body = b'{"title": "new pipeline"}'
    reading = read(body, JSON, signal=Signal.CHANGES, batch=batch_of(model=None))
    assert reading.parts[0].model == ""
