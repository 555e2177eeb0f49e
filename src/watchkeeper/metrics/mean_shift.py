"""Mean shift in reference standard deviations."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import Z
from watchkeeper.metrics.pairs import SQUARABLE, NumericPair, spread
from watchkeeper.metrics.wasserstein import mean_difference, outside, without_line
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.numeric import Numeric


def mean_shift(pair: NumericPair) -> Estimate:
    """Current minus reference mean, in standard deviations of the reference; exact.

    Measures the step of the mean, with its sign. Direction: away from 0 is worse, on either side.
    Misleads: it says nothing of shape, and one huge value can make it.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        Unbounded; None where a side has no finite rows, or where the reference is constant but the
        current rows differ from it.

    References
    ----------
    Glass (1976), "Primary, secondary, and meta-analysis of research" (delta); Welch (1947).
    `(mean_current - mean_reference) / s_reference`.

    Examples
    --------
    >>> import numpy as np
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> grid = fit_grid(np.array([1.0, 3.0]))
    >>> one, two = measure(np.array([1.0, 3.0]), 0, grid), measure(np.array([1.0, 1.0]), 0, grid)
    >>> round(mean_shift(NumericPair(one, two, grid)).value, 4)
    -0.7071
    """
    n, m = pair.reference.finite, pair.current.finite
    if pair.line is None:
        plain = without_line(pair)
        return Estimate(plain.value, n_reference=n, n_current=m, note=plain.note)
    value = mean_difference(pair)
    if value is None:
        return Estimate(None, n_reference=n, n_current=m, note="the mean overflows")
    other = spread(pair.current)
    if other is None or pair.scale is None:
        note = "too few current rows for an interval" if m < 2 else "the variance overflows"
        return Estimate(value, n_reference=n, n_current=m, note=note)
    ratio = other / pair.scale
    ours, theirs = 1.0 / n, ratio * ratio / m
    # The last term is the error of the reference's standard deviation itself, for a normal column.
    half = Z * math.sqrt(ours + theirs + value * value / (2 * n))
    if not math.isfinite(half):
        return Estimate(value, n_reference=n, n_current=m, note="the variance overflows")
    p_value = _welch(value, ours, theirs, n, m)
    return Estimate(value, value - half, value + half, p_value, n, m, note=outside(pair))


def _welch(value: float, ours: float, theirs: float, n: int, m: int) -> float:
    """Two-sided p-value of Welch's t test, variances in reference standard deviations."""
    total = ours + theirs
    one, two = ours / total, theirs / total
    degrees = 1.0 / (one * one / (n - 1) + two * two / (m - 1))
    return float(2 * special.stdtr(degrees, -abs(value) / math.sqrt(total)))


def mean_shifts(
    reference: Numeric,
    grid: Grid,
    moments: tuple[Ints, Floats, Floats],
    ends: tuple[Floats, Floats],
) -> tuple[Floats, Floats, Floats]:
    """`mean_shift` of many windows beside one reference: values and intervals, NaN for None.

    Parameters
    ----------
    reference, grid
        The reference, and what all of them stand on.
    moments
        Finite rows of each window, and the sums of `Numeric.total` and `Numeric.squares`.
    ends
        The smallest and the largest finite value of each, infinite where there is none.
    """
    (m, total, squares), n, scale = moments, reference.finite, spread(reference)
    known = (m > 0) & (n > 0)
    low, high = (
        end(theirs, np.inf if ours is None else ours)
        for end, theirs, ours in (
            (np.minimum, ends[0], reference.minimum), (np.maximum, ends[1], reference.maximum),
        )
    )  # fmt: skip
    if not scale:
        return np.where(known & (low == high), 0.0, np.nan), *np.full((2, m.size), np.nan)
    with np.errstate(all="ignore"):
        known &= (high - low) / grid.scale / scale < SQUARABLE
        value = (total / m - reference.total / n) / scale
        known &= np.isfinite(value)
        variance = (squares - total * total / m) / (m - 1)
        variance = np.where(np.isfinite(variance), np.maximum(variance, 0.0), np.nan)
        ratio = np.where(ends[0] == ends[1], 0.0, np.sqrt(variance)) / scale
        half = Z * np.sqrt(1.0 / n + ratio * ratio / m + value * value / (2 * n))
    half = np.where((m > 1) & np.isfinite(half), half, np.nan)
    value = np.where(known, value, np.nan)
    return value, value - half, value + half


MEAN_SHIFT = Metric(
    name="mean_shift",
    title="Mean shift",
    group="drift",
    function=mean_shift,
    needs=("numeric",),
    measures="The step of the mean in standard deviations of the reference, with its sign.",
    misleads="It is blind to any change that keeps the mean, and one huge value can make it.",
    formula=r"\Delta=\frac{\bar x_\text{current}-\bar x_\text{reference}}{s_\text{ref}},\quad "
    r"s\text{ with }n-1",
    source="Glass (1976), Primary, secondary, and meta-analysis of research; Welch (1947), The "
    "generalization of Student's problem",
    oracle="scipy.stats.ttest_ind(equal_var=False) for the p-value; NumPy for the value",
    unit="reference standard deviations",
    worse="either",
    best=0.0,
    nulls="left out, on both sides",
    infinities="left out, with a note",
    unseen="values outside the reference's range are counted like any other",
    interval="95 %, normal, with the error of both means and of the reference's deviation",
    p_value="Welch's t test",
    peers={"evidently": "has no effect size for it; t-test p-value for normal columns only"},
    symmetric=False,
    zero_when_equal=True,
)
