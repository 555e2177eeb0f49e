"""JSON, JSON lines and MessagePack to records: all at once, and one by one where one is bad."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from watchkeeper.collect.wire.bodies import Format
from watchkeeper.collect.wire.rules import MAX_RECORDS
from watchkeeper.collect.wire.shapes import SHAPES, Bad, Decoded
from watchkeeper.collect.wire.values import NAMED, Unpaired
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, TooLargeError, UnsupportedTypeError

_BOM = b"\xef\xbb\xbf"
_DECODING = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(body: bytes, form: Format, signal: Signal) -> Decoded:
    """Read the records of a JSON, JSON lines or MessagePack body.

    Parameters
    ----------
    body
        As it was before compression.
    form
        `Format.GUESS` is JSON or JSON lines, whichever the body is.
    signal
        What the records tell.

    Raises
    ------
    InputError
        The body as a whole cannot be read. A bad line of JSON lines is a bad record instead.
    TooLargeError
        More than `MAX_RECORDS` records.
    UnsupportedTypeError
        No content type was named, and the body does not look like JSON.

    Examples
    --------
    >>> decode(b'{"id": "a", "label": 1}', Format.JSON, Signal.LABELS).columns
    {'id': ['a'], 'label': [1]}
    """
    body = body.removeprefix(_BOM)
    if not body.strip():
        return Decoded(0, {}, range(0), {}, [])
    _refuse_many(body, form)
    shape = SHAPES[signal]
    if form is Format.MSGPACK:
        return _from_document(body, _MSGPACK[shape], _generic_msgpack, "MessagePack")
    if form is Format.LINES:
        return _from_lines(body, shape)
    try:
        return _from_document(body, _JSON[shape], lenient_json, "JSON")
    except InputError:
        if form is not Format.GUESS:
            raise
    if body.lstrip()[:1] != b"{":
        raise UnsupportedTypeError(
            "the request names no Content-Type and its body is no JSON; send application/json, "
            "application/x-ndjson, application/msgpack or application/vnd.apache.arrow.stream"
        )
    return _from_lines(body, shape)


def from_mappings(records: Sequence[Any], shape: type[msgspec.Struct]) -> Decoded:
    """The columns of records that are mappings already, fields that are not known set aside."""
    fields = set(shape.__struct_fields__)
    structs: list[Any] = []
    indexes: list[int] = []
    extras: dict[int, dict[str, Any]] = {}
    bad: list[Bad] = []
    for index, record in enumerate(records):
        if isinstance(record, Mapping):
            known = {name: value for name, value in record.items() if name in fields}
            if len(known) != len(record):
                extras[len(structs)] = {
                    str(name): value for name, value in record.items() if name not in fields
                }
            structs.append(shape(**known))
            indexes.append(index)
        elif isinstance(record, shape):
            structs.append(record)
            indexes.append(index)
        elif isinstance(record, Bad):
            bad.append(msgspec.structs.replace(record, index=index))
        else:
            bad.append(
                Bad(
                    index,
                    "not_an_object",
                    f"a record is an object, but this is of type {type(record).__name__}",
                )
            )
    return Decoded(len(records), _columns(structs, shape), indexes, extras, bad)


class _Decoders:
    """Typed decoders of one format and one shape: of a list, one record, and wrapped records."""

    def __init__(self, decoder: Any, shape: type[msgspec.Struct]) -> None:
        wrapped = msgspec.defstruct(
            f"Wrapped{shape.__name__}",
            [("records", list[shape])],  # type: ignore[valid-type]
            forbid_unknown_fields=True,
            gc=False,
        )
        self.one = decoder(shape)
        self.many = decoder(list[shape])  # type: ignore[valid-type]
        self.wrapped = decoder(wrapped)
        self.shape = shape

    def read(self, body: bytes) -> Any:
        """The records of a body, whichever of the three forms it has."""
        for attempt in (self.many, self.wrapped, self.one):
            try:
                found = attempt.decode(body)
            except msgspec.ValidationError:
                continue
            if attempt is self.many:
                return found
            return [found] if attempt is self.one else found.records
        return None


_JSON = {shape: _Decoders(msgspec.json.Decoder, shape) for shape in SHAPES.values()}
_MSGPACK = {shape: _Decoders(msgspec.msgpack.Decoder, shape) for shape in SHAPES.values()}


def _from_document(body: bytes, decoders: _Decoders, generic: Any, name: str) -> Decoded:
    """The records of a body that is one document."""
    try:
        structs = decoders.read(body)
    except _DECODING:
        structs = None  # The generic reader says why, or is more lenient.
    if structs is not None:
        _refuse_more(len(structs))
        return Decoded(len(structs), _columns(structs, decoders.shape), range(len(structs)), {}, [])
    try:
        document = generic(body)
    except (*_DECODING, ValueError) as error:
        raise InputError(f"the body is no whole {name} document: {_why(error)}") from error
    if isinstance(document, dict) and document.keys() == {"records"}:
        document = document["records"]
    if isinstance(document, dict):
        if isinstance(document.get("records"), list):
            others = ", ".join(sorted(map(str, document.keys() - {"records"})))
            raise InputError(
                f"'records' stands beside {others}; a body of wrapped records has no other key, "
                "so put them into each record or into the query (?model=&version=)"
            )
        document = [document]
    if not isinstance(document, list):
        raise InputError(
            f"the body is a {type(document).__name__}; send a record, a list of records or "
            '{"records": [...]}'
        )
    _refuse_more(len(document))
    return from_mappings(document, decoders.shape)


def _from_lines(body: bytes, shape: type[msgspec.Struct]) -> Decoded:
    """The records of JSON lines; a bad line is a bad record."""
    one = _JSON[shape].one
    try:
        structs = one.decode_lines(body)
    except (msgspec.ValidationError, *_DECODING):
        return from_mappings(list(_each_line(body, one)), shape)
    return Decoded(len(structs), _columns(structs, shape), range(len(structs)), {}, [])


def _each_line(body: bytes, one: Any) -> Iterator[Any]:
    """Each line that is not blank as a record, a mapping, or why it is none."""
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield one.decode(line)
        except (msgspec.ValidationError, *_DECODING):
            yield _lenient_line(line, number)


def _lenient_line(line: bytes, number: int) -> Any:
    try:
        record = lenient_json(line)
    except (*_DECODING, ValueError) as error:
        return Bad(0, "malformed", f"line {number} is no JSON: {_why(error)}")
    if not isinstance(record, dict):
        return Bad(
            0, "not_an_object",
            f"line {number} is a {type(record).__name__}, but a record is an object",
        )  # fmt: skip
    return record


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)


def lenient_json(text: bytes) -> Any:
    """A JSON document as Python values.

    What strict JSON has not, but Python's writer makes, is read too: NaN, Infinity and lone
    surrogates. A number that no double can hold stays text.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        document = json.loads(
            text.decode("utf-8"), parse_float=_float, parse_int=_int, parse_constant=NAMED.get
        )
        return _checked(document)


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _int(text: str) -> int | str:
    return int(text) if len(text) < 4000 else text


