"""The rules that a budget is held against: what people do today."""

from __future__ import annotations

import math

import numpy as np
from river import drift
from scipy import optimize, special, stats

from benchmarks.budget_data import Array, Days
from watchkeeper.monitors.budget import Columns


def daily_p(days: Days, columns: Columns, reference: int) -> Array:
    """Buckets in which any stream differs from the reference with p < 0.05, two-sided."""
    alarms = np.zeros(len(columns), dtype=bool)
    for at, stream in enumerate(days.streams):
        if stream.kind == "distribution":
            counts = columns.cells[at]
            before = counts[:reference].sum(axis=0)
            p_values = np.array([_chi2_p(before, row) for row in counts])
        else:
            value, variance, n = _levels(stream.kind, columns.numbers[:, at])
            rows = n[:reference].sum()
            center = (value * n)[:reference].sum() / rows
            pooled = (variance * n)[:reference].sum() / rows
            error = np.sqrt(np.maximum(pooled, 1e-12) * (1.0 / np.maximum(n, 1) + 1.0 / rows))
            p_values = 2.0 * special.ndtr(-np.abs(value - center) / error)
        alarms |= p_values < 0.05
    return alarms[reference:]


def three_sigma(days: Days, columns: Columns, reference: int) -> Array:
    """Buckets in which a rate or mean lies outside mean ± 3 standard deviations of windows."""
    alarms = np.zeros(len(columns), dtype=bool)
    for at, stream in enumerate(days.streams):
        if stream.kind != "distribution":
            value, _, _ = _levels(stream.kind, columns.numbers[:, at])
            before = value[:reference]
            alarms |= np.abs(value - before.mean()) > 3.0 * max(before.std(ddof=1), 1e-9)
    return alarms[reference:]


def river(
    make: type[drift.ADWIN | drift.PageHinkley], days: Days, drawn: list[Array], reference: int
) -> Array:
    """Buckets in which river's detector fires on the rows of any rate or mean, defaults.

    Means are standardised by the rows of the reference.
    """
    alarms = np.zeros(len(drawn), dtype=bool)
    for stream in days.streams:
        if stream.kind == "distribution":
            continue
        column = days.held[stream.name]
        if stream.kind == "mean":
            known = column[np.concatenate(drawn[:reference])]
            column = (column - np.nanmean(known)) / np.nanstd(known)
        detector = make()
        for bucket, rows in enumerate(drawn):
            for value in column[rows].tolist():
                if value == value:  # noqa: PLR0124  # not NaN
                    detector.update(value)
                    alarms[bucket] |= detector.drift_detected
    return alarms[reference:]


def cusum_limit(k: float, run: float) -> float:
    """The h of a two-sided CUSUM whose average run length without change is `run` (Siegmund)."""

    def gap(h: float) -> float:
        b = h + 1.166
        return (math.exp(2 * k * b) - 1 - 2 * k * b) / (2 * k * k) / 2 - run

    return float(optimize.brentq(gap, 0.0, 50.0 / k))


def cusum(z: Array, shift: float, run: float) -> int | None:
    """The bucket, from 1, in which a CUSUM with known parameters fires; None: never.

    Parameters
    ----------
    z
        Standardised by the true level and scatter.
    shift
        The true shift in units of that scatter: the reference value is half of it.
    """
    k = max(min(shift / 2.0, 3.0), 0.02)
    limit = cusum_limit(k, run)
    up = down = 0.0
    for bucket, value in enumerate(z, 1):
        up, down = max(0.0, up + value - k), max(0.0, down - value - k)
        if max(up, down) > limit:
            return bucket
    return None


def _levels(kind: str, numbers: Array) -> tuple[Array, Array, Array]:
    if kind == "rate":
        n = numbers[:, 1]
        rate = numbers[:, 0] / np.maximum(n, 1)
        return rate, rate * (1 - rate), n
    n = numbers[:, 0]
    mean = numbers[:, 1] / np.maximum(n, 1)
    return mean, numbers[:, 2] / np.maximum(n, 1) - mean**2, n


def _chi2_p(before: Array, now: Array) -> float:
    held = before + now > 0
    return float(stats.chi2_contingency([before[held], now[held]], correction=False)[1])
