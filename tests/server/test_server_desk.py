"""Threads for the event loop: bounded, patient for a while, and fair to those that come later."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from watchkeeper.core.errors import BusyError, UnavailableError
from watchkeeper.server.desk import Desk

HELD: ContextVar[str] = ContextVar("held", default="nothing")


def test_functions_run_beside_the_loop_with_the_callers_context() -> None:
    """Arguments, results, errors and context variables go through."""

    async def run() -> None:
        """In a loop."""
        desk = Desk("test", threads=1)
        HELD.set("mine")
        assert await desk.ask(divmod, 7, 2) == (3, 1)
        assert await desk.ask(HELD.get) == "mine"
        assert await desk.ask(lambda: threading.current_thread().name) == "watchkeeper-test_0"
        with pytest.raises(ZeroDivisionError):
            await desk.ask(divmod, 1, 0)
        assert desk.taken == 0
        assert desk.close()

    asyncio.run(run())


def test_only_so_many_wait() -> None:
    """One works, two wait, the fourth is sent away; afterwards there is room again."""

    async def run() -> None:
        """In a loop."""
        desk = Desk("test", threads=1, waiting=2)
        release = threading.Event()
        held = [asyncio.create_task(desk.ask(release.wait, 20)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="3 requests"):
            await desk.ask(int)
        release.set()
        assert await asyncio.gather(*held) == [True, True, True]
        assert await desk.ask(int) == 0
        desk.close()

    asyncio.run(run())


def test_who_waits_too_long_is_told_and_leaves_the_queue() -> None:
    """What hangs keeps its thread until it ends; what only waited is never begun."""

    async def run() -> None:
        """In a loop."""
        desk = Desk("test", threads=1, waiting=5, timeout_s=0.05)
        release, begun = threading.Event(), threading.Event()
        with pytest.raises(UnavailableError, match=r"0\.05 s"):
            await desk.ask(release.wait, 20)
        with pytest.raises(UnavailableError):
            await desk.ask(begun.set)
        assert desk.taken == 1
        assert not desk.close()
        release.set()
        desk._pool.shutdown(wait=True)
        assert desk.taken == 0
        assert not begun.is_set()

    asyncio.run(run())


def test_nothing_is_taken_after_the_end() -> None:
    """A request that comes while the server stops is told to come again."""

    async def run() -> None:
        """In a loop."""
        desk = Desk("test", threads=1)
        desk.close()
        with pytest.raises(UnavailableError, match="shutting down"):
            await desk.ask(int)
        assert desk.taken == 0

    asyncio.run(run())
