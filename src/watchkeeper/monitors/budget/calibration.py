"""From the windows of a reference to what each stream is held against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import numpy as np
from scipy import special

from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget.baselines import Baseline, Calibration
from watchkeeper.monitors.budget.columns import Columns, columns_of, phases_of
from watchkeeper.monitors.budget.evalues import Floats
from watchkeeper.monitors.budget.nulls import EDGE, PER_GROUP, grouped
from watchkeeper.monitors.budget.reference import (
    ASSUMED,
    ENOUGH,
    STRONG,
    Phases,
    Scatter,
    explained,
    scatter,
)
from watchkeeper.monitors.budget.streams import Bucket, Stream, check_streams

TOLERANCE = 0.05
"""Of a rate, and of the distance of an estimate to its best value: relative."""

TOLERANCE_MEAN = 0.02
"""Of a mean, in standard deviations: about what 5 % is of a rate of 10 to 20 %."""

TOLERANCE_PSI = 0.01
"""Of a distribution: a corrected PSI as from a mean that moved by a tenth of a deviation."""

BOUND = 1.6449
"""Standard errors from an estimate to its 95 % bound."""

SEASONAL = 0.2
"""The share of the scatter from which a season is taken into account."""

CYCLES = 3
"""Whole seasons that a reference must hold for that."""

MOST_GROUPS = 10

_SEASONS = (timedelta(days=1), timedelta(days=7))


@dataclass(frozen=True, slots=True)
class _Windows:
    """One stream's reference windows in the form that all kinds share."""

    values: Floats
    chance: Floats
    rows: Floats
    variance: float = 1.0
    groups: tuple[int, ...] = ()


def calibrate(
    streams: Sequence[Stream],
    windows: Sequence[Bucket] | Columns,
    window: timedelta,
    *,
    season: timedelta | None = None,
) -> Calibration:
    """Measure what each stream is held against, on closed windows in which all was well.

    Parameters
    ----------
    streams
        What is watched.
    windows
        The reference, cut as the buckets that will be judged: 14 at least, 28 or more are better.
    window
        Their length.
    season
        A span after which levels come again. None: a day or a week is found where the reference
        has three of them and they explain a fifth of the scatter of some stream; zero: none.

    Raises
    ------
    InputError
        No windows, or one that is impossible.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from watchkeeper.monitors.budget.streams import Counts
    >>> day = timedelta(days=1)
    >>> first = datetime(2026, 1, 1, tzinfo=UTC)
    >>> month = [Bucket(first + i * day, {"errors": Counts(20, 200)}) for i in range(28)]
    >>> found = calibrate([Stream("errors", "rate")], month, day)
    >>> rate = found.baselines[0]
    >>> round(rate.center[0], 3), round(rate.center[0] + rate.above, 3)
    (0.1, 0.113)
    """
    named = check_streams(streams)
    columns = windows if isinstance(windows, Columns) else columns_of(windows, named)
    if not len(columns):
        raise InputError("a budget needs a reference of closed windows, 14 or more; there is none")
    if window <= timedelta():
        raise InputError(f"a window of {window} has no length; write one such as 1h or 1d")
    measured = [_windows(stream, at, columns) for at, stream in enumerate(named)]
    length = _season(measured, columns, window, season)
    phase = phases_of(columns.starts, window, length)
    phases = round(length / window) if length else 1
    baselines = tuple(
        _baseline(stream, each, phase, phases) for stream, each in zip(named, measured, strict=True)
    )
    seconds = length.total_seconds() if length else 0.0
    return Calibration(window.total_seconds(), seconds, baselines, _notes(columns, length))


def _notes(columns: Columns, season: timedelta | None) -> tuple[str, ...]:
    notes = []
    if len(columns) < ENOUGH:
        notes.append(
            f"the reference has {len(columns)} windows; from {ENOUGH} on their scatter is "
            f"measured, below it is assumed to be {ASSUMED} times that of chance"
        )
    if season:
        notes.append(f"each window is held against the same part of {format_duration(season)}")
    return tuple(notes)


