"""Counts on the grid, moments, and the values that are no numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import msgspec
import numpy as np

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles.base import Floats, Ints, between, highest, lowest, scratch
from watchkeeper.profiles.grid import Grid

if TYPE_CHECKING:
    import ibis.expr.types as ir


class Numeric(msgspec.Struct, frozen=True, tag="numeric"):
    """What a profile holds of a numeric or datetime column (datetimes as epoch seconds).

    Attributes
    ----------
    rows
        All rows, `rows = nulls + nans + negative_infinities + positive_infinities + finite`.
    total, squares
        Sums of `z` and `z * z` over the finite values, `z = (x - shift) / scale` of the grid.
    counts
        Finite values in each bin of the grid, shape (grid.bins,).
    """

    rows: int
    nulls: int
    nans: int
    negative_infinities: int
    positive_infinities: int
    total: float
    squares: float
    minimum: float | None
    maximum: float | None
    counts: Ints

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        if self.counts.shape != other.counts.shape:
            raise ProfileError("two profiles of one column stand on different grids")
        return type(self)(
            self.rows + other.rows,
            self.nulls + other.nulls,
            self.nans + other.nans,
            self.negative_infinities + other.negative_infinities,
            self.positive_infinities + other.positive_infinities,
            self.total + other.total,
            self.squares + other.squares,
            lowest(self.minimum, other.minimum),
            highest(self.maximum, other.maximum),
            self.counts + other.counts,
        )

    @property
    def finite(self) -> int:
        """Rows with a finite value."""
        return self.rows - self.nulls - self.nans - self.infinities

    @property
    def infinities(self) -> int:
        """Rows with plus or minus infinity."""
        return self.negative_infinities + self.positive_infinities

    @property
    def missing(self) -> int:
        """Rows without a value: null or NaN."""
        return self.nulls + self.nans

    def mean(self, grid: Grid) -> float | None:
        """The mean of the finite values, None where there are none or where it overflows."""
        if self.finite == 0:
            return None
        mean = grid.shift + grid.scale * (self.total / self.finite)
        return mean if math.isfinite(mean) else None

    def std(self, grid: Grid) -> float | None:
        """The standard deviation (n - 1) of the finite values, None below two of them."""
        n = self.finite
        if n < 2 or not math.isfinite(self.squares):
            return None
        variance = max(self.squares - self.total * self.total / n, 0.0) / (n - 1)
        std = math.sqrt(variance) * grid.scale
        return std if math.isfinite(std) else None

    def quantile(self, grid: Grid, share: float) -> float | None:
        """The value below which `share` of the finite rows lie, interpolated inside its bin."""
        if self.finite == 0 or self.minimum is None or self.maximum is None:
            return None
        upto = np.cumsum(self.counts)
        target = share * self.finite
        index = min(int(np.searchsorted(upto, target, side="left")), len(self.counts) - 1)
        left = self.minimum if index == 0 else max(float(grid.edges[index - 1]), self.minimum)
        if grid.atoms[index]:
            return left
        last = index == len(self.counts) - 1
        right = self.maximum if last else min(float(grid.edges[index]), self.maximum)
        held = int(self.counts[index])
        before = int(upto[index]) - held
        inside = (target - before) / held if held else 0.0
        return left + (right - left) * min(max(inside, 0.0), 1.0)

    def below(self, grid: Grid, points: Floats) -> Floats:
        """How many finite values lie below each of `points`, interpolated inside a bin."""
        if self.minimum is None or self.maximum is None:
            return np.zeros(len(points))
        left = np.concatenate(([self.minimum], np.maximum(grid.edges, self.minimum)))
        right = np.concatenate((np.minimum(grid.edges, self.maximum), [self.maximum]))
        before = np.concatenate(([0], np.cumsum(self.counts)))
        index = np.searchsorted(grid.edges, points, side="right")
        with np.errstate(all="ignore"):
            inside = (points - left[index]) / (right[index] - left[index])
        inside = np.where(grid.atoms[index], points > left[index], np.nan_to_num(inside))
        counted: Floats = before[index] + self.counts[index] * np.clip(inside, 0.0, 1.0)
        return counted


def empty(grid: Grid) -> Numeric:
    """The statistic of no rows."""
    return Numeric(0, 0, 0, 0, 0, 0.0, 0.0, None, None, np.zeros(grid.bins, dtype=np.int64))


def measure(values: Floats, nulls: int, grid: Grid) -> Numeric:
    """The kernel: one sort, then one search of the edges.

    Parameters
    ----------
    values
        The rows that are not null, shape (n,), in any order; NaN and infinities allowed.
    nulls
        Rows that are null.
    grid
        The grid of the column.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> grid = fit_grid(np.arange(10.0))
    >>> measure(np.array([1.0, np.nan]), 1, grid).missing
    2
    """
    ordered = scratch(values.size)
    ordered[:] = values
    ordered.sort()
    first, last = np.searchsorted(ordered, [-np.inf, np.inf], side="right").tolist()
    stop = int(np.searchsorted(ordered[:last], np.inf, side="left"))
    finite = ordered[first:stop]
    below = np.searchsorted(finite, grid.edges, side="left")
    counts = between(below, finite.size)
    low, high = (finite[0], finite[-1]) if finite.size else (None, None)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        # In place: fresh memory costs more here than the arithmetic.
        z = np.multiply(finite, 1.0 / grid.scale, out=finite)
        z -= grid.shift / grid.scale
        total = float(z.sum())
        z *= z  # Not `z @ z`: a BLAS would spread it over threads that cost more than they bring.
        squares = float(z.sum())
    return Numeric(
        rows=ordered.size + nulls,
        nulls=nulls,
        nans=ordered.size - last,
        negative_infinities=first,
        positive_infinities=last - stop,
        total=total,
        squares=squares,
        minimum=None if low is None else float(low) + 0.0,
        maximum=None if high is None else float(high) + 0.0,
        counts=counts,
    )


_FAR = 2.0**600
"""Sums over values far from the grid are kept in units of this many scales."""


def query(
    value: ir.FloatingValue, grid: Grid, *, traps: bool, finite: bool = False
) -> dict[str, ir.Value]:
    """The query: aggregates of one column, to be computed for each group of rows.

    Counts per bin are not among them: engines differ most there (`QueryEngine.histograms`).

    Parameters
    ----------
    value
        The column as float64, null where a row has no value.
    grid
        The grid of the column.
    traps
        Whether overflow and underflow are errors on the engine. Sums then leave out the few rows
        where one could happen: where `ordinary` is less than the finite rows, take those with
        `query_extraordinary`.
    finite
        Whether the column's type has neither NaN nor infinities.

    Returns
    -------
    dict[str, ibis.Value]
        By name; `assemble` takes their values.

    Examples
    --------
    >>> import ibis
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> table = ibis.table({"x": "float64"}, name="t")
    >>> sorted(query(table.x, fit_grid(np.arange(10.0)), traps=False, finite=True))
    ['maximum', 'minimum', 'squares', 'total', 'valued']
    """
    inside = None if finite else value.abs() < math.inf
    found: dict[str, ir.Value] = {
        "valued": value.count(),
        "minimum": value.min(where=inside),
        "maximum": value.max(where=inside),
    }
    if not finite:
        found["nans"] = value.count(where=value.isnan())
        found["negative"] = value.count(where=value == -math.inf)
        found["positive"] = value.count(where=value == math.inf)
    z = value * (1.0 / grid.scale) - grid.shift / grid.scale
    if traps:
        inside = _ordinary(value, grid)
        found["ordinary"] = value.count(where=inside)
    return found | {"total": z.sum(where=inside), "squares": (z * z).sum(where=inside)}


def query_extraordinary(
    value: ir.FloatingValue, grid: Grid
) -> tuple[ir.BooleanValue, dict[str, ir.Value]]:
    """The query for rows that `query` left out of its sums, where overflow is an error.

    Rows near the grid, with |x| / scale < 2**480, are summed as they are: fewer than 2**64 such
    squares cannot overflow. Far rows are summed in units of 2**600 scales; where x / scale itself
    overflows they are infinite, as in the kernel. What lies below the smallest normal number
    counts as 0.

    Returns
    -------
    tuple[ibis.BooleanValue, dict[str, ibis.Value]]
        Which rows they are, and the aggregates over them, to be added to those of `query`.
    """
    inverse, offset = 1.0 / grid.scale, grid.shift / grid.scale
    size = value.abs()
    far = size >= (0.0 if abs(offset) >= 2.0**480 else 2.0**480 * grid.scale)
    tiny = 2.0**-1022 * grid.scale
    z = _unless([(size < tiny, 0.0)] if tiny else [], value * inverse) - offset
    cases = [(size < 2.0**-400 * grid.scale, 0.0)]
    if grid.scale < 1:
        over = size >= 2.0**1023 * grid.scale * 2
        cases += [(over & (value > 0), math.inf), (over, -math.inf)]
    first, second = (1 / _FAR, inverse) if grid.scale >= 1 else (inverse / _FAR, 1.0)
    apart = _unless(cases, value * first * second) - offset / _FAR
    rows = (size < math.inf) & ~_ordinary(value, grid)
    return rows, {
        "near_total": _within(z, ~far).sum(),
        "near_squares": _squared(_within(z, ~far)).sum(),
        "far_total": _within(apart, far).sum(),
        "far_squares": _squared(_within(apart, far)).sum(),
    }


def assemble(
    found: Mapping[str, float | None], rows: int, counts: Ints | None, grid: Grid
) -> Numeric:
    """The statistic from the values of the aggregates of `query`.

    Parameters
    ----------
    found
        Value of each aggregate of `query` and `query_extraordinary`; None is what SQL gives for
        no rows.
    rows
        All rows of the group.
    counts
        Finite values in each bin, shape (grid.bins,); None where there are none.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> assemble({"valued": 0}, 3, None, fit_grid(np.arange(10.0))).nulls
    3
    """

    def of(name: str) -> float:
        return found.get(name) or 0.0

    def extreme(name: str) -> float | None:
        held = found.get(name)
        return None if held is None else float(held) + 0.0

    return Numeric(
        rows=rows,
        nulls=rows - int(of("valued")),
        nans=int(of("nans")),
        negative_infinities=int(of("negative")),
        positive_infinities=int(of("positive")),
        total=of("total") + of("near_total") + of("far_total") * _FAR,
        squares=of("squares") + of("near_squares") + of("far_squares") * _FAR * _FAR,
        minimum=extreme("minimum"),
        maximum=extreme("maximum"),
        counts=np.zeros(grid.bins, dtype=np.int64) if counts is None else counts,
    )


def _ordinary(value: ir.FloatingValue, grid: Grid) -> ir.BooleanValue:
    """Rows whose sums can neither overflow nor underflow, whatever is computed of them.

    With the offset b = shift / scale either 0 or of middling size, x / scale of middling size
    leaves x / scale - b either 0 or at least 2**-252, by the spacing of floats.
    """
    import ibis  # only the query half needs it

    offset = abs(grid.shift / grid.scale)
    middling = 2.0**-200 < grid.scale < 2.0**200 and (offset == 0 or 2.0**-200 < offset < 2.0**400)
    if not middling:
        return ibis.literal(False)
    size = value.abs()
    within = (size > 2.0**-200 * grid.scale) & (size < 2.0**400 * grid.scale)
    return within | (value == 0.0)


def _within(value: ir.FloatingValue, rows: ir.BooleanValue) -> ir.FloatingValue:
    """The value on `rows`, null elsewhere; it is not even computed there."""
    import ibis  # only the query half needs it

    return ibis.cases((rows, value))


def _unless(
    cases: list[tuple[ir.BooleanValue, float]], value: ir.FloatingValue
) -> ir.FloatingValue:
    """The value, save in the cases, where it is not even computed."""
    import ibis  # only the query half needs it

    return ibis.cases(*cases, else_=value) if cases else value


def _squared(value: ir.FloatingValue) -> ir.FloatingValue:
    """The square, 0 where it would underflow and infinite where the value is."""
    size = value.abs()
    return _unless([(size < 2.0**-510, 0.0), (size == math.inf, math.inf)], value * value)
