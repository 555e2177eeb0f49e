"""A copy of all that is stored, made while it is in use, and the way back.

What was acknowledged before a backup began is in it. What follows the tables is copied first, then
the journal, then the tables, then what describes the records. So nothing lies between the copies:
an entry that a table has already is recognised by its position, while one in neither would be lost;
and an entry of a model that the catalogue does not know could not be written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.store.disk import copy_durably, sync
from watchkeeper.store.journal import Journal, Limits
from watchkeeper.store.journal_file import copy_database
from watchkeeper.store.table_handle import Handle
from watchkeeper.store.table_local import LocalPlace
from watchkeeper.store.table_log import checkpoints, log_file, log_folder, log_versions
from watchkeeper.store.table_names import folder_of
from watchkeeper.store.tables import Tables

_MANIFEST = "backup.json"
_RESTORING = "restore.unfinished"
_FORMAT = 1
_TABLES = "tables"
_TRIES = 5


class _Format(msgspec.Struct):
    format: int


class CopiedTable(msgspec.Struct, frozen=True):
    """A table in a backup.

    Parameters
    ----------
    model
        The model's name; empty for changes of all models.
    signal
        The signal.
    version
        The version that was copied; -1: it had none yet.
    rows
        Rows in that version.
    bytes
        What its files take; 0 where they lie elsewhere and are not copied.
    """

    model: str
    signal: str
    version: int
    rows: int
    bytes: int


class Copied(msgspec.Struct, frozen=True):
    """What a backup holds; also its last file, without which it is not finished.

    Parameters
    ----------
    format
        The version of this structure.
    journal
        The name of the journal's file.
    files
        The bytes of each database, by its name.
    waiting
        Entries in the journal that wait for their tables.
    tables
        The tables.
    elsewhere
        Where the tables lie, if that is on object storage: the backup only names them.
    """

    format: int
    journal: str
    files: dict[str, int]
    waiting: int
    tables: tuple[CopiedTable, ...]
    elsewhere: str | None = None

    @property
    def bytes(self) -> int:
        """What all of it takes."""
        return sum(self.files.values()) + sum(table.bytes for table in self.tables)


def back_up(
    journal: Journal,
    tables: Tables,
    target: Path,
    *,
    databases: Sequence[Path] = (),
    describing: Sequence[Path] = (),
    written: Mapping[str, Callable[[Path], object]] | None = None,
) -> Copied:
    """Copy the journal, the tables and other SQLite files while they are in use.

    Parameters
    ----------
    journal
        The journal.
    tables
        The tables; they are found in the folder `tables` of the copy. Those on object storage
        stay there: the copy says at which version each was.
    target
        A folder that is empty or not there.
    databases
        Further SQLite files, copied first: what follows the tables must not be ahead of them.
    describing
        SQLite files that are copied last: what says how records are read must know all of them.
    written
        Files of the same use that do not lie in the folder: who writes each, by its name.

    Returns
    -------
    Copied
        What there is in the copy.

    Raises
    ------
    ConflictError
        The target holds something.
    UnavailableError
        There is no room, or a table could not be copied.
    """
    _must_be_empty(target, "back up into")
    written = written or {}
    names = [path.name for path in (*databases, journal.path, *describing)]
    files = [target / name for name in (*names, *written)]
    try:
        target.mkdir(parents=True, exist_ok=True)
        for database in databases:
            copy_database(database, target / database.name)
        journal.back_up(target / journal.path.name)
        copies = _copy_tables(tables, target / _TABLES)
        for database in describing:
            copy_database(database, target / database.name)
        for name, write in written.items():
            write(target / name)
        copied = Tables(target / _TABLES) if tables.elsewhere is None else tables
        waiting = _go_on_after(target / journal.path.name, copied.highest())
        for file in files:
            sync(file)
        sizes = {file.name: file.stat().st_size for file in files}
        done = Copied(_FORMAT, journal.path.name, sizes, waiting, tuple(copies), tables.elsewhere)
        _write(target / _MANIFEST, msgspec.json.format(msgspec.json.encode(done)))
    except OSError as error:
        raise UnavailableError(
            f"the backup into {target} failed ({error}); make room, empty the folder, try again"
        ) from error
    return done


def restore(source: Path, folder: Path) -> Copied:
    """Copy a backup to where a server may run on it.

    Parameters
    ----------
    source
        A folder that `back_up` finished.
    folder
        A folder that is empty or not there.

    Returns
    -------
    Copied
        What was restored.

    Raises
    ------
    ConflictError
        The folder holds something.
    InputError
        The source is no backup, one that was not finished, or not all of one.
    UnavailableError
        There is no room.
    """
    _must_be_empty(folder, "restore into")
    copied = _read_manifest(source)
    _check_whole(source, copied)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / _RESTORING, b"")
        for path in sorted(source.rglob("*")):
            place = folder / path.relative_to(source)
            if path.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif path.name != _MANIFEST:
                copy_durably(path, place)
        for place in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            sync(place)
        if copied.elsewhere is None:  # Else the server asks the storage, when it starts.
            # A copy of files by hand may have mixed two backups.
            _go_on_after(folder / copied.journal, Tables(folder / _TABLES).highest())
        (folder / _RESTORING).unlink()
        sync(folder)
    except OSError as error:
        raise UnavailableError(
            f"restoring into {folder} failed ({error}); make room, empty the folder, try again"
        ) from error
    return copied


def check_restored(folder: Path) -> None:
    """Refuse a folder that a backup was not wholly restored into.

    Parameters
    ----------
    folder
        Of a server; it need not be there.

    Raises
    ------
    ConflictError
        Restoring was interrupted.
    """
    if (folder / _RESTORING).exists():
        raise ConflictError(
            f"restoring a backup into {folder} was interrupted; empty the folder and restore again"
        )


def _must_be_empty(folder: Path, verb: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(
            f"cannot {verb} {folder}: something is there already; name an empty folder or a new one"
        )


def _read_manifest(source: Path) -> Copied:
    try:
        content = (source / _MANIFEST).read_bytes()
        if msgspec.json.decode(content, type=_Format).format != _FORMAT:
            raise InputError(f"{source} is a backup of another version; restore it with that one")
        return msgspec.json.decode(content, type=Copied)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            f"{source} is not a finished backup ({error}); name the folder that a backup was "
            "written into"
        ) from error


def _check_whole(source: Path, copied: Copied) -> None:
    """Notice a backup that was copied elsewhere and did not get there as a whole."""
    sizes = dict(copied.files)
    for table in copied.tables if copied.elsewhere is None else ():
        sizes[f"{_TABLES}/{folder_of(table.model)}/{table.signal}"] = table.bytes
    for name, size in sizes.items():
        held = _size(source / name)
        if held != size:
            raise InputError(
                f"the backup {source} is not as it was made: {name} has {held} bytes and had "
                f"{size}; copy all of it again, or take another backup"
            )


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is neither."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def _go_on_after(journal: Path, position: int) -> int:
    """Let a copied journal begin after what the copied tables know; what waits in it."""
    copy = Journal(journal, limits=Limits(min_free=0))
    try:
        copy.advance(position)
        return copy.backlog().entries
    finally:
        copy.close()


def _copy_tables(tables: Tables, target: Path) -> list[CopiedTable]:
    if tables.elsewhere is None:
        target.mkdir()
        names = tables.names()
        return [_copy_table(name, tables.handle(*name), tables.root, target) for name in names]
    copies = []
    for model, signal in tables.names():
        snapshot = tables.handle(model, signal).snapshot()
        if snapshot is not None:
            rows = sum(file.rows for file in snapshot.files)
            copies.append(CopiedTable(model, signal.value, snapshot.version, rows, 0))
    return copies


def _copy_table(name: tuple[str, str], handle: Handle, root: Path, target: Path) -> CopiedTable:
    """Copy a table at one version, again where its log was cleaned meanwhile."""
    failure: Exception | None = None
    for _ in range(_TRIES):
        place = target / handle.folder.relative_to(root)
        try:
            version, rows = _copy_version(handle, place)
        except FileNotFoundError as error:
            failure = error
            shutil.rmtree(place, ignore_errors=True)
        else:
            model, signal = name
            return CopiedTable(model, str(signal), version, rows, _size(place))
    raise UnavailableError(f"{handle.folder} could not be copied ({failure}); try again")


def _copy_version(handle: Handle, place: Path) -> tuple[int, int]:
    """Copy the newest version of a table; its number, and its rows."""
    handle.checkpoint()
    snapshot = handle.snapshot()
    if snapshot is None:
        return -1, 0
    for file in snapshot.files:
        copy_durably(Path(file.path), place / file.path.relative_to(handle.folder))
    folder = log_folder(place)
    folder.mkdir(parents=True, exist_ok=True)
    whole = [version for version in checkpoints(handle.folder) if version <= snapshot.version]
    first = max(whole, default=0)
    for path in checkpoints(handle.folder).get(first, []):
        copy_durably(path, folder / path.name)
    for version in log_versions(handle.folder):
        if version <= snapshot.version:
            copy_durably(log_file(handle.folder, version), log_file(place, version))
    copied = Handle(LocalPlace(place, place), handle.signal, history=handle.history).snapshot()
    if copied is None or copied.version != snapshot.version:
        raise FileNotFoundError(f"{place} is not whole")
    for path in (place, *(path for path in place.rglob("*") if path.is_dir())):
        sync(path)
    return snapshot.version, sum(file.rows for file in snapshot.files)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    sync(path)
    sync(path.parent)
