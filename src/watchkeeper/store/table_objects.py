"""Tables on object storage: an object is there as a whole once it was written, or not at all.

So nothing has to be synced and no commit can be torn. A commit is an object that is written only
where there is none of its name, and whoever comes second is told so. There are no folders to move
either: a model is removed under a mark, which is gone once all else is.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.fs as pafs

from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.store.object_store import files_below, object_url, storage_options, trouble_of
from watchkeeper.store.table_log import LogCommit, first_needed, parse_commit

if TYPE_CHECKING:
    from deltalake import DeltaTable

_LOG = "_delta_log"
_OWNER = "_owner"
"""A table without rows beside those of the models, whose name says whose tables these are."""

_REMOVED = "_removed"
"""A table without rows that stands in the folder of a model while that is being removed."""

_REQUESTS_AT_ONCE = 16

_REST_S = 5.0
"""How long a storage is left alone that did not answer."""


class ObjectRoot:
    """A URL below which all tables lie.

    Parameters
    ----------
    url
        As `s3://bucket/prefix`.
    trust_s
        See `Tables`.

    Raises
    ------
    InputError
        It is no such URL.
    """

    at_once = _REQUESTS_AT_ONCE

    def __init__(self, url: str, *, trust_s: float = 0.0) -> None:
        self._url = object_url(url)
        # The library else writes a page of warnings where a role is asked for and there is none.
        os.environ.setdefault("RUST_LOG", "warn,aws_config=off")
        self.options = storage_options()
        self.trust_s = trust_s
        self._signals: dict[str, tuple[float, set[str]]] = {}
        self._folders: tuple[float, list[str]] | None = None
        self._away: tuple[float, UnavailableError | None] = (0.0, None)
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return self._url

    @property
    def folder(self) -> Path:
        """There is none."""
        raise _no_folder(self._url)

    def claim(self, owner: str) -> None:
        """See `Tables.claim`."""
        from deltalake.exceptions import DeltaError

        with _told(self, self._url), _checked(self._url):
            try:
                self._mark(_OWNER, owner)
            except DeltaError:
                held = self._marked(_OWNER)
                if held is None:
                    raise
                if held != owner:
                    raise ConflictError(
                        f"{self._url} holds the tables of another server; name another prefix, or "
                        f"delete what is below {self._url}/{_OWNER} where that server is gone for "
                        "good"
                    ) from None

    def failed(self, url: str, why: str) -> UnavailableError:
        """Note that the storage did not answer; the error that says so."""
        trouble = trouble_of(why)
        error = UnavailableError(
            f"the tables in {url} cannot be reached ({trouble.why}); {trouble.advice}",
            retry_after=_REST_S,
        )
        self._away = time.monotonic() + _REST_S, error
        return error

    def check(self) -> None:
        """Ask nothing of a storage that did not answer a moment ago: each question takes long.

        Raises
        ------
        UnavailableError
            As then.
        """
        until, error = self._away
        if error is not None and time.monotonic() < until:
            raise UnavailableError(str(error), retry_after=_REST_S)

    def place(self, folder: str, signal: str) -> ObjectPlace:
        """See `Root.place`."""
        return ObjectPlace(self, folder, signal)

    def folders(self) -> list[str]:
        """See `Root.folders`."""
        with self._lock:
            held = self._folders
        if held is None or time.monotonic() - held[0] >= self.trust_s:
            with _told(self, self._url):
                self._reach()
                found = sorted(_children(self._files))
            held = time.monotonic(), [name for name in found if name != _OWNER]
            with self._lock:
                self._folders = held
        return held[1]

    def signals(self, folder: str) -> set[str]:
        """See `Root.signals`."""
        with self._lock:
            held = self._signals.get(folder)
        if held is None or time.monotonic() - held[0] >= self.trust_s:
            with _told(self, self._url):
                self._reach()
                found = _children(files_below(f"{self._url}/{folder}", self.options))
            held = time.monotonic(), set() if _REMOVED in found else found
            with self._lock:
                self._signals[folder] = held
        return held[1]

    def look_again(self) -> None:
        """Take nothing for granted: a table was made or removed."""
        with self._lock:
            self._signals.clear()
            self._folders = None

    def remove(self, folder: str) -> None:
        """See `Root.remove`."""
        from deltalake.exceptions import DeltaError

        files = files_below(f"{self._url}/{folder}", self.options)
        with _told(self, self._url):
            self._reach()
            if not _children(files):
                return
            with contextlib.suppress(DeltaError):  # A removal that was interrupted is finished.
                self._mark(f"{folder}/{_REMOVED}", folder)
            while found := [name for name in _names(files) if not name.startswith(f"{_REMOVED}/")]:
                _delete(files, found)
            _delete(files, _names(files))
        self.look_again()

    def size(self) -> int:
        """See `Root.size`."""
        with _told(self, self._url):
            self._reach()
            return sum(info.size or 0 for info in _infos(self._files, ""))

    def is_removed(self, folder: str) -> bool:
        """Whether the tables of a model are being removed, or their removal was interrupted."""
        self.check()
        found = self._files.get_file_info([f"{folder}/{_REMOVED}/{_entry(0)}"])[0]
        return bool(found.type != pafs.FileType.NotFound)

    def _reach(self) -> None:
        """Ask for something small before names are listed.

        The library lets no other thread run while it lists; a storage that is away must not stop
        all that a server does.
        """
        self._files.get_file_info([f"{_OWNER}/{_entry(0)}"])

    @cached_property
    def _files(self) -> pafs.FileSystem:
        return files_below(self._url, self.options)

    def _mark(self, name: str, text: str) -> None:
        """Make a table without rows, where there is none; the only object that can be first."""
        from deltalake import DeltaTable

        schema = pa.schema([pa.field("nothing", pa.string())])
        DeltaTable.create(f"{self._url}/{name}", schema, name=text, storage_options=self.options)

    def _marked(self, name: str) -> str | None:
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        with contextlib.suppress(TableNotFoundError):
            table = DeltaTable(f"{self._url}/{name}", storage_options=self.options)
            return str(table.metadata().name)
        return None


class ObjectPlace:
    """The URL below which the files of one table lie.

    Parameters
    ----------
    root
        Of all tables.
    folder
        The name of the model's folder.
    signal
        The signal.
    """

    def __init__(self, root: ObjectRoot, folder: str, signal: str) -> None:
        self._root = root
        self._folder = folder
        self._signal = signal
        self._url = f"{root}/{folder}/{signal}"
        self.trust_s = root.trust_s

    def __str__(self) -> str:
        return self._url

    @property
    def folder(self) -> Path:
        """There is none."""
        raise _no_folder(self._url)

    def failed(self, why: str) -> UnavailableError:
        """See `Place.failed`."""
        return self._root.failed(self._url, why)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """See `Place.reading`."""
        with _told(self._root, self._url):
            yield

    def system(self, sizes: Mapping[str, int]) -> pafs.FileSystem:
        """See `Place.system`."""
        return files_below(self._url, self._root.options, sizes)

    def file(self, path: str) -> PurePosixPath:
        """See `Place.file`."""
        return PurePosixPath(path)

    def is_made(self) -> bool:
        """See `Place.is_made`."""
        return not self._root.is_removed(self._folder)  # Whether there is one, `open` finds out.

    def open(self, version: int | None = None) -> DeltaTable:
        """See `Place.open`."""
        from deltalake import DeltaTable

        self._root.check()
        return DeltaTable(self._url, version=version, storage_options=self._root.options)

    def create(self, schema: pa.Schema, day: str, configuration: Mapping[str, str]) -> DeltaTable:
        """See `Place.create`."""
        from deltalake import DeltaTable
        from deltalake.exceptions import CommitFailedError, DeltaError

        if self._root.is_removed(self._folder):
            self._root.remove(self._folder)  # It was interrupted: there is a rest.
        try:
            made = DeltaTable.create(
                self._url,
                schema,
                partition_by=[day],
                configuration=dict(configuration),
                storage_options=self._root.options,
            )
        except DeltaError as error:
            if self.stamp(0) is not None:
                raise CommitFailedError("the table was made meanwhile") from error
            raise
        finally:
            self._root.look_again()
        return made

    def stamp(self, version: int) -> tuple[int, int] | None:
        """See `Place.stamp`."""
        self._root.check()
        found = self._files.get_file_info([_entry(version)])[0]
        if found.type == pafs.FileType.NotFound:
            return None
        return found.mtime_ns or 0, found.size or 0

    def read_commit(self, version: int) -> LogCommit | None:
        """See `Place.read_commit`."""
        try:
            with self._files.open_input_file(_entry(version)) as file:
                return parse_commit(version, file.read())
        except FileNotFoundError:
            return None

    def last_position(self) -> int:
        """See `Place.last_position`."""
        for version in sorted(self._log()[0], reverse=True):
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                commit = self.read_commit(version)
                if commit is not None and commit.position is not None:
                    return commit.position
        return 0

    def sync_commit(self, commit: LogCommit) -> None:
        """What was written is certain."""

    def sync_since(self, version: int) -> None:
        """What was written is certain."""

    def settle(self, since: int, released: int) -> int:  # noqa: ARG002  # nothing can be torn
        """No object is torn."""
        return 0

    def checkpoints(self) -> set[int]:
        """See `Place.checkpoints`."""
        return set(self._log()[1])

    def sync_checkpoint(self) -> None:
        """What was written is certain."""

    def clean_log(self, *, older_than: float, keep: int) -> int:
        """See `Place.clean_log`."""
        with _told(self._root, self._url):
            versions, found = self._log()
            written = {version: times[0][1] for version, times in found.items()}
            first = first_needed(versions, written, older_than=older_than, keep=keep)
            if first is None:
                return 0
            old = [_entry(version) for version in versions if version < first]
            old += [path for at, times in found.items() if at < first for path, _ in times]
            _delete(self._files, old)
        return len(old)

    def sweep(self, *, older_than: float) -> None:
        """Nothing is left that Delta's own cleaning does not find."""

    def drop_empty(self) -> None:
        """There are no folders."""

    def size(self) -> int:
        """See `Place.size`."""
        with _told(self._root, self._url):
            self._files.get_file_info([_entry(0)])  # See `ObjectRoot._reach`.
            return sum(info.size or 0 for info in _infos(self._files, ""))

    @cached_property
    def _files(self) -> pafs.FileSystem:
        return files_below(self._url, self._root.options)

    def _log(self) -> tuple[list[int], dict[int, list[tuple[str, float]]]]:
        """Versions, ascending; and of each checkpoint its files, each with when it was written."""
        versions: list[int] = []
        found: dict[int, list[tuple[str, float]]] = {}
        for info in _infos(self._files, _LOG, recursive=False):
            name = info.base_name
            if name[20:] == ".json":
                versions.append(int(name[:20]))
            elif ".checkpoint" in name and name.endswith(".parquet"):
                written = (info.mtime_ns or 0) / 1e9
                found.setdefault(int(name[:20]), []).append((info.path, written))
        return sorted(versions), found


