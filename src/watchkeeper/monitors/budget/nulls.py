"""Log e-values of many streams and buckets at once, from sufficient statistics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget.baselines import Baseline, Calibration
from watchkeeper.monitors.budget.columns import Columns, phases_of
from watchkeeper.monitors.budget.evalues import (
    Floats,
    chi2_tail,
    log_calibrated,
    log_gauss,
    log_mean,
    log_rate,
)
from watchkeeper.monitors.budget.reference import Phases
from watchkeeper.monitors.budget.streams import Stream

SIDES = 3
"""Alternatives on one side; a stream has up to twice as many, those upwards first."""

PER_GROUP = 5.0
"""Rows that a group of a distribution must expect; with fewer a bucket has no data of it."""

EDGE = 1e-9
"""How close to 0 and 1 a rate may be held."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What buckets say, before it is added up.

    Attributes
    ----------
    log_e
        Shape (buckets, streams, alternatives); 0 where there is no data.
    known
        Shape (buckets, streams): whether there is data.
    trust
        Shape (buckets, streams): the most that each may add, a logarithm.
    sums
        Shape (buckets, streams, 3): what `effects.effect_of` needs, to be added up over buckets.
    """

    log_e: Floats
    known: npt.NDArray[np.bool_]
    trust: Floats
    sums: Floats


def log_weights(stream: Stream, *, falls: bool) -> Floats:
    """The logarithm of each alternative's part of the mixture; minus infinity where unused.

    Examples
    --------
    >>> np.exp(log_weights(Stream("a", "rate"), falls=False)).round(2).tolist()
    [0.33, 0.33, 0.33, 0.0, 0.0, 0.0]
    """
    used = np.zeros(2 * SIDES, dtype=bool)
    count = 1 if stream.kind == "distribution" else len(stream.shifts)
    up, down = sides(stream, falls=falls)
    used[:count] = up
    used[SIDES : SIDES + count] = down
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(used / used.sum()))


def sides(stream: Stream, *, falls: bool) -> tuple[bool, bool]:
    """Whether a rise is bad, and whether a fall is.

    Parameters
    ----------
    falls
        Whether an estimate becomes worse as it falls.
    """
    if stream.kind == "distribution":
        return True, False
    if stream.side is not None:
        return stream.side != "down", stream.side != "up"
    if stream.kind == "estimate":
        return not falls, falls
    return True, stream.kind == "mean"


def falls(baseline: Baseline) -> bool:
    """Whether an estimate becomes worse as it falls: its best value lies above."""
    return baseline.stream.best > baseline.center[0]


def evidence(calibration: Calibration, columns: Columns) -> Evidence:
    """What buckets say of every stream."""
    shape = columns.numbers.shape[:2]
    log_e = np.zeros((*shape, 2 * SIDES))
    known = np.zeros(shape, dtype=bool)
    trust, sums = np.zeros(shape), np.zeros((*shape, 3))
    window = timedelta(seconds=calibration.window)
    season = timedelta(seconds=calibration.season) if calibration.season else None
    phase = phases_of(columns.starts, window, season)
    for at, baseline in enumerate(calibration.baselines):
        if not baseline.windows:
            continue
        if baseline.stream.kind == "distribution":
            if at not in columns.cells:
                continue
            one = _distribution(baseline, _checked(baseline, columns.cells[at]), phase)
        else:
            one = _SCALARS[baseline.stream.kind](baseline, columns.numbers[:, at], phase)
        log_e[:, at], known[:, at], away, sums[:, at] = one
        trust[:, at] = _trust(baseline, away)
    return Evidence(log_e, known, trust, sums)


_Parts = tuple[Floats, npt.NDArray[np.bool_], Floats, Floats]


def _trust(baseline: Baseline, away: Floats) -> Floats:
    """The most that a bucket may add where levels wander beyond chance, a logarithm.

    Chance has a law; of levels we know but those of W windows. That the next one lies beyond all of
    them has the chance 1 / (W + 1) whatever their law, c times as far as the furthest 1 / c² of it
    (tails no heavier than those that have a variance). A bet that is as good against any law pays
    at most about the root of one over that chance.
    """
    if not baseline.extreme:
        return np.full(len(away), np.inf)
    further = np.maximum(away / baseline.extreme, 1.0)
    return np.asarray(0.5 * (np.log(baseline.windows + 1.0) + np.log(further)))


def _center(baseline: Baseline, phase: Phases) -> Floats:
    center = np.asarray(baseline.center)
    return center[phase] if len(center) > 1 else np.broadcast_to(center, phase.shape)


def dispersion(baseline: Baseline, rows: Floats) -> Floats:
    """How much more a bucket of so many rows varies than chance explains.

    At the volume of the reference and below as there. Above it grows with the volume, as it does
    where the level itself wanders: more rows do not make the level of a day better known.
    """
    more = np.maximum(rows / max(baseline.rows, 1e-300), 1.0)
    return 1.0 + (baseline.dispersion - 1.0) * more


def _both(up: Floats, down: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    log_e = np.zeros((len(known), 2 * SIDES))
    log_e[:, : up.shape[1]], log_e[:, SIDES : SIDES + down.shape[1]] = up, down
    return np.where(known[:, None], log_e, 0.0)


def _rate(baseline: Baseline, numbers: Floats, phase: Phases) -> _Parts:
    known = numbers[:, 1] > 0
    k, n = (np.where(known, numbers[:, i], 0.0)[:, None] for i in (0, 1))
    center = _center(baseline, phase)[:, None]
    phi = dispersion(baseline, n)
    shifts = np.asarray(baseline.stream.shifts)
    high = np.clip(center + baseline.above, EDGE, 1.0 - EDGE)
    low = np.clip(center - baseline.below, EDGE, 1.0 - EDGE)
    up = log_rate(k, n, high, np.minimum(high + shifts, (1.0 + high) / 2.0), phi)
    down = log_rate(k, n, low, np.maximum(low - shifts, low / 2.0), phi)
    rate = np.clip(center, EDGE, 1.0 - EDGE)
    away = (k - n * center) ** 2 / (np.maximum(n, 1.0) * rate * (1.0 - rate) * phi)
    return _both(up, down, known), known, away[:, 0], np.hstack((k, n, n * center))


def _mean(baseline: Baseline, numbers: Floats, phase: Phases) -> _Parts:
    known = numbers[:, 0] > 0
    n, total, squares = (np.where(known, numbers[:, i], 0.0)[:, None] for i in range(3))
    center, deviation = _center(baseline, phase)[:, None], np.sqrt(baseline.variance)
    phi = dispersion(baseline, n)
    moments, shifts = (n, total, squares), np.asarray(baseline.stream.shifts)
    up = log_mean(moments, center + baseline.above, deviation, shifts, phi)
    down = log_mean(moments, center - baseline.below, deviation, -shifts, phi)
    away = (total - n * center) ** 2 / (np.maximum(n, 1.0) * baseline.variance * phi)
    return _both(up, down, known), known, away[:, 0], np.hstack((n, total, n * center))


def _estimate(baseline: Baseline, numbers: Floats, phase: Phases) -> _Parts:
    known = np.asarray(np.isfinite(numbers[:, :2]).all(axis=1))
    value, se = (np.where(known, numbers[:, i], 0.0)[:, None] for i in (0, 1))
    # An error of 0 is one that somebody forgot: a tenth of the usual one is the least.
    weight = 1.0 / np.maximum(se**2, 0.01 / baseline.rows)
    center = _center(baseline, phase)[:, None]
    variance = dispersion(baseline, weight) / weight
    shifts = np.asarray(baseline.stream.shifts) * abs(baseline.stream.best - baseline.center[0])
    up = log_gauss(value, center + baseline.above, variance, shifts)
    down = log_gauss(value, center - baseline.below, variance, -shifts)
    some = np.where(known[:, None], 1.0 / variance, 0.0)
    away = some * (value - center) ** 2
    sums = np.hstack((some * value, some, some * center))
    return _both(up, down, known), known, away[:, 0], sums


def _distribution(baseline: Baseline, cells: Floats, phase: Phases) -> _Parts:
    shares = np.asarray(baseline.shares)
    counts = grouped(cells, baseline.groups, shares.shape[1])
    n = counts.sum(axis=1)
    known = n >= PER_GROUP * shares.shape[1]
    rows = np.where(known, n, 1.0)
    expected = shares[phase] if len(shares) > 1 else shares
    enough = rows * baseline.reference_rows / (rows + baseline.reference_rows)
    # A group of which less than a row is expected is no surprise by one row.
    usual = np.maximum(expected, 1.0 / baseline.rows)
    away = ((counts / rows[:, None] - expected) ** 2 / usual).sum(axis=1) * enough
    scale = dispersion(baseline, rows)
    beyond = enough * baseline.tolerance / scale
    p_value = chi2_tail(away / scale, baseline.freedom, beyond)
    log_e = np.zeros((len(n), 2 * SIDES))
    log_e[:, 0] = np.where(known, log_calibrated(p_value), 0.0)
    sums = np.column_stack((away / scale, np.full(len(n), baseline.freedom), enough / scale))
    return log_e, known, away / scale, np.where(known[:, None], sums, 0.0)


_SCALARS = {"rate": _rate, "mean": _mean, "estimate": _estimate}


def _checked(baseline: Baseline, cells: Floats) -> Floats:
    if cells.shape[1] != len(baseline.groups):
        raise InputError(
            f"{baseline.stream.name!r} has {cells.shape[1]} groups, {len(baseline.groups)} in the "
            "reference; measure all buckets on the groups of the reference"
        )
    return cells


def grouped(cells: Floats, groups: tuple[int, ...], count: int) -> Floats:
    """Counts of cells as counts of groups.

    Examples
    --------
    >>> grouped(np.array([[1.0, 2.0, 4.0]]), (0, 1, 1), 2).tolist()
    [[1.0, 6.0]]
    """
    to = np.zeros((len(groups), count))
    to[np.arange(len(groups)), groups] = 1.0
    return np.asarray(cells @ to)
