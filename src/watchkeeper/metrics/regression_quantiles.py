"""Quantiles of a regression's errors and predictions, from their grids."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import Z, symmetric
from watchkeeper.metrics.regression import UNLABELLED
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.regression import Regression, RegressionLayout

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of the signed error that a report shows."""


def quantile_estimate(held: Numeric, grid: Grid, share: float) -> Estimate:
    """A quantile with the interval between two order statistics.

    The number of rows below the true quantile is binomial, so the order statistics at
    `n share ± 1.96 sqrt(n share (1 - share))` hold it in 95 of 100 samples, whatever the
    distribution. Where there are too few rows for one of them, that end is None. The bound is how
    far the bin reaches in which the quantile lies.

    Examples
    --------
    >>> from watchkeeper.profiles import numeric
    >>> from watchkeeper.profiles.grid import fit_grid
    >>> values = np.arange(101.0)
    >>> grid = fit_grid(values)
    >>> quantile_estimate(numeric.measure(values, 0, grid), grid, 0.5).value
    50.0
    """
    n = held.finite
    value = held.quantile(grid, share)
    if n == 0 or value is None:
        return Estimate(None, note=UNLABELLED)
    spread = Z * math.sqrt(n * share * (1 - share))
    first, last = math.floor(n * share - spread), math.ceil(n * share + spread) + 1
    low = held.quantile(grid, first / n) if first >= 1 else None
    high = held.quantile(grid, last / n) if last <= n else None
    note = None if low is not None and high is not None else "too few rows for both ends"
    left = _bin(held, grid, math.floor((n - 1) * share))[0]
    right = _bin(held, grid, math.ceil((n - 1) * share))[1]
    bound = max(value - left, right - value, 0.0)
    return Estimate(value, low, high, n_current=n, note=note, bound=bound)


def _bin(held: Numeric, grid: Grid, place: int) -> tuple[float, float]:
    """The ends of the bin that holds the row at `place` in ascending order (from 0)."""
    index = int(np.searchsorted(np.cumsum(held.counts), place, side="right"))
    left = -math.inf if index == 0 else float(grid.edges[index - 1])
    right = math.inf if index >= grid.edges.size else float(grid.edges[index])
    if grid.atoms[index]:
        return left, left
    lowest = -math.inf if held.minimum is None else held.minimum
    highest = math.inf if held.maximum is None else held.maximum
    return max(left, lowest), min(right, highest)


def median_absolute_error(layout: RegressionLayout, part: Regression) -> Estimate:
    """The absolute error that half of the rows stay within."""
    return quantile_estimate(part.absolute, layout.absolute, 0.5)


def p90_absolute_error(layout: RegressionLayout, part: Regression) -> Estimate:
    """The absolute error that 9 of 10 rows stay within."""
    return quantile_estimate(part.absolute, layout.absolute, 0.9)


def p95_absolute_error(layout: RegressionLayout, part: Regression) -> Estimate:
    """The absolute error that 19 of 20 rows stay within."""
    return quantile_estimate(part.absolute, layout.absolute, 0.95)


def error_quantiles(layout: RegressionLayout, part: Regression) -> dict[str, Estimate]:
    """The quantiles `SHARES` of prediction minus label, by `p05` … `p95`."""
    return {
        f"p{round(share * 100):02d}": quantile_estimate(part.errors, layout.errors, share)
        for share in SHARES
    }


def prediction_mean(layout: RegressionLayout, part: Regression) -> Estimate:
    """The mean of all predictions, labelled or not."""
    held = part.predictions
    mean, std = held.mean(layout.predictions), held.std(layout.predictions)
    if mean is None:
        return Estimate(None, note="no predictions")
    variance = math.nan if std is None else std * std / held.finite
    low, high = symmetric(mean, variance, degrees=held.finite - 1)
    return Estimate(mean, low, high, n_current=held.finite)


def prediction_median(layout: RegressionLayout, part: Regression) -> Estimate:
    """The median of all predictions, labelled or not."""
    return quantile_estimate(part.predictions, layout.predictions, 0.5)


