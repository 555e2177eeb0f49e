"""Whether a binary classifier treats groups alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from itertools import combinations
from typing import Any

from scipy.special import ndtri

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.classification import accuracy, precision, recall
from watchkeeper.metrics.confidence import prediction_share
from watchkeeper.metrics.intervals import share_estimate, wilson
from watchkeeper.profiles.classification import Binary, BinaryLayout

MIN_ROWS = 30
"""Groups with fewer rows behind a rate are left out of the differences."""

Counts = Callable[[Binary], tuple[int, int]]
"""Hits and rows of a rate in one group."""


def selection(part: Binary) -> tuple[int, int]:
    """Rows that are predicted positive, of all with a prediction, labelled or not."""
    said = part.confusion.sum(axis=0)
    return int(said[1]), int(said.sum())


def true_positives(part: Binary) -> tuple[int, int]:
    """Rows that are predicted positive, of those labelled positive."""
    return int(part.confusion[1, 1]), int(part.confusion[1].sum())


def false_positives(part: Binary) -> tuple[int, int]:
    """Rows that are predicted positive, of those labelled negative."""
    return int(part.confusion[0, 1]), int(part.confusion[0].sum())


def demographic_parity_difference(
    groups: Mapping[str, Binary], *, min_rows: int = MIN_ROWS
) -> Estimate:
    """The largest less the smallest selection rate of the groups."""
    return largest_gap(groups, (selection,), min_rows)


def equal_opportunity_difference(
    groups: Mapping[str, Binary], *, min_rows: int = MIN_ROWS
) -> Estimate:
    """The largest less the smallest true positive rate of the groups."""
    return largest_gap(groups, (true_positives,), min_rows)


def equalized_odds_difference(
    groups: Mapping[str, Binary], *, min_rows: int = MIN_ROWS
) -> Estimate:
    """The larger of the groups' gaps in true and in false positive rate."""
    return largest_gap(groups, (true_positives, false_positives), min_rows)


def largest_gap(groups: Mapping[str, Binary], rates: tuple[Counts, ...], min_rows: int) -> Estimate:
    """The largest difference between two groups in any of the rates.

    Parameters
    ----------
    groups
        The statistic of each group.
    rates
        What is compared; for each rate groups with fewer than `min_rows` rows are left out.
    min_rows
        Rows behind a rate that it takes.

    Returns
    -------
    Estimate
        The interval joins Newcombe's intervals of all pairs at the level 1 - 0.05 / pairs
        (Bonferroni), since the largest of many gaps is large by chance: it holds the true value
        in at least 95 of 100 samples. With two groups and one rate it is Newcombe's own.
        Undefined where a rate is left with fewer than two groups.
    """
    left_out: list[str] = []
    kept: list[list[tuple[int, int]]] = []
    for rate in rates:
        held = {name: rate(part) for name, part in groups.items()}
        left_out += [name for name, (_, rows) in held.items() if rows < min_rows]
        kept.append([counts for counts in held.values() if counts[1] >= min_rows])
    rows = max((sum(n for _, n in counts) for counts in kept), default=0)
    names = ", ".join(sorted(set(left_out)))
    note = f"groups with fewer than {min_rows} rows are left out: {names}" if names else None
    if any(len(counts) < 2 for counts in kept):
        reason = "fewer than two groups have enough rows"
        return Estimate(None, n_current=rows, note=f"{reason}; {note}" if note else reason)
    pairs = [pair for counts in kept for pair in combinations(counts, 2)]
    z = float(-ndtri(0.025 / len(pairs)))
    gaps = [_gap(a, b, z) for a, b in pairs]
    value, low, high = (max(gap[place] for gap in gaps) for place in range(3))
    return Estimate(value, low, high, n_current=rows, note=note)


def _gap(a: tuple[int, int], b: tuple[int, int], z: float) -> tuple[float, float, float]:
    """The absolute difference of two shares, with the interval that Newcombe's method gives it."""
    first, second = a[0] / a[1], b[0] / b[1]
    (first_low, first_high), (second_low, second_high) = wilson(*a, z=z), wilson(*b, z=z)
    difference = first - second
    low = difference - math.hypot(first - first_low, second_high - second)
    high = difference + math.hypot(first_high - first, second - second_low)
    return abs(difference), max(low, -high, 0.0), max(high, -low)


def group_rates(layout: BinaryLayout, part: Binary) -> dict[str, Any]:
    """The rates of one group, each as an estimate, and its rows."""
    return {
        "rows": part.rows,
        "labelled": part.labelled,
        "selection_rate": prediction_share(layout, part),
        "tpr": recall(layout, part),
        "fpr": share_estimate(*false_positives(part), "no row of the group is labelled negative"),
        "accuracy": accuracy(layout, part),
        "precision": precision(layout, part),
    }


_record = partial(
    Metric,
    group="fairness",
    needs=("binary",),
    unit="share",
    worse="higher",
    best=0.0,
    lowest=0.0,
    highest=1.0,
    nulls="rows without a value in the sensitive column form a group of their own",
    infinities="not applicable",
    unseen="values of the sensitive column that the reference lacks form the group '(other)'",
    interval="Newcombe's method for all pairs at the level 1 - 0.05 / pairs; at least 95 %",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
    defaults={"min_rows": MIN_ROWS},
    zero_when_equal=True,
)

FAIRNESS: tuple[Metric, ...] = (
    _record(
        name="demographic_parity_difference",
        title="Demographic parity difference",
        function=demographic_parity_difference,
        measures="How much more often one group is predicted positive than another.",
        misleads="Groups that truly differ in their share of positives make it large.",
        formula=r"\max_g P(\hat y = 1 \mid g) - \min_g P(\hat y = 1 \mid g)",
        source="Dwork et al. (2012), Fairness through awareness",
        oracle="hand computation after fairlearn.metrics.demographic_parity_difference",
    ),
    _record(
        name="equal_opportunity_difference",
        title="Equal opportunity difference",
        function=equal_opportunity_difference,
        measures="How much more of one group's positives are found than of another's.",
        misleads="It ignores false alarms.",
        formula=r"\max_g P(\hat y = 1 \mid y = 1, g) - \min_g P(\hat y = 1 \mid y = 1, g)",
        source="Hardt, Price and Srebro (2016), Equality of opportunity in supervised learning",
        oracle="hand computation after fairlearn.metrics.equal_opportunity_difference",
    ),
    _record(
        name="equalized_odds_difference",
        title="Equalised odds difference",
        function=equalized_odds_difference,
        measures="The largest gap between groups in either kind of error.",
        misleads="It does not say which error, nor which group suffers.",
        formula=(
            r"\max_{c \in \{0, 1\}} \Big(\max_g P(\hat y = 1 \mid y = c, g) - "
            r"\min_g P(\hat y = 1 \mid y = c, g)\Big)"
        ),
        source="Hardt, Price and Srebro (2016), Equality of opportunity in supervised learning",
        oracle="hand computation after fairlearn.metrics.equalized_odds_difference",
    ),
)
