"""Log lines: JSON, complete, and never the input."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper_client.log_lines import JsonFormatter, LogLines, input_hash
from watchkeeper_client.stages import request, stage


class Lines(logging.Handler):
    """Keeps lines as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(self.format(record))

    @property
    def read(self) -> list[dict[str, Any]]:
        """The lines as JSON."""
        return [json.loads(line) for line in self.lines]


class Kept:
    """A client that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def log(self, features: Any = None, prediction: Any = None, **fields: Any) -> str | None:
        """Keep a record."""
        self.records.append({"features": features, "prediction": prediction, **fields})
        return str(fields.get("id") or "made")


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is written to the logger of predictions."""
    handler = Lines()
    logger = logging.getLogger("watchkeeper.predictions")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_a_line_says_what_happened_and_not_to_whom(lines: Lines) -> None:
    """Ids, times, confidence and the hash are there; features, prediction and entity are not."""
    client = Kept()
    with request(LogLines(client, key="secret"), request_id="r-1", model="m", version="7") as call:
        with stage("inference"):
            pass
        call.predict(
            {"name": "Smith"}, "late", scores={"late": 0.75, "on time": 0.25}, entity="c-1"
        )
    [line] = lines.read
    assert set(line) == {
        "id", "model", "version", "latency_ms", "stages", "request_id", "trace_id", "span_id",
        "confidence", "input_hash",
    }  # fmt: skip
    assert (line["id"], line["request_id"], line["confidence"]) == (call.id, "r-1", 0.75)
    assert line["input_hash"] == input_hash({"name": "Smith"}, key=b"secret")
    assert "Smith" not in lines.lines[0]
    [record] = client.records
    assert record["features"] == {"name": "Smith"}
    assert record["input_hash"] == line["input_hash"]


def test_an_errors_message_may_quote_the_input_and_stays_out(lines: Lines) -> None:
    """Class and type are told, the message is not; errors have a level of their own."""
    with suppress(ValueError), request(LogLines(None)) as call:
        call.features = {"name": "Smith"}
        raise ValueError("bad name: Smith")
    [line] = lines.read
    assert line["error"] == {"class": "application", "type": "ValueError"}
    assert "Smith" not in lines.lines[0]


def test_a_sample_is_the_same_everywhere_and_has_all_errors(lines: Lines) -> None:
    """The id decides; an error is always written, and everything goes on to the client."""
    client = Kept()
    one, other = LogLines(client, sample=0.1), LogLines(None, sample=0.1)
    for number in range(2000):
        one.log({}, 1, id=f"p-{number}")
    first = [line["id"] for line in lines.read]
    lines.lines.clear()
    for number in range(2000):
        other.log({}, 1, id=f"p-{number}")
    assert [line["id"] for line in lines.read] == first
    assert {line["sample"] for line in lines.read} == {0.1}
    assert 140 <= len(first) <= 260  # five standard deviations around 200
    assert len(client.records) == 2000
    lines.lines.clear()
    LogLines(None, sample=0.0).log({}, 1, id="p", error={"class": "5xx", "type": "HTTP 503"})
    assert [line["id"] for line in lines.read] == ["p"]


def test_the_id_is_that_of_the_client(lines: Lines) -> None:
    """A prediction that is given no id has the one that the client made."""
    assert LogLines(Kept()).log({"a": 1}, 2) == "made"
    assert [line["id"] for line in lines.read] == ["made"]


@pytest.mark.parametrize("sample", [-0.1, 1.5, float("nan")])
def test_a_share_is_between_0_and_1(sample: float) -> None:
    """A wrong share is told where it is written."""
    with pytest.raises(ValueError, match="it is a share between 0 and 1"):
        LogLines(None, sample=sample)


