"""Noticing that the catalogue has changed, without asking it for every request."""

from __future__ import annotations

import threading
import time

from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.catalogue.catalogue import Catalogue

EVERY_S = 0.25
"""Seconds that pass at least between two looks at the catalogue's generation."""


class Watch:
    """Tells holders of copies when theirs may be old.

    Parameters
    ----------
    catalogue
        What is watched.
    every_s
        Seconds between two looks at it.
    """

    def __init__(self, catalogue: Catalogue, *, every_s: float = EVERY_S) -> None:
        self._catalogue = catalogue
        self._every_s = every_s
        self._lock = threading.Lock()
        self._next = 0.0
        self.generation = -1

    def moved(self) -> bool:
        """Whether the catalogue has changed since this last said so; looks seldom.

        While the catalogue does not answer nothing has changed: records of models that are known
        are then still taken.
        """
        if time.monotonic() < self._next:
            return False
        with self._lock:
            if time.monotonic() < self._next:
                return False
            self._next = time.monotonic() + self._every_s
            try:
                found = self._catalogue.generation()
            except UnavailableError:
                return False
            before, self.generation = self.generation, found
            return found != before

    def hurry(self) -> None:
        """Look at the next question, since somebody here has just changed the catalogue."""
        self._next = 0.0
