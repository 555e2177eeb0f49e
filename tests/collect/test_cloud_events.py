"""CloudEvents of KServe and Seldon: modes, bodies, pairs, and what is left over after a crash."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.collect.wire_cases import LIMIT, NOW, batch_of, rows_of
from watchkeeper.collect.cloud_events import (
    Events,
    Half,
    Pair,
    Pairs,
    Request,
    read_cloud_events,
    read_pair,
)  # fmt: skip
from watchkeeper.collect.cloud_events.payloads import features_of, parse_payload, predictions_of
from watchkeeper.collect.wire.reading import Reading, read_records
from watchkeeper.collect.wire.rules import Rules
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, TooLargeError

KSERVE = "org.kubeflow.serving.inference"
SELDON = "io.seldon.serving.inference"
RULES = Rules({"age": "double", "miles": "double"})


def headers_of(type_: str, **extra: str) -> dict[str, str]:
    """The headers of an event of KServe in binary mode."""
    given = {
        "id": "7", "source": "http://localhost:9081/", "specversion": "1.0", "type": type_,
        "inferenceservicename": "flights", "namespace": "prod", "component": "predictor",
        "endpoint": "", "time": "2024-06-01T11:59:59.500Z",
    } | extra  # fmt: skip
    return {f"Ce-{name.title()}": value for name, value in given.items()} | {
        "Content-Type": "application/json"
    }


def take(body: Any, headers: dict[str, str], **options: Any) -> Events:
    """Read events from a JSON body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_cloud_events(content, Request(headers, NOW, LIMIT, **options))


def half(side: str, body: Any, **extra: str) -> Half:
    """One half of KServe."""
    (found,) = take(body, headers_of(f"{KSERVE}.{side}", **extra)).halves
    return found


def told(pair: Pair | None, rules: Rules = RULES) -> list[dict[str, Any]]:
    """The rows that a pair becomes."""
    assert pair is not None
    return rows_of(read_pair(pair, batch_of(rules)), rules=rules)


def paired(request: Any, response: Any, rules: Rules = RULES) -> list[dict[str, Any]]:
    """The rows of a request and its response."""
    pairs = Pairs(lambda: NOW)
    assert pairs.add(half("request", request)) is None
    return told(pairs.add(half("response", response)), rules)


def test_a_pair_of_kserve() -> None:
    """A request and its response are one prediction, with the time between them."""
    pairs = Pairs(lambda: NOW)
    request = half("request", {"instances": [[41, 12.5]]}, traceparent="00-aa-bb-01")
    response = half("response", {"predictions": [1]}, time="2024-06-01T11:59:59.512Z")
    assert pairs.add(request) is None
    (row,) = told(pairs.add(response))
    assert row.pop("_time") == NOW - timedelta(seconds=0.5)
    assert row == {
        "_id": "7", "_row": 0, "_request_id": "7", "_trace_id": "aa", "_span_id": "bb",
        "_prediction": 1.0, "_latency_ms": 12.0, "_batch_size": 1,
        "_tags": '{"component":"predictor","namespace":"prod"}', "age": 41.0, "miles": 12.5,
    }  # fmt: skip


def test_the_response_may_come_first() -> None:
    """The order of the halves does not matter, nor does a half that comes twice."""
    pairs = Pairs(lambda: NOW)
    response = half("response", {"predictions": ["yes"]})
    request = half("request", {"instances": [{"age": 1, "miles": 2}]})
    assert pairs.add(response) is None
    assert pairs.add(response) is None
    (row,) = told(pairs.add(request))
    assert (row["_prediction"], row["age"], pairs.waiting) == ("yes", 1.0, 0)
    assert pairs.counts.paired == 1


