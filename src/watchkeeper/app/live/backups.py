"""A server's folder, copied while it is in use, and put back.

The index of ids is not copied: the worker makes it again from the tables.
"""

from __future__ import annotations

from pathlib import Path

from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import InputError
from watchkeeper.store.backup import Copied, back_up, restore
from watchkeeper.store.journal import Journal, Limits
from watchkeeper.store.tables import Tables


def back_up_folder(folder: Path, target: Path) -> Copied:
    """Copy all that a server keeps; it may run meanwhile.

    Parameters
    ----------
    folder
        Of a server.
    target
        A folder that is empty or not there, outside of the other.

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
    settings = Settings(folder)
    if not settings.catalogue.is_file():
        raise InputError(
            f"{folder} is no folder of a server: it holds no {settings.catalogue.name}; name the "
            "one that `watchkeeper serve` was given"
        )
    if target.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{target} lies in the folder that is to be backed up; name one outside of it, best on "
            "another disk"
        )
    # Halves before the journal: one that is forgotten in between has its prediction there.
    derived = [path for path in (settings.buckets, settings.halves) if path.is_file()]
    journal = Journal(settings.journal, limits=Limits(min_free=0))
    try:
        return back_up(
            journal,
            Tables(settings.tables),
            target,
            databases=derived,
            describing=[settings.catalogue],
        )
    finally:
        journal.close()


def restore_folder(source: Path, folder: Path) -> Copied:
    """Put a backup where a server may run on it.

    Parameters
    ----------
    source
        A folder that `back_up_folder` finished.
    folder
        A folder that is empty or not there.

    Returns
    -------
    Copied
        What was restored.

    Raises
    ------
    InputError
        The source is no backup, one that was not finished, or not all of one.
    ConflictError
        The folder holds something.
    UnavailableError
        There is no room.
    """
    if folder.resolve().is_relative_to(source.resolve()):
        raise InputError(f"{folder} lies in the backup; name a folder outside of it")
    return restore(source, folder)
