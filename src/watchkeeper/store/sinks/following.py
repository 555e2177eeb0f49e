"""What some versions of a table added, read at once: for who follows a table commit by commit."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
from msgspec.structs import replace

from watchkeeper.core.errors import NotFoundError
from watchkeeper.store.table_handle import Handle, delta_errors
from watchkeeper.store.table_log import LogCommit
from watchkeeper.store.table_reading import (
    DataFile,
    Snapshot,
    Wanted,
    empty_table,
    read_snapshot,
)


class Span(NamedTuple):
    """Some versions of a table, one after the other.

    Attributes
    ----------
    last
        The last of them.
    commits
        Those that added rows.
    whole
        Whether they did nothing else, such as to delete rows or to move them.
    """

    last: int
    commits: tuple[LogCommit, ...]
    whole: bool


def span_after(handle: Handle, version: int, last: int, *, rows: int | None) -> Span:
    """The versions after one, until they added enough.

    Parameters
    ----------
    handle
        The table.
    version
        The one before the first.
    last
        The last one at most.
    rows
        No further version once so many rows were added; None for all up to `last`.

    Raises
    ------
    NotFoundError
        A version is cleaned away.
    """
    found: list[LogCommit] = []
    whole, held = True, 0
    while version < last and (rows is None or held < rows):
        version += 1
        with delta_errors(handle.place):
            commit = handle.place.read_commit(version)
        if commit is None:
            raise NotFoundError(f"version {version} of {handle.place} is cleaned away")
        if commit.position is None:
            whole = whole and version == 0  # The first one makes the table.
        else:
            found.append(commit)
            held += sum(file.rows for file in commit.files)
    return Span(version, tuple(found), whole)


def rows_of(handle: Handle, snapshot: Snapshot, span: Span) -> pa.Table:
    """The rows that some versions added, also where they were moved or deleted since.

    The same versions give the same rows in the same order.

    Raises
    ------
    NotFoundError
        Their files are cleaned away.
    """
    added = [file for commit in span.commits for file in commit.files]
    files = tuple(
        DataFile(handle.place.file(file.path), file.day, file.rows, file.size) for file in added
    )
    system = handle.place.system({file.path: file.size for file in added})
    try:
        with handle.place.reading():
            then = replace(snapshot, files=files, system=system)
            batches = list(read_snapshot(then, Wanted()))
    except FileNotFoundError as error:
        raise NotFoundError(f"files of {handle.place} were cleaned away ({error})") from error
    return pa.Table.from_batches(batches) if batches else empty_table(snapshot, None)
