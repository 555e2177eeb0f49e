"""Where the event tables of a folder lie, so that nobody opens other ones by mistake.

The folder of a server whose tables are on object storage holds a note that says so. Every command
on the folder follows it, and needs of the environment only what opens the storage. The storage
holds whose tables these are: two servers there would each take the records of the other for
written.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import msgspec

from watchkeeper.app.live.settings import Settings, TablesNote, noted_tables
from watchkeeper.core.errors import ConflictError

VARIABLE = "WATCHKEEPER_TABLES"
"""The environment variable that holds the URL."""


def claim_tables(settings: Settings) -> None:
    """See that the tables of a folder can be used, and are those that it was used with.

    Raises
    ------
    InputError
        What is named is no URL of object storage; there is no such bucket; or the credentials do
        not do.
    ConflictError
        The folder has other tables, or these are of another server.
    UnavailableError
        The storage does not answer.
    """
    held = noted_tables(settings.folder)
    if settings.tables_url is None and held is None:
        return
    from watchkeeper.store.object_store import object_url
    from watchkeeper.store.tables import Tables

    url = held.tables if held is not None else ""
    if settings.tables_url is not None:
        url = object_url(settings.tables_url)
        _check_same(settings, url, held)
    settings.folder.mkdir(parents=True, exist_ok=True)
    # Before the storage knows of it: else a crash in between would shut the folder out.
    owner = _noted_owner(settings.tables_note, url, held)
    Tables(url).claim(owner)
    _write(settings.tables_note, TablesNote(url, owner, claimed=True))


def copy_note(settings: Settings, target: Path) -> None:
    """Write for a backup where the tables lie; who restores it must take them over."""
    held = noted_tables(settings.folder)
    if held is not None:
        _write(target, TablesNote(held.tables))


def _check_same(settings: Settings, url: str, held: TablesNote | None) -> None:
    if held is not None and held.claimed and held.tables != url:
        raise ConflictError(
            f"the tables of {settings.folder} lie in {held.tables}, not in {url}; name that one, "
            "or none: the folder knows it"
        )
    own = settings.folder / "tables"
    if held is None and own.is_dir() and any(own.iterdir()):
        raise ConflictError(
            f"{settings.folder} has tables of its own, which {url} would hide; take a new folder"
        )


def _noted_owner(note: Path, url: str, held: TablesNote | None) -> str:
    """The folder's name before the storage, noted; of two that begin at once, one gives it."""
    if held is None:
        own = TablesNote(url, uuid4().hex)
        draft = note.with_suffix(f".{own.owner}.part")
        draft.write_bytes(msgspec.json.encode(own) + b"\n")
        try:
            os.link(draft, note)
        except FileExistsError:
            held = noted_tables(note.parent)
        finally:
            draft.unlink()
        return own.owner if held is None else held.owner
    owner = held.owner or uuid4().hex
    _write(note, TablesNote(url, owner, held.claimed))
    return owner


def _write(note: Path, content: TablesNote) -> None:
    encoded = msgspec.json.encode(content) + b"\n"
    if note.is_file() and note.read_bytes() == encoded:
        return
    part = note.with_suffix(f".{uuid4().hex}.part")
    part.write_bytes(encoded)
    part.replace(note)
