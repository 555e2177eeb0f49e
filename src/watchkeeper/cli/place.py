"""Which server a command is about: one by its address, or its folder on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from watchkeeper.core.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from watchkeeper.app.live.references import Made
    from watchkeeper.cli.remote import Remote

URL, DATA = "WATCHKEEPER_URL", "WATCHKEEPER_DATA"
CATALOGUE = "WATCHKEEPER_CATALOGUE"

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help=f"The server; by default what {URL} says."),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help=f"The folder of a server on this machine; by default what {DATA} says.",
    ),
]


class Place(Protocol):
    """What the commands about models ask of a server, or of its folder."""

    def models(self) -> list[dict[str, Any]]:
        """Every model in a line."""
        ...

    def model(self, name: str) -> dict[str, Any]:
        """All about one model."""
        ...

    def remove(self, name: str) -> None:
        """Forget a model."""
        ...

    def apply(self, content: Mapping[str, Any], *, force: bool) -> dict[str, Any]:
        """Register a model, or change it to what its file says."""
        ...

    def reference(self, name: str) -> dict[str, Any] | None:
        """What a model is compared with; None where nothing is set."""
        ...

    def set_reference(self, name: str, made: Made) -> dict[str, Any]:
        """Set what a model is compared with."""
        ...


@contextmanager
def open_place(url: str | None, data: str | None, *, make: bool = False) -> Iterator[Place]:
    """The server or the folder that is meant; flags win over the environment.

    Parameters
    ----------
    url, data
        As the flags say.
    make
        Whether an absent folder is made.

    Raises
    ------
    InputError
        Both are given, or neither.
    """
    if url and data:
        raise InputError("give the server with --url, or its folder with --data, not both")
    if not url and not data:
        url, data = os.environ.get(URL), os.environ.get(DATA)
    if url:
        from watchkeeper.cli.remote import KEY, Remote

        yield Remote(url, os.environ.get(KEY))
        return
    with open_folder(data, make=make) as found:
        yield found


def open_server(url: str | None) -> Remote:
    """The server that is meant, for what only a server does.

    Raises
    ------
    InputError
        None is named.
    """
    url = url or os.environ.get(URL)
    if not url:
        raise InputError(
            f"say which server is meant, with --url http://127.0.0.1:8470 (or {URL}); start one "
            "with `watchkeeper serve`"
        )
    from watchkeeper.cli.remote import KEY, Remote

    return Remote(url, os.environ.get(KEY))


@contextmanager
def open_folder(data: str | None, *, make: bool = False) -> Iterator[Any]:
    """The folder that is meant, as `watchkeeper.app.live.folder.Folder`."""
    data = data or os.environ.get(DATA)
    if not data:
        raise InputError(
            f"say which server is meant: its folder with --data DIR (or {DATA}), or for models "
            f"--url http://127.0.0.1:8470 (or {URL})"
        )
    from watchkeeper.app.live.folder import open_folder as opened

    with opened(data, make=make, catalogue=catalogue_url()) as found:
        yield found


def catalogue_url() -> str | None:
    """The database that the catalogue of a folder lies in, as the environment says."""
    return os.environ.get(CATALOGUE) or None


def data_folder(data: str | None) -> Path:
    """The folder that is meant, for what works on its files.

    Raises
    ------
    InputError
        None is named.
    MissingExtraError
        The packages of the server are not installed.
    """
    data = data or os.environ.get(DATA)
    if not data:
        raise InputError(f"say which folder of a server is meant, with --data DIR (or {DATA})")
    for package in ("deltalake", "sqlalchemy"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "a server's folder", "server")
    return Path(data)
