"""Whether a score of 0.8 comes true in 80 of 100 cases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import chdtrc, ndtri

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.classification import NULLS
from watchkeeper.metrics.intervals import Z, compare_metric, wilson
from watchkeeper.profiles.base import Flags, Floats, Ints
from watchkeeper.profiles.classification import Binary, BinaryLayout
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.multiclass import RIGHT, WRONG, Multiclass, MulticlassLayout

BINS = 10
"""Bins of equal width in [0, 1]; each is closed on the left, the last one on both sides."""

Probabilistic = Binary | Multiclass
ProbabilisticLayout = BinaryLayout | MulticlassLayout


@dataclass(frozen=True, slots=True)
class Reliability:
    """Scores against outcomes in each of `BINS` bins, arrays of shape (BINS,).

    Attributes
    ----------
    rows, hits
        Rows, and those that came true: the positive class, or the top class being right.
    scores
        Sums of the scores.
    residuals
        Sums of `(outcome - score)²`.
    """

    rows: Floats
    hits: Floats
    scores: Floats
    residuals: Floats

    @property
    def gaps(self) -> Floats:
        """How far outcomes lie above scores in each bin, as a share of all rows."""
        gaps: Floats = (self.hits - self.scores) / self.rows.sum()
        return gaps

    @property
    def errors(self) -> Floats:
        """The standard errors of the gaps."""
        n = self.rows.sum()
        errors: Floats = np.sqrt(np.maximum(self.residuals / n - np.square(self.gaps), 0.0) / n)
        return errors


def reliability(layout: ProbabilisticLayout, part: Probabilistic) -> Reliability | str:
    """Scores against outcomes in bins of equal width, or why there are none."""
    if isinstance(layout, BinaryLayout) and isinstance(part, Binary):
        grid, misses, hits = layout.grid, 0, 1
        counts, sums, squares = part.counts, part.sums, part.squares
    elif isinstance(layout, MulticlassLayout) and isinstance(part, Multiclass):
        grid, misses, hits = layout.confidence, WRONG, RIGHT
        counts, sums = part.confident, part.confident_sums
        squares = part.confident_squares
    else:
        return "layout and statistic belong to different tasks"
    if grid is None:
        return "the model has no score"
    if part.outside or _beyond(grid, counts):
        return "scores lie outside [0, 1], so the score is no probability"
    both = [misses, hits]
    if not counts[both].any():
        return "no labelled rows with a score"
    starts = width_starts(grid, BINS)
    n, s, q = (np.add.reduceat(held[both], starts, axis=1) for held in (counts, sums, squares))
    return Reliability(
        n.sum(axis=0).astype(np.float64),
        n[1].astype(np.float64),
        s.sum(axis=0),
        n[1] - 2 * s[1] + q.sum(axis=0),
    )


def width_starts(grid: Grid, bins: int) -> Ints:
    """The first bin of the grid in each of `bins` bins of equal width over [0, 1]."""
    inner = np.arange(1, bins) / bins
    at = np.searchsorted(grid.edges, inner, side="left") + 1
    return np.concatenate(([0], at)).astype(np.int64)


def _beyond(grid: Grid, counts: Ints) -> bool:
    """Whether any row lies below 0 or above 1."""
    below = int(np.searchsorted(grid.edges, 0.0, side="left"))
    above = int(np.searchsorted(grid.edges, np.nextafter(1.0, 2.0), side="left"))
    return bool(counts[:, : below + 1].any() or counts[:, above + 1 :].any())


def ece(layout: ProbabilisticLayout, part: Probabilistic) -> Estimate:
    """The expected calibration error: the mean over rows of their bin's gap.

    Chance gaps have no sign left to cancel by, so a perfectly calibrated model shows an ECE above
    zero. The lower end takes off, beside 1.96 standard errors, what chance adds to bins whose gap
    is not significant: E|X| = s sqrt(2 / pi) for X normal around zero. The interval therefore
    holds the true value in at least 95 of 100 samples.
    """
    held = reliability(layout, part)
    if isinstance(held, str):
        return Estimate(None, note=held)
    gaps, errors = np.abs(held.gaps), held.errors
    value = float(gaps.sum())
    noise = float(errors[gaps < 2 * errors].sum()) * math.sqrt(2 / math.pi)
    spread = Z * math.sqrt(float(np.square(errors).sum()))
    if spread == 0:
        low, high = wilson(value * held.rows.sum(), float(held.rows.sum()))
    else:
        low, high = max(value - noise - spread, 0.0), min(value + spread, 1.0)
    return Estimate(value, low, high, n_current=round(float(held.rows.sum())))


def mce(layout: ProbabilisticLayout, part: Probabilistic) -> Estimate:
    """The maximum calibration error: the largest gap between rate and mean score of a bin.

    The interval joins the bins' Wilson intervals at the level 1 - 0.05 / bins (Bonferroni), so it
    holds the true value in at least 95 of 100 samples.
    """
    held = reliability(layout, part)
    if isinstance(held, str):
        return Estimate(None, note=held)
    used = np.flatnonzero(held.rows)
    z = float(-ndtri(0.025 / used.size))
    value = low = high = 0.0
    for bin_ in used.tolist():
        n, hits = float(held.rows[bin_]), float(held.hits[bin_])
        score = float(held.scores[bin_]) / n
        left, right = (end - score for end in wilson(hits, n, z=z))
        value = max(value, abs(hits / n - score))
        low = max(low, left, -right)
        high = max(high, right, -left)
    return Estimate(value, low, high, n_current=round(float(held.rows.sum())))


def calibration_drift(
    layout: ProbabilisticLayout, reference: Probabilistic, current: Probabilistic
) -> Estimate:
    """How much larger the expected calibration error has become.

    The p-value does not come from the two errors, which chance inflates the more the fewer rows
    there are, but from the gaps themselves: the sum over bins of the squared difference of the
    bin's gap (rate minus mean score) over its variance is chi-squared on data without change.
    """
    change = compare_metric(ece(layout, reference), ece(layout, current))
    before, after = reliability(layout, reference), reliability(layout, current)
    if isinstance(before, str) or isinstance(after, str) or change.value is None:
        return change
    # Cochran's rule: a bin of fewer rows is far from normal.
    enough = (before.rows >= 5) & (after.rows >= 5)
    p_value = None
    if enough.any():
        (gap_before, error_before), (gap_after, error_after) = (
            _bin_gaps(side, enough) for side in (before, after)
        )
        spread = error_before + error_after
        held = spread > 0
        if held.any():
            square = np.sum(np.square(gap_after - gap_before)[held] / spread[held])
            p_value = float(chdtrc(int(held.sum()), float(square)))
    return Estimate(
        change.value, change.low, change.high, p_value, change.n_reference, change.n_current
    )


def _bin_gaps(held: Reliability, bins: Flags) -> tuple[Floats, Floats]:
    """The gap within each bin, and its variance under the scores themselves.

    Were the scores true, an outcome would vary by s (1 - s) around its score s. Where the gap is
    real, the variance of the outcomes is used as far as it is larger.
    """
    n, hits, scores = held.rows[bins], held.hits[bins], held.scores[bins]
    gap = (hits - scores) / n
    spread = held.residuals[bins] / n - np.square(gap)
    rate, mean = hits / n, scores / n
    floor = np.maximum(rate * (1 - rate), mean * (1 - mean))
    return gap, np.maximum(spread, floor) / n


def calibration_curve(
    layout: ProbabilisticLayout, part: Probabilistic
) -> list[dict[str, Any]] | None:
    """The curve of a report: each bin that holds rows, with the Wilson interval of its rate."""
    held = reliability(layout, part)
    if isinstance(held, str):
        return None
    curve = []
    for bin_ in np.flatnonzero(held.rows).tolist():
        n, hits = float(held.rows[bin_]), float(held.hits[bin_])
        low, high = wilson(hits, n)
        curve.append(
            {
                "low": bin_ / BINS,
                "high": (bin_ + 1) / BINS,
                "mean_score": float(held.scores[bin_]) / n,
                "rate": hits / n,
                "rate_low": low,
                "rate_high": high,
                "n": round(n),
            }
        )
    return curve


_record = partial(
    Metric,
    group="calibration",
    needs=("binary", "multiclass", "score"),
    unit="share",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls=NULLS,
    infinities="an infinite score counts as missing",
    unseen="multi-class: a label that the reference lacks counts as a wrong prediction",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
    defaults={"bins": BINS},
)
_BINS = (
    r"B_b: \tfrac{b-1}{10} \le p < \tfrac{b}{10};\; y = 1 \text{ for the positive class (two "
    r"classes) or where the top class is right (many, } p \text{ its probability)}"
)

CALIBRATION: tuple[Metric, ...] = (
    _record(
        name="ece",
        title="Expected calibration error",
        function=ece,
        measures="By how much scores differ from what comes true, on average over rows.",
        misleads="With few rows: chance alone makes it larger than zero, the more bins the larger.",
        formula=r"\sum_b \frac{n_b}{n}\,|\bar y_b - \bar p_b|,\;" + _BINS,
        interval="normal, with chance's own share taken off the lower end; at least 95 %",
        source="Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities",
        oracle="direct computation with numpy.digitize on the raw scores",
        peers={"scikit-learn": "calibration_curve has the bins, closed on the left as well"},
    ),
    _record(
        name="mce",
        title="Maximum calibration error",
        function=mce,
        measures="The largest gap between score and outcome in any bin.",
        misleads="A bin of three rows can make it: look at the curve.",
        formula=r"\max_b |\bar y_b - \bar p_b|,\;" + _BINS,
        interval="Wilson scores of the bins at the level 1 - 0.05 / bins; at least 95 %",
        source="Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities",
        oracle="direct computation with numpy.digitize on the raw scores",
    ),
    _record(
        name="calibration_drift",
        title="Calibration drift",
        function=calibration_drift,
        lowest=-1.0,
        measures="By how much calibration has become worse since the reference.",
        misleads="Gaps that change sign but not size leave it at zero; its p-value sees them.",
        formula=r"\mathrm{ECE}_{current} - \mathrm{ECE}_{reference}",
        interval="MOVER of the two intervals; at least 95 %",
        p_value="chi-squared over the bins' differences of rate minus mean score",
        source="Davis et al. (2017), Calibration drift in regression and machine learning models",
        oracle="direct computation with numpy.digitize on the raw scores",
        symmetric=False,
        zero_when_equal=True,
    ),
)
