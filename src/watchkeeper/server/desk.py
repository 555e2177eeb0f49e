"""Threads that work for the event loop: a bounded number, a bounded queue, and a time limit.

A store that hangs keeps its threads, never the loop: who waits is told to come again, and health
has a desk of its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from watchkeeper.core.errors import BusyError, UnavailableError

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Desk:
    """Runs blocking functions in threads of its own.

    Parameters
    ----------
    name
        What it is for; it stands in the names of the threads and in messages.
    threads
        How many functions run at once.
    waiting
        How many may wait for a thread; one more is refused with `BusyError`.
    timeout_s
        How long a caller waits, queue included, until `UnavailableError`. The function itself runs
        on, since a thread cannot be stopped, and keeps its place until it ends.
    """

    def __init__(
        self, name: str, *, threads: int, waiting: int = 64, timeout_s: float = 60.0
    ) -> None:
        self._name = name
        self._most = threads + waiting
        self._timeout_s = timeout_s
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"watchkeeper-{name}")
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many functions run or wait now."""
        return self._taken

    async def ask(self, function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What a function returns, run in a thread with the context of the caller.

        Raises
        ------
        BusyError
            Too many wait already.
        UnavailableError
            It took longer than the time limit.
        """
        started = self._start(partial(function, *args, **kwargs))
        result = asyncio.wrap_future(started)
        done, _ = await asyncio.wait((result,), timeout=self._timeout_s)
        if not done:
            started.cancel()
            raise UnavailableError(
                f"no answer within {self._timeout_s:g} s; the server is overloaded or its disk "
                "hangs; ask again later, or for less",
                retry_after=5.0,
            )
        try:
            return result.result()
        finally:
            # An error knows this frame; a frame that knew the error too would keep both, and the
            # arguments, until Python looks for circles: with bodies in them, much too late.
            del started, result, done

    def _start(self, function: Callable[[], _T]) -> Future[_T]:
        with self._lock:
            if self._taken >= self._most:
                raise BusyError(
                    f"{self._taken} requests ({self._name}) are being worked on, as many as are "
                    "allowed; ask again shortly"
                )
            self._taken += 1
        try:
            started = self._pool.submit(contextvars.copy_context().run, function)
        except RuntimeError as error:  # After close().
            self._leave(None)
            raise UnavailableError("the server is shutting down", retry_after=5.0) from error
        started.add_done_callback(self._leave)
        return started

    def _leave(self, future: Future[_T] | None) -> None:
        del future
        with self._lock:
            self._taken -= 1

    def close(self) -> bool:
        """Take nothing more and drop what waits; whether nothing is left running."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        return self._taken == 0
