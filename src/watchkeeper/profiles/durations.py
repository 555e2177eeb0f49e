"""A histogram of durations on a fixed logarithmic grid."""

from __future__ import annotations

from typing import NamedTuple, Self

import msgspec
import numpy as np

from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.log_grid import BINS, LogGrid
from watchkeeper.profiles.weighted import Moments, measure_moments


def _no_counts() -> Ints:
    return np.zeros(0, dtype=np.int64)


def _no_weights() -> Floats:
    return np.zeros(0)


class Quantile(NamedTuple):
    """A quantile read from a histogram, and the ends of the bin in which it lies."""

    value: float
    left: float
    right: float


class Durations(msgspec.Struct, frozen=True):
    """What is held of a duration: sums, and rows in each bin of a `LogGrid`.

    Only the bins from the first to the last that hold a row are kept, so the statistic is as long
    as the durations are spread: a hundred numbers for two orders of magnitude.

    Attributes
    ----------
    moments
        Sums over the rows that are counted.
    invalid
        Rows with a duration below 0, infinite or NaN: they are in nothing else.
    first
        The bin of the grid in which `counts` begins.
    counts
        Rows in each bin from `first` on.
    weights, squares
        Sums of the rows' weights and squared weights in the same bins; of length 0 where every
        row weighs 1, both being the counts then.
    """

    moments: Moments = Moments()
    invalid: int = 0
    first: int = 0
    counts: Ints = msgspec.field(default_factory=_no_counts)
    weights: Floats = msgspec.field(default_factory=_no_weights)
    squares: Floats = msgspec.field(default_factory=_no_weights)

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows, on one grid."""
        invalid = self.invalid + other.invalid
        for one, empty in ((self, other), (other, self)):
            if not empty.counts.size:
                return msgspec.structs.replace(one, invalid=invalid)
        first = min(self.first, other.first)
        stop = max(self.first + self.counts.size, other.first + other.counts.size)
        counts = np.zeros(stop - first, dtype=np.int64)
        weighted = bool(self.weights.size or other.weights.size)
        weights, squares = np.zeros((2, stop - first if weighted else 0))
        for part in (self, other):
            start = part.first - first
            bins = slice(start, start + part.counts.size)
            counts[bins] += part.counts
            if weighted:
                weights[bins] += part.bin_weights
                squares[bins] += part.bin_squares
        return type(self)(self.moments | other.moments, invalid, first, counts, weights, squares)

    @property
    def bin_weights(self) -> Floats | Ints:
        """The sum of weights in each bin."""
        return self.weights if self.weights.size else self.counts

    @property
    def bin_squares(self) -> Floats | Ints:
        """The sum of squared weights in each bin."""
        return self.squares if self.weights.size else self.counts

    def quantile(self, grid: LogGrid, share: float) -> Quantile | None:
        """The smallest duration that at least `share` of the rows, by weight, do not exceed.

        Parameters
        ----------
        grid
            The grid on which it was measured.
        share
            From 0 to 1.

        Returns
        -------
        Quantile | None
            The value taken on a straight line through its bin, and the bin's ends, cut to the
            smallest and largest duration seen: the quantile of the rows lies between them. None
            where no row counts.

        Examples
        --------
        >>> from watchkeeper.profiles.log_grid import MILLISECONDS
        >>> held = measure_durations(np.array([10.0, 20.0, 40.0]), None, MILLISECONDS)
        >>> found = held.quantile(MILLISECONDS, 0.5)
        >>> found.left <= 20.0 <= found.right < 21.0
        True
        """
        upto = np.cumsum(self.bin_weights)
        total = float(upto[-1]) if upto.size else 0.0
        if total <= 0:
            return None
        # A trifle less, so that 0.95 of 20 rows is the 19th whatever the rounding.
        target = share * total * (1.0 - 1e-12)
        at = min(int(np.searchsorted(upto, target, side="left")), self.counts.size - 1)
        left, right = self.ends(grid, at)
        before = float(upto[at - 1]) if at else 0.0
        held = float(upto[at]) - before
        inside = min(max((target - before) / held, 0.0), 1.0) if held > 0 else 0.0
        return Quantile(left + (right - left) * inside, left, right)

    def ends(self, grid: LogGrid, at: int) -> tuple[float, float]:
        """The ends of a bin of `counts`, cut to the smallest and largest duration."""
        low, high = self.moments.minimum or 0.0, self.moments.maximum or 0.0
        index = self.first + at
        left = 0.0 if index == 0 else float(grid.edges[index - 1])
        right = high if index == BINS - 1 else float(grid.edges[index])
        return max(left, low), min(right, high)


def measure_durations(values: Floats, weights: Floats | None, grid: LogGrid) -> Durations:
    """The kernel: a few bits of each number are its bin.

    Parameters
    ----------
    values
        Durations in the unit of the grid, shape (n,), in any order; NaN, infinities and numbers
        below 0 are counted as invalid.
    weights
        How many rows each stands for, shape (n,); None where each stands for itself.
    grid
        The bins.

    Examples
    --------
    >>> from watchkeeper.profiles.log_grid import MILLISECONDS
    >>> measure_durations(np.array([1.0, -1.0]), None, MILLISECONDS).invalid
    1
    """
    good = (values >= 0) & (values < np.inf)
    invalid = int(values.size - np.count_nonzero(good))
    if invalid:
        values = values[good]
        weights = None if weights is None else weights[good]
    if not values.size:
        return Durations(invalid=invalid)
    if weights is not None and bool((weights == 1).all()):
        weights = None
    index = grid.codes(values)
    first = int(index.min())
    index -= first
    counts = np.bincount(index)
    moments = measure_moments(values, weights)
    if weights is None:
        return Durations(moments, invalid, first, counts)
    sums: Floats = np.bincount(index, weights).astype(np.float64)
    squares: Floats = np.bincount(index, np.square(weights)).astype(np.float64)
    return Durations(moments, invalid, first, counts, sums, squares)