def test_structured_and_batch_modes() -> None:
    """Events in the body say the same as events in headers."""
    event = {
        "specversion": "1.0", "id": "7", "source": "http://localhost:9081/",
        "type": f"{KSERVE}.request", "inferenceservicename": "flights", "namespace": "prod",
        "component": "predictor", "endpoint": "", "time": "2024-06-01T11:59:59.500Z",
        "data": {"instances": [[1, 2]]},
    }  # fmt: skip
    binary = half("request", {"instances": [[1, 2]]})
    structured = {"content-type": "application/cloudevents+json; charset=utf-8"}
    (one,) = take(event, structured).halves
    assert (one.join, one.key, one.model, one.time) == (
        binary.join, binary.key, binary.model, binary.time,
    )  # fmt: skip
    encoded = {name: value for name, value in event.items() if name != "data"}
    encoded["data_base64"] = base64.b64encode(b'{"instances": [[1, 2]]}').decode()
    batch = {"content-type": "application/cloudevents-batch+json"}
    found = take([event, encoded, {"id": "8"}, 5], batch)
    assert (found.records, len(found.halves)) == (4, 2)
    assert [(one.index, one.reason) for one in found.rejected] == [
        (2, "malformed"),
        (3, "malformed"),
    ]
    assert parse_payload(found.halves[1].data) == parse_payload(one.data)


def test_headers_are_decoded_once() -> None:
    """Percent signs and quotes of headers, as the HTTP binding says."""
    found = half("request", {"instances": [[1]]}, id='"a%20b%2525"')
    assert found.id == "a b%25"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", {"content-type": "application/json"}),
        (b"{}", headers_of("x", specversion="0.3")),
        (b"no", {"content-type": "application/cloudevents+json"}),
        (b"[]", {"content-type": "application/cloudevents+json"}),
        (b"{}", {"content-type": "application/cloudevents-batch+json"}),
    ],
)
def test_what_is_no_event(body: bytes, headers: dict[str, str]) -> None:
    """Nonsense is an error of the request."""
    with pytest.raises(InputError):
        take(body, headers)


@pytest.mark.parametrize(
    ("body", "type_", "extra", "reason"),
    [
        ({}, "com.example.other", {}, "unknown_type"),
        ({"instances": [1]}, f"{KSERVE}.request", {"inferenceservicename": ""}, "missing_model"),
        (b"no", f"{KSERVE}.request", {}, "bad_payload"),
        ([], f"{KSERVE}.request", {}, "bad_payload"),
        ({"x": 1}, f"{KSERVE}.request", {}, "bad_payload"),
        ({"instances": {"a": 1}}, f"{KSERVE}.request", {}, "bad_payload"),
        ({"inputs": [{"name": "x", "shape": [3], "data": [1]}]}, f"{KSERVE}.request", {},
         "bad_payload"),
        ({"inputs": [{"name": "x", "shape": [1]}]}, f"{KSERVE}.request", {}, "bad_payload"),
        ({"data": {"strData": "x"}}, f"{SELDON}.request", {}, "bad_payload"),
        ({"truth": {}}, f"{SELDON}.feedback", {}, "bad_payload"),
    ],
)  # fmt: skip
def test_events_that_say_nothing_known(
    body: Any, type_: str, extra: dict[str, str], reason: str
) -> None:
    """They are rejected by name, and the request is answered all the same."""
    found = take(body, headers_of(type_, **extra))
    assert [one.reason for one in found.rejected] == [reason]
    assert (found.records, found.halves) == (1, ())


def test_bodies_are_bounded() -> None:
    """The limit holds for events too, after decompression."""
    headers = headers_of(f"{KSERVE}.request") | {"Content-Encoding": "gzip"}
    assert take(gzip.compress(b'{"instances": []}'), headers).records == 1
    with pytest.raises(TooLargeError):
        take(gzip.compress(b" " * (LIMIT + 1)), headers)


