"""The folder of a server, opened without one: for commands on the same machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from watchkeeper.app.live.catalogue_place import check_catalogue, note_catalogue
from watchkeeper.app.live.clock import now
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from watchkeeper.app.live.keys import Keys
    from watchkeeper.app.live.references import Made
    from watchkeeper.app.live.registry import Registry


class Store(Protocol):
    """What is kept in a catalogue."""

    def close(self) -> None:
        """Let go of it."""


AnyStore = TypeVar("AnyStore", bound=Store)


class Folder:
    """The models and keys in a folder; a server that runs on it notices what is changed.

    Parameters
    ----------
    registry, keys
        Of the folder's catalogue.
    """

    def __init__(self, registry: Registry, keys: Keys) -> None:
        self.registry = registry
        self.keys = keys

    def models(self) -> list[dict[str, Any]]:
        """Every model in a line."""
        return [self._line(name) for name in self.registry.names()]

    def model(self, name: str) -> dict[str, Any]:
        """All that the catalogue knows of a model."""
        model = self.registry.get(name)
        return {
            "name": name,
            "task": model.task,
            "prediction": model.prediction,
            "features": model.features,
            "versions": self.registry.versions(name),
            "reference": model.reference,
            "created": model.created,
            "changed": model.changed,
            "file": model.content,
        }

    def remove(self, name: str) -> None:
        """Forget a model; what was sent of it stays in the folder."""
        self.registry.remove(name)

    def apply(self, content: Mapping[str, Any], *, force: bool) -> dict[str, Any]:
        """Register a model, or change it to what its file says."""
        return self.registry.apply(content, force=force)

    def reference(self, name: str) -> dict[str, Any] | None:
        """What a model is compared with; None where nothing is set."""
        return self.registry.get(name).reference

    def set_reference(self, name: str, made: Made) -> dict[str, Any]:
        """Set what a model is compared with."""
        return self.registry.set_reference(
            name, kind=made.kind, origin=made.origin, profile=made.profile
        )

    def now(self) -> datetime:
        """The time now, with its zone."""
        return now()

    def _line(self, name: str) -> dict[str, Any]:
        model = self.registry.get(name)
        held = model.reference
        return {
            "name": name,
            "task": model.task,
            "versions": len(self.registry.versions(name)),
            "reference": {k: held[k] for k in ("kind", "set_at")} if held else None,
        }


@contextmanager
def open_folder(
    folder: str | Path, *, make: bool, catalogue: str | None = None
) -> Iterator[Folder]:
    """Open the folder of a server.

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
        from watchkeeper.app.live.keys import Keys
        from watchkeeper.app.live.registry import Registry
        from watchkeeper.store.catalogue.catalogue import Catalogue
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            error.name or "sqlalchemy", "a server's folder", "server"
        ) from error
    with open_store(Catalogue, folder, make=make, catalogue=catalogue) as held:
        yield Folder(Registry(held, clock=now), Keys(held, clock=now))


@contextmanager
def open_store(
    kind: Callable[[str | Path], AnyStore], folder: str | Path, *, make: bool, catalogue: str | None
) -> Iterator[AnyStore]:
    """Open a store of one kind in the catalogue of a folder; the rest as of `open_folder`."""
    settings = Settings(Path(folder), catalogue_url=catalogue)
    check_folder(settings, make=make)
    with closing(kind(settings.catalogue)) as held:
        note_catalogue(settings)
        yield held


def check_folder(settings: Settings, *, make: bool = False) -> None:
    """See to it that a folder is one of a server.

    Raises
    ------
    InputError, ConflictError
        It is not, and none is to be made; or its catalogue lies elsewhere.
    """
    check_catalogue(settings)
    if make:
        return
    file = settings.catalogue_note if settings.catalogue_url else settings.catalogue_file
    if not file.is_file():
        raise InputError(
            f"{settings.folder} is no folder of a server: it holds no {file.name}; name the one "
            "that `watchkeeper serve` was given"
        )