def prediction_std(layout: RegressionLayout, part: Regression) -> Estimate:
    """The standard deviation of all predictions, labelled or not."""
    std = part.predictions.std(layout.predictions)
    rows = part.predictions.finite
    return Estimate(std, n_current=rows, note=None if std is not None else "too few predictions")


def prediction_min(layout: RegressionLayout, part: Regression) -> Estimate:
    """The smallest prediction."""
    del layout
    return _extreme(part, part.predictions.minimum)


def prediction_max(layout: RegressionLayout, part: Regression) -> Estimate:
    """The largest prediction."""
    del layout
    return _extreme(part, part.predictions.maximum)


def _extreme(part: Regression, value: float | None) -> Estimate:
    note = None if value is not None else "no predictions"
    return Estimate(value, n_current=part.predictions.finite, note=note)


_record = partial(
    Metric,
    needs=("regression",),
    unit="label unit",
    nulls="rows without label or prediction are left out",
    infinities="rows with an infinite label or prediction are left out",
    unseen="not applicable",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)
_error = partial(
    _record,
    group="performance",
    worse="higher",
    best=0.0,
    lowest=0.0,
    interval="binomial interval between order statistics, read from the grid",
    source="Conover (1999), Practical nonparametric statistics, section 3.2",
    misleads="It says nothing of the rows beyond it.",
)
_prediction = partial(
    _record,
    group="prediction",
    worse="none",
    nulls="rows without a prediction are left out; labels play no part",
    misleads="It moves with the inputs too, and does not say whether the model got worse.",
    source="Hyndman and Fan (1996), Sample quantiles in statistical packages",
)

QUANTILES: tuple[Metric, ...] = (
    _error(
        name="median_absolute_error",
        title="Median absolute error",
        function=median_absolute_error,
        measures="The error that half of the rows stay within.",
        formula=r"Q_{0.5}(|\hat y - y|)",
        oracle="sklearn.metrics.median_absolute_error",
    ),
    _error(
        name="p90_absolute_error",
        title="Absolute error, 90th percentile",
        function=p90_absolute_error,
        measures="The error that 9 of 10 rows stay within.",
        formula=r"Q_{0.9}(|\hat y - y|)",
        oracle="numpy.quantile",
    ),
    _error(
        name="p95_absolute_error",
        title="Absolute error, 95th percentile",
        function=p95_absolute_error,
        measures="The error that 19 of 20 rows stay within.",
        formula=r"Q_{0.95}(|\hat y - y|)",
        oracle="numpy.quantile",
    ),
    _prediction(
        name="prediction_mean",
        title="Mean prediction",
        function=prediction_mean,
        measures="The level of what the model says.",
        formula=r"\frac1n\sum_i \hat y_i",
        interval="Student's t for the mean",
        oracle="numpy.mean",
    ),
    _prediction(
        name="prediction_median",
        title="Median prediction",
        function=prediction_median,
        measures="The middle of what the model says.",
        formula=r"Q_{0.5}(\hat y)",
        interval="binomial interval between order statistics",
        oracle="numpy.median",
    ),
    _prediction(
        name="prediction_std",
        title="Standard deviation of predictions",
        function=prediction_std,
        measures="How much what the model says varies.",
        lowest=0.0,
        p_value="",
        formula=r"\sqrt{\frac{1}{n-1}\sum_i (\hat y_i - \bar{\hat y})^2}",
        oracle="numpy.std(ddof=1)",
    ),
    _prediction(
        name="prediction_min",
        title="Smallest prediction",
        function=prediction_min,
        p_value="",
        measures="The lowest that the model says.",
        formula=r"\min_i \hat y_i",
        oracle="numpy.min",
    ),
    _prediction(
        name="prediction_max",
        title="Largest prediction",
        function=prediction_max,
        p_value="",
        measures="The highest that the model says.",
        formula=r"\max_i \hat y_i",
        oracle="numpy.max",
    ),
)
