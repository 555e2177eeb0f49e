"""The buckets of a folder for a process that must outlive them: opened, and opened again."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from watchkeeper.core.errors import UnavailableError, WatchkeeperError
from watchkeeper.store.buckets import Buckets


class OpenBuckets:
    """Buckets that may be away for a while, or be replaced.

    Parameters
    ----------
    path
        Their file. It is not made: where it is absent, something is wrong.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._held: tuple[tuple[int, int], Buckets] | None = None

    def get(self, model: str) -> Buckets:
        """The buckets, once it is sure that something can be read of a model.

        Raises
        ------
        UnavailableError
            The file is not there, or cannot be read.
        ProfileError
            It is damaged or not ours.
        """
        with self._lock:
            try:
                buckets = self._opened()
                buckets.followed(model, "")
            except WatchkeeperError:
                self._let_go()
                raise
        return buckets

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._let_go()

    def _opened(self) -> Buckets:
        try:
            found = os.stat(self._path)  # noqa: PTH116  # one call, also for what is no file
        except OSError as error:
            raise UnavailableError(
                f"what was measured cannot be read: {self._path} ({error.strerror}); the server "
                "makes it again when it starts"
            ) from error
        which = (found.st_dev, found.st_ino)
        if self._held is not None and self._held[0] != which:
            self._let_go()
        if self._held is None:
            self._held = which, Buckets(self._path)
        return self._held[1]

    def _let_go(self) -> None:
        if self._held is not None:
            self._held[1].close()
            self._held = None