@pytest.mark.parametrize(
    ("body", "known", "features"),
    [
        ({"instances": [[1, 2], [3, 4]]}, ["a", "b"], [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ({"instances": [[1, 2]]}, ["a"], [{"feature_0": 1, "feature_1": 2}]),
        ({"instances": [5]}, [], [{"feature_0": 5}]),
        ({"instances": [{"a": 1}, {"b": 2}]}, ["x"], [{"a": 1}, {"b": 2}]),
        ({"instances": [[[1, 2], [3, 4]]]}, list("wxyz"), [{"w": 1, "x": 2, "y": 3, "z": 4}]),
        ({"inputs": {"a": [1, 2], "b": ["u", "v"]}}, [], [{"a": 1, "b": "u"}, {"a": 2, "b": "v"}]),
        (
            {"inputs": [
                {"name": "a", "shape": [2], "datatype": "FP32", "data": [1, 2]},
                {"name": "b", "shape": [2, 1], "datatype": "BYTES", "data": ["u", "v"]},
                {"name": "c", "shape": [2, 2], "datatype": "INT8", "data": [[1, 2], [3, 4]]},
            ]},
            ["a"],
            [{"a": 1, "b": "u", "c_0": 1, "c_1": 2}, {"a": 2, "b": "v", "c_0": 3, "c_1": 4}],
        ),
        ({"inputs": [{"name": "in", "shape": [1, 2], "data": [1, 2]}]}, ["a", "b"],
         [{"a": 1, "b": 2}]),
        ({"data": {"names": ["a", "b"], "ndarray": [[1, 2]]}}, ["x", "y"], [{"a": 1, "b": 2}]),
        ({"data": {"tensor": {"shape": [2, 1], "values": [1, 2]}}}, ["x"], [{"x": 1}, {"x": 2}]),
    ],
)  # fmt: skip
def test_features(body: Any, known: list[str], features: list[dict[str, Any]]) -> None:
    """Values get their names from the body, else from the model, else by number."""
    assert features_of(parse_payload(json.dumps(body).encode()), known) == features


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"predictions": [1, "yes", [0.5]]}, [
            {"prediction": 1}, {"prediction": "yes"}, {"prediction": 0.5},
        ]),
        ({"predictions": [[0.1, 0.2, 0.7]]}, [
            {"prediction": 2, "scores": {"0": 0.1, "1": 0.2, "2": 0.7}},
        ]),
        ({"predictions": [[3.5, 4]]}, [{"prediction": [3.5, 4]}]),
        ({"predictions": [{"label": "yes", "probability": 0.9, "why": "x"}]}, [
            {"prediction": "yes", "score": 0.9, "outputs": {"why": "x"}},
        ]),
        ({"predictions": [{"score": 0.3}]}, [{"prediction": 0.3}]),
        ({"outputs": [{"name": "any", "shape": [2], "data": [1, 0]}]}, [
            {"prediction": 1}, {"prediction": 0},
        ]),
        ({"outputs": [
            {"name": "predict_proba", "shape": [1, 2], "data": [0.25, 0.75]},
            {"name": "predict", "shape": [1], "data": ["no"]},
            {"name": "shap", "shape": [1, 2], "data": [1, 2]},
        ]}, [{
            "prediction": "no", "score": 0.75, "scores": {"0": 0.25, "1": 0.75},
            "outputs": {"shap": [1, 2]},
        }]),
        ({"data": {"names": ["no", "yes"], "ndarray": [[0.25, 0.75]]}}, [
            {"prediction": "yes", "score": 0.75, "scores": {"no": 0.25, "yes": 0.75}},
        ]),
    ],
)  # fmt: skip
def test_predictions(body: Any, said: list[dict[str, Any]]) -> None:
    """Scalars are predictions, distributions are scores, and other outputs are kept."""
    assert predictions_of(parse_payload(json.dumps(body).encode())) == said


def test_several_instances_have_ids_of_their_own() -> None:
    """An instance each, numbered; what one side lacks is absent."""
    rows = paired({"instances": [[1, 2], [3, 4], [5, 6]]}, {"predictions": [0, 1]})
    assert [(row["_id"], row.get("_prediction"), row["age"]) for row in rows] == [
        ("7-0", 0.0, 1.0), ("7-1", 1.0, 3.0), ("7-2", None, 5.0),
    ]  # fmt: skip
    assert {row["_batch_size"] for row in rows} == {3}


def test_outputs_that_fit_no_column_are_kept() -> None:
    """Several numbers that are no probabilities are in the overflow, and the version is taken."""
    request = {"inputs": [{"name": "x", "shape": [1, 2], "data": [1, 2]}]}
    outputs = [
        {"name": "predict", "shape": [1, 2], "data": [3.5, 4]},
        {"name": "shap", "shape": [1], "data": [9]},
    ]
    (row,) = paired(request, {"model_version": 3, "outputs": outputs})
    kept = json.loads(row["_overflow"])
    assert kept == {"_prediction": [3.5, 4], "_record": {"outputs": {"shap": 9}}}
    assert row["_version"] == "3"


