"""The divergences of `divergence` for many windows at once, beside one reference.

The terms, the shares' rule for empty groups and the interval are those of `divergence`; here they
are applied to arrays of shape (windows, groups), in which a group that a window does not have is
masked rather than left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.metrics.divergence import Formula, Measured, interval
from watchkeeper.metrics.pairs import MIN_EXPECTED
from watchkeeper.profiles.base import Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class Many:
    """What `divergence.Measured` holds, for each window; undefined where `degrees` is below 0.

    Attributes
    ----------
    value, bias, variance, degrees, scaled
        As there, shape (windows,).
    """

    value: Floats
    bias: Floats
    variance: Floats
    degrees: Ints
    scaled: Floats

    def values(self, formula: Formula, *, corrected: bool) -> Floats:
        """What `divergence.estimate` gives as the value."""
        value = (self.value - self.bias if corrected else self.value) * formula.unit
        return np.where(self.degrees >= 0, value, np.nan)

    def intervals(self, formula: Formula, values: Floats) -> tuple[Floats, Floats]:
        """The ends that it gives with those values."""
        low, high = np.full((2, values.size), np.nan)
        for at in np.flatnonzero(self.degrees > 0).tolist():
            one = Measured(
                float(self.value[at]), float(self.bias[at]), float(self.variance[at]),
                int(self.degrees[at]), float(self.scaled[at]), 0.0,
            )  # fmt: skip
            ends = interval(one, formula)
            low[at], high[at] = min(ends[0], values[at]), max(ends[1], values[at])
        return low, high


def measure_many(reference: Floats, current: Floats, formula: Formula) -> Many:
    """The divergences of windows whose rows are in the same groups.

    Parameters
    ----------
    reference
        Rows in each group, shape (windows, groups); empty on both sides where a window has no
        such group.
    current
        The same of the windows.
    formula
        Which divergence.

    Examples
    --------
    >>> from watchkeeper.metrics.psi import FORMULA
    >>> one = measure_many(np.array([[500.0, 500.0]]), np.array([[600.0, 400.0]]), FORMULA)
    >>> one.values(FORMULA, corrected=False).round(4).tolist()
    [0.0405]
    """
    held = reference + current > 0
    n, m = reference.sum(axis=1), current.sum(axis=1)
    known = (n > 0) & (m > 0)
    n, m = np.where(known, n, 1.0), np.where(known, m, 1.0)
    p, q = (_shares(side, held, formula) for side in (reference, current))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms, by_p, by_q = (np.where(held, part, 0.0) for part in formula.terms(p, q))
    p, q = np.where(held, p, 0.0), np.where(held, q, 0.0)
    degrees = np.where(known, held.sum(axis=1) - 1, -1)
    value = np.maximum(terms.sum(axis=1), 0.0)
    scale = formula.factor * (n * m / (n + m))
    return Many(
        value,
        np.maximum(degrees, 0) / scale,
        _variances(p, by_p) / n + _variances(q, by_q) / m + 2 * np.maximum(degrees, 0) / scale**2,
        degrees,
        value * scale,
    )


def pool_many(reference: Floats, current: Floats) -> tuple[Floats, Floats, Flags]:
    """Rows of categories with the rare ones of each window pooled, as `CategoricalPair.groups`.

    Parameters
    ----------
    reference
        Rows of each category, shape (categories,).
    current
        The same of each window, shape (windows, categories).

    Returns
    -------
    tuple
        Both sides, shape (windows, categories + 1), and which windows are too rare: none of their
        categories has rows enough to be told apart.
    """
    both = reference + current
    smaller = np.minimum(reference.sum(), current.sum(axis=1))
    rare = both * smaller[:, None] < MIN_EXPECTED * both.sum(axis=1)[:, None]
    sides = [
        np.column_stack((np.where(rare, 0.0, side), np.where(rare, side, 0.0).sum(axis=1)))
        for side in (np.broadcast_to(reference, both.shape), current)
    ]
    groups = np.count_nonzero(sides[0] + sides[1] > 0, axis=1)
    return sides[0], sides[1], (groups <= 1) & (np.count_nonzero(both, axis=1) > 1)


def _shares(counts: Floats, held: Flags, formula: Formula) -> Floats:
    """Shares of the groups that are held; 1 where there is none, so that no term is undefined."""
    if formula.half_row:
        counts = np.where(held & (counts == 0), 0.5, counts)
    total = counts.sum(axis=1)[:, None]
    return np.where(held, counts / np.where(total > 0, total, 1.0), 1.0)


def _variances(share: Floats, slope: Floats) -> Floats:
    mean = (share * slope).sum(axis=1)
    found: Floats = np.maximum((share * (slope * slope)).sum(axis=1) - mean * mean, 0.0)
    return found