def test_what_cannot_be_hashed_or_written_harms_nobody(lines: Lines) -> None:
    """The record goes on to the client whatever the log does with it."""
    client = Kept()

    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no text")

    LogLines(client, key=b"k").log({"a": Odd()}, 1, id="p", tags=3, stages={"inference": Odd()})
    assert len(client.records) == 1
    assert lines.lines == []


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(), st.text(max_size=5)
)


@given(st.dictionaries(st.text(max_size=5), scalars, max_size=5), st.randoms())
def test_equal_inputs_have_equal_hashes(features: dict[str, Any], order: Any) -> None:
    """The order of names does not count, nor whether a whole number is written as a float."""
    names = list(features)
    order.shuffle(names)
    same = {
        name: float(value) if type(value) is int and abs(value) < 2**53 else value
        for name, value in ((name, features[name]) for name in names)
    }
    assert input_hash(same, key=b"k") == input_hash(features, key=b"k")


DIFFERENT = [
    {"a": 1}, {"a": "1"}, {"a": True}, {"a": None}, {"a": "None"}, {}, {"b": 1}, {"a": 1, "b": 2},
    {"a": 2, "b": 1}, {"a": 1.5}, {"a": float("nan")}, {"a": "nan"}, {"a": ""}, {"a": "a"},
    {"a": float("inf")}, {"a": 2**70}, {"a": dt.date(2026, 1, 1)}, {"a": [1]}, {"a": [2]},
    {"a": dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))},
]  # fmt: skip


def test_different_inputs_have_different_hashes() -> None:
    """Kinds are told apart: a text is no number, nothing is no text."""
    hashes = [input_hash(features, key=b"k") for features in DIFFERENT]
    assert len(set(hashes)) == len(DIFFERENT)
    assert all(len(found) == 32 for found in hashes)
    assert input_hash({"a": 1}, key=b"j" * 100) != input_hash({"a": 1}, key=b"j" * 101)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.float64(2.5), 2.5), (np.int32(3), 3), (Decimal("2.5"), 2.5), (-0.0, 0),
        (dt.datetime(2026, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
         dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
    ],
)  # fmt: skip
def test_one_value_in_two_forms_is_one_input(one: Any, other: Any) -> None:
    """What the wire holds to be equal has one hash."""
    assert input_hash({"a": one}, key=b"k") == input_hash({"a": other}, key=b"k")


def formatted(call: Any, **extra: Any) -> dict[str, Any]:
    """A log record of a service, as its line."""
    logger = logging.getLogger("service")
    handler = Lines()
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    call(logger, **extra)
    logger.removeHandler(handler)
    [line] = handler.read
    return line


def test_every_line_of_the_service_has_the_ids_of_its_prediction() -> None:
    """A line that is written while a prediction is made can be found by it."""
    with request(Kept(), request_id="r-1") as call:
        line = formatted(lambda log: log.warning("cache %s", "cold", extra={"shard": 3}))
    assert {name: line[name] for name in call.ids} == call.ids
    assert line["request_id"] == "r-1"
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "service", "cache cold")
    assert line["shard"] == 3
    assert dt.datetime.fromisoformat(line["time"]).tzinfo is not None


ODD = {"odd": set}


def test_outside_a_prediction_there_are_no_ids() -> None:
    """A line of the start-up has none; exceptions are text; odd values are text."""
    line = formatted(lambda log: log.error("failed", exc_info=KeyError("weights"), extra=ODD))
    assert "request_id" not in line
    assert "KeyError: 'weights'" in line["exception"]
    assert line["odd"] == "<class 'set'>"


def test_a_prediction_is_one_object_also_through_the_formatter(lines: Lines) -> None:
    """With the formatter a prediction's fields stand at the top, not as JSON within JSON."""
    lines.setFormatter(JsonFormatter())
    LogLines(None).log({}, 1, id="p", model="m", score=0.5)
    [line] = lines.read
    assert (line["message"], line["id"], line["confidence"]) == ("prediction", "p", 0.5)
    assert "watchkeeper" not in line
