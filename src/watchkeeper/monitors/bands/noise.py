"""How far residuals scatter beyond what sampling explains."""

from __future__ import annotations

import numpy as np

from watchkeeper.monitors.source import Floats

MAD = 1.482602218505602
"""1 / Φ⁻¹(3/4): of normal noise, the standard deviation over the median absolute one."""

FEWEST = 12
"""Residuals below which no scatter is told."""

_STEPS = 10
"""Halvings of the interval in which a standard deviation is sought: a thousandth of it is left."""


def robust_sd(values: Floats) -> float:
    """The standard deviation that the median absolute deviation tells of.

    Examples
    --------
    >>> round(robust_sd(np.array([10.0, 11, 9, 10, 12, 10, 30])), 4)
    1.4826
    """
    return MAD * float(np.median(np.abs(values - np.median(values))))


def process_sd(residuals: Floats, errors: Floats) -> float:
    """The standard deviation that is left when each residual's sampling error is taken out.

    It solves `robust_sd(residuals / sqrt(sd² + errors²)) = 1`, and is 0 where sampling alone
    explains the scatter. A sampling error that went into the scatter must not be added to it
    again: bands of a constant number of rows would be up to √2 too wide.

    Parameters
    ----------
    residuals, errors
        Finite, of one length, at least one.

    Examples
    --------
    >>> round(process_sd(np.array([-5.0, -3, 0, 3, 5]), np.full(5, 3.0)), 1)
    3.3
    """
    high = robust_sd(residuals)
    if high == 0 or not np.any(errors):
        return high
    off = np.abs(residuals - np.median(residuals))
    squares = errors * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = off / errors
    if MAD * float(np.median(np.where(errors > 0, unit, np.inf))) <= 1:
        return 0.0
    low = 0.0
    high = max(high, float(np.max(errors)))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if MAD * float(np.median(off / np.sqrt(middle * middle + squares))) > 1:
            low = middle
        else:
            high = middle
    return (low + high) / 2
