"""The law that PSI, KL, Jensen-Shannon and Hellinger share on grouped counts.

Each of them, times its `factor` and the effective number of rows `e = n m / (n + m)`, follows near
equality a non-central chi-squared law with one degree of freedom less than there are groups. Hence
one p-value, one bias and one interval for all four.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.intervals import Z
from watchkeeper.metrics.pairs import TOO_RARE, Pair, effective_rows, too_rare, undefined
from watchkeeper.profiles.base import Floats

NEAR = 100.0
"""Scaled values up to this take the non-central chi-squared interval, larger ones the normal."""

INTERVAL = (
    "95 %, non-central chi-squared with B - 1 degrees of freedom for e·k·D up to 100 "
    "(e = nm/(n+m), k the factor of the divergence), widened where the delta-method "
    "variance is larger; beyond that the delta method around the bias-corrected value"
)
POOLING = (
    "an unseen category is a group of its own; categories with fewer than 5 expected rows on the "
    "smaller side are pooled into one group"
)
NULLS = "left out, on both sides; missing_share measures them"
INFINITIES = "belong to the first and last decile group, or to their own where a tenth or more"


@dataclass(frozen=True, slots=True)
class Formula:
    """A divergence as a sum over groups, with its derivatives.

    Attributes
    ----------
    terms
        `(p, q)` in (reference and current shares), for each group the term of the sum and the
        derivatives of the sum by `p` and by `q`.
    factor
        `e * factor * D` is chi-squared near equality.
    unit
        What the sum is multiplied with for the value, such as 1 / ln 2 for bits.
    half_row
        Whether a group that is empty on one side counts half a row there.
    second
        How much the mean of the scaled value grows by `sum(1 / share - 1)` over n² and over m²,
        from the fourth-order expansion around equality.
    highest
        The largest value, None where unbounded.
    """

    terms: Callable[[Floats, Floats], tuple[Floats, Floats, Floats]]
    factor: float
    second: tuple[float, float]
    unit: float = 1.0
    half_row: bool = False
    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A divergence in its natural unit with what its interval and p-value need."""

    value: float
    bias: float
    variance: float
    degrees: int
    scaled: float
    crowding: float


def shares(counts: Floats, *, half_row: bool) -> Floats:
    """Shares of groups; with `half_row` an empty group counts half a row.

    Examples
    --------
    >>> shares(np.array([9.0, 0.0]), half_row=False).tolist()
    [1.0, 0.0]
    """
    if half_row:
        counts = np.where(counts == 0, 0.5, counts)
    share: Floats = counts / counts.sum()
    return share


@lru_cache(maxsize=16)  # The plain and the corrected value of a column follow each other.
def measure(pair: Pair, formula: Formula) -> Measured | str:
    """The divergence of a pair; or why there is none, as text."""
    reason = undefined(pair)
    if reason is not None:
        return reason
    reference, current = pair.groups
    if too_rare(pair):
        return TOO_RARE
    p = shares(reference, half_row=formula.half_row)
    q = shares(current, half_row=formula.half_row)
    terms, by_p, by_q = formula.terms(p, q)
    n, m = pair.n_reference, pair.n_current
    rows = effective_rows(n, m)
    degrees = len(p) - 1
    value = max(math.fsum(terms), 0.0)
    spread = _variance(p, by_p) / n + _variance(q, by_q) / m
    bias = degrees / (formula.factor * rows)
    both = reference + current
    return Measured(
        value,
        bias,
        spread + 2 * degrees / (formula.factor * rows) ** 2,
        degrees,
        value * formula.factor * rows,
        float((both.sum() / both - 1.0).sum()),
    )


def estimate(pair: Pair, formula: Formula, *, corrected: bool = False) -> Estimate:
    """The divergence, or with `corrected` the divergence less its expectation without change.

    The corrected value is not clipped at zero: without change it is zero on average, and a clip
    would bring the bias back. Both share one interval, which is of the true divergence.
    """
    measured = measure(pair, formula)
    n, m = pair.n_reference, pair.n_current
    if isinstance(measured, str):
        return Estimate(None, n_reference=n, n_current=m, note=measured)
    unit = formula.unit
    value = measured.value - (measured.bias if corrected else 0.0)
    if measured.degrees == 0:
        return Estimate(value * unit, n_reference=n, n_current=m)
    low, high = interval(measured, formula)
    # Below its bias a value lies outside the interval of the truth; a reader expects it inside.
    low, high = min(low, value * unit), max(high, value * unit)
    return Estimate(value * unit, low, high, p_value(measured, formula, n, m), n, m)


def interval(measured: Measured, formula: Formula) -> tuple[float, float]:
    """95 % interval of the true divergence, in the unit of the value."""
    centre = measured.value - measured.bias
    if measured.scaled > NEAR:
        half = Z * math.sqrt(measured.variance)
        low, high = centre - half, centre + half
    else:
        low, high = _near(measured, formula.factor)
    top = math.inf if formula.highest is None else formula.highest
    low, high = max(low, 0.0) * formula.unit, max(high, 0.0) * formula.unit
    return min(low, top), min(high, top)


def p_value(measured: Measured, formula: Formula, n: int, m: int) -> float:
    """Chance of so large a scaled divergence had nothing changed; Bartlett-corrected.

    The chi-squared law is of first order; dividing by the ratio of the mean to second order to
    that of first keeps a small sample from alarming too often.
    """
    first = measured.degrees * (1 / n + 1 / m)
    second = formula.second[0] / n**2 + formula.second[1] / m**2
    factor = 1.0 + measured.crowding * second / first
    return float(special.chdtrc(measured.degrees, measured.scaled / factor))


def _near(measured: Measured, factor: float) -> tuple[float, float]:
    """The ends by inverting the non-central chi-squared law."""
    rows = measured.degrees / (measured.bias * factor)
    x, degrees = measured.scaled, measured.degrees
    ends = []
    for level in (0.975, 0.025):
        attainable = x > 0 and special.chdtr(degrees, x) > level
        ends.append(float(special.chndtrinc(x, degrees, level)) if attainable else 0.0)
    centre = max(x - degrees, 0.0)
    local = (2 * degrees + 4 * centre) / (factor * rows) ** 2
    wider = max(1.0, math.sqrt(measured.variance / local))
    low, high = (centre + wider * (end - centre) for end in ends)
    return low / (factor * rows), high / (factor * rows)


def _variance(share: Floats, slope: Floats) -> float:
    mean = float(share @ slope)
    return max(float(share @ (slope * slope)) - mean * mean, 0.0)
