"""Two-sample Anderson-Darling statistic."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.pairs import NumericPair, undefined

MANY = 2000
"""From this many rows on the harmonic double sum takes its asymptotic form."""

TAIL = 6.0
"""Above this the leading term of the tail is closer than Marsaglia's fit."""

LIMIT_DEVIATION = math.sqrt(2 * (math.pi**2 - 9) / 3)
"""Standard deviation of the limiting Anderson-Darling variable, whose mean is 1."""


def anderson_darling(pair: NumericPair) -> Estimate:
    """Anderson-Darling statistic of two samples, midranks for ties, standardised.

    Measures evidence of any change, the tails weighed up. Direction: larger is worse; 0 on average
    without change, so it may be negative. Misleads: it grows with the rows: no effect size.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        Standard deviations above the mean without change; None where a side has no rows with a
        value, where all rows share one cell, and below four rows in all.

    References
    ----------
    Scholz, Stephens (1987), "K-sample Anderson-Darling tests", equation 7; Marsaglia, Marsaglia
    (2004), "Evaluating the Anderson-Darling distribution".

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> grid = fit_grid(np.arange(6.0))
    >>> one, two = measure(np.arange(3.0), 0, grid), measure(np.arange(3.0, 6), 0, grid)
    >>> round(anderson_darling(NumericPair(one, two, grid)).value, 3)
    2.633
    """
    n, m = pair.n_reference, pair.n_current
    reason = undefined(pair)
    if reason is None and n + m < 4:
        reason = "fewer than four rows in all"
    if reason is not None:
        return Estimate(None, n_reference=n, n_current=m, note=reason)
    reference, current = pair.counts
    both = reference + current
    held = both > 0
    if np.count_nonzero(held) < 2:
        return Estimate(None, n_reference=n, n_current=m, note="all rows share one value or bin")
    rows = float(n + m)
    reference, current, both = reference[held], current[held], both[held]
    middle = np.cumsum(both) - both / 2
    weight = both / rows / (middle * (rows - middle) - rows * both / 4)
    square = 0.0
    for side, size in ((reference, n), (current, m)):
        inner = rows * (np.cumsum(side) - side / 2) - middle * size
        square += float(weight @ (inner * inner)) / size
    square *= (rows - 1) / rows
    value = (square - 1.0) / math.sqrt(_variance(n, m))
    return Estimate(value, None, None, limit_sf(1.0 + value * LIMIT_DEVIATION), n, m)


def limit_sf(x: float) -> float:
    """Chance that the limiting Anderson-Darling variable exceeds `x`.

    It is a sum of squared normals over `j (j + 1)`: Marsaglia and Marsaglia's fit (error 2e-6) in
    the body, and in the tail its largest term, `sqrt(3) erfc(sqrt(x))`, to second order.

    Examples
    --------
    >>> round(limit_sf(2.4924), 4)
    0.05
    """
    if x <= 0:
        return 1.0
    if x > TAIL:
        # 11 / 18 is the mean of the other terms once the largest has carried the sum that far.
        return math.sqrt(3) * math.erfc(math.sqrt(x)) * (1 + 11 / (36 * x))
    if x < 2:
        poly = np.polyval([0.00168691, -0.0116720, 0.0347962, -0.0649821, 0.247105, 2.00012], x)
        return 1.0 - math.exp(-1.2337141 / x) / math.sqrt(x) * float(poly)
    poly = np.polyval([-0.0003146, 0.008056, -0.082433, 0.43424, -2.30695, 1.0776], x)
    return -math.expm1(-math.exp(float(poly)))


def _variance(n: int, m: int) -> float:
    """Exact variance of the statistic of two samples of one continuous distribution."""
    rows = n + m
    ends = 1 / n + 1 / m
    h, g = _harmonics(rows)
    a = (4 * g - 6) + (10 - 6 * g) * ends
    b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * ends - 8 * h + 4 * g - 6
    c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * ends + 4 * h
    d = (2 * h + 6) * 4 - 8 * h
    size = float(rows)
    return (a * size**3 + b * size**2 + c * size + d) / ((size - 1) * (size - 2) * (size - 3))


@lru_cache(maxsize=4096)
def _harmonics(rows: int) -> tuple[float, float]:
    """The sum of 1/i below `rows`, and Scholz and Stephens' double sum g."""
    if rows > MANY:
        h = math.log(rows) + np.euler_gamma - 1 / (2 * rows)
        return h, math.pi**2 / 6 - (2 * (math.log(rows) + np.euler_gamma) + 1) / rows
    falling = np.cumsum(1.0 / np.arange(rows - 1, 1, -1))
    return float(falling[-1]) + 1.0, float(np.sum(falling / np.arange(2, rows)))


ANDERSON_DARLING = Metric(
    name="anderson_darling",
    title="Anderson–Darling statistic",
    group="drift",
    function=anderson_darling,
    needs=("numeric",),
    measures="Evidence of any change of the distribution, the tails weighed up.",
    misleads="It grows with the number of rows: a test statistic, no effect size.",
    formula=r"T=\frac{A^2_{akN}-1}{\sigma_N},\quad A^2_{akN}\text{ with midranks (Scholz and "
    r"Stephens, equation 7); rows that share a bin are ties}",
    source="Scholz, Stephens (1987), K-sample Anderson–Darling tests",
    oracle="scipy.stats.anderson_ksamp (statistic; its p-value is clipped to 0.001 to 0.25)",
    unit="standard deviations without change",
    worse="higher",
    nulls="left out, on both sides",
    infinities="extreme values: mass below the first and above the last edge",
    unseen="values outside the reference's range are counted like any other",
    interval="",
    p_value="limiting law (Marsaglia and Marsaglia 2004) of the standardised statistic; "
    "approximate with many ties",
    peers={"evidently": "p-value of SciPy, clipped to 0.001 to 0.25"},
    symmetric=True,
    zero_when_equal=False,
)
