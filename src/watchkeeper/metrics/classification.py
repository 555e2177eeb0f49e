"""Metrics of a binary classifier's decisions: functions of the confusion counts alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import bounded, share_estimate, wilson
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.classification import Binary, BinaryLayout
from watchkeeper.profiles.multiclass import Multiclass, MulticlassLayout

UNLABELLED = "no labelled rows with a prediction"

NULLS = "rows without label or prediction are left out and counted as not labelled"
UNSEEN = (
    "binary: labels that are neither class are left out; multi-class: they form the class "
    "'(other)', on which every prediction is wrong"
)


def confusion_of(part: Binary | Multiclass) -> Ints:
    """The labelled rows by (true class, predicted class); `(other)` is the last of many classes.

    >>> from watchkeeper.profiles.classification import empty
    >>> confusion_of(empty(BinaryLayout(("0", "1"), 0.5, True, None))).shape
    (2, 2)
    """
    return part.confusion[:-1]


def hits_of(part: Binary | Multiclass) -> Ints:
    """Rows of each class that are predicted as such; what is `(other)` twice is no hit."""
    hits = np.diagonal(confusion_of(part)).copy()
    if isinstance(part, Multiclass):
        hits[-1] = 0
    return hits


def accuracy(layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass) -> Estimate:
    """The share of labelled rows whose prediction is their label."""
    del layout
    found = share_estimate(int(hits_of(part).sum()), int(confusion_of(part).sum()), UNLABELLED)
    return replace(found, note=found.note or foreign_note(part))


def foreign_note(part: Binary | Multiclass) -> str | None:
    """A sentence on labels that the reference does not know; None where there are none."""
    if isinstance(part, Multiclass):
        rows = int(part.confusion[-2].sum())
        return f"{rows} labels are of a class that the reference lacks" if rows else None
    return f"{part.unknown} labels are neither of the two classes" if part.unknown else None


def precision(layout: BinaryLayout, part: Binary) -> Estimate:
    """The share of positive predictions that are right."""
    del layout
    (_, fp), (_, tp) = confusion_of(part).tolist()
    return share_estimate(tp, tp + fp, "no labelled row is predicted positive")


def recall(layout: BinaryLayout, part: Binary) -> Estimate:
    """The share of positive rows that are predicted positive."""
    del layout
    _, (fn, tp) = confusion_of(part).tolist()
    return share_estimate(tp, tp + fn, "no row with a prediction is labelled positive")


def specificity(layout: BinaryLayout, part: Binary) -> Estimate:
    """The share of negative rows that are predicted negative."""
    del layout
    (tn, fp), _ = confusion_of(part).tolist()
    return share_estimate(tn, tn + fp, "no row with a prediction is labelled negative")


def f1(layout: BinaryLayout, part: Binary) -> Estimate:
    """The harmonic mean of precision and recall.

    With J = tp / (tp + fp + fn), which is a share of the rows that are positive either way,
    F1 = 2 J / (1 + J) grows with J alone, so Wilson's interval of J gives that of F1.
    """
    del layout
    (_, fp), (fn, tp) = confusion_of(part).tolist()
    return f1_estimate(tp, fp + fn)


def f1_estimate(hits: int, misses: int) -> Estimate:
    """F1 from the true positives, and from the false positives and negatives together.

    >>> f1_estimate(2, 2).value
    0.6666666666666666
    """
    rows = hits + misses
    if rows == 0:
        return Estimate(None, note="no row is positive by label or prediction")
    low, high = wilson(hits, rows)
    return Estimate(
        2 * hits / (2 * hits + misses), 2 * low / (1 + low), 2 * high / (1 + high), n_current=rows
    )


def matthews(layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass) -> Estimate:
    """The correlation of labels and predictions, for two classes or many."""
    del layout
    counts = confusion_of(part).astype(np.float64)
    rows = float(counts.sum())
    if rows == 0:
        return Estimate(None, note=UNLABELLED)
    hits = float(hits_of(part).sum())
    true, predicted = counts.sum(axis=1), counts.sum(axis=0)
    # A correlation of indicators: c / sqrt(p t), each a covariance times the squared row count.
    both = hits * rows - float(true @ predicted)
    own_predicted = rows * rows - float(predicted @ predicted)
    own_true = rows * rows - float(true @ true)
    if own_predicted <= 0 or own_true <= 0:
        side = "label" if own_true <= 0 else "prediction"
        return Estimate(None, n_current=round(rows), note=f"all rows have the same {side}")
    scale = np.sqrt(own_predicted * own_true)
    value = both / scale
    right = np.eye(true.size)
    if isinstance(part, Multiclass):
        right[-1, -1] = 0.0
    moved = (
        (right * rows + hits - predicted[:, None] - true[None, :]) / scale
        - value * (rows - predicted[None, :]) / own_predicted
        - value * (rows - true[:, None]) / own_true
    )
    low, high = bounded(value, variance_of(counts, moved), rows, lowest=-1.0)
    return Estimate(float(value), low, high, n_current=round(rows))


def variance_of(counts: Floats, moved: Floats) -> float:
    """The variance of a function of counts by the infinitesimal jackknife.

    Parameters
    ----------
    counts
        Rows in each cell, any shape.
    moved
        The derivative of the function by each cell's count, same shape. The function must not
        change when all counts are doubled, so that the derivatives' weighted sum is zero.
    """
    return float(np.sum(counts * np.square(moved)))


_record = partial(
    Metric,
    group="performance",
    unit="share",
    worse="lower",
    best=1.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities="an infinite score counts as missing",
    unseen=UNSEEN,
    interval="Wilson score",
    p_value="the level at which Newcombe's interval touches zero",
)

BINARY: tuple[Metric, ...] = (
    _record(
        name="accuracy",
        title="Accuracy",
        function=accuracy,
        needs=("binary", "multiclass"),
        measures="The share of predictions that are right.",
        misleads="When one class is rare: always saying the other is right nearly always.",
        formula=r"\frac{\sum_k n_{kk}}{n}",
        source="ISO 5725-1; Wilson (1927), Probable inference",
        oracle="sklearn.metrics.accuracy_score",
    ),
    _record(
        name="precision",
        title="Precision",
        function=precision,
        needs=("binary",),
        measures="How far a positive prediction can be trusted.",
        misleads="When positives become rarer: precision falls with them, the model unchanged.",
        formula=r"\frac{tp}{tp + fp}",
        source="van Rijsbergen (1979), Information retrieval",
        oracle="sklearn.metrics.precision_score",
    ),
    _record(
        name="recall",
        title="Recall",
        function=recall,
        needs=("binary",),
        measures="How many of the positives are found.",
        misleads="Alone: predicting everything positive finds them all.",
        formula=r"\frac{tp}{tp + fn}",
        source="van Rijsbergen (1979), Information retrieval",
        oracle="sklearn.metrics.recall_score",
    ),
    _record(
        name="specificity",
        title="Specificity",
        function=specificity,
        needs=("binary",),
        measures="How many of the negatives are left alone.",
        misleads="When negatives abound: a high specificity still lets through many false alarms.",
        formula=r"\frac{tn}{tn + fp}",
        source="Yerushalmy (1947), Statistical problems",
        oracle="sklearn.metrics.recall_score(pos_label=negative)",
    ),
    _record(
        name="f1",
        title="F1",
        function=f1,
        needs=("binary",),
        measures="Precision and recall in one number that neither can carry alone.",
        misleads="It ignores true negatives and weighs the two errors alike.",
        formula=r"\frac{2\,tp}{2\,tp + fp + fn}",
        interval="Wilson score of J = tp / (tp + fp + fn), carried over by 2J / (1 + J)",
        source="van Rijsbergen (1979), Information retrieval",
        oracle="sklearn.metrics.f1_score",
    ),
    _record(
        name="matthews",
        title="Matthews correlation",
        function=matthews,
        needs=("binary", "multiclass"),
        unit="",
        lowest=-1.0,
        measures="The correlation of label and prediction, fair to both classes.",
        misleads="With very few rows of a class: a handful of rows then moves it far.",
        formula=(
            r"\frac{c\,n - \sum_k p_k t_k}"
            r"{\sqrt{(n^2 - \sum_k p_k^2)(n^2 - \sum_k t_k^2)}},\; c = \sum_k n_{kk}"
        ),
        interval="infinitesimal jackknife over the confusion counts, on Fisher's z scale",
        p_value="the level at which the interval of the difference (MOVER) touches zero",
        source="Matthews (1975); Gorodkin (2004), Comparing two K-category assignments",
        oracle="sklearn.metrics.matthews_corrcoef",
    ),
)
