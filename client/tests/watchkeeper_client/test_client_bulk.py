"""Many labels and outcomes at once, and answers that come piece by piece."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import msgspec
import pytest

from watchkeeper_client import Client, ClientError


@pytest.fixture
def client() -> Iterator[Client]:
    """A client that only counts."""
    with Client("off", model="m") as made:
        yield made


def test_labels_and_outcomes_that_cannot_be_read_never_raise(client: Client) -> None:
    """They are counted as dropped."""
    assert client.label_batch(["a", "b"], ["1"]) == 0
    assert client.outcome_batch(["a"], [1.0, 2.0], name="paid") == 0
    assert client.counts.dropped["argument"] == 3


def test_what_is_handed_over_is_counted(client: Client) -> None:
    """All of it, as one table."""
    assert client.label_batch(["a", "b"], ["1", "0"]) == 2
    assert client.outcome_batch(["a", "b"], [1.0, 2.0], name="paid", unit="EUR") == 2
    assert client.counts.logged == 4


def answering(parts: list[bytes]) -> tuple[str, threading.Thread]:
    """A server that answers one request with these bytes, then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)  # A client that never comes fails the test rather than hangs it.

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)
            for part in parts:
                connection.sendall(part)

    thread = threading.Thread(target=serve)
    thread.start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", thread


def asked(parts: list[bytes]) -> bytes:
    """What a stream of such an answer gives."""
    url, thread = answering(parts)
    try:
        with Client(url) as client:
            return b"".join(client.stream("GET", "/v1/x", query=None, timeout_s=5.0))
    finally:
        thread.join()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n"


def test_a_stream_gives_the_body() -> None:
    """In pieces, which together are all of it."""
    assert asked([HEAD, b"abc", b"def"]) == b"abcdef"


def test_a_stream_that_breaks_off_is_told() -> None:
    """Half a file is no file."""
    with pytest.raises(ClientError, match="no answer from"):
        asked([HEAD, b"abc"])


def test_a_stream_that_is_refused_says_why() -> None:
    """With the server's message and status."""
    body = msgspec.json.encode({"error": {"code": "not_found", "message": "no model x"}})
    head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with pytest.raises(ClientError, match="no model x") as caught:
        asked([head, body])
    assert caught.value.status == 404
