"""What is usual at a time of the day or the week: medians of earlier values at that time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.monitors.bands.grid import Bools, Grid, Indexes
from watchkeeper.monitors.source import Floats

KEPT = 8
"""Earlier values of a slot that count."""

_FEWEST = 2
"""Fewer values of a slot than this are none."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What may be learnt from, on the grid.

    Attributes
    ----------
    values
        NaN where there is none.
    outside
        Values that were outside the band when they came.
    """

    values: Floats
    outside: Bools


def median(values: Floats, fewest: int = 1) -> Floats:
    """The median of each row without its NaN, NaN where fewer than `fewest` values are left.

    Examples
    --------
    >>> median(np.array([[1.0, np.nan, 2.0], [np.nan, np.nan, np.nan]]))
    array([1.5, nan])
    """
    ranked = np.sort(values, axis=1)  # NaN last.
    count = np.count_nonzero(~np.isnan(ranked), axis=1)
    rows = np.arange(len(ranked))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, ranked.shape[1] - 1)
    found = (ranked[rows, low] + ranked[rows, high]) / 2
    return np.where(count >= fewest, found, np.nan)


def season(grid: Grid, learnt: Learnt, points: Indexes, period: int, spread: float) -> Floats:
    """The usual value at each point, from values whole periods before it.

    The last `KEPT` values of the slot, pooled with those of the slots beside it: thrice the values,
    and a slope cancels. A slot that differs from its neighbours, such as the hour of a nightly
    job, stands alone: pooling would give it their level.

    Parameters
    ----------
    grid, learnt
        The series.
    points
        Where the season is wanted; values at or after `point - grid.lag + 1` play no part.
    period
        Steps in a day or a week.
    spread
        The standard deviation of residuals; NaN where it is not known yet.
    """
    reach = 1 if grid.step <= 3600 else 0
    base = np.arange(1, KEPT + 1) * period
    back = np.broadcast_to(base, (len(points), KEPT))
    if period == grid.week:
        # A holiday looks back at the last Sundays.
        days = grid.sunday[points] * (grid.week // 7)
        back = np.where(grid.holiday[points, None], back - period + days[:, None], back)
    beside = np.arange(-reach, reach + 1)
    taken = _take(grid, learnt, points, back[:, :, None] + beside)
    alone = median(taken[:, :, reach], _FEWEST)
    if not reach:
        return alone
    pooled = median(taken.reshape(len(points), -1), _FEWEST)
    if np.isnan(spread):
        return np.where(np.isnan(alone), pooled, alone)
    return np.where(np.abs(pooled - alone) > spread, alone, pooled)


def _take(grid: Grid, learnt: Learnt, points: Indexes, back: Indexes) -> Floats:
    """Values so many steps before points; NaN where there is none to learn from."""
    index = points[:, None, None] - back
    if grid.shift:
        # At the same time by the clock there, which may have been put forward or back since.
        then = grid.offset[np.maximum(index, 0)]
        index = index + grid.offset[points][:, None, None] - then
    usable = (index >= 0) & (points[:, None, None] - index >= grid.lag)
    index = np.where(usable, index, 0)
    week = 7 * 86_400 // grid.step
    usable &= ~(learnt.outside[index] & (back < week - 1))
    return np.where(usable, learnt.values[index], np.nan)
