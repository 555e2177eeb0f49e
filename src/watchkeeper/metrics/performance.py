"""All performance metrics of one statistic, and of two beside each other, as a report has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics import performance_charts as charts
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.calibration import CALIBRATION, calibration_drift
from watchkeeper.metrics.classification import BINARY
from watchkeeper.metrics.classification_curves import CURVES
from watchkeeper.metrics.classification_losses import LOSSES
from watchkeeper.metrics.confidence import CONFIDENCE, prediction_shares
from watchkeeper.metrics.fairness import FAIRNESS, MIN_ROWS, group_rates
from watchkeeper.metrics.intervals import compare_metric
from watchkeeper.metrics.multiclass import AVERAGES, per_class
from watchkeeper.metrics.multiclass_curves import CLASS_CURVES, class_areas
from watchkeeper.metrics.ranking import RANKING, ranking_metrics
from watchkeeper.metrics.regression import ERRORS
from watchkeeper.metrics.regression_quantiles import QUANTILES, error_quantiles
from watchkeeper.profiles.classification import Binary, BinaryLayout
from watchkeeper.profiles.multiclass import Multiclass, MulticlassLayout
from watchkeeper.profiles.performance import PerformanceLayout, PerformanceStatistic
from watchkeeper.profiles.ranking import RankingLayout
from watchkeeper.profiles.regression import Regression, RegressionLayout

PERFORMANCE: tuple[Metric, ...] = (
    *BINARY,
    *CURVES,
    *LOSSES,
    *AVERAGES,
    *CLASS_CURVES,
    *ERRORS,
    *QUANTILES,
    *RANKING,
    *CALIBRATION,
    *CONFIDENCE,
    *FAIRNESS,
)
"""Every metric of labels against predictions, in the order in which reports show them."""

_BETTER = {"higher": "lower", "lower": "higher", "either": "none", "none": "none"}
_TWO_SIDED = {"calibration_drift"}


def metric_records(layout: PerformanceLayout) -> dict[str, Metric]:
    """The metrics that a layout can have, by the name under which reports show them.

    A metric at k has a name for each k: `precision@5` stands for `precision_at_k`.
    """
    if isinstance(layout, RankingLayout):
        return {name: metric for name, (metric, _) in ranking_metrics(layout).items()}
    task, scored = _task(layout)
    return {
        metric.name: metric
        for metric in PERFORMANCE
        if task in metric.needs
        and (scored or "score" not in metric.needs)
        and metric.group != "fairness"
        and metric.name not in _TWO_SIDED
    }


def measure_performance_metrics(
    layout: PerformanceLayout, statistic: PerformanceStatistic
) -> dict[str, Estimate]:
    """Every metric of one set of rows.

    Parameters
    ----------
    layout
        How labels were counted against predictions.
    statistic
        What was counted.

    Returns
    -------
    dict[str, Estimate]
        By name, in the order of the registry, `n_current` being the rows behind each. A metric
        that these rows do not define has the value None and a note that says why.
    """
    if isinstance(layout, RankingLayout):
        return {
            name: metric.function(layout, statistic)
            if k is None
            else metric.function(layout, statistic, k)
            for name, (metric, k) in ranking_metrics(layout).items()
        }
    return {
        name: metric.function(layout, statistic) for name, metric in metric_records(layout).items()
    }


def compare_performance(
    layout: PerformanceLayout,
    reference: PerformanceStatistic | None,
    current: PerformanceStatistic | None,
) -> dict[str, dict[str, Any]]:
    """Every metric of the current rows beside the reference, as `performance.metrics` of a report.

    Returns
    -------
    dict[str, dict[str, Any]]
        By name: value, low, high, p_value (of the change), n_reference, n_current, `reference`,
        `change`, `direction` (which way is better), `unit`, `method` and `status` (None: a
        monitor decides on it). Empty where there are no current rows.
    """
    if current is None:
        return {}
    now = measure_performance_metrics(layout, current)
    before = {} if reference is None else measure_performance_metrics(layout, reference)
    records = metric_records(layout)
    entries = {
        name: performance_entry(records[name], before.get(name), estimate)
        for name, estimate in now.items()
    }
    if reference is not None and "ece" in entries and _task(layout)[1]:
        drift = calibration_drift(layout, reference, current)  # type: ignore[arg-type]  # scored tasks
        record = next(metric for metric in CALIBRATION if metric.name == "calibration_drift")
        entries["calibration_drift"] = performance_entry(record, None, drift)
    return entries


def performance_entry(
    metric: Metric, reference: Estimate | None, current: Estimate
) -> dict[str, Any]:
    """One metric as a report writes it: the current value, the reference's and the change."""
    change = None if reference is None else compare_metric(reference, current)
    shown = current
    if change is not None and reference is not None:
        shown = replace(current, p_value=change.p_value, n_reference=reference.n_current)
    entry = shown.to_dict()
    entry["reference"] = None
    if reference is not None:
        held = reference.to_dict()
        entry["reference"] = {key: held[key] for key in ("value", "low", "high")}
        entry["reference"]["n"] = reference.n_current
    entry["change"] = None
    if change is not None:
        held = change.to_dict()
        entry["change"] = {key: held[key] for key in ("value", "low", "high", "p_value")}
    entry["direction"] = _BETTER[metric.worse]
    entry["unit"] = metric.unit or None
    entry["status"] = None
    entry["method"] = metric.interval
    return entry


