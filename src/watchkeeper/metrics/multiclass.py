"""Precision, recall and F1 of many classes: of each class, and their averages."""

from __future__ import annotations

from functools import partial

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.classification import (
    NULLS,
    UNLABELLED,
    UNSEEN,
    accuracy,
    confusion_of,
    f1_estimate,
    foreign_note,
    hits_of,
    variance_of,
)
from watchkeeper.metrics.intervals import bounded, combine, share_estimate, wilson
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.multiclass import OTHER, Multiclass, MulticlassLayout


def per_class(layout: MulticlassLayout, part: Multiclass) -> dict[str, dict[str, Estimate]]:
    """Precision, recall and F1 of each class that occurs as label or prediction.

    Returns
    -------
    dict[str, dict[str, Estimate]]
        By class, then `precision`, `recall`, `f1` and `support` (the share of its labels).
    """
    counts, hits = confusion_of(part), hits_of(part)
    true, predicted = counts.sum(axis=1), counts.sum(axis=0)
    found: dict[str, dict[str, Estimate]] = {}
    for place, name in enumerate((*layout.classes, OTHER)):
        hit, own, said = int(hits[place]), int(true[place]), int(predicted[place])
        if own + said:
            found[name] = {
                "precision": share_estimate(hit, said, "no labelled row is predicted so"),
                "recall": share_estimate(hit, own, "no row with a prediction is labelled so"),
                "f1": f1_estimate(hit, own + said - 2 * hit),
                "support": share_estimate(own, int(counts.sum()), UNLABELLED),
            }
    return found


