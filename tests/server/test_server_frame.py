"""Around every request: ids, headers, counts, logs, and heads that are wrong."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.conftest import exchange
from tests.server.fake_platform import MODEL, FakePlatform
from watchkeeper.server.application import make_app
from watchkeeper.server.errors import failure_of
from watchkeeper.server.frame import Frame
from watchkeeper.server.logs import origin_of, set_up_logs
from watchkeeper.server.uvicorn_protocol import LARGEST_HEAD, BoundedProtocol

Ask = Callable[..., httpx.Response]
POST = b"POST /v1/labels HTTP/1.1\r\nHost: localhost\r\n"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@contextmanager
def logs_to(stream: io.StringIO) -> Iterator[None]:
    """Logs go to a stream for a while; afterwards as they were."""
    loggers = [logging.getLogger(), logging.getLogger("watchkeeper")]
    before = loggers[0].handlers[:], [logger.level for logger in loggers]
    set_up_logs(level="info", stream=stream)
    try:
        yield
    finally:
        loggers[0].handlers[:] = before[0]
        for logger, level in zip(loggers, before[1], strict=True):
            logger.setLevel(level)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Logs as JSON in memory."""
    stream = io.StringIO()
    with logs_to(stream):
        yield stream


def test_a_plain_request_id_comes_back(served: httpx.Client) -> None:
    """On every answer, also of errors."""
    for path in ("/healthz", "/v1/models/nobody", "/nothing", "/"):
        answer = served.get(path, headers={"X-Request-ID": "job-7.a:b_c"})
        assert answer.headers["x-request-id"] == "job-7.a:b_c"


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=200))
def test_only_plain_request_ids_are_taken_over(given_id: str) -> None:
    """What is sent back in a header holds nothing that could end it."""
    origin = origin_of({"x-request-id": given_id})
    assert origin.request_id.isascii()
    assert not set(origin.request_id) & set("\r\n\t <>\"'")
    assert 1 <= len(origin.request_id) <= 128


@pytest.mark.parametrize(
    "header",
    [
        "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", TRACE.upper(),
        TRACE.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        TRACE.replace("00f067aa0ba902b7", "0" * 16), "ff" + TRACE[2:], TRACE + "\r\nX: y",
    ],
)  # fmt: skip
def test_broken_trace_parents_are_passed_over(header: str) -> None:
    """As the W3C recommendation says."""
    assert origin_of({"traceparent": header}).trace_id == ""


def test_every_log_line_names_its_request(logged: io.StringIO, ask: Ask, own: FakePlatform) -> None:
    """JSON lines with request id and trace, also from threads that work for the request."""

    def noted() -> list[dict[str, object]]:
        logging.getLogger("watchkeeper.anywhere").warning("inside %s", "a thread")
        raise ValueError("unforeseen")

    own.models = noted
    ask("GET", "/v1/models", headers={"X-Request-ID": "r1", "traceparent": TRACE})
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["inside a thread", "unexpected failure"]
    for line in lines:
        assert (line["request_id"], line["trace_id"], line["span_id"]) == (
            "r1", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7",
        )  # fmt: skip
        assert line["level"] in {"warning", "error"}
        assert line["time"].endswith("Z")
    assert "ValueError: unforeseen" in lines[1]["exception"]


def test_on_a_terminal_logs_are_for_people() -> None:
    """No JSON, and no local values beside a traceback."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream, hidden = Terminal(), "wk_hidden"
    with logs_to(stream):
        try:
            int(hidden[:2])
        except ValueError:
            logging.getLogger("watchkeeper").exception("went wrong")
    assert "went wrong" in stream.getvalue()
    assert "ValueError: invalid literal" in stream.getvalue()
    assert "wk_hidden" not in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_access_log_is_off_unless_asked_for(logged: io.StringIO, own: FakePlatform) -> None:
    """One line a request where it is asked for, with the route's template."""
    for access_log in (False, True):
        app = make_app(own, access_log=access_log)

        async def send(application: object = app) -> None:
            """Send it."""
            transport = httpx.ASGITransport(application)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                await client.get(f"/v1/models/{MODEL}?token=secret")

        asyncio.run(send())
        app.state.services.close()
    (line,) = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert (line["message"], line["method"], line["status"]) == ("request", "GET", 200)
    assert (line["route"], line["path"]) == ("/v1/models/{model}", f"/v1/models/{MODEL}")
    assert "secret" not in logged.getvalue()


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/models", "/v1/models/x", "/nothing"])
def test_every_answer_has_the_headers_of_caution(served: httpx.Client, path: str) -> None:
    """No sniffing, no framing, no storing, no referrer, no foreign content, no server's name."""
    headers = served.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    # The page holds nothing; that it is asked for each time lets a new release show at once.
    assert headers["cache-control"] == ("no-cache" if path == "/" else "no-store")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers.get_list("content-security-policy") == [headers["content-security-policy"]]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert not [name for name in headers if name.startswith("access-control")]


def test_too_many_requests_at_once_are_told_to_wait(own: FakePlatform) -> None:
    """429 before anything is done; health is let through."""
    app = make_app(own)
    services = app.state.services
    frame = Frame(quick={}, services=services, access_log=False).around(app)
    frame._now = services.limits.requests

    async def send(path: str) -> httpx.Response:
        """Send it."""
        transport = httpx.ASGITransport(frame)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    assert asyncio.run(send("/v1/models")).status_code == 429
    assert asyncio.run(send("/healthz")).status_code == 200
    services.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX a\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * LARGEST_HEAD + b"\r\n\r\n",
        b"GET /" + b"a" * LARGEST_HEAD + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["null", "no colon", "negative", "two lengths", "smuggled", "long header", "long path",
         "tls"],
)  # fmt: skip
def test_broken_heads_are_refused(
    served: httpx.Client, platform: FakePlatform, sent: bytes
) -> None:
    """400 from the parser; nothing reaches the platform."""
    assert exchange(str(served.base_url), sent).startswith(b"HTTP/1.1 400 ")
    assert platform.requests == []


def test_a_header_cannot_be_smuggled_into_an_answer(served: httpx.Client) -> None:
    """A line end in a name or an id is data, not the end of a header."""
    answer = served.get("/v1/models/a%0d%0aX-Evil:%201/rows?format=csv")
    assert answer.status_code == 404
    assert "x-evil" not in answer.headers
    raw = exchange(
        str(served.base_url),
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: a%0d%0aX-Evil: 1\r\n\r\n",
    )
    assert b"x-evil" not in raw.lower().partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(
    served: httpx.Client, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Open connections that say nothing are not kept for ever."""
    monkeypatch.setattr(BoundedProtocol, "head_s", 0.1)
    url = served.base_url
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        if sent:
            connection.sendall(sent)
        assert connection.recv(100) == b""


def test_an_unknown_error_of_ours_is_the_requests_fault() -> None:
    """Whatever is raised on purpose has a status; the most general one is 400."""
    from watchkeeper.core import errors

    kinds = [
        kind for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.WatchkeeperError)
        and kind is not errors.MissingExtraError
    ]  # fmt: skip
    statuses = {kind.__name__: failure_of(kind("why")).status for kind in kinds}
    assert statuses["WatchkeeperError"] == 400
    assert set(statuses.values()) == {400, 404, 409, 413, 415, 429, 503}
