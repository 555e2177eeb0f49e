"""How sure the model says it is, and what it predicts: no labels needed."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import bounded, share_estimate
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.classification import WIDTHS, Binary, BinaryLayout
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.multiclass import OTHER, Multiclass, MulticlassLayout

LOW = 0.6
"""Predictions whose confidence lies below this are called uncertain."""

NO_SCORE = "no rows with a probability"


def confidence_mean(layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass) -> Estimate:
    """The mean confidence: the probability of the likelier class, or of the top class."""
    held = _held(layout, part)
    if held is None:
        return Estimate(None, note=NO_SCORE)
    grid, counts, sums, squares = held
    total, square = float(sums.sum()), float(squares.sum())
    if isinstance(layout, BinaryLayout):
        half = int(np.searchsorted(grid.edges, 0.5, side="left")) + 1
        n, s = int(counts[:half].sum()), float(sums[:half].sum())
        total += n - 2 * s
        square += n - 2 * s
    rows = int(counts.sum())
    mean = total / rows
    variance = math.nan
    if rows > 1:
        variance = max(square / rows - mean * mean, 0.0) / (rows - 1)
    low, high = bounded(mean, variance, rows)
    return Estimate(mean, low, high, n_current=rows)


def low_confidence_share(
    layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass
) -> Estimate:
    """The share of rows whose confidence lies below `LOW`."""
    held = _held(layout, part)
    if held is None:
        return Estimate(None, note=NO_SCORE)
    grid, counts, _, _ = held
    stop = _bins_below(grid, LOW)
    start = 0
    if isinstance(layout, BinaryLayout):
        # max(p, 1 - p) < 0.6 means 0.4 < p < 0.6; 8 / 20 is the edge next to it on the grid.
        start = _bins_below(grid, float(np.nextafter(1 - LOW, 1)))
    return share_estimate(int(counts[start:stop].sum()), int(counts.sum()), NO_SCORE)


def prediction_share(layout: BinaryLayout, part: Binary) -> Estimate:
    """The share of rows that are predicted positive, labelled or not."""
    del layout
    said = part.confusion.sum(axis=0)
    return share_estimate(int(said[1]), int(said.sum()), "no predictions")


def prediction_shares(
    layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass
) -> dict[str, Estimate]:
    """The share of rows that are predicted as each class, labelled or not."""
    said = part.confusion.sum(axis=0).tolist()
    names = layout.classes if isinstance(layout, BinaryLayout) else (*layout.classes, OTHER)
    pairs = zip(names, said, strict=True)
    return {
        name: share_estimate(rows, sum(said), "no predictions")
        for name, rows in pairs
        if rows or name != OTHER
    }


def confidence_distribution(
    layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass
) -> dict[str, Any] | None:
    """What a report draws: mean, share below `LOW`, and rows in 20 bins of equal width."""
    held = _held(layout, part)
    if held is None:
        return None
    grid, counts, _, _ = held
    widths = np.arange(1, WIDTHS) / WIDTHS
    if isinstance(layout, BinaryLayout):
        # Below one half the confidence 1 - p falls as p grows, so bins there are closed on the
        # right; the cuts 0.5, 0.55, … of the confidence are 0.5, 0.45, … of p.
        half = WIDTHS // 2
        upper = [_bins_below(grid, cut) for cut in widths[half - 1 :].tolist()]
        lower = [
            _bins_below(grid, float(np.nextafter(cut, 1.0))) for cut in widths[: half - 1].tolist()
        ]
        high = np.add.reduceat(counts, upper)
        low = np.add.reduceat(counts[: upper[0]], [0, *lower])[::-1]
        binned = np.concatenate((np.zeros(half, dtype=np.int64), high + low))
    else:
        cuts = [_bins_below(grid, cut) for cut in widths.tolist()]
        binned = np.add.reduceat(counts, [0, *cuts])
    return {
        "mean": confidence_mean(layout, part).value,
        "low_share": low_confidence_share(layout, part).value,
        "below": LOW,
        "counts": binned.tolist(),
    }


def _held(
    layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass
) -> tuple[Grid, Ints, Floats, Floats] | None:
    """The grid, and rows, sums and squares by bin of all rows; None where there are none."""
    if isinstance(layout, BinaryLayout) and isinstance(part, Binary):
        grid, parts = layout.grid, (part.counts, part.sums, part.squares)
    elif isinstance(layout, MulticlassLayout) and isinstance(part, Multiclass):
        grid = layout.confidence
        parts = (part.confident, part.confident_sums, part.confident_squares)
    else:
        return None
    counts, sums, squares = (held.sum(axis=0) for held in parts)
    if grid is None or part.outside or not counts.any():
        return None
    return grid, counts, sums, squares


def _bins_below(grid: Grid, cut: float) -> int:
    """How many bins lie wholly below `cut`, which is an edge of the grid."""
    return int(np.searchsorted(grid.edges, cut, side="left")) + 1


_record = partial(
    Metric,
    group="prediction",
    unit="share",
    worse="none",
    lowest=0.0,
    highest=1.0,
    nulls="rows without a score (a prediction) are left out; labels play no part",
    infinities="an infinite score counts as missing",
    unseen="a predicted class that the reference lacks counts as '(other)'",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)

CONFIDENCE: tuple[Metric, ...] = (
    _record(
        name="confidence_mean",
        title="Mean confidence",
        function=confidence_mean,
        needs=("binary", "multiclass", "score"),
        group="calibration",
        measures="How sure the model says it is of its predictions.",
        misleads="Models are often sure and wrong, above all on inputs that they do not know.",
        formula=r"\frac1n\sum_i \max_k p_{ik}",
        interval="normal, on the logit scale",
        source="Hendrycks and Gimpel (2017), A baseline for detecting misclassified examples",
        oracle="numpy.mean of the largest probability",
    ),
    _record(
        name="low_confidence_share",
        title="Share of uncertain predictions",
        function=low_confidence_share,
        needs=("binary", "multiclass", "score"),
        group="calibration",
        measures="How many predictions the model itself is not sure of.",
        misleads="It says nothing of the predictions that are sure and wrong.",
        formula=r"\frac1n\sum_i \big[\max_k p_{ik} < 0.6\big]",
        interval="Wilson score",
        source="Hendrycks and Gimpel (2017), A baseline for detecting misclassified examples",
        oracle="numpy.mean(largest probability < 0.6)",
        defaults={"below": LOW},
    ),
    _record(
        name="prediction_share",
        title="Share of positive predictions",
        function=prediction_share,
        needs=("binary",),
        measures="How often the model says the positive class.",
        misleads="It moves with the inputs too, and does not say whether the model got worse.",
        formula=r"\frac{|\{i: \hat y_i = 1\}|}{n}",
        interval="Wilson score",
        source="Wilson (1927), Probable inference",
        oracle="numpy.mean(prediction == positive)",
    ),
)
