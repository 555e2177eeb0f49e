"""Bad and all events of buckets, summed over windows; burn rates and what is left of a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.slo.objective import Slo
from watchkeeper.monitors.source import Floats, Times

Z_TWO_SIDED = 1.959963984540054
Z_ONE_SIDED = 1.6448536269514722
"""The points of the normal distribution for 95 %, two-sided and one-sided."""


@dataclass(frozen=True, slots=True)
class Events:
    """Bad and all events of consecutive buckets of one length.

    Attributes
    ----------
    bad, total
        Counts; a bucket of no events is 0 of 0.
    start
        Where the first bucket begins.
    bucket
        Their length.
    """

    bad: Floats
    total: Floats
    start: datetime
    bucket: timedelta

    def __post_init__(self) -> None:
        if len(self.bad) != len(self.total):
            raise InputError(
                f"{len(self.bad)} counts of bad events, {len(self.total)} of all; give one each"
            )
        if np.any(self.bad < 0) or np.any(self.bad > self.total):
            at = int(np.argmax((self.bad < 0) | (self.bad > self.total)))
            raise InputError(
                f"bucket {at} has {self.bad[at]:g} bad events of {self.total[at]:g}; bad "
                "events are counted among all"
            )
        if self.bucket < timedelta(seconds=1):
            raise InputError("a bucket of events is shorter than a second")

    @property
    def ends(self) -> Times:
        """The end of each bucket, which is when its windows are judged."""
        seconds = int(self.start.timestamp())
        step = int(self.bucket.total_seconds())
        count = np.arange(1, len(self.bad) + 1, dtype=np.int64)
        return (seconds + step * count).astype("datetime64[s]")

    def steps(self, window: timedelta) -> int:
        """How many buckets a window has; at least one."""
        return max(1, -(-window // self.bucket))


@dataclass(frozen=True, slots=True)
class BurnRates:
    """How fast a budget burns: a row for each window, a column for each bucket's end.

    Attributes
    ----------
    bad, total
        Events in the window.
    ratio
        The share of them that is bad; NaN where there is none.
    rate, low, high
        The ratio over the budget, with Wilson's interval (95 %).
    """

    bad: Floats
    total: Floats
    ratio: Floats
    rate: Floats
    low: Floats
    high: Floats


def window_sums(counts: Floats, steps: int) -> Floats:
    """The sum of the last `steps` buckets at each bucket; of fewer at the beginning.

    >>> window_sums(np.array([1.0, 2, 3, 4]), 2).tolist()
    [1.0, 3.0, 5.0, 7.0]
    """
    sums = np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])
    ends = np.arange(1, len(counts) + 1)
    return np.asarray(sums[ends] - sums[np.maximum(ends - steps, 0)], dtype=np.float64)


def burn_rates(events: Events, windows: Sequence[timedelta], budget: float) -> BurnRates:
    """The burn rate over each window at the end of each bucket.

    A window shorter than a bucket is taken for one bucket.

    Parameters
    ----------
    events
        By bucket.
    windows
        Their lengths.
    budget
        The share that may be bad.

    Examples
    --------
    >>> from datetime import UTC
    >>> bad, total = np.array([0.0, 2.0]), np.array([100.0, 100.0])
    >>> events = Events(bad, total, datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1))
    >>> burn_rates(events, [timedelta(hours=1), timedelta(hours=2)], 0.01).rate
    array([[0., 2.],
           [0., 1.]])
    """
    steps = [events.steps(window) for window in windows]
    size = (len(steps), len(events.bad))
    bad, total = np.empty(size), np.empty(size)
    for row, count in enumerate(steps):
        bad[row], total[row] = window_sums(events.bad, count), window_sums(events.total, count)
    ratio, low, high = wilson(bad, total, Z_TWO_SIDED)
    return BurnRates(bad, total, ratio, ratio / budget, low / budget, high / budget)


def wilson(bad: Floats, total: Floats, z: float) -> tuple[Floats, Floats, Floats]:
    """Shares with the ends of Wilson's score interval; NaN where there are no events.

    >>> share, low, high = wilson(np.array([0.0]), np.array([10.0]), Z_TWO_SIDED)
    >>> share[0].item(), low[0].item(), round(high[0].item(), 3)
    (0.0, 0.0, 0.278)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = bad / total
        weight = z * z / total
        spread = z * np.sqrt(share * (1 - share) / total + weight / (4 * total))
        low = (share + weight / 2 - spread) / (1 + weight)
        high = (share + weight / 2 + spread) / (1 + weight)
    low = np.where(bad <= 0, np.where(total > 0, 0.0, np.nan), low)
    high = np.where((bad >= total) & (total > 0), 1.0, high)
    return share, np.maximum(low, 0.0), np.minimum(high, 1.0)


