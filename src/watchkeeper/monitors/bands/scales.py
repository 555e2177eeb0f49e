"""Scales on which the noise of a metric is about symmetric and does not end at a bound."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit

from watchkeeper.monitors.bands.settings import BandSettings, History, Scale
from watchkeeper.monitors.source import Floats

_TINY = 1e-12
_LEAST = 1e-6
_MOST = 700.0


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
    if settings.scale == "linear":
        return values, errors
    least = np.maximum(values, least_of(settings))
    if settings.scale == "count":
        # In units of a Poisson error: 1 where nothing else is known.
        return np.log(least), np.where(
            np.isnan(errors), 1.0, errors / np.sqrt(np.maximum(values, 1))
        )
    return np.log(least), errors / least


def least_of(settings: BandSettings) -> float:
    """What stands in for a value of zero, which has no logarithm: half of the least there is."""
    if settings.scale == "count":
        return max(settings.resolution, 1.0) / 2
    return settings.resolution / 2 or _TINY


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
    if scale == "count":
        return spread * math.exp(-centre / 2)
    if scale != "logit":
        return spread
    return spread * math.sqrt(2.0 + math.exp(centre) + math.exp(-centre))


def floor_at(centre: float, settings: BandSettings) -> float:
    """The least standard deviation on the scale: 1 % of the centre, or the resolution.

    Of a share it is 1 % of the share or of what it lacks to one, whichever is less.
    """
    if settings.scale == "linear":
        return max(0.01 * abs(centre), settings.resolution, _TINY)
    if settings.scale != "logit":
        return max(0.01, settings.resolution / math.exp(min(centre, _MOST)))
    share = 1 / (1 + math.exp(-centre))
    return max(0.01 / max(share, 1 - share), settings.resolution / (share * (1 - share)))


def from_scale(values: Floats, settings: BandSettings, rows: Floats | None = None) -> Floats:
    """Values of the scale as values of the metric; the opposite of `to_scale`.

    What lies beyond the least value that can be told from none is none: an hour without any event
    is not below a band that reaches down to half an event, nor is 1 above the band of a share.

    Parameters
    ----------
    values, settings
        As there.
    rows
        The rows behind each; NaN where unknown.

    Examples
    --------
    >>> from_scale(np.array([0.0, 99.0]), BandSettings(scale="logit"))
    array([0.5, 1. ])
    """
    if settings.scale == "linear":
        return values.copy()
    if settings.scale != "logit":
        with np.errstate(over="ignore"):
            found = np.exp(values)
        return np.where(found <= least_of(settings), 0.0, found)
    share = expit(values)
    least = max(settings.resolution / 2, _LEAST)
    plain = np.where(share <= least, 0.0, np.where(share >= 1 - least, 1.0, share))
    if rows is None:
        return np.asarray(plain, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = np.clip((share * (rows + 1) - 0.5) / rows, 0.0, 1.0)
    return np.where(rows > 0, exact, plain)
