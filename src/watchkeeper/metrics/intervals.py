"""Confidence intervals (95 %) that every performance metric shares.

- A share of rows: Wilson's score interval.
- Any other function of sums or counts: the delta method, whose variance comes from how each row
  moves the value (the infinitesimal jackknife), on a scale where the value has no border: the
  logit of a bounded value, the logarithm of a positive one.
- A difference of two independent values: recovered from their intervals (MOVER), which for two
  shares is Newcombe's method 10; its p-value is the level at which that interval would touch zero.

References
----------
.. [1] Wilson (1927), "Probable inference, the law of succession, and statistical inference".
.. [2] Efron (1982), "The jackknife, the bootstrap and other resampling plans", chapter 6.
.. [3] Newcombe (1998), "Interval estimation for the difference between independent proportions".
.. [4] Zou and Donner (2008), "Construction of confidence limits about effect measures".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy.special import expit, logit, ndtr, stdtrit

from watchkeeper.core.estimate import Estimate
from watchkeeper.profiles.base import Floats

Interval: TypeAlias = tuple[float | None, float | None]

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def wilson(hits: float, rows: float, *, z: float = Z) -> tuple[float, float]:
    """Wilson's score interval of a share.

    Parameters
    ----------
    hits, rows
        `hits` of `rows` rows, `rows > 0`.
    z
        The normal quantile of the level; 1.96 is 95 %.

    Returns
    -------
    tuple[float, float]
        The ends, in [0, 1].

    Examples
    --------
    >>> low, high = wilson(0, 10)
    >>> low, round(high, 3)
    (0.0, 0.278)
    """
    share = hits / rows
    weight = z * z / rows
    middle = share + weight / 2
    spread = z * math.sqrt(share * (1 - share) / rows + weight / (4 * rows))
    low = 0.0 if hits <= 0 else (middle - spread) / (1 + weight)
    high = 1.0 if hits >= rows else (middle + spread) / (1 + weight)
    return max(low, 0.0), min(high, 1.0)


def share_estimate(hits: float, rows: float, note: str) -> Estimate:
    """A share of rows with Wilson's interval; undefined, for the reason `note`, without rows.

    >>> share_estimate(1, 4, "no rows").value
    0.25
    """
    if rows <= 0:
        return Estimate(None, note=note)
    low, high = wilson(hits, rows)
    return Estimate(hits / rows, low, high, n_current=round(rows))


def quantile_t(degrees: float | None) -> float:
    """The 97.5 % point of Student's t distribution; of the normal one for None.

    >>> round(quantile_t(10), 3)
    2.228
    """
    return Z if degrees is None else float(stdtrit(max(degrees, 1.0), 0.975))


def bounded(
    value: float,
    variance: float,
    rows: float,
    *,
    lowest: float = 0.0,
    highest: float = 1.0,
    degrees: float | None = None,
) -> Interval:
    """The interval of a value between two bounds, taken on the logit scale.

    Parameters
    ----------
    value, variance
        The estimate and its sampling variance.
    rows
        Independent rows behind the value. At a bound, or where no row moves the value, the delta
        method says 'no doubt at all'; Wilson's interval for a share of this many rows stands in.
    lowest, highest
        The bounds. With -1 and 1 this is Fisher's z-transformation.
    degrees
        Degrees of freedom of the variance, where it comes from few groups.

    Examples
    --------
    >>> low, high = bounded(0.9, 0.03**2, 100)
    >>> round(low, 3), round(high, 3)
    (0.824, 0.945)
    """
    if not (math.isfinite(value) and math.isfinite(variance)) or rows <= 0:
        return None, None
    span = highest - lowest
    share = (value - lowest) / span
    edge = share * (1 - share)
    if edge <= 0 or variance <= 0:
        low, high = wilson(min(max(share, 0.0), 1.0) * rows, rows)
        return lowest + span * low, lowest + span * high
    spread = quantile_t(degrees) * math.sqrt(variance) / span / edge
    middle = float(logit(share))
    low, high = float(expit(middle - spread)), float(expit(middle + spread))
    return lowest + span * low, lowest + span * high


def positive(value: float, variance: float, *, degrees: float | None = None) -> Interval:
    """The interval of a positive value, taken on the logarithmic scale.

    Examples
    --------
    >>> low, high = positive(2.0, 0.04)
    >>> round(low, 2), round(high, 2)
    (1.64, 2.43)
    """
    if not (math.isfinite(value) and math.isfinite(variance)) or value <= 0 or variance < 0:
        return None, None
    factor = math.exp(min(quantile_t(degrees) * math.sqrt(variance) / value, 700.0))
    high = value * factor
    # No interval rather than one without an end: nothing is ever infinite.
    return (value / factor, high) if math.isfinite(high) else (None, None)


def symmetric(value: float, variance: float, *, degrees: float | None = None) -> Interval:
    """The interval of an unbounded value: value plus and minus t standard errors.

    >>> symmetric(0.0, 1.0)[1] == Z
    True
    """
    if not (math.isfinite(value) and math.isfinite(variance)) or variance < 0:
        return None, None
    spread = quantile_t(degrees) * math.sqrt(variance)
    return value - spread, value + spread


def combine(
    weights: Floats,
    values: Floats,
    intervals: Sequence[tuple[float, float]],
    correlation: Floats | None = None,
) -> tuple[float, float, float]:
    """A weighted sum of values and its interval, recovered from the intervals of the values.

    Parameters
    ----------
    weights, values
        Shape (k,).
    intervals
        The ends for each value.
    correlation
        Of the values, shape (k, k); None where they are independent.

    Returns
    -------
    tuple[float, float, float]
        Value, low and high.

    Examples
    --------
    >>> combine(np.array([1.0, -1.0]), np.array([0.5, 0.5]), [(0.4, 0.6), (0.4, 0.6)])[0]
    0.0
    """
    value = float(weights @ values)
    ends = np.array(intervals)
    down, up = values - ends[:, 0], ends[:, 1] - values
    below = weights * np.where(weights > 0, down, up)
    above = weights * np.where(weights > 0, up, down)
    between = np.eye(values.size) if correlation is None else correlation
    return (
        value,
        value - math.sqrt(max(float(below @ between @ below), 0.0)),
        value + math.sqrt(max(float(above @ between @ above), 0.0)),
    )


def compare_metric(reference: Estimate, current: Estimate) -> Estimate:
    """How far a metric has moved from the reference to the current rows.

    Parameters
    ----------
    reference, current
        The metric on two independent sets of rows, with their intervals.

    Returns
    -------
    Estimate
        `current - reference` with its interval and two-sided p-value; undefined where either
        value is, without interval where either has none. For shares with Wilson intervals this
        is Newcombe's method 10; in general it is Zou and Donner's MOVER. The p-value is that of
        the normal deviate at which the interval would end at zero, so it lies under 0.05 exactly
        where the interval leaves zero out.

    Examples
    --------
    >>> before, after = share_estimate(80, 100, ""), share_estimate(60, 100, "")
    >>> change = compare_metric(before, after)
    >>> round(change.value, 2), round(change.low, 3), round(change.high, 3)
    (-0.2, -0.319, -0.073)
    """
    rows = (reference.n_current, current.n_current)
    if reference.value is None or current.value is None:
        side = "reference" if reference.value is None else "current"
        reason = (reference if reference.value is None else current).note or "it is undefined"
        note = f"no value on the {side} rows: {reason}"
        return Estimate(None, None, None, None, *rows, note)
    value = current.value - reference.value
    ends = (reference.low, reference.high, current.low, current.high)
    if any(end is None for end in ends):
        return Estimate(value, None, None, None, *rows, "no interval on one of the two sides")
    reference_low, reference_high, low, high = (float(end) for end in ends if end is not None)
    below = math.hypot(max(current.value - low, 0.0), max(reference_high - reference.value, 0.0))
    above = math.hypot(max(high - current.value, 0.0), max(reference.value - reference_low, 0.0))
    towards = below if value > 0 else above
    p_value = None
    if value == 0:
        p_value = 1.0
    elif towards > 0:
        p_value = float(2.0 * ndtr(-Z * abs(value) / towards))
    bound = None
    if reference.bound is not None or current.bound is not None:
        bound = (reference.bound or 0.0) + (current.bound or 0.0)
    return Estimate(value, value - below, value + above, p_value, *rows, None, bound)
