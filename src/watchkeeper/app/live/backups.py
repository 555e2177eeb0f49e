"""A server's folder, copied while it is in use, and put back.

The index of ids is not copied: the worker makes it again from the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from watchkeeper.app.live.catalogue_place import check_catalogue, note_catalogue
from watchkeeper.app.live.folder import check_folder
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.live.tables_place import copy_note
from watchkeeper.core.errors import InputError
from watchkeeper.store.backup import Copied, back_up, restore
from watchkeeper.store.catalogue.copying import check_empty, copy_catalogue
from watchkeeper.store.journal import Journal, Limits
from watchkeeper.store.tables import Tables


def back_up_folder(folder: Path, target: Path, *, catalogue: str | None = None) -> Copied:
    """Copy all that a server keeps; it may run meanwhile.

    Parameters
    ----------
    folder
        Of a server.
    target
        A folder that is empty or not there, outside of the other.
    catalogue
        The database of the catalogue, which the copy then holds as a file; None where it is one.

    Returns
    -------
    Copied
        What there is in the copy: all that was acknowledged before this began.

    Raises
    ------
    InputError
        It is no folder of a server, or the target lies in it.
    ConflictError
        The target holds something.
    UnavailableError
        There is no room, or something could not be read.
    """
    settings = Settings(folder, catalogue_url=catalogue)
    check_folder(settings)
    if target.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{target} lies in the folder that is to be backed up; name one outside of it, best on "
            "another disk"
        )
    # Halves before the journal: one that is forgotten in between has its prediction there.
    derived = [path for path in (settings.buckets, settings.halves) if path.is_file()]
    written: dict[str, Callable[[Path], object]] = {}
    if catalogue:
        written[settings.catalogue_file.name] = partial(copy_catalogue, catalogue)
    if settings.tables_note.is_file():
        written[settings.tables_note.name] = partial(copy_note, settings)
    journal = Journal(settings.journal, limits=Limits(min_free=0))
    try:
        return back_up(
            journal,
            Tables(settings.tables),
            target,
            databases=derived,
            describing=[] if catalogue else [settings.catalogue_file],
            written=written,
        )
    finally:
        journal.close()


def restore_folder(source: Path, folder: Path, *, catalogue: str | None = None) -> Copied:
    """Put a backup where a server may run on it.

    Parameters
    ----------
    source
        A folder that `back_up_folder` finished.
    folder
        A folder that is empty or not there.
    catalogue
        An empty database that the catalogue is put into; None to leave it in the folder.

    Returns
    -------
    Copied
        What was restored.

    Raises
    ------
    InputError
        The source is no backup, one that was not finished, or not all of one.
    ConflictError
        The folder or the database holds something.
    UnavailableError
        There is no room, or the database does not answer.
    """
    if folder.resolve().is_relative_to(source.resolve()):
        raise InputError(f"{folder} lies in the backup; name a folder outside of it")
    settings = Settings(folder, catalogue_url=catalogue)
    check_catalogue(settings)
    if catalogue:
        check_empty(catalogue)
    done = restore(source, folder)
    if catalogue:
        copy_catalogue(settings.catalogue_file, catalogue)
        note_catalogue(settings)
        settings.catalogue_file.unlink()
    return done
