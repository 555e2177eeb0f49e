"""A server with users for tests: the real application and store, with quick hashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.app.people.homes import PASSWORD, CountingHasher, Hand
from tests.server.fake_platform import FakePlatform
from watchkeeper.app.people.passwords import Passwords
from watchkeeper.app.people.people import People
from watchkeeper.server.application import make_app


class Browser:
    """Keeps the cookie of one server and sends the header that goes with it."""

    def __init__(self, app: Any, *, base_url: str = "http://127.0.0.1:8470") -> None:
        self._app = app
        self.base_url = base_url
        self.cookies = httpx.Cookies()
        self.csrf = ""

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask, without following where an answer leads."""

        async def send() -> httpx.Response:
            """Send it."""
            transport = httpx.ASGITransport(self._app, client=(more.pop("address", "192.0.2.1"), 1))
            async with httpx.AsyncClient(
                transport=transport, base_url=self.base_url, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(send())

    def change(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask as our page does, with the header."""
        headers = {"X-CSRF-Token": self.csrf, **more.pop("headers", {})}
        return self.ask(method, path, headers=headers, **more)

    def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        """Sign in, and keep the token of the answer."""
        answer = self.ask("POST", "/v1/session", json={"name": name, "password": password}, **more)
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer


@dataclass
class Place:
    """A server with users."""

    platform: FakePlatform
    people: People
    clock: Hand
    hasher: CountingHasher
    app: Any

    def browser(self, **more: Any) -> Browser:
        """A browser that has not been here yet."""
        return Browser(self.app, **more)

    def add(self, name: str, role: str) -> None:
        """Add a user with the usual password."""
        self.people.users.add(name, role, PASSWORD)
        self.app.state.services.access.forget()


@contextmanager
def signing(folder: Path, *, oidc: Any = None, clock: Callable[[], datetime] | None = None,
            **settings: Any) -> Iterator[Place]:  # fmt: skip
    """A server over the fake platform, with real users in a database of its own."""
    hand, hasher = Hand(), CountingHasher()
    platform = FakePlatform(folder, **settings)
    people = People(
        folder / "people.db", clock=clock or hand, passwords=Passwords(hasher), oidc=oidc
    )
    platform.people = people
    app = make_app(platform, url=settings.get("base_url"))
    try:
        yield Place(platform, people, hand, hasher, app)
    finally:
        app.state.services.close()
        people.close()
        platform.let_go()
