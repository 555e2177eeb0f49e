"""Two-sample Cramer-von Mises statistic."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.pairs import NumericPair, undefined

TAIL = 1.5
"""Above this the leading term of the tail is closer than the series."""


def cramer_von_mises(pair: NumericPair) -> Estimate:
    """Mean squared distance of the distribution functions, times the effective rows.

    Measures evidence of any change, all of the range alike. Direction: larger is worse; about 1/6
    without change. Misleads: it is a test statistic and grows with the rows: no effect size.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 without upper end; None where a side has no rows with a value.

    References
    ----------
    Anderson (1962), "On the distribution of the two-sample Cramér-von Mises criterion"; Csörgő,
    Faraway (1996), "The exact and asymptotic distributions of Cramér-von Mises statistics".
    `n m / (n + m) * ∫ (F - G)² dH`, H the distribution of both together.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> grid = fit_grid(np.arange(4.0))
    >>> one, two = measure(np.array([0.0, 1]), 0, grid), measure(np.array([2.0, 3]), 0, grid)
    >>> cramer_von_mises(NumericPair(one, two, grid)).value
    0.375
    """
    n, m = pair.n_reference, pair.n_current
    reason = undefined(pair)
    if reason is not None:
        return Estimate(None, n_reference=n, n_current=m, note=reason)
    reference, current = pair.counts
    right = pair.gap
    left = np.concatenate(([0.0], right[:-1]))
    inside = np.where(pair.single, right * right, (left * left + left * right + right * right) / 3)
    value = float((reference + current) @ inside) * n * m / (n + m) ** 2
    return Estimate(value, None, None, _p_value(value, n, m), n, m)


def _p_value(value: float, n: int, m: int) -> float:
    """The limiting law at the statistic, standardised by its exact mean and variance."""
    rows, product = n + m, n * m
    mean = (1 + 1 / rows) / 6
    spread = (rows + 1) * (4 * product * rows - 3 * (n * n + m * m) - 2 * product)
    variance = spread / (45 * rows * rows * 4 * product)
    if variance <= 0:
        return 1.0
    return limit_sf(1 / 6 + (value - mean) / math.sqrt(45 * variance))


def limit_sf(x: float) -> float:
    """Chance that the limiting Cramer-von Mises variable exceeds `x`.

    It is a sum of squared normals over `j² π²`. The body is Csörgő and Faraway's series; the tail
    is that of the largest term, `sqrt(2) erfc(π sqrt(x / 2))`, to second order.

    Examples
    --------
    >>> round(limit_sf(0.46136), 4)
    0.05
    """
    if x < 0.003:
        return 1.0
    if x > TAIL:
        # 3 / (4 π²) is the mean of the other terms once the largest has carried the sum that far.
        leading = math.sqrt(2) * math.erfc(math.pi * math.sqrt(x / 2))
        return leading * (1 + 3 / (8 * math.pi**2 * x))
    k = np.arange(12)
    q = (4 * k + 1) ** 2 / (16 * x)
    weight = np.exp(special.gammaln(k + 0.5) - special.gammaln(k + 1)) * np.sqrt(4 * k + 1)
    total = float(np.sum(weight * np.exp(-2 * q) * special.kve(0.25, q)))
    return float(min(max(1.0 - total / (math.pi**1.5 * math.sqrt(x)), 0.0), 1.0))


CRAMER_VON_MISES = Metric(
    name="cramer_von_mises",
    title="Cramér–von Mises statistic",
    group="drift",
    function=cramer_von_mises,
    needs=("numeric",),
    measures="Evidence of any change of the distribution, all of the range alike.",
    misleads="It grows with the number of rows: a test statistic, no effect size.",
    formula=r"T=\frac{nm}{n+m}\int(F_m-G_n)^2\,dH,\quad H\text{ of both together; right-continuous "
    r"functions at single values, straight lines inside a bin}",
    source="Anderson (1962), On the distribution of the two-sample Cramér–von Mises criterion; "
    "Csörgő, Faraway (1996)",
    oracle="scipy.stats.cramervonmises_2samp without ties (with ties SciPy ranks by midranks, ours "
    "is the integral)",
    worse="higher",
    lowest=0.0,
    nulls="left out, on both sides",
    infinities="extreme values: mass below the first and above the last edge",
    unseen="values outside the reference's range are counted like any other",
    interval="",
    p_value="limiting law with Anderson's correction for finite samples",
    peers={"evidently": "p-value of SciPy", "alibi-detect": "p-value of SciPy"},
    symmetric=True,
    zero_when_equal=True,
)
