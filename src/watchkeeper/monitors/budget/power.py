"""The smallest change that a budget would find within a week, from simulating the very detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy import special

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.budget.baselines import Baseline
from watchkeeper.monitors.budget.columns import Columns
from watchkeeper.monitors.budget.detector import Detector
from watchkeeper.monitors.budget.evalues import Floats
from watchkeeper.monitors.budget.nulls import EDGE, dispersion, evidence, falls, sides
from watchkeeper.monitors.budget.process import log_step, log_sum

CHANCE = 0.8
"""The chance of detection that 'detectable' means."""

WINDOWS = 7
RUNS = 200
_STEPS = 12


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest change of a stream that is found in time.

    Attributes
    ----------
    stream
        Its name.
    rows
        Rows of a bucket.
    windows
        Within how many buckets it is found.
    shift
        The change: of a rate in points (0.02), of a mean in reference standard deviations, of an
        estimate in its unit, of a distribution as PSI. None where even the largest is not found.
    text
        The same as one plain sentence.
    """

    stream: str
    rows: float
    windows: int
    shift: float | None
    text: str


def detectable(
    detector: Detector,
    stream: str,
    rng: np.random.Generator,
    *,
    rows: float | None = None,
    windows: int = WINDOWS,
) -> Detectable:
    """The smallest lasting change that raises the alarm in time, four times in five.

    Buckets are drawn that scatter as those of the reference did, moved by a change, and judged by
    the detector, evidence being 0 when the change comes. The change is found by halving.

    Parameters
    ----------
    detector
        With its budget and its streams: the more there are, the more each must show.
    stream
        The name of the one that changes.
    rng
        Where the draws come from; the same generator state gives the same number.
    rows
        Rows of a bucket; as in the reference where None.
    windows
        The buckets within which it is to be found.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> from watchkeeper.monitors.budget import Bucket, BudgetConfig, Counts, Stream, calibrate
    >>> day, first = timedelta(days=1), datetime(2026, 1, 1, tzinfo=UTC)
    >>> month = [Bucket(first + i * day, {"e": Counts(18 + i % 5, 200)}) for i in range(28)]
    >>> detector = Detector(BudgetConfig(), calibrate([Stream("e", "rate")], month, day))
    >>> found = detectable(detector, "e", np.random.default_rng(1))
    >>> 0.04 < found.shift < 0.08
    True
    """
    if stream not in detector.names:
        raise InputError(f"no stream is named {stream!r}; there are {', '.join(detector.names)}")
    at = detector.names.index(stream)
    baseline = detector.calibration.baselines[at]
    if not baseline.windows:
        return Detectable(stream, 0.0, windows, None, "the reference has no data of it")
    size = baseline.rows if rows is None else float(rows)
    seed = int(rng.integers(2**63))

    def found(change: float) -> float:
        return _share(detector, at, change, size, windows, np.random.default_rng(seed))

    low, high = 0.0, _largest(baseline)
    if found(high) < CHANCE:
        return Detectable(stream, size, windows, None, _sentence(baseline, None, size, windows))
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if found(middle) >= CHANCE else (middle, high)
    shift = _psi(baseline, high) if baseline.stream.kind == "distribution" else high
    return Detectable(stream, size, windows, shift, _sentence(baseline, shift, size, windows))


def power_table(
    detector: Detector, stream: str, rows: Sequence[float], rng: np.random.Generator
) -> tuple[Detectable, ...]:
    """`detectable` for several volumes."""
    return tuple(detectable(detector, stream, rng, rows=each) for each in rows)


def _share(
    detector: Detector, at: int, change: float, rows: float, windows: int, rng: np.random.Generator
) -> float:
    """How often the change is found in time."""
    limits, baseline = detector.limits, detector.calibration.baselines[at]
    alone = msgspec.structs.replace(detector.calibration, baselines=(baseline,), season=0.0)
    found = evidence(alone, _draw(baseline, change, rows, RUNS * windows, rng))
    most = np.minimum(found.trust[:, 0], limits.cap)[:, None]
    log_e = np.minimum(found.log_e[:, 0], most).reshape(RUNS, windows, -1)
    log_m = np.full((RUNS, log_e.shape[2]), -np.inf)
    seen = np.zeros(RUNS, dtype=bool)
    for step in range(windows):
        log_m = log_step(log_m, log_e[:, step])
        seen |= log_sum(log_m + limits.mixture[at]) + limits.weights[at] >= limits.log_a
    return float(seen.mean())


