"""A copy of all that is stored, made while it is in use, and the way back.

What was acknowledged before a backup began is in it. The journal is copied before the tables: an
entry that a table has already is recognised by its position, while one in neither would be lost.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from watchkeeper.core.errors import ConflictError, InputError, UnavailableError
from watchkeeper.store.disk import copy_durably, sync
from watchkeeper.store.journal import Journal, Limits
from watchkeeper.store.journal_file import copy_database
from watchkeeper.store.table_handle import Handle
from watchkeeper.store.table_log import checkpoints, log_file, log_folder, log_versions
from watchkeeper.store.tables import Tables

_MANIFEST = "backup.json"
_FORMAT = 1
_TABLES = "tables"
_TRIES = 5


def back_up(
    journal: Journal, tables: Tables, target: Path, *, databases: Sequence[Path] = ()
) -> None:
    """Copy the journal, the tables and other SQLite files while they are in use.

    Parameters
    ----------
    journal
        The journal.
    tables
        The tables; they are found in the folder `tables` of the copy.
    target
        A folder that is empty or not there.
    databases
        Further SQLite files, copied first: what follows the tables must not be ahead of them.

    Raises
    ------
    ConflictError
        The target holds something.
    UnavailableError
        There is no room, or a table could not be copied.
    """
    _must_be_empty(target, "back up into")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for database in databases:
            copy_database(database, target / database.name)
        journal.back_up(target / journal.path.name)
        (target / _TABLES).mkdir()
        versions = {
            f"{model}/{signal.value}": _copy_table(
                tables.handle(model, signal), tables.root, target / _TABLES
            )
            for model, signal in tables.names()
        }
        _go_on_after(target / journal.path.name, Tables(target / _TABLES).highest())
        manifest = {"format": _FORMAT, "journal": journal.path.name, "tables": versions}
        _write(target / _MANIFEST, json.dumps(manifest, indent=2))
    except OSError as error:
        raise UnavailableError(
            f"the backup into {target} failed ({error}); make room, empty the folder, try again"
        ) from error


def restore(source: Path, folder: Path) -> None:
    """Copy a backup to where a server may run on it.

    Parameters
    ----------
    source
        A folder that `back_up` finished.
    folder
        A folder that is empty or not there.

    Raises
    ------
    ConflictError
        The folder holds something.
    InputError
        The source is no backup, or one that was not finished.
    UnavailableError
        There is no room.
    """
    _must_be_empty(folder, "restore into")
    manifest = _read_manifest(source)
    try:
        for path in sorted(source.rglob("*")):
            place = folder / path.relative_to(source)
            if path.is_dir():
                place.mkdir(parents=True, exist_ok=True)
            elif path.name != _MANIFEST:
                copy_durably(path, place)
        for place in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            sync(place)
    except OSError as error:
        raise UnavailableError(
            f"restoring into {folder} failed ({error}); make room, empty the folder, try again"
        ) from error
    # A copy of files by hand may have mixed two backups.
    _go_on_after(folder / str(manifest["journal"]), Tables(folder / _TABLES).highest())


def _must_be_empty(folder: Path, verb: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(
            f"cannot {verb} {folder}: something is there already; name an empty folder or a new one"
        )


def _read_manifest(source: Path) -> dict[str, object]:
    try:
        manifest = json.loads((source / _MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{source} is not a finished backup ({error}); name the folder that a backup was "
            "written into"
        ) from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise InputError(f"{source} is a backup of another version; restore it with that one")
    return manifest


def _go_on_after(journal: Path, position: int) -> None:
    """Let a copied journal begin after what the copied tables know."""
    copy = Journal(journal, limits=Limits(min_free=0))
    try:
        copy.advance(position)
    finally:
        copy.close()


def _copy_table(handle: Handle, root: Path, target: Path) -> int:
    """Copy a table at one version, again where its log was cleaned meanwhile."""
    failure: Exception | None = None
    for _ in range(_TRIES):
        place = target / handle.folder.relative_to(root)
        try:
            return _copy_version(handle, place)
        except FileNotFoundError as error:
            failure = error
            shutil.rmtree(place, ignore_errors=True)
    raise UnavailableError(f"{handle.folder} could not be copied ({failure}); try again")


def _copy_version(handle: Handle, place: Path) -> int:
    handle.checkpoint()
    snapshot = handle.snapshot()
    if snapshot is None:
        return -1
    for file in snapshot.files:
        copy_durably(file.path, place / file.path.relative_to(handle.folder))
    folder = log_folder(place)
    folder.mkdir(parents=True, exist_ok=True)
    whole = [version for version in checkpoints(handle.folder) if version <= snapshot.version]
    first = max(whole, default=0)
    for path in checkpoints(handle.folder).get(first, []):
        copy_durably(path, folder / path.name)
    for version in log_versions(handle.folder):
        if version <= snapshot.version:
            copy_durably(log_file(handle.folder, version), log_file(place, version))
    copied = Handle(place, handle.signal, top=place, history=handle.history).snapshot()
    if copied is None or copied.version != snapshot.version:
        raise FileNotFoundError(f"{place} is not whole")
    for path in (place, *(path for path in place.rglob("*") if path.is_dir())):
        sync(path)
    return snapshot.version


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    sync(path)
    sync(path.parent)
