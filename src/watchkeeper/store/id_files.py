"""Sorted sets of hashed ids by day, in small files that are only ever replaced as a whole.

A day has a few files, each twice as large as the next or more; a new one swallows those that are
not. The name says which additions a file holds: where a crash leaves a file beside one that holds
all of it, the smaller range is passed over. The name also holds a checksum, so that one name never
stands for two contents and a file that is open in another process stays true.
"""

from __future__ import annotations

import os
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Container, Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchkeeper.core.errors import ProfileError

Hashes: TypeAlias = NDArray[np.uint64]
HoursOfDay: TypeAlias = NDArray[np.uint8]
Set: TypeAlias = tuple[Hashes, HoursOfDay]
"""Hashes in ascending order, each once, and the hour of the day of each."""

_MAGIC = b"wk-ids 1"
_HEAD = 16
_EPOCH = date(1970, 1, 1).toordinal()
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d+)-(\d+)\.[0-9a-f]{8}\.ids")


class Piece(NamedTuple):
    """A file: the day it is of (since 1970), and the first and last addition in it."""

    day: int
    first: int
    last: int
    path: Path


class OpenDays:
    """The days that were read last, mapped into memory; threads share it.

    Files that were replaced are let go at the next look at their day, so that their room on the
    disk is free again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[Path, int], dict[Path, Set]] = OrderedDict()

    def get(self, folder: Path, day: int, pieces: list[Piece]) -> list[Set]:
        """What the files of a day hold; `FileNotFoundError` where one was replaced meanwhile."""
        with self._lock:
            before = self._held.get((folder, day), {})
        held = {piece.path: before.get(piece.path) or _map(piece.path) for piece in pieces}
        with self._lock:
            self._held[folder, day] = held
            self._held.move_to_end((folder, day))
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return list(held.values())

    def retain(self, folder: Path, days: Container[int]) -> None:
        """Let go of the days of a folder that are not among these."""
        with self._lock:
            for key in [key for key in self._held if key[0] == folder and key[1] not in days]:
                del self._held[key]


def pieces_of(folder: Path) -> dict[int, list[Piece]]:
    """The files of each day, the oldest additions first; none where there is no folder."""
    found: dict[int, list[Piece]] = {}
    for name in _names(folder):
        parts = _NAME.fullmatch(name)
        if parts:
            day = date.fromisoformat(parts[1]).toordinal() - _EPOCH
            piece = Piece(day, int(parts[2]), int(parts[3]), folder / name)
            found.setdefault(day, []).append(piece)
    return {day: _outermost(pieces) for day, pieces in found.items()}


def tidy(folder: Path) -> None:
    """Delete what a crash has left: unfinished files, and those that lie in another."""
    kept = {piece.path.name for pieces in pieces_of(folder).values() for piece in pieces}
    for name in _names(folder):
        if name.endswith(".part") or (_NAME.fullmatch(name) and name not in kept):
            (folder / name).unlink()


def size_of(piece: Piece) -> int:
    """How many hashes a file holds, from its length."""
    return (piece.path.stat().st_size - _HEAD) // 9


def write_piece(folder: Path, day: int, content: Set, numbers: tuple[int, int]) -> Piece:
    """Write a file so that it is there whole or not at all, even after a power failure.

    The folder itself is not synchronized yet: see `sync_folder`.
    """
    hashes, hours = content
    body = hashes.astype("<u8", copy=False).tobytes() + hours.tobytes()
    data = _MAGIC + len(hashes).to_bytes(8, "little") + body
    day_name = date.fromordinal(day + _EPOCH).isoformat()
    path = folder / f"{day_name}.{numbers[0]}-{numbers[1]}.{zlib.crc32(body):08x}.ids"
    part = path.with_suffix(".part")
    folder.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return Piece(day, *numbers, path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe from a power failure."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):  # Windows opens no folders.
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def united(parts: Iterable[Set]) -> Set:
    """The union of sets, in any order; the latest hour of a hash that several hold."""
    held = list(parts)
    hashes = np.concatenate([part[0] for part in held])
    hours = np.concatenate([part[1] for part in held])
    if hashes.size == 0:
        return hashes, hours
    # Stable: NumPy then merges runs that are in order already.
    order = np.argsort(hashes, kind="stable")
    hashes, hours = hashes[order], hours[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    return hashes[starts], np.maximum.reduceat(hours, starts)


def looked_up(content: Set, wanted: Hashes) -> NDArray[np.int64]:
    """The hour of the day of each hash, -1 where the set has it not."""
    hashes, hours = content
    if hashes.size == 0:
        return np.full(wanted.size, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(hashes, wanted), hashes.size - 1)
    return np.where(hashes[at] == wanted, hours[at].astype(np.int64), -1)


def _names(folder: Path) -> list[str]:
    try:
        # Not `iterdir`: it makes a path of each name, which costs more than reading the folder.
        return os.listdir(folder)  # noqa: PTH208
    except FileNotFoundError:
        return []


def _outermost(pieces: list[Piece]) -> list[Piece]:
    """The files that are in no other, by their first addition."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda held: (held.first, -held.last)):
        if not kept or piece.last > kept[-1].last:
            kept.append(piece)
    return kept


def _map(path: Path) -> Set:
    size = path.stat().st_size
    data = np.memmap(path, dtype=np.uint8, mode="r") if size else np.empty(0, np.uint8)
    count = int.from_bytes(data[8:_HEAD].tobytes(), "little")
    if data[:8].tobytes() != _MAGIC or size != _HEAD + 9 * count:
        raise ProfileError(
            f"{path} is damaged; stop the server and delete the folder {path.parent.parent}: it is "
            "built again from the tables"
        )
    # Plain arrays over the map: its subclass costs more than a look-up.
    plain = np.asarray(data)
    middle = _HEAD + 8 * count
    return plain[_HEAD:middle].view("<u8"), plain[middle:]
