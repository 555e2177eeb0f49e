"""Going through a series once, judging each point from what came before it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from watchkeeper.core.windows import from_seconds
from watchkeeper.monitors.bands.grid import Grid, Indexes
from watchkeeper.monitors.bands.noise import FEWEST, process_sd
from watchkeeper.monitors.bands.scales import error_at, floor_at
from watchkeeper.monitors.bands.season import Learnt, season
from watchkeeper.monitors.bands.settings import WARNING, BandSettings, Season, Shift
from watchkeeper.monitors.source import Floats

COLD = 24
"""Values below which nothing is learnt."""

_FEW = 5
"""Recent values below which there is no level to take residuals from."""

_FEW_RESIDUALS = 6.0
"""A median deviation of n residuals is itself unsure, by 1.17/√n of it; on average that lets more
noise through at three standard deviations than normal, which widening by 1 + 6/n makes up for: the
second-order term 27 φ(3) · 1.36/n over the slope 6 φ(3)."""

_DAYS = {Season.DAY: 7, Season.WEEK: 28}
"""Days of history from which a season decides."""

_WARM = {Season.DAY: 2, Season.WEEK: 14}
"""Days of history from which its residuals are collected, so that its scatter is known by then."""

_SHARE = 0.8
"""The share of a week's values that lie outside on one side where the level has shifted."""


class Judged(NamedTuple):
    """What is expected at each point of the grid, on the scale of the metric.

    `sd` is the standard deviation beyond sampling, `error` that of sampling; `season` has codes
    that index `SEASONS`.
    """

    centre: Floats
    sd: Floats
    error: Floats
    season: npt.NDArray[np.int8]
    shifts: tuple[Shift, ...]


SEASONS = (Season.NOTHING, Season.REFERENCE, Season.NONE, Season.DAY, Season.WEEK)


@dataclass
class _Stream:
    """Residuals of a series against one season.

    Attributes
    ----------
    season
        Which.
    usual
        The season's value at each point.
    plain, left
        Values less `usual`; and less the level too, as they were judged.
    recent
        The latest plain residuals; the level is their median.
    sds
        The scatter on working days and on weekends; NaN where unknown.
    most
        The largest level.
    """

    season: Season
    usual: Floats
    plain: Floats
    left: Floats
    recent: deque[float]
    sds: tuple[float, float] = (np.nan, np.nan)
    most: float = np.inf

    def level(self) -> float:
        """How much higher than usual the series runs of late, at most by the width of a band."""
        ranked = sorted(self.recent)
        half = len(ranked) // 2
        if not ranked:
            return 0.0
        found = ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2
        return min(max(found, -self.most), self.most)