def performance_pieces(
    layout: PerformanceLayout,
    reference: PerformanceStatistic | None,
    current: PerformanceStatistic | None,
) -> dict[str, Any]:
    """What a report draws of performance: all but metrics, segments and fairness.

    Returns
    -------
    dict[str, Any]
        `task`, `coverage`, `confusion`, `calibration`, `roc`, `pr`, `confidence` and `errors`;
        None where a task has none, an empty list on a side without labelled rows.
    """
    sides = {"reference": reference, "current": current}
    return {
        "task": _task(layout)[0],
        "coverage": {side: coverage(part) for side, part in sides.items()},
        "confusion": charts.confusion(layout, sides),
        "calibration": charts.calibration(layout, sides),
        "roc": charts.roc(layout, sides),
        "pr": charts.pr(layout, sides),
        "confidence": charts.confidence(layout, sides),
        "errors": charts.errors(layout, sides),
    }


def performance_details(
    layout: PerformanceLayout,
    reference: PerformanceStatistic | None,
    current: PerformanceStatistic | None,
) -> dict[str, Any]:
    """The same metrics class by class, what is predicted, and how errors are spread.

    Returns
    -------
    dict[str, Any]
        `classes` (many classes: the metrics of each), `prediction` (the share of each predicted
        class) and `error_quantiles` (regression: prediction minus label); each an estimate with
        its reference and change, None where a task has none.
    """
    return {
        "classes": _entries(_class_metrics, layout, reference, current),
        "prediction": _prediction(layout, reference, current),
        "error_quantiles": _error_quantiles(layout, reference, current),
    }


def compare_fairness(
    layout: PerformanceLayout,
    reference: Mapping[str, PerformanceStatistic | None],
    current: Mapping[str, PerformanceStatistic | None],
    *,
    min_rows: int = MIN_ROWS,
) -> dict[str, Any] | None:
    """The differences between the groups of one sensitive column, and each group's rates.

    Parameters
    ----------
    reference, current
        The statistic of each group; groups that hold no rows may be absent.
    min_rows
        Groups with fewer rows behind a rate are left out of the differences.

    Returns
    -------
    dict[str, Any] | None
        Each metric of `FAIRNESS` like an entry of `performance.metrics`, and `groups`; None for
        tasks without a positive class.
    """
    if not isinstance(layout, BinaryLayout):
        return None
    before, after = (
        {name: part for name, part in side.items() if isinstance(part, Binary)}
        for side in (reference, current)
    )
    found: dict[str, Any] = {}
    for metric in FAIRNESS:
        earlier = metric.function(before, min_rows=min_rows) if before else None
        found[metric.name] = performance_entry(
            metric, earlier, metric.function(after, min_rows=min_rows)
        )
    found["groups"] = {
        name: {
            key: value.to_dict() if isinstance(value, Estimate) else value
            for key, value in group_rates(layout, part).items()
        }
        for name, part in after.items()
    }
    return found


