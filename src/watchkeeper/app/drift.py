"""Drift of every column, for all rows and for each segment, measured and judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.app.shape import distribution, statistics
from watchkeeper.core.errors import ProfileError
from watchkeeper.core.estimate import Estimate, finite
from watchkeeper.core.model import Column, Kind
from watchkeeper.metrics.drift import exceedances, measure_column
from watchkeeper.metrics.pairs import CategoricalPair, NumericPair, Pair
from watchkeeper.monitors.drift import ColumnEvidence, ColumnVerdict, judge, rank, reference_warning
from watchkeeper.profiles.categorical import Categorical, Vocabulary
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.layout import Axis, Layout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import ColumnStatistic, Profile, Statistics

LISTED = 20
"""New and vanished categories that a report names, the largest first."""

Document = dict[str, Any]


def drift_of(layout: Layout, reference: Profile, current: Profile) -> Document:
    """`drift` of the report: every column but dates and times, whose drift is time itself."""
    thresholds = layout.model.thresholds
    columns = compared(layout)
    axes = reference.layout.axes
    pairs = {
        column.name: _pair(axes, reference.whole, current.whole, column.name) for column in columns
    }
    metrics = {name: measure_column(pair) for name, pair in pairs.items()}
    evidence = {
        name: ColumnEvidence(exceedances(pair, thresholds), metrics[name])
        for name, pair in pairs.items()
    }
    verdicts = judge(evidence, thresholds)
    return {
        "alpha": thresholds.alpha,
        "correction": thresholds.correction,
        "tolerance": thresholds.tolerance,
        "ranking": rank(verdicts),
        "columns": {
            column.name: {
                "kind": str(column.kind),
                "role": str(column.role),
                **_verdict(verdicts[column.name]),
                "metrics": {
                    name: estimate.to_dict() for name, estimate in metrics[column.name].items()
                },
                **_described(column, axes[column.name], pairs[column.name]),
            }
            for column in columns
        },
        "segments": _segments(layout, reference, current, columns),
        "reference_warning": reference_warning(
            reference.whole.rows, current.whole.rows, thresholds
        ),
    }


def compared(layout: Layout) -> tuple[Column, ...]:
    """The columns whose drift is measured.

    Dates and times move on by themselves, so they would drift in every window; a date that is a
    feature (of birth, of the contract) is compared where the model file calls it `kind: numeric`.
    """
    return tuple(c for c in layout.model.measured if c.kind is not Kind.DATETIME)


def pair_of(axis: Axis, before: ColumnStatistic, after: ColumnStatistic, name: str) -> Pair:
    """Two statistics of a column beside each other.

    Raises
    ------
    ProfileError
        They were counted on another kind of axis.
    """
    match axis, before, after:
        case Grid(), Numeric(), Numeric():
            return NumericPair(before, after, axis)
        case Vocabulary(), Categorical(), Categorical():
            return CategoricalPair(before, after, axis)
    raise ProfileError(f"column {name!r} was not counted as its layout says")


def _pair(axes: Mapping[str, Axis], before: Statistics, after: Statistics, name: str) -> Pair:
    return pair_of(axes[name], before.columns[name], after.columns[name], name)


def _verdict(verdict: ColumnVerdict) -> Document:
    return {
        "verdict": str(verdict.verdict),
        "change": verdict.change,
        "psi_reading": verdict.psi_reading,
        "effect": _effect(verdict.metric, verdict.effect),
        "p_value": finite(verdict.p_value),
        "p_adjusted": finite(verdict.p_adjusted),
        "reason": verdict.reason,
        "detectable": _detectable(verdict),
    }


def _effect(metric: str | None, effect: Estimate | None) -> Document:
    if effect is None:
        return {"metric": metric, "value": None, "low": None, "high": None}
    return {
        "metric": metric,
        "value": finite(effect.value),
        "low": finite(effect.low),
        "high": finite(effect.high),
    }


def _detectable(verdict: ColumnVerdict) -> Document | None:
    found = verdict.detectable
    if found is None:
        return None
    return {
        found.metric: finite(found.value),
        "mean_shift": finite(found.mean_shift),
        "power": found.power,
        "text": found.text,
    }


def _described(column: Column, axis: Axis, pair: Pair) -> Document:
    """Statistics, picture, and the categories that came and went."""
    before: ColumnStatistic = pair.reference
    after: ColumnStatistic = pair.current
    described: Document = {
        "statistics": {
            "reference": statistics(axis, before),
            "current": statistics(axis, after),
        },
        "distribution": distribution(column, axis, before, after),
        "new_categories": [],
        "vanished_categories": [],
    }
    if isinstance(pair, CategoricalPair):
        earlier = named(pair.reference, pair.vocabulary)
        later = named(pair.current, pair.vocabulary)
        if not pair.reference.truncated:
            described["new_categories"] = _listed(later, earlier, pair.current.rows)
        if not pair.current.truncated:
            described["vanished_categories"] = _listed(earlier, later, pair.reference.rows)
    return described


def named(held: Categorical, vocabulary: Vocabulary) -> dict[str, int]:
    """Rows of each category that occurs and is known by name."""
    counts = zip(vocabulary.values, held.counts.tolist(), strict=True)
    return {value: count for value, count in counts if count} | held.others


def _listed(here: Mapping[str, int], there: Mapping[str, int], rows: int) -> list[Document]:
    """The categories of one side that the other lacks, the largest first."""
    only = sorted(
        ((value, count) for value, count in here.items() if value not in there),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return [{"value": v, "rows": n, "share": n / rows} for v, n in only[:LISTED]]


def _segments(
    layout: Layout, reference: Profile, current: Profile, columns: tuple[Column, ...]
) -> Document:
    """Verdicts in each segment; the columns of all segments of a column are one family."""
    return {
        by: _by_segment(
            reference.layout.axes,
            reference.segments.get(by, {}),
            current.segments.get(by, {}),
            [column for column in columns if column.name != by],
            layout,
        )
        for by in layout.segments
    }


def _by_segment(
    axes: Mapping[str, Axis],
    reference: Mapping[str, Statistics],
    current: Mapping[str, Statistics],
    columns: list[Column],
    layout: Layout,
) -> Document:
    thresholds = layout.model.thresholds
    both = [value for value in current if value in reference]
    keys = {(value, c.name): f"{value}\0{c.name}" for value in both for c in columns}
    evidence = {
        key: ColumnEvidence(
            exceedances(_pair(axes, reference[value], current[value], name), thresholds)
        )
        for (value, name), key in keys.items()
    }
    verdicts = judge(evidence, thresholds)
    out: Document = {}
    for value in sorted(both, key=lambda v: -current[v].rows):
        found = {c.name: verdicts[keys[value, c.name]] for c in columns}
        out[value] = {
            "rows_reference": reference[value].rows,
            "rows_current": current[value].rows,
            "drifted": sum(v.verdict.value == "drifted" for v in found.values()),
            "columns": {
                name: {
                    "verdict": str(verdict.verdict),
                    "effect": _effect(verdict.metric, verdict.effect),
                    "p_adjusted": finite(verdict.p_adjusted),
                }
                for name, verdict in found.items()
            },
        }
    return out
