"""A multi-class classifier's labels against its predictions and scores."""

from __future__ import annotations

import math
from typing import Self

import msgspec
import numpy as np
import pyarrow as pa

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Model
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.classification import CLIP, probability_grid
from watchkeeper.profiles.grid import BINS, Grid
from watchkeeper.profiles.outcomes import (
    aligned,
    binned,
    class_codes,
    class_order,
    column_of,
    seen_classes,
    shaped,
)

MAX_CLASSES = 200
"""Classes that are counted by name, the most frequent of the reference; the rest are `OTHER`."""

OTHER = "(other)"
"""The class of labels and predictions that are none of the reference's classes."""

WRONG, RIGHT, UNKNOWN = 0, 1, 2
"""Rows of the counts of confidence: was the top class the true one, or is that not known."""


class MulticlassLayout(msgspec.Struct, frozen=True, tag="multiclass"):
    """How a multi-class model's rows are counted.

    Attributes
    ----------
    classes
        The texts of the classes; one more, `OTHER`, stands behind them.
    predicted
        Whether the model has a column of predictions; else the class with the largest score.
    scores
        For each class the column of its probability, or none at all.
    grids
        For each class the bins of its probability.
    confidence
        The bins of the confidence: the largest probability, or the score of the prediction.
    """

    classes: tuple[str, ...]
    predicted: bool
    scores: tuple[str, ...]
    grids: tuple[Grid, ...]
    confidence: Grid | None


class Multiclass(msgspec.Struct, frozen=True, tag="multiclass"):
    """What a profile holds of a multi-class model's labels, predictions and scores.

    Attributes
    ----------
    rows, labelled
        All rows, and those with a label and a prediction.
    confusion
        Rows by (true class, `OTHER` or unlabelled; predicted class or `OTHER`), shape
        (classes + 2, classes + 1).
    counts
        For each class, one after the other along the second axis, rows by (is the class or not,
        bin of its probability), shape (2, bins of all classes).
    confident, confident_sums, confident_squares
        Rows, sum and sum of squares of the confidence by (wrong, right or unknown, bin), shape
        (3, bins).
    scored
        Rows whose label is one of the classes and whose probabilities are all there.
    log_loss, log_loss_squares, brier, brier_squares
        Sums over the scored rows, and of the squares of what is summed.
    outside
        Rows with a probability outside [0, 1].
    """

    rows: int
    labelled: int
    confusion: Ints
    counts: Ints
    confident: Ints
    confident_sums: Floats
    confident_squares: Floats
    scored: int
    log_loss: float
    log_loss_squares: float
    brier: float
    brier_squares: float
    outside: int

    def __post_init__(self) -> None:
        """Shape arrays that come flat from a file."""
        k = (math.isqrt(4 * self.confusion.size + 1) - 1) // 2
        shaped(self, "confusion", (k + 1, k))
        shaped(self, "counts", (2, -1))
        for name in ("confident", "confident_sums", "confident_squares"):
            shaped(self, name, (3, -1))

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        mine = (self.confusion.shape, self.counts.shape, self.confident.shape)
        if mine != (other.confusion.shape, other.counts.shape, other.confident.shape):
            raise ProfileError("two profiles of one model stand on different classes or grids")
        return type(self)(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.confusion + other.confusion,
            self.counts + other.counts,
            self.confident + other.confident,
            self.confident_sums + other.confident_sums,
            self.confident_squares + other.confident_squares,
            self.scored + other.scored,
            self.log_loss + other.log_loss,
            self.log_loss_squares + other.log_loss_squares,
            self.brier + other.brier,
            self.brier_squares + other.brier_squares,
            self.outside + other.outside,
        )


