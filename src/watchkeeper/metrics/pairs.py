"""Two statistics of one column on one axis, and what several metrics derive from them.

Numeric metrics see a column as a row of cells: minus infinity, the bins of the grid, plus
infinity. Nulls and NaN are in none of them; they are the business of `missing_share`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from watchkeeper.profiles.base import Flags, Floats, Ints
from watchkeeper.profiles.categorical import OTHERS, Categorical, Vocabulary, smallest
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.numeric import Numeric

GROUPS = 10
"""Groups of equal reference mass (deciles) on which PSI and its relatives are taken."""

MIN_EXPECTED = 5.0
"""Categories with fewer expected rows than this on the smaller side are pooled into one."""


@dataclass(frozen=True, eq=False)
class NumericPair:
    """Reference and current statistic of a numeric, datetime or text column.

    Attributes
    ----------
    reference, current
        The statistics, both on `grid`.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> grid = fit_grid(np.array([1.0, 2.0]))
    >>> one, two = measure(np.array([1.0, 2.0]), 0, grid), measure(np.array([2.0]), 3, grid)
    >>> NumericPair(one, two, grid).n_current
    1
    """

    reference: Numeric
    current: Numeric
    grid: Grid

    @cached_property
    def n_reference(self) -> int:
        """Reference rows with a value, infinities included."""
        return self.reference.finite + self.reference.infinities

    @cached_property
    def n_current(self) -> int:
        """Current rows with a value, infinities included."""
        return self.current.finite + self.current.infinities

    @cached_property
    def counts(self) -> tuple[Floats, Floats]:
        """Rows in each cell, shape (bins + 2,): minus infinity, the bins, plus infinity."""
        return _cells(self.reference), _cells(self.current)

    @cached_property
    def single(self) -> Flags:
        """Whether a cell can hold one value only, shape (bins + 2,)."""
        return np.concatenate(([True], self.grid.atoms, [True]))

    @cached_property
    def cdf(self) -> tuple[Floats, Floats]:
        """Share of rows in this cell or a lower one, shape (bins + 2,); needs rows on each side."""
        reference, current = self.counts
        return np.cumsum(reference) / self.n_reference, np.cumsum(current) / self.n_current

    @cached_property
    def gap(self) -> Floats:
        """Current minus reference distribution function at the right end of each cell."""
        reference, current = self.cdf
        return current - reference

    @cached_property
    def groups(self) -> tuple[Floats, Floats]:
        """Rows in each reference-decile group that is not empty on both sides.

        Each boundary is the edge of the grid whose share of the reference is nearest to a tenth,
        the two ends are open, equal boundaries merge, and a single value that holds a tenth of
        the reference or more is a group of its own (else a column of one constant would compare
        equal to a column of another).
        """
        reference, current = self.counts
        starts = np.concatenate(([0], self.boundaries))
        grouped = np.add.reduceat(reference, starts), np.add.reduceat(current, starts)
        held = grouped[0] + grouped[1] > 0
        return grouped[0][held], grouped[1][held]

    @cached_property
    def boundaries(self) -> Ints:
        """Cells that begin a group, without the first."""
        reference = self.counts[0]
        upto = np.cumsum(reference)
        total = upto[-1]
        target = np.arange(1, GROUPS) * total / GROUPS
        after = np.searchsorted(upto, target, side="left")
        before = np.searchsorted(upto, upto[np.maximum(after - 1, 0)], side="left")
        nearer = np.where(upto[after] - target < target - upto[before], after, before)
        inside = nearer[(upto[nearer] > 0) & (upto[nearer] < total)] + 1
        big = np.flatnonzero(self.single & (reference > 0) & (reference * GROUPS >= total))
        all_starts = np.unique(np.concatenate((inside, big, big + 1)))
        return all_starts[(all_starts > 0) & (all_starts < len(reference))]

    @cached_property
    def scale(self) -> float | None:
        """Standard deviation of the finite reference rows in units of the grid's scale."""
        return spread(self.reference)

    @cached_property
    def line(self) -> tuple[Floats, Floats, Floats] | None:
        """The finite rows along the real line, for metrics that are integrals over it.

        Returns
        -------
        tuple or None
            Widths of the bins in reference standard deviations, clipped to the common range of
            both sides, and both distribution functions at every edge, 0 first: shapes (bins,),
            (bins + 1,), (bins + 1,). None without finite rows on both sides, where the reference
            does not vary, and where the range overflows.
        """
        scale = self.scale
        low = _least(self.reference.minimum, self.current.minimum)
        high = _greatest(self.reference.maximum, self.current.maximum)
        if not scale or low is None or high is None:
            return None
        points = np.concatenate(([low], np.clip(self.grid.edges, low, high), [high]))
        with np.errstate(over="ignore", invalid="ignore"):
            widths = np.diff(points / self.grid.scale) / scale
        # Variances square the widths.
        if not widths.sum() < SQUARABLE:
            return None
        shares = [
            np.concatenate(([0.0], np.cumsum(side.counts) / side.finite))
            for side in (self.reference, self.current)
        ]
        return widths, shares[0], shares[1]