@dataclass
class Learner:
    """One pass over a series.

    Attributes
    ----------
    grid, settings
        As given.
    values, spread
        On the scale, as `to_scale` makes them.
    """

    grid: Grid
    settings: BandSettings
    values: Floats
    spread: Floats
    _streams: list[_Stream] = field(default_factory=list)
    _shifts: list[Shift] = field(default_factory=list)

    def __post_init__(self) -> None:
        grid, size = self.grid, self.grid.size
        self._learnt = Learnt(np.where(grid.holiday, np.nan, self.values), np.zeros(size, bool))
        self._side = np.zeros(size, np.int8)
        self._known = np.isfinite(self.values)
        self._seen = np.cumsum(self._known)
        self._first = int(np.argmax(self._known)) if self._known.any() else size
        self._error = np.full(size, np.nan)
        self._centre, self._sd = np.full(size, np.nan), np.full(size, np.nan)
        self._season = np.zeros(size, np.int8)
        self._week = max(1, 7 * 86_400 // grid.step)
        self._horizon = max(4 * self._week, 84)
        self._recent = 24 if grid.step < 86_400 else 7
        self._accepted = self._accepted_from()

    def _accepted_from(self) -> int:
        """The point from which the level was accepted; beyond the grid where there is none.

        A level that was accepted before the history began is the only one that it knows.
        """
        accepted = self.settings.calendar.accepted
        if accepted is None:
            return self.grid.size
        at = np.datetime64(int(accepted.timestamp()), "s")
        found = int(self.grid.index(np.array([at]))[0])
        return found if found > 0 else self.grid.size

    def run(self) -> Judged:
        """Judge every point."""
        size = (
            max(1, self.grid.day - 1 - self.grid.shift) if self.grid.day or self.grid.week else COLD
        )
        for start in range(0, self.grid.size, size):
            self._block(start, min(start + size, self.grid.size))
        return Judged(self._centre, self._sd, self._error, self._season, tuple(self._shifts))

    def _block(self, start: int, end: int) -> None:
        """Judge points that are too close together to be in one another's season."""
        self._relearn(start)
        self._open(start)
        points = np.arange(start, end)
        for stream in self._streams:
            self._measure(stream, start)
            if stream.season is not Season.NONE:
                stream.usual[start:end] = self._usual(stream, points)
            stream.plain[start:end] = self.values[start:end] - stream.usual[start:end]
        self._typical = self._usual_spread(start)
        for point in range(start, end):
            self._judge(point)

    def _open(self, point: int) -> None:
        """Begin with seasons that history has become long enough for, and drop outgrown ones."""
        lengths = {Season.NONE: 1, Season.DAY: self.grid.day, Season.WEEK: self.grid.week}
        newest = SEASONS.index(self._streams[-1].season) if self._streams else 0
        for kind, steps in lengths.items():
            later = SEASONS.index(kind) > newest
            if steps and later and self._age(point) >= _WARM.get(kind, 0):
                size = self.grid.size
                count = COLD if kind is Season.NONE else self._recent
                made = (np.zeros(size), np.full(size, np.nan), np.full(size, np.nan))
                stream = _Stream(kind, *made, deque(maxlen=count))
                self._streams.append(stream)
        ready = [i for i, stream in enumerate(self._streams) if self._ready(stream, point)]
        if ready:
            del self._streams[: ready[-1]]

    def _age(self, point: int) -> float:
        """Days of history before a point."""
        return max(0, point - self._first) * self.grid.step / 86_400

    def _ready(self, stream: _Stream, point: int) -> bool:
        return self._age(point) >= _DAYS.get(stream.season, 0)

    def _usual(self, stream: _Stream, points: Indexes) -> Floats:
        """The season at points; of the day where that of the week is not known."""
        period = self.grid.day if stream.season is Season.DAY else self.grid.week
        spread = stream.sds[0]
        found = season(self.grid, self._learnt, points, period, spread)
        if stream.season is Season.WEEK and self.grid.day and np.isnan(found).any():
            other = season(self.grid, self._learnt, points, self.grid.day, spread)
            found = np.where(np.isnan(found), other, found)
        return found

    def _past(self, start: int) -> slice:
        """The points from which noise is learnt at `start`."""
        return slice(max(0, start - self._horizon), max(0, start - self.grid.lag + 1))

    def _usual_spread(self, start: int) -> float:
        """What stands in for an unknown sampling error: the median of those that are known."""
        spread = self.spread[self._past(start)]
        spread = spread[np.isfinite(spread)]
        return float(np.median(spread)) if len(spread) else 0.0

    def _measure(self, stream: _Stream, start: int) -> None:
        """Learn the scatter of residuals, of working days and of weekends."""
        past = self._past(start)
        lately = np.arange(past.start, past.stop) > start - self._week
        left, errors = stream.left[past], np.nan_to_num(self._error[past])
        fine = np.isfinite(left) & ~(self._learnt.outside[past] & lately)
        fine &= ~self.grid.holiday[past]
        sds: list[float] = []
        for weekend in (False, True):
            those = fine & (self.grid.weekend[past] == weekend)
            if np.count_nonzero(those) < COLD:
                those = fine
            count = int(np.count_nonzero(those))
            sd = process_sd(left[those], errors[those]) if count >= FEWEST else np.nan
            sds.append(sd * (1 + _FEW_RESIDUALS / max(count, 1)))
        stream.sds = (sds[0], sds[1])
        if stream.season is not Season.NONE:
            whole = np.hypot(np.fmax(*stream.sds), self._typical_error(past))
            stream.most = np.inf if np.isnan(whole) else WARNING * float(whole)

    def _typical_error(self, past: slice) -> float:
        errors = self._error[past]
        errors = errors[np.isfinite(errors)]
        return float(np.median(errors)) if len(errors) else 0.0

    def _judge(self, point: int) -> None:
        """Say what is expected at a point, then whether it lies outside."""
        past = point - self.grid.lag
        for stream in self._streams:
            self._follow(stream, past)
            enough = len(stream.recent) >= _FEW
            level = stream.level()
            stream.left[point] = stream.plain[point] - level if enough else np.nan
        stream = self._streams[0]
        centre = float(stream.usual[point]) + stream.level()
        sd = stream.sds[int(self.grid.weekend[point])]
        spread = float(self.spread[point])
        error = error_at(
            self._typical if math.isnan(spread) else spread, centre, self.settings.scale
        )
        self._error[point] = error
        if past < 0 or self._seen[past] < COLD or math.isnan(sd) or math.isnan(centre):
            return
        sd = max(sd, floor_at(centre, self.settings))
        self._centre[point], self._sd[point] = centre, sd
        self._season[point] = SEASONS.index(stream.season)
        off = float(self.values[point]) - centre
        if abs(off) > WARNING * math.hypot(sd, error):
            self._side[point] = 1 if off > 0 else -1
            self._learnt.outside[point] = True

    def _follow(self, stream: _Stream, point: int) -> None:
        """Take a point into the level."""
        if point < 0 or self._learnt.outside[point] or self.grid.holiday[point]:
            return
        plain = float(stream.plain[point])
        if not math.isnan(plain):
            stream.recent.append(plain)

    def _relearn(self, start: int) -> None:
        """Take a level that has lasted for a week, or was accepted, for the new one."""
        stop = max(0, start - self.grid.lag + 1)
        if self._accepted < stop:
            known = np.count_nonzero(self._known[self._accepted : stop])
            if known >= self._recent // 2:
                since, self._accepted = self._accepted, self.grid.size
                self._move(since, stop, accepted=True)
        if stop >= self._week:
            for side in (1, -1):
                began = self._shifted(stop, side)
                if began is not None:
                    self._move(began, stop, accepted=False)

    def _shifted(self, stop: int, side: int) -> int | None:
        """Where a level began that has lasted for a week; None where there is none."""
        since = stop - self._week
        outside = self._side[since:stop] == side
        known = self._known[since:stop]
        lasts = np.count_nonzero(outside) >= _SHARE * np.count_nonzero(known)
        enough = 2 * np.count_nonzero(known) >= self._week
        if not lasts or not enough or not outside[np.argmax(known)]:
            return None
        while since > 0 and self._side[since - 1] == side:
            since -= 1
        return since

    def _move(self, since: int, stop: int, *, accepted: bool) -> None:
        """Lift what was learnt before `since` to the level of what came from then on."""
        if not self._streams:
            return
        stream = self._streams[0]
        plain = stream.plain[since:stop]
        if not np.isfinite(plain).any():
            return
        level = float(np.nanmedian(plain))
        known = np.flatnonzero(np.isfinite(self._centre[: since + 1]))
        before = self._centre[known[-1]] - stream.usual[known[-1]] if len(known) else 0.0
        lift = level - before if stream.season is Season.NONE else level
        self._learnt.values[:since] += lift
        self._learnt.outside[since:stop] = False
        self._side[since:stop] = 0
        for one in self._streams:
            _lift(one, slice(since, stop), lift)
        self._shifts.append(self._told(since, stop, level - before, accepted=accepted))

    def _told(self, since: int, stop: int, change: float, *, accepted: bool) -> Shift:
        """A new level as people read it."""
        times = [from_seconds(self.grid.start + at * self.grid.step) for at in (since, stop - 1)]
        if self.settings.scale == "linear":
            return Shift(times[0], times[1], change=float(change), accepted=accepted)
        return Shift(times[0], times[1], ratio=math.exp(change), accepted=accepted)


def _lift(stream: _Stream, points: slice, lift: float) -> None:
    """Measure residuals since a shift from the new level."""
    plain = stream.plain[points]
    if stream.season is not Season.NONE:
        plain -= lift
    finite = plain[np.isfinite(plain)]
    stream.recent.clear()
    stream.recent.extend(finite.tolist())
    if len(finite):
        level = np.median(finite) if stream.season is Season.NONE else 0.0
        stream.left[points] = plain - level