def _entry(version: int) -> str:
    return f"{_LOG}/{version:020d}.json"


def _infos(files: pafs.FileSystem, below: str, *, recursive: bool = True) -> list[pafs.FileInfo]:
    found = files.get_file_info(pafs.FileSelector(below, allow_not_found=True, recursive=recursive))
    return [info for info in found if info.type == pafs.FileType.File]


def _names(files: pafs.FileSystem) -> list[str]:
    return [info.path for info in _infos(files, "")]


def _children(files: pafs.FileSystem) -> set[str]:
    """Names that other names begin with, up to the next slash."""
    found = files.get_file_info(pafs.FileSelector("", allow_not_found=True))
    return {info.base_name for info in found if info.type == pafs.FileType.Directory}


def _delete(files: pafs.FileSystem, names: list[str]) -> None:
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as several:
        list(several.map(files.delete_file, names))


@contextlib.contextmanager
def _told(root: ObjectRoot, url: str) -> Iterator[None]:
    """Errors of the storage as ours; a file that is gone passes as it is."""
    from deltalake.exceptions import DeltaError

    root.check()
    try:
        yield
    except FileNotFoundError:
        raise
    except (DeltaError, OSError) as error:
        # Without its cause: what the library says may hold what the storage echoed.
        raise root.failed(url, str(error)) from None


@contextlib.contextmanager
def _checked(url: str) -> Iterator[None]:
    """Errors that a person has to mend before a server can start, as such."""
    from deltalake.exceptions import DeltaError

    try:
        yield
    except (DeltaError, OSError) as error:
        trouble = trouble_of(str(error))
        if not trouble.lasting:
            raise
        raise InputError(
            f"the tables cannot be kept in {url}: {trouble.why}; {trouble.advice}"
        ) from None


def _no_folder(url: str) -> InputError:
    return InputError(f"the tables lie in {url} and in no folder of this machine")
