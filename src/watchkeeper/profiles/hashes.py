"""A 64-bit hash of each row, equal for equal rows whatever their encoding."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.profiles.base import Ints, scratch

Hashes = NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_NULL = np.uint64(0xD1B54A32D192ED03)
_BASE = 0x100000001B3
_BASE_INVERSE = pow(_BASE, -1, 2**64)


def hash_rows(batch: pa.RecordBatch, names: list[str]) -> Hashes:
    """The hash of each row over the columns `names`, shape (rows,).

    Examples
    --------
    >>> batch = pa.record_batch({"a": [1, 1, 2], "b": ["x", "x", "x"]})
    >>> first, second, third = hash_rows(batch, ["a", "b"])
    >>> bool(first == second), bool(first == third)
    (True, False)
    """
    rows = np.zeros(batch.num_rows, dtype=np.uint64)
    high = np.empty_like(rows)
    for name in names:
        rows ^= _hash_column(batch.column(name))
        rows *= _ODD
        np.right_shift(rows, np.uint64(32), out=high)
        rows ^= high
    return rows


def _hash_column(array: pa.Array) -> Hashes:
    """A word for each row: the bits of a number, the hash of a text; lost at the next call."""
    if pa.types.is_dictionary(array.type):
        words = np.append(_hash_column(array.dictionary), _NULL)
        indices = array.indices
        if indices.null_count:
            indices = indices.fill_null(len(array.dictionary))
        out = scratch(len(array)).view(np.uint64)
        return np.take(words, indices.to_numpy(zero_copy_only=False), out=out, mode="clip")
    words = _words(array)
    if array.null_count:
        words = np.where(array.is_null().to_numpy(zero_copy_only=False), _NULL, words)
    return words


def _words(array: pa.Array) -> Hashes:
    """The values of an array as 64-bit words; what stands for a null does not matter."""
    type_ = array.type
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return _hash_texts(array)
    if pa.types.is_floating(type_):
        filled = array.fill_null(0.0) if array.null_count else array
        values = filled.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
        # Adding zero makes one of the two zeros.
        bits: Hashes = np.add(values, 0.0, out=scratch(len(array))).view(np.uint64)
        return bits
    if pa.types.is_boolean(type_) or pa.types.is_integer(type_):
        filled = array.fill_null(False if pa.types.is_boolean(type_) else 0)
        whole = filled.to_numpy(zero_copy_only=False)
        wide: Hashes = whole.astype(np.int64, copy=False).view(np.uint64)
        return wide
    if pa.types.is_null(type_):
        return np.full(len(array), _NULL)
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        micros = array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        filled = micros.fill_null(0) if micros.null_count else micros
        moments: Hashes = filled.to_numpy(zero_copy_only=False).view(np.uint64)
        return moments
    return _hash_texts(_as_text(array))


def _as_text(array: pa.Array) -> pa.Array:
    """Any other type by the text of its values."""
    try:
        return array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if v is None else repr(v) for v in array.to_pylist()], pa.string())


def _hash_texts(array: pa.Array) -> Hashes:
    """A polynomial hash of the bytes of each text, all texts at once.

    With prefix sums S of `byte[i] * r**i` modulo 2**64, the text in [a, b) hashes to
    `(S[b] - S[a]) * r**-a`; r is odd, so its inverse exists.
    """
    if len(array) == 0:
        return np.empty(0, dtype=np.uint64)
    wide = np.int64 if pa.types.is_large_string(array.type) else np.int32
    _, offsets_buffer, data = array.buffers()
    held = np.frombuffer(offsets_buffer, dtype=wide, count=array.offset + len(array) + 1)
    offsets: Ints = held[array.offset :].astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    empty = np.empty(0, dtype=np.uint8)
    text = np.frombuffer(data, dtype=np.uint8)[first:last] if data is not None else empty
    offsets = offsets - first
    sums = np.zeros(text.size + 1, dtype=np.uint64)
    np.cumsum((text.astype(np.uint64) + np.uint64(1)) * _powers(_BASE, text.size), out=sums[1:])
    start, end = offsets[:-1], offsets[1:]
    words: Hashes = (sums[end] - sums[start]) * _powers(_BASE_INVERSE, text.size + 1)[start]
    words ^= (end - start).astype(np.uint64) * _ODD
    return words ^ (words >> np.uint64(29))


def _powers(base: int, count: int) -> Hashes:
    """base**0, base**1, …, modulo 2**64."""
    powers = np.full(count, base, dtype=np.uint64)
    if count:
        powers[0] = 1
    return np.multiply.accumulate(powers)
