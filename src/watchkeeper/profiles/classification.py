"""A binary classifier's labels against its predictions and scores."""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np
import pyarrow as pa

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Model
from watchkeeper.profiles.base import Flags, Floats, Ints
from watchkeeper.profiles.grid import Grid, fit_grid
from watchkeeper.profiles.outcomes import (
    aligned,
    binary_classes,
    binned,
    class_codes,
    column_of,
    shaped,
)

NEGATIVE, POSITIVE, UNLABELLED = 0, 1, 2
"""Rows of the counts: by true class, and rows whose label is not known."""

WIDTHS = 20
"""Bins of equal width in [0, 1] whose edges are edges of every grid of probabilities."""

CLIP = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1 in a log loss, as scikit-learn does."""


class BinaryLayout(msgspec.Struct, frozen=True, tag="binary"):
    """How a binary model's rows are counted.

    Attributes
    ----------
    classes
        The texts of the negative and of the positive class.
    threshold
        The score at and above which a row is predicted positive, where there is no prediction.
    predicted
        Whether the model has a column of predictions.
    grid
        The bins of the score; None where the model has no score.
    """

    classes: tuple[str, str]
    threshold: float
    predicted: bool
    grid: Grid | None


class Binary(msgspec.Struct, frozen=True, tag="binary"):
    """What a profile holds of a binary model's labels, predictions and scores.

    Attributes
    ----------
    rows
        All rows.
    labelled
        Rows with a known label and a prediction or score.
    unknown
        Rows whose label is neither class; they count as not labelled.
    confusion
        Rows by (true class or unlabelled, predicted class), shape (3, 2).
    counts, sums, squares
        Rows, sum and sum of squares of the score by (true class or unlabelled, score bin),
        shape (3, bins); shape (3, 0) without a score.
    log_loss, log_loss_squares, brier, brier_squares
        Sums over labelled rows with a score, and of the squares of what is summed.
    outside
        Rows whose score lies outside [0, 1]: with any, the score is no probability.
    """

    rows: int
    labelled: int
    unknown: int
    confusion: Ints
    counts: Ints
    sums: Floats
    squares: Floats
    log_loss: float
    log_loss_squares: float
    brier: float
    brier_squares: float
    outside: int

    def __post_init__(self) -> None:
        """Shape arrays that come flat from a file."""
        shaped(self, "confusion", (3, 2))
        for name in ("counts", "sums", "squares"):
            shaped(self, name, (3, -1))

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        if self.counts.shape != other.counts.shape:
            raise ProfileError("two profiles of one score stand on different grids")
        return type(self)(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.unknown + other.unknown,
            self.confusion + other.confusion,
            self.counts + other.counts,
            self.sums + other.sums,
            self.squares + other.squares,
            self.log_loss + other.log_loss,
            self.log_loss_squares + other.log_loss_squares,
            self.brier + other.brier,
            self.brier_squares + other.brier_squares,
            self.outside + other.outside,
        )

    @property
    def scored(self) -> int:
        """Labelled rows with a score."""
        return int(self.counts[:UNLABELLED].sum())


def fit(model: Model, sample: pa.Table) -> BinaryLayout | None:
    """The layout of a binary model; None where it has neither prediction nor score.

    Raises
    ------
    ModelError
        Where the label of the sample holds more than two classes and the model names none.
    """
    names = sample.schema.names
    predicted = model.prediction is not None and model.prediction in names
    scored = model.score is not None and model.score in names
    if not (predicted or scored):
        return None
    classes = binary_classes(
        model.classes, column_of(sample, model.label), column_of(sample, model.prediction)
    )
    grid = None
    if scored:
        grid = probability_grid(aligned(column_of(sample, model.score)), (model.threshold,))
    return BinaryLayout(classes, model.threshold, predicted, grid)


def probability_grid(sample: Floats, extra: tuple[float, ...] = (), *, bins: int = 512) -> Grid:
    """A grid on which thresholds, equal-width bins and confidences are counted exactly.

    Parameters
    ----------
    sample
        Probabilities of the reference.
    extra
        Further edges, such as a threshold.
    bins
        Bins of equal mass.

    Examples
    --------
    >>> bool(np.isin(0.25, probability_grid(np.array([0.1, 0.9])).edges))
    True
    """
    widths = np.arange(WIDTHS + 1) / WIDTHS
    # A confidence is max(p, 1 - p): its bins are closed on the left, so those of p below one half
    # are closed on the right, and the largest bin holds 0 and 1 themselves.
    closed = np.nextafter(widths, np.inf)
    return fit_grid(sample, bins=bins, extra=np.concatenate((widths, closed, np.array(extra))))


def fits(layout: BinaryLayout, part: Binary) -> bool:
    """Whether the statistic stands on the layout and counts no rows below zero."""
    bins = 0 if layout.grid is None else layout.grid.bins
    shapes = {held.shape for held in (part.counts, part.sums, part.squares)}
    known = part.confusion.shape == (3, 2) and shapes == {(3, bins)}
    return known and min(part.confusion.min(), part.counts.min(initial=0)) >= 0


def empty(layout: BinaryLayout) -> Binary:
    """The statistic of no rows."""
    bins = 0 if layout.grid is None else layout.grid.bins
    return Binary(
        0,
        0,
        0,
        np.zeros((3, 2), np.int64),
        np.zeros((3, bins), np.int64),
        np.zeros((3, bins)),
        np.zeros((3, bins)),
        0.0,
        0.0,
        0.0,
        0.0,
        0,
    )


def measure(layout: BinaryLayout, model: Model, batch: pa.RecordBatch) -> Binary:
    """The kernel: class codes once, then one sort of the scores of each class."""
    label = class_codes(column_of(batch, model.label), layout.classes)
    truth = np.where(label < 0, UNLABELLED, label)
    score = aligned(column_of(batch, model.score)) if layout.grid is not None else None
    valid: Flags = np.zeros(truth.size, np.bool_) if score is None else ~np.isnan(score)
    if layout.predicted:
        predicted = class_codes(column_of(batch, model.prediction), layout.classes)
    elif score is not None:
        predicted = np.where(valid, (score >= layout.threshold).astype(np.int64), -1)
    else:
        predicted = np.full(truth.size, -1, dtype=np.int64)
    has = predicted >= 0
    confusion = np.bincount(truth[has] * 2 + predicted[has], minlength=6).reshape(3, 2)
    part = empty(layout)
    if score is not None and layout.grid is not None:
        part = _scores(truth, score, valid, layout.grid, part)
    return msgspec.structs.replace(
        part,
        rows=truth.size,
        labelled=int(np.count_nonzero((truth != UNLABELLED) & (has | valid))),
        unknown=int(np.count_nonzero(label == -2)),
        confusion=confusion.astype(np.int64),
    )


def _scores(truth: Ints, score: Floats, valid: Flags, grid: Grid, part: Binary) -> Binary:
    """The statistic with its counts and sums of scores."""
    counts, sums, squares = part.counts, part.sums, part.squares
    losses = np.zeros(4)
    outside = 0
    for group in (NEGATIVE, POSITIVE, UNLABELLED):
        values = score[(truth == group) & valid]
        counts[group], sums[group], squares[group] = binned(values, grid.edges)
        outside += int(np.count_nonzero((values < 0) | (values > 1)))
        if group != UNLABELLED:
            chance = np.clip(values if group == POSITIVE else 1.0 - values, CLIP, 1.0 - CLIP)
            log = -np.log(chance)
            gap = np.square(values - group)
            # Not `log @ log`: BLAS threads wait for each other on a busy machine.
            losses += (log.sum(), np.square(log).sum(), gap.sum(), np.square(gap).sum())
    log_loss, log_squares, brier, brier_squares = losses.tolist()
    return msgspec.structs.replace(
        part,
        counts=counts,
        sums=sums,
        squares=squares,
        log_loss=log_loss,
        log_loss_squares=log_squares,
        brier=brier,
        brier_squares=brier_squares,
        outside=outside,
    )
