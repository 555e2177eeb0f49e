"""Room on a disk, and the certainty that something is on it.

A file is on disk after a system call, not after it was written; a new name is there once its folder
was synced too. What is acknowledged is synced first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written beside what lies in a folder.

    Parameters
    ----------
    folder
        A folder that exists.

    Returns
    -------
    int
        Free bytes of its file system, for a user without privileges.

    Examples
    --------
    >>> free_bytes(Path()) >= 0
    True
    """
    return shutil.disk_usage(folder).free


def sync(path: Path) -> None:
    """Return once a file's content, or the names in a folder, are on disk.

    Parameters
    ----------
    path
        A file or a folder.

    Raises
    ------
    OSError
        It is not there, or the disk failed.
    """
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folder as a file; it keeps names by itself.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_files(paths: Iterable[Path], top: Path) -> None:
    """Sync files and the folders that lead to them.

    Parameters
    ----------
    paths
        Files below `top`.
    top
        The last folder upwards that is synced.

    Raises
    ------
    OSError
        A file is not there, or the disk failed.
    """
    folders = {top}
    for path in paths:
        sync(path)
        parents = path.relative_to(top).parents
        folders.update(top / parent for parent in parents)
    for folder in sorted(folders, reverse=True):
        sync(folder)


def copy_durably(source: Path, target: Path) -> None:
    """Copy a file and sync the copy; its folder is made.

    Parameters
    ----------
    source
        The file.
    target
        Where the copy goes; what is there is replaced.

    Raises
    ------
    OSError
        The source is not there, or the target has no room.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    sync(target)
