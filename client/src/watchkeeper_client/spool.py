"""A folder where batches wait while the server is away.

One file a batch, written under another name and renamed when it is whole, with a checksum. Several
processes may share the folder: all write, one at a time sends. A process that dies leaves its
batches to the others, or to the next one that starts.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from watchkeeper_client.errors import SpoolError
from watchkeeper_client.packing import Batch

__all__ = ["Spool", "Spooled"]

_MAGIC: Final = b"WKSPOOL1"
_HEAD: Final = len(_MAGIC) + 8
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_STALE_S: Final = 600.0
"""A half-written file that nobody has touched for so long was left by a process that died."""


class Spooled(NamedTuple):
    """A batch in the folder.

    Parameters
    ----------
    path
        Its file.
    records
        How many records it holds, by its name.
    own
        Whether this process wrote it.
    """

    path: Path
    records: int
    own: bool


class Spool:
    """The batches of one server in a folder.

    Parameters
    ----------
    folder
        Where; a folder below it is made for each server. Only the user may read it.
    url
        The server's address.
    limit
        Bytes that all batches together may take.

    Raises
    ------
    SpoolError
        The folder cannot be made or written to.
    """

    def __init__(self, folder: Path | str, url: str, limit: int) -> None:
        from hashlib import blake2b

        self.folder = Path(folder) / blake2b(url.encode(), digest_size=8).hexdigest()
        self._limit = limit
        self._token = os.urandom(6).hex()
        self._last_ns = 0
        self._done: set[str] = set()
        self._lock: int | None = None
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / "server.txt").write_text(f"{url}\n", encoding="utf-8")
        except OSError as error:
            raise SpoolError(f"the spool {folder} cannot be written: {error}") from error

    def write(self, batch: Batch) -> None:
        """Put a batch on disk; it is there, whole, when this returns.

        Raises
        ------
        SpoolError
            There is no room, in the folder or on the disk.
        """
        data = _to_bytes(batch)
        self._last_ns = max(time.time_ns(), self._last_ns + 1)
        name = f"{self._last_ns:020d}-{self._token}-{batch.records}.batch"
        half = self.folder / f"{name}.half"
        try:
            self._check_room(len(data))
            with os.fdopen(os.open(half, _NEW, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            half.replace(self.folder / name)
        except OSError as error:
            with suppress(OSError):
                half.unlink()
            if isinstance(error, SpoolError):
                raise
            raise SpoolError(f"the spool {self.folder} cannot be written: {error}") from error

    def oldest(self) -> Spooled | None:
        """The batch that waits longest; None where there is none, or where another process sends.

        From the first batch on this process has the sole right to send, until `release`.

        Raises
        ------
        SpoolError
            The folder cannot be read.
        """
        try:
            names = {name for name, _ in self._files() if name.endswith(".batch")}
            self._done &= names
            names -= self._done
            if not names or not self._acquire():
                return None
        except OSError as error:
            raise SpoolError(f"the spool {self.folder} cannot be read: {error}") from error
        for name in sorted(names):
            # Another process may have sent it before the right was ours.
            if (path := self.folder / name).exists():
                return self._spooled(path)
        return None

    def read(self, spooled: Spooled) -> Batch | None:
        """The batch in a file; None where the file is damaged or gone."""
        try:
            return _from_bytes(spooled.path.read_bytes(), spooled.records)
        except OSError:
            return None

    def remove(self, spooled: Spooled) -> None:
        """Forget a batch: it has been sent, or cannot be."""
        self._done.add(spooled.path.name)
        with suppress(OSError):  # Where it cannot be removed it is at least not sent again.
            spooled.path.unlink()

    def sweep(self, now_s: float) -> int:
        """Remove what processes that died left half written; how many files that were.

        Parameters
        ----------
        now_s
            Seconds since 1970.
        """
        swept = 0
        for half in self.folder.glob("*.half"):
            try:
                if now_s - half.stat().st_mtime > _STALE_S:
                    half.unlink()
                    swept += 1
            except OSError:  # Its writer was quicker, or another process swept.
                continue
        return swept

    def release(self) -> None:
        """Let other processes send."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _acquire(self) -> bool:
        """Take the right to send; False where another process has it. The system frees it with us.

        After a fork the child closes its copy, which leaves the parent's right untouched.
        """
        if self._lock is not None:
            return True
        with _opening:
            file = os.open(self.folder / "sender.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _lock_file(file)
            except OSError:
                os.close(file)
                return False
            self._lock = file
        return True

    def _check_room(self, size: int) -> None:
        used = sum(taken for _, taken in self._files())
        if used + size > self._limit:
            raise SpoolError(f"the spool {self.folder} is full: {used} of {self._limit} bytes")

    def _files(self) -> list[tuple[str, int]]:
        """Names and sizes of the batches, whole or not; of what has just gone 0 bytes."""
        with os.scandir(self.folder) as entries:
            return [
                (entry.name, _size(entry))
                for entry in entries
                if entry.name.endswith((".batch", ".half"))
            ]

    def _spooled(self, path: Path) -> Spooled:
        """A file by its name; one that no client gave is held to have no records."""
        _, token, records = [*path.stem.split("-"), "", ""][:3]
        return Spooled(path, int(records) if records.isdigit() else 0, token == self._token)


_opening = threading.Lock()
"""Held while the right's file is opened and noted, and during a fork: a child has to know of it."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_opening.acquire,
        after_in_parent=_opening.release,
        after_in_child=_opening.release,
    )


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:  # Sent by another process since.
        return 0


def _lock_file(file: int) -> None:
    """Lock an open file for this process alone, without waiting."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _to_bytes(batch: Batch) -> bytes:
    """Mark, checksum, length of the head, head, body."""
    import zlib

    import msgspec

    head = msgspec.json.encode(batch[:5])
    rest = len(head).to_bytes(4, "big") + head + batch.body
    return _MAGIC + zlib.crc32(rest).to_bytes(4, "big") + rest


def _from_bytes(data: bytes, records: int) -> Batch | None:
    """The batch in a file; None where it is damaged."""
    import zlib

    import msgspec

    rest = data[len(_MAGIC) + 4 :]
    whole = data.startswith(_MAGIC) and len(data) > _HEAD and records > 0
    if not whole or zlib.crc32(rest).to_bytes(4, "big") != data[len(_MAGIC) : len(_MAGIC) + 4]:
        return None
    size = int.from_bytes(rest[:4], "big")
    head: Any = msgspec.json.decode(rest[4 : 4 + size])
    return Batch._make([*head, records, rest[4 + size :]])
