"""A request body as plain bytes: its format by content type, and decompression within a limit."""

from __future__ import annotations

from enum import Enum

import pyarrow as pa

from watchkeeper.core.errors import InputError, TooLargeError, UnsupportedTypeError

_CHUNK = 1 << 20


class Format(Enum):
    """How the records of a body are written."""

    JSON = "JSON"
    LINES = "JSON lines"
    MSGPACK = "MessagePack"
    ARROW = "Arrow IPC stream"
    GUESS = "a format that was not named"


_FORMATS = {
    "application/json": Format.JSON,
    "text/json": Format.JSON,
    "application/x-ndjson": Format.LINES,
    "application/ndjson": Format.LINES,
    "application/jsonl": Format.LINES,
    "application/x-jsonlines": Format.LINES,
    "application/msgpack": Format.MSGPACK,
    "application/x-msgpack": Format.MSGPACK,
    "application/vnd.msgpack": Format.MSGPACK,
    "application/vnd.apache.arrow.stream": Format.ARROW,
}
_CODECS = {"": None, "identity": None, "gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}


def media_type(content_type: str | None) -> str:
    """A content type in lower case, without its parameters.

    Examples
    --------
    >>> media_type("Application/JSON; charset=utf-8")
    'application/json'
    """
    return (content_type or "").split(";", 1)[0].strip().lower()


def format_of(content_type: str | None) -> Format:
    """The format that a content type names; `Format.GUESS` where there is none.

    Raises
    ------
    UnsupportedTypeError
        The content type is not read.

    Examples
    --------
    >>> format_of("application/x-ndjson; charset=utf-8")
    <Format.LINES: 'JSON lines'>
    """
    name = media_type(content_type)
    if not name:
        return Format.GUESS
    if name not in _FORMATS:
        hint = " (curl sends this type where none is given)" if "form-urlencoded" in name else ""
        raise UnsupportedTypeError(
            f"content type {name!r} is not read{hint}; send application/json, "
            "application/x-ndjson, application/msgpack or application/vnd.apache.arrow.stream"
        )
    return _FORMATS[name]


def decompressed(body: bytes, *, encoding: str | None, max_bytes: int) -> bytes:
    """The body as it was before its content encoding.

    Parameters
    ----------
    body
        As received.
    encoding
        The `Content-Encoding`: gzip, zstd, identity or none.
    max_bytes
        The limit in bytes, which also holds after decompression: no more than that is ever
        decompressed, whatever the body claims.

    Raises
    ------
    UnsupportedTypeError
        Another encoding.
    TooLargeError
        More than `max_bytes`.
    InputError
        A compressed stream that is damaged or ends early.

    Examples
    --------
    >>> import gzip
    >>> decompressed(gzip.compress(b"{}"), encoding="gzip", max_bytes=100)
    b'{}'
    """
    name = (encoding or "").strip().lower()
    if name not in _CODECS:
        raise UnsupportedTypeError(
            f"content encoding {name!r} is not read; send gzip, zstd or identity"
        )
    codec = _CODECS[name]
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return bytes(body) if codec is None or not body else _inflated(body, codec, max_bytes)


def _inflated(body: bytes, codec: str, max_bytes: int) -> bytes:
    parts, total = [], 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(body), codec) as stream:
            while chunk := stream.read(min(_CHUNK, max_bytes + 1 - total)):
                parts.append(chunk)
                total += len(chunk)
                if total > max_bytes:
                    raise _too_large(max_bytes)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(
            f"the body is no whole {codec} stream ({error}); send it again, or without "
            "Content-Encoding"
        ) from error
    return b"".join(parts)


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"the body is larger than {max_bytes:,} bytes after decompression; send fewer records in "
        "a request"
    )
