"""The three HTTP modes of CloudEvents 1.0 to one form."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from watchkeeper.collect.cloud_events.binary_tensors import with_binary_tensors
from watchkeeper.collect.wire.bodies import media_type
from watchkeeper.collect.wire.faults import json_text
from watchkeeper.collect.wire.records import lenient_json
from watchkeeper.core.errors import InputError

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_REQUIRED = ("specversion", "id", "source", "type")
_HEADER_LENGTH = "inference-header-content-length"


class Event(msgspec.Struct, frozen=True):
    """One event.

    Parameters
    ----------
    id, source, type
        What identifies it.
    time
        When it happened, RFC 3339, where it says so.
    extensions
        All other attributes, in lower case.
    data
        Its data as JSON.
    """

    id: str
    source: str
    type: str
    time: str | None
    extensions: dict[str, str]
    data: bytes


def read_events(
    body: bytes, *, headers: Mapping[str, str], content_type: str | None
) -> list[Event | str]:
    """The events of a request: an event, or a sentence why it is none.

    Parameters
    ----------
    body
        As it was before compression.
    headers
        Of the request; in binary mode they hold the attributes.
    content_type
        It tells the mode.

    Raises
    ------
    InputError
        The body cannot be read, or is one event and lacks what an event must have.

    Examples
    --------
    >>> headers = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "s", "ce-type": "t"}
    >>> read_events(b"{}", headers=headers, content_type="application/json")[0].id
    '7'
    """
    mode = media_type(content_type)
    if mode == BATCH:
        events = _json(body)
        if not isinstance(events, list):
            raise InputError(f"a body of type {BATCH} is a list of events")
        return [_try_structured(event) for event in events]
    if mode == STRUCTURED:
        return [_structured(_json(body))]
    return [_binary(body, {name.lower(): value for name, value in headers.items()})]


def _binary(body: bytes, headers: Mapping[str, str]) -> Event:
    attributes = {
        name.removeprefix("ce-"): _header(value)
        for name, value in headers.items()
        if name.startswith("ce-")
    }
    length = headers.get(_HEADER_LENGTH)
    if length is not None:
        body = json_text(with_binary_tensors(body, length)).encode()
    return _event(attributes, body)


def _header(value: str) -> str:
    """A header's value, percent-decoded once; it may be quoted."""
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return unquote(value)


def _try_structured(event: Any) -> Event | str:
    try:
        return _structured(event)
    except InputError as error:
        return str(error)


def _structured(event: Any) -> Event:
    if not isinstance(event, dict):
        raise InputError(f"an event is a JSON object, not {type(event).__name__}")
    attributes = {
        name.lower(): value if isinstance(value, str) else json_text(value)
        for name, value in event.items()
        if name not in {"data", "data_base64"} and value is not None
    }
    data = json_text(event.get("data")).encode()
    if "data_base64" in event:
        try:
            data = base64.b64decode(event["data_base64"], validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise InputError(f"'data_base64' of an event is no base64: {error}") from error
    return _event(attributes, data)


def _event(attributes: dict[str, str], data: bytes) -> Event:
    lacking = [name for name in _REQUIRED if not attributes.get(name)]
    if lacking:
        raise InputError(
            f"the event lacks {', '.join(lacking)}; in binary mode they are the headers "
            "ce-specversion, ce-id, ce-source and ce-type"
        )
    if not attributes["specversion"].startswith("1."):
        raise InputError(
            f"CloudEvents of version {attributes['specversion']} are not read; send version 1.0"
        )
    rest = {name: value for name, value in attributes.items() if name not in {*_REQUIRED, "time"}}
    return Event(
        attributes["id"],
        attributes["source"],
        attributes["type"],
        attributes.get("time"),
        rest,
        data,
    )


def _json(body: bytes) -> Any:
    try:
        return lenient_json(body)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise InputError(f"the body is no JSON: {error}") from error
