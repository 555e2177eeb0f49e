"""When a rule would have fired: the state machine over a year at once.

It gives exactly what `machine.step` gives at every time, and does its work once for each run of
times at which the condition says the same.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import from_seconds
from watchkeeper.monitors.machine import FLAP_WINDOW, FLAPS
from watchkeeper.monitors.rule import Policy, Rule
from watchkeeper.monitors.source import Floats, Times
from watchkeeper.monitors.truths import ERROR, FALSE, NO_DATA, TRUE, Truths

_HELD: Final = 4
"""Not true, and not clear either."""
_CLEAR: Final = 8
"""Added to the code of what kept `clear` from being told."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when; `until` is None where it goes on at the end."""

    start: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that the alert would have fired.

    Attributes
    ----------
    pending_since
        Since when the condition held.
    fired_at, until
        Since when it fired, and when that was over; None where it fires at the end.
    peak
        Of the values while it fired, the one farthest from what is usual while the condition is
        false; None where there is none.
    """

    pending_since: datetime
    fired_at: datetime
    until: datetime | None
    peak: float | None


@dataclass(frozen=True, slots=True)
class Firings:
    """What a rule would have done.

    Attributes
    ----------
    alert
        The rule's name.
    first, last, evaluations
        The times of evaluation.
    firings
        In order.
    pending
        How often it was pending and did not fire.
    told
        How often somebody would have been told: firings, less those while it flapped.
    flapped
        How often it began to flap.
    no_data, errors
        When an alert about missing data, or about an error, would have fired.
    """

    alert: str
    first: datetime | None
    last: datetime | None
    evaluations: int
    firings: tuple[Firing, ...] = ()
    pending: int = 0
    told: int = 0
    flapped: int = 0
    no_data: tuple[Span, ...] = ()
    errors: tuple[Span, ...] = ()


def backtest(
    rule: Rule,
    truth: Truths,
    clear: Truths | None,
    times: Times,
    values: Floats | None = None,
) -> Firings:
    """What a rule would have done at the times of the past.

    Parameters
    ----------
    rule
        The rule.
    truth, clear
        What its conditions say at each time, as codes of `monitors.truths`; `clear` is None where
        it has no such condition.
    times
        Of evaluation, ascending.
    values
        The number that was compared, for the peaks.

    Raises
    ------
    InputError
        The arrays differ in length, or the times do not ascend.

    Examples
    --------
    >>> from datetime import timedelta
    >>> rule = Rule("Low", "accuracy < 0.9", for_=timedelta(hours=1))
    >>> times = np.datetime64("2026-01-01T00:00:00") + 3600 * np.arange(6)
    >>> truth = np.array([0, 1, 1, 1, 0, 1], dtype=np.int8)
    >>> found = backtest(rule, truth, None, times, np.array([0.95, 0.8, 0.7, 0.85, 0.95, 0.8]))
    >>> [(one.fired_at.hour, one.until.hour, one.peak) for one in found.firings], found.pending
    ([(2, 4, 0.7)], 0)
    """
    seconds = _seconds(truth, clear, times, values)
    if not seconds:
        return Firings(rule.alert, None, None, 0)
    replay = _Replay(rule, seconds)
    codes = _codes(truth, clear)
    edges = np.flatnonzero(np.diff(codes)) + 1
    starts, stops = [0, *edges.tolist()], [*edges.tolist(), codes.size]
    for start, stop, code in zip(starts, stops, codes[starts].tolist(), strict=True):
        replay.run(code, start, stop)
    return replay.result(truth, values)


def _seconds(truth: Truths, clear: Truths | None, times: Times, values: Floats | None) -> list[int]:
    """The times in seconds, once they are found to be in order."""
    for array in (truth, clear, values):
        if array is not None and array.shape != times.shape:
            raise InputError(f"{array.size} answers do not belong to {times.size} times")
    seconds = times.astype("datetime64[s]").astype(np.int64)
    if seconds.size and (np.diff(seconds) <= 0).any():
        raise InputError("the times of a back-test must ascend")
    return cast("list[int]", seconds.tolist())


def _codes(truth: Truths, clear: Truths | None) -> npt.NDArray[np.int8]:
    """One code for all that decides at each time."""
    if clear is None:
        return truth
    otherwise = np.array([_HELD, FALSE, _CLEAR + NO_DATA, _CLEAR + ERROR], dtype=np.int8)[clear]
    return np.where(truth == FALSE, otherwise, truth)


@dataclass
class _Replay:
    """The state of the alert between two runs; places are indices of times."""

    rule: Rule
    seconds: list[int]
    active: int | None = None
    keep: int | None = None
    fires: bool = False
    count: int = 0
    pending: int = 0
    trouble: int = 0
    fired: list[tuple[int, int]] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    troubles: list[tuple[int, int, int | None]] = field(default_factory=list)

    def run(self, code: int, start: int, stop: int) -> None:
        """Times that all say the same."""
        kind = code - _CLEAR if code > _CLEAR else code
        if code > _CLEAR and not self.fires:
            kind = FALSE
        if kind in (NO_DATA, ERROR):
            last = self._blind(kind, start, stop)
            if code > _CLEAR and last < stop - 1:
                self.count = 0  # It has resolved, and no longer asks for `clear`.
            return
        self.count = 0
        self._troubled(0, start)
        if kind == TRUE:
            self._held(start, stop)
        elif kind == _HELD and self.fires:
            self.keep = None
        else:
            self._released(start, stop)

    def _held(self, start: int, stop: int) -> None:
        self.keep = None
        if self.active is None:
            self.active = start
        if not self.fires:
            place = self._after(self.active, self.rule.for_.total_seconds(), start)
            if place < stop:
                self.fires = True
                self.fired.append((self.active, place))
                self.changes.append(place)

    def _released(self, start: int, stop: int) -> int:
        """Until which place it fires, `stop` where it fires on or never did."""
        if not self.fires:
            self._dropped()
            return stop
        if self.keep is None:
            self.keep = start
        place = self._after(self.keep, self.rule.keep_firing_for.total_seconds(), start)
        if place >= stop:
            return stop
        self.fires, self.active, self.keep = False, None, None
        self.changes.append(place)
        return place

    def _blind(self, kind: int, start: int, stop: int) -> int:
        """As `_released`, where nobody knows."""
        policy: Policy = self.rule.no_data if kind == NO_DATA else self.rule.on_error
        place = start + max(0, self.rule.no_data_after - self.count - 1)
        self.count += stop - start
        if place >= stop:
            return stop
        self._troubled(kind if policy == "alert" else 0, place)
        if policy == "ok":
            return self._released(place, stop)
        if policy == "alert" and not self.fires:
            self._dropped()
        return stop

    def _dropped(self) -> None:
        """What is pending is no longer."""
        self.pending += self.active is not None
        self.active = None

    def _troubled(self, kind: int, place: int) -> None:
        """From here on another trouble, or none."""
        if kind == self.trouble:
            return
        if self.trouble:
            was, since, _ = self.troubles[-1]
            self.troubles[-1] = (was, since, place)
        if kind:
            self.troubles.append((kind, place, None))
        self.trouble = kind

    def _after(self, since: int, length: float, least: int) -> int:
        """The first place, from `least` on, that lies so long after another."""
        return bisect_left(self.seconds, self.seconds[since] + length, lo=least)

    def result(self, truth: Truths, values: Floats | None) -> Firings:
        """All of it, with times for places."""
        ends = [*self.changes[1::2], None][: len(self.fired)]
        spans = [(place, end) for (_, place), end in zip(self.fired, ends, strict=True)]
        peaks = _peaks(values, spans, _usual(truth, values))
        firings = tuple(
            Firing(
                self._time(active), self._time(place),
                None if end is None else self._time(end), peak,
            )
            for (active, place), end, peak in zip(self.fired, ends, peaks, strict=True)
        )  # fmt: skip
        return Firings(
            self.rule.alert,
            self._time(0),
            self._time(-1),
            len(self.seconds),
            firings,
            self.pending,
            *_told(self.changes),
            self._spans(NO_DATA),
            self._spans(ERROR),
        )

    def _spans(self, kind: int) -> tuple[Span, ...]:
        return tuple(
            Span(self._time(start), None if end is None else self._time(end))
            for what, start, end in self.troubles
            if what == kind
        )

    def _time(self, place: int) -> datetime:
        return from_seconds(self.seconds[place])


def _usual(truth: Truths, values: Floats | None) -> float:
    """The median value while the condition is false; 0 where there is none."""
    if values is None:
        return 0.0
    calm = values[(truth == FALSE) & ~np.isnan(values)]
    return float(np.median(calm)) if calm.size else 0.0


def _peaks(
    values: Floats | None, spans: list[tuple[int, int | None]], usual: float
) -> list[float | None]:
    """Of each span the value that is farthest from the usual one."""
    if values is None or not spans:
        return [None] * len(spans)
    known = np.append(np.where(np.isfinite(values), values, np.nan), np.nan)
    edges = [edge for start, end in spans for edge in (start, values.size if end is None else end)]
    most, least = (reduce.reduceat(known, edges)[::2] for reduce in (np.fmax, np.fmin))
    peaks = np.where(most - usual >= usual - least, most, least).tolist()
    return [None if math.isnan(peak) else peak for peak in peaks]


def _told(changes: list[int]) -> tuple[int, int]:
    """How often somebody is told that it fires, and how often it begins to flap.

    While it flaps its end is not told, so what fires again meanwhile is no news.
    """
    told, flapped = 0, 0
    open_until = -1
    for n, place in enumerate(changes):
        fourth = changes[n - FLAPS + 1] if n >= FLAPS - 1 else place - FLAP_WINDOW
        flaps = place - fourth < FLAP_WINDOW
        before = changes[n - FLAPS] if n >= FLAPS else place - FLAP_WINDOW - 1
        flapped += flaps and place - 1 - before >= FLAP_WINDOW
        if n % 2:
            open_until = max(place, fourth + FLAP_WINDOW)
        else:
            told += place > open_until
    return told, flapped
