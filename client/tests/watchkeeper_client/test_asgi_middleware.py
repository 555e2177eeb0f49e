"""The middleware: requests become records, and the application never notices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import BackgroundTasks, Body, FastAPI, HTTPException
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from watchkeeper_client.asgi import WatchMiddleware, queue_ms
from watchkeeper_client.faults import own_errors
from watchkeeper_client.stages import current, stage


class Kept:
    """A client that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def log(self, features: Any = None, prediction: Any = None, **fields: Any) -> str | None:
        """Keep a record."""
        self.records.append({"features": features, "prediction": prediction, **fields})
        return str(fields.get("id"))


def make_app() -> FastAPI:
    """A service with a model in it."""
    app = FastAPI()

    @app.post("/predict")
    async def predict(features: dict[str, float]) -> dict[str, float]:
        """Predict in the event loop."""
        with stage("inference"):
            await asyncio.sleep(0)
            minutes = features["distance"] / 100
        current().predict(features, minutes, score=0.5)
        return {"minutes": minutes}

    @app.post("/sync")
    def in_a_thread(features: dict[str, float]) -> dict[str, str]:
        with stage("preprocess"):
            call = current()
            call.features, call.prediction = features, "late"
        return {"id": call.id}

    @app.post("/fail")
    async def fail() -> None:
        """Raise."""
        raise RuntimeError("no model")

    @app.post("/slow")
    async def slow() -> None:
        """Answer with a status."""
        raise HTTPException(504)

    @app.post("/silent")
    async def silent(body: Annotated[Any, Body()]) -> dict[str, float]:
        """Predict and tell nobody."""
        return {"minutes": 3.0}

    @app.post("/later")
    async def later(tasks: BackgroundTasks) -> dict[str, float]:
        """Attach after the response."""
        call = current()
        tasks.add_task(lambda: call.predict({"a": 1}, 7))
        return {}

    return app


async def post(app: Any, path: str, **request: Any) -> httpx.Response:
    """One request to an application in this process."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.request(request.pop("method", "POST"), path, **request)


def ask(app: Any, path: str, **request: Any) -> httpx.Response:
    """One request, from outside asyncio."""
    return asyncio.run(post(app, path, **request))


def test_a_request_becomes_a_record() -> None:
    """Prediction, times, ids and concurrency are in it; the response says the ids."""
    app, client = make_app(), Kept()
    app.add_middleware(WatchMiddleware, client=client, model="arrivals", version="7")
    headers = {
        "x-request-id": "r-1",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "x-request-start": "t=1",
    }
    answer = ask(app, "/predict", json={"distance": 250}, headers=headers)
    assert answer.json() == {"minutes": 2.5}
    [record] = client.records
    assert record["features"] == {"distance": 250}
    assert (record["prediction"], record["score"]) == (2.5, 0.5)
    assert (record["model"], record["version"], record["concurrent"]) == ("arrivals", "7", 1)
    assert record["request_id"] == answer.headers["x-request-id"] == "r-1"
    assert record["id"] == answer.headers["x-prediction-id"]
    assert record["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert record["span_id"] != "b7ad6b7169203331"
    assert set(record["stages"]) == {"inference"}  # the proxy's clock was off by decades
    assert record["latency_ms"] >= record["stages"]["inference"]
    assert "error" not in record


@pytest.mark.parametrize("path", ["/sync", "/later"])
def test_handlers_in_threads_and_background_tasks_attach(path: str) -> None:
    """What runs in the framework's thread pool, or after the response, finds its call."""
    app, client = make_app(), Kept()
    app.add_middleware(WatchMiddleware, client=client)
    answer = ask(app, path, json={"distance": 1})
    [record] = client.records
    assert record["id"] == answer.headers["x-prediction-id"]
    assert record["features"]


