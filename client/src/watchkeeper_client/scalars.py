"""Values as the wire takes them: text, numbers, booleans, times as text, and nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from watchkeeper_client.values import wire

__all__ = ["mapping", "plain", "scalar"]


_SCALARS: Final = (Enum, dt.date, dt.time, dt.timedelta, Decimal, Fraction, UUID, bytes)
_SCALAR_NAMES: Final = frozenset({"NAType", "NaTType", "datetime64", "timedelta64"})
"""Scalars of pandas and NumPy, known by name so that neither is imported."""


def plain(value: object) -> object:
    """A scalar of NumPy, or an array of one element, as the Python value; others as they are.

    Examples
    --------
    >>> import array
    >>> plain("DEN"), plain(array.array("d", [0.5]))
    ('DEN', array('d', [0.5]))
    """
    item = getattr(value, "item", None)
    if (
        type(value).__name__ in _SCALAR_NAMES
        or not callable(item)
        or getattr(value, "size", 0) != 1
    ):
        return value
    try:
        return item()
    except Exception:  # noqa: BLE001  # an object of somebody else's; the server judges it
        return value


def scalar(value: object) -> object:
    """A value as one of the wire's scalars, as `values.wire` makes them.

    Raises
    ------
    TypeError
        For what is no scalar: a list, an array of several elements, an object.

    Examples
    --------
    >>> scalar(dt.datetime(2026, 1, 2, 3, 4)), scalar(Decimal("2.5")), scalar(None)
    ('2026-01-02T03:04:00Z', 2.5, None)
    """
    value = plain(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, _SCALARS) or type(value).__name__ in _SCALAR_NAMES:
        return wire(value)
    raise TypeError(
        f"a {type(value).__name__} is no scalar; give text, a number, a boolean, a time or None"
    )


def mapping(value: object) -> dict[str, Any] | None:
    """The fields of a mapping, dataclass, msgspec Struct or pydantic model by name; else None.

    Examples
    --------
    >>> mapping({"distance": 2475}), mapping(3) is None
    ({'distance': 2475}, True)
    """
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    names = getattr(value, "__struct_fields__", None)
    if isinstance(names, tuple) and not isinstance(value, type):
        return {name: getattr(value, name) for name in names}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    dump = getattr(value, "model_dump", None)
    return mapping(dump()) if callable(dump) and not isinstance(value, type) else None
