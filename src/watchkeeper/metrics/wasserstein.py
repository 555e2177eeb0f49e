"""First Wasserstein distance."""

from __future__ import annotations

import math

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import Z
from watchkeeper.metrics.pairs import NumericPair, undefined
from watchkeeper.profiles.base import Floats

OVERFLOW = "the range of the values overflows"
CONSTANT = "the reference does not vary, so it has no standard deviation to measure in"


def wasserstein(pair: NumericPair) -> Estimate:
    """How far the rows moved on average, in standard deviations of the reference.

    Measures the area between the two distribution functions. Direction: larger is worse; 0 is no
    change. Misleads: a few far outliers can make it large.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 without upper end. None where a side has no finite rows, and where the reference is
        constant but the current rows differ from it. Rows are taken as spread evenly inside a bin;
        `bound` is the most that this may be off.

    References
    ----------
    Vallender (1974), "Calculation of the Wasserstein distance between probability distributions on
    the line". `∫ |F(x) - G(x)| dx / s_reference`.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> grid = fit_grid(np.array([0.0, 2.0, 3.0, 5.0]))
    >>> one = measure(np.array([0.0, 2.0]), 0, grid)
    >>> two = measure(np.array([3.0, 5.0]), 0, grid)
    >>> round(wasserstein(NumericPair(one, two, grid)).value, 4)  # 3 over sqrt(2)
    2.1213
    """
    n, m = pair.reference.finite, pair.current.finite
    if pair.line is None:
        return without_line(pair)
    widths, reference, current = pair.line
    left, right = (current - reference)[:-1], (current - reference)[1:]
    area = float(widths @ _mean_absolute(left, right))
    shift = mean_difference(pair)
    value = max(area, abs(shift)) if shift is not None else area
    loose = np.where(pair.grid.atoms, 0.0, np.diff(reference) + np.diff(current))
    bound = float(widths @ loose) / 2
    noise = _noise(widths, reference, current, n, m)
    error = Z * math.sqrt(_variance(widths, left + right, reference, current, n, m))
    low, high = max(value - bound - noise - error, 0.0), value + bound + error
    return Estimate(value, low, high, None, n, m, note=outside(pair), bound=bound)


def without_line(pair: NumericPair) -> Estimate:
    """What an integral over the line is where there is none: 0 for equal constants, else None."""
    n, m = pair.reference.finite, pair.current.finite
    note = undefined(pair)
    if note is None and (n == 0 or m == 0):
        note = "a side has no finite row"
    if note is None:
        one, two = pair.reference, pair.current
        ends = {one.minimum, one.maximum, two.minimum, two.maximum}
        if len(ends) == 1:
            return Estimate(0.0, n_reference=n, n_current=m, bound=0.0)
        note = OVERFLOW if pair.scale else "the reference has one row" if n == 1 else CONSTANT
    return Estimate(None, n_reference=n, n_current=m, note=note)


def outside(pair: NumericPair) -> str | None:
    """The caveat where infinite rows were left out."""
    count = pair.reference.infinities + pair.current.infinities
    return f"{count} infinite rows are left out" if count else None


def mean_difference(pair: NumericPair) -> float | None:
    """Current minus reference mean of the finite rows in reference standard deviations."""
    n, m = pair.reference.finite, pair.current.finite
    if not n or not m or not pair.scale:
        return None
    difference = pair.current.total / m - pair.reference.total / n
    value = difference / pair.scale
    return value if math.isfinite(value) else None


def _mean_absolute(left: Floats, right: Floats) -> Floats:
    """Mean of |d| over a bin inside which d runs straight from `left` to `right`."""
    ends = np.abs(left) + np.abs(right)
    crossing = left * right < 0
    square = np.divide(left * left + right * right, ends, out=ends.copy(), where=crossing)
    return np.where(crossing, square, ends) / 2


def _noise(widths: Floats, reference: Floats, current: Floats, n: int, m: int) -> float:
    """The distance of two samples of one distribution, on average (normal approximation)."""
    both = (n * reference + m * current) / (n + m)
    middle = (both[:-1] + both[1:]) / 2
    deviation = np.sqrt(np.clip(middle * (1 - middle), 0.0, None) * (1 / n + 1 / m))
    return float(widths @ deviation) * math.sqrt(2 / math.pi)


def _variance(
    widths: Floats, twice: Floats, reference: Floats, current: Floats, n: int, m: int
) -> float:
    """Delta method: each row moves the area by the signed length to its left."""
    steps = np.sign(twice) * widths
    reached = np.cumsum(steps) - steps / 2
    total = 0.0
    for shares, rows in ((np.diff(reference), n), (np.diff(current), m)):
        mean = float(shares @ reached)
        total += max(float(shares @ (reached - mean) ** 2), 0.0) / rows
    return total


WASSERSTEIN = Metric(
    name="wasserstein",
    title="Wasserstein distance",
    group="drift",
    function=wasserstein,
    needs=("numeric",),
    measures="How far the rows moved on average, in standard deviations of the reference.",
    misleads="A few far outliers can make it large; in column units it cannot be compared between "
    "columns, so it is not given in those.",
    formula=r"W_1=\frac{1}{s_\text{ref}}\int|F_m(x)-G_n(x)|\,dx,\quad s\text{ with }n-1; "
    r"\text{ rows spread evenly inside a bin, never less than the exact difference of means}",
    source="Vallender (1974), Calculation of the Wasserstein distance between probability "
    "distributions on the line",
    oracle="scipy.stats.wasserstein_distance over the reference's standard deviation",
    unit="reference standard deviations",
    worse="higher",
    best=0.0,
    lowest=0.0,
    nulls="left out, on both sides",
    infinities="left out, with a note: the distance would be infinite",
    unseen="values outside the reference's range are counted like any other",
    interval="95 %, delta method; the lower end also subtracts the bound of the binning and what "
    "chance alone shows on average",
    p_value="",
    peers={
        "evidently": "over max(standard deviation, 0.001)",
        "nannyml": "column units",
        "deepchecks": "2.5 % trimmed off each tail, then scaled to the common range",
        "frouros": "column units",
    },
    symmetric=False,
    zero_when_equal=True,
)
