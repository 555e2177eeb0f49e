"""Proper scores of probabilities, for two classes and many."""

from __future__ import annotations

from functools import partial

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.classification import NULLS
from watchkeeper.metrics.intervals import bounded, positive
from watchkeeper.profiles.classification import Binary, BinaryLayout
from watchkeeper.profiles.multiclass import Multiclass, MulticlassLayout

NO_SCORE = "the model has no probabilities"


def log_loss(layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass) -> Estimate:
    """The mean of minus the logarithm of the probability that the true class was given."""
    reason = undefined(layout, part)
    if reason is not None:
        return Estimate(None, note=reason)
    mean, variance = _mean(part.log_loss, part.log_loss_squares, part.scored)
    low, high = positive(mean, variance, degrees=part.scored - 1)
    return Estimate(mean, low, high, n_current=part.scored)


def brier(layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass) -> Estimate:
    """The mean squared distance of the probabilities from what happened."""
    reason = undefined(layout, part)
    if reason is not None:
        return Estimate(None, note=reason)
    mean, variance = _mean(part.brier, part.brier_squares, part.scored)
    highest = 1.0 if isinstance(part, Binary) else 2.0
    low, high = bounded(
        mean, variance, part.scored, highest=max(highest, mean), degrees=part.scored - 1
    )
    return Estimate(mean, low, high, n_current=part.scored)


def undefined(layout: BinaryLayout | MulticlassLayout, part: Binary | Multiclass) -> str | None:
    """Why the probabilities cannot be judged; None where they can."""
    has = layout.grid is not None if isinstance(layout, BinaryLayout) else bool(layout.scores)
    if not has:
        return NO_SCORE
    if part.outside:
        return f"{part.outside} scores lie outside [0, 1], so the score is no probability"
    if part.scored == 0:
        return "no labelled rows with a score"
    return None


def _mean(total: float, squares: float, rows: int) -> tuple[float, float]:
    """The mean of what was summed, and its sampling variance."""
    mean = total / rows
    if rows < 2:
        return mean, float("nan")
    return mean, max(squares / rows - mean * mean, 0.0) / (rows - 1)


_record = partial(
    Metric,
    group="performance",
    needs=("binary", "multiclass", "score"),
    worse="higher",
    best=0.0,
    lowest=0.0,
    nulls=NULLS,
    infinities="an infinite score counts as missing",
    unseen="rows whose label is no class of the reference are left out",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)

LOSSES: tuple[Metric, ...] = (
    _record(
        name="log_loss",
        title="Log loss",
        function=log_loss,
        unit="nats",
        measures="How surprised the model is by what happens.",
        misleads="A few confident mistakes can make up all of it.",
        formula=(
            r"-\frac1n\sum_i \ln \min(\max(p_{i,y_i}, \epsilon), 1-\epsilon),"
            r"\quad \epsilon = 2^{-52}"
        ),
        interval="Student's t for the mean, on the logarithmic scale",
        source="Good (1952), Rational decisions",
        oracle="sklearn.metrics.log_loss",
    ),
    _record(
        name="brier",
        title="Brier score",
        function=brier,
        measures="The mean squared error of the probabilities.",
        misleads="For rare events: always saying 'never' already scores well.",
        formula=(
            r"\frac1n\sum_i (p_i - y_i)^2;\quad\text{many classes: }"
            r"\frac1n\sum_i\sum_k (p_{ik} - [y_i = k])^2"
        ),
        interval="Student's t for the mean, on the logit scale of its range (0 to 1, or to 2)",
        source="Brier (1950), Verification of forecasts expressed in terms of probability",
        oracle="sklearn.metrics.brier_score_loss",
    ),
)
