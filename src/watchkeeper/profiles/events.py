"""The columns of event tables as arrays that stay in step with the rows' weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import TypeVar

import numpy as np
import pyarrow as pa

from watchkeeper.core.envelope import PREDICTION, SCORE, SCORES, WEIGHT
from watchkeeper.profiles.base import Flags, Floats, Ints

MICROSECONDS = 1_000_000
"""Event times are whole microseconds since 1970."""

WEIGHTS = (1e-9, 1e9)
"""No sampling gives a row less or more weight than this: other weights but 0 are mistakes."""

NAME_LENGTH = 200
"""Longer names are cut, so that a statistic's size is bounded whatever is sent."""

Value = TypeVar("Value")


class Events:
    """A batch of rows in envelope columns, and what each row weighs.

    Parameters
    ----------
    batch
        Columns in any order; absent ones count as null, further ones are not read.

    Attributes
    ----------
    rows
        How many there are.
    weights
        Of each row, shape (rows,); None where each weighs 1. A weight that is null or not within
        `WEIGHTS` counts as 1; with 0 a row stands for none.
    """

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self._names = set(batch.schema.names)
        self.rows: int = batch.num_rows
        self.weights: Floats | None = None
        self.weights = self._weights()

    def array(self, name: str) -> pa.Array | None:
        """A column; None where it is absent or all null."""
        if name not in self._names:
            return None
        array = self._batch.column(name)
        if array.null_count == len(array):
            return None
        return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array

    def numbers(self, name: str) -> tuple[Floats, Floats | None] | None:
        """The values of a numeric column that are not null, and the weights of their rows."""
        array = self.array(name)
        if array is None or not is_number(array.type):
            return None
        weights = self.weights
        if array.null_count:
            if weights is not None:
                weights = weights[valid(array)]
            array = array.drop_null()
        if not pa.types.is_float64(array.type):
            array = array.cast(pa.float64(), safe=False)
        values: Floats = array.to_numpy(zero_copy_only=False)
        return values, weights

    def finite(self, name: str) -> tuple[Floats, Floats | None] | None:
        """As `numbers`, without NaN and infinities; None where nothing is left."""
        found = self.numbers(name)
        if found is None:
            return None
        values, weights = found
        good = np.isfinite(values)
        if not good.all():
            values, weights = values[good], None if weights is None else weights[good]
        return (values, weights) if values.size else None

    def times(self, name: str) -> tuple[Ints, Flags] | None:
        """A time in microseconds since 1970, 0 where it is null, and which rows have one."""
        array = self.array(name)
        if array is None or not pa.types.is_timestamp(array.type):
            return None
        exact = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False).cast(pa.int64())
        values: Ints = exact.fill_null(0).to_numpy(zero_copy_only=False)
        return values, valid(array)

    def present(self, name: str) -> Flags:
        """Which rows have a value."""
        array = self.array(name)
        return np.zeros(self.rows, dtype=np.bool_) if array is None else valid(array)

    def predicted(self) -> Flags | None:
        """Which rows have a prediction or a score; None where the batch has no such column."""
        held = [n for n in self._names if n in (PREDICTION, SCORE) or n.startswith(SCORES)]
        return reduce(or_, map(self.present, held)) if held else None

    def _weights(self) -> Floats | None:
        array = self.array(WEIGHT)
        if array is None or not is_number(array.type):
            return None
        values: Floats = array.cast(pa.float64(), safe=False).fill_null(1.0).to_numpy()
        good = ((values >= WEIGHTS[0]) & (values <= WEIGHTS[1])) | (values == 0)
        values = values if good.all() else np.where(good, values, 1.0)
        return None if bool((values == 1).all()) else values


def valid(array: pa.Array) -> Flags:
    """Which rows are not null."""
    if not array.null_count:
        return np.ones(len(array), dtype=np.bool_)
    flags: Flags = array.is_valid().to_numpy(zero_copy_only=False)
    return flags


def is_number(type_: pa.DataType) -> bool:
    """Whether it is an integer or a floating-point number."""
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def codes(array: pa.Array) -> tuple[list[str | None], Ints]:
    """The different texts of a column, each cut to `NAME_LENGTH`, and the place of each row's.

    The last text is None, for rows without one. Texts that are cut alike stand there twice.

    Examples
    --------
    >>> codes(pa.array(["b", None, "a", "b"]))
    (['b', 'a', None], array([0, 2, 1, 0]))
    """
    encoded = array.dictionary_encode()
    held = encoded.dictionary.to_pylist()
    texts = [None if text is None else str(text)[:NAME_LENGTH] for text in held]
    places: Ints = encoded.indices.fill_null(len(texts)).to_numpy().astype(np.int64)
    return [*texts, None], places


def keep_first(
    held: dict[str, Value], limit: int, order: Callable[[str], tuple[int, str]]
) -> tuple[dict[str, Value], list[Value]]:
    """The `limit` entries whose keys come first in `order`, and the values of the others.

    A key among the first of a union is among the first of each part that has it. So parts may be
    cut before they are merged: what is kept stays exact, and merging associative.

    Examples
    --------
    >>> keep_first({"b": 1, "a": 2}, 1, lambda key: (0, key))
    ({'a': 2}, [1])
    """
    if len(held) <= limit:
        return held, []
    keys = sorted(held, key=order)
    return {key: held[key] for key in keys[:limit]}, [held[key] for key in keys[limit:]]
