"""Where the predictions of ids lie in time, and which labels came before their prediction.

A label names a prediction by its id alone. To know which hour it changes, the index holds the hour
of every prediction: a 64-bit hash and a byte each, sorted, in files of one UTC day. Two ids share
a hash with a chance of about n² / 2⁶⁵: once in 370,000 for ten million; then a label would mark
the wrong hour. Everything here follows from the tables, so a folder can be lost and built again.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias, TypeVar
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.core.errors import InputError
from watchkeeper.profiles.hashes import hash_rows
from watchkeeper.store.id_files import (
    Hashes,
    OpenDays,
    looked_up,
    pieces_of,
    size_of,
    sync_folder,
    tidy,
    united,
    write_piece,
)

Ids: TypeAlias = "pa.Array | pa.ChunkedArray"
Hours: TypeAlias = NDArray[np.int64]
T = TypeVar("T")

_DAY_HOURS = 24
_CHUNK = 1 << 16
_OPEN_DAYS = 512


class IdIndex:
    """The ids of every model, one folder each.

    One process writes, others may read. What a call has written is safe when it returns, also from
    a power failure; adding the same ids again changes nothing.

    Parameters
    ----------
    folder
        Made when something is written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     index = IdIndex(Path(folder))
    ...     index.add("m", pa.array(["a", "b"]), np.array([480_000, 480_030]))
    ...     index.find("m", pa.array(["b", "c"])).tolist()
    [480030, -1]
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = OpenDays(_OPEN_DAYS)
        self._writing = threading.Lock()
        self._tidied: set[Path] = set()

    def add(self, model: str, ids: Ids, hours: Hours) -> None:
        """Note the hours of predictions.

        Parameters
        ----------
        model
            The model's name.
        ids
            Texts; a null is passed over.
        hours
            The hour of each, counted from 1970 in UTC, shape (ids,).
        """
        hashes, valid = hashed(ids)
        self._put(self._of(model, "known"), hashes[valid], np.asarray(hours, np.int64)[valid])

    def find(self, model: str, ids: Ids) -> Hours:
        """The hour of each id's prediction, the latest where there are several; -1: not known."""
        return self._find(self._of(model, "known"), *hashed(ids))

    def wait(self, model: str, ids: Ids, hour: int) -> None:
        """Note labels whose prediction is not known yet.

        Parameters
        ----------
        model, ids
            The predictions that the labels name.
        hour
            When the labels came, counted from 1970: `drop_before` goes by it.
        """
        folder = self._of(model, "waiting")
        hashes, valid = hashed(ids)
        new = valid & (self._find(folder, hashes, valid) < 0)
        self._put(folder, hashes[new], np.full(int(new.sum()), hour, dtype=np.int64))

    def arrived(self, model: str, ids: Ids) -> NDArray[np.bool_]:
        """For each prediction, whether a label waits for it."""
        folder = self._of(model, "waiting")
        if not pieces_of(folder):
            return np.zeros(len(ids), dtype=np.bool_)
        return np.asarray(self._find(folder, *hashed(ids)) >= 0)

    def settle(self, model: str, ids: Ids) -> None:
        """Labels for these predictions wait no longer: call it once they are folded in."""
        folder = self._of(model, "waiting")
        hashes, valid = hashed(ids)
        done = np.unique(hashes[valid])
        with self._writing:
            self._tidy(folder)
            for day, pieces in pieces_of(folder).items():
                held, hours = united(self._open.get(folder, day, pieces))
                left = ~np.isin(held, done)
                if left.all():
                    continue
                if left.any():
                    numbers = pieces[0].first, pieces[-1].last + 1
                    write_piece(folder, day, (held[left], hours[left]), numbers)
                    sync_folder(folder)
                for piece in pieces:
                    piece.path.unlink()

    def waiting(self, model: str) -> int:
        """How many ids have a label and no prediction."""
        folder = self._of(model, "waiting")
        return _again(
            lambda: sum(size_of(piece) for pieces in pieces_of(folder).values() for piece in pieces)
        )

    def drop_before(self, model: str, day: int) -> None:
        """Forget the predictions before a day (since 1970), and the labels that came before it."""
        with self._writing:
            for kind in ("known", "waiting"):
                self._tidy(self._of(model, kind))
                for at, pieces in pieces_of(self._of(model, kind)).items():
                    if at < day:
                        for piece in pieces:
                            piece.path.unlink()

    def holds(self, model: str) -> bool:
        """Whether anything is noted of a model: a folder that was lost holds nothing."""
        return any(pieces_of(self._of(model, kind)) for kind in ("known", "waiting"))

    def remove(self, model: str) -> None:
        """Forget all ids of a model."""
        with self._writing:
            shutil.rmtree(self._of(model, "known").parent, ignore_errors=True)

    def _of(self, model: str, kind: str) -> Path:
        name = quote(model, safe="")
        if not name:
            raise InputError("ids belong to a model; the name of the model is empty")
        # A dot in front would hide the folder or leave this one.
        name = f"%2E{name[1:]}" if name.startswith(".") else name
        return self._folder / name / kind

    def _put(self, folder: Path, hashes: Hashes, hours: Hours) -> None:
        days = hours // _DAY_HOURS
        spare = []
        if hashes.size == 0:
            return
        with self._writing:
            self._tidy(folder)
            held = pieces_of(folder)
            for day in np.unique(days).tolist():
                of_day = days == day
                within = (hours[of_day] - day * _DAY_HOURS).astype(np.uint8)
                content = united([(hashes[of_day], within)])
                pieces = held.get(day, [])
                number = pieces[-1].last + 1 if pieces else 1
                first = number
                while pieces and size_of(pieces[-1]) <= 2 * content[0].size:
                    swallowed = pieces.pop()
                    first = swallowed.first
                    spare.append(swallowed)
                    content = united([*self._open.get(folder, day, [swallowed]), content])
                write_piece(folder, day, content, (first, number))
            sync_folder(folder)
            for piece in spare:
                piece.path.unlink()

    def _find(self, folder: Path, hashes: Hashes, valid: NDArray[np.bool_]) -> Hours:
        return _again(lambda: self._search(folder, hashes, valid))

    def _search(self, folder: Path, hashes: Hashes, valid: NDArray[np.bool_]) -> Hours:
        hours = np.full(hashes.size, -1, dtype=np.int64)
        # In order, so that a search goes through a file once.
        left = np.flatnonzero(valid)
        left = left[np.argsort(hashes[left])]
        days = pieces_of(folder)
        self._open.retain(folder, days)
        for day, pieces in sorted(days.items(), reverse=True):
            if left.size == 0:
                break
            wanted = hashes[left]
            within = np.full(left.size, -1, dtype=np.int64)
            for content in self._open.get(folder, day, pieces):
                within = np.maximum(within, looked_up(content, wanted))
            found = within >= 0
            hours[left[found]] = day * _DAY_HOURS + within[found]
            left = left[~found]
        return hours

    def _tidy(self, folder: Path) -> None:
        """Clear up after a crash, before the first write to a folder."""
        if folder not in self._tidied:
            tidy(folder)
            self._tidied.add(folder)


def _again(ask: Callable[[], T]) -> T:
    """An answer from files that the other process may replace by larger ones meanwhile."""
    while True:
        try:
            return ask()
        except FileNotFoundError:
            continue


def hashed(ids: Ids) -> tuple[Hashes, NDArray[np.bool_]]:
    """The hash of each id, and which of them are there; the same on every machine and version.

    Examples
    --------
    >>> hashes, valid = hashed(pa.array(["a", None, "a"]))
    >>> bool(hashes[0] == hashes[2]), valid.tolist()
    (True, [True, False, True])
    """
    chunks = ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]
    hashes = [np.empty(0, dtype=np.uint64)]
    valid = [np.empty(0, dtype=np.bool_)]
    for chunk in chunks:
        for start in range(0, len(chunk), _CHUNK):
            piece = chunk.slice(start, _CHUNK)
            text = piece if pa.types.is_string(piece.type) else piece.cast(pa.string())
            hashes.append(hash_rows(pa.record_batch({"id": text}), ["id"]))
            valid.append(text.is_valid().to_numpy(zero_copy_only=False))
    return np.concatenate(hashes), np.concatenate(valid)
