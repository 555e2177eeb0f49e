"""Where tables lie: what a folder of this machine and object storage have in common.

A `Root` holds the tables of a server, a `Place` the files of one of them. The log of a table says
what is in it, wherever it lies; how a commit becomes certain, and how a table is made or removed at
once, each kind of place answers for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.fs as pafs

from watchkeeper.core.errors import UnavailableError

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from watchkeeper.store.table_log import LogCommit


class Place(Protocol):
    """Where the files of one table lie; as a text, what people call it."""

    trust_s: float
    """For how many seconds what was seen of the table may be taken for what it is now."""

    @property
    def folder(self) -> Path:
        """The folder of the files.

        Raises
        ------
        InputError
            They lie in none.
        """
        ...

    def failed(self, why: str) -> UnavailableError:
        """The error that says that the table cannot be used, and what to do."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Errors of the place while rows are read, as ours; a file that is gone passes as it is."""
        ...

    def system(self, sizes: Mapping[str, int]) -> pafs.FileSystem:
        """What reads the files that `file` names; bytes by what the log calls them."""
        ...

    def file(self, path: str) -> PurePath:
        """A file that the log names, for `system`."""
        ...

    def is_made(self) -> bool:
        """Whether there is a table."""
        ...

    def open(self, version: int | None = None) -> DeltaTable:
        """The table, at its newest version or at another."""
        ...

    def create(self, schema: pa.Schema, day: str, configuration: Mapping[str, str]) -> DeltaTable:
        """Make the table, without rows, where nobody else makes it at the same time.

        Raises
        ------
        CommitFailedError
            Somebody else made it first.
        """
        ...

    def stamp(self, version: int) -> object | None:
        """What tells the log's file of a version from any other; None where it is gone."""
        ...

    def read_commit(self, version: int) -> LogCommit | None:
        """What a version did; None where its file is gone."""
        ...

    def last_position(self) -> int:
        """The journal's position of the newest commit that can be read and has one; 0: none."""
        ...

    def sync_commit(self, commit: LogCommit) -> None:
        """Return once a commit outlives the machine."""
        ...

    def sync_since(self, version: int) -> None:
        """Return once all commits after a version outlive the machine."""
        ...

    def settle(self, since: int, released: int) -> int:
        """Make sure of commits that a crash may have torn; how many were taken back."""
        ...

    def checkpoints(self) -> Collection[int]:
        """Versions of which there is a checkpoint."""
        ...

    def sync_checkpoint(self) -> None:
        """Return once the newest checkpoint outlives the machine."""
        ...

    def clean_log(self, *, older_than: float, keep: int) -> int:
        """Delete entries of the log that no reader needs any more; how many."""
        ...

    def sweep(self, *, older_than: float) -> None:
        """Delete what writers that were killed left, where Delta's own cleaning passes it over."""
        ...

    def drop_empty(self) -> None:
        """Drop folders of days without files, where there are such."""
        ...

    def size(self) -> int:
        """Bytes of all files."""
        ...


class Root(Protocol):
    """Where the tables of a server lie; as a text, what people call it."""

    at_once: int
    """How many tables are best opened at a time."""

    @property
    def folder(self) -> Path:
        """The folder of all tables.

        Raises
        ------
        InputError
            They lie in none.
        """
        ...

    def claim(self, owner: str) -> None:
        """See `Tables.claim`."""
        ...

    def place(self, folder: str, signal: str) -> Place:
        """Where one table lies, by the name of its model's folder and its signal."""
        ...

    def folders(self) -> list[str]:
        """Names of the folders of models, in order."""
        ...

    def signals(self, folder: str) -> Collection[str]:
        """Signals of which there is a table in a model's folder."""
        ...

    def remove(self, folder: str) -> None:
        """Delete all tables of a model at once."""
        ...

    def size(self) -> int:
        """Bytes of all tables."""
        ...
