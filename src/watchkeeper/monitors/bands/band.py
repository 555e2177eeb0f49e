"""The band of a series at any times, each learnt from what came before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from watchkeeper.monitors.bands.grid import Indexes, make_grid
from watchkeeper.monitors.bands.learn import SEASONS, Judged, Learner
from watchkeeper.monitors.bands.scales import error_at, from_scale, to_scale
from watchkeeper.monitors.bands.settings import Band, BandSettings, History, Season
from watchkeeper.monitors.source import Floats, Times
from watchkeeper.monitors.truths import FALSE, NO_DATA, TRUE, Truths

_NOTES = {
    Season.WEEK: "learnt from the same hours of up to 8 weeks; no guarantee",
    Season.DAY: "learnt from the same hours of up to 8 days; there are no 4 weeks of history yet",
    Season.NONE: "learnt from the latest values; there are no 7 days of history yet",
    Season.REFERENCE: "the interval of the reference, widened: there is too little history",
    Season.NOTHING: "no band: there is too little history, and no reference",
}


def band(
    history: History,
    times: Times,
    settings: BandSettings | None = None,
    errors: Floats | None = None,
) -> Band:
    """Where a series is expected at each of many times, judged from its own past alone.

    The centre is the median of up to 8 values at the same time of the week (of the day below four
    weeks of history, of the latest 24 values below seven days), plus the median of the last 24
    residuals, at most the width of the band. The width is `level` times the root of the squares of
    the residuals' robust scatter beyond sampling and of the point's own sampling error. Values
    outside three standard deviations teach nothing for seven days; a level that lasts as long is
    the new one.

    Parameters
    ----------
    history
        The series; it may reach over the times asked: of each only what came before counts.
    times
        Where the band is wanted, ascending.
    settings
        Scale, side and width.
    errors
        Sampling errors at `times`, for those of which the history has no value.

    Raises
    ------
    InputError
        Times do not ascend, or lie too far apart.

    Examples
    --------
    >>> hours = np.datetime64("2026-01-05T00", "s") + np.arange(24 * 40) * np.timedelta64(3600, "s")
    >>> noise = np.tile([-1, 0, 2, -2, 1], 192)
    >>> values = 100 + 20 * np.sin(np.arange(24 * 40) * 2 * np.pi / 24) + noise
    >>> found = band(History(hours, values), hours[-1:])
    >>> print(found.season[0], found.lower[0].round(), found.upper[0].round())
    week 89.0 100.0
    """
    settings = settings or BandSettings()
    if not len(times) or not len(history.times):
        return _empty(len(times), settings)
    grid = make_grid(history, times, settings)
    values, spread = np.full(grid.size, np.nan), np.full(grid.size, np.nan)
    at = grid.index(history.times)
    values[at], spread[at] = to_scale(history, settings)
    judged = Learner(grid, settings, values, spread).run()
    asked = grid.index(times)
    error = judged.error[asked]
    if errors is not None:
        error = _own_errors(error, values[asked], judged.centre[asked], errors, settings)
    rows = np.full(grid.size, np.nan)
    if history.rows is not None:
        rows[at] = history.rows
    return _told(judged, asked, (error, rows[asked]), settings)


def outside(found: Band, values: Floats) -> Truths:
    """Which values lie outside: TRUE, FALSE, or NO_DATA where there is no value or no band.

    >>> inside = Band(np.array([1.0]), np.array([2.0]), np.array([1.5]), np.array(["week"]))
    >>> outside(inside, np.array([2.5])).tolist()
    [1]
    """
    codes = np.where((values < found.lower) | (values > found.upper), TRUE, FALSE)
    codes[np.isnan(values) | np.isnan(found.lower) | np.isnan(found.upper)] = NO_DATA
    return codes.astype(np.int8)


def _own_errors(
    error: Floats, values: Floats, centre: Floats, given: Floats, settings: BandSettings
) -> Floats:
    """Given sampling errors on the scale, where the history has no value."""
    own = error.copy()
    for i in np.flatnonzero(np.isnan(values) & np.isfinite(centre) & np.isfinite(given)):
        middle = from_scale(centre[i : i + 1], settings)[0]
        spread = float(given[i])
        if settings.scale == "log":
            spread /= middle
        elif settings.scale == "count":
            spread /= float(np.sqrt(middle))
        elif settings.scale == "logit":
            spread /= float(np.sqrt(middle * (1 - middle)))
        own[i] = error_at(spread, float(centre[i]), settings.scale)
    return own


def _told(
    judged: Judged, asked: Indexes, known: tuple[Floats, Floats], settings: BandSettings
) -> Band:
    """The band in units of the metric, from sampling errors and rows."""
    error, rows = known
    centre = judged.centre[asked]
    half = settings.level * np.hypot(judged.sd[asked], error)
    lower, middle, upper = (
        from_scale(ends, settings, rows) for ends in (centre - half, centre, centre + half)
    )
    season = np.array(SEASONS)[judged.season[asked]]
    found = Band(lower, upper, middle, season, judged.shifts)
    return _finish(found, settings)


def _finish(found: Band, settings: BandSettings) -> Band:
    """The reference where nothing was learnt, and one side where only one is worse."""
    lower, upper = found.lower, found.upper
    cold = np.isnan(found.centre)
    if settings.reference is not None:
        low, high = settings.reference
        lower[cold] = low - settings.tolerance * abs(low)
        upper[cold] = high + settings.tolerance * abs(high)
        found.centre[cold] = (low + high) / 2
        found.season[cold] = Season.REFERENCE
    there = ~np.isnan(lower)
    if settings.worse == "higher":
        lower[there] = -np.inf
    if settings.worse == "lower":
        upper[there] = np.inf
    return replace(found, note=_NOTES[Season(found.season[-1])])


def _empty(size: int, settings: BandSettings) -> Band:
    """The band of no history."""
    nothing = [np.full(size, np.nan) for _ in range(3)]
    season = np.full(size, Season.NOTHING, dtype=np.array(SEASONS).dtype)
    found = Band(nothing[0], nothing[1], nothing[2], season)
    return _finish(found, settings) if size else found
