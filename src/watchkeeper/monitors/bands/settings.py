"""What a band is learnt from, how, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.calendar import EVERYWHERE, Calendar
from watchkeeper.monitors.source import Counts, Floats, Times

WARNING = 3.0
"""The width in robust standard deviations that warns; also what is kept out of learning."""

CRITICAL = 4.5
"""The width that is critical."""

Scale = Literal["linear", "log", "logit", "count"]
"""Where a band is symmetric: `logit` for shares and areas, `log` for latencies and costs, `count`
for numbers of events: the logarithm, with the sampling error of a Poisson count."""

Worse = Literal["lower", "higher", "both"]
"""The side on which a metric is worse; values on the other side are never outside."""


class Season(StrEnum):
    """What a band was learnt from."""

    WEEK = "week"
    """Values at the same time of the week."""
    DAY = "day"
    """Values at the same time of the day."""
    NONE = "none"
    """The latest values."""
    REFERENCE = "reference"
    """The interval of the reference: there is too little history."""
    NOTHING = ""
    """There is no band."""


@dataclass(frozen=True, slots=True)
class BandSettings:
    """How a band is learnt.

    Attributes
    ----------
    scale, worse
        Of the metric.
    level
        Half the width of the band in standard deviations.
    resolution
        The least difference that the metric can show; the band is never narrower.
    gap
        The length of the windows: a value shares rows with those less than this before it, and is
        judged from earlier ones.
    step
        The distance of the values; found from the times where None.
    calendar
        In which hours and days the series lives, and which level was accepted.
    reference, tolerance
        The interval of the metric on the reference, for the time before there is history, and
        the share of it by which it is widened on either side.

    Examples
    --------
    >>> BandSettings(scale="log", worse="higher").level
    3.0
    """

    scale: Scale = "linear"
    worse: Worse = "both"
    level: float = WARNING
    resolution: float = 0.0
    gap: timedelta = timedelta()
    step: timedelta | None = None
    calendar: Calendar = EVERYWHERE
    reference: tuple[float, float] | None = None
    tolerance: float = 0.05

    def __post_init__(self) -> None:
        if not self.level > 0:
            raise InputError(f"the level of a band is {self.level}; 3 warns, 4.5 is critical")
        if self.step is not None and self.step < timedelta(seconds=1):
            raise InputError("the step of a band is less than a second; values come by the hour")


@dataclass(frozen=True, slots=True)
class History:
    """A series: its values, and how well each is known.

    Attributes
    ----------
    times
        Ends of windows, ascending.
    values
        NaN where there is none.
    errors
        Standard errors of sampling; NaN where unknown.
    rows
        The rows behind each value; a value of no rows is none.
    """

    times: Times
    values: Floats
    errors: Floats | None = None
    rows: Counts | None = None

    def __post_init__(self) -> None:
        for name, held in (("values", self.values), ("errors", self.errors), ("rows", self.rows)):
            if held is not None and len(held) != len(self.times):
                raise InputError(
                    f"a series of {len(self.times)} times has {len(held)} {name}; give one each"
                )


@dataclass(frozen=True, slots=True)
class Shift:
    """The series went to another level and stayed; the band was learnt anew.

    Attributes
    ----------
    since, seen
        When the new level began, and when it was taken for one.
    ratio
        The new level as a multiple of the old one on the log scale, the ratio of the odds on the
        logit scale; None on the linear scale.
    change
        The difference of the levels on the linear scale; None on others.
    accepted
        Whether a person said so.
    """

    since: datetime
    seen: datetime
    ratio: float | None = None
    change: float | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """Where values are expected, at each time asked for.

    Attributes
    ----------
    lower, upper
        Infinite on a side where no value is worse, NaN where there is no band.
    centre
        What is expected.
    season
        A `Season` each, as text.
    shifts
        New levels that were found up to the last time.
    note
        What a reader must know of the last band.
    """

    lower: Floats
    upper: Floats
    centre: Floats
    season: npt.NDArray[np.str_]
    shifts: tuple[Shift, ...] = ()
    note: str = ""
