"""What was measured before and is asked for again: pages ask every few seconds."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from threading import Lock
from typing import Any

SETTLED = timedelta(seconds=2)
"""Two writes within a second may look alike: what was written so lately is not kept."""


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
