"""Energy distance."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.pairs import NumericPair, effective_rows
from watchkeeper.metrics.wasserstein import outside, without_line
from watchkeeper.profiles.base import Floats


def energy_distance(pair: NumericPair) -> Estimate:
    """Energy distance with the column in standard deviations of the reference.

    Measures how much further apart rows of different sides are than rows of the same one.
    Direction: larger is worse; 0 is no change. Misleads: heavy tails dominate it.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 without upper end; None where `wasserstein` is. Rows are taken as spread evenly
        inside a bin; `bound` is the most that this may be off.

    References
    ----------
    Székely, Rizzo (2013), "Energy statistics". `sqrt(2 ∫ (F(x) - G(x))² dx / s_reference)`.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> grid = fit_grid(np.array([0.0, 2.0, 3.0, 5.0]))
    >>> one = measure(np.array([0.0, 2.0]), 0, grid)
    >>> two = measure(np.array([3.0, 5.0]), 0, grid)
    >>> round(energy_distance(NumericPair(one, two, grid)).value, 4)  # sqrt(4 / sqrt(2))
    1.6818
    """
    n, m = pair.reference.finite, pair.current.finite
    if pair.line is None:
        return without_line(pair)
    widths, reference, current = pair.line
    left, right = (current - reference)[:-1], (current - reference)[1:]
    square = float(widths @ (left * left + left * right + right * right)) / 3
    value = math.sqrt(2 * square)
    bound = _bound(pair, widths, np.diff(reference), np.diff(current))
    mean, shape = noise_law(widths, (n * reference + m * current) / (n + m))
    rows = effective_rows(n, m)
    if mean <= 0:
        return Estimate(value, n_reference=n, n_current=m, bound=bound, note=outside(pair))
    p_value = float(special.gammaincc(shape, shape * rows * square / mean))
    chance = mean / shape * float(special.gammainccinv(shape, 0.05)) / rows
    half = math.sqrt(2 * chance) + bound
    return Estimate(
        value, max(value - half, 0.0), value + half, p_value, n, m, note=outside(pair), bound=bound
    )


def noise_law(widths: Floats, both: Floats) -> tuple[float, float]:
    """Mean and gamma shape of `e ∫ (F - G)² dx` for two samples of one distribution.

    It is a weighted sum of squared normals, the integral of a squared Brownian bridge along the
    distribution `both`; its first two moments are matched with a gamma law.
    """
    share = np.clip((both[:-1] + both[1:]) / 2, 0.0, 1.0)
    mean = float(widths @ (share * (1 - share)))
    # For s < t the covariance is H(s)(1 - H(t)): the double integral of its square is a cumsum.
    inner = np.cumsum(widths * share**2) - widths * share**2 / 2
    square = 2 * float(widths @ ((1 - share) ** 2 * inner))
    return mean, (mean * mean / (2 * square) if square > 0 else 0.5)


def _bound(pair: NumericPair, widths: Floats, reference: Floats, current: Floats) -> float:
    """The norm of what spreading rows evenly may hide: each side is off by at most its step."""
    step = np.where(pair.grid.atoms, 0.0, reference + current)
    return math.sqrt(2 * float(widths @ (step * step)))


ENERGY_DISTANCE = Metric(
    name="energy_distance",
    title="Energy distance",
    group="drift",
    function=energy_distance,
    needs=("numeric",),
    measures="How much further apart rows of different sides are than rows of the same one.",
    misleads="Heavy tails dominate it, and it has the unit of a square root.",
    formula=r"E=\sqrt{\frac{2}{s_\text{ref}}\int(F_m(x)-G_n(x))^2\,dx},\quad s\text{ with }n-1; "
    r"\text{ rows spread evenly inside a bin}",
    source="Székely, Rizzo (2013), Energy statistics: a class of statistics based on distances",
    oracle="scipy.stats.energy_distance of the column over the reference's standard deviation",
    unit="square root of reference standard deviations",
    worse="higher",
    best=0.0,
    lowest=0.0,
    nulls="left out, on both sides",
    infinities="left out, with a note: the distance would be infinite",
    unseen="values outside the reference's range are counted like any other",
    interval="95 %, triangle inequality with the gamma-matched law of chance and the bound of the "
    "binning; wider than need be",
    p_value="gamma law matched in mean and variance to the weighted chi-squared limit",
    peers={
        "evidently": "column units (SciPy), limit 0.1, so it depends on the unit of the column",
        "frouros": "column units (SciPy)",
    },
    symmetric=False,
    zero_when_equal=True,
)
