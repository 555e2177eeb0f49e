"""All drift metrics of a column, and the tests that decide whether it drifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.core.model import Thresholds
from watchkeeper.metrics.anderson_darling import ANDERSON_DARLING
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.chi_squared import CHI_SQUARED, chi_squared
from watchkeeper.metrics.cramer_von_mises import CRAMER_VON_MISES
from watchkeeper.metrics.energy_distance import ENERGY_DISTANCE
from watchkeeper.metrics.g_test import G_TEST
from watchkeeper.metrics.hellinger import HELLINGER
from watchkeeper.metrics.jensen_shannon import JENSEN_SHANNON, JENSEN_SHANNON_CORRECTED
from watchkeeper.metrics.kl_divergence import KL_DIVERGENCE, KL_DIVERGENCE_CORRECTED
from watchkeeper.metrics.ks import KS, ks, two_sample_p
from watchkeeper.metrics.mean_shift import MEAN_SHIFT
from watchkeeper.metrics.missing_share import MISSING_SHARE, missing_share
from watchkeeper.metrics.new_categories import NEW_CATEGORY_SHARE, new_category_share, unseen_p
from watchkeeper.metrics.pairs import CategoricalPair, NumericPair, Pair, kind_of, missing
from watchkeeper.metrics.proportions import change_p
from watchkeeper.metrics.psi import PSI, PSI_CORRECTED
from watchkeeper.metrics.total_variation import (
    TOTAL_VARIATION,
    beyond_p,
    chance_level,
    total_variation,
)
from watchkeeper.metrics.vanished_categories import VANISHED_CATEGORY_SHARE
from watchkeeper.metrics.wasserstein import WASSERSTEIN

DRIFT: tuple[Metric, ...] = (
    KS,
    WASSERSTEIN,
    MEAN_SHIFT,
    PSI,
    PSI_CORRECTED,
    JENSEN_SHANNON,
    JENSEN_SHANNON_CORRECTED,
    KL_DIVERGENCE,
    KL_DIVERGENCE_CORRECTED,
    HELLINGER,
    TOTAL_VARIATION,
    ANDERSON_DARLING,
    CRAMER_VON_MISES,
    ENERGY_DISTANCE,
    CHI_SQUARED,
    G_TEST,
    MISSING_SHARE,
    NEW_CATEGORY_SHARE,
    VANISHED_CATEGORY_SHARE,
)
"""Every drift metric, in the order in which reports list them."""


def measure_column(pair: Pair) -> dict[str, Estimate]:
    """Every drift metric that is defined for the kind of the column, by name.

    Parameters
    ----------
    pair
        The reference's and the current statistic of the column, on one axis.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one, two = measure({"a": 9, "b": 1}, 0, axis), measure({"a": 5, "b": 5}, 0, axis)
    >>> round(measure_column(CategoricalPair(one, two, axis))["total_variation"].value, 3)
    0.4
    """
    kind = kind_of(pair)
    return {metric.name: metric.function(pair) for metric in DRIFT if kind in metric.needs}


@dataclass(frozen=True, slots=True)
class Exceedance:
    """Whether one aspect of a column changed by more than is tolerated.

    It is what `watchkeeper.monitors.drift` needs of a component; that stage imports no metric.

    Attributes
    ----------
    metric
        `ks`, `total_variation`, `missing_share` or `new_category_share`.
    estimate
        The change; its p-value is of 'nothing changed'.
    p_beyond
        P-value of 'the true change is at most `tolerance`'.
    tolerance
        The change that does not matter, in the unit of the metric.
    reference, current
        The shares whose difference it is, None for distances.
    chance
        The value that chance alone shows on average, for categories; 0 for the rest.
    """

    metric: str
    estimate: Estimate
    p_beyond: float
    tolerance: float
    reference: float | None = None
    current: float | None = None
    chance: float = 0.0


def exceedances(pair: Pair, thresholds: Thresholds) -> tuple[Exceedance, ...]:
    """The aspects of a column that a verdict weighs: distribution, missing values, new categories.

    Parameters
    ----------
    pair
        The two statistics of a column.
    thresholds
        `tolerance` for the distribution, `tolerance_missing`, and `max_unseen` for categories.

    Examples
    --------
    >>> from watchkeeper.profiles.categorical import Vocabulary, measure
    >>> axis = Vocabulary(("a", "b"))
    >>> one = measure({"a": 900, "b": 100}, 0, axis)
    >>> [e.metric for e in exceedances(CategoricalPair(one, one, axis), Thresholds())]
    ['total_variation', 'missing_share', 'new_category_share']
    """
    if isinstance(pair, NumericPair):
        return _numeric(pair, thresholds), _missing(pair, thresholds)
    return _categories(pair, thresholds), _missing(pair, thresholds), _unseen(pair, thresholds)


def ks_beyond_p(pair: NumericPair, tolerance: float) -> float:
    """P-value of 'the true Kolmogorov-Smirnov distance is at most `tolerance`'.

    The distance of samples exceeds the true one by no more than the distance of both samples'
    errors (triangle inequality), so Kolmogorov's law is asked for the excess. Where all rows lie in
    two cells the exact test of two shares is sharper; both bound the same chance, so the smaller
    holds. The distance at the edges is never larger than the exact one: binning cannot alarm.
    """
    n, m = pair.n_reference, pair.n_current
    if not n or not m:
        return 1.0
    excess = float(np.max(np.abs(pair.gap))) - tolerance
    if excess <= 0:
        return 1.0
    p_value = two_sample_p(excess, n, m)
    reference, current = pair.counts
    held = np.flatnonzero(reference + current)
    if held.size == 2:
        exact = change_p(float(current[held[0]]), m, float(reference[held[0]]), n, tolerance)
        return min(p_value, exact)
    return p_value


def _numeric(pair: NumericPair, thresholds: Thresholds) -> Exceedance:
    tolerance = thresholds.tolerance
    return Exceedance("ks", ks(pair), ks_beyond_p(pair, tolerance), tolerance)


def _categories(pair: CategoricalPair, thresholds: Thresholds) -> Exceedance:
    estimate = total_variation(pair)
    chance = chance_level(*pair.counts) if estimate.value is not None else 0.0
    # For 'nothing changed' the chi-squared test has more power than the bound of the distance.
    test = chi_squared(pair)
    if test.p_value is not None:
        estimate = _with_p(estimate, test.p_value)
    p_beyond = beyond_p(pair, thresholds.tolerance)
    return Exceedance("total_variation", estimate, p_beyond, thresholds.tolerance, chance=chance)


def _missing(pair: Pair, thresholds: Thresholds) -> Exceedance:
    estimate, tolerance = missing_share(pair), thresholds.tolerance_missing
    if estimate.value is None:
        return Exceedance("missing_share", estimate, 1.0, tolerance)
    n, m = pair.reference.rows, pair.current.rows
    before, after = missing(pair)
    p_beyond = 1.0
    if abs(estimate.value) > tolerance:
        p_beyond = change_p(after, m, before, n, tolerance)
    return Exceedance("missing_share", estimate, p_beyond, tolerance, before / n, after / m)


def _unseen(pair: CategoricalPair, thresholds: Thresholds) -> Exceedance:
    estimate = new_category_share(pair)
    return Exceedance(
        "new_category_share",
        estimate,
        unseen_p(pair, thresholds.max_unseen),
        thresholds.max_unseen,
        0.0,
        estimate.value,
    )


def _with_p(estimate: Estimate, p_value: float) -> Estimate:
    return Estimate(
        estimate.value,
        estimate.low,
        estimate.high,
        p_value,
        estimate.n_reference,
        estimate.n_current,
        estimate.note,
        estimate.bound,
    )
