"""Event rows under the names and types of the model, with their labels."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from watchkeeper.app.compare import prepare_reference
from watchkeeper.app.live.event_rows import LABEL_SCHEMA, joined, last_of, model_rows
from watchkeeper.profiles.layout import Layout

START = datetime(2013, 4, 1, tzinfo=UTC)


def layout() -> Layout:
    """A model with whole numbers as classes, as many training sets have them."""
    rng = np.random.default_rng(0)
    rows = pa.table(
        {
            "key": [f"k{i}" for i in range(200)],
            "at": [START] * 200,
            "temp": rng.normal(size=200),
            "late": rng.integers(0, 2, 200),
            "guess": rng.integers(0, 2, 200),
            "p": rng.random(200),
        }
    )
    model = {
        "name": "m", "task": "binary", "id": "key", "timestamp": "at", "label": "late",
        "prediction": "guess", "score": "p",
    }  # fmt: skip
    return prepare_reference(rows, model=model).profile.layout


def label(key: str, value: str | None, *, minutes: int, position: int = 1, row: int = 0) -> dict:
    """A row of the label table."""
    at = START + timedelta(minutes=minutes)
    return {
        "_id": key, "_time": at, "_received": at, "_label": value, "_position": position,
        "_row": row,
    }  # fmt: skip


def test_roles_take_the_names_and_types_of_the_reference() -> None:
    """Classes are text on the wire and whole numbers in this reference."""
    rows = pa.table(
        {
            "_id": ["a", "b"], "_time": [START, START], "_prediction": ["1", "0"],
            "_score": [0.9, 0.1], "_label": ["1", None], "temp": [1.0, 2.0],
            "new": ["x", None], "never": pa.nulls(2, pa.string()),
        }
    )  # fmt: skip
    found = model_rows(rows, layout())
    assert found.column_names == ["key", "at", "temp", "late", "guess", "p", "new"]
    assert found.schema.field("guess").type == pa.int64()
    assert found.column("late").to_pylist() == [1, None]


def test_a_value_that_the_reference_could_not_hold_stays_as_it_came() -> None:
    """It is counted as an unknown class, not lost."""
    rows = pa.table({"_id": ["a"], "_time": [START], "_prediction": ["maybe"]})
    assert model_rows(rows, layout()).column("guess").to_pylist() == ["maybe"]


def test_a_feature_that_no_record_names_is_absent_and_one_of_nulls_is_not() -> None:
    """The schema check tells a column that is gone from one that is empty."""
    rows = {"_id": ["a", "b"], "_time": [START, START], "temp": pa.nulls(2, pa.float64())}
    gone = pa.table({**rows, "_violations": [["missing:temp"], ["missing:temp"]]})
    empty = pa.table({**rows, "_violations": [["missing:temp"], []]})
    assert "temp" not in model_rows(gone, layout()).column_names
    assert "temp" in model_rows(empty, layout()).column_names


def test_the_last_label_wins_by_its_own_time_then_by_arrival() -> None:
    """A correction that a client had spooled does not undo a later one."""
    rows = pa.table({"_id": ["a", "b", "c"]})
    labels = pa.Table.from_pylist(
        [
            label("a", "0", minutes=5, position=2),
            label("a", "1", minutes=1, position=3),
            label("b", "0", minutes=1, position=1, row=0),
            label("b", "1", minutes=1, position=1, row=1),
        ],
        schema=LABEL_SCHEMA,
    )
    found = joined(rows, labels)
    assert found.column("_label").to_pylist() == ["0", "1", None]
    assert found.column("_label_versions").to_pylist() == [2, 2, None]


def test_a_label_taken_back_is_none() -> None:
    """The last one wins also where it says that the truth is not known after all."""
    labels = pa.Table.from_pylist(
        [label("a", "1", minutes=1), label("a", None, minutes=2)], schema=LABEL_SCHEMA
    )
    assert joined(pa.table({"_id": ["a"]}), labels).column("_label").to_pylist() == [None]


def test_without_labels_every_prediction_stays() -> None:
    """And has the columns that a later hour has."""
    found = joined(pa.table({"_id": ["a"]}), LABEL_SCHEMA.empty_table())
    assert found.column_names == [
        "_id",
        "_label",
        "_label_time",
        "_label_received",
        "_label_versions",
    ]


def test_the_last_of_several_keys() -> None:
    """An outcome of one name replaces only that of its name."""
    rows = pa.table(
        {
            "_id": ["a", "a", "a"], "_name": ["paid", "paid", "seen"], "_value": [1.0, 2.0, 3.0],
            "_time": [START, START + timedelta(1), START], "_position": [1, 2, 1],
            "_row": [0, 0, 1],
        }
    )  # fmt: skip
    found = last_of(rows, ["_id", "_name"]).to_pylist()
    assert {(row["_name"], row["_value"]) for row in found} == {("paid", 2.0), ("seen", 3.0)}
