"""Arrays of counts and sums as few bytes, exactly.

Most bins of an hour are zero and most others hold a few rows. So an array is written either in
full or as the gaps between its entries that are not zero, whichever is shorter, and whole numbers
take 1, 2, 4, 8, 16 or 32 bits each, as the largest asks. Everything else is written as it lies in
memory: eight little-endian bytes.

The first byte says how: three bits for the width of a value, then flags.
"""

from __future__ import annotations

import math
import struct
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]

MAX_ITEMS = 1 << 22
"""The largest array that is unpacked, in items: damaged bytes must not ask for all memory."""

_ONES, _RAW = 7, 6
"""Widths that are no number of bits: every value is 1, and eight bytes as they are."""

_BYTES = {3: "<u1", 4: "<u2", 5: "<u4"}
_SPARSE, _LONG_GAPS, _WIDE, _SHAPED = 8, 16, 32, 64
_FORMS = {"f": "<f8", "i": "<i8", "u": "<u8"}
_NARROW, _BROAD = struct.Struct("<H"), struct.Struct("<I")


def pack_array(array: AnyArray) -> bytes:
    """An array of float64, int64, uint64 or bool, of any shape, as bytes.

    Raises
    ------
    TypeError
        The array is of another type.

    Examples
    --------
    >>> len(pack_array(np.array([0, 0, 3, 0, 1])))
    5
    >>> unpack_array(pack_array(np.array([0, 0, 3, 0, 1])), np.int64).tolist()
    [0, 0, 3, 0, 1]
    """
    if array.dtype.type not in (np.float64, np.int64, np.uint64, np.bool_):
        raise TypeError(
            f"a statistic holds an array of {array.dtype}; only float64, int64, uint64 and bool "
            "can be stored"
        )
    flat = np.ascontiguousarray(array).reshape(-1)
    if flat.dtype.type is np.bool_:
        flat = flat.view(np.uint8)
    places = _filled(flat)
    values = flat[places]
    width = _width(values)
    dense = _size(width if width != _ONES or values.size == flat.size else 0, flat.size)
    gaps = places + 1
    gaps[1:] -= gaps[:-1].copy()
    longest = int(gaps.max()) if gaps.size else 0
    wide = flat.size > 0xFFFF
    gap_bytes = 1 if longest <= 0xFF else 4 if wide else 2
    count = _BROAD if wide else _NARROW
    head = (_WIDE if wide else 0) | (_SHAPED if array.ndim != 1 else 0)
    shape = b"" if array.ndim == 1 else struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
    if count.size + gap_bytes * places.size + _size(width, values.size) < dense:
        head |= _SPARSE | (0 if gap_bytes == 1 else _LONG_GAPS)
        where = count.pack(places.size) + gaps.astype(f"<u{gap_bytes}").tobytes()
    else:
        where, values = b"", flat
        if width == _ONES and places.size != flat.size:
            width = 0
    body = _pack_values(values, width)
    return b"".join((bytes((head | width,)), count.pack(flat.size), shape, where, body))


def unpack_array(data: bytes, scalar: type[np.generic]) -> AnyArray:
    """The array that `pack_array` wrote.

    Parameters
    ----------
    data
        Bytes, perhaps damaged.
    scalar
        The type of its items.

    Raises
    ------
    ValueError
        The bytes are not of such an array.
    """
    try:
        return _unpack(data, scalar)
    except (struct.error, IndexError) as error:
        raise ValueError(f"an array is cut off: {error}") from error


