"""Counts and sums of rows that stand for more than themselves, since the client sampled.

A row that was kept with the chance 1 / w has the weight w (Horvitz and Thompson), so the sum of the
weights estimates how many there were. The sums of squared weights beside it say how uncertain that
is; where nothing was sampled every weight is 1 and all of it is plain counting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self, TypeVar

import msgspec
import numpy as np

from watchkeeper.profiles.base import Flags, Floats, Statistic, highest, lowest

Part = TypeVar("Part", bound=Statistic)


class Weighted(msgspec.Struct, frozen=True):
    """Rows, the sum of their weights, and the sum of the weights' squares.

    Examples
    --------
    >>> Weighted(1, 2.0, 4.0) | Weighted(2, 2.0, 2.0)
    Weighted(rows=3, weight=4.0, squares=6.0)
    """

    rows: int = 0
    weight: float = 0.0
    squares: float = 0.0

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        return type(self)(
            self.rows + other.rows, self.weight + other.weight, self.squares + other.squares
        )

    @property
    def effective(self) -> float:
        """How many unweighted rows would say as much (Kish); `rows` where all weights are equal."""
        return self.weight * self.weight / self.squares if self.squares > 0 else 0.0


class Moments(msgspec.Struct, frozen=True):
    """Sums of the values of a column, over the rows that have one.

    Attributes
    ----------
    rows
        Rows with a finite value.
    weight, weight_squares
        Sums of w and w * w.
    total
        Sum of w * x, which estimates the sum over all rows, kept or not.
    cross, squares
        Sums of w * w * x and w * w * x * x, from which its variance comes.
    minimum, maximum
        Of the rows that were kept; None where there are none.
    """

    rows: int = 0
    weight: float = 0.0
    weight_squares: float = 0.0
    total: float = 0.0
    cross: float = 0.0
    squares: float = 0.0
    minimum: float | None = None
    maximum: float | None = None

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        if not other.rows:
            return self
        return type(self)(
            self.rows + other.rows,
            self.weight + other.weight,
            self.weight_squares + other.weight_squares,
            self.total + other.total,
            self.cross + other.cross,
            self.squares + other.squares,
            lowest(self.minimum, other.minimum),
            highest(self.maximum, other.maximum),
        )

    @property
    def weighted(self) -> Weighted:
        """The rows, without their values."""
        return Weighted(self.rows, self.weight, self.weight_squares)


def weigh(rows: Flags, weights: Floats | None) -> Weighted:
    """The rows that a mask marks.

    Parameters
    ----------
    rows
        Which rows count, shape (n,).
    weights
        The weight of every row, shape (n,); None where each weighs 1.

    Examples
    --------
    >>> weigh(np.array([True, False, True]), np.array([2.0, 1.0, 1.0]))
    Weighted(rows=2, weight=3.0, squares=5.0)
    """
    count = int(np.count_nonzero(rows))
    if weights is None:
        return Weighted(count, float(count), float(count))
    held = weights[rows]
    return Weighted(count, float(held.sum()), float(np.square(held).sum()))


def measure_moments(values: Floats, weights: Floats | None) -> Moments:
    """The sums over finite values; others must have been left out.

    Parameters
    ----------
    values
        Finite, shape (n,).
    weights
        Shape (n,); None where each row weighs 1.

    Examples
    --------
    >>> measure_moments(np.array([1.0, 3.0]), np.array([2.0, 1.0])).total
    5.0
    """
    if not values.size:
        return Moments()
    ends = float(values.min()), float(values.max())
    with np.errstate(over="ignore", invalid="ignore"):
        if weights is None:
            rows, total = float(values.size), float(values.sum())
            squares = float(np.square(values).sum())
            return Moments(values.size, rows, rows, total, total, squares, *ends)
        held = weights * values
        return Moments(
            values.size,
            float(weights.sum()),
            float(np.square(weights).sum()),
            float(held.sum()),
            float((weights * held).sum()),
            float(np.square(held).sum()),
            *ends,
        )


def merge_named(a: Mapping[str, Part], b: Mapping[str, Part]) -> dict[str, Part]:
    """Merge two mappings key by key; a key of one side alone is kept.

    >>> merge_named({"a": Weighted(1, 1.0, 1.0)}, {"a": Weighted(2, 2.0, 2.0)})
    {'a': Weighted(rows=3, weight=3.0, squares=3.0)}
    """
    merged = dict(a)
    for key, value in b.items():
        merged[key] = merged[key] | value if key in merged else value
    return merged