def recall_macro(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The plain mean of the classes' recalls."""
    del layout
    return _mean_of_shares(part, axis=1)


def precision_macro(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The plain mean of the classes' precisions."""
    del layout
    return _mean_of_shares(part, axis=0)


def _mean_of_shares(part: Multiclass, axis: int) -> Estimate:
    """The mean over the classes that occur; one without rows on this side counts 0.

    The classes' shares stand on different rows, so they are independent given the rows of each.
    """
    counts, hits = confusion_of(part), hits_of(part)
    rows = int(counts.sum())
    if rows == 0:
        return Estimate(None, note=UNLABELLED)
    occurs = (counts.sum(axis=0) + counts.sum(axis=1)) > 0
    held = counts.sum(axis=axis)[occurs].astype(np.float64)
    hit = hits[occurs].astype(np.float64)
    shares = np.divide(hit, held, out=np.zeros_like(hit), where=held > 0)
    ends = [
        wilson(h, n) if n else (0.0, 0.0) for h, n in zip(hit.tolist(), held.tolist(), strict=True)
    ]
    value, low, high = combine(np.full(hit.size, 1.0 / hit.size), shares, ends)
    absent = int(np.count_nonzero(held == 0))
    side = "labels" if axis == 1 else "predictions"
    note = f"{absent} of {hit.size} classes have no {side} and count 0" if absent else None
    return Estimate(value, low, high, n_current=rows, note=note or foreign_note(part))


def f1_macro(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The plain mean of the classes' F1."""
    del layout
    counts, hits = confusion_of(part), hits_of(part)
    rows = int(counts.sum())
    if rows == 0:
        return Estimate(None, note=UNLABELLED)
    size = counts.sum(axis=0) + counts.sum(axis=1)
    occurs = size > 0
    size, hit = size[occurs].astype(np.float64), hits[occurs].astype(np.float64)
    values = 2 * hit / size
    ends = []
    for h, s in zip(hit.tolist(), size.tolist(), strict=True):
        low, high = wilson(h, s - h)
        ends.append((2 * low / (1 + low), 2 * high / (1 + high)))
    weights = np.full(hit.size, 1.0 / hit.size)
    correlation = _f1_correlation(counts[np.ix_(occurs, occurs)], hit, size, values)
    value, low, high = combine(weights, values, ends, correlation)
    return Estimate(value, max(low, 0.0), min(high, 1.0), n_current=rows, note=foreign_note(part))


def _f1_correlation(counts: Ints, hit: Floats, size: Floats, values: Floats) -> Floats:
    """How the F1 of classes go together: a row of class a called b lowers both."""
    off = counts.astype(np.float64) * (1 - np.eye(hit.size))
    slope = values / size
    own = hit * np.square(2 * (1 - values) / size)
    own += (off.sum(axis=0) + off.sum(axis=1)) * np.square(slope)
    between = (off + off.T) * np.outer(slope, slope)
    deviation = np.sqrt(own)
    scale = np.outer(deviation, deviation)
    correlation: Floats = np.divide(between, scale, out=np.zeros_like(between), where=scale > 0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def precision_weighted(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The mean of the classes' precisions, weighted by their labels."""
    del layout
    counts, hits = confusion_of(part).astype(np.float64), hits_of(part).astype(np.float64)
    rows = float(counts.sum())
    if rows == 0:
        return Estimate(None, note=UNLABELLED)
    true, predicted = counts.sum(axis=1), counts.sum(axis=0)
    shares = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    value = float(true @ shares) / rows
    pull = np.divide(true, rows * predicted, out=np.zeros_like(hits), where=predicted > 0)
    right = _right(hits.size)
    moved = (shares[:, None] - value) / rows + pull[None, :] * (right - shares[None, :])
    low, high = bounded(value, variance_of(counts, moved), rows)
    return Estimate(value, low, high, n_current=round(rows), note=foreign_note(part))


def f1_weighted(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The mean of the classes' F1, weighted by their labels."""
    del layout
    counts, hits = confusion_of(part).astype(np.float64), hits_of(part).astype(np.float64)
    rows = float(counts.sum())
    if rows == 0:
        return Estimate(None, note=UNLABELLED)
    true = counts.sum(axis=1)
    size = true + counts.sum(axis=0)
    values = np.divide(2 * hits, size, out=np.zeros_like(hits), where=size > 0)
    value = float(true @ values) / rows
    pull = np.divide(true, rows * size, out=np.zeros_like(hits), where=size > 0)
    lowered = pull * values
    moved = (values[:, None] - value) / rows - lowered[:, None] - lowered[None, :]
    moved += 2 * _right(hits.size) * pull[:, None]
    low, high = bounded(value, variance_of(counts, moved), rows)
    return Estimate(value, low, high, n_current=round(rows), note=foreign_note(part))


def micro(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """Precision, recall and F1 over the pooled counts, which for one label a row is accuracy."""
    return accuracy(layout, part)


def recall_weighted(layout: MulticlassLayout, part: Multiclass) -> Estimate:
    """The mean of the classes' recalls, weighted by their labels, which is accuracy."""
    return accuracy(layout, part)


def _right(classes: int) -> Floats:
    """1 in the cells that are hits, shape (classes, classes)."""
    right = np.eye(classes)
    right[-1, -1] = 0.0
    return right


_ABSENT = (
    "A class that is neither label nor prediction in these rows plays no part; one that is only "
    "one of them counts 0, as in scikit-learn."
)
_record = partial(
    Metric,
    group="performance",
    needs=("multiclass",),
    unit="share",
    worse="lower",
    best=1.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities="not applicable",
    unseen=UNSEEN,
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)
_RECOVERED = "recovered from the classes' Wilson intervals (MOVER)"
_JACKKNIFE = "infinitesimal jackknife over the confusion counts, on the logit scale"

AVERAGES: tuple[Metric, ...] = (
    _record(
        name="precision_macro",
        title="Precision (macro)",
        function=precision_macro,
        measures="Precision of the average class, rare ones counting as much as common ones.",
        misleads=f"When a class is very rare: a few rows move it. {_ABSENT}",
        formula=r"\frac1K\sum_k \frac{n_{kk}}{n_{\cdot k}}",
        interval=_RECOVERED,
        source="Sokolova and Lapalme (2009), A systematic analysis of performance measures",
        oracle="sklearn.metrics.precision_score(average='macro', zero_division=0)",
    ),
    _record(
        name="recall_macro",
        title="Recall (macro)",
        function=recall_macro,
        measures="Recall of the average class: accuracy as if all classes were equally common.",
        misleads=f"When a class is very rare: a few rows move it. {_ABSENT}",
        formula=r"\frac1K\sum_k \frac{n_{kk}}{n_{k\cdot}}",
        interval=_RECOVERED,
        source="Sokolova and Lapalme (2009), A systematic analysis of performance measures",
        oracle="sklearn.metrics.recall_score(average='macro', zero_division=0)",
    ),
    _record(
        name="f1_macro",
        title="F1 (macro)",
        function=f1_macro,
        measures="F1 of the average class.",
        misleads="It is not the harmonic mean of the macro precision and the macro recall.",
        formula=r"\frac1K\sum_k \frac{2 n_{kk}}{n_{k\cdot} + n_{\cdot k}}",
        interval="recovered from the classes' intervals (MOVER), with their correlation",
        source="Opitz and Burst (2019), Macro F1 and macro F1",
        oracle="sklearn.metrics.f1_score(average='macro', zero_division=0)",
    ),
    _record(
        name="precision_micro",
        title="Precision (micro)",
        function=micro,
        measures="Precision over all classes' decisions together: equal to accuracy.",
        misleads="It hides the rare classes.",
        formula=r"\frac{\sum_k n_{kk}}{n}",
        interval="Wilson score",
        source="Sokolova and Lapalme (2009)",
        oracle="sklearn.metrics.precision_score(average='micro')",
    ),
    _record(
        name="recall_micro",
        title="Recall (micro)",
        function=micro,
        measures="Recall over all classes' decisions together: equal to accuracy.",
        misleads="It hides the rare classes.",
        formula=r"\frac{\sum_k n_{kk}}{n}",
        interval="Wilson score",
        source="Sokolova and Lapalme (2009)",
        oracle="sklearn.metrics.recall_score(average='micro')",
    ),
    _record(
        name="f1_micro",
        title="F1 (micro)",
        function=micro,
        measures="F1 over all classes' decisions together: equal to accuracy.",
        misleads="It hides the rare classes.",
        formula=r"\frac{\sum_k n_{kk}}{n}",
        interval="Wilson score",
        source="Sokolova and Lapalme (2009)",
        oracle="sklearn.metrics.f1_score(average='micro')",
    ),
    _record(
        name="precision_weighted",
        title="Precision (weighted)",
        function=precision_weighted,
        measures="Precision of the classes, each weighing as much as it has labels.",
        misleads="When the mix of classes changes: it moves though no class's precision has.",
        formula=r"\sum_k \frac{n_{k\cdot}}{n}\,\frac{n_{kk}}{n_{\cdot k}}",
        interval=_JACKKNIFE,
        source="Sokolova and Lapalme (2009)",
        oracle="sklearn.metrics.precision_score(average='weighted', zero_division=0)",
    ),
    _record(
        name="recall_weighted",
        title="Recall (weighted)",
        function=recall_weighted,
        measures="Recall of the classes, each weighing as much as it has labels: accuracy.",
        misleads="It hides the rare classes.",
        formula=r"\frac{\sum_k n_{kk}}{n}",
        interval="Wilson score",
        source="Sokolova and Lapalme (2009)",
        oracle="sklearn.metrics.recall_score(average='weighted')",
    ),
    _record(
        name="f1_weighted",
        title="F1 (weighted)",
        function=f1_weighted,
        measures="F1 of the classes, each weighing as much as it has labels.",
        misleads="It may lie outside the range between weighted precision and weighted recall.",
        formula=r"\sum_k \frac{n_{k\cdot}}{n}\,\frac{2 n_{kk}}{n_{k\cdot} + n_{\cdot k}}",
        interval=_JACKKNIFE,
        source="Sokolova and Lapalme (2009)",
        oracle="sklearn.metrics.f1_score(average='weighted', zero_division=0)",
    ),
)