@pytest.mark.parametrize(
    ("path", "body", "status", "expected"),
    [
        ("/fail", {}, 500, {"class": "application", "type": "RuntimeError", "message": "no model"}),
        ("/slow", {}, 504, {"class": "5xx", "type": "HTTP 504"}),
        ("/predict", [], 422, {"class": "4xx", "type": "HTTP 422"}),
    ],
)
def test_errors_are_records(path: str, body: Any, status: int, expected: dict[str, str]) -> None:
    """Exceptions and statuses are logged, and answered as without the middleware."""
    app, client = make_app(), Kept()
    app.add_middleware(WatchMiddleware, client=client)
    assert ask(app, path, json=body).status_code == status
    [record] = client.records
    assert record["error"] == expected


def test_the_exception_goes_on() -> None:
    """The server behind sees the very exception of the application."""
    problem = RuntimeError("mine")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Raise the one exception."""
        raise problem

    with pytest.raises(RuntimeError) as caught:
        asyncio.run(drive(WatchMiddleware(app, Kept()), []))
    assert caught.value is problem


def test_cancellation_is_recorded_and_goes_on() -> None:
    """A request whose caller went away is an error of the class 4xx."""
    client = Kept()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Take for ever."""
        await asyncio.sleep(60)

    async def cancelled() -> None:
        """Cancel a request under way."""
        task = asyncio.create_task(drive(WatchMiddleware(app, client), []))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    [record] = client.records
    assert record["error"]["class"] == "4xx"


@pytest.mark.parametrize(
    ("path", "kept"), [("/silent", 0), ("/not/here", 0), ("/predict", 1), ("/sync", 0)]
)
def test_only_what_asks_a_model_is_a_record(path: str, kept: int) -> None:
    """Other paths, paths that are not there, and answers without a prediction are no records."""
    app, client = make_app(), Kept()
    app.add_middleware(
        WatchMiddleware, client=client, paths={"/pre*": "arrivals", "/silent": "x", "/not/*": "x"}
    )
    ask(app, path, json={"distance": 1})
    assert len(client.records) == kept
    if kept:
        assert client.records[0]["model"] == "arrivals"


def test_get_is_not_watched_unless_asked_for() -> None:
    """By default only POST asks a model."""

    async def show(request: Request) -> JSONResponse:
        """Attach whatever the method."""
        current().predict({"a": 1}, 1)
        return JSONResponse({})

    for methods, expected in ((("POST",), 0), (("GET",), 1)):
        client = Kept()
        app = WatchMiddleware(Starlette(routes=[Route("/", show)]), client, methods=methods)
        assert ask(app, "/", method="GET").status_code == 200
        assert len(client.records) == expected


def extracted(request: Any, response: Any) -> Any:
    """A user's function for a handler that knows nothing of us."""
    return {"features": request, "prediction": response["minutes"]}


def test_predictions_are_extracted_from_json() -> None:
    """A handler that attaches nothing is watched through its bodies; one that does is not."""
    app, client = make_app(), Kept()
    app.add_middleware(WatchMiddleware, client=client, extract=extracted)
    ask(app, "/silent", json={"distance": 9})
    ask(app, "/predict", json={"distance": 100})
    assert [(r["features"], r["prediction"]) for r in client.records] == [
        ({"distance": 9}, 3.0),
        ({"distance": 100}, 1.0),
    ]


def test_an_extraction_may_give_many() -> None:
    """A list of mappings is as many records; None is none."""
    app, client = make_app(), Kept()
    app.add_middleware(
        WatchMiddleware,
        client=client,
        extract=lambda request, _: [{"prediction": n} for n in request] or None,
    )
    ask(app, "/silent", json=[1, 2])
    ask(app, "/silent", json=[])
    assert [record["prediction"] for record in client.records] == [1, 2]


