"""How well a score ranks positives above negatives: ROC and precision-recall, from bins."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.classification import NULLS, UNSEEN
from watchkeeper.metrics.intervals import bounded
from watchkeeper.profiles.base import Flags, Floats
from watchkeeper.profiles.classification import Binary, BinaryLayout

POINTS = 60
"""Points of a curve at most."""


def roc_auc(layout: BinaryLayout, part: Binary) -> Estimate:
    """The chance that a positive row has a higher score than a negative one, ties half."""
    if layout.grid is None:
        return Estimate(None, note="the model has no score")
    negatives, positives = part.counts[:2].astype(np.float64)
    return area_under_roc(negatives, positives, layout.grid.atoms)


def pr_auc(layout: BinaryLayout, part: Binary) -> Estimate:
    """The average precision over the positives, from the highest score down."""
    if layout.grid is None:
        return Estimate(None, note="the model has no score")
    negatives, positives = part.counts[:2].astype(np.float64)
    return average_precision(negatives, positives, layout.grid.atoms)


def area_under_roc(negatives: Floats, positives: Floats, atoms: Flags) -> Estimate:
    """The area under the ROC curve with DeLong's interval.

    Near 1 a sample often holds none of the rare misplaced rows, and its variance is then too
    small. One more row of each class, whose place varies as a coin of this bias would, is
    therefore added to the sums of squares; with many rows it does not matter.

    Parameters
    ----------
    negatives, positives
        Rows in each score bin, in ascending order of score, shape (bins,).
    atoms
        Bins that hold a single score: ties there are true ties. Elsewhere rows of one bin count
        as tied although they need not be, which is off by at most half a pair each: that is the
        bound.

    Examples
    --------
    >>> area_under_roc(np.array([2.0, 0.0]), np.array([0.0, 2.0]), np.array([True, True])).value
    1.0
    """
    n, p = float(negatives.sum()), float(positives.sum())
    if n == 0 or p == 0:
        return Estimate(None, n_current=round(n + p), note=_one_class(n, p))
    below = np.cumsum(negatives) - negatives
    above = p - np.cumsum(positives)
    over = (below + negatives / 2) / n
    under = (above + positives / 2) / p
    value = float(positives @ over) / p
    variance = 0.0
    if n > 1 and p > 1:
        extra = value * (1 - value)
        variance = (float(positives @ np.square(over - value)) + extra) / (p - 1) / p
        variance += (float(negatives @ np.square(under - value)) + extra) / (n - 1) / n
    bound = float(np.sum(np.where(atoms, 0.0, positives * negatives))) / (2 * p * n)
    low, high = bounded(value, variance, min(n, p))
    return Estimate(value, low, high, n_current=round(n + p), bound=bound)


def average_precision(negatives: Floats, positives: Floats, atoms: Flags) -> Estimate:
    """The average precision with an infinitesimal-jackknife interval.

    Parameters are those of `area_under_roc`. In an atom all rows share one threshold; in any other
    bin a positive stands half way through on average, and there its precision is taken. The bound
    comes from placing the positives of each bin before, and after, its negatives.

    Examples
    --------
    >>> average_precision(np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([True, True])).value
    1.0
    """
    n, p = float(negatives.sum()), float(positives.sum())
    if n == 0 or p == 0:
        return Estimate(None, n_current=round(n + p), note=_one_class(n, p))
    negative, positive = negatives[::-1], positives[::-1]
    false, true = np.cumsum(negative), np.cumsum(positive)
    rows = np.maximum(false + true, 1.0)
    tied = atoms[::-1]
    ahead, middle = true - positive, (positive + 1) / 2
    inside = (ahead + middle) / (ahead + false - negative + (positive + negative + 1) / 2)
    precision = np.where(tied, true / rows, inside)
    value = float(positive @ precision) / p
    # A further positive in bin j adds its own precision and raises that of all lower bins; a
    # further negative lowers it. Lower bins stand behind j here, hence the sums from the end.
    lift = np.cumsum((positive * false / rows**2)[::-1])[::-1] / p
    drag = np.cumsum((positive * true / rows**2)[::-1])[::-1] / p
    moved = (precision - value) / p + lift
    variance = float(positive @ np.square(moved) + negative @ np.square(drag))
    best = true / np.maximum(true + false - negative, 1.0)
    worst = (ahead + 1) / (ahead + 1 + false)
    reach = np.maximum(best - precision, precision - worst)
    spread = np.where(tied | (negative == 0) | (positive == 0), 0.0, positive * reach)
    low, high = bounded(value, variance, p)
    return Estimate(value, low, high, n_current=round(n + p), bound=float(spread.sum()) / p)


def roc_points(layout: BinaryLayout, part: Binary) -> list[list[float]] | None:
    """Points (false positive rate, true positive rate) from (0, 0) to (1, 1); None if undefined."""
    if layout.grid is None:
        return None
    false, true = (np.append(0.0, np.cumsum(row[::-1])) for row in part.counts[:2])
    if not (false[-1] and true[-1]):
        return None
    return _thinned(false / false[-1], true / true[-1])


def pr_points(layout: BinaryLayout, part: Binary) -> list[list[float]] | None:
    """Points (recall, precision) in ascending order of recall; None if undefined."""
    if layout.grid is None:
        return None
    false, true = (np.cumsum(row[::-1]).astype(np.float64) for row in part.counts[:2])
    if not true[-1]:
        return None
    held = false + true > 0
    return _thinned(true[held] / true[-1], true[held] / (false + true)[held])


def _thinned(x: Floats, y: Floats) -> list[list[float]]:
    """At most `POINTS` points of a curve, spread evenly along its length, both ends kept."""
    step = np.hypot(np.diff(x), np.diff(y))
    kept = np.append(True, step > 0)
    x, y = x[kept], y[kept]
    if x.size > POINTS:
        along = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
        wanted = np.linspace(0.0, along[-1], POINTS)
        chosen = np.unique(np.minimum(np.searchsorted(along, wanted), x.size - 1))
        x, y = x[chosen], y[chosen]
    return [[round(float(a), 6), round(float(b), 6)] for a, b in zip(x, y, strict=True)]


def _one_class(negatives: float, positives: float) -> str:
    """Why a ranking of two classes is undefined."""
    if negatives == positives == 0:
        return "no labelled rows with a score"
    return "all labelled rows are of one class" if math.isfinite(negatives) else ""


_record = partial(
    Metric,
    group="performance",
    needs=("binary", "score"),
    worse="lower",
    best=1.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    unseen=UNSEEN,
    infinities="an infinite score counts as missing",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)

CURVES: tuple[Metric, ...] = (
    _record(
        name="roc_auc",
        title="ROC AUC",
        function=roc_auc,
        measures="The chance that a positive scores above a negative.",
        misleads="When positives are rare: it stays high while most alarms are false.",
        formula=(
            r"\frac{1}{PN}\sum_b p_b\Big(\sum_{a<b} n_a + \tfrac12 n_b\Big)"
            r",\quad\text{bins } b \text{ of the score by quantiles of the reference}"
        ),
        interval="DeLong on the binned counts, one pseudo-row a class, on the logit scale",
        source="DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas",
        oracle="sklearn.metrics.roc_auc_score",
        defaults={"warning": 0.75, "critical": 0.70},
    ),
    _record(
        name="pr_auc",
        title="PR AUC (average precision)",
        function=pr_auc,
        measures="Precision averaged over the positives as the threshold falls.",
        misleads="Between data sets with other shares of positives: chance level is that share.",
        formula=r"\frac1P\sum_b p_b\,\frac{\sum_{a\ge b} p_a}{\sum_{a\ge b} (p_a + n_a)}",
        interval="infinitesimal jackknife over the binned counts, on the logit scale",
        source="Boyd, Eng and Page (2013), Area under the precision-recall curve",
        oracle="sklearn.metrics.average_precision_score",
        peers={"trapezoid": "auc(recall, precision) interpolates linearly and is too optimistic"},
    ),
)
