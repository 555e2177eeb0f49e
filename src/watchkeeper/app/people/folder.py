"""The users in a server's folder, without a server: for commands on the same machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchkeeper.app.live.clock import now
from watchkeeper.app.live.folder import open_store
from watchkeeper.app.people.users import Users
from watchkeeper.core.errors import MissingExtraError


@contextmanager
def open_users(
    folder: str | Path, *, make: bool = False, catalogue: str | None = None
) -> Iterator[Users]:
    """Open the users of a folder; a server that runs on it notices what is changed.

    Parameters
    ----------
    folder
        Where the server keeps everything.
    make
        Whether it is made where it is absent.
    catalogue
        The database of its catalogue; None where that is a file in the folder.

    Raises
    ------
    InputError
        There is no such folder of a server.
    MissingExtraError
        The packages of the server are not installed.
    """
    try:
        from watchkeeper.app.people.passwords import Passwords
        from watchkeeper.store.catalogue.people import PeopleStore
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "argon2-cffi", "users", "server") from error
    with open_store(PeopleStore, folder, make=make, catalogue=catalogue) as store:
        yield Users(store, Passwords(), clock=now)
