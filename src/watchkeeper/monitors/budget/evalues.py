"""Evidence of one closed bucket against 'nothing has changed beyond the tolerance'.

An e-value is a number from 0 whose mean is at most 1 while that null hypothesis holds: a bet that
does not pay on average. All functions give its logarithm and take arrays that broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special

Floats: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = float | Sequence[float] | Floats

SMALLEST_P = 1e-300
"""P-values are raised to this: the logarithm of 0 is of no use."""


def log_calibrated(p_value: Numbers) -> Floats:
    """The log e-value of a p-value: `(1 - p + p ln p) / (p ln² p)`.

    Parameters
    ----------
    p_value
        In [0, 1].

    Returns
    -------
    Floats
        From `ln 0.5` at p = 1; 0 at p of about 0.22.

    References
    ----------
    Vovk, Wang (2021), "E-values: calibration, combination and applications": the mean of
    `k p^(k-1)` over k in [0, 1].

    Examples
    --------
    >>> np.exp(log_calibrated([0.5, 0.05, 0.001])).round(4)
    array([ 0.6387,  1.7833, 20.7911])
    """
    log = np.log(np.clip(np.asarray(p_value, dtype=float), SMALLEST_P, 1.0))
    near = log > -1e-3  # The fraction is 0 / 0 there; two terms of its series are exact.
    safe = np.where(near, -1.0, log)
    value = np.log1p(np.exp(safe) * (safe - 1.0)) - safe - 2.0 * np.log(-safe)
    return np.where(near, np.log(0.5 - log / 6.0), value)


def log_rate(
    k: Numbers, n: Numbers, null: Numbers, alternative: Numbers, dispersion: Numbers = 1.0
) -> Floats:
    """The log e-value of `k` events in `n` against a rate that is at most (or least) the null.

    The likelihood ratio of two binomial laws to the power `1 / dispersion`. Exact for binomial
    counts, since a power below 1 of an e-value is one; for rates that wander from bucket to
    bucket an approximation, which the simulations in `benchmarks/` measure.

    Parameters
    ----------
    k, n
        Events and trials.
    null, alternative
        Rates strictly between 0 and 1; the alternative lies beyond the null on the side that is
        watched.
    dispersion
        How much more the counts of the reference vary than chance explains, at least 1.

    Examples
    --------
    >>> q = np.array([0.12, 0.15, 0.20])
    >>> float(np.exp(log_rate(31, 200, 0.10, q)).mean().round(6))
    9.867255
    """
    k, n, p, q = (np.asarray(x, dtype=float) for x in (k, n, null, alternative))
    ratio = k * np.log(q / p) + (n - k) * (np.log1p(-q) - np.log1p(-p))
    return np.asarray(ratio / dispersion)


def log_mean(
    moments: tuple[Numbers, Numbers, Numbers],
    null: Numbers,
    deviation: Numbers,
    shift: Numbers,
    dispersion: Numbers = 1.0,
) -> Floats:
    """The log e-value of rows against a mean that is at most (or least) the null.

    For one row x with mean `null` and standard deviation s, and any l, the mean of
    `exp(l (x - null) - l² ((x - null)² + 2 s²) / 6)` is at most 1, whatever its law; rows multiply.
    Here `l = shift / s`, which is best where the mean really moved by `shift` deviations.

    Parameters
    ----------
    moments
        Rows, their sum, and the sum of their squares.
    null
        The mean that is still tolerated on the side that is watched.
    deviation
        The standard deviation of rows in the reference.
    shift
        The alternative in reference standard deviations, negative for a fall.
    dispersion
        As in `log_rate`.

    References
    ----------
    Delyon (2009), "Exponential inequalities for sums of weakly dependent variables", through
    Howard, Ramdas, McAuliffe, Sekhon (2020), "Time-uniform Chernoff bounds", lemma 3 (f).

    Examples
    --------
    >>> float(np.exp(log_mean((100, 30.0, 100.0), 0.0, 1.0, 0.25)).round(2))
    79.44
    """
    n, total, squares = (np.asarray(x, dtype=float) for x in moments)
    mu, s = np.asarray(null, dtype=float), np.asarray(deviation, dtype=float)
    away = (total - n * mu) / s
    spread = np.maximum(squares - mu * (2.0 * total - n * mu), 0.0) / s**2
    bet = np.asarray(shift, dtype=float)
    return np.asarray((bet * away - bet**2 * (spread + 2.0 * n) / 6.0) / dispersion)


def log_gauss(value: Numbers, null: Numbers, variance: Numbers, shift: Numbers) -> Floats:
    """The log e-value of an estimate that is about normal around a mean up to the null.

    Parameters
    ----------
    value
        The estimate.
    null
        What is still tolerated on the side that is watched.
    variance
        Of the estimate around the level of the reference.
    shift
        The alternative in the unit of the value, negative for a fall.

    Examples
    --------
    >>> float(log_gauss(0.74, 0.78, 0.01**2, -0.05).round(6))
    7.5
    """
    gap = np.asarray(value, dtype=float) - np.asarray(null, dtype=float)
    bet = np.asarray(shift, dtype=float)
    return np.asarray((bet * gap - bet**2 / 2.0) / np.asarray(variance, dtype=float))


def chi2_tail(statistic: Numbers, freedom: Numbers, noncentrality: Numbers) -> Floats:
    """P(X >= statistic) of a non-central chi-squared law, fast and for any size.

    Sankaran's approximation, up to two thirds too large in the tail down to 1e-4 and never
    much too small: SciPy's series take minutes for a year of hours.

    References
    ----------
    Sankaran (1963), "Approximations to the non-central chi-square distribution".

    Examples
    --------
    >>> float(chi2_tail(30.0, 9.0, 5.0).round(3))  # scipy.stats.ncx2: 0.016
    0.016
    """
    x, k, nc = (np.asarray(a, dtype=float) for a in (statistic, freedom, noncentrality))
    mean, two, three = k + nc, k + 2 * nc, k + 3 * nc
    h = 1.0 - 2.0 * mean * three / (3.0 * two**2)
    p = two / mean**2
    m = (h - 1.0) * (1.0 - 3.0 * h)
    centre = 1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p)
    scale = h * np.sqrt(2.0 * p) * (1.0 + 0.5 * m * p)
    with np.errstate(over="ignore"):
        z = ((x / mean) ** h - centre) / scale
    return np.asarray(special.ndtr(-z))


def e_bh(values: Sequence[float], level: float = 0.1) -> tuple[int, ...]:
    """Which of several e-values are discoveries, under any dependence between them (e-BH).

    Parameters
    ----------
    values
        E-values, one for each hypothesis.
    level
        The share of false ones among the discoveries that is accepted on average.

    Returns
    -------
    tuple[int, ...]
        Positions, the largest e-value first.

    References
    ----------
    Wang, Ramdas (2022), "False discovery rate control with e-values".

    Examples
    --------
    >>> e_bh([1, 4, 80, 12, 0.5, 25])
    (2,)
    """
    with np.errstate(divide="ignore"):
        return e_bh_logs(np.log(np.asarray(values, dtype=float)), level)


def e_bh_logs(logs: Floats, level: float = 0.1) -> tuple[int, ...]:
    """`e_bh` of the logarithms of e-values.

    Examples
    --------
    >>> e_bh_logs(np.array([2000.0, 0.0]))  # no overflow
    (0,)
    """
    if not len(logs):
        return ()
    order = np.argsort(-logs, kind="stable")
    ranks = np.arange(1, len(logs) + 1)
    enough = np.flatnonzero(logs[order] + np.log(ranks) >= math.log(len(logs) / level))
    return tuple(int(i) for i in order[: enough[-1] + 1]) if enough.size else ()
