"""How far a stream has moved since its level may have changed, with a 95 % interval."""

from __future__ import annotations

import math

import msgspec
from scipy import special

from watchkeeper.monitors.budget.baselines import Baseline
from watchkeeper.monitors.budget.evalues import Floats

Z = 1.959964


class Effect(msgspec.Struct, frozen=True):
    """A stream's level in the buckets that speak for a change.

    Attributes
    ----------
    stream
        Its name.
    unit
        `rate`: values are shares; `sd`: the shift of a mean in reference standard deviations;
        `value`: of the estimate; `psi`: the corrected population stability index.
    reference
        The level of the reference in the same parts of the season; 0 for `sd` and `psi`.
    value, low, high
        The level now and its 95 % interval, which counts the scatter of windows in. Choosing the
        buckets by what they show makes the value somewhat too large.
    tolerated
        The level up to which nothing is said, on the side that it moved to.
    buckets
        How many buckets it is measured on.
    """

    stream: str
    unit: str
    reference: float
    value: float
    low: float
    high: float
    tolerated: float
    buckets: int


def effect_of(baseline: Baseline, sums: Floats, buckets: int) -> Effect | None:
    """The effect from the sums of `nulls.evidence`; None without data.

    Examples
    --------
    >>> import numpy as np
    >>> from watchkeeper.monitors.budget.streams import Stream
    >>> rate = Baseline(Stream("errors", "rate"), center=(0.1,), above=0.012, rows=200, windows=28)
    >>> found = effect_of(rate, np.array([60.0, 400.0, 40.0]), 2)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.15, 0.118, 0.188)
    """
    one, two, three = (float(number) for number in sums)
    kind, buckets = baseline.stream.kind, int(buckets)
    if buckets < 1 or (two if kind != "mean" else one) <= 0:
        return None
    made = {"rate": _rate, "mean": _mean, "estimate": _estimate, "distribution": _psi}[kind]
    unit, reference, value, low, high = made(baseline, (one, two, three), buckets)
    tolerated = _tolerated(baseline, unit, reference, up=value >= reference)
    return Effect(baseline.stream.name, unit, reference, value, low, high, tolerated, buckets)


_Ends = tuple[str, float, float, float, float]
_Sums = tuple[float, float, float]


def _dispersion(baseline: Baseline, rows: float) -> float:
    return 1.0 + (baseline.dispersion - 1.0) * max(rows / baseline.rows, 1.0)


def _rate(baseline: Baseline, sums: _Sums, buckets: int) -> _Ends:
    """Wilson's interval (1927) at the rows that the dispersion leaves."""
    k, n, expected = sums
    rate, rows = k / n, n / _dispersion(baseline, n / buckets)
    middle = (rate + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z / (1 + Z**2 / rows) * math.sqrt(rate * (1 - rate) / rows + Z**2 / (4 * rows**2))
    return "rate", expected / n, rate, max(middle - half, 0.0), min(middle + half, 1.0)


def _mean(baseline: Baseline, sums: _Sums, buckets: int) -> _Ends:
    n, total, expected = sums
    shift = (total - expected) / n / math.sqrt(baseline.variance)
    half = Z * math.sqrt(_dispersion(baseline, n / buckets) / n)
    return "sd", 0.0, shift, shift - half, shift + half


def _estimate(_: Baseline, sums: _Sums, __: int) -> _Ends:
    value, half = sums[0] / sums[1], Z / math.sqrt(sums[1])
    return "value", sums[2] / sums[1], value, value - half, value + half


def _psi(_: Baseline, sums: _Sums, __: int) -> _Ends:
    """The non-central chi-squared law turned round."""
    statistic, freedom, rows = sums
    ends = [float(special.chndtrinc(statistic, freedom, share)) for share in (0.975, 0.025)]
    low, high = (end / rows if math.isfinite(end) else 0.0 for end in ends)
    return "psi", 0.0, max(statistic - freedom, 0.0) / rows, low, max(high, low)


def _tolerated(baseline: Baseline, unit: str, reference: float, *, up: bool) -> float:
    if unit == "psi":
        return baseline.tolerance
    away = baseline.above if up else -baseline.below
    return away / math.sqrt(baseline.variance) if unit == "sd" else reference + away
