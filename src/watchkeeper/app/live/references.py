"""References from data: a path, an upload or a profile in, a profile on a layout of its own out.

The columns of a data set and the fields of records meet in their roles: the column that the model
file calls `score` stands for a record's `score`, that called `label` for the label that comes
later, and so on; every column without a role is a feature, and goes by its name in both.
"""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from watchkeeper.app.compare import describe, prepare_reference
from watchkeeper.app.live.questions import ReferenceRequest
from watchkeeper.app.live.referring import production_of
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.app.model_server import ORIGINS
from watchkeeper.app.sources import as_profile
from watchkeeper.core.errors import InputError, ProfileError, UnsupportedTypeError
from watchkeeper.core.progress import Progress, silent
from watchkeeper.profiles.codec import MAGIC
from watchkeeper.profiles.profile import Profile
from watchkeeper.store.engines.secrets import identity
from watchkeeper.store.engines.urls import is_url

_STREAM = b"\xff\xff\xff\xff"
_MAGICS = ((MAGIC, ".profile"), (b"PAR1", ".parquet"), (b"ARROW1", ".arrow"), (_STREAM, _STREAM))
_TYPES = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/json": ".json",
}
_PACKED = ((b"\x1f\x8b", ".gz"), (b"\x28\xb5\x2f\xfd", ".zst"))


@dataclass(frozen=True, slots=True)
class Made:
    """A reference that is ready to be set.

    Attributes
    ----------
    kind
        Whether it was made from a data set, or came as a profile.
    origin
        `name` and `sha256` of what it was made from.
    profile
        All of it, on a layout of its own.
    """

    kind: Literal["data", "profile"]
    origin: dict[str, Any]
    profile: Profile


def data_reference(
    file: ModelFile, data: object, *, name: str | None = None, progress: Progress = silent
) -> Made:
    """A reference from a data set, or from a profile of one.

    Parameters
    ----------
    file
        Says which column plays which role; the rest is inferred from the data.
    data
        A path, glob or folder, a URL, a data frame, or whatever else `compare` takes. The server
        itself calls this with files that it has written, never with what a request says: whoever
        may set a reference could else have it read any database that it can reach.
    name
        What to call it; the name of the file, or the URL without secrets, where it is one.
    progress
        Told how far it is.

    Raises
    ------
    InputError
        It cannot be read, or has too few rows.
    ModelError
        The file names a column that the data have not, or one that does not fit its role.
    """
    source = _place(data)
    profiled = as_profile(data)
    side = prepare_reference(data if profiled is None else profiled, model=file, progress=progress)
    called = source.name if isinstance(source, Path) else describe(source, "data")
    origin = {"name": name or called}
    if source is not None:
        origin["sha256"] = digest_of(source)
    return Made("data" if profiled is None else "profile", origin, side.profile)


def digest_of(source: Path | str) -> str:
    """SHA-256 of a file, or of the names and contents of the files that a folder or glob holds.

    Of a URL it is that of what the URL asks for: a table gains rows every day, and a reference
    stays what it was until somebody asks for another.
    """
    if isinstance(source, str):
        return hashlib.sha256(identity(source).encode()).hexdigest()
    digest = hashlib.sha256()
    found = list(_files(source))
    for each in found:
        if len(found) > 1:
            digest.update(each.name.encode("utf-8", "surrogateescape") + b"\0")
        with each.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()


def read_upload(
    file: ModelFile, path: Path, *, name: str = "", content_type: str | None = None
) -> Made:
    """A reference from a file that somebody has sent.

    Parameters
    ----------
    file
        The model file.
    path
        What was sent, uncompressed: Parquet, an Arrow file or stream, CSV, JSON lines or a profile.
    name
        What the sender calls it; its suffix helps to tell texts apart.
    content_type
        What the sender says that it is; for texts alone, since the rest tells by itself.

    Raises
    ------
    UnsupportedTypeError
        It is none of these.
    InputError, ModelError, ProfileError
        It cannot be used: see `data_reference`.
    """
    suffix = _suffix(path, name, content_type)
    called = name or "the upload"
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        try:
            if suffix == _STREAM:
                made = data_reference(file, _read_stream(path), name=called)
            else:
                known = _linked(path, Path(folder) / f"upload{suffix!s}")
                made = data_reference(file, str(known), name=called)
        except (InputError, ProfileError) as error:
            said = str(error).replace(str(Path(folder) / f"upload{suffix!s}"), called)
            raise type(error)(said) from error
    return Made(made.kind, {"name": called, "sha256": digest_of(path)}, made.profile)


def receive_reference(
    registry: Registry, name: str, request: ReferenceRequest, *, who: str | None = None
) -> dict[str, Any]:
    """Set the reference that a request brings or asks for.

    Parameters
    ----------
    registry
        Where it is set.
    name
        The model.
    request
        A file, or windows of production as its `origin`.
    who
        Whose key it is.

    Returns
    -------
    dict
        As `Registry.set_reference` says.
    """
    model = registry.get(name)
    if request.path is None:
        asked = {key: value for key, value in request.origin.items() if key in ORIGINS}
        kind, origin = production_of(asked)
        return registry.set_reference(name, kind=kind, origin=origin, profile=None, who=who)
    said = {key: str(request.origin[key]) for key in ("name", "sha256") if key in request.origin}
    made = read_upload(
        model.file, request.path, name=said.get("name", ""), content_type=request.content_type
    )
    # A profile with the digest of what it was made from is how a client sends data.
    of_data = made.kind == "profile" and request.kind == "data" and "sha256" in said
    return registry.set_reference(
        name,
        kind="data" if of_data else made.kind,
        origin={**made.origin, **(said if of_data else {})},
        profile=made.profile,
        who=who,
    )


def _place(data: object) -> Path | str | None:
    """The path or the URL that the data are named by; None where they are an object."""
    if isinstance(data, str) and is_url(data):
        return data
    return Path(os.fspath(data)) if isinstance(data, (str, os.PathLike)) else None


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = [each for each in path.rglob("*") if each.is_file()]
    elif path.is_file():
        found = [path]
    else:
        found = [Path(each) for each in glob.glob(str(path), recursive=True)]  # noqa: PTH207  # the pattern may be absolute
    return iter(sorted(each for each in found if each.is_file()))


def _suffix(path: Path, name: str, content_type: str | None) -> str | bytes:
    """How files of this content end, so that they are read as such."""
    with path.open("rb") as file:
        head = file.read(4096)
    for magic, suffix in _MAGICS:
        if head.startswith(magic):
            return suffix
    packed = next((end for magic, end in _PACKED if head.startswith(magic)), "")
    stated = _TYPES.get((content_type or "").split(";")[0].strip().lower())
    named = next((end for end in _TYPES.values() if end in Path(name).suffixes), None)
    found = named or stated
    if found is None and not packed and b"\0" not in head:
        found = ".jsonl" if head.lstrip()[:1] == b"{" else ".csv"
    if found is None:
        raise UnsupportedTypeError(
            f"what was sent as {name or 'a reference'} cannot be told; send Parquet, Arrow, CSV, "
            "JSON lines or a profile, and name it so (?name=reference.csv)"
        )
    return found + packed


def _read_stream(path: Path) -> pa.Table:
    try:
        with pa.memory_map(str(path)) as file:
            return pa.ipc.open_stream(file).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"the Arrow stream cannot be read: {error}") from error


def _linked(path: Path, known: Path) -> Path:
    """The same file under a name that ends as its content asks."""
    try:
        os.link(path, known)
    except OSError:
        shutil.copyfile(path, known)
    return known
