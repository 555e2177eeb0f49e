"""Calls and stages: time goes to the right prediction, and adds up."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper_client.calls import Call
from watchkeeper_client.faults import classify, own_errors
from watchkeeper_client.stages import STAGES, active, current, entered, request, stage


class Kept:
    """A client that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def log(self, features: Any = None, prediction: Any = None, **fields: Any) -> str | None:
        """Keep a record."""
        self.records.append({"features": features, "prediction": prediction, **fields})
        return str(fields.get("id"))


class Clock:
    """A clock that only moves when told, in whole seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


Tree = list[tuple[str, int, Any]]
trees: Any = st.recursive(
    st.just([]),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(STAGES), st.integers(0, 5), inner), max_size=3
    ),
    max_leaves=12,
)


def run_tree(tree: Tree, clock: Clock, expected: dict[str, float]) -> None:
    """Run nested stages; each passes time of its own before and after its inner ones."""
    for name, seconds, inner in tree:
        with stage(name):  # type: ignore[arg-type]  # drawn from the allowed names
            clock.now += seconds
            run_tree(inner, clock, expected)
            clock.now += 1
        expected[name] = expected.get(name, 0.0) + (seconds + 1) * 1000.0


@given(trees)
def test_nested_stages_count_their_own_time(tree: Tree) -> None:
    """However stages nest, each has its own time alone, and together they are the whole."""
    clock = Clock()
    call = Call(clock=clock)
    expected: dict[str, float] = {}
    with entered(call):
        run_tree(tree, clock, expected)
    call.end()
    assert call.stages == pytest.approx(expected)
    assert sum(call.stages.values()) == pytest.approx(call.latency_ms)


def test_a_stage_that_fails_is_timed_and_closed() -> None:
    """An exception ends the stage; what comes after it is timed as if it had been alone."""
    clock = Clock()
    call = Call(clock=clock)
    with entered(call):
        with suppress(KeyError), stage("preprocess"):
            clock.now += 2
            raise KeyError
        with stage("inference"):
            clock.now += 3
    assert call.stages == {"preprocess": 2000.0, "inference": 3000.0}


def test_tasks_add_to_the_call_they_were_begun_in() -> None:
    """Two calls at once, each with tasks and threads of its own, never mix."""

    async def one(client: Kept, name: str, others: asyncio.Barrier) -> None:
        """A call with two tasks and a thread."""
        with request(client, model=name):
            await others.wait()
            await asyncio.gather(inner(name), inner(name), asyncio.to_thread(blocking, name))
            await others.wait()
            current().predict({"name": name}, name)

    async def inner(name: str) -> None:
        """A task of a call."""
        with stage("inference"):
            await asyncio.sleep(0)
            current().fields.setdefault("tags", {}).setdefault("seen", []).append(name)

    def blocking(name: str) -> None:
        with stage("preprocess"):
            current().fields.setdefault("tags", {}).setdefault("seen", []).append(name)

    async def both() -> None:
        """Two calls at once."""
        barrier = asyncio.Barrier(2)
        await asyncio.gather(one(client, "a", barrier), one(client, "b", barrier))

    client = Kept()
    asyncio.run(both())
    assert {record["model"] for record in client.records} == {"a", "b"}
    for record in client.records:
        assert record["tags"] == {"seen": [record["model"]] * 3}
        assert set(record["stages"]) == {"inference", "preprocess"}
    assert active() is None


def test_a_bare_thread_has_no_call() -> None:
    """A thread without the context adds to nobody's prediction rather than to a wrong one."""
    found: list[object] = []
    with entered(Call()):
        thread = threading.Thread(target=lambda: found.append(active()))
        thread.start()
        thread.join()
    assert found == [None]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_stage_as_a_decorator(kind: str) -> None:
    """A decorated function is timed at every run, and gives what it gave."""
    call = Call()

    @stage("postprocess")
    def double(value: int) -> int:
        return 2 * value

    @stage("postprocess")
    async def double_later(value: int) -> int:
        """Twice the value."""
        await asyncio.sleep(0)
        return 2 * value

    with entered(call):
        got = double(4) if kind == "sync" else asyncio.run(double_later(4))
    assert got == 8
    assert set(call.stages) == {"postprocess"}


def test_an_unknown_stage_says_which_there_are() -> None:
    """A misspelt stage is told where it is written, not lost."""
    with pytest.raises(ValueError, match="the stage is 'infer'; the stages are queue, preprocess"):
        stage("infer")  # type: ignore[arg-type]  # what a misspelling is


def test_outside_a_call_nothing_is_kept() -> None:
    """A handler may run without the middleware, in a unit test."""
    with stage("inference"):
        assert current().predict({"a": 1}, 2.0)
    current().features = {"a": 1}
    assert current().records() == []


def test_many_predictions_of_one_call_have_ids_of_their_own() -> None:
    """Each prediction is a record; they share latency, request and trace, and say how many."""
    client = Kept()
    with request(client, request_id="r-1", version="7") as call:
        ids = [call.predict({"n": n}, n) for n in range(3)]
        ids.append(call.predict({"n": 3}, 3, id="mine", version="8"))
    assert [record["id"] for record in client.records] == ids
    assert len(set(ids)) == 4
    assert ids[0] == call.id
    assert {record["request_id"] for record in client.records} == {"r-1"}
    assert {record["latency_ms"] for record in client.records} == {round(call.latency_ms, 3)}
    assert [record["batch_size"] for record in client.records] == [4] * 4
    assert [record["version"] for record in client.records] == ["7", "7", "7", "8"]


def test_a_failing_call_is_logged_and_raised_again() -> None:
    """The error is the record's; the exception is the caller's, unchanged."""
    client = Kept()
    problem = ConnectionResetError("gone")

    def failing() -> None:
        with request(client) as call:
            call.features = {"a": 1}
            raise problem

    with pytest.raises(ConnectionResetError) as caught:
        failing()
    assert caught.value is problem
    [record] = client.records
    assert record["error"] == {
        "class": "upstream",
        "type": "ConnectionResetError",
        "message": "gone",
    }
    assert record["features"] == {"a": 1}
    assert record["prediction"] is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_prediction_that_is_no_number_is_invalid(value: float) -> None:
    """NaN and infinity are errors of the model, not values."""
    client = Kept()
    with request(client) as call:
        call.predict({"a": 1}, value)
    [record] = client.records
    assert record["prediction"] is None
    assert record["error"]["class"] == "invalid"


def test_a_client_that_raises_is_swallowed_and_counted() -> None:
    """Whatever the client does, the caller goes on, and the count tells."""

    class Broken:
        def log(self, *args: Any, **fields: Any) -> str | None:
            raise RuntimeError("disk on fire")

    before = own_errors().get("log", 0)
    with request(Broken()) as call:
        call.predict({}, 1)
    assert own_errors()["log"] == before + 1


class BusyError(Exception):
    """An HTTP error as frameworks have them."""

    status_code = 503


class UnloadedError(Exception):
    """An error that says its class itself."""

    error_class = "load"


class ReadTimeoutError(Exception):
    """A time limit of a library that we do not import."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BusyError(), "5xx"),
        (UnloadedError(), "load"),
        (ReadTimeoutError(), "timeout"),
        (TimeoutError(), "timeout"),
        (BrokenPipeError(), "upstream"),
        (asyncio.CancelledError(), "4xx"),
        (ZeroDivisionError(), "application"),
    ],
)
def test_classes_of_errors(error: BaseException, expected: str) -> None:
    """Each exception has the class that the server counts it under."""
    assert classify(error) == expected
