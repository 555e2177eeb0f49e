"""Scales on which the noise of a metric is about symmetric and does not end at a bound."""

from __future__ import annotations

import numpy as np

from watchkeeper.monitors.bands.settings import BandSettings, History, Scale
from watchkeeper.monitors.source import Floats

_TINY = 1e-12
_LEAST = 1e-6


def to_scale(history: History, settings: BandSettings) -> tuple[Floats, Floats]:
    """Values on their scale, and what their sampling errors come from.

    Returns
    -------
    tuple[Floats, Floats]
        Values, NaN where there is none; and `spread`, of which `error_at` makes standard errors
        on the scale, NaN where unknown.
    """
    values = np.array(history.values, dtype=np.float64)
    errors = np.full(len(values), np.nan)
    if history.errors is not None:
        errors[:] = history.errors
        errors[~np.isfinite(errors) | (errors < 0)] = np.nan
    values[~np.isfinite(values)] = np.nan
    if history.rows is not None:
        values[np.asarray(history.rows) <= 0] = np.nan
    if settings.scale == "logit":
        return _logit(values, errors, history, settings)
    if settings.scale == "log":
        values = np.maximum(values, settings.resolution / 2 or _TINY)
        return np.log(values), errors / values
    return values, errors


def _logit(
    values: Floats, errors: Floats, history: History, settings: BandSettings
) -> tuple[Floats, Floats]:
    """The empirical logit: half a row of either kind is added, so that 0 and 1 are finite.

    `spread` is the error in units of the standard deviation of one row, 1/sqrt(n) for a share; at
    0 and 1, where errors are said to be 0, it is that.
    """
    least = np.full(len(values), max(settings.resolution / 2, _LEAST))
    share = values.copy()
    if history.rows is not None:
        rows = np.maximum(np.asarray(history.rows, dtype=np.float64), 1.0)
        share = (values * rows + 0.5) / (rows + 1.0)
        least = 0.5 / (rows + 1.0)
        at_bound = (values <= 0) | (values >= 1)
        errors = np.where(at_bound, np.sqrt(share * (1 - share) / rows), errors)
    share = np.clip(share, least, 1 - least)
    return np.log(share / (1 - share)), errors / np.sqrt(share * (1 - share))


def error_at(spread: float, centre: float, scale: Scale) -> float:
    """The standard error of a value, were `centre` (on the scale) the truth.

    Examples
    --------
    >>> error_at(1 / 10, 0.0, "logit")  # a share of one half, of 100 rows
    0.2
    """
    if scale != "logit":
        return spread
    return spread * float(np.sqrt(2.0 + np.exp(centre) + np.exp(-centre)))


def floor_at(centre: float, settings: BandSettings) -> float:
    """The least standard deviation on the scale: 1 % of the centre, or the resolution.

    Of a share it is 1 % of the share or of what it lacks to one, whichever is less.
    """
    if settings.scale == "linear":
        return max(0.01 * abs(centre), settings.resolution, _TINY)
    if settings.scale == "log":
        return max(0.01, settings.resolution / float(np.exp(centre)))
    share = 1 / (1 + float(np.exp(-centre)))
    return max(0.01 / max(share, 1 - share), settings.resolution / (share * (1 - share)))


def from_scale(values: Floats, scale: Scale) -> Floats:
    """Values of the scale as values of the metric.

    Examples
    --------
    >>> from_scale(np.array([0.0]), "logit")
    array([0.5])
    """
    if scale == "linear":
        return values
    with np.errstate(over="ignore"):
        return np.exp(values) if scale == "log" else 1 / (1 + np.exp(-values))
