"""Records in: what reaches the platform, every status code, limits, and slow platforms."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest

from tests.server.fake_platform import FakePlatform, record, taken
from watchkeeper.app.live.questions import Ingest
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import (
    BusyError,
    ConflictError,
    InputError,
    MissingExtraError,
    ModelError,
    NotFoundError,
    ProfileError,
    RuleError,
    TooLargeError,
    UnavailableError,
    UnsupportedTypeError,
    WatchkeeperError,
)

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("signal", list(Signal))
def test_records_reach_the_platform_as_they_came(
    served: httpx.Client, platform: FakePlatform, signal: Signal
) -> None:
    """Body, types, batch key and defaults are handed over; the answer is the platform's."""
    answer = served.post(
        f"/v1/{signal.value}?model=m%20x&version=7",
        content=record(),
        headers={**JSON, "Content-Encoding": "gzip", "Idempotency-Key": "batch-1", "Cookie": "c"},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    (request,) = platform.requests
    assert answer.json() == taken(request)
    assert (request.signal, request.body, request.content_type) == (
        signal, record(), "application/json",
    )  # fmt: skip
    assert (request.encoding, request.key, request.model, request.version, request.scope) == (
        "gzip", "batch-1", "m x", "7", "",
    )  # fmt: skip
    assert "cookie" not in request.headers
    assert request.headers["idempotency-key"] == "batch-1"


@pytest.mark.parametrize("path", ["/v1/cloudevents", "/"])
def test_cloudevents_are_answered_with_nothing(
    served: httpx.Client, platform: FakePlatform, path: str
) -> None:
    """KServe takes any status but 200 for a failure; the event's headers go along."""
    answer = served.post(path, content=b"{}", headers={**JSON, "ce-id": "5", "CE-Type": "t"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert platform.requests[0].signal is None
    assert platform.requests[0].headers["ce-type"] == "t"


FAILURES: list[tuple[WatchkeeperError, int, str]] = [
    (InputError("unreadable"), 400, "bad_input"),
    (ModelError("wrong file"), 400, "bad_model"),
    (ProfileError("foreign"), 400, "bad_profile"),
    (RuleError("no CEL"), 400, "bad_rule"),
    (WatchkeeperError("odd"), 400, "bad_request"),
    (NotFoundError("no model"), 404, "not_found"),
    (ConflictError("other task"), 409, "conflict"),
    (TooLargeError("inflates to 1 GB"), 413, "too_large"),
    (UnsupportedTypeError("text/html"), 415, "unsupported_type"),
    (BusyError("backlog full", retry_after=2.5), 429, "busy"),
    (MissingExtraError("zstandard", "zstd"), 501, "missing_package"),
    (UnavailableError("disk full", retry_after=30), 503, "unavailable"),
]


@pytest.mark.parametrize("late", [False, True], ids=["at the door", "in the future"])
@pytest.mark.parametrize(("error", "status", "code"), FAILURES, ids=lambda v: str(v)[:20])
def test_each_error_has_its_status(
    served: httpx.Client,
    platform: FakePlatform,
    error: WatchkeeperError,
    status: int,
    code: str,
    late: bool,
) -> None:
    """The codes decide whether a client sends again; waiting times are whole seconds."""

    def fail(_: Ingest) -> Future[dict[str, object]]:
        if not late:
            raise error
        future: Future[dict[str, object]] = Future()
        threading.Timer(0.01, future.set_exception, (error,)).start()
        return future

    platform.on_ingest = fail
    answer = served.post("/v1/predictions", content=record(), headers=JSON)
    assert answer.status_code == status
    assert answer.json() == {"error": {"code": code, "message": str(error)}}
    waits = {"busy": "3", "unavailable": "30"}
    assert answer.headers.get("retry-after") == waits.get(code)


@pytest.mark.parametrize("error", [ValueError("secret 12345"), KeyError("x"), MemoryError()])
def test_what_nobody_foresaw_is_503_and_says_where_to_look(
    served: httpx.Client, platform: FakePlatform, error: Exception
) -> None:
    """Never a 500, which clients take as final; the message tells nothing of the inside."""

    def fail(_: Ingest) -> None:
        raise error

    platform.on_ingest = fail
    answer = served.post("/v1/predictions", content=record(), headers=JSON)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error"]["code"] == "unexpected"
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
    assert "12345" not in answer.text


def test_too_large_by_its_header_is_refused_unread(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    """Only the head was sent, and the answer is there."""
    platform = FakePlatform(tmp_path, max_body=1000)
    url = httpx.URL(serve(platform))
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    assert platform.requests == []


@pytest.mark.parametrize("declared", [True, False], ids=["with a length", "in chunks"])
def test_too_large_bodies_are_refused(
    serve: Callable[..., str], tmp_path: Path, declared: bool
) -> None:
    """A client that sends megabytes too many reads 413, and may go on with the connection."""
    platform = FakePlatform(tmp_path, max_body=100_000)
    body = b"x" * 5_000_000
    content = body if declared else (body[i : i + 65_536] for i in range(0, len(body), 65_536))
    with httpx.Client(base_url=serve(platform)) as client:
        answer = client.post("/v1/predictions", content=content, headers=JSON)
        assert answer.status_code == 413
        assert "100000" in answer.json()["error"]["message"]
        assert client.post("/v1/predictions", content=b"x" * 100_000).status_code == 200
    assert [len(request.body) for request in platform.requests] == [100_000]


def test_bodies_in_flight_are_bounded(serve: Callable[..., str], tmp_path: Path) -> None:
    """While the disk is slow and bodies fill the memory allowed, more are refused with 429."""
    platform = FakePlatform(tmp_path, max_body=1_000_000)
    pending: list[Future[dict[str, object]]] = []

    def hold(_: Ingest) -> Future[dict[str, object]]:
        pending.append(Future())
        return pending[-1]

    platform.on_ingest = hold
    url = serve(platform, in_flight=1_500_000)
    answers: list[httpx.Response] = []

    def send() -> None:
        answers.append(httpx.post(f"{url}/v1/labels", content=b"x" * 900_000, timeout=20))

    held = [threading.Thread(target=send) for _ in range(2)]
    for thread in held:
        thread.start()
    while len(pending) < 2:
        threading.Event().wait(0.005)
    refused = httpx.post(f"{url}/v1/labels", content=b"x" * 900_000)
    small = httpx.get(f"{url}/healthz")
    for future in pending:
        future.set_result({"accepted": 1})
    for thread in held:
        thread.join()
    assert (refused.status_code, small.status_code) == (429, 200)
    assert "retry-after" in refused.headers
    assert [answer.status_code for answer in answers] == [200, 200]
    platform.on_ingest = lambda _: None
    assert httpx.post(f"{url}/v1/labels", content=b"x" * 900_000).status_code == 200


def test_a_disk_that_hangs_stalls_nobody_else(serve: Callable[..., str], tmp_path: Path) -> None:
    """Records wait for the disk up to a limit and are then told to come again; health answers."""
    platform = FakePlatform(tmp_path)
    stuck: Future[dict[str, object]] = Future()
    platform.on_ingest = lambda _: stuck
    url = serve(platform, settle_s=0.3)
    answers: list[httpx.Response] = []
    thread = threading.Thread(
        target=lambda: answers.append(httpx.post(f"{url}/v1/labels", content=b"{}", timeout=20))
    )
    thread.start()
    assert httpx.get(f"{url}/healthz").status_code == 200
    thread.join()
    assert answers[0].status_code == 503
    assert "retry-after" in answers[0].headers
    assert not stuck.cancelled()


def test_large_bodies_are_decoded_in_threads(served: httpx.Client, platform: FakePlatform) -> None:
    """Small bodies in the event loop, large ones beside it."""
    served.post("/v1/labels", content=b"x")
    served.post("/v1/labels", content=b"x" * 65_536)
    small, large = platform.threads
    assert "door" not in small
    assert "door" in large


def test_a_platform_that_blocks_is_kept_out_of_the_event_loop(
    served: httpx.Client, platform: FakePlatform
) -> None:
    """After one slow call in the event loop the next ones go to threads, and health answers."""
    release = threading.Event()
    platform.on_ingest = lambda _: release.wait(0.1) and None
    served.post("/v1/labels", content=b"x")
    platform.on_ingest = lambda _: release.wait(20) and None
    thread = threading.Thread(target=lambda: served.post("/v1/labels", content=b"x"))
    thread.start()
    while len(platform.threads) < 2:
        threading.Event().wait(0.005)
    health = served.get("/healthz")
    release.set()
    thread.join()
    assert health.status_code == 200
    assert "door" in platform.threads[1]


@pytest.mark.parametrize(
    "sent",
    [b"POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"],
    ids=["stalls in the body"],
)
def test_bodies_that_stall_are_ended(
    serve: Callable[..., str], tmp_path: Path, sent: bytes
) -> None:
    """Who sends a byte and then nothing is answered, with a code that has clients send again."""
    platform = FakePlatform(tmp_path)
    url = httpx.URL(serve(platform, idle_s=0.2))
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(sent)
        assert connection.recv(100).startswith(b"HTTP/1.1 503 ")


def test_bodies_that_trickle_are_ended(serve: Callable[..., str], tmp_path: Path) -> None:
    """A byte now and then does not hold a place for ever."""
    platform = FakePlatform(tmp_path)
    url = httpx.URL(serve(platform, idle_s=5.0, total_s=0.3))
    head = b"POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
    with socket.create_connection((url.host, url.port or 0), timeout=0.02) as connection:
        connection.sendall(head)
        answer = b""
        for _ in range(500):
            connection.sendall(b"x")
            try:
                answer = connection.recv(100)
                break
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 503 ")


def test_a_client_that_leaves_is_no_error(serve: Callable[..., str], tmp_path: Path) -> None:
    """Half a body and gone: nothing is stored, nothing failed, the bytes are given back."""
    platform = FakePlatform(tmp_path)
    address = serve(platform)
    url = httpx.URL(address)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/labels HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"
        )
        while "in_flight_bytes" not in (text := httpx.get(f"{address}/metrics").text) and (
            "body_bytes_in_flight 1.0" not in text
        ):
            threading.Event().wait(0.01)
    text = ""
    while 'status="499"' not in text:
        text = httpx.get(f"{address}/metrics").text
    assert "watchkeeper_server_body_bytes_in_flight 0.0" in text
    assert "watchkeeper_server_unexpected_failures_total 0.0" in text
    assert platform.requests == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Idempotency-Key": "k" * 257}, 400),
        ({"Idempotency-Key": "caf\u00e9".encode("latin-1")}, 400),
        ({"Idempotency-Key": ""}, 400),
    ],
)
def test_odd_batch_keys_are_refused(
    served: httpx.Client, headers: dict[str, str], status: int
) -> None:
    """A key that could not be kept as it is is no key."""
    answer = served.post("/v1/labels", content=b"{}", headers=headers)
    assert answer.status_code == status
    assert "Idempotency-Key" in answer.json()["error"]["message"]


def test_other_methods_are_told_so(served: httpx.Client) -> None:
    """405 in our own shape, with the methods that there are."""
    answer = served.put("/v1/predictions", content=b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    missing = served.get("/v1/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
