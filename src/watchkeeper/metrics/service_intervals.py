"""Estimates from rows that may have been sampled, each with its 95 % interval.

With weights w = 1 / (chance of being kept), sums of w * x are unbiased for the sums over all rows
(Horvitz and Thompson), and shares and means are ratios of two such sums. Their variance is that of
the linearised ratio, so it sees whether the sampling depended on what is measured: where every
error was kept and few successes were, the share of errors is nearly as sure as if nothing had been
left out. It enters each interval as the number of unweighted rows that would be as sure. Where all
weights are 1, each is the usual one: Wilson, Student, Garwood, order statistics.

References
----------
.. [1] Horvitz and Thompson (1952), "A generalization of sampling without replacement from a finite
   universe".
.. [2] Korn and Graubard (1998), "Confidence intervals for proportions with small expected number
   of positive counts estimated from survey data".
.. [3] Garwood (1936), "Fiducial limits for the Poisson distribution".
.. [4] Fay and Feuer (1997), "Confidence intervals for directly standardized rates: a method based
   on the gamma distribution".
.. [5] Woodruff (1952), "Confidence intervals for medians and other position measures".
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.intervals import Interval, positive, symmetric, wilson
from watchkeeper.profiles.durations import Durations
from watchkeeper.profiles.log_grid import LogGrid
from watchkeeper.profiles.weighted import Moments, Weighted

_TAIL = 0.025
WEIGHTLESS = "every row has the weight 0"
TOO_FEW = "too few rows for both ends"
OVERFLOW = "the sum is beyond the largest number"


def share(hits: Weighted, whole: Weighted, note: str) -> Estimate:
    """A share of rows, unbiased under sampling, with Wilson's interval.

    Parameters
    ----------
    hits, whole
        Rows that count, and all rows, the former among the latter.
    note
        Why there is no value where `whole` has no rows.

    Examples
    --------
    >>> share(Weighted(1, 1.0, 1.0), Weighted(4, 4.0, 4.0), "no rows").value
    0.25
    """
    if whole.rows == 0 or whole.weight <= 0:
        return Estimate(None, n_current=whole.rows, note=note if not whole.rows else WEIGHTLESS)
    value = min(max(hits.weight / whole.weight, 0.0), 1.0)
    rows = effective_rows(hits, whole)
    low, high = wilson(value * rows, rows)
    return Estimate(value, min(low, value), max(high, value), n_current=whole.rows)


def effective_rows(hits: Weighted, whole: Weighted) -> float:
    """How many unweighted rows would tell the share of `hits` as surely.

    It is p (1 - p) over the variance of the weighted share p; where no row or every row counts,
    the variance says nothing and Kish's number stands in.

    Examples
    --------
    >>> hits, whole = Weighted(10, 10.0, 10.0), Weighted(20, 1010.0, 100010.0)
    >>> round(effective_rows(hits, whole)), round(whole.effective)
    (510, 10)
    """
    if whole.squares == whole.weight == whole.rows:
        return float(whole.rows)
    value = hits.weight / whole.weight
    others = max(whole.squares - hits.squares, 0.0)
    spread = (1 - value) ** 2 * hits.squares + value**2 * others
    if not 0 < value < 1 or spread <= 0:
        return whole.effective
    return value * (1 - value) * whole.weight**2 / spread


def count(held: Weighted, heaviest: float | None) -> Estimate:
    """A count with the interval of its expectation, were rows to come independently.

    Parameters
    ----------
    held
        The rows.
    heaviest
        The largest weight of any row.

    Returns
    -------
    Estimate
        0 without rows. The interval is Garwood's where every weight is 1, else Fay and Feuer's.

    Examples
    --------
    >>> found = count(Weighted(), None)
    >>> found.value, found.low, round(found.high, 3)
    (0.0, 0.0, 3.689)
    """
    low, high = poisson(held, heaviest)
    return Estimate(held.weight, min(low, held.weight), high, n_current=held.rows)


def poisson(held: Weighted, heaviest: float | None) -> tuple[float, float]:
    """The interval of the expectation of a weighted Poisson count."""
    total, squares, step = held.weight, held.squares, heaviest or 1.0
    low = 0.0
    if total > 0:
        low = squares / total * float(special.gammaincinv(total**2 / squares, _TAIL))
    above, spread = total + step, squares + step**2
    high = spread / above * float(special.gammaincinv(above**2 / spread, 1 - _TAIL))
    return low, high


def mean(moments: Moments, note: str, *, positive_only: bool) -> Estimate:
    """A mean, unbiased under sampling, with Student's interval.

    Parameters
    ----------
    moments
        The sums.
    note
        Why there is no value without rows.
    positive_only
        Whether values cannot be below 0: the interval is taken on the logarithmic scale then.

    Examples
    --------
    >>> from watchkeeper.profiles.weighted import measure_moments
    >>> held = measure_moments(np.array([1.0, 2.0, 3.0]), None)
    >>> found = mean(held, "no rows", positive_only=False)
    >>> found.value, round(found.high, 2)
    (2.0, 4.48)
    """
    if not moments.rows or moments.weight <= 0:
        return Estimate(None, n_current=moments.rows, note=note if not moments.rows else WEIGHTLESS)
    value = moments.total / moments.weight
    if not math.isfinite(value):
        return Estimate(None, n_current=moments.rows, note=OVERFLOW)
    rows = moments.weighted.effective
    low, high = _mean_interval(moments, value, rows, positive_only=positive_only)
    note_now = None if low is not None else "no interval: too few rows, or numbers too large"
    return Estimate(value, low, high, n_current=moments.rows, note=note_now)


def _mean_interval(moments: Moments, value: float, rows: float, *, positive_only: bool) -> Interval:
    if moments.rows < 2 or rows <= 1 or not math.isfinite(moments.squares):
        return None, None
    spread = moments.squares - 2 * value * moments.cross + value**2 * moments.weight_squares
    # No less than what rounding may have left of the difference of large sums.
    spread = max(spread, 4 * np.finfo(float).eps * moments.squares)
    variance = spread / moments.weight**2 * rows / (rows - 1)
    if positive_only and value > 0:
        return positive(value, variance, degrees=rows - 1)
    return symmetric(value, variance, degrees=rows - 1)


def total(moments: Moments, note: str, *, positive_only: bool) -> Estimate:
    """A sum with the interval of its expectation, were rows to come independently.

    The number of rows varies as well as their values (a compound Poisson sum), so the variance is
    the sum of the squares of w * x.

    Examples
    --------
    >>> from watchkeeper.profiles.weighted import measure_moments
    >>> held = measure_moments(np.full(100, 2.0), None)
    >>> found = total(held, "no rows", positive_only=True)
    >>> found.value, round(found.low, 1), round(found.high, 1)
    (200.0, 164.4, 243.3)
    """
    if not moments.rows:
        return Estimate(None, note=note)
    value = moments.total
    if not math.isfinite(value):
        return Estimate(None, n_current=moments.rows, note=OVERFLOW)
    scale = positive if positive_only and value > 0 else symmetric
    low, high = scale(value, moments.squares)
    note_now = None if low is not None else "no interval: numbers too large"
    return Estimate(value, low, high, n_current=moments.rows, note=note_now)


def quantile(held: Durations, grid: LogGrid, point: float, note: str) -> Estimate:
    """A quantile of durations, unbiased under sampling, between two order statistics.

    The number of rows below the true quantile is binomial, whatever the distribution; the interval
    goes from the left end of the bin that holds the lower order statistic to the right end of that
    which holds the upper one, so binning can only widen it. An end for which there are too few rows
    is None. `bound` is how far the quantile of the rows may lie from `value`.

    Parameters
    ----------
    held
        The histogram.
    grid
        Its bins.
    point
        Which quantile, a share between 0 and 1.
    note
        Why there is no value without rows.

    Examples
    --------
    >>> from watchkeeper.profiles.durations import measure_durations
    >>> from watchkeeper.profiles.log_grid import MILLISECONDS
    >>> held = measure_durations(np.arange(1.0, 1001.0), None, MILLISECONDS)
    >>> found = quantile(held, MILLISECONDS, 0.5, "no rows")
    >>> found.low <= 470 <= 500 <= 530 <= found.high
    True
    """
    found = held.quantile(grid, point)
    if found is None:
        return Estimate(None, n_current=held.moments.rows, note=note)
    rows = math.floor(_effective_below(held, point) + 1e-9)
    lower, upper = binomial_point(_TAIL, rows, point), binomial_point(1 - _TAIL, rows, point) + 1
    first = held.quantile(grid, lower / rows) if 1 <= lower <= rows else None
    last = held.quantile(grid, upper / rows) if upper <= rows else None
    return Estimate(
        found.value,
        None if first is None else min(first.left, found.value),
        None if last is None else max(last.right, found.value),
        n_current=held.moments.rows,
        note=None if first and last else TOO_FEW,
        bound=max(found.value - found.left, found.right - found.value),
    )


def _effective_below(held: Durations, point: float) -> float:
    """How many unweighted rows would tell the share below a quantile as surely."""
    if not held.weights.size:
        return float(held.moments.rows)
    upto = np.cumsum(held.weights)
    at = min(int(np.searchsorted(upto, point * upto[-1], side="left")), upto.size - 1)
    before, weight = float(upto[at]) - float(held.weights[at]), float(held.weights[at])
    inside = (point * float(upto[-1]) - before) / weight if weight > 0 else 0.0
    below = float(held.squares[:at].sum()) + inside * float(held.squares[at])
    whole = Weighted(held.moments.rows, float(upto[-1]), float(held.squares.sum()))
    return effective_rows(Weighted(0, point * whole.weight, below), whole)


def binomial_point(level: float, rows: int, chance: float) -> int:
    """The smallest count that a binomial one does not exceed with a chance of at least `level`.

    >>> binomial_point(0.5, 10, 0.5)
    5
    """
    if rows < 1:
        return 0
    guess = math.ceil(float(special.bdtrik(level, rows, chance)))
    below = max(guess - 1, 0)
    return below if float(special.bdtr(below, rows, chance)) >= level else guess
