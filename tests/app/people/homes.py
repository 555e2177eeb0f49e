"""Users in a database of the test's own, with quick hashes and a clock that the test sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from watchkeeper.app.people.passwords import Passwords
from watchkeeper.app.people.people import Begun, People
from watchkeeper.app.people.sessions import Origin

PASSWORD = "correct horse battery"
OTHER = "copper quilt seven lanterns"
HERE = Origin("192.0.2.1", "a browser")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def quick_hasher() -> PasswordHasher:
    """Argon2id with hardly any work."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Hand:
    """A clock that a test sets."""

    at: datetime = START

    def __call__(self) -> datetime:
        """The time."""
        return self.at

    def go(self, **length: float) -> None:
        """Let time pass."""
        self.at += timedelta(**length)


@dataclass
class CountingHasher:
    """A hasher that notes which hashes were compared."""

    inner: PasswordHasher = field(default_factory=quick_hasher)
    compared: list[str] = field(default_factory=list)

    def hash(self, password: bytes) -> str:
        """Make a hash."""
        return self.inner.hash(password)

    def verify(self, held: str, password: bytes) -> bool:
        """Compare."""
        self.compared.append(held)
        return self.inner.verify(held, password)

    def check_needs_rehash(self, held: str) -> bool:
        """Whether it has other parameters."""
        return self.inner.check_needs_rehash(held)


@dataclass
class Home:
    """People, and what they are counted by."""

    people: People
    clock: Hand
    hasher: CountingHasher
    place: str | Path

    def sign_in(
        self, name: str = "ada", password: str = PASSWORD, address: str = HERE.address
    ) -> Begun:
        """Sign in."""
        return self.people.sign_in(name, password, Origin(address, HERE.agent))

    def second(self) -> People:
        """The same users as another process has them."""
        return People(self.place, clock=self.clock, passwords=Passwords(CountingHasher()))  # type: ignore[arg-type]


@contextmanager
def home_at(place: str | Path, **roles: Any) -> Iterator[Home]:
    """Users with roles, by name; ada is an admin."""
    clock, hasher = Hand(), CountingHasher()
    people = People(place, clock=clock, passwords=Passwords(hasher))  # type: ignore[arg-type]
    try:
        for name, role in {"ada": "admin", **roles}.items():
            people.users.add(name, role, PASSWORD)
        yield Home(people, clock, hasher, place)
    finally:
        people.close()