def _windows(stream: Stream, at: int, columns: Columns) -> _Windows:
    if stream.kind == "distribution":
        return _histograms(stream, columns.cells.get(at))
    numbers = columns.numbers[:, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        if stream.kind == "rate":
            k, n = numbers[:, 0], numbers[:, 1]
            rate = (np.nansum(k) + 0.5) / (np.nansum(n) + 1.0)
            return _column(k / n, rate * (1.0 - rate) / n, n)
        if stream.kind == "mean":
            n, total, squares = numbers.T
            inner = np.nansum(squares - total**2 / np.where(n > 0, n, np.nan))
            variance = float(inner / max(np.nansum(np.maximum(n - 1.0, 0.0)), 1.0))
            variance = variance if variance > 0 else 1e-12
            return _column(total / n, variance / n, n, variance)
        value, error = numbers[:, 0], numbers[:, 1]
        usual = np.nanmedian(error) if np.isfinite(error).any() else np.nan
        weight = 1.0 / np.maximum(error, max(0.1 * usual, 1e-12)) ** 2
        return _column(value, 1.0 / weight, weight)


def _column(values: Floats, chance: Floats, rows: Floats, variance: float = 1.0) -> _Windows:
    good = np.isfinite(values) & np.isfinite(chance)
    return _Windows(
        np.where(good, values, np.nan)[:, None],
        np.where(good, chance, 1.0)[:, None],
        np.where(good, rows, 0.0),
        variance,
    )


def _histograms(stream: Stream, cells: Floats | None) -> _Windows:
    if cells is None:
        return _Windows(np.full((1, 1), np.nan), np.ones((1, 1)), np.zeros(1))
    groups = _groups(stream, cells)
    count = max(groups) + 1
    counts = grouped(cells, groups, count)
    n = counts.sum(axis=1)
    usable = n >= PER_GROUP * count
    total = max(float(n[usable].sum()), 1.0)
    least = max(int(usable.sum()), 1) / total  # One row of a window.
    shares = np.maximum(counts[usable].sum(axis=0) / total, least)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(usable[:, None], counts / n[:, None], np.nan)
        chance = np.where(usable[:, None], shares / n[:, None], 1.0)
    return _Windows(values, chance, np.where(usable, n, 0.0), 1.0, groups)


def _groups(stream: Stream, cells: Floats) -> tuple[int, ...]:
    """The group of each cell: reference deciles of a number, frequent categories of a text."""
    n = cells.sum(axis=1)
    usual = float(np.median(n[n > 0])) if (n > 0).any() else 0.0
    most = int(min(MOST_GROUPS, max(2, usual // (2 * PER_GROUP))))
    shares = cells.sum(axis=0) / max(float(n.sum()), 1.0)
    if stream.ordered:
        middle = np.cumsum(shares) - shares / 2.0
        _, groups = np.unique(np.minimum(middle * most, most - 1).astype(int), return_inverse=True)
        return tuple(int(group) for group in groups)
    kept = np.argsort(-shares, kind="stable")[: most - 1]
    kept = kept[shares[kept] > 0]
    groups = np.full(len(shares), len(kept))
    groups[kept] = np.arange(len(kept))
    return tuple(int(group) for group in groups)


def _season(
    measured: Sequence[_Windows], columns: Columns, window: timedelta, wanted: timedelta | None
) -> timedelta | None:
    if wanted is not None:
        if wanted % window:
            raise InputError(
                f"a season of {format_duration(wanted)} is no multiple of the window of "
                f"{format_duration(window)}"
            )
        return wanted or None
    best, least = None, SEASONAL
    for season in _SEASONS:
        if season <= window or season % window or len(columns) * window < CYCLES * season:
            continue
        phase, phases = phases_of(columns.starts, window, season), round(season / window)
        share = max(
            (explained(each.values, each.chance, phase, phases) for each in measured
             if len(each.values) == len(phase)),
            default=0.0,
        )  # fmt: skip
        if share > least:
            # A week has seven times the parts of a day: it must explain clearly more.
            best, least = season, share + (1.0 - share) * SEASONAL
    return best


def _baseline(stream: Stream, found: _Windows, phase: Phases, phases: int) -> Baseline:
    if not np.isfinite(found.values).all(axis=1).any():
        return Baseline(stream, notes=("the reference has no data of it: it is not watched",))
    if phases > 1 and explained(found.values, found.chance, phase, phases) <= SEASONAL / 4:
        phase, phases = np.zeros_like(phase), 1
    measured = scatter(found.values, found.chance, phase, phases)
    known = np.isfinite(found.values).all(axis=1)
    made = Baseline(
        stream,
        variance=found.variance,
        dispersion=measured.long_run,
        extreme=measured.extreme / measured.long_run if measured.wanders else 0.0,
        rows=float(found.rows[known].mean()),
        reference_rows=float(found.rows.sum()),
        windows=measured.windows,
        autocorrelation=measured.autocorrelation,
        freedom=measured.freedom,
        notes=_cautions(measured),
    )
    if stream.kind == "distribution":
        shares = np.maximum(measured.center, 0.5 / made.reference_rows)
        shares = shares / shares.sum(axis=1, keepdims=True)
        return msgspec.structs.replace(
            made,
            tolerance=TOLERANCE_PSI * measured.factor,
            groups=found.groups,
            shares=tuple(tuple(row) for row in shares.tolist()),
        )
    center = tuple(measured.center[:, 0].tolist())
    made = msgspec.structs.replace(made, center=center)
    return _rate_null(made, found, measured) if stream.kind == "rate" else _null(made, measured)


def _cautions(measured: Scatter) -> tuple[str, ...]:
    if measured.windows < ENOUGH:
        return (f"only {measured.windows} windows: its scatter is assumed, not measured",)
    rho = measured.autocorrelation
    if rho > STRONG:
        start = f"windows resemble the one before (autocorrelation {rho:.2f}): "
        return (start + f"{measured.factor:.0f} times the tolerance, and each counts for less",)
    return ()


def _rate_null(made: Baseline, found: _Windows, measured: Scatter) -> Baseline:
    """The exact 95 % bounds of the rate (Clopper, Pearson 1934), at the dispersion; tolerance."""
    n = float(found.rows.sum())
    k = float((np.nan_to_num(found.values[:, 0]) * found.rows).sum())
    phi, rate = made.dispersion, k / n
    high = float(special.betaincinv(k / phi + 1.0, max(n - k, 0.0) / phi + EDGE, 0.95))
    low = float(special.betaincinv(k / phi + EDGE, max(n - k, 0.0) / phi + 1.0, 0.05))
    share = TOLERANCE * measured.factor
    tolerance = share * min(high, 1.0 - high)
    return msgspec.structs.replace(
        made,
        above=high - rate + tolerance,
        below=rate - low + share * min(low, 1.0 - low),
        tolerance=tolerance,
    )


def _null(made: Baseline, measured: Scatter) -> Baseline:
    """The bound of a mean or estimate, by the normal law, and the tolerance."""
    if made.stream.kind == "mean":
        unit = TOLERANCE_MEAN * math.sqrt(made.variance)
        error = made.variance / made.reference_rows
    else:
        unit = TOLERANCE * abs(made.stream.best - made.center[0])
        error = 1.0 / made.reference_rows
    tolerance = unit * measured.factor
    away = BOUND * math.sqrt(error * made.dispersion) + tolerance
    return msgspec.structs.replace(made, above=away, below=away, tolerance=tolerance)