@dataclass(frozen=True, eq=False)
class CategoricalPair:
    """Reference and current statistic of a categorical column.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import measure
    >>> vocabulary = Vocabulary(("a", "b"))
    >>> one = measure({"a": 3, "b": 1}, 0, vocabulary)
    >>> two = measure({"a": 2, "z": 1}, 0, vocabulary)
    >>> CategoricalPair(one, two, vocabulary).names
    ('a', 'b', 'z')
    """

    reference: Categorical
    current: Categorical
    vocabulary: Vocabulary

    @cached_property
    def n_reference(self) -> int:
        """Reference rows with a value."""
        return self.reference.valued

    @cached_property
    def n_current(self) -> int:
        """Current rows with a value."""
        return self.current.valued

    @cached_property
    def others(self) -> tuple[str, ...]:
        """Values outside the vocabulary whose rows are known exactly on both sides.

        A value among the smallest hashes of the union is among the smallest of each side that
        has it, so its count is known on both; of any other value that cannot be said.
        """
        union = {**self.reference.others, **self.current.others}
        if self.truncated and len(union) >= OTHERS:
            union = smallest(union)
        return tuple(sorted(union))

    @property
    def truncated(self) -> bool:
        """Whether a side had more further values than it keeps by name."""
        return self.reference.truncated or self.current.truncated

    @property
    def names(self) -> tuple[str, ...]:
        """The categories of `known`, without the unnamed rest."""
        return (*self.vocabulary.values, *self.others)

    @cached_property
    def known(self) -> tuple[Floats, Floats]:
        """Rows of each of `names` and, last, of all that has no name: shape (names + 1,)."""
        return self._aligned(self.reference), self._aligned(self.current)

    @cached_property
    def counts(self) -> tuple[Floats, Floats]:
        """Rows of each category that can be compared fairly; all of `known` unless `truncated`.

        A vocabulary is chosen by the reference's counts, so among many rare categories it holds
        those that the reference happened to have more often, and any other sample has fewer of
        them. Where a side is truncated only categories are told apart that both sides together
        hold so often that they are in the vocabulary without luck; the rest is one category.
        """
        reference, current = self.known
        if not self.truncated:
            return reference, current
        size = len(self.vocabulary.values)
        both = reference[:size] + current[:size]
        least = max(float(reference[:size].min(initial=np.inf)), 1.0) if size else np.inf
        share = self.n_reference / max(self.n_reference + self.n_current, 1)
        sure = np.flatnonzero(both * share >= least + 4 * np.sqrt(least))
        reference, current = (
            np.append(side[sure], side.sum() - side[sure].sum()) for side in (reference, current)
        )
        return reference, current

    @cached_property
    def groups(self) -> tuple[Floats, Floats]:
        """Rows of each category that is not empty on both sides, the rare ones pooled into one.

        Rare is decided by the rows of both sides together, so that pooling does not favour a
        side: fewer than `MIN_EXPECTED` expected on the smaller side had nothing changed.
        """
        reference, current = self.counts
        both = reference + current
        smaller = min(self.n_reference, self.n_current)
        rare = both * smaller < MIN_EXPECTED * both.sum()
        pooled = [np.append(side[~rare], side[rare].sum()) for side in (reference, current)]
        held = pooled[0] + pooled[1] > 0
        return pooled[0][held], pooled[1][held]

    def _aligned(self, side: Categorical) -> Floats:
        named = np.array([side.others.get(value, 0) for value in self.others], dtype=np.float64)
        rest = side.other_rows - named.sum()
        return np.concatenate((side.counts, named, [rest]))


SQUARABLE = 1e150
"""Ranges of more reference standard deviations than this overflow when squared."""

TOO_RARE = "every category has too few rows to be compared on its own"
"""The note of a metric that cannot be taken on rare categories."""

Pair: TypeAlias = NumericPair | CategoricalPair
"""What a drift metric takes."""


def kind_of(pair: Pair) -> str:
    """The word of `Metric.needs` for this pair: `numeric` or `categorical`."""
    return "numeric" if isinstance(pair, NumericPair) else "categorical"


def too_rare(pair: Pair) -> bool:
    """Whether the categories are many, but none of them has rows enough to be told apart."""
    if isinstance(pair, NumericPair) or len(pair.groups[0]) > 1:
        return False
    return pair.truncated or bool(np.count_nonzero(pair.counts[0] + pair.counts[1]) > 1)


def missing(pair: Pair) -> tuple[int, int]:
    """Rows without a value on either side: nulls, and NaN of a numeric column."""
    if isinstance(pair, NumericPair):
        return pair.reference.missing, pair.current.missing
    return pair.reference.nulls, pair.current.nulls


def undefined(pair: Pair) -> str | None:
    """Why nothing can be compared, or None where both sides have a value."""
    if pair.n_reference == 0:
        return "the reference has no row with a value"
    if pair.n_current == 0:
        return "the current data have no row with a value"
    return None


def effective_rows(n_reference: int, n_current: int) -> float:
    """Half the harmonic mean: two samples differ by chance as one of this size from the truth.

    >>> effective_rows(100, 100)
    50.0
    """
    return n_reference * n_current / (n_reference + n_current)


def spread(side: Numeric) -> float | None:
    """Standard deviation (n - 1) of the finite rows in units of the grid's scale.

    None below two rows and where it overflows; exactly 0 for a constant.
    """
    n = side.finite
    if n < 2:
        return None
    if side.minimum == side.maximum:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        total, squares = np.float64(side.total), np.float64(side.squares)
        variance = (squares - total * total / n) / (n - 1)
    return float(np.sqrt(max(variance, 0.0))) if np.isfinite(variance) else None


def _cells(side: Numeric) -> Floats:
    ends = [side.negative_infinities], [side.positive_infinities]
    return np.concatenate((ends[0], side.counts, ends[1])).astype(np.float64)


def _least(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else min(a, b)


def _greatest(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else max(a, b)