def coverage(part: PerformanceStatistic | None) -> float | None:
    """The share of rows with label and prediction; None where there are no rows."""
    return part.labelled / part.rows if part is not None and part.rows else None


def _task(layout: PerformanceLayout) -> tuple[str, bool]:
    """The task of a layout, and whether it has probabilities."""
    match layout:
        case BinaryLayout():
            return "binary", layout.grid is not None
        case MulticlassLayout():
            return "multiclass", bool(layout.scores) or layout.confidence is not None
        case RegressionLayout():
            return "regression", False
        case RankingLayout():
            return "ranking", True


def _class_metrics(
    layout: PerformanceLayout, part: PerformanceStatistic
) -> dict[str, dict[str, Estimate]] | None:
    """Each class's metrics, for many classes."""
    if not (isinstance(layout, MulticlassLayout) and isinstance(part, Multiclass)):
        return None
    areas = class_areas(layout, part)
    return {
        name: {**found, **areas.get(name, {})} for name, found in per_class(layout, part).items()
    }


def _entries(
    measure: Any,
    layout: PerformanceLayout,
    reference: PerformanceStatistic | None,
    current: PerformanceStatistic | None,
) -> dict[str, Any] | None:
    """Estimates by class and metric, as entries with their change."""
    now = None if current is None else measure(layout, current)
    if now is None:
        return None
    before = {} if reference is None else measure(layout, reference) or {}
    return {
        group: {
            name: _plain_entry(before.get(group, {}).get(name), estimate)
            for name, estimate in found.items()
        }
        for group, found in now.items()
    }


def _plain_entry(reference: Estimate | None, current: Estimate) -> dict[str, Any]:
    """An estimate with that of the reference and the change, without the record's properties."""
    held = current.to_dict()
    if reference is None:
        return {**held, "reference": None, "change": None}
    change = compare_metric(reference, current).to_dict()
    before = reference.to_dict()
    held["p_value"], held["n_reference"] = change["p_value"], reference.n_current
    return {
        **held,
        "reference": {
            **{key: before[key] for key in ("value", "low", "high")},
            "n": reference.n_current,
        },
        "change": {key: change[key] for key in ("value", "low", "high", "p_value")},
    }


def _prediction(
    layout: PerformanceLayout,
    reference: PerformanceStatistic | None,
    current: PerformanceStatistic | None,
) -> dict[str, Any] | None:
    """The share of each predicted class."""
    if not isinstance(layout, BinaryLayout | MulticlassLayout):
        return None
    if not isinstance(current, Binary | Multiclass):
        return None
    before: dict[str, Estimate] = {}
    if isinstance(reference, Binary | Multiclass):
        before = prediction_shares(layout, reference)
    return {
        name: _plain_entry(before.get(name), estimate)
        for name, estimate in prediction_shares(layout, current).items()
    }


def _error_quantiles(
    layout: PerformanceLayout,
    reference: PerformanceStatistic | None,
    current: PerformanceStatistic | None,
) -> dict[str, Any] | None:
    """The quantiles of prediction minus label."""
    if not (isinstance(layout, RegressionLayout) and isinstance(current, Regression)):
        return None
    before = error_quantiles(layout, reference) if isinstance(reference, Regression) else {}
    return {
        name: _plain_entry(before.get(name), estimate)
        for name, estimate in error_quantiles(layout, current).items()
    }
