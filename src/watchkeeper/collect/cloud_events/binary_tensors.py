"""The binary extension of the V2 protocol: tensors as bytes behind a JSON header."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from watchkeeper.collect.wire.records import lenient_json
from watchkeeper.core.errors import InputError

_DTYPES = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1",
    "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip


def with_binary_tensors(body: bytes, header_length: str) -> dict[str, Any]:
    """A V2 body with the binary data of its tensors put in as lists.

    Parameters
    ----------
    body
        A JSON header, then the tensors one after another.
    header_length
        The bytes of the header: `Inference-Header-Content-Length`.

    Raises
    ------
    InputError
        Lengths do not fit.

    Examples
    --------
    >>> head = b'{"inputs":[{"name":"x","shape":[2],"datatype":"FP32",'
    >>> head += b'"parameters":{"binary_data_size":8}}]}'
    >>> body = head + np.array([1, 2], "<f4").tobytes()
    >>> with_binary_tensors(body, str(len(head)))["inputs"][0]["data"]
    [1.0, 2.0]
    """
    at = int(header_length) if header_length.isascii() and header_length.isdigit() else -1
    if not 0 <= at <= len(body):
        raise InputError(
            f"Inference-Header-Content-Length is {header_length!r}, and the body has {len(body)} "
            "bytes"
        )
    try:
        content = lenient_json(body[:at])
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise InputError(f"the header of the body is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError("the header of the body is a JSON object")
    for key in ("inputs", "outputs"):
        for tensor in content.get(key) or ():
            size = _binary_size(tensor)
            if size is not None:
                tensor["data"] = _from_bytes(tensor, body[at : at + size], size)
                at += size
    return content


def _binary_size(tensor: Any) -> int | None:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("parameters"), dict):
        return None
    size = tensor["parameters"].get("binary_data_size")
    if size is not None and (type(size) is not int or size < 0):
        raise InputError(f"binary_data_size is {size!r}, not a number of bytes")
    return size


def _from_bytes(tensor: dict[str, Any], data: bytes, size: int) -> list[Any]:
    kind = tensor.get("datatype")
    if len(data) < size:
        raise InputError(f"the binary data of tensor {tensor.get('name')!r} ends early")
    if kind == "BYTES":
        return list(_texts(data))
    if kind not in _DTYPES or size % np.dtype(_DTYPES[kind]).itemsize:
        raise InputError(
            f"tensor {tensor.get('name')!r} has {size} bytes of datatype {kind!r}; read are BYTES, "
            f"{', '.join(_DTYPES)}"
        )
    values: list[Any] = np.frombuffer(data, _DTYPES[kind]).tolist()
    return values


def _texts(data: bytes) -> Iterator[str]:
    """Texts, each after its length in four bytes; what is no UTF-8 is base64."""
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        if end > len(data):
            raise InputError("the binary data of a BYTES tensor ends within a text")
        text = data[at + 4 : end]
        try:
            yield text.decode()
        except UnicodeDecodeError:
            yield base64.b64encode(text).decode("ascii")
        at = end