def fit(model: Model, sample: pa.Table) -> MulticlassLayout | None:
    """The layout of a multi-class model; None where it has neither prediction nor scores."""
    names = sample.schema.names
    predicted = model.prediction is not None and model.prediction in names
    scores = {name: column for name, column in model.scores if column in names}
    if not (predicted or scores):
        return None
    classes = _classes(model, sample)
    # A share of the classes with probabilities would make neither ranks nor losses.
    columns = tuple(scores[name] for name in classes) if set(classes) <= set(scores) else ()
    if not (predicted or columns):
        return None
    bins = min(BINS, max(32, 4096 // len(classes)))
    chances = [aligned(column_of(sample, column)) for column in columns]
    grids = tuple(probability_grid(values, bins=bins) for values in chances)
    confidence = None
    if chances:
        confidence = probability_grid(np.max(np.stack(chances), axis=0))
    elif model.score is not None and model.score in names:
        confidence = probability_grid(aligned(column_of(sample, model.score)))
    return MulticlassLayout(classes, predicted, columns, grids, confidence)


def _classes(model: Model, sample: pa.Table) -> tuple[str, ...]:
    """The classes that the model names, else those of the scores, else of the labels."""
    if model.classes:
        return model.classes
    if model.scores:
        return tuple(name for name, _ in model.scores)
    seen = seen_classes(column_of(sample, model.label))
    for name, rows in seen_classes(column_of(sample, model.prediction)).items():
        seen[name] = seen.get(name, 0) + rows
    ranked = sorted(seen, key=lambda name: (-seen[name], name))
    return class_order(set(ranked[:MAX_CLASSES])) or ("0",)


def fits(layout: MulticlassLayout, part: Multiclass) -> bool:
    """Whether the statistic stands on the layout and counts no rows below zero."""
    nothing = empty(layout)
    names = ("confusion", "counts", "confident", "confident_sums", "confident_squares")
    if any(getattr(part, name).shape != getattr(nothing, name).shape for name in names):
        return False
    return all(getattr(part, name).min(initial=0) >= 0 for name in names[:3])


def empty(layout: MulticlassLayout) -> Multiclass:
    """The statistic of no rows."""
    k = len(layout.classes)
    bins = sum(grid.bins for grid in layout.grids)
    sure = 0 if layout.confidence is None else layout.confidence.bins
    return Multiclass(
        0,
        0,
        np.zeros((k + 2, k + 1), np.int64),
        np.zeros((2, bins), np.int64),
        np.zeros((3, sure), np.int64),
        np.zeros((3, sure)),
        np.zeros((3, sure)),
        0,
        0.0,
        0.0,
        0.0,
        0.0,
        0,
    )


def measure(layout: MulticlassLayout, model: Model, batch: pa.RecordBatch) -> Multiclass:
    """The kernel: class codes once, then one sort of each class's probabilities."""
    k = len(layout.classes)
    label = class_codes(column_of(batch, model.label), layout.classes)
    truth = np.where(label == -1, k + 1, np.where(label == -2, k, label))
    chances = None
    top = np.full(truth.size, -1, dtype=np.int64)
    if layout.scores:
        chances = np.stack([aligned(column_of(batch, name)) for name in layout.scores])
        complete = ~np.isnan(chances).any(axis=0)
        top = np.where(complete, np.argmax(np.nan_to_num(chances, nan=-np.inf), axis=0), -1)
    predicted = top
    if layout.predicted:
        predicted = class_codes(column_of(batch, model.prediction), layout.classes)
        predicted = np.where(predicted == -2, k, predicted)
    has = predicted >= 0
    cells = np.bincount(truth[has] * (k + 1) + predicted[has], minlength=(k + 2) * (k + 1))
    part = empty(layout)
    if chances is not None:
        part = _probabilities(truth, chances, layout, part)
        part = _confidence(truth, top, np.max(chances, axis=0), layout, part)
    elif layout.confidence is not None:
        confidence = aligned(column_of(batch, model.score))
        part = _confidence(truth, predicted, confidence, layout, part)
    return msgspec.structs.replace(
        part,
        rows=truth.size,
        labelled=int(np.count_nonzero((truth <= k) & has)),
        confusion=cells.reshape(k + 2, k + 1).astype(np.int64),
    )


def _probabilities(
    truth: Ints, chances: Floats, layout: MulticlassLayout, part: Multiclass
) -> Multiclass:
    """The statistic with each class's counts and with the losses."""
    k = len(layout.classes)
    complete = ~np.isnan(chances).any(axis=0)
    known = (truth <= k) & complete
    counts = part.counts
    start = 0
    for place, grid in enumerate(layout.grids):
        for side in (0, 1):
            rows = known & ((truth == place) == bool(side))
            counts[side, start : start + grid.bins] = binned(chances[place][rows], grid.edges)[0]
        start += grid.bins
    scored = known & (truth < k)
    held, classes = chances[:, scored], truth[scored]
    own = held[classes, np.arange(classes.size)]
    log = -np.log(np.clip(own, CLIP, 1.0 - CLIP))
    brier = np.square(held).sum(axis=0) - 2.0 * own + 1.0
    beyond = ((chances < 0) | (chances > 1)).any(axis=0)
    return msgspec.structs.replace(
        part,
        counts=counts,
        scored=int(classes.size),
        log_loss=float(log.sum()),
        log_loss_squares=float(np.square(log).sum()),
        brier=float(brier.sum()),
        brier_squares=float(np.square(brier).sum()),
        outside=int(np.count_nonzero(beyond)),
    )


def _confidence(
    truth: Ints, top: Ints, confidence: Floats, layout: MulticlassLayout, part: Multiclass
) -> Multiclass:
    """The statistic with its counts and sums of confidence."""
    if layout.confidence is None:
        return part
    k = len(layout.classes)
    valid = ~np.isnan(confidence) & (top >= 0)
    outcome = np.where(truth > k, UNKNOWN, np.where((truth == top) & (truth < k), RIGHT, WRONG))
    edges = layout.confidence.edges
    held = [binned(confidence[valid & (outcome == row)], edges) for row in range(3)]
    counts, sums, squares = (np.stack(parts) for parts in zip(*held, strict=True))
    return msgspec.structs.replace(
        part, confident=counts, confident_sums=sums, confident_squares=squares
    )
