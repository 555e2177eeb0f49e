"""Exact arithmetic of shares: one-sided tests against a margin, and intervals.

These are methods, not metrics: `missing_share`, `new_category_share` and the tolerance tests stand
on them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from watchkeeper.metrics.intervals import combine, wilson

_Z = np.linspace(-7.5, 7.5, 61)
_WEIGHTS = np.exp(-_Z * _Z / 2) / np.exp(-_Z * _Z / 2).sum()
_LEVELS = special.ndtr(_Z)


def excess_p(
    k_current: float, n_current: float, k_reference: float, n_reference: float, margin: float = 0.0
) -> float:
    """One-sided p-value of 'the current share exceeds the reference's by at most `margin`'.

    Both binomials' exact confidence distributions are melded: the chance that
    Beta(k, n - k + 1) of the current side is no more than Beta(k + 1, n - k) of the reference
    plus the margin. With a margin of 0 this is Fisher's exact one-sided p-value; with an endless
    reference it is the exact binomial tail. It is never too small.

    Parameters
    ----------
    k_current, n_current, k_reference, n_reference
        Rows that count and all rows, `n` above 0. They need not be whole.
    margin
        The difference that is tolerated, a share.

    Returns
    -------
    float
        Between 0 and 1.

    References
    ----------
    Fay, Proschan, Brittain (2015), "Combining one-sample confidence procedures for inference in
    the two-sample case", Biometrics 71.

    Examples
    --------
    >>> round(excess_p(6, 100, 0, 10**9, margin=0.02), 4)
    0.0155
    """
    if k_current <= 0:
        return 1.0
    if k_reference >= n_reference:
        return 1.0
    upper = _upper(k_reference, n_reference) + margin
    tail = special.betainc(k_current, n_current - k_current + 1.0, np.clip(upper, 0.0, 1.0))
    return float(min(_WEIGHTS @ tail, 1.0))


@lru_cache(maxsize=1_000)
def _upper(k: float, n: float) -> npt.NDArray[np.float64]:
    """The levels of the upper confidence distribution of a share.

    It is most of the work, and the reference of a column is the same at every step of a series.
    """
    levels: npt.NDArray[np.float64] = special.betaincinv(k + 1.0, n - k, _LEVELS)
    levels.setflags(write=False)
    return levels


def change_p(
    k_current: float, n_current: float, k_reference: float, n_reference: float, margin: float = 0.0
) -> float:
    """Two-sided p-value of 'the shares differ by at most `margin`': twice the smaller tail.

    Examples
    --------
    >>> change_p(10, 100, 10, 100)
    1.0
    """
    if k_current * n_reference < k_reference * n_current:
        k_current, k_reference = n_current - k_current, n_reference - k_reference
    return min(2.0 * excess_p(k_current, n_current, k_reference, n_reference, margin), 1.0)


def newcombe(
    k_current: float, n_current: float, k_reference: float, n_reference: float
) -> tuple[float, float]:
    """95 % interval of a difference of shares, current minus reference (hybrid score).

    References
    ----------
    Newcombe (1998), "Interval estimation for the difference between independent proportions",
    method 10.

    Examples
    --------
    >>> [round(end, 4) for end in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    current, reference = wilson(k_current, n_current), wilson(k_reference, n_reference)
    shares = np.array([k_current / n_current, k_reference / n_reference])
    _, low, high = combine(np.array([1.0, -1.0]), shares, [current, reference])
    return low, high
