"""The decorator: every run is a record, and the function is as it was."""

from __future__ import annotations

import asyncio
import dataclasses
import decimal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from watchkeeper_client.decorator import watch
from watchkeeper_client.faults import own_errors
from watchkeeper_client.stages import current, request, stage


class Kept:
    """A client that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def log(self, features: Any = None, prediction: Any = None, **fields: Any) -> str | None:
        """Keep a record."""
        self.records.append({"features": features, "prediction": prediction, **fields})
        return str(fields.get("id"))

    @property
    def last(self) -> dict[str, Any]:
        """The one record."""
        [record] = self.records
        return record


class Flight(BaseModel):
    """A request as services have it."""

    distance: int
    carrier: str = "UA"


@dataclasses.dataclass
class Answer:
    """A response with a name for the prediction."""

    prediction: str
    score: float


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (((3,), {}), {"distance": 3, "carrier": "UA"}),
        (((3,), {"carrier": "B6"}), {"distance": 3, "carrier": "B6"}),
        ((({"temp": 90, "wind": 5},), {}), {"temp": 90, "wind": 5}),
        (((Flight(distance=4),), {}), {"distance": 4, "carrier": "UA"}),
        (((3, [1, 2]), {}), {"distance": 3}),
        (((np.float32(2.5), decimal.Decimal("1.5")), {}), {"distance": 2.5, "carrier": 1.5}),
    ],
)
def test_features_from_arguments(arguments: Any, expected: dict[str, Any]) -> None:
    """The one mapping or object among the arguments is the input, else the scalars by name."""
    client = Kept()

    @watch(client)
    def predict(distance: Any, carrier: Any = "UA") -> float:
        return 0.5

    args, kwargs = arguments
    assert predict(*args, **kwargs) == 0.5
    assert client.last["features"] == expected


def test_keyword_arguments_and_methods() -> None:
    """What comes by `**kwargs` goes under its own names; `self` is no feature."""
    client = Kept()

    class Model:
        @watch(client, model="arrivals", version="7")
        def predict(self, **features: float) -> float:
            return sum(features.values())

    assert Model().predict(temp=1.0, wind=2.0) == 3.0
    assert client.last["features"] == {"temp": 1.0, "wind": 2.0}
    assert (client.last["model"], client.last["version"]) == ("arrivals", "7")
    assert client.last["prediction"] == 3.0
    assert client.last["stages"]["inference"] <= client.last["latency_ms"]


@pytest.mark.parametrize(
    ("result", "prediction", "score"),
    [
        ("late", "late", None), (("late", 0.75), "late", 0.75), (np.float64(2.5), 2.5, None),
        (np.array([1]), 1, None), ([2.5], 2.5, None), (None, None, None),
        ({"prediction": "late", "score": 0.5, "more": 1}, "late", 0.5),
        (Answer("late", 0.5), "late", 0.5),
    ],
)  # fmt: skip
def test_predictions_from_results(result: Any, prediction: Any, score: Any) -> None:
    """Pairs, mappings, objects and scalars are understood; the result itself is untouched."""
    client = Kept()
    predict = watch(client)(lambda n: result)
    assert predict(1) is result
    assert client.last["prediction"] == prediction
    assert type(client.last["prediction"]) is type(prediction)
    assert client.last.get("score") == score


def test_own_functions_say_what_is_what() -> None:
    """`features`, `prediction` and `score` are asked where the defaults do not fit."""
    client = Kept()

    @watch(
        client,
        features=lambda text, **_: {"length": len(text)},
        prediction=lambda result: result["labels"][0],
        score=lambda result: result["scores"][0],
    )
    def classify(text: str, *, top: int = 1) -> dict[str, Any]:
        return {"labels": ["spam"], "scores": [0.9]}

    classify("hello", top=2)
    assert client.last["features"] == {"length": 5}
    assert (client.last["prediction"], client.last["score"]) == ("spam", 0.9)


def test_the_features_are_those_before_the_run() -> None:
    """A function may change its input; the record has what came in."""
    client = Kept()

    @watch(client)
    def predict(features: dict[str, int]) -> int:
        return features.pop("a")

    predict({"a": 1})
    assert client.last["features"] == {"a": 1}


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_errors_are_logged_and_raised_again(kind: str) -> None:
    """The class, the features and the time are kept; the exception is the very one."""
    client = Kept()
    problem = TimeoutError("too slow")

    @watch(client)
    def predict(n: int) -> int:
        raise problem

    @watch(client)
    async def predict_later(n: int) -> int:
        """Fail in a task."""
        await asyncio.sleep(0)
        raise problem

    with pytest.raises(TimeoutError) as caught:
        predict(1) if kind == "sync" else asyncio.run(predict_later(1))
    assert caught.value is problem
    assert client.last["error"] == {
        "class": "timeout",
        "type": "TimeoutError",
        "message": "too slow",
    }
    assert client.last["features"] == {"n": 1}
    assert "inference" in client.last["stages"]


@pytest.mark.parametrize("value", [float("nan"), np.float32("inf")])
def test_no_number_is_invalid(value: Any) -> None:
    """NaN and infinity go back to the caller and into the record as an error."""
    client = Kept()
    assert watch(client)(lambda n: value)(1) is value
    assert client.last["error"]["class"] == "invalid"
    assert client.last["prediction"] is None


def test_inside_a_request_it_joins_the_requests_record() -> None:
    """One record for one request, with the request's ids; a second model is a second record."""
    client = Kept()

    @watch(client, model="champion")
    async def champion(n: int) -> int:
        """The model that answers."""
        with stage("preprocess"):
            await asyncio.sleep(0)
        return n

    @watch(client, model="shadow")
    def shadow(n: int) -> int:
        return -n

    async def serve() -> None:
        """One request with two models."""
        with request(client, request_id="r-1", version="7"):
            await champion(1)
            shadow(1)

    asyncio.run(serve())
    assert [(r["model"], r["prediction"], r["version"]) for r in client.records] == [
        ("champion", 1, "7"), ("shadow", -1, "7"),
    ]  # fmt: skip
    assert {r["request_id"] for r in client.records} == {"r-1"}
    assert len({r["id"] for r in client.records}) == 2


