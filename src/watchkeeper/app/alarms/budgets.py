"""Rules with a false-alarm budget: the streams of a model, learnt and then watched.

The first 28 closed windows of production are the reference of a budget, and the next 28 too once
nothing has changed in them: they show how much healthy windows of this model scatter, which a data
set of training rows does not. Everything
is made anew from profiles at each look, so late labels are in it, and a restart forgets nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from watchkeeper.app.drift import compared
from watchkeeper.app.live.measured import Measured, Parts
from watchkeeper.app.live.series import FREE, measure_metric
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError
from watchkeeper.core.estimate import Estimate
from watchkeeper.core.windows import Every, Window
from watchkeeper.metrics.find import find_metric
from watchkeeper.monitors.budget import (
    Bucket,
    BudgetConfig,
    Counts,
    Detector,
    Gauss,
    Histogram,
    Level,
    Stream,
    Track,
    calibrate,
)
from watchkeeper.monitors.budget.effects import Effect
from watchkeeper.monitors.rule import Budget, Observation, Rule, Truth
from watchkeeper.profiles.categorical import Categorical
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.parts import PERFORMANCE, column_part
from watchkeeper.profiles.traffic import Traffic

LEARNT = 28
"""Closed windows that a budget learns from, and days where windows are shorter."""

SETTLED = timedelta(hours=1)
"""A window is closed so long after its end."""

_95 = 1.959963984540054
_TASKS = {
    "binary": ("accuracy",), "multiclass": ("accuracy",), "regression": ("mae",), "ranking": (),
}  # fmt: skip

Reading = Callable[[Window, Parts], Any]


@dataclass(frozen=True, slots=True)
class Watched:
    """A stream of a model, and how it is read from the parts of a window.

    Attributes
    ----------
    stream
        As the detector knows it.
    part
        The part that it is read from.
    read
        Its statistic; None where the window has none.
    """

    stream: Stream
    part: str
    read: Reading


@dataclass(frozen=True, slots=True)
class Learnt:
    """A budget over the closed windows of a model.

    Attributes
    ----------
    starts
        The windows after those that were learnt from.
    track
        The detector's way through them; None while it still learns, or there is no stream.
    note
        Why there is none.
    """

    starts: tuple[datetime, ...]
    track: Track | None
    note: str = ""


def streams_of(measured: Measured, budget: Budget) -> list[Watched]:
    """What a budget watches on a model: drift and missing values of each column, errors, accuracy.

    Raises
    ------
    InputError
        The budget names a metric that cannot be watched so.
    """
    found = [*_of_columns(measured), _errors(), *_of_performance(measured)]
    if not budget.watch:
        return found
    kinds = {one.stream.name.partition("(")[0] for one in found}
    for name in budget.watch:
        if name not in kinds:
            raise InputError(
                f"a budget cannot watch {name!r} of this model; it can watch "
                f"{', '.join(sorted(kinds))}"
            )
    return [one for one in found if one.stream.name.partition("(")[0] in budget.watch]


def learn(measured: Measured, rule: Rule, *, until: datetime) -> Learnt:
    """A budget over all windows of a model that are closed at a time."""
    budget = rule.budget or Budget()
    watched = streams_of(measured, budget)
    every = Every(format_duration(rule.window), rule.window)
    span = measured.buckets.span(measured.model)
    if span is None or not watched:
        return Learnt((), None, "nothing has been measured yet")
    free = sorted({one.part for one in watched if one.part in FREE})
    held = sorted({one.part for one in watched if one.part not in FREE})
    last = min(span[1], until - SETTLED)
    steps = [
        (window, parts)
        for window, parts in measured.steps(Window(span[0], last), every, free=free, held=held)
        if window.end <= until - SETTLED
    ]
    # The first window may be cut by the beginning of the records.
    buckets = [_bucket(watched, window, parts) for window, parts in steps][1:]
    needed = max(LEARNT, math.ceil(timedelta(days=LEARNT) / rule.window))
    if len(buckets) <= needed:
        return Learnt(
            (), None, f"the budget learns from {needed} closed windows of "
            f"{format_duration(rule.window)}; it has {len(buckets)}",
        )  # fmt: skip
    streams = [one.stream for one in watched]
    found = _run(streams, buckets, needed, rule)
    track = found.track
    if track is None or len(buckets) <= 2 * needed or track.alarm[:needed].any():
        return found
    # As much again in which nothing had changed: weeks differ, and two months show by how much.
    return _run(streams, buckets, 2 * needed, rule)


def _run(streams: Sequence[Stream], buckets: Sequence[Bucket], learnt: int, rule: Rule) -> Learnt:
    calibration = calibrate(streams, buckets[:learnt], rule.window)
    detector = Detector(BudgetConfig.of(rule.budget or Budget()), calibration)
    later = buckets[learnt:]
    return Learnt(tuple(one.start for one in later), detector.run(detector.start(), later))


def learn_anew(measured: Measured, rule: Rule, until: datetime) -> Learnt:
    """As `learn`, for those who remember nothing."""
    return learn(measured, rule, until=until)


class Lessons:
    """Remembers what budgets have learnt, for as long as nothing new can be learnt.

    A window is learnt when it is closed; what late labels change is seen within `LOOK`.
    """

    LOOK = timedelta(minutes=15)

    def __init__(self) -> None:
        self._held: dict[tuple[object, ...], tuple[datetime, Learnt]] = {}

    def learnt(self, measured: Measured, rule: Rule, until: datetime) -> Learnt:
        """What a budget has learnt of a model up to a time."""
        layout = measured.reference.layout_id if measured.reference is not None else ""
        key = (
            measured.model, measured.version, measured.segment, layout, rule.budget, rule.window,
        )  # fmt: skip
        held = self._held.get(key)
        if held is not None and held[0] <= until < held[0] + self.LOOK:
            return held[1]
        found = learn(measured, rule, until=until)
        self._held[key] = until, found
        return found


def observe_budget(found: Learnt, rule: Rule, moments: Sequence[datetime]) -> list[Observation]:
    """What a budget says at each time: that of the last window that was closed then."""
    if found.track is None:
        # Learning is no lack of data that somebody must see to.
        return [Observation(at, Truth.FALSE, note=found.note) for at in moments]
    ends = [start + rule.window + SETTLED for start in found.starts]
    truths: list[Observation] = []
    for at in moments:
        place = sum(end <= at for end in ends) - 1
        if place < 0:
            truths.append(Observation(at, Truth.FALSE, note="no window is closed yet"))
            continue
        log_m = float(found.track.log_m[place])
        truth = Truth.TRUE if found.track.alarm[place] else Truth.FALSE
        value = math.exp(min(log_m, 700.0)) if math.isfinite(log_m) else 0.0
        note = ""
        verdict = found.track.verdict
        if verdict is not None and place == len(ends) - 1 and verdict.level is Level.ALARM:
            note = verdict.sentence
        truths.append(Observation(at, truth, value=value, note=note))
    return truths


def suspects_of(found: Learnt) -> list[dict[str, Any]]:
    """The streams of the alarm that stands, for messages."""
    verdict = None if found.track is None else found.track.verdict
    if verdict is None or verdict.level is not Level.ALARM:
        return []
    return [_suspect(effect) for effect in verdict.suspects]


def _suspect(effect: Effect) -> dict[str, Any]:
    return {
        "name": effect.stream, "effect": effect.value, "low": effect.low, "high": effect.high,
    }  # fmt: skip


def _bucket(watched: Sequence[Watched], window: Window, parts: Mapping[str, Any]) -> Bucket:
    stats = {
        one.stream.name: stat
        for one in watched
        if one.part in parts and (stat := one.read(window, dict(parts))) is not None
    }
    return Bucket(window.start, stats)


def _of_columns(measured: Measured) -> list[Watched]:
    layout = measured.layout
    if layout is None:
        return []
    found: list[Watched] = []
    for column in compared(layout):
        name, part = column.name, column_part(column.name)
        ordered = layout.axes[name].__class__.__name__ == "Grid"
        drift = Stream(f"psi({name})", "distribution", column=name, title=name, ordered=ordered)
        found.append(Watched(drift, part, _histogram(part)))
        gaps = Stream(
            f"missing_share({name})", "rate", column=name, title=f"the share of {name} that is "
            "missing",
        )  # fmt: skip
        found.append(Watched(gaps, part, _gaps(part)))
    return found


def _histogram(part: str) -> Reading:
    def read(_: Window, parts: Parts) -> Histogram | None:
        held = parts[part]
        if isinstance(held, Categorical):
            counts = [*held.counts.tolist(), held.other_rows]
        else:
            counts = [held.negative_infinities, *held.counts.tolist(), held.positive_infinities]
        return Histogram(tuple(map(float, counts))) if sum(counts) else None

    return read


def _gaps(part: str) -> Reading:
    def read(_: Window, parts: Parts) -> Counts | None:
        held = parts[part]
        gone = held.missing if isinstance(held, Numeric) else held.nulls
        return Counts(float(gone), float(held.rows)) if held.rows else None

    return read


def _errors() -> Watched:
    def read(_: Window, parts: Parts) -> Counts | None:
        traffic: Traffic = parts["traffic"]
        # As many as the rows would say without weights, so that a sample counts as what it is.
        rows = traffic.rows.rows
        if not rows:
            return None
        share = traffic.failed.weight / traffic.rows.weight if traffic.rows.weight else 0.0
        return Counts(share * rows, float(rows))

    stream = Stream("error_rate", "rate", title="the error rate")
    return Watched(stream, "traffic", read)


def _of_performance(measured: Measured) -> list[Watched]:
    layout = measured.layout
    if layout is None or layout.performance is None:
        return []
    names = _TASKS.get(str(layout.model.task), ())
    return [_performance(measured, name) for name in names]


def _performance(measured: Measured, name: str) -> Watched:
    found = find_metric(name)

    def estimate(window: Window, parts: Parts) -> Estimate:
        return measure_metric(measured, found, None, window=window, parts=parts, now=window.end)

    def errors(window: Window, parts: Parts) -> Counts | None:
        known = estimate(window, parts)
        if known.value is None or not known.n_current:
            return None
        return Counts((1 - known.value) * known.n_current, float(known.n_current))

    def value(window: Window, parts: Parts) -> Gauss | None:
        known = estimate(window, parts)
        if known.value is None or known.low is None or known.high is None:
            return None
        se = (known.high - known.low) / (2 * _95)
        return Gauss(known.value, se, float(known.n_current)) if se > 0 else None

    if name == "accuracy":
        stream = Stream("accuracy", "rate", title="the share of wrong predictions")
        return Watched(stream, PERFORMANCE, errors)
    stream = Stream(name, "estimate", title=found.metric.title, best=0.0)
    return Watched(stream, PERFORMANCE, value)


def truth_over(found: Learnt, rule: Rule, ends: Any) -> Any:
    """The codes of `monitors.truths` at many times, for back-tests."""
    if found.track is None:
        return np.zeros(len(ends), dtype=np.int8)
    closed = [start + rule.window + SETTLED for start in found.starts]
    edges = np.array([int(at.timestamp()) for at in closed])
    place = np.searchsorted(edges, ends.astype("datetime64[s]").astype(np.int64), "right") - 1
    alarm = np.concatenate([found.track.alarm, [False]]).astype(np.int8)
    return alarm[place]
