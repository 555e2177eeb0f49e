"""Batches: every form of table becomes the same records, in bodies that keep the limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper_client import arrow_bodies
from watchkeeper_client.batches import Body, layout_of
from watchkeeper_client.client import Client
from watchkeeper_client.row_bodies import frame_rows
from watchkeeper_client.tables import label_batch, log_batch, outcome_batch, prediction_bodies

MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
ARROW, MSGPACK = "application/vnd.apache.arrow.stream", "application/msgpack"
DATA: dict[str, list[Any]] = {
    "id": ["p-1", "p-2", "p-3"],
    "distance": [2475, 187, 944],
    "temp": [39.5, None, 71.0],
    "carrier": ["UA", "B6", None],
    "late": [True, False, True],
    "p_late": [0.75, 0.25, 0.5],
}
FORMS: dict[str, Any] = {
    "arrow": lambda: pa.table(DATA),
    "batch": lambda: pa.RecordBatch.from_pydict(DATA),
    "reader": lambda: pa.table(DATA).to_reader(max_chunksize=2),
    "pandas": lambda: pd.DataFrame(DATA),
    "pandas with an index": lambda: pd.DataFrame(DATA, index=[7, 8, 9]),
    "categories": lambda: pd.DataFrame(DATA).astype({"carrier": "category"}),
    "polars": lambda: pl.DataFrame(DATA),
    "duckdb": lambda: duckdb.from_arrow(pa.table(DATA)),
    "columns": lambda: dict(DATA),
    "arrays": lambda: {name: np.array(values) for name, values in DATA.items()},
    "rows": lambda: pa.table(DATA).to_pylist(),
}
ROLES: dict[str, Any] = {"id": "id", "prediction": "late", "score": "p_late"}
RECORDS = [
    {"id": i, "prediction": late, "score": p, "model": "arrivals",
     "features": {"distance": distance, "temp": temp, "carrier": carrier}}
    for i, distance, temp, carrier, late, p in zip(*DATA.values(), strict=True)
]  # fmt: skip


class Sink:
    """Keeps bodies."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, Body]] = []

    def send_body(self, signal: str, content_type: str, body: bytes, records: int) -> None:
        """Keep one."""
        self.bodies.append((signal, Body(content_type, body, records)))

    @property
    def records(self) -> list[dict[str, Any]]:
        """All records of all bodies, each body holding as many as it says."""
        return [record for _, body in self.bodies for record in read(body)]


def read(body: Body) -> list[dict[str, Any]]:
    """A body as records."""
    if body.content_type == ARROW:
        records: list[dict[str, Any]] = pa.ipc.open_stream(body.body).read_all().to_pylist()
    else:
        records = msgspec.msgpack.decode(body.body)
    assert len(records) == body.records
    return records


@pytest.fixture
def no_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python without PyArrow."""
    monkeypatch.setattr(arrow_bodies, "pyarrow", lambda: None)
    monkeypatch.setattr("watchkeeper_client.row_bodies.pyarrow", lambda: None)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_records(form: str) -> None:
    """Columns named for a field are that field, all others features; a frame's index is none."""
    sink = Sink()
    assert log_batch(sink, FORMS[form](), model="arrivals", **ROLES) == 3
    assert sink.records == RECORDS
    assert {signal for signal, _ in sink.bodies} == {"predictions"}
    expected = MSGPACK if form == "rows" else ARROW
    assert {body.content_type for _, body in sink.bodies} == {expected}


@pytest.mark.usefixtures("no_arrow")
@pytest.mark.parametrize(
    "form", ["pandas", "pandas with an index", "categories", "polars", "columns", "arrays", "rows"]
)
def test_without_pyarrow_the_records_are_the_same(form: str) -> None:
    """MessagePack rows say what Arrow columns say."""
    sink = Sink()
    assert log_batch(sink, FORMS[form](), model="arrivals", **ROLES) == 3
    assert sink.records == RECORDS
    assert {body.content_type for _, body in sink.bodies} == {MSGPACK}


@pytest.mark.usefixtures("no_arrow")
def test_without_pyarrow_a_stream_is_refused_with_the_remedy() -> None:
    """What only offers Arrow needs the extra."""

    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise AssertionError

    with pytest.raises(TypeError, match=r"install watchkeeper-client\[arrow\]"):
        log_batch(Sink(), Stream())


