"""The regular grid of time on which a band is learnt, and which days are of a kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import from_seconds
from watchkeeper.monitors.bands.settings import BandSettings, History
from watchkeeper.monitors.calendar import Calendar
from watchkeeper.monitors.source import Times

_DAY = 86_400
_WEEK = 7 * _DAY
_SECOND = timedelta(seconds=1)
_LIMIT = 1_000_000

Indexes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Equal steps of time over a history and the times asked.

    Attributes
    ----------
    start, step
        In seconds since 1970, and seconds.
    size
        How many steps.
    day, week
        Steps in each; 0 where they do not fit.
    lag
        Steps before a point from which it may be judged.
    holiday
        Whether a point lies on a holiday that is no Sunday.
    weekend
        Whether it lies on a weekend or a holiday.
    sunday
        Days since the last Sunday, 1 to 7.
    offset
        By how many steps the clocks there were put forward since the first point.
    """

    start: int
    step: int
    size: int
    day: int
    week: int
    lag: int
    holiday: Bools
    weekend: Bools
    sunday: Indexes
    offset: Indexes

    @property
    def shift(self) -> int:
        """The most steps by which the clocks were put forward or back."""
        return int(np.ptp(self.offset))

    def index(self, times: Times) -> Indexes:
        """The nearest points of times."""
        return np.rint((seconds(times) - self.start) / self.step).astype(np.int64)


def seconds(times: Times) -> Indexes:
    """Times as seconds since 1970."""
    return times.astype("datetime64[s]").astype(np.int64)


def make_grid(history: History, asked: Times, settings: BandSettings) -> Grid:
    """The grid on which all times lie.

    Raises
    ------
    InputError
        The times are not ascending, or are too many.
    """
    step = _step(history, asked, settings)
    ends = [seconds(times) for times in (history.times, asked) if len(times)]
    start = int(min(times[0] for times in ends))
    size = int(np.rint((max(int(times[-1]) for times in ends) - start) / step)) + 1
    if size > _LIMIT:
        raise InputError(
            f"a band over {size:,} steps of {timedelta(seconds=step)} is too long; ask for a "
            f"shorter history, at most {_LIMIT:,} steps"
        )
    window = max(step, int(settings.gap.total_seconds()))
    # The middle of a window tells the day it belongs to; its end may be the next midnight.
    middle = start + np.arange(size, dtype=np.int64) * step - window // 2
    offset = _offsets(middle, settings.calendar)
    day = (middle + offset) // _DAY
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday.
    holidays = np.array(sorted(settings.calendar.holidays), dtype="datetime64[D]").astype(np.int64)
    holiday = np.isin(day, holidays) & (weekday != 6)
    return Grid(
        start, step, size,
        day=_DAY // step if _DAY % step == 0 and step < _DAY else 0,
        week=_WEEK // step if _DAY % step == 0 else 0,
        lag=max(1, -(-window // step)),
        holiday=holiday,
        weekend=(weekday >= 5) | holiday,
        sunday=(weekday + 1) % 7,
        offset=_whole_steps(offset - offset[0], step),
    )  # fmt: skip


def _offsets(moments: Indexes, calendar: Calendar) -> Indexes:
    """How many seconds the clocks are ahead of UTC at each moment.

    >>> noons = np.array([1_767_268_800, 1_782_907_200])
    >>> (_offsets(noons, Calendar("America/New_York")) // 3600).tolist()
    [-5, -4]
    """
    zone = calendar.zone
    if zone is None:
        return np.zeros(len(moments), dtype=np.int64)
    # Clocks are changed on a whole hour of UTC nearly everywhere, so one look an hour will do.
    hours, place = np.unique(moments // 3600, return_inverse=True)
    offsets = [
        (from_seconds(hour * 3600).astimezone(zone).utcoffset() or timedelta()) // _SECOND
        for hour in hours.tolist()
    ]
    return np.array(offsets, dtype=np.int64)[place]


def _whole_steps(seconds: Indexes, step: int) -> Indexes:
    """So many steps; none where clocks move by a part of one."""
    steps: Indexes = np.where(seconds % step == 0, seconds // step, 0)
    return steps


def _step(history: History, asked: Times, settings: BandSettings) -> int:
    gaps: list[Indexes] = []
    for times in (history.times, asked):
        gaps.append(np.diff(seconds(times)))
        if np.any(gaps[-1] <= 0):
            raise InputError("the times of a band must ascend, without one that stands twice")
    if settings.step is not None:
        return int(settings.step.total_seconds())
    known = next((found for found in gaps if len(found)), None)
    return 3600 if known is None else int(np.median(known))
