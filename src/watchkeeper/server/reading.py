"""Bodies of the routes that are not ingest: short texts, and files that are kept for a while."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from fastapi import Request

from watchkeeper.core.errors import InputError, UnavailableError
from watchkeeper.server.body import chunks, declared_length, read_body, refuse_longer
from watchkeeper.server.services import Services

LARGEST_FILE = 10_000_000
"""The largest file of text, such as a model file, in bytes."""

_WRITE_EVERY = 1 << 20


def json_object(body: bytes, what: str) -> dict[str, Any]:
    """A JSON object; `what` names it in the message of the error."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{what} is no JSON object: {error}") from error


def media_type(header: str) -> str:
    """The type in a Content-Type header, without its parameters.

    >>> media_type("Application/JSON; charset=utf-8")
    'application/json'
    """
    return header.partition(";")[0].strip().lower()


def text_of(body: bytes, what: str, kind: str = "YAML") -> str:
    r"""The text of a body in UTF-8, without a mark of the byte order.

    Parameters
    ----------
    body
        What was sent.
    what, kind
        What it is and what it is written in, for the message of the error.

    Raises
    ------
    InputError
        It is not UTF-8.

    Examples
    --------
    >>> text_of(b"\xef\xbb\xbftask: binary", "the model file")
    'task: binary'
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{what} is not UTF-8 text; send {kind} as UTF-8") from None


async def read_text(here: Services, request: Request, what: str, kind: str = "YAML") -> str:
    """A body that is a file of text, of a few megabytes at most; else as `text_of`."""
    return text_of(await read_small(here, request, limit=LARGEST_FILE), what, kind)


async def read_small(here: Services, request: Request, *, limit: int) -> bytes:
    """A body of a few megabytes at most."""
    length = declared_length(request.headers)
    with here.budget.claim() as claim:
        wait = (here.limits.idle_s, here.limits.total_s)
        return await read_body(request.receive, length, claim, limit=limit, wait=wait)


@asynccontextmanager
async def uploaded(here: Services, request: Request) -> AsyncIterator[Path]:
    """A body in a temporary file in the server's folder, gone afterwards.

    Raises
    ------
    UnavailableError
        The disk does not take it.
    """
    limit = here.limits.upload
    length = declared_length(request.headers)
    if length is not None:
        refuse_longer(length, limit)
    folder = here.platform.settings.folder / "incoming"
    path = await here.questions.ask(
        _new_file, folder, (length or 0) + here.platform.settings.min_free
    )
    try:
        size = 0
        held = bytearray()
        async for piece in chunks(
            request.receive, idle_s=here.limits.idle_s, total_s=10 * here.limits.total_s
        ):
            size += len(piece)
            refuse_longer(size, limit)
            held += piece
            if len(held) >= _WRITE_EVERY:
                await here.questions.ask(_append, path, bytes(held))
                held.clear()
        await here.questions.ask(_append, path, bytes(held))
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _new_file(folder: Path, room: int) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < room:
            raise UnavailableError(
                f"the disk has {free} bytes free and the upload needs {room}, reserve included; "
                "make room in the server's folder",
                retry_after=30.0,
            )
        number, name = tempfile.mkstemp(dir=folder, prefix="reference-")
    except OSError as error:
        raise _no_space(error) from error
    os.close(number)
    return Path(name)


def _append(path: Path, data: bytes) -> None:
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise _no_space(error) from error


def _no_space(error: OSError) -> UnavailableError:
    return UnavailableError(
        f"the upload cannot be kept: {error.strerror}; make room in the server's folder",
        retry_after=30.0,
    )
