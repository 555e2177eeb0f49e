"""The one place where the running server reads the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives the time, with a zone."""


def now() -> datetime:
    """The time in UTC.

    >>> now().tzinfo
    datetime.timezone.utc
    """
    return datetime.now(UTC)


class Steady:
    """A clock that stands still rather than go back by some minutes, as when it is set right.

    So of two records that say no time of their own the second never seems the older one. A larger
    step back is believed: the clock was wrong before, and nothing is to be stamped with that.
    Any thread may ask.

    Parameters
    ----------
    clock
        What it follows.

    Examples
    --------
    >>> moments = [datetime(2026, 1, 1, 12, minute, tzinfo=UTC) for minute in (10, 8)]
    >>> steady = Steady(iter(moments).__next__)
    >>> steady() == steady()
    True
    """

    step = timedelta(minutes=10)
    """The largest step back that is not followed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: datetime | None = None

    def __call__(self) -> datetime:
        """The time, with a zone."""
        with self._lock:
            at = self._clock()
            if self._last is None or not self._last - self.step <= at < self._last:
                self._last = at
            return self._last
