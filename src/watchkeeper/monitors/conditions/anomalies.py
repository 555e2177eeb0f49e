"""What the history of a series is, and in which units its band is learnt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import numpy as np

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.bands.settings import (
    CRITICAL,
    WARNING,
    Band,
    BandSettings,
    History,
    Scale,
)
from watchkeeper.monitors.bands.settings import Worse as Side
from watchkeeper.monitors.calendar import EVERYWHERE, Calendar
from watchkeeper.monitors.conditions.names import Known, Worse
from watchkeeper.monitors.conditions.plan import Level, Series
from watchkeeper.monitors.source import Asked, Floats, Points, Source, Times

HISTORY = timedelta(weeks=10)
"""How far back a band is learnt from."""

TRAFFIC = frozenset({"prediction_count", "throughput"})
"""Metrics that are 0, and not unknown, where no record comes."""

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
_95 = 1.959963984540054
"""Half the width of a 95 % interval in standard errors."""


_SIDES: dict[Worse, Side] = {
    "higher": "higher", "lower": "lower", "either": "both", "none": "both",
}  # fmt: skip


class Bands(Protocol):
    """Learns where a series is expected: `monitors.bands.band.band`."""

    def __call__(
        self,
        history: History,
        times: Times,
        settings: BandSettings | None = None,
        errors: Floats | None = None,
    ) -> Band:
        """The band at each time, learnt from what came before it."""
        ...


def expected(  # noqa: PLR0913  # what is judged, and by what, by name
    series: Series,
    level: Level,
    source: Source,
    times: Times,
    *,
    asked: Asked,
    bands: Bands,
    calendar: Calendar = EVERYWHERE,
) -> tuple[Points, Band]:
    """A series and where it is expected.

    Windows end on whole hours, or on multiples of themselves where they are shorter, but of no
    less than a quarter of an hour: at 12:34 that of 12:00 is judged, so that hours are compared
    with hours, and a history is not longer than it needs to be.

    Parameters
    ----------
    series, asked
        What is judged, and the question for it.
    level
        How far out a value must be.
    source, times
        Where it comes from, and the times of evaluation.
    bands
        Learns the band.
    calendar
        In which hours and days the series lives.
    """
    step = np.timedelta64(int(_step(asked.window).total_seconds()), "s")
    ends = (times.astype("datetime64[s]").astype(np.int64) // step.astype(np.int64)) * step
    judged = ends.astype("datetime64[s]")
    unique, place = np.unique(judged, return_inverse=True)
    past = np.arange(unique[0] - np.timedelta64(HISTORY), unique[-1] + step, step)
    found = source.points(asked, past.astype("datetime64[s]"))
    counts = asked.metric in TRAFFIC
    if counts:
        found = _with_silence(found)
    errors = (found.high - found.low) / (2 * _95)
    rows = None if counts else found.rows
    history = History(past.astype("datetime64[s]"), found.value, errors, rows)
    settings = replace(
        _settings(series.known, level, asked.window),
        reference=_reference(series, asked, source, times),
        calendar=calendar,
    )
    band = bands(history, unique, settings)
    at = np.searchsorted(past, unique)[place]
    points = Points(found.value[at], found.low[at], found.high[at], found.rows[at])
    return points, Band(
        band.lower[place], band.upper[place], band.centre[place], band.season[place],
        band.shifts, band.note,
    )  # fmt: skip


def _with_silence(found: Points) -> Points:
    """A number of records with 0 where none came, from the first that ever came: that is known."""
    known = np.isfinite(found.value)
    silent = ~known & (np.cumsum(known) > 0)
    value = np.where(silent, 0.0, found.value)
    return Points(value, found.low, found.high, found.rows)


def _settings(known: Known, level: Level, window: timedelta) -> BandSettings:
    return BandSettings(
        scale=_scale(known),
        worse=_SIDES[known.worse],
        level=CRITICAL if level == "critical" else WARNING,
        resolution=1.0 if known.unit in ("rows", "requests") else 0.0,
        gap=window,
        step=_step(window),
    )


def _step(window: timedelta) -> timedelta:
    """How far apart the windows of a history end."""
    return max(min(window, HOUR), QUARTER)


def _scale(known: Known) -> Scale:
    """Counts as such, logit between 0 and 1, log for what is only bounded by 0."""
    if known.unit in ("rows", "requests"):
        return "count"
    if known.lowest != 0:
        return "linear"
    if known.highest == 1:
        return "logit"
    return "log" if known.highest is None else "linear"


def _reference(
    series: Series, asked: Asked, source: Source, times: Times
) -> tuple[float, float] | None:
    """The interval of the metric on the reference, where it has one."""
    if series.known.compares or series.known.amount:
        return None
    question = Asked(asked.metric, asked.column, asked.window, side="reference")
    try:
        found = source.points(question, times[-1:])
    except InputError:
        return None
    low, high = float(found.low[0]), float(found.high[0])
    return (low, high) if np.isfinite([low, high]).all() else None
