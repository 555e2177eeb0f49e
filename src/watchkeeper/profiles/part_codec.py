"""One part of a profile as a compact blob, and back.

A blob is a flag, then MessagePack of the statistic's fields without their names, deflated where
that pays. Decoding builds only the types of a kind (msgspec checks each field), so foreign bytes
can hold no code, and what they may ask for is limited.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType, UnionType
from typing import Any, Final, TypeAlias, Union, get_args, get_origin

import msgspec
import numpy as np

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles.categorical import Categorical
from watchkeeper.profiles.classification import Binary
from watchkeeper.profiles.label_traffic import LabelTraffic
from watchkeeper.profiles.multiclass import Multiclass
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.outcome_traffic import OutcomeTraffic
from watchkeeper.profiles.packing import AnyArray, pack_array, unpack_array
from watchkeeper.profiles.parts import Rows, Tallies
from watchkeeper.profiles.ranking import Ranking
from watchkeeper.profiles.regression import Regression
from watchkeeper.profiles.rows import RowSketch
from watchkeeper.profiles.traffic import Traffic

Kinds: TypeAlias = Mapping[str, type[msgspec.Struct]]

KINDS: Final[Kinds] = MappingProxyType(
    {
        "numeric": Numeric,
        "categorical": Categorical,
        "binary": Binary,
        "multiclass": Multiclass,
        "regression": Regression,
        "ranking": Ranking,
        "tallies": Tallies,
        "sketch": RowSketch,
        "rows": Rows,
        "traffic": Traffic,
        "labels": LabelTraffic,
        "outcomes": OutcomeTraffic,
    }
)
"""The statistics of a profile, and of traffic, by the name under which they are stored."""

MAX_BYTES = 64 << 20
"""The largest part that is unpacked, in bytes."""

_PLAIN, _DEFLATED = b"\0", b"\1"
_WORTH_TRYING = 400
"""Bytes below which deflating brings too little."""

_PIECE = 512
_PAYS = 0.8

_Turn: TypeAlias = Callable[[Any], Any]


class PartCodec:
    """Packs and unpacks the statistics of some kinds.

    Parameters
    ----------
    kinds
        The types by the name of the kind. Each is a frozen `msgspec.Struct` of numbers, texts,
        None, lists, tuples, dictionaries, further structs, and arrays of float64, int64, uint64
        or bool, annotated as `NDArray[…]`. A new field goes to the end and has a default: then
        blobs that were written before are still read.

    Examples
    --------
    >>> codec = PartCodec()
    >>> codec.unpack("rows", codec.pack(Rows(3, {"age": "int64"})))
    Rows(rows=3, observed={'age': 'int64'})
    """

    def __init__(self, kinds: Kinds = KINDS) -> None:
        self._names = {type_: name for name, type_ in kinds.items()}
        mirrors = _Mirrors()
        self._forms = {name: mirrors.form(type_) for name, type_ in kinds.items()}
        self._decoders = {
            name: msgspec.msgpack.Decoder(mirrors.annotation(type_))
            for name, type_ in kinds.items()
        }
        self._encoder = msgspec.msgpack.Encoder(enc_hook=_plain)

    def kind(self, statistic: object) -> str:
        """The name of the statistic's kind; `ProfileError` where it has none."""
        try:
            return self._names[type(statistic)]  # type: ignore[index]  # a struct, or a KeyError
        except KeyError:
            raise ProfileError(
                f"a {type(statistic).__name__} cannot be stored; the kinds are "
                f"{', '.join(sorted(self._forms))}"
            ) from None

    def pack(self, statistic: object) -> bytes:
        """The statistic as bytes; `unpack` gives an equal one back."""
        fold, _ = self._forms[self.kind(statistic)]
        body = self._encoder.encode(fold(statistic))
        return _deflate(body)

    def unpack(self, kind: str, data: bytes) -> Any:
        """The statistic of a kind from its bytes.

        Raises
        ------
        ProfileError
            The kind is not known, or the bytes are damaged or not of that kind.
        """
        if kind not in self._forms:
            raise ProfileError(
                f"a part of kind {kind!r} is not known; this Watchkeeper reads "
                f"{', '.join(sorted(self._forms))}"
            )
        try:
            held = self._decoders[kind].decode(_inflate(data))
            return self._forms[kind][1](held)
        except (zlib.error, msgspec.DecodeError, ValueError, TypeError) as error:
            raise ProfileError(f"a stored part of kind {kind!r} is damaged: {error}") from error


