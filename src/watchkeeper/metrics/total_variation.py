"""Total variation distance."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.divergence import INFINITIES, NULLS
from watchkeeper.metrics.intervals import Z
from watchkeeper.metrics.pairs import (
    TOO_RARE,
    CategoricalPair,
    Pair,
    effective_rows,
    undefined,
)
from watchkeeper.metrics.proportions import change_p, excess_p
from watchkeeper.profiles.base import Floats


def total_variation(pair: Pair) -> Estimate:
    """Share of rows that would have to change group to make both sides equal.

    Measures half the sum of absolute differences of shares. Direction: larger is worse; 0 is no
    change, 1 nothing in common. Misleads: with many categories and few rows chance alone makes it
    large; the interval's lower end takes that off.

    Parameters
    ----------
    pair
        The two statistics of a column.

    Returns
    -------
    Estimate
        From 0 to 1; None where a side has no rows with a value.

    References
    ----------
    Levin, Peres (2017), "Markov Chains and Mixing Times", chapter 4; Diaconis, Zabell (1991), for
    the mean without change. `sum(|q - p|) / 2`.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one = measure({"a": 500, "b": 500}, 0, axis)
    >>> two = measure({"a": 600, "b": 300, "new": 100}, 0, axis)
    >>> round(total_variation(CategoricalPair(one, two, axis)).value, 3)
    0.2
    """
    n, m = pair.n_reference, pair.n_current
    reason = undefined(pair)
    if reason is not None:
        return Estimate(None, n_reference=n, n_current=m, note=reason)
    reference, current = _counts(pair)
    if len(reference) == 1 and isinstance(pair, CategoricalPair) and pair.truncated:
        return Estimate(None, n_reference=n, n_current=m, note=TOO_RARE)
    value = min(float(np.abs(current / m - reference / n).sum()) / 2, 1.0)
    noise = chance_level(reference, current)
    gain = current / m > reference / n
    share = float((reference + current)[gain].sum()) / (n + m)
    error = Z * math.sqrt(share * (1 - share) / effective_rows(n, m))
    note = None
    if isinstance(pair, CategoricalPair) and pair.truncated:
        note = "categories too rare to be kept by name are pooled"
    return Estimate(
        value,
        max(value - noise - error, 0.0),
        min(value + error, 1.0),
        beyond_p(pair, 0.0),
        n,
        m,
        note=note,
    )


def chance_level(reference: Floats, current: Floats) -> float:
    """The distance that two samples of one distribution show on average.

    Exact, given the rows of each group of both sides together: the current rows are then a draw
    without replacement, and the mean absolute deviation of the hypergeometric law has a closed
    form (Diaconis, Zabell 1991). It holds with a thousand categories and a hundred rows.

    Examples
    --------
    >>> chance_level(np.array([1.0, 0.0]), np.array([0.0, 1.0]))  # single rows cannot agree
    1.0
    """
    both = reference + current
    both = both[both > 0]
    n, m = float(reference.sum()), float(current.sum())
    rows = n + m
    mean = both * m / rows
    above = np.floor(mean) + 1.0
    left = rows - both - m + above
    possible = (above <= np.minimum(both, m)) & (left > 0)
    k, held, left = above[possible], both[possible], left[possible]
    log = _log_choose(held, k) + _log_choose(rows - held, m - k) - _log_choose(rows, m)
    deviation = 2 * k * left / rows * np.exp(log)
    return min(float(deviation.sum()) * rows / (n * m) / 2, 1.0)


def beyond_p(pair: Pair, tolerance: float) -> float:
    """P-value of 'the true distance is at most `tolerance`'; never below the true one.

    Samples whose truth lies `d` apart differ on average by at most `d` plus the level of chance:
    rows of one side can be drawn from the other's distribution with a share of `d` replaced. Around
    that mean the distance moves as the share of rows in the groups that gained, so the exact test
    of two shares is asked whether that gain exceeds tolerance plus chance. With two groups there
    is but one share, and chance need not be added.

    Parameters
    ----------
    tolerance
        The distance that is tolerated, a share.
    """
    n, m = pair.n_reference, pair.n_current
    if undefined(pair) is not None:
        return 1.0
    reference, current = _counts(pair)
    gain = current / m > reference / n
    gained, before = float(current[gain].sum()), float(reference[gain].sum())
    held = int(np.count_nonzero(reference + current))
    if held <= 1 or gained / m - before / n <= tolerance:
        return 1.0
    if held == 2:
        return change_p(gained, m, before, n, tolerance)
    noise = chance_level(reference, current)
    if gained / m - before / n <= tolerance + noise:
        return 1.0
    return excess_p(gained, m, before, n, tolerance + noise)


def _counts(pair: Pair) -> tuple[Floats, Floats]:
    """Decile groups of a number, every category of a text: no pooling, chance is exact."""
    return pair.counts if isinstance(pair, CategoricalPair) else pair.groups


def _log_choose(n: Floats | float, k: Floats | float) -> Floats:
    gamma = special.gammaln
    return np.asarray(gamma(n + 1.0) - gamma(k + 1.0) - gamma(n - k + 1.0))


TOTAL_VARIATION = Metric(
    name="total_variation",
    title="Total variation distance",
    group="drift",
    function=total_variation,
    needs=("numeric", "categorical"),
    measures="The share of rows that would have to change group to make both sides equal.",
    misleads="With many categories and few rows chance alone makes it large.",
    formula=r"\mathrm{TV}=\tfrac12\sum_b|q_b-p_b|,\quad\text{decile groups as for PSI, or every "
    r"category without pooling}",
    source="Levin, Peres (2017), Markov Chains and Mixing Times; Diaconis, Zabell (1991), Closed "
    "form summation for classical distributions",
    oracle="NumPy; the level of chance by permutation",
    unit="share",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities=INFINITIES,
    unseen="categories like any other",
    interval="95 %, normal for the share of the groups that gained; the lower end also subtracts "
    "the exact mean without change",
    p_value="exact two-share test (melded) of the groups that gained against the mean without "
    "change; conservative",
    peers={
        "nannyml": "L-infinity, the largest single difference, in its place",
        "tensorflow data validation": "L-infinity",
        "amazon sagemaker": "L-infinity",
    },
    defaults={"tolerance": 0.05},
    symmetric=None,
    zero_when_equal=True,
)
