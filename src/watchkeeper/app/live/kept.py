"""What was measured before and is asked for again: pages ask every few seconds."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from watchkeeper.app.live.measured import Measured
from watchkeeper.core.windows import Window

SETTLED = timedelta(seconds=2)
"""Two writes within a second may look alike: what was written so lately is not kept."""


def marker_of(
    measured: Measured, window: Window, now: datetime, *, free: bool = False
) -> object | None:
    """What is the same as long as nothing is written to a window; None where that is not sure.

    Parameters
    ----------
    measured, window
        What was asked about.
    now
        The time of asking.
    free
        Whether parts that need no layout were asked for too.
    """
    reference = measured.reference
    # A moving reference changes by itself.
    if reference is not None and reference.ranges(window.start, window.end):
        return None
    layouts = [""] if free else []
    if reference is not None:
        layouts.append(reference.layout_id)
    written = [
        measured.buckets.written(
            measured.model, layout=layout, start=window.start, end=window.end,
            version=measured.version, segment=measured.segment if layout else None,
        )
        for layout in layouts
    ]  # fmt: skip
    if any(one.newest is not None and now - one.newest <= SETTLED for one in written):
        return None
    of = None if reference is None else (reference.id, reference.layout_id)
    return of, *(one.sums for one in written)


class Kept:
    """Answers by what they were asked of; one whose rows were written to since is made again.

    Parameters
    ----------
    most
        How many are kept.
    """

    def __init__(self, most: int) -> None:
        self.turn = Lock()
        """For whom it would cost much to measure what another measures right now."""
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[object, tuple[object, Any]] = OrderedDict()

    def get(self, key: object, marker: object) -> Any:
        """What was measured before, if nothing was written to it since."""
        with self._lock:
            found = self._held.get(key)
            if found is None or found[0] != marker:
                return None
            self._held.move_to_end(key)
            return found[1]

    def put(self, key: object, marker: object, answer: Any) -> None:
        """Keep an answer, and forget the one that was not asked for longest."""
        with self._lock:
            self._held[key] = marker, answer
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