def _deflate(body: bytes) -> bytes:
    """The body, smaller where that pays; of a long one a piece is tried first."""
    if len(body) >= _WORTH_TRYING:
        middle = body[len(body) // 2 :][:_PIECE]
        if len(body) < 4 * _PIECE or len(zlib.compress(middle, 1)) < _PIECE * _PAYS:
            small = zlib.compress(body, 1)
            if len(small) < len(body) * _PAYS:
                return _DEFLATED + small
    return _PLAIN + body


def _inflate(data: bytes) -> bytes | memoryview:
    if data[:1] == _PLAIN:
        return memoryview(data)[1:]
    if data[:1] != _DEFLATED:
        raise ValueError("it is empty or of another format")
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(memoryview(data)[1:], MAX_BYTES)
    if not unpacker.eof:
        raise ValueError(f"it is cut off or larger than {MAX_BYTES >> 20} MiB")
    return body


def _plain(value: object) -> object:
    """A number of NumPy's as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a statistic holds no {type(value).__name__}")


def _same(value: Any) -> Any:
    return value


class _Mirrors:
    """For each struct a twin that MessagePack holds as a list of its fields, arrays as bytes."""

    def __init__(self) -> None:
        self._twins: dict[type[msgspec.Struct], type[msgspec.Struct]] = {}

    def annotation(self, type_: Any) -> Any:
        """The type as MessagePack holds it."""
        if _is_struct(type_):
            return self._twin(type_)
        origin, arguments = get_origin(type_), get_args(type_)
        if origin is np.ndarray:
            return bytes
        if not arguments:
            return type_
        turned = tuple(self.annotation(argument) for argument in arguments)
        return Union[turned] if origin in (Union, UnionType) else origin[turned]  # noqa: UP007

    def form(self, type_: Any) -> tuple[_Turn, _Turn]:
        """How a value becomes plain tuples, and how it is made again of the twin."""
        if _is_struct(type_):
            return self._struct_form(type_)
        origin, arguments = get_origin(type_), get_args(type_)
        if origin is np.ndarray:
            return pack_array, _opener(type_)
        if not arguments:
            return _same, _same
        pairs = [self.form(argument) for argument in arguments if argument is not ...]
        if all(fold is _same for fold, _ in pairs):
            return _same, _same
        folds, opens = zip(*pairs, strict=True)
        return _container(type_, origin, folds), _container(type_, origin, opens)

    def _struct_form(self, type_: type[msgspec.Struct]) -> tuple[_Turn, _Turn]:
        forms = [self.form(field.type) for field in msgspec.structs.fields(type_)]
        folds = [(at, fold) for at, (fold, _) in enumerate(forms) if fold is not _same]
        opens = [(at, open_) for at, (_, open_) in enumerate(forms) if open_ is not _same]

        def fold(value: Any) -> tuple[Any, ...]:
            return _turned(value, folds)

        def again(twin: Any) -> Any:
            return type_(*_turned(twin, opens))

        return fold, again

    def _twin(self, type_: type[msgspec.Struct]) -> type[msgspec.Struct]:
        if type_ not in self._twins:
            fields = [self._field(field) for field in msgspec.structs.fields(type_)]
            self._twins[type_] = msgspec.defstruct(
                type_.__name__, fields, array_like=True, frozen=True, gc=False
            )
        return self._twins[type_]

    def _field(self, field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
        """A field of a twin, with the default of the original."""
        held = (field.name, self.annotation(field.type))
        if field.default is not msgspec.NODEFAULT:
            return (*held, msgspec.field(default=field.default))
        if field.default_factory is not msgspec.NODEFAULT:
            return (*held, msgspec.field(default_factory=field.default_factory))
        return held


def _opener(type_: Any) -> _Turn:
    """What unpacks an array that is annotated like this."""
    scalar = get_args(get_args(type_)[1])[0]

    def opened(data: bytes) -> AnyArray:
        return unpack_array(data, scalar)

    return opened


def _is_struct(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, msgspec.Struct)


def _turned(value: Any, turns: list[tuple[int, _Turn]]) -> tuple[Any, ...]:
    """The fields of a struct, some of them turned."""
    fields = msgspec.structs.astuple(value)
    if not turns:
        return fields
    changed = list(fields)
    for at, turn in turns:
        changed[at] = turn(changed[at])
    return tuple(changed)


def _container(type_: Any, origin: Any, turns: tuple[_Turn, ...]) -> _Turn:
    """The turn of a container from the turns of what it holds."""
    if origin is dict and turns[0] is _same:
        return lambda held: {key: turns[1](value) for key, value in held.items()}
    if origin in (list, tuple) and len(turns) == 1:
        return lambda held: origin(turns[0](value) for value in held)
    if origin in (Union, UnionType) and len(turns) == 2 and type(None) in get_args(type_):
        turn = next(turn for turn in turns if turn is not _same)
        return lambda held: None if held is None else turn(held)
    raise TypeError(
        f"a statistic cannot hold structs as {type_}; use a dictionary of them by text, a list, "
        "a tuple, or `… | None`"
    )