def _unpack(data: bytes, scalar: type[np.generic]) -> AnyArray:
    head = data[0]
    width, wide = head & 7, head & _WIDE
    count = _BROAD if wide else _NARROW
    (items,) = count.unpack_from(data, 1)
    at = 1 + count.size
    if items > MAX_ITEMS:
        raise ValueError(f"an array of {items} items is larger than any statistic holds")
    shape: tuple[int, ...] = ()
    if head & _SHAPED:
        shape = struct.unpack_from(f"<{data[at]}I", data, at + 1)
        at += 1 + 4 * len(shape)
        if math.prod(shape) != items:
            raise ValueError(f"{items} items do not make an array of shape {shape}")
    if head & _SPARSE:
        (held,) = count.unpack_from(data, at)
        gap = np.dtype("<u1" if not head & _LONG_GAPS else "<u4" if wide else "<u2")
        at += count.size
        places = np.frombuffer(data, gap, held, at).cumsum(dtype=np.int64)
        if held and places[-1] > items:
            raise ValueError("an array has values beyond its end")
        # Gaps are counted from the item before the first, which is cut off again.
        room = np.zeros(items + 1, dtype=scalar)
        room[places] = _unpack_values(data, at + gap.itemsize * held, held, width, scalar)
        flat = room[1:]
    else:
        flat = _unpack_values(data, at, items, width, scalar).astype(scalar)
    return flat.reshape(shape) if head & _SHAPED else flat


def _filled(flat: AnyArray) -> NDArray[np.int64]:
    """Where the entries are that are not zero; minus zero is not."""
    bits = flat.view(np.uint64) if flat.dtype.kind == "f" else flat
    return np.flatnonzero(bits)


def _width(values: AnyArray) -> int:
    """The code of the fewest bits that hold every value (none of them is zero)."""
    if values.size == 0:
        return _ONES
    if values.dtype.kind == "f" or values.min() < 0:
        return _RAW
    highest = int(values.max())
    if highest == 1:
        return _ONES
    return next((code for code in range(1, 6) if highest < 1 << (1 << code)), _RAW)


def _size(width: int, items: int) -> int:
    """The bytes that values take."""
    if width == _ONES:
        return 0
    return items * 8 if width == _RAW else (items * (1 << width) + 7) // 8


def _pack_values(values: AnyArray, width: int) -> bytes:
    if width == _ONES:
        return b""
    if width == _RAW:
        return values.astype(_FORMS[values.dtype.kind], copy=False).tobytes()
    if width >= 3:
        return values.astype(_BYTES[width]).tobytes()
    small = values.astype(np.uint8)
    if width == 0:
        return np.packbits(small, bitorder="little").tobytes()
    each = 8 >> width  # values in a byte
    padded = np.zeros((-(-small.size // each), each), dtype=np.uint8)
    padded.reshape(-1)[: small.size] = small
    shifts = np.arange(each, dtype=np.uint8) << width
    folded: NDArray[np.uint8] = np.bitwise_or.reduce(padded << shifts, axis=1)
    return folded.tobytes()


def _unpack_values(
    data: bytes, at: int, items: int, width: int, scalar: type[np.generic]
) -> AnyArray:
    if len(data) != at + _size(width, items):
        raise ValueError("an array has more or fewer bytes than its length says")
    if width == _ONES:
        return np.ones(items, dtype=scalar)
    if width == _RAW:
        if scalar is np.bool_:
            raise ValueError("an array of flags has values that are none")
        return np.frombuffer(data, np.dtype(scalar).newbyteorder("<"), items, at)
    if width >= 3:
        return np.frombuffer(data, _BYTES[width], items, at)
    packed = np.frombuffer(data, np.uint8, offset=at)
    if width == 0:
        return np.unpackbits(packed, count=items, bitorder="little")
    return _UNFOLD[width][packed].reshape(-1)[:items]


def _unfold(width: int) -> NDArray[np.uint8]:
    """The values that each byte holds, shape (256, values in a byte)."""
    shifts = np.arange(8 >> width, dtype=np.uint8) << width
    held: NDArray[np.uint8] = (np.arange(256)[:, None] >> shifts & (1 << (1 << width)) - 1).astype(
        np.uint8
    )
    return held


_UNFOLD = {1: _unfold(1), 2: _unfold(2)}
