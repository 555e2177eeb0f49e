"""Fixed bins for a numeric column, chosen once from the reference.

Every profile of a column shares the grid, so merging is adding. Bins are closed on the left:
bin `i` holds `edges[i-1] <= x < edges[i]`, bin 0 lies below the first edge and the last bin at
and above the last edge; that is what PostgreSQL's and Trino's `width_bucket` and BigQuery's
`range_bucket` count too.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from watchkeeper.profiles.base import Flags, Floats, Ints

BINS = 512
"""Bins of equal mass inside the range of the reference."""

NEAR_STEPS = 24
"""Equal steps by which a grid goes on beyond the range of the reference, on each side: they cover
one to two standard deviations, where most drift ends."""

TAIL_STEPS = 24
"""Growing steps after those, each a half longer, then each four times as far."""

_MARKS = np.array([0.01, 0.05, *np.arange(0.1, 0.95, 0.1), 0.95, 0.99])


class Grid(msgspec.Struct, frozen=True, tag="grid"):
    """The bins of a numeric column.

    Attributes
    ----------
    edges
        Inclusive lower bounds of bins 1..k, strictly increasing, shape (k,).
    atoms
        For each of the k + 1 bins, whether it holds a single value, shape (k + 1,).
    shift, scale
        Sums are of `(x - shift) / scale`, so that they keep their digits for epoch seconds and
        denormals alike. `scale` is a power of two.
    low, high
        The smallest and largest finite value in the sample that the grid was made from.
    discrete
        Whether every value of the sample has a bin of its own.
    bound
        The largest share of the reference inside one bin that is not an atom: no
        Kolmogorov-Smirnov distance taken at the edges is further from the exact one than this.
        None until the reference has been counted.
    """

    edges: Floats
    atoms: Flags
    shift: float
    scale: float
    low: float
    high: float
    discrete: bool
    bound: float | None = None

    @property
    def bins(self) -> int:
        """How many bins there are, both open ends included."""
        return len(self.edges) + 1


def fit_grid(sample: Floats, *, bins: int = BINS, extra: Floats | None = None) -> Grid:
    """Choose the grid for a column from a sample of its reference.

    Parameters
    ----------
    sample
        Values of the column in any order, shape (n,); NaN and infinities are left out.
    bins
        Bins of equal mass. A value that alone holds more than 1 / `bins` of the sample, or every
        value where there are at most `bins` of them, gets a bin of its own.
    extra
        Further edges, such as limits and thresholds that must be counted exactly.

    Returns
    -------
    Grid
        With at least one edge; a sample without a finite value gives edges around zero.

    Examples
    --------
    >>> grid = fit_grid(np.array([1.0, 2.0, 2.0, 3.0]))
    >>> bool(grid.atoms[np.searchsorted(grid.edges, 2.0, side="right")])
    True
    """
    finite = np.sort(sample[np.isfinite(sample)])
    if finite.size == 0:
        finite = np.zeros(1)
    with np.errstate(over="ignore"):  # Beyond the largest number there is no edge.
        return _fit(finite, bins, extra)


def _fit(finite: Floats, bins: int, extra: Floats | None) -> Grid:
    """The grid for finite values in ascending order, at least one."""
    starts = np.flatnonzero(np.concatenate(([True], finite[1:] != finite[:-1])))
    values = finite[starts] + 0.0
    held = np.diff(np.append(starts, finite.size))
    if values.size <= bins:
        singles, cuts = values, np.empty(0)
    else:
        singles = values[held * bins > finite.size]
        ranks = np.unique(np.concatenate((np.arange(1, bins) / bins, _MARKS)))
        cuts = finite[np.ceil(ranks * finite.size).astype(np.int64) - 1]
    low, high = float(finite[0]), float(finite[-1])
    scale = _power_of_two(
        float(np.std(finite / max(abs(low), abs(high), 1e-300))) * max(abs(low), abs(high), 1e-300)
    )
    after = np.nextafter(singles, np.inf)
    ends = np.array([low, np.nextafter(high, np.inf)])
    wanted = (singles, after, cuts, ends, _tails(low, high, scale))
    edges = np.unique(np.concatenate(wanted if extra is None else (*wanted, extra)))
    edges = edges[np.isfinite(edges)] + 0.0
    atoms = np.zeros(edges.size + 1, dtype=np.bool_)
    atoms[1:-1] = edges[1:] == np.nextafter(edges[:-1], np.inf)
    shift = float(finite[finite.size // 2])
    return Grid(edges, atoms, shift, scale, low, high, discrete=values.size <= bins)


def measure_bound(grid: Grid, counts: Ints) -> float:
    """The largest share of `counts` in one bin that is not an atom; 0 where there are none.

    For `x` inside bin [a, b) both `F(x) - G(x) <= (F - G)(b) + G's mass there` and
    `G(x) - F(x) <= (G - F)(a) + G's mass there`, so a distance taken at the edges misses at most
    the mass of the reference `G` in one bin.
    """
    total = int(counts.sum())
    if total == 0:
        return 0.0
    return float(np.max(np.where(grid.atoms, 0, counts)) / total)


def _power_of_two(spread: float) -> float:
    """The power of two next to `spread`, kept where its reciprocal is finite too."""
    if not math.isfinite(spread) or spread <= 0:
        return 1.0
    return 2.0 ** min(max(math.frexp(spread)[1], -1000), 1000)


def _tails(low: float, high: float, scale: float) -> Floats:
    """Edges outside [low, high]: equal steps, then steps that grow."""
    near = np.arange(1, NEAR_STEPS + 1) / NEAR_STEPS
    middle = 1.5 ** np.arange(1, TAIL_STEPS // 2 + 1)
    far = middle[-1] * 4.0 ** np.arange(1, TAIL_STEPS // 2 + 1)
    steps = scale * np.concatenate((near, middle, far))
    return np.concatenate((low - steps, high + steps))
