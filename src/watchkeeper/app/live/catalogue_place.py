"""Where the catalogue of a folder lies, so that nobody opens another one by mistake.

The folder of a server whose catalogue is in PostgreSQL holds a note that says so, without the
password. A command that was not told of the database would else begin an empty catalogue, and so
would one that was told of another.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import msgspec

from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import ConflictError, InputError

VARIABLE = "WATCHKEEPER_CATALOGUE"
"""The environment variable that holds the URL."""

_URL = re.compile(
    r"(?P<scheme>postgres|postgresql)://"
    r"(?:(?P<user>[^:/?#@]*)(?P<secret>:[^:/?#@]*)?@)?"
    r"(?P<place>[^?#@]*)(?:\?(?P<query>[^#@]*))?"
)
_OPEN = {"host", "port", "dbname", "service"}
"""Parameters that say which database is meant, and nothing else."""

_HIDDEN = "postgresql://…"


def redacted(url: str) -> str:
    """The URL of a database without what is secret in it: password and most parameters.

    >>> redacted("postgresql://ann:secret@db.example:5432/watchkeeper?sslpassword=x")
    'postgresql://ann@db.example:5432/watchkeeper'
    >>> redacted("postgresql://ann:not#encoded@db/watchkeeper")
    'postgresql://…'
    """
    found = _URL.fullmatch(url)
    if found is None:
        return _HIDDEN
    user = f"{found['user']}@" if found["user"] else ""
    return f"postgresql://{user}{_which(url)}"


def has_password(url: str) -> bool:
    """Whether somebody who sees the URL may know a password by it.

    >>> has_password("postgresql://ann:secret@db/watchkeeper"), has_password("postgresql:///wk")
    (True, False)
    """
    found = _URL.fullmatch(url)
    if found is None:
        return "@" in url or "password" in url.lower()
    return bool(found["secret"]) or "password" in (found["query"] or "").lower()


def check_catalogue(settings: Settings) -> None:
    """See to it that the catalogue is the one that the folder was used with.

    Raises
    ------
    InputError
        The folder's catalogue lies in a database and none is named; or what is named is none.
    ConflictError
        Another database is named; or the folder has a catalogue of its own, which would be passed
        over.
    """
    url, place = settings.catalogue_url, noted(settings.folder)
    if url is None:
        if place is not None:
            raise InputError(
                f"the catalogue of {settings.folder} lies in {place}; name it with {VARIABLE} or "
                "--catalogue"
            )
        return
    if _URL.fullmatch(url) is None:
        raise InputError(
            "the URL of the catalogue cannot be read; write it as "
            "postgresql://user:password@host:5432/database, with % and the code of a character "
            "for each of : / ? # @ in the password, such as %40 for @; leave it out for a file in "
            "the folder"
        )
    if place is not None and _which(place) != _which(url):
        raise ConflictError(
            f"the catalogue of {settings.folder} lies in {place}, not in {redacted(url)}; name "
            f"that one, or remove {settings.catalogue_note} where it has moved"
        )
    if place is None and settings.catalogue_file.exists():
        raise ConflictError(
            f"{settings.folder} has a catalogue of its own, {settings.catalogue_file.name}, which "
            f"{redacted(url)} would hide; take a new folder, or move this one: `watchkeeper "
            f"backup` without {VARIABLE}, then `watchkeeper restore` into a new folder with it"
        )


def note_catalogue(settings: Settings) -> None:
    """Note in the folder where its catalogue lies, once that was opened."""
    if settings.catalogue_url is None:
        return
    content = msgspec.json.encode({"catalogue": redacted(settings.catalogue_url)}) + b"\n"
    note = settings.catalogue_note
    if note.is_file() and note.read_bytes() == content:
        return
    settings.folder.mkdir(parents=True, exist_ok=True)
    part = note.with_suffix(".part")
    part.write_bytes(content)
    part.replace(note)


def noted(folder: Path) -> str | None:
    """The database that a folder was used with; None where its catalogue is a file."""
    try:
        held = msgspec.json.decode(Settings(folder).catalogue_note.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.DecodeError):
        return "a database"
    return str(held.get("catalogue", "a database")) if isinstance(held, dict) else "a database"


def _which(url: str) -> str:
    """Host, port and database of a URL; who asks for it may change."""
    found = _URL.fullmatch(url)
    if found is None:
        return url
    kept = sorted(pair for pair in parse_qsl(found["query"] or "") if pair[0] in _OPEN)
    return found["place"] + (f"?{urlencode(kept)}" if kept else "")
