"""Metrics of a regression's errors: smooth functions of the means of a few terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import positive, symmetric
from watchkeeper.profiles.base import Floats
from watchkeeper.profiles.regression import TERMS, Regression, RegressionLayout

UNLABELLED = "no rows with both a label and a prediction"
OVERFLOW = "the errors are too large to be squared"

_AT = {name: place for place, name in enumerate(TERMS)}


def bias(layout: RegressionLayout, part: Regression) -> Estimate:
    """The mean of prediction minus label."""
    if part.labelled == 0:
        return Estimate(None, note=UNLABELLED)
    value = _mean(part, "error") * layout.scale
    variance = _variance(part, {"error": layout.scale})
    low, high = symmetric(value, variance, degrees=part.labelled - 1)
    return _estimate(value, low, high, part)


def mae(layout: RegressionLayout, part: Regression) -> Estimate:
    """The mean of the absolute error."""
    if part.labelled == 0:
        return Estimate(None, note=UNLABELLED)
    value = _mean(part, "absolute") * layout.scale
    variance = _variance(part, {"absolute": layout.scale})
    low, high = positive(value, variance, degrees=part.labelled - 1)
    return _estimate(value, low, high, part)


def rmse(layout: RegressionLayout, part: Regression) -> Estimate:
    """The root of the mean squared error."""
    if part.labelled == 0:
        return Estimate(None, note=UNLABELLED)
    square = _mean(part, "square")
    low, high = positive(square, _variance(part, {"square": 1.0}), degrees=part.labelled - 1)
    return _estimate(
        layout.scale * math.sqrt(square),
        None if low is None else layout.scale * math.sqrt(low),
        None if high is None else layout.scale * math.sqrt(high),
        part,
    )


def r2(layout: RegressionLayout, part: Regression) -> Estimate:
    """One minus the squared error over the squared distance of the labels from their mean."""
    del layout
    if part.labelled == 0:
        return Estimate(None, note=UNLABELLED)
    square, label, label_square = (
        _mean(part, term) for term in ("square", "label", "label_square")
    )
    spread = label_square - label * label
    if not spread > 1e-14 * max(label_square, 1e-300):
        return Estimate(None, n_current=part.labelled, note="all labels are equal")
    missed = square / spread
    gradient = {
        "square": 1 / spread,
        "label_square": -missed / spread,
        "label": 2 * missed * label / spread,
    }
    low, high = positive(missed, _variance(part, gradient), degrees=part.labelled - 1)
    return _estimate(
        1 - missed, None if high is None else 1 - high, None if low is None else 1 - low, part
    )


def mape(layout: RegressionLayout, part: Regression) -> Estimate:
    """The mean of the absolute error over the absolute label, where the label is not zero."""
    del layout
    if part.labelled == 0:
        return Estimate(None, note=UNLABELLED)
    nonzero, relative = _mean(part, "nonzero"), _mean(part, "relative")
    rows = round(float(part.products[0, _AT["nonzero"]]))
    if rows == 0:
        return Estimate(None, note="all labels are zero")
    value = relative / nonzero
    variance = _variance(part, {"relative": 1 / nonzero, "nonzero": -value / nonzero})
    low, high = positive(value, variance, degrees=rows - 1)
    zeros = part.labelled - rows
    note = f"{zeros} rows whose label is zero are left out" if zeros else None
    return Estimate(value, low, high, n_current=rows, note=note)


def _estimate(value: float, low: float | None, high: float | None, part: Regression) -> Estimate:
    """The estimate, undefined where a sum has overflowed."""
    if not math.isfinite(value):
        return Estimate(None, n_current=part.labelled, note=OVERFLOW)
    return Estimate(value, low, high, n_current=part.labelled)


def _mean(part: Regression, term: str) -> float:
    """The mean of one term over the labelled rows."""
    return float(part.products[0, _AT[term]]) / part.labelled


def _variance(part: Regression, gradient: Mapping[str, float]) -> float:
    """The sampling variance of a function of the means with this gradient (delta method)."""
    if part.labelled < 2:
        return math.nan
    at = [_AT[term] for term in gradient]
    slope = np.array(list(gradient.values()))
    with np.errstate(over="ignore", invalid="ignore"):
        means: Floats = part.products[0, at] / part.labelled
        between = part.products[np.ix_(at, at)] / part.labelled - np.outer(means, means)
        return max(float(slope @ between @ slope), 0.0) / (part.labelled - 1)


_record = partial(
    Metric,
    group="performance",
    needs=("regression",),
    unit="label unit",
    worse="higher",
    best=0.0,
    lowest=0.0,
    nulls="rows without label or prediction are left out",
    infinities="rows with an infinite label or prediction are left out",
    unseen="not applicable",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)

ERRORS: tuple[Metric, ...] = (
    _record(
        name="mae",
        title="Mean absolute error",
        function=mae,
        measures="By how much a prediction is wrong on average.",
        misleads="It does not say in which direction, nor how large the largest errors are.",
        formula=r"\frac1n\sum_i |\hat y_i - y_i|",
        interval="Student's t for the mean, on the logarithmic scale",
        source="Willmott and Matsuura (2005), Advantages of the mean absolute error",
        oracle="sklearn.metrics.mean_absolute_error",
    ),
    _record(
        name="rmse",
        title="Root mean squared error",
        function=rmse,
        measures="The typical error, large ones weighing more.",
        misleads="A few outliers can make up nearly all of it.",
        formula=r"\sqrt{\frac1n\sum_i (\hat y_i - y_i)^2}",
        interval="Student's t for the mean square, on the logarithmic scale",
        source="Hyndman and Koehler (2006), Another look at measures of forecast accuracy",
        oracle="sklearn.metrics.root_mean_squared_error",
    ),
    _record(
        name="r2",
        title="R²",
        function=r2,
        unit="",
        worse="lower",
        best=1.0,
        lowest=None,
        highest=1.0,
        measures="Which part of the labels' variation the predictions account for.",
        misleads="It falls when labels vary less, the errors unchanged.",
        formula=r"1 - \frac{\sum_i (\hat y_i - y_i)^2}{\sum_i (y_i - \bar y)^2}",
        interval="delta method, on the logarithmic scale of 1 - R²",
        source="Kvålseth (1985), Cautionary note about R²",
        oracle="sklearn.metrics.r2_score",
    ),
    _record(
        name="mape",
        title="Mean absolute percentage error",
        function=mape,
        unit="share",
        measures="By which share of the label a prediction is wrong on average.",
        misleads="Labels near zero dominate it, and it punishes predicting too much harder.",
        formula=r"\frac{1}{|\{i: y_i \ne 0\}|}\sum_{i: y_i \ne 0} \frac{|\hat y_i - y_i|}{|y_i|}",
        interval="delta method, on the logarithmic scale",
        source="Hyndman and Koehler (2006), Another look at measures of forecast accuracy",
        oracle="sklearn.metrics.mean_absolute_percentage_error (on labels that are not zero)",
        peers={"scikit-learn": "divides by at least 2.2e-16, so one zero label gives some 1e15"},
    ),
    _record(
        name="bias",
        title="Bias",
        function=bias,
        worse="either",
        lowest=None,
        measures="Whether predictions are too high (positive) or too low on average.",
        misleads="Errors in both directions cancel.",
        formula=r"\frac1n\sum_i (\hat y_i - y_i)",
        interval="Student's t for the mean",
        source="Murphy (1988), Skill scores based on the mean square error",
        oracle="numpy.mean(prediction - label)",
    ),
)
