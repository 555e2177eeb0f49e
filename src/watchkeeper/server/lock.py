"""One server on one folder, unless each says that it shares it.

The lock is one that the operating system lets go when its holder dies.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from watchkeeper.core.errors import ConflictError, UnavailableError


class FolderLock:
    """Holds a folder for this process, from entering the context until leaving it.

    Parameters
    ----------
    folder
        It is made where it is absent.
    shared
        Whether others may hold it too that share it. On Windows nobody can.

    Raises
    ------
    ConflictError
        Another process holds it, and one of the two does not share; the message says which, as
        far as that wrote it down.
    UnavailableError
        The folder cannot be made or written.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self._folder = folder
        self._shared = shared
        self._path = folder / "server.lock"
        self._file = -1

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UnavailableError(
                f"the folder {self._folder} cannot be used: {error.strerror}; name another with "
                "--data"
            ) from error
        if not _locked(self._file, shared=self._shared):
            holder = self._holder()
            os.close(self._file)
            raise ConflictError(
                f"the folder {self._folder} is served by another process{holder}; stop that one, "
                "start each of them with --replica, or name another folder with --data"
            )
        self.say("")
        return self

    def say(self, text: str) -> None:
        """Write down what others are told while the lock is held, such as the address.

        Of those that share it they are told the last one that came.
        """
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()} {text}\n".encode(), 0)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Let those that share the folder open its stores one after the other.

        What the first one makes or notes, such as whose the tables are, the next one finds.
        """
        if not self._shared or sys.platform == "win32":
            yield
            return
        import fcntl

        file = os.open(self._folder / "opening.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _holder(self) -> str:
        """Who holds it, by what it wrote; it may be about to write."""
        try:
            pid, _, text = os.pread(self._file, 500, 0).decode().strip().partition(" ")
        except (OSError, UnicodeDecodeError):
            return ""
        return (f" ({pid})" if pid.isdigit() else "") + (f" at {text}" if text else "")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace
        # The file stays: were it removed, a third process could lock a new one beside it.
        os.close(self._file)


def _locked(file: int, *, shared: bool) -> bool:
    """Lock an open file without waiting; whether that went."""
    if sys.platform == "win32":
        import msvcrt

        try:
            # Far behind the text, since Windows keeps others from reading what is locked.
            os.lseek(file, 1 << 20, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
