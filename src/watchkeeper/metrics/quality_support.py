"""What a reference of limited size can say about values that it does not hold.

A range or a list of categories that nobody declared is taken from the reference; these bounds
keep a small reference from calling fresh rows of the same distribution strange.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import betaincinv, gammaln

from watchkeeper.metrics.intervals import Z
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.categorical import Categorical

_LEVEL = 0.95
_Z_ONE_SIDED = 1.6448536269514722


def range_excess(rows: int, ends: int = 2) -> float:
    """The share of fresh rows outside a sample's range, at most, with 95 % confidence.

    The mass outside the smallest and the largest of n independent values is Beta(2, n - 1)
    distributed, outside one of them Beta(1, n), whatever the distribution [1]_.

    Parameters
    ----------
    rows
        Finite values of the sample.
    ends
        How many ends of the range come from the sample: 0, 1 or 2.

    References
    ----------
    .. [1] Wilks (1941), "Determination of sample sizes for setting tolerance limits".

    Examples
    --------
    >>> round(range_excess(1000), 4), range_excess(0)
    (0.0047, 1.0)
    """
    if ends == 0:
        return 0.0
    if rows < ends:
        return 1.0
    return float(betaincinv(ends, rows - ends + 1, _LEVEL))


def unseen_excess(held: Categorical) -> float:
    """The share of fresh rows with categories that a sample does not hold, at most, 95 %.

    Good and Turing's estimate, the share of categories seen once, plus 1.645 standard errors by
    Esty [1]_, and at least what a single category may have that n rows did not show.

    References
    ----------
    .. [1] Esty (1983), "A normal limit law for a nonparametric estimator of the coverage of a
       random sample".
    """
    n = held.valued
    if n == 0:
        return 1.0
    counts = frequencies(held)
    once, twice = int(np.sum(counts == 1)), int(np.sum(counts == 2))
    error = math.sqrt(max(once + 2 * twice - once * once / n, 0.0)) / n
    floor = 1 - (1 - _LEVEL) ** (1 / n)
    return float(min(max(once / n + _Z_ONE_SIDED * error, floor), 1.0))


def frequencies(held: Categorical) -> Ints:
    """Rows of each category that a statistic knows by name."""
    others = np.fromiter(held.others.values(), dtype=np.int64, count=len(held.others))
    return np.concatenate((held.counts[held.counts > 0], others))


def expected_distinct(held: Categorical, rows: int) -> tuple[float, float]:
    """How many categories a fresh sample of fewer rows shows, and the standard error of that.

    Rarefaction [1]_: the expected number in a draw of `rows` without replacement. The error is
    that of two independent samples, category by category.

    Parameters
    ----------
    held
        The larger sample.
    rows
        Rows of the smaller sample, at most those of the larger one.

    References
    ----------
    .. [1] Hurlbert (1971), "The nonconcept of species diversity".

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> held = measure({"a": 50, "b": 50}, 0, Vocabulary(("a", "b")))
    >>> expected_distinct(held, 1)[0]
    1.0
    """
    total = held.valued
    counts: Floats = frequencies(held).astype(np.float64)
    weights = _weights(held, len(counts))
    rows = min(rows, total)
    absent = _absent(counts, total, rows)
    chance = (1 - counts / total) ** rows
    # The smaller sample varies in full, the larger one by its share of that.
    spread = float(np.sum(weights * chance * (1 - chance)))
    # Good and Toulmin: a fresh sample shows about (rows / total) categories that were not seen for
    # each one that was seen once; where none was, one more cannot be ruled out.
    fresh = max(float(np.sum(weights[counts == 1])), 1.0) * rows / total
    error = math.sqrt((1 + rows / total) * spread + fresh)
    return round(float(np.sum(weights * (1 - absent))), 9), error


def _weights(held: Categorical, known: int) -> Floats:
    """How many categories each known one stands for: more than one where names were dropped."""
    weights = np.ones(known)
    if held.truncated:
        first = int(np.count_nonzero(held.counts))
        weights[first:] = (held.distinct() - first) / max(len(held.others), 1)
    return weights


def _absent(counts: Floats, total: int, rows: int) -> Floats:
    """The chance that a draw of `rows` of `total` shows no row of a category."""
    left = total - counts
    fits = left >= rows
    left = np.where(fits, left, rows)
    log = gammaln(left + 1) - gammaln(left - rows + 1)
    log -= gammaln(total + 1) - gammaln(total - rows + 1)
    return np.where(fits, np.exp(np.minimum(log, 0.0)), 0.0)


def change_beyond(change: float, error: float) -> float:
    """The part of a change that 1.96 standard errors do not explain, never below zero."""
    return max(abs(change) - Z * error, 0.0)
