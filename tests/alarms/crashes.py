"""Replicas that stop between two transactions: they crash there, or sleep while others work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from tests.alarms.watches import NOW
from watchkeeper.actions.results import Result, Retry
from watchkeeper.actions.results import Sent as Arrived
from watchkeeper.app.alarms.keeper import TELLING, Keeper, SloShelf, measured_around
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.alert import Notification
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.catalogue.alarms import AlarmStore, MessageRow
from watchkeeper.store.catalogue.leases import Leases


class CrashError(BaseException):
    """The process is gone; nothing that handles failures may handle this."""


@dataclass
class Point:
    """Where a process stops: before its transaction of a number, or after it."""

    left: int
    after: bool
    act: Callable[[], None]

    def passed(self, *, after: bool) -> None:
        """A transaction is about to begin, or has ended."""
        if after == self.after:
            self.left -= 1
            if self.left == 0:
                self.act()


class StoppingStore(AlarmStore):
    """A store that does something of ours at one of its transactions."""

    def __init__(self, place: Path) -> None:
        self.points: list[Point] = []
        super().__init__(place)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        for point in list(self.points):
            point.passed(after=False)
        with super()._writing() as connection:
            yield connection
        for point in list(self.points):
            point.passed(after=True)


class _Now(ThreadPoolExecutor):
    """Does at once what it is given, so that a test goes the same way each time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass
class Receiver:
    """What all receivers were told, in order."""

    told: list[Notification] = field(default_factory=list)
    is_down: bool = False

    def take(self, message: Notification) -> Result:
        """A message comes."""
        if self.is_down:
            return Retry(None, "503")
        self.told.append(message)
        return Arrived("200")


class _Sender(Sender):
    """Sends at once, and to a receiver in this process."""

    def __init__(self, receiver: Receiver, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._receiver = receiver
        self._pool = _Now(1)

    def _told(self, row: MessageRow, message: Notification) -> Result:
        return self._receiver.take(message)


@dataclass
class Shared:
    """What the replicas share: a store, a receiver, data and a clock."""

    place: Path
    measured: Callable[[str], Measured]
    now: datetime = NOW
    receiver: Receiver = field(default_factory=Receiver)
    is_away: bool = False

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def read(self, model: str) -> Measured:
        """The data of a model, unless they cannot be read."""
        if self.is_away:
            raise UnavailableError("what was measured cannot be read")
        return self.measured(model)


class Stoppable:
    """A replica that is stopped at any of its transactions."""

    def __init__(self, shared: Shared, name: str) -> None:
        self.store = StoppingStore(shared.place)
        clock = shared.clock
        self.leases = Leases(self.store, name, clock=clock)
        sender = _Sender(
            shared.receiver, self.store, clock=clock, random=lambda: 0.5,
            may_send=lambda: self.leases.still(TELLING),
        )  # fmt: skip
        around = measured_around(shared.read, lambda *_: (), SloShelf(self.store).all, clock, "")
        self.keeper = Keeper(
            self.store, models=lambda: ["late"], around=around, sender=sender, clock=clock,
            holder=name, leases=self.leases,
        )  # fmt: skip

    def step(self) -> None:
        """Do what is due."""
        self.keeper.step()

    def stopped(self, count: int, act: Callable[[], None], *, after: bool = False) -> None:
        """One step, in which something happens before or after a transaction."""
        self.store.points.append(Point(count, after, act))
        try:
            self.keeper.step()
        finally:
            self.store.points.clear()


def crash_at(store: StoppingStore, number: int) -> Callable[[], int]:
    """Let a process end before its transaction of a number; gives how many there were."""
    seen = [0]

    def counted() -> None:
        seen[0] += 1
        point.left = 1
        if seen[0] == number:
            raise CrashError

    point = Point(1, after=False, act=counted)
    store.points.append(point)
    return lambda: seen[0]
