"""Object storage for tests: a server that speaks the S3 protocol, and a way to have it away."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.store.object_relay import Relay

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIATESTS",
    "AWS_SECRET_ACCESS_KEY": "secret-word-of-tests",
    "AWS_REGION": "eu-central-1",
}
PATIENCE_S = 60.0


class ObjectServer:
    """A running server of object storage, behind a relay.

    Parameters
    ----------
    port
        The server's own.
    """

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.relay = Relay(port)
        self.endpoint = f"http://127.0.0.1:{self.relay.port}"

    def bucket(self) -> str:
        """The URL of a new bucket."""
        name = f"events-{uuid4().hex[:12]}"
        body = (
            "<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint>"
            "</CreateBucketConfiguration>"
        )
        httpx.put(f"{self._url}/{name}", content=body, headers=_SIGNED).raise_for_status()
        return f"s3://{name}"

    def names(self, url: str) -> list[str]:
        """Names of all objects in the bucket of a URL."""
        bucket = url.removeprefix("s3://").partition("/")[0]
        answer = httpx.get(f"{self._url}/{bucket}", params={"list-type": "2"}, headers=_SIGNED)
        return [part.partition("</Key>")[0] for part in answer.text.split("<Key>")[1:]]


_SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIATESTS/20260101/eu-central-1/s3/aws4_request"
}
"""The server asks for no more than the look of a signature."""


@contextmanager
def running_objects() -> Iterator[ObjectServer]:
    """A new server on a free port of the loopback interface."""
    beside = str(Path(sys.executable).parent)
    program = shutil.which("moto_server") or shutil.which("moto_server", path=beside)
    if program is None:
        pytest.skip("moto_server, the object storage of the tests, is not on the path")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(process, port)
        held = ObjectServer(port)
        yield held
        held.relay.close()
    finally:
        process.kill()
        process.wait()


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, "the server of object storage ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return
        assert time.monotonic() < until, "the server of object storage does not start"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def object_server() -> Iterator[ObjectServer]:
    """A server of this session's own."""
    with running_objects() as held:
        yield held


@pytest.fixture
def objects(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    """The server, as the environment names it; it is there again after each test."""
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": object_server.endpoint}).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    yield object_server
    object_server.relay.come_back()