def _draw(
    baseline: Baseline, change: float, rows: float, count: int, rng: np.random.Generator
) -> Columns:
    """Buckets of one stream at a changed level, in its first phase, scattered as the reference."""
    up, _ = sides(baseline.stream, falls=falls(baseline))
    level = baseline.center[0] + (change if up else -change)
    starts = np.arange(count).astype("datetime64[s]")
    numbers = np.full((count, 1, 3), np.nan)
    if baseline.stream.kind == "distribution":
        return Columns(starts, numbers, {0: _histograms(baseline, change, rows, count, rng)})
    numbers[:, 0] = _SCALARS[baseline.stream.kind](baseline, level, rows, count, rng)
    return Columns(starts, numbers, {})


def _rates(
    baseline: Baseline, level: float, rows: float, count: int, rng: np.random.Generator
) -> Floats:
    """Beta-binomial counts: their variance is the dispersion times that of binomial ones."""
    n = max(round(rows), 1)
    rate = min(max(level, EDGE), 1.0 - EDGE)
    spread = float(dispersion(baseline, np.array(rows))) - 1.0
    wander = min(spread / max(n - 1, 1), 0.99)
    share = np.full(count, rate)
    if wander > 1e-9:
        total = 1.0 / wander - 1.0
        share = rng.beta(rate * total, (1.0 - rate) * total, count)
    return np.column_stack((rng.binomial(n, share), np.full(count, n), np.zeros(count)))


def _means(
    baseline: Baseline, level: float, rows: float, count: int, rng: np.random.Generator
) -> Floats:
    n, variance = max(rows, 1.0), baseline.variance
    error = np.sqrt(dispersion(baseline, np.array(n)) * variance / n)
    mean = level + rng.normal(size=count) * error
    return np.column_stack((np.full(count, n), n * mean, n * (variance + mean**2)))


def _estimates(
    baseline: Baseline, level: float, rows: float, count: int, rng: np.random.Generator
) -> Floats:
    value = level + rng.normal(size=count) * np.sqrt(dispersion(baseline, np.array(rows)) / rows)
    return np.column_stack((value, np.full(count, rows**-0.5), np.full(count, rows)))


_SCALARS: dict[str, Callable[[Baseline, float, float, int, np.random.Generator], Floats]] = {
    "rate": _rates,
    "mean": _means,
    "estimate": _estimates,
}


def _histograms(
    baseline: Baseline, change: float, rows: float, count: int, rng: np.random.Generator
) -> Floats:
    """Multinomial counts of the groups, one cell each of those that the reference had."""
    shares = _tilted(baseline, change)
    spread = float(dispersion(baseline, np.array(rows))) - 1.0
    n, total = max(round(rows), 1), (rows - 1.0) / max(spread, 1e-9) - 1.0
    drawn = rng.dirichlet(shares * max(total, 1.0), count) if spread > 1e-9 else shares
    counts = rng.multinomial(n, drawn, None if spread > 1e-9 else count)
    cells = np.zeros((count, len(baseline.groups)))
    _, first = np.unique(baseline.groups, return_index=True)
    cells[:, first] = counts
    return cells


def _tilted(baseline: Baseline, change: float) -> Floats:
    """Shares leant towards the last groups, as a normal variable's mean that moves by `change`."""
    shares = np.asarray(baseline.shares[0])
    middle = np.clip(np.cumsum(shares) - shares / 2.0, EDGE, 1.0 - EDGE)
    leant = shares * np.exp(change * special.ndtri(middle))
    return np.asarray(leant / leant.sum())


def _psi(baseline: Baseline, change: float) -> float:
    before, after = np.asarray(baseline.shares[0]), _tilted(baseline, change)
    return float(((after - before) * np.log(after / before)).sum())


def _largest(baseline: Baseline) -> float:
    """The change up to which is looked."""
    kind, level = baseline.stream.kind, baseline.center[0]
    if kind == "rate":
        return level if baseline.stream.side == "down" else 1.0 - level
    return abs(baseline.stream.best - level) if kind == "estimate" else 5.0


def _sentence(baseline: Baseline, shift: float | None, rows: float, windows: int) -> str:
    kind, name = baseline.stream.kind, baseline.stream.label
    volume = f"at {rows:,.0f} rows a bucket" if kind != "estimate" else "as sure as it is"
    if shift is None:
        return f"{name}: {volume} no change is found within {windows} buckets 4 times in 5"
    size = {
        "rate": f"change of {100 * shift:.2g} points",
        "mean": f"shift of {shift:.2g} reference standard deviations",
        "estimate": f"change of {shift:.2g}",
        "distribution": f"PSI of {shift:.2g}",
    }[kind]
    return f"{name}: {volume} a {size} is found within {windows} buckets 4 times in 5"