def test_binary_tensors() -> None:
    """The binary extension of V2: numbers and texts behind the JSON header."""
    texts = b"".join(len(t).to_bytes(4, "little") + t for t in (b"JFK", b"\xff"))
    numbers = np.array([[1, 2], [3, 4]], "<f4").tobytes()
    inputs = [
        {"name": "n", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": 16}},
        {"name": "plain", "shape": [2], "datatype": "INT8", "data": [8, 9]},
        {"name": "t", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": 12}},
    ]
    head = json.dumps({"inputs": inputs}).encode()
    headers = headers_of(f"{KSERVE}.request")
    headers |= {"Inference-Header-Content-Length": str(len(head))}
    (found,) = take(head + numbers + texts, headers).halves
    assert features_of(parse_payload(found.data), []) == [
        {"n_0": 1.0, "n_1": 2.0, "plain": 8, "t": "JFK"},
        {"n_0": 3.0, "n_1": 4.0, "plain": 9, "t": "/w=="},
    ]
    for length, body in (("x", head), ("9999", head), (str(len(head)), head + numbers[:5])):
        with pytest.raises(InputError):
            take(body, headers | {"Inference-Header-Content-Length": length})


def test_a_pair_of_seldon() -> None:
    """Seldon joins on the request id, whatever the ids of its events are."""
    pairs = Pairs(lambda: NOW)
    events = [
        take(body, headers_of(f"{SELDON}.{side}", id=side, requestid="r1", component="")).halves[0]
        for side, body in (
            ("request", {"data": {"names": ["age", "miles"], "ndarray": [[1, 2]]}}),
            ("response", {"data": {"names": ["no", "yes"], "ndarray": [[0.25, 0.75]]}}),
        )
    ]
    assert pairs.add(events[0]) is None
    (row,) = told(pairs.add(events[1]))
    assert (row["_id"], row["_prediction"], row["_score"]) == ("r1", "yes", 0.75)
    assert (row["age"], row["_score_yes"]) == (1.0, 0.75)


@pytest.mark.parametrize("type_", ["io.seldon.serving.feedback", f"{SELDON}.feedback"])
def test_feedback_is_labels_and_outcomes(type_: str) -> None:
    """The truth of each instance is its label; the reward is an outcome."""
    body = {"truth": {"data": {"ndarray": [["yes"], ["no"]]}}, "reward": 0.5}
    found = take(body, headers_of(type_, requestid="r1"))
    (labels,), (outcomes,) = found.labels, found.outcomes
    assert (labels.model, found.records) == ("flights", 1)
    assert labels.key != outcomes.key
    readings = [
        read_records(labels.records, signal=Signal.LABELS, batch=batch_of()),
        read_records(outcomes.records, signal=Signal.OUTCOMES, batch=batch_of()),
    ]
    truths = rows_of(readings[0], signal=Signal.LABELS)
    assert [(row["_id"], row["_label"]) for row in truths] == [("r1-0", "yes"), ("r1-1", "no")]
    (reward,) = rows_of(readings[1], signal=Signal.OUTCOMES)
    assert (reward["_id"], reward["_name"], reward["_value"]) == ("r1", "reward", 0.5)


def test_components_are_models_of_their_own() -> None:
    """A transformer is not counted with its predictor; the query names a model by default."""
    body = {"instances": [[1]]}
    assert half("request", body, component="transformer").model == "flights-transformer"
    headers = headers_of(f"{KSERVE}.request", inferenceservicename="")
    assert take(body, headers, model="m").halves[0].model == "m"


def test_orphans() -> None:
    """A request without a response is an error, after the time-out; a response is a prediction."""
    now = NOW
    pairs = Pairs(lambda: now, timeout_s=600)
    pairs.add(half("request", {"instances": [[1, 2]]}))
    pairs.add(half("response", {"predictions": [1]}, id="8"))
    now = NOW + timedelta(seconds=599)
    assert pairs.expired() == []
    now = NOW + timedelta(seconds=600)
    lost, late = (told(pair)[0] for pair in pairs.expired())
    assert (lost["_error_class"], lost["age"]) == ("application", 1.0)
    assert "_prediction" not in lost
    assert (late["_prediction"], late["_violations"]) == (1.0, ["missing:age", "missing:miles"])
    assert (pairs.waiting, pairs.counts.orphan_requests, pairs.counts.orphan_responses) == (0, 1, 1)


def test_waiting_is_bounded() -> None:
    """Beyond its memory the store lets the oldest go, and counts it; none is lost."""
    pairs = Pairs(lambda: NOW, max_bytes=10_000)
    for number in range(50):
        pairs.add(half("request", {"instances": [[number, 0]]}, id=str(number)))
    assert pairs.waiting == 50
    pushed = pairs.expired()
    assert [pair.known.id for pair in pushed] == [str(number) for number in range(len(pushed))]
    assert len(pushed) == pairs.counts.pushed_out == pairs.counts.orphan_requests > 30
    assert pairs.waiting == 50 - len(pushed)


def test_what_could_not_be_kept_waits_again() -> None:
    """Where the journal refuses a pair, the half that was acknowledged earlier is not lost."""
    pairs = Pairs(lambda: NOW, timeout_s=0)
    first, second = half("response", {"predictions": [1]}), half("request", {"instances": [[1, 2]]})
    pairs.add(first)
    pair = pairs.add(second)
    assert pair is not None
    pairs.restore(pair, without=second)
    assert (pairs.waiting, pairs.counts.paired) == (1, 0)
    (orphan,) = pairs.expired()
    assert orphan.response == first
    pairs.restore(orphan)
    assert (pairs.waiting, pairs.counts.orphan_responses) == (1, 0)
    assert pairs.add(second) == pair
    pairs.restore(pair)
    assert (pairs.waiting, pairs.counts.paired) == (2, 1)
    assert (pairs.expired(), pairs.waiting) == ([pair], 0)


def test_an_orphan_that_could_not_be_kept_may_meet_its_half() -> None:
    """The other half may have come while the journal was refusing the first."""
    pairs = Pairs(lambda: NOW, timeout_s=0)
    first, second = half("response", {"predictions": [1]}), half("request", {"instances": [[1, 2]]})
    pairs.add(first)
    (orphan,) = pairs.expired()
    pairs.add(second)
    pairs.restore(orphan)
    (pair,) = pairs.expired()
    assert (pair.request, pair.response) == (second, first)
    assert (pairs.counts.paired, pairs.counts.orphan_responses, pairs.waiting) == (1, 0, 0)


class Journal:
    """Keys and readings, as the journal keeps them: a key counts once."""

    def __init__(self) -> None:
        self.readings: dict[str, Reading] = {}
        self.halves: dict[str, bytes] = {}

    def submit(self, pair: Pair) -> None:
        """Keep what a pair becomes, once."""
        self.readings.setdefault(pair.key, read_pair(pair, batch_of(RULES)))


def take_half(pairs: Pairs, journal: Journal, one: Half) -> None:
    """What the door does with a half."""
    pair = pairs.add(one)
    if pair is None:
        journal.halves[one.key] = one.encode()
    else:
        journal.submit(pair)


@pytest.mark.parametrize("crash", range(5))
def test_a_crash_at_any_point_loses_and_doubles_nothing(crash: int) -> None:
    """After each half the process may die: what is acknowledged is one prediction each, once."""
    halves = [
        half("request", {"instances": [[1, 2]]}, id="a"),
        half("response", {"predictions": [1]}, id="b"),
        half("response", {"predictions": [0]}, id="a"),
        half("request", {"instances": [[3, 4]]}, id="b"),
        half("request", {"instances": [[5, 6]]}, id="c"),
    ]
    journal = Journal()
    pairs = Pairs(lambda: NOW)
    for number, one in enumerate(halves):
        take_half(pairs, journal, one)
        if number == crash:
            pairs = Pairs(lambda: NOW)
            for body in list(journal.halves.values()):
                take_half(pairs, journal, Half.decode(body))
    later = Pairs(lambda: NOW + timedelta(days=1))
    for body in list(journal.halves.values()):
        take_half(later, journal, Half.decode(body))
    for pair in [*later.expired(), *pairs.expired()]:
        journal.submit(pair)
    rows = sorted(rows_of(*journal.readings.values(), rules=RULES), key=lambda row: row["_id"])
    assert [(row["_id"], row.get("_prediction"), row["age"], "_error" in row) for row in rows] == [
        ("a", 0.0, 1.0, False), ("b", 1.0, 3.0, False), ("c", None, 5.0, True),
    ]  # fmt: skip