def without(events: Events, maintenance: tuple[Window, ...]) -> Events:
    """Events without those of buckets that planned work touches."""
    if not maintenance:
        return events
    ends = events.ends
    begins = ends - np.timedelta64(int(events.bucket.total_seconds()), "s")
    kept = np.ones(len(ends), dtype=bool)
    for window in maintenance:
        start, end = (np.datetime64(int(t.timestamp()), "s") for t in (window.start, window.end))
        kept &= ~((begins < end) & (start < ends))
    return replace(events, bad=events.bad * kept, total=events.total * kept)


@dataclass(frozen=True, slots=True)
class Budgets:
    """What is left of a budget at the end of each bucket.

    Attributes
    ----------
    remaining
        1 is all of it; negative where more than all is spent; NaN where there are no events.
    bad, total
        Events of the period so far.
    elapsed
        The share of the period that events are known for.
    """

    remaining: Floats
    bad: Floats
    total: Floats
    elapsed: Floats


def error_budgets(slo: Slo, events: Events) -> Budgets:
    """What is left of an SLO's budget, `1 − (error ratio / budget) · elapsed`.

    Over a whole period `elapsed` is 1. Early in a calendar period, or in the life of a model, the
    events so far stand for as many as are to come: one bad hour in the first hour has not spent
    the budget of a month.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> slo = Slo("answers", 0.9, Indicator(Kind.AVAILABILITY), period=timedelta(hours=2))
    >>> events = Events(np.array([0.0, 5]), np.array([50.0, 50]),
    ...     datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1))
    >>> error_budgets(slo, events).remaining.round(6).tolist()
    [1.0, 0.5]
    """
    events = without(events, slo.maintenance)
    count = len(events.bad)
    ends = np.arange(1, count + 1)
    first = _period_starts(slo, events)
    known = int(np.argmax(events.total > 0)) if np.any(events.total > 0) else count
    begin = np.maximum(first, 0)
    bad, total = (
        sums[ends] - sums[begin]
        for sums in (_prefix(events.bad), _prefix(events.total))
    )  # fmt: skip
    length = slo.period / events.bucket
    elapsed = np.clip((ends - np.maximum(first, known)) / length, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        remaining = 1.0 - bad / total / slo.budget * elapsed
    return Budgets(remaining, bad, total, elapsed)


def _prefix(counts: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])


def _period_starts(slo: Slo, events: Events) -> npt.NDArray[np.int64]:
    """The first bucket of the period that each bucket belongs to; it may be before the first."""
    count = len(events.bad)
    if slo.calendar is None:
        return np.arange(1, count + 1) - events.steps(slo.period)
    begins = events.ends - np.timedelta64(int(events.bucket.total_seconds()), "s")
    starts = _round_down(begins, slo.calendar).astype("datetime64[s]").astype(np.int64)
    since = starts - int(events.start.timestamp())
    return np.asarray(-(-since // int(events.bucket.total_seconds())), dtype=np.int64)


def _round_down(times: Times, calendar: str) -> npt.NDArray[Any]:
    """The beginning of the calendar period of each time."""
    if calendar == "week":
        days = times.astype("datetime64[D]")
        return days - (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday.
    if calendar == "year":
        return times.astype("datetime64[Y]")
    months = times.astype("datetime64[M]")
    return months - months.astype(np.int64) % 3 if calendar == "quarter" else months