def _checked(value: Any) -> Any:
    """The same document with every text that UTF-8 cannot write marked as such."""
    if isinstance(value, dict):
        return {_checked(key): _checked(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_checked(held) for held in value]
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return Unpaired(value)
    return value


def _generic_msgpack(body: bytes) -> Any:
    return msgspec.msgpack.decode(body)


def _columns(structs: list[Any], shape: type[msgspec.Struct]) -> dict[str, list[Any]]:
    """Records as columns; fields that no record has are left out."""
    if not structs:
        return {}
    columns = {name: list(map(attrgetter(name), structs)) for name in shape.__struct_fields__}
    return {name: held for name, held in columns.items() if held.count(None) != len(held)}


def _refuse_many(body: bytes, form: Format) -> None:
    """Refuse a body of very many tiny records before it is read: each takes far more in memory."""
    if form is Format.MSGPACK:
        if body[:1] == b"\xdd":
            _refuse_more(int.from_bytes(body[1:5], "big"))
    elif len(body) > 2 * MAX_RECORDS:
        # Objects within records count too: 64 MiB of records that are not tiny pass.
        _refuse_more(body.count(b"\n" if form is Format.LINES else b"{"))


def _refuse_more(count: int) -> None:
    if count > MAX_RECORDS:
        raise TooLargeError(
            f"the body has {count:,} records or objects, and a request may have "
            f"{MAX_RECORDS:,}; send fewer at a time"
        )