@pytest.mark.parametrize(
    "extract",
    [lambda request, response: response["absent"], lambda request, response: 3,
     lambda request, response: {"features": {}, "features ": 1, 5: 2}],
)  # fmt: skip
def test_a_broken_extraction_is_counted_and_harms_nobody(
    extract: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The user's function may raise or give nonsense; the answer is the same."""
    app, client = make_app(), Kept()
    app.add_middleware(WatchMiddleware, client=client, extract=extract)
    before = own_errors().get("asgi.extract", 0)
    with caplog.at_level(logging.CRITICAL):
        assert ask(app, "/silent", json={"distance": 9}).json() == {"minutes": 3.0}
    assert own_errors()["asgi.extract"] == before + 1


def test_concurrent_requests_do_not_mix() -> None:
    """Fifty requests at once, each handing its own number through stages, tasks and threads."""
    client = Kept()
    everyone = asyncio.Barrier(50)

    async def handle(request: Request) -> JSONResponse:
        """Predict the number that was sent."""
        number = (await request.json())["n"]
        await everyone.wait()
        with stage("preprocess"):
            await asyncio.to_thread(mark, number)
        await asyncio.gather(*(work(number) for _ in range(3)))
        current().predict({"n": number}, number)
        return JSONResponse({"n": number})

    async def work(number: int) -> None:
        """One of several tasks."""
        with stage("inference"):
            await asyncio.sleep(0)
            mark(number)

    def mark(number: int) -> None:
        current().fields.setdefault("tags", {}).setdefault("n", []).append(number)

    app = WatchMiddleware(Starlette(routes=[Route("/", handle, methods=["POST"])]), client)

    async def all_at_once() -> list[httpx.Response]:
        """Send all requests before any is answered."""
        return list(await asyncio.gather(*(post(app, "/", json={"n": n}) for n in range(50))))

    answers = asyncio.run(all_at_once())
    assert [answer.json()["n"] for answer in answers] == list(range(50))
    assert sorted(record["prediction"] for record in client.records) == list(range(50))
    assert max(record["concurrent"] for record in client.records) == 50
    by_id = {record["id"]: record for record in client.records}
    for number, answer in enumerate(answers):
        record = by_id[answer.headers["x-prediction-id"]]
        assert record["tags"] == {"n": [number] * 4}
        assert set(record["stages"]) == {"preprocess", "inference"}


def test_streams_and_websockets_pass() -> None:
    """A stream arrives piece by piece, and a websocket is not touched."""

    async def stream(request: Request) -> StreamingResponse:
        """Answer piece by piece."""

        async def pieces() -> Any:
            """Three pieces."""
            for piece in ("a", "b", "c"):
                yield piece

        return StreamingResponse(pieces(), media_type="text/event-stream")

    async def talk(websocket: WebSocket) -> None:
        """Say hello."""
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    client = Kept()
    routes = [Route("/stream", stream, methods=["POST"]), WebSocketRoute("/talk", talk)]
    app = WatchMiddleware(Starlette(routes=routes), client, extract=extracted)
    streamed = asyncio.run(drive(app, [], path="/stream"))
    assert [message.get("body") for message in streamed] == [None, b"a", b"b", b"c", b""]
    connect = [{"type": "websocket.connect"}]
    talked = asyncio.run(drive(app, connect, type="websocket", path="/talk"))
    assert [message.get("text") for message in talked] == [None, "hello", None]
    assert client.records == []
    assert app.counts == {"watched": 1, "nothing": 1}


async def drive(app: Any, inputs: list[dict[str, Any]], **scope: Any) -> list[dict[str, Any]]:
    """Run one HTTP request by its messages; what the application sent."""
    outputs: list[dict[str, Any]] = []
    waiting = iter(inputs)

    async def receive() -> dict[str, Any]:
        """The next message, or the end."""
        return next(waiting, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        """Keep a message."""
        outputs.append(message)

    await app(
        {"type": "http", "method": "POST", "path": "/", "headers": [], **scope}, receive, send
    )
    return outputs


bodies = st.lists(st.binary(max_size=40), min_size=1, max_size=5)
header = st.tuples(
    st.sampled_from([b"content-type", b"x-request-id", b"content-encoding", b"x-other"]),
    st.sampled_from([b"application/json", b"gzip", b"text/plain", b"\xff\x00", b""]),
)


def echo(pieces: list[bytes], status: int, headers: list[Any]) -> Callable[..., Awaitable[None]]:
    """An application that reads all and answers with given pieces."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Read to the end, then answer."""
        read = []
        while (message := await receive())["type"] == "http.request":
            read.append(message["body"])
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, piece in enumerate(pieces):
            more = number < len(pieces) - 1
            await send({"type": "http.response.body", "body": piece, "more_body": more})
        await send({"type": "http.response.trailers", "headers": [], "read": b"".join(read)})

    return app


@settings(max_examples=200)
@given(
    request=bodies, response=bodies, status=st.sampled_from([200, 204, 302, 404, 422, 500]),
    headers=st.lists(header, max_size=4), asked=st.lists(header, max_size=4),
    extract=st.sampled_from([None, extracted, lambda *_: 1 / 0]),
)  # fmt: skip
def test_messages_are_never_changed(
    request: list[bytes], response: list[bytes], status: int, headers: list[Any],
    asked: list[Any], extract: Any,
) -> None:  # fmt: skip
    """Whatever is asked and answered, bodies and their cuts are equal; only two headers are new."""
    inputs = [
        {"type": "http.request", "body": piece, "more_body": number < len(request) - 1}
        for number, piece in enumerate(request)
    ]
    plain = asyncio.run(drive(echo(response, status, headers), list(inputs), headers=asked))
    app = WatchMiddleware(echo(response, status, headers), Kept(), extract=extract)
    watched = asyncio.run(drive(app, list(inputs), headers=asked))
    start, bare = watched.pop(0), plain.pop(0)
    assert watched == plain
    assert start["status"] == bare["status"]
    assert start["headers"][: len(headers)] == bare["headers"]
    added = {name for name, _ in start["headers"][len(headers) :]}
    assert added <= {b"x-request-id", b"x-prediction-id"}


def test_a_client_that_raises_does_not_reach_the_caller() -> None:
    """The service answers whatever happens to its watcher."""

    class Broken:
        def log(self, *args: Any, **fields: Any) -> str | None:
            raise RuntimeError("disk on fire")

    app = make_app()
    app.add_middleware(WatchMiddleware, client=Broken())
    before = own_errors().get("log", 0)
    assert ask(app, "/predict", json={"distance": 1}).status_code == 200
    assert own_errors()["log"] == before + 1


def test_an_odd_scope_is_passed_on() -> None:
    """A server that leaves something out costs the record, not the request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Answer without headers."""
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    client = Kept()
    found = asyncio.run(drive(WatchMiddleware(app, client), [], path=None, headers=None))
    assert [message["type"] for message in found] == ["http.response.start", "http.response.body"]
    broken = asyncio.run(drive(WatchMiddleware(app, client, paths=["/"]), [], path=None))
    assert len(broken) == 2


def test_an_id_that_is_no_header_is_left_out() -> None:
    """An id with a line break could forge headers: it stays in the record alone."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Attach an id with a line break."""
        current().predict({}, 1, id="a\r\nset-cookie: b")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    client = Kept()
    start = asyncio.run(drive(WatchMiddleware(app, client), []))[0]
    assert [name for name, _ in start["headers"]] == [b"x-request-id"]
    assert client.records[0]["id"] == "a\r\nset-cookie: b"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("t=1700000000.5", 500.0), ("1700000000500", 500.0), ("t=1700000000500000", 500.0),
        ("1700000000500000000", 500.0), ("1700000002", 0.0), ("1600000000", None),
        ("soon", None), ("nan", None), ("inf", None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_queue_time(header: str | None, expected: float | None) -> None:
    """Seconds, milliseconds, microseconds and nanoseconds are told apart; nonsense is nothing."""
    assert queue_ms(header, now=1700000001.0) == expected


def test_queue_time_is_a_stage() -> None:
    """A wait in front of the process is the stage `queue`, and not part of the latency."""
    import time

    client = Kept()
    app = make_app()
    app.add_middleware(WatchMiddleware, client=client)
    began = time.time() - 30  # noqa: TID251  # what a proxy writes
    ask(app, "/predict", json={"distance": 1}, headers={"x-request-start": f"t={began}"})
    [record] = client.records
    assert 30_000 <= record["stages"]["queue"] < 60_000
    assert record["latency_ms"] < 30_000
