"""Calls into an engine of this process, which Ctrl-C and a time limit can end."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Any, TypeVar

from watchkeeper.core.errors import InputError
from watchkeeper.store.engines.base import overtime

T = TypeVar("T")

_AGAIN_S = 0.1


class Watch:
    """Runs the calls of one query in threads, while this one waits for them.

    An engine in this process does not look whether Ctrl-C was pressed, so somebody else must.

    Parameters
    ----------
    name
        Of the engine, for errors.
    interrupt
        Ends what the engine does, from another thread; None where nothing can, and the work is
        left to itself.
    limit
        Seconds that all calls together may take; None for no limit.
    """

    def __init__(self, name: str, interrupt: Callable[[], Any] | None, limit: float | None) -> None:
        self._name, self._interrupt, self._limit = name, interrupt, limit
        self._left = limit

    def __call__(self, work: Callable[[], T]) -> T:
        """What the work returns.

        Raises
        ------
        InputError
            It took too long.
        """
        started = time.monotonic()
        future: Future[T] = Future()
        # The program waits at its end for a thread that ends soon, and for no other.
        left = self._interrupt is None
        try:
            Thread(target=_run, args=(future, work), name="watchkeeper-query", daemon=left).start()
            return future.result(self._left)
        except BaseException as error:
            if future.done():
                raise
            self._stop(future)
            if isinstance(error, TimeoutError):
                raise InputError(overtime(self._name, self._limit)) from None
            raise
        finally:
            if self._left is not None:
                self._left = max(self._left - (time.monotonic() - started), 0.0)

    def _stop(self, future: Future[T]) -> None:
        """Interrupt until it has ended: one that comes before the engine began is forgotten."""
        if future.cancel() or self._interrupt is None:
            return
        while not future.done():
            self._interrupt()
            wait([future], _AGAIN_S)


def _run(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001  # whoever waits is told
        future.set_exception(error)
