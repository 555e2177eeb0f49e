"""Fixtures of the server's tests: a fake platform, and a server on a free port over it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi", reason="the server needs the extra 'server'")

import uvicorn

from tests.server.fake_platform import FakePlatform
from watchkeeper.server.application import make_app
from watchkeeper.server.platform import WorkerLike
from watchkeeper.server.services import Limits, Services
from watchkeeper.server.uvicorn_server import protocol


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakePlatform, str, Services]]:
    """One real server for all tests that need no limits of their own; the platform is made anew."""
    platform = FakePlatform(tmp_path_factory.mktemp("served"))
    with serving(platform) as (url, services):
        yield platform, url, services


@pytest.fixture
def platform(stage: tuple[FakePlatform, str, Services]) -> FakePlatform:
    """A platform that answers at once, behind the shared server."""
    stage[0].begin()
    stage[2].access.forget()
    return stage[0]


@pytest.fixture
def served(
    platform: FakePlatform, stage: tuple[FakePlatform, str, Services]
) -> Iterator[httpx.Client]:
    """A client of the shared server."""
    with httpx.Client(base_url=stage[1], timeout=20) as client:
        yield client


@pytest.fixture
def own(tmp_path: Path) -> FakePlatform:
    """A platform for a server of the test's own."""
    return FakePlatform(tmp_path)


@contextmanager
def serving(
    platform: FakePlatform, *, limits: Limits | None = None, worker: WorkerLike | None = None
) -> Iterator[tuple[str, Services]]:
    """A real server over a platform: its address, and what its routes share."""
    app = make_app(platform, limits=limits, worker=worker)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=protocol(), lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.services
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
        app.state.services.close()
        listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Start servers with chosen limits; they stop with the test."""
    with ExitStack() as stack:

        def start(platform: FakePlatform, **limits: Any) -> str:
            return stack.enter_context(serving(platform, limits=Limits(**limits)))[0]

        yield start


@pytest.fixture
def ask(own: FakePlatform) -> Iterator[Callable[..., httpx.Response]]:
    """Ask the application over the test's own platform, without a network."""
    app = make_app(own)

    def asked(method: str, path: str, **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            """Send it."""
            transport = httpx.ASGITransport(app, raise_app_exceptions=True)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8470"
            ) as client:
                return await client.request(method, path, **more)

        return asyncio.run(send())

    yield asked
    app.state.services.close()


def exchange(url: str, sent: bytes, *, size: int = 65_536) -> bytes:
    """What a server answers first to bytes as they are."""
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 0), timeout=10) as connection:
        connection.sendall(sent)
        return connection.recv(size)