@pytest.mark.parametrize("with_arrow", [True, False])
def test_values_beside_the_data(with_arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a model gave for an array need not be put into it; scores are by class."""
    if not with_arrow:
        monkeypatch.setattr(arrow_bodies, "pyarrow", lambda: None)
    sink = Sink()
    log_batch(
        sink,
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        names=["a", "b"],
        id=["x", "y"],
        prediction=pl.Series([1, 0]) if with_arrow else np.array([1, 0]),
        scores={"0": np.array([0.1, 0.8]), "1": pd.Series([0.9, 0.2])},
        time=[dt.datetime(2026, 1, 1, tzinfo=dt.UTC)] * 2,
        inference_ms=[1.5, 2.5],
    )
    first, second = sink.records
    assert first["features"] == {"a": 1.0, "b": 2.0}
    assert second["scores"] == {"0": 0.8, "1": 0.2}
    assert (second["id"], second["prediction"]) == ("y", 0)
    stages = {"inference_ms": 2.5} if with_arrow else {"stages": {"inference": 2.5}}
    assert stages.items() <= second.items()


@pytest.mark.parametrize("form", ["arrow", "rows"])
def test_a_version_is_a_column_or_one_for_all(form: str) -> None:
    """The version of a batch is mostly one; where a column has that name it is the column."""
    sink = Sink()
    log_batch(sink, FORMS[form](), version="7", variant="carrier", features=["distance"])
    assert [(record["version"], record["variant"]) for record in sink.records] == [
        ("7", "UA"), ("7", "B6"), ("7", None),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no column 'flight'"):
        log_batch(sink, FORMS[form](), version="7", entity="flight")


def test_a_feature_may_have_the_name_of_a_field() -> None:
    """Features stand apart, so a feature may be called `id` or `time`."""
    sink = Sink()
    log_batch(sink, {"id": [1], "time": [2], "key": ["p"]}, id="key", features=["id", "time"])
    assert sink.records == [{"id": "p", "features": {"id": 1, "time": 2}}]


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"id": "flight"}, ValueError, "no column 'flight'; their columns are id, distance"),
        ({"id": ["a"]}, ValueError, "3 rows and id has 1 values"),
        ({"scores": {"1": [0.5]}}, ValueError, "3 rows and 1 has 1 values"),
        ({"label": "late"}, TypeError, "no field 'label'; fields are batch_size"),
        ({"features": ["speed"]}, ValueError, "no column 'speed'"),
    ],
)
@pytest.mark.parametrize("form", ["arrow", "pandas", "rows"])
def test_what_does_not_fit_is_told(form: str, fields: Any, kind: Any, message: str) -> None:
    """The message says what was given and what there is; nothing has been sent."""
    sink = Sink()
    with pytest.raises(kind, match=message):
        log_batch(sink, FORMS[form](), **fields)
    assert sink.bodies == []


def test_a_stream_is_held_to_the_values_beside_it() -> None:
    """Where the length is only known at the end, too few and too many values are told."""
    for values in (["a"], ["a"] * 5):
        reader = pa.table(DATA).to_reader(max_chunksize=2)
        with pytest.raises(ValueError, match="give one a row"):
            log_batch(Sink(), reader, id=values)


@pytest.mark.parametrize("data", [3, "text", None, np.zeros((2, 2)), np.zeros(3)])
def test_what_holds_no_rows_is_refused(data: Any) -> None:
    """The message says what can be given."""
    with pytest.raises((TypeError, ValueError), match="`names`"):
        log_batch(Sink(), data)


def test_columns_of_mixed_types_go_as_rows() -> None:
    """What no Arrow column can hold is sent value by value, with its own types."""
    sink = Sink()
    frame = pd.DataFrame({"odd": [1, "two", None], "n": [1, 2, 3]})
    log_batch(sink, frame)
    assert [record["features"]["odd"] for record in sink.records] == [1, "two", None]
    assert sink.bodies[0][1].content_type == MSGPACK


def test_odd_values_cost_no_batch() -> None:
    """What the wire has no form for goes as the nearest that it has, for the server to judge."""
    rows = [{"a": 2**70, "b": "\ud800", "c": [1, {2}], "d": 1 + 2j}, {"a": 1, "b": "x"}]
    sink = Sink()
    assert log_batch(sink, rows) == 2
    assert sink.records == [
        {"features": {"a": 2.0**70, "b": "?", "c": [1, [2]], "d": "(1+2j)"}},
        {"features": {"a": 1, "b": "x"}},
    ]


cells = st.one_of(st.none(), st.text(max_size=30))
tables = st.integers(0, 40).flatmap(
    lambda rows: st.fixed_dictionaries(
        {
            "t": st.lists(cells, min_size=rows, max_size=rows),
            "n": st.lists(st.integers(-9, 9), min_size=rows, max_size=rows),
        }
    )
)


@settings(max_examples=60)
@given(tables, st.integers(1, 20), st.integers(1, 400), st.booleans(), st.integers(1, 7))
def test_bodies_keep_the_limits_and_every_row(
    data: dict[str, list[Any]], max_rows: int, max_bytes: int, as_rows: bool, chunk: int
) -> None:
    """However a table is cut, the rows are all there once, in order, and no body is too large."""
    table = pa.table({"t": pa.array(data["t"], pa.string()), "n": data["n"]})
    source = table.to_pylist() if as_rows else table.to_reader(max_chunksize=chunk)
    beside = list(range(len(table)))
    layout = layout_of({"id": "t", "prediction": beside}, constants={}, features=None)
    bodies = list(prediction_bodies(source, layout, max_rows=max_rows, max_bytes=max_bytes))
    found = [record for body in bodies for record in read(body)]
    assert [record["prediction"] for record in found] == beside
    assert [record["id"] for record in found] == data["t"]
    assert [record["features"]["n"] for record in found] == data["n"]
    for body in bodies:
        assert 1 <= body.records <= max_rows
        size = body.records if body.content_type == ARROW else len(body.body) - 5
        assert size <= max_bytes or body.records == 1


def test_a_large_table_is_cut() -> None:
    """The default limits are 50,000 rows and 8 MiB of a body."""
    layout = layout_of({}, constants={}, features=None)
    rows = list(prediction_bodies({"n": np.arange(120_001)}, layout))
    assert [body.records for body in rows] == [50_000, 50_000, 20_001]
    wide = {f"c{number}": np.zeros(20_000) for number in range(100)}
    bodies = list(prediction_bodies(wide, layout))
    assert sum(body.records for body in bodies) == 20_000
    assert max(body.records for body in bodies) * 800 <= 8 << 20


def test_a_stream_is_read_piece_by_piece() -> None:
    """The first body leaves before the last row is read."""
    read_so_far = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal read_so_far
        for _ in range(10):
            read_so_far += 1
            yield pa.RecordBatch.from_pydict({"n": list(range(100))})

    reader = pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), batches())
    layout = layout_of({}, constants={}, features=None)
    first = next(iter(prediction_bodies(reader, layout, max_rows=100)))
    assert first.records == 100
    assert read_so_far <= 2


def test_types_of_columns_travel() -> None:
    """Times, decimals, dictionaries and texts of every width arrive as what they are."""
    frame = pl.DataFrame({
        "at": [MOMENT], "day": [dt.date(2026, 1, 2)], "kind": ["a"],
    }).with_columns(pl.col("kind").cast(pl.Categorical))  # fmt: skip
    sink = Sink()
    log_batch(sink, frame, time="at")
    [record] = sink.records
    assert record["time"] == MOMENT
    assert record["features"] == {"day": dt.date(2026, 1, 2), "kind": "a"}


def test_texts_as_views_are_cut_by_their_size() -> None:
    """Most releases of PyArrow cannot tell how large they are; those of Polars are views."""
    texts = pa.array([f"{n:060}" for n in range(64)], pa.string_view())
    inner = pa.StructArray.from_arrays([texts], ["text"])
    for column in (texts, inner, texts.cast(pa.string()).dictionary_encode()):
        data = pa.table({"text": column})
        layout = layout_of({}, constants={}, features=None)
        bodies = list(prediction_bodies(data, layout, max_bytes=1_500))
        assert len(bodies) > 2
        assert sum(body.records for body in bodies) == 64


@pytest.mark.parametrize("with_arrow", [True, False])
def test_labels_and_outcomes(with_arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids and values in any form, and what is the same for all."""
    if not with_arrow:
        monkeypatch.setattr(arrow_bodies, "pyarrow", lambda: None)
    sink = Sink()
    assert label_batch(sink, pd.Series(["a", "b"]), np.array([1, 0]), source="desk") == 2
    assert outcome_batch(sink, ["a"], [2.5], name="revenue", unit="EUR", model="m") == 1
    assert [signal for signal, _ in sink.bodies] == ["labels", "outcomes"]
    assert sink.records == [
        {"id": "a", "label": 1, "source": "desk"},
        {"id": "b", "label": 0, "source": "desk"},
        {"id": "a", "value": 2.5, "name": "revenue", "unit": "EUR", "model": "m"},
    ]


def test_labels_of_mixed_types_go_as_rows() -> None:
    """A label may be a number here and a text there."""
    sink = Sink()
    label_batch(sink, ["a", "b"], [1, "two"])
    assert [record["label"] for record in sink.records] == [1, "two"]


def test_as_many_labels_as_ids() -> None:
    """The message says how many there are of each."""
    with pytest.raises(ValueError, match="as many ids as values, and id has 2, label has 1"):
        label_batch(Sink(), ["a", "b"], [1])
    assert label_batch(Sink(), [], []) == 0


def test_rows_of_anything_that_offers_arrow() -> None:
    """Where rows are wanted, Arrow is read too."""
    table = pa.table({"a": [1, 2]})
    assert list(frame_rows(duckdb.from_arrow(table))) == [{"a": 1}, {"a": 2}]


def test_the_real_client_takes_bodies() -> None:
    """`send_body` of the client is the seam."""
    client = Client("off")
    label_batch(client, ["a", "b"], [1, 0])
    assert client.counts.dropped == {"off": 2}
