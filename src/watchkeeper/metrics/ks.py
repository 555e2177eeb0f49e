"""Two-sample Kolmogorov-Smirnov distance."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.pairs import NumericPair, effective_rows, undefined

EXACT = 10_000
"""Products of the two sample sizes up to this take the exact p-value."""


def ks(pair: NumericPair) -> Estimate:
    """Largest distance between the two distribution functions, taken at the edges of the grid.

    Measures how far apart the two distributions are at the worst point, as a share of rows.
    Direction: larger is worse; 0 is no change. Misleads: it is least sensitive in the tails.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 to 1; None where a side has no rows with a value. The exact distance is at least
        `value` and at most `value + bound`; `bound` is 0 where every bin that both sides fill holds
        one value.

    References
    ----------
    Smirnov (1939); Hodges (1958), "The significance probability of the Smirnov two-sample test";
    Stephens (1970). `max |F(x) - G(x)|`.

    Examples
    --------
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> from watchkeeper.profiles.numeric import measure
    >>> grid = fit_grid(np.arange(4.0))
    >>> one, two = measure(np.arange(4.0), 0, grid), measure(np.array([2.0, 3.0]), 0, grid)
    >>> ks(NumericPair(one, two, grid)).value
    0.5
    """
    n, m = pair.n_reference, pair.n_current
    reason = undefined(pair)
    if reason is not None:
        return Estimate(None, n_reference=n, n_current=m, note=reason)
    distance = min(float(np.max(np.abs(pair.gap))), 1.0)
    bound = binning_bound(pair, distance)
    rows = math.sqrt(effective_rows(n, m))
    low = max(distance - critical(0.025, n, m), 0.0)
    high = min(distance + bound + 0.98 / rows, 1.0)
    return Estimate(distance, low, high, two_sample_p(distance, n, m), n, m, bound=bound)


def binning_bound(pair: NumericPair, distance: float) -> float:
    """The most by which the exact distance may exceed the one at the edges.

    Inside bin [a, b) neither distribution function leaves the range that it spans between the
    edges, so `F - G` is at most `F(b) - G(a)` and `G - F` at most `G(b) - F(a)`.
    """
    reference, current = pair.cdf
    before_r = np.concatenate(([0.0], reference[:-1]))
    before_c = np.concatenate(([0.0], current[:-1]))
    # A jump of one side alone is monotone, so its largest distance is at an edge.
    open_bins = ~pair.single & (reference > before_r) & (current > before_c)
    if not open_bins.any():
        return 0.0
    reach = np.maximum(current - before_r, reference - before_c)[open_bins].max()
    return max(min(float(reach), 1.0) - distance, 0.0)


def critical(level: float, n: int, m: int) -> float:
    """The distance that two samples of one distribution exceed with chance `level`.

    >>> round(critical(0.05, 1000, 1000), 3)
    0.06
    """
    return float(special.kolmogi(level)) / _stretch(effective_rows(n, m))


def two_sample_p(distance: float, n: int, m: int) -> float:
    """Chance of at least this distance between samples of one continuous distribution.

    Exact (Hodges' count of lattice paths) up to `n m = 10,000`, beyond that Kolmogorov's law with
    Stephens' correction. With ties it is too large rather than too small.

    Examples
    --------
    >>> round(two_sample_p(0.75, 4, 4), 4)
    0.2286
    """
    if distance <= 0:
        return 1.0
    if n * m <= EXACT:
        exact = _paths(distance, n, m)
        if exact > 1e-9:
            return exact
    return float(special.kolmogorov(_stretch(effective_rows(n, m)) * distance))


def _stretch(rows: float) -> float:
    root = math.sqrt(rows)
    return root + 0.12 + 0.11 / root


def _paths(distance: float, n: int, m: int) -> float:
    """One minus the share of lattice paths that keep `|i/n - j/m|` below the distance."""
    n, m = min(n, m), max(n, m)
    reach = round(distance * n * m) - 0.5  # Distances are multiples of 1 / (n m).
    j = np.arange(m + 1)
    row = (j * n < reach).astype(np.float64)
    for i in range(1, n + 1):
        inside = np.abs(i * m - j * n) < reach
        # Floats hold the number of paths: at most C(200, 100), about 1e59.
        row = np.cumsum(row * inside) * inside
    share = row[m] / special.binom(n + m, n)
    return float(min(max(1.0 - share, 0.0), 1.0))


KS = Metric(
    name="ks",
    title="Kolmogorov–Smirnov distance",
    group="drift",
    function=ks,
    needs=("numeric",),
    measures="The largest difference of the shares of rows below any value.",
    misleads="It is least sensitive in the tails, and blind to how far a value moved.",
    formula=r"D=\max_{x\in\text{edges}}|F_m(x)-G_n(x)|,\quad F\text{ current, }G\text{ reference; "
    r"the exact supremum lies in }[D,\,D+\text{bound}]",
    source="Smirnov (1939); Hodges (1958), The significance probability of the Smirnov two-sample "
    "test; Stephens (1970)",
    oracle="scipy.stats.ks_2samp",
    unit="share",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls="left out, on both sides; missing_share measures them",
    infinities="extreme values: mass below the first and above the last edge",
    unseen="values outside the reference's range are counted like any other",
    interval="95 %: the lower end subtracts the 97.5 % point of Kolmogorov's law (triangle "
    "inequality), the upper adds the bound of the binning and 1.96 standard errors at their "
    "largest, since the distance of samples is on average no less than the true one",
    p_value="exact lattice paths up to n·m = 10,000, else Kolmogorov's law with Stephens' "
    "correction; too large rather than too small with ties",
    peers={
        "evidently": "reports the p-value in place of the distance",
        "nannyml": "the distance; its limit comes from chunks of the reference",
        "deepchecks": "the distance, limit 0.2",
        "whylogs": "p-value of 100 quantiles of sketches",
        "alibi-detect": "asymptotic p-value",
        "scipy": "the exact distance; two-sample p-value exact for small samples",
    },
    defaults={"tolerance": 0.05},
    symmetric=True,
    zero_when_equal=True,
)
