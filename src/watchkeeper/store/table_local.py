"""Tables in a folder of this machine: files are synced before anything relies on them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs

from watchkeeper.core.envelope import DAY, Signal
from watchkeeper.core.errors import InputError, UnavailableError
from watchkeeper.store import table_log
from watchkeeper.store.disk import sync, sync_files
from watchkeeper.store.table_log import LogCommit, log_file, log_folder, log_versions

if TYPE_CHECKING:
    from deltalake import DeltaTable

_STAGED = re.compile(r".*#\d+")
"""What a writer that was killed leaves: the library hides such files from its own cleaning."""


class LocalRoot:
    """The folder of all tables.

    Parameters
    ----------
    folder
        Made where it is missing.

    Raises
    ------
    InputError
        Its name has an escape such as `%20`, which Delta's library reads as another name.
    """

    at_once = 1

    def __init__(self, folder: Path) -> None:
        folder = folder.absolute()
        if unquote(str(folder)) != str(folder):
            raise InputError(
                f"the folder {folder} has a '%' escape in its name; choose another name"
            )
        folder.mkdir(parents=True, exist_ok=True)
        sync(folder.parent)
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def claim(self, owner: str) -> None:
        """Whose folder it is needs no telling."""

    def place(self, folder: str, signal: str) -> LocalPlace:
        """See `Root.place`."""
        return LocalPlace(self.folder / folder / signal, self.folder)

    def folders(self) -> list[str]:
        """See `Root.folders`."""
        names = sorted(path.name for path in self.folder.iterdir() if path.is_dir())
        return [name for name in names if not name.startswith(".")]

    def signals(self, folder: str) -> Collection[str]:
        """See `Root.signals`."""
        there = self.folder / folder
        return {signal for signal in Signal if log_folder(there / signal.value).is_dir()}

    def remove(self, folder: str) -> None:
        """See `Root.remove`."""
        there = self.folder / folder
        if not there.is_dir():
            return
        gone = there.with_name(f".removed-{folder}")
        shutil.rmtree(gone, ignore_errors=True)
        there.replace(gone)  # From here on nobody finds a half of it.
        shutil.rmtree(gone, ignore_errors=True)

    def size(self) -> int:
        """See `Root.size`."""
        return _size(self.folder)


class LocalPlace:
    """The folder of one table.

    Parameters
    ----------
    folder
        It need not be there.
    top
        The folder up to which names are synced.
    """

    trust_s = 0.0

    def __init__(self, folder: Path, top: Path) -> None:
        self.folder = folder
        self._top = top

    def __str__(self) -> str:
        return str(self.folder)

    def failed(self, why: str) -> UnavailableError:
        """See `Place.failed`."""
        return UnavailableError(
            f"the table {self.folder} cannot be used ({why.partition(chr(10))[0]}); make room on "
            "the disk, or restore the table from a backup",
            retry_after=5,
        )

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """See `Place.reading`."""
        return contextlib.nullcontext()

    def system(self, sizes: Mapping[str, int]) -> pafs.FileSystem:  # noqa: ARG002  # it can ask
        """See `Place.system`."""
        return pafs.LocalFileSystem()

    def file(self, path: str) -> Path:
        """See `Place.file`."""
        return self.folder / path

    def is_made(self) -> bool:
        """See `Place.is_made`."""
        return log_folder(self.folder).is_dir()

    def open(self, version: int | None = None) -> DeltaTable:
        """See `Place.open`."""
        from deltalake import DeltaTable

        return DeltaTable(str(self.folder), version=version)

    def create(self, schema: pa.Schema, day: str, configuration: Mapping[str, str]) -> DeltaTable:
        """See `Place.create`.

        Delta notices two that append at once but not two that make, so it is made elsewhere and
        moved into its place, where only one can be first.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import CommitFailedError

        parent = self.folder.parent
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=parent) as draft:
            place = Path(draft) / self.folder.name
            DeltaTable.create(
                str(place), schema, partition_by=[day], configuration=dict(configuration)
            )
            sync_files([log_file(place, 0)], parent)
            try:
                place.rename(self.folder)
            except OSError as error:
                if log_file(self.folder, 0).exists():
                    raise CommitFailedError("the table was made meanwhile") from error
                raise
        sync_files([log_file(self.folder, 0)], self._top)
        return DeltaTable(str(self.folder))

    def stamp(self, version: int) -> tuple[int, int] | None:
        """See `Place.stamp`."""
        try:
            found = log_file(self.folder, version).stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def read_commit(self, version: int) -> LogCommit | None:
        """See `Place.read_commit`."""
        return table_log.read_commit(self.folder, version)

    def last_position(self) -> int:
        """See `Place.last_position`."""
        return table_log.last_position(self.folder)

    def sync_commit(self, commit: LogCommit) -> None:
        """See `Place.sync_commit`."""
        table_log.sync_commit(self.folder, commit, top=self._top)

    def sync_since(self, version: int) -> None:
        """See `Place.sync_since`."""
        for later in log_versions(self.folder):
            commit = self.read_commit(later) if later > version else None
            if commit is not None:
                self.sync_commit(commit)

    def settle(self, since: int, released: int) -> int:
        """See `table_log.settle`."""
        return table_log.settle(self.folder, since, top=self._top, released=released)

    def checkpoints(self) -> Collection[int]:
        """See `Place.checkpoints`."""
        return table_log.checkpoints(self.folder)

    def sync_checkpoint(self) -> None:
        """See `Place.sync_checkpoint`."""
        table_log.sync_checkpoint(self.folder)

    def clean_log(self, *, older_than: float, keep: int) -> int:
        """See `table_log.clean_log`."""
        return table_log.clean_log(self.folder, older_than=older_than, keep=keep)

    def sweep(self, *, older_than: float) -> None:
        """See `Place.sweep`."""
        for path in self.folder.rglob("*#*"):
            staged = path.is_file() and _STAGED.fullmatch(path.name)
            if staged and path.stat().st_mtime < older_than:
                path.unlink(missing_ok=True)

    def drop_empty(self) -> None:
        """See `Place.drop_empty`."""
        for folder in self.folder.glob(f"{DAY}=*"):
            with contextlib.suppress(OSError):  # Only an empty folder goes.
                folder.rmdir()

    def size(self) -> int:
        """See `Place.size`."""
        return _size(self.folder)


def _size(folder: Path) -> int:
    """Bytes of a folder; what goes meanwhile does not count."""
    return sum(_of(Path(at) / name) for at, _, names in os.walk(folder) for name in names)


def _of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
