"""Values of the caller as values of the wire: texts, numbers, booleans, nothing.

Nothing is imported for this: NumPy, pandas, Polars, PyTorch and their like are known by what they
can do. Every value has an answer; none raises.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final

__all__ = ["PLAIN", "wire"]

PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types that go onto the wire as they are, integers where they fit 64 bits."""

_DEPTH = 4
_TEXT = frozenset({str})


def wire(value: Any, depth: int = 0) -> Any:
    """A value as the wire takes it.

    Scalars of NumPy and of tensors become Python's, decimals and fractions numbers, durations
    seconds, times text (RFC 3339; without a zone they are taken as UTC), enumerations their value,
    bytes text or else hexadecimal, pandas' NA and NaT nothing. NaN and infinities stay. Lists and
    mappings stay what they are, with each value as the wire takes it, for the server to judge. What
    is left becomes its text.

    Parameters
    ----------
    value
        Anything.
    depth
        How many lists and mappings stand around it; below the fourth comes text.

    Examples
    --------
    >>> from decimal import Decimal
    >>> wire(Decimal("2.5")), wire(dt.date(2026, 1, 2)), wire(b"JFK"), wire(float("inf"))
    (2.5, '2026-01-02', 'JFK', inf)
    >>> wire({"tags": {1: dt.timedelta(minutes=2)}})
    {'tags': {'1': 120.0}}
    """
    try:
        return _converted(value, depth)
    except Exception:  # noqa: BLE001  # an object of somebody else's, which may raise anything
        return f"({type(value).__name__})"


def _converted(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return wire(value.value, depth)
    if isinstance(value, str | int | float):
        return _python_scalar(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _nested(value, depth)
    return _other(value, depth)


def _python_scalar(value: str | float) -> str | float:
    """A text or number as exactly that, where it was of a type made from it."""
    if isinstance(value, str):
        return str(value).encode("utf-8", "replace").decode()
    return _integer(int(value)) if isinstance(value, int) else float(value)


def _integer(value: int) -> int | float | str:
    """An integer that fits 64 bits, else the nearest number, else its hexadecimal."""
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return hex(value)


def _nested(value: Any, depth: int) -> Any:
    if depth >= _DEPTH:
        return str(value)
    if isinstance(value, Mapping):
        return {name(key): wire(item, depth + 1) for key, item in value.items()}
    return [wire(item, depth + 1) for item in value]


def _other(value: Any, depth: int) -> Any:
    """What is neither of Python's simple types nor a list or mapping."""
    for kinds, convert in _KINDS:
        if isinstance(value, kinds):
            return convert(value)
    kind = type(value).__name__
    if kind == "NAType":
        return None
    if kind in {"datetime64", "timedelta64"}:
        return _numpy_time(value, kind)
    plain = _unwrapped(value)
    if plain is not value:
        return wire(plain, depth)
    return float(value) if hasattr(value, "__float__") else str(value)


def _moment(value: dt.date | dt.time) -> str | None:
    """A date or time as RFC 3339 has it; pandas' NaT, which is a datetime, as nothing."""
    if type(value).__name__ == "NaTType":
        return None
    text = value.isoformat()
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        return f"{text}Z"
    return text


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


_KINDS: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (dt.date | dt.time, _moment),
    (dt.timedelta, dt.timedelta.total_seconds),
    (bytes | bytearray | memoryview, lambda value: _bytes(bytes(value))),
)


def _numpy_time(value: Any, kind: str) -> str | float | None:
    """A time or duration of NumPy; `item` would give nanoseconds as a bare number."""
    text = str(value)
    if text == "NaT":
        return None
    if kind == "timedelta64":
        return float(value / type(value)(1, "s"))
    return f"{text}Z" if "T" in text else text


def _unwrapped(value: Any) -> Any:
    """The Python scalar or list inside an array or tensor; the value itself where it is neither."""
    to_list = getattr(value, "tolist", None)
    if callable(to_list) and not isinstance(value, type):
        return to_list()
    item = getattr(value, "item", None)
    if callable(item) and not isinstance(value, type):
        return item()
    return list(value) if isinstance(value, Iterable) and hasattr(value, "__len__") else value


def name(key: object) -> str:
    """A name of a feature: text as it is, what else it is as its text."""
    if type(key) is str and key.isascii():
        return key
    return str(wire(key))


def is_plain(values: Mapping[str, object]) -> bool:
    """Whether all names are texts and all values scalars of the wire."""
    return _TEXT.issuperset(map(type, values)) and PLAIN.issuperset(map(type, values.values()))