def test_an_error_that_the_handler_handles_is_that_models_alone() -> None:
    """A fallback that answers has not failed."""
    client = Kept()

    @watch(client, model="large")
    def large(n: int) -> int:
        raise MemoryError

    @watch(client, model="small")
    def small(n: int) -> int:
        return n

    with request(client):
        try:
            large(1)
        except MemoryError:
            small(1)
    assert [(r["model"], "error" in r) for r in client.records] == [
        ("large", True),
        ("small", False),
    ]


def test_an_unhandled_error_is_one_record() -> None:
    """The decorator and the request around it do not count one error twice."""
    client = Kept()

    @watch(client)
    def predict(n: int) -> int:
        raise KeyError(n)

    with pytest.raises(KeyError), request(client):
        predict(1)
    assert client.last["error"]["type"] == "KeyError"


@pytest.mark.parametrize("form", ["rows", "frame", "array", "keyword"])
def test_batches(form: str) -> None:
    """Each row is a record; the rows may come in any form."""
    client = Kept()
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", None]})
    rows = [{"a": 1.0, "b": "x"}, {"a": 2.0, "b": "y"}, {"a": 3.0, "b": None}]
    array = np.array([(1.0, "x"), (2.0, "y"), (3.0, "")], dtype=[("a", "f8"), ("b", "U1")])

    @watch(client, batch=True, model="arrivals")
    def predict(data: Any) -> Any:
        return np.array([1, 0, 1]), np.array([0.9, 0.1, 0.8])

    given = {"rows": rows, "frame": frame, "array": array, "keyword": rows}[form]
    predict(data=given) if form == "keyword" else predict(given)
    assert [(r["prediction"], r["score"], r["batch_size"]) for r in client.records] == [
        (1, 0.9, 3), (0, 0.1, 3), (1, 0.8, 3),
    ]  # fmt: skip
    assert [r["features"]["a"] for r in client.records] == [1.0, 2.0, 3.0]
    assert client.records[2]["features"]["b"] in {None, ""}
    assert len({r["id"] for r in client.records}) == 3


def test_a_batch_of_two_is_not_taken_for_a_pair() -> None:
    """Two predictions as a tuple are two predictions."""
    client = Kept()
    watch(client, batch=True)(lambda rows: (1, 0))([{"a": 1}, {"a": 2}])
    assert [r["prediction"] for r in client.records] == [1, 0]
    assert "score" not in client.records[0]


def test_a_failing_batch_is_one_error_with_its_size() -> None:
    """An exception says how many rows it cost."""
    client = Kept()

    @watch(client, batch=True)
    def predict(rows: Any) -> Any:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        predict([{"a": 1}, {"a": 2}])
    assert (client.last["error"]["type"], client.last["batch_size"]) == ("ValueError", 2)


def test_generators_are_refused_where_they_are_decorated() -> None:
    """A generator gives no one prediction; the message says what to do."""

    def predict() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="is a generator; watch a function that returns"):
        watch(Kept())(predict)


@pytest.mark.parametrize("result", [[1, 2], object(), {"label": 1}])
def test_a_result_that_cannot_be_read_costs_only_the_prediction(result: Any) -> None:
    """The caller has its result, the record its features and times, and the count says it."""
    client = Kept()
    before = own_errors().get("decorator.prediction", 0)
    assert watch(client)(lambda n: result)(1) is result
    assert client.last["features"] == {"n": 1}
    assert client.last["prediction"] is None
    assert own_errors()["decorator.prediction"] == before + 1


@given(
    st.one_of(
        st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=3),
        st.tuples(st.integers(), st.text()), st.dictionaries(st.text(), st.integers(), max_size=2),
    ),
    st.booleans(),
)  # fmt: skip
def test_the_function_is_never_changed(result: Any, batch: bool) -> None:
    """Whatever a function gives, the caller gets that very object; wrong calls raise as before."""
    predict = watch(Kept(), batch=batch)(lambda n: result)
    assert predict([{"a": 1}]) is result
    with pytest.raises(TypeError):
        predict()


def test_the_current_call_can_be_added_to() -> None:
    """Inside the function the record may be given more fields."""
    client = Kept()

    @watch(client)
    def predict(n: int) -> int:
        current().fields["variant"] = "b"
        return n

    predict(1)
    assert client.last["variant"] == "b"
