"""How well each class's probability ranks its rows above the others', averaged over classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.classification import NULLS
from watchkeeper.metrics.classification_curves import area_under_roc, average_precision
from watchkeeper.profiles.base import Flags, Floats
from watchkeeper.profiles.multiclass import Multiclass, MulticlassLayout

Area = Callable[[Floats, Floats, Flags], Estimate]


def class_areas(layout: MulticlassLayout, part: Multiclass) -> dict[str, dict[str, Estimate]]:
    """`roc_auc` and `pr_auc` of each class against all others; empty without probabilities."""
    return {
        name: {
            "roc_auc": area_under_roc(others, own, atoms),
            "pr_auc": average_precision(others, own, atoms),
        }
        for name, others, own, atoms in _classes(layout, part)
    }


def roc_auc_macro(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The plain mean of the classes' areas under the ROC curve, each against all others."""
    return _mean(layout, part, area_under_roc)


def pr_auc_macro(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The plain mean of the classes' average precisions, each against all others."""
    return _mean(layout, part, average_precision)


def _classes(
    layout: MulticlassLayout, part: Multiclass
) -> Iterator[tuple[str, Floats, Floats, Flags]]:
    """Each class with the counts of other and own rows by bin, and the atoms of its grid."""
    start = 0
    for name, grid in zip(layout.classes, layout.grids, strict=False):
        others, own = part.counts[:, start : start + grid.bins].astype(np.float64)
        start += grid.bins
        yield name, others, own, grid.atoms


def _mean(layout: MulticlassLayout, part: Multiclass, area: Area) -> Estimate:
    """The mean over the classes where the area is defined.

    The classes share their rows. How their areas go together is not held, so the standard error
    of the mean is taken as the mean of the standard errors, its largest possible value.
    """
    if not layout.grids:
        return Estimate(None, note="the model has no probability for each class")
    found = [area(others, own, atoms) for _, others, own, atoms in _classes(layout, part)]
    known = [one for one in found if one.value is not None]
    rows = max((one.n_current for one in found), default=0)
    if not known:
        return Estimate(None, n_current=rows, note=found[0].note if found else None)
    value = math.fsum(one.value or 0.0 for one in known) / len(known)
    low = math.fsum(one.low or 0.0 for one in known) / len(known)
    high = math.fsum(1.0 if one.high is None else one.high for one in known) / len(known)
    bound = math.fsum(one.bound or 0.0 for one in known) / len(known)
    absent = len(found) - len(known)
    note = f"{absent} of {len(found)} classes have no rows and are left out" if absent else None
    return Estimate(value, low, high, n_current=rows, note=note, bound=bound)


_record = partial(
    Metric,
    group="performance",
    needs=("multiclass", "score"),
    worse="lower",
    best=1.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities="an infinite score counts as missing",
    unseen="a row of a class that the reference lacks is a negative of every class",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
    interval="mean of the classes' intervals: as if their errors were perfectly correlated, "
    "so at least 95 %",
)

CLASS_CURVES: tuple[Metric, ...] = (
    _record(
        name="roc_auc_macro",
        title="ROC AUC (macro, one against the rest)",
        function=roc_auc_macro,
        measures="How well each class's probability ranks its rows first, on average.",
        misleads="Easy classes hide one that is not told apart at all.",
        formula=r"\frac1K\sum_k \mathrm{AUC}([y = k], p_k)",
        source="Fawcett (2006), An introduction to ROC analysis",
        oracle="sklearn.metrics.roc_auc_score(multi_class='ovr', average='macro')",
        defaults={"warning": 0.75, "critical": 0.70},
    ),
    _record(
        name="pr_auc_macro",
        title="PR AUC (macro, one against the rest)",
        function=pr_auc_macro,
        measures="Average precision of each class's probability, on average.",
        misleads="Chance level is the share of each class, so it moves with the mix.",
        formula=r"\frac1K\sum_k \mathrm{AP}([y = k], p_k)",
        source="Boyd, Eng and Page (2013), Area under the precision-recall curve",
        oracle="sklearn.metrics.average_precision_score(average='macro')",
    ),
)
