"""Whatever a user points at, as a source of rows or as a profile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from watchkeeper.collect.files import open_files
from watchkeeper.collect.frames import open_frame
from watchkeeper.collect.source import Source
from watchkeeper.core.errors import InputError
from watchkeeper.profiles.codec import MAGIC, decode, encode
from watchkeeper.profiles.profile import Profile
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.store.engines.urls import has_scheme

Rows: TypeAlias = Source | RemoteRows
"""Rows that are read here, or that an engine profiles where they lie."""


@contextmanager
def reading(data: object, *, name: str = "data", as_text: Sequence[str] = ()) -> Iterator[Rows]:
    """The rows that `data` stands for, and what was opened for them closed in the end.

    Parameters and errors as for `open_source`.
    """
    source = open_source(data, name=name, as_text=as_text)
    try:
        yield source
    finally:
        if source is not data and (close := getattr(source, "close", None)):
            close()


def open_source(data: object, *, name: str = "data", as_text: Sequence[str] = ()) -> Rows:
    """The rows that `data` stands for.

    Parameters
    ----------
    data
        A path, glob or directory; the URL of a database's table or query; or a pandas, Polars,
        Arrow, DuckDB, Ibis or Spark object.
    name
        What to call an object in memory.
    as_text
        Columns of CSV files to read as text.

    Raises
    ------
    InputError
        It cannot be read, or is of a type that is not known.
    MissingExtraError
        The driver of the database is not installed.
    """
    if isinstance(data, RemoteRows):
        return data
    if has_scheme(data):
        from watchkeeper.store.engines.opening import open_url  # Ibis, which files never need

        source: Rows = open_url(data)
    elif isinstance(data, (str, os.PathLike)):
        source = open_files(str(data), as_text=as_text)
    else:
        source = _open_object(data, name)
    if len(source.schema) == 0:
        raise InputError(f"{source.name} has no columns; check how it was made")
    return source


def open_local(data: object, *, name: str = "data") -> Source:
    """The rows of an object that is known to lie in this process."""
    source = open_source(data, name=name)
    assert not isinstance(source, RemoteRows)  # noqa: S101  # the caller says so
    return source


def _open_object(data: object, name: str) -> Rows:
    module = type(data).__module__.split(".", 1)[0]
    if module in OBJECTS:
        from watchkeeper.store.engines.opening import open_object  # as above

        remote = open_object(data, name)
        if remote is not None:
            return remote
    found = open_frame(data, name)
    if found is None:
        raise InputError(
            f"{name} is of type {type(data).__name__}; give a path, a URL, or a pandas, Polars, "
            "Arrow, DuckDB, Ibis or Spark table"
        )
    return found


OBJECTS = ("ibis", "pyspark")
"""Packages whose tables may lie on an engine."""


def as_profile(data: object) -> Profile | None:
    """The profile that `data` is or names, None where it stands for rows."""
    if isinstance(data, Profile):
        return data
    if isinstance(data, (str, os.PathLike)) and not has_scheme(data):
        path = Path(data)
        if path.is_file() and (path.suffix == ".profile" or _starts_as_profile(path)):
            return read_profile(path)
    return None


def read_profile(path: str | os.PathLike[str]) -> Profile:
    """The profile in a file.

    Raises
    ------
    InputError
        There is no such file, or it cannot be read.
    ProfileError
        It is no profile, or broken.
    """
    if has_scheme(path):
        raise InputError("a profile is a file, not a URL; make one with `watchkeeper profile URL`")
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from error
    return decode(data, name=str(path))


def write_profile(profile: Profile, path: str | os.PathLike[str]) -> None:
    """Write a profile to a file, whole or not at all."""
    target = Path(path)
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_bytes(encode(profile))
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written ({error.strerror})") from error


def _starts_as_profile(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
