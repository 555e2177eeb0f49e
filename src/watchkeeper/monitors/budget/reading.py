"""From the processes of a model to what is said of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np

from watchkeeper.monitors.budget.baselines import Calibration
from watchkeeper.monitors.budget.effects import Effect, effect_of
from watchkeeper.monitors.budget.process import COUNT, SUMS, Walk
from watchkeeper.monitors.budget.state import Snapshot
from watchkeeper.monitors.budget.verdict import Contribution, Level, Verdict, sentence_of

WATCHING = math.log(10.0)
"""How far below the limit the evidence is watched, a logarithm."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def read(
    calibration: Calibration, walk: Walk, now: Snapshot, threshold: float, *, page: bool
) -> Verdict:
    """The verdict after the bucket that a walk has just taken."""
    level = _level(walk)
    contributions = _contributions(walk)
    shown = tuple(walk.open)
    if level is Level.WATCHING:
        shown = (walk.names.index(contributions[0].stream),)
    effects = [_effect(calibration, walk, at) for at in shown]
    suspects = tuple(effect for effect in effects if effect is not None)
    titles = {stream.name: stream.label for stream in calibration.streams}
    ratio = math.exp(min(walk.log_m - walk.limits.log_a, 700.0))
    return Verdict(
        at=now.at or _NEVER,
        level=level,
        page=page,
        amended=walk.amended,
        ended=walk.ended,
        log_m=walk.log_m if math.isfinite(walk.log_m) else None,
        threshold=threshold,
        contributions=contributions,
        suspects=suspects if level is Level.ALARM else (),
        alarm_at=now.alarm_at,
        sentence=sentence_of(level, ratio, suspects, titles, ended=walk.ended),
    )


def _level(walk: Walk) -> Level:
    if walk.open:
        return Level.ALARM
    if walk.log_m >= walk.limits.log_a - WATCHING:
        return Level.WATCHING
    return Level.QUIET if walk.had_data else Level.NO_DATA


def _contributions(walk: Walk) -> tuple[Contribution, ...]:
    logs = walk.log_streams
    parts = logs + walk.limits.weights
    with np.errstate(invalid="ignore"):
        shares = np.exp(parts - walk.log_m) if math.isfinite(walk.log_m) else np.zeros(len(logs))
    return tuple(
        Contribution(
            walk.names[at], float(logs[at]) if math.isfinite(logs[at]) else None, float(shares[at])
        )
        for at in np.argsort(-parts, kind="stable")
    )


def _effect(calibration: Calibration, walk: Walk, at: int) -> Effect | None:
    return effect_of(
        calibration.baselines[at], walk.numbers[at, SUMS], int(walk.numbers[at, COUNT])
    )
