"""The laws of merging."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, TypeVar

import msgspec
import numpy as np

Rows = TypeVar("Rows")


def check_statistic(
    measure: Callable[[Sequence[Rows]], Any],
    rows: Sequence[Rows],
    *,
    parts: int = 3,
    relative: float = 1e-9,
) -> None:
    """Check that a statistic merges as every statistic must.

    Parameters
    ----------
    measure
        The statistic of any rows, none included; a struct or frozen dataclass with `|`.
    rows
        Rows to measure.
    parts
        Into how many parts the rows are cut; the cuts are every k-th row, so parts are alike.
    relative
        How far floats may differ after their sums were reordered.

    Raises
    ------
    AssertionError
        No rows are not the identity, or merging depends on order or grouping, or the statistic of
        all rows is not the merge of those of the parts.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> def of(rows):
    ...     return measure({row: rows.count(row) for row in rows}, 0, Vocabulary(("a",)))
    >>> check_statistic(of, ["a", "b", "a", "c", "b"])
    """
    whole, nothing = measure(rows), measure(rows[:0])
    same(nothing | whole, whole, relative, "merging with no rows changes it (from the left)")
    same(whole | nothing, whole, relative, "merging with no rows changes it (from the right)")
    pieces = [measure(rows[start::parts]) for start in range(parts)]
    for a, b, c in product(pieces, repeat=3):
        same((a | b) | c, a | (b | c), relative, "merging is not associative")
        same(a | b, b | a, relative, "merging is not commutative")
    merged = nothing
    for piece in pieces:
        merged = merged | piece
    same(merged, whole, relative, "the parts do not merge to the whole")


def same(a: Any, b: Any, relative: float, law: str) -> None:
    """Raise `AssertionError` with the law where two statistics differ.

    >>> same([1, 2.0], [1, 2.0 + 1e-15], 1e-9, "equal")
    """
    where = difference(a, b, relative)
    if where is not None:
        raise AssertionError(f"{law}: {where}")


def difference(a: Any, b: Any, relative: float, path: str = "it") -> str | None:
    """Where two values differ, None where they do not: floats by `relative`, all else exactly.

    >>> difference({"n": 1}, {"n": 2}, 0.0)
    "it['n']: 1 is not 2"
    """
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        close = a == b or (isinstance(a, float) and bool(np.isclose(a, b, relative, 0.0, True)))
        return None if close else f"{path}: {a!r} is not {b!r}"
    if type(a) is not type(b):
        return f"{path}: {type(a).__name__} is not {type(b).__name__}"
    if isinstance(a, np.ndarray):
        return _arrays(a, b, relative, path)
    left, right = _parts(a), _parts(b)
    if left is None or right is None:
        return None if a == b else f"{path}: {a!r} is not {b!r}"
    if left.keys() != right.keys():
        return f"{path}: {sorted(left.keys() ^ right.keys())} on one side only"
    return _first(difference(left[key], right[key], relative, path + key) for key in left)


def _parts(value: Any) -> dict[str, Any] | None:
    """What a value is made of, by how one gets at it; None where it is one thing."""
    if isinstance(value, dict):
        return {f"[{key!r}]": part for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return {f"[{index}]": part for index, part in enumerate(value)}
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        return {f".{name}": getattr(value, name) for name in _fields(value)}
    return None


def _fields(value: Any) -> tuple[str, ...]:
    if isinstance(value, msgspec.Struct):
        return value.__struct_fields__
    return tuple(field.name for field in dataclasses.fields(value))


def _first(found: Any) -> str | None:
    return next((where for where in found if where is not None), None)


def _arrays(
    a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], relative: float, path: str
) -> str | None:
    if a.shape != b.shape:
        return f"{path}: shape {a.shape} is not {b.shape}"
    if a.dtype.kind == "f":
        near = np.isclose(a, b, rtol=relative, atol=0.0, equal_nan=True)
    else:
        near = np.asarray(a == b)
    if near.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~near)[0])
    return f"{path}{list(at)}: {a[at]!r} is not {b[at]!r}"
