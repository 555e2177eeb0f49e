"""Whatever a user points at, as a source of rows or as a profile."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from watchkeeper.collect.files import open_files
from watchkeeper.collect.frames import open_frame
from watchkeeper.collect.source import Source
from watchkeeper.core.errors import InputError
from watchkeeper.profiles.codec import MAGIC, decode, encode
from watchkeeper.profiles.profile import Profile


def open_source(data: object, *, name: str = "data", as_text: Sequence[str] = ()) -> Source:
    """The rows that `data` stands for.

    Parameters
    ----------
    data
        A path, glob or directory; or a pandas, Polars, Arrow, DuckDB or Ibis object.
    name
        What to call an object in memory.
    as_text
        Columns of CSV files to read as text.

    Raises
    ------
    InputError
        It cannot be read, or is of a type that is not known.
    """
    if isinstance(data, (str, os.PathLike)):
        source = open_files(str(data), as_text=as_text)
    else:
        found = open_frame(data, name)
        if found is None:
            raise InputError(
                f"{name} is of type {type(data).__name__}; give a path, or a pandas, Polars, "
                "Arrow, DuckDB or Ibis table"
            )
        source = found
    if len(source.schema) == 0:
        raise InputError(f"{source.name} has no columns; check how it was made")
    return source


def as_profile(data: object) -> Profile | None:
    """The profile that `data` is or names, None where it stands for rows."""
    if isinstance(data, Profile):
        return data
    if isinstance(data, (str, os.PathLike)):
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
