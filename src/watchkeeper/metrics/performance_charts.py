"""What a report draws of performance: plain values for both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from watchkeeper.metrics.calibration import calibration_curve
from watchkeeper.metrics.classification import confusion_of
from watchkeeper.metrics.classification_curves import pr_points, roc_points
from watchkeeper.metrics.confidence import LOW, confidence_distribution
from watchkeeper.profiles.classification import Binary, BinaryLayout
from watchkeeper.profiles.multiclass import OTHER, Multiclass, MulticlassLayout
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.performance import PerformanceLayout, PerformanceStatistic
from watchkeeper.profiles.regression import Regression, RegressionLayout

ERROR_BINS = 30
"""Bins of the picture of a regression's errors."""

Sides = Mapping[str, PerformanceStatistic | None]


def confusion(layout: PerformanceLayout, sides: Sides) -> dict[str, Any] | None:
    """Counts by (truth, prediction); `(other)` only where either side has any."""
    if not isinstance(layout, BinaryLayout | MulticlassLayout):
        return None
    labels: list[str] = list(layout.classes)
    tables = {
        side: confusion_of(part)
        for side, part in sides.items()
        if isinstance(part, Binary | Multiclass)
    }
    if isinstance(layout, MulticlassLayout):
        if any(table[-1].any() or table[:, -1].any() for table in tables.values()):
            labels.append(OTHER)
        else:
            tables = {side: table[:-1, :-1] for side, table in tables.items()}
    found: dict[str, Any] = {"labels": labels}
    for side in sides:
        empty = np.zeros((len(labels), len(labels)), dtype=np.int64)
        found[side] = tables.get(side, empty).tolist()
    return found


def calibration(layout: PerformanceLayout, sides: Sides) -> dict[str, Any] | None:
    """The calibration curve of each side."""
    if isinstance(layout, BinaryLayout | MulticlassLayout):
        return _both(sides, lambda part: calibration_curve(layout, part), [])
    return None


def confidence(layout: PerformanceLayout, sides: Sides) -> dict[str, Any] | None:
    """The distribution of confidence of each side."""
    if isinstance(layout, BinaryLayout | MulticlassLayout):
        empty: dict[str, Any] = {"mean": None, "low_share": None, "below": LOW, "counts": []}
        return _both(sides, lambda part: confidence_distribution(layout, part), empty)
    return None


def roc(layout: PerformanceLayout, sides: Sides) -> dict[str, Any] | None:
    """The ROC curve of each side, for two classes."""
    if isinstance(layout, BinaryLayout):
        return _both(sides, lambda part: roc_points(layout, part), [])
    return None


def pr(layout: PerformanceLayout, sides: Sides) -> dict[str, Any] | None:
    """The precision-recall curve of each side, for two classes."""
    if isinstance(layout, BinaryLayout):
        return _both(sides, lambda part: pr_points(layout, part), [])
    return None


def _both(sides: Sides, draw: Callable[[Any], Any], empty: Any) -> dict[str, Any] | None:
    """What is drawn of each side, `empty` for one without it; None where neither side has it."""
    found = {side: None if part is None else draw(part) for side, part in sides.items()}
    if all(value is None for value in found.values()):
        return None
    return {side: empty if value is None else value for side, value in found.items()}


def errors(layout: PerformanceLayout, sides: Sides) -> dict[str, Any] | None:
    """The distribution of prediction minus label: shares of the labelled rows in each bin.

    Edges are edges of the layout's grid, so the shares are exact. They lie near equal steps
    between the 0.5th and 99.5th percentile of both sides together; the outermost reach as far as
    any error does.
    """
    if not isinstance(layout, RegressionLayout):
        return None
    held = {
        side: part.errors
        for side, part in sides.items()
        if isinstance(part, Regression) and part.labelled
    }
    if not held:
        return None
    places = _places(layout, list(held.values()))
    lowest = min(part.minimum for part in held.values() if part.minimum is not None)
    highest = max(part.maximum for part in held.values() if part.maximum is not None)
    inner = layout.errors.edges[places]
    edges = [min(lowest, float(inner[0])), *inner.tolist(), max(highest, float(inner[-1]))]
    found: dict[str, Any] = {"edges": edges}
    for side in sides:
        part = held.get(side)
        found[side] = []
        if part is not None:
            counts = np.add.reduceat(part.counts, np.concatenate(([0], places + 1)))
            found[side] = (counts / part.finite).tolist()
    return found


def _places(layout: RegressionLayout, held: list[Numeric]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Which edges of the grid a picture uses."""
    grid = layout.errors
    lows = [part.quantile(grid, 0.005) for part in held]
    highs = [part.quantile(grid, 0.995) for part in held]
    low = min(value for value in lows if value is not None)
    high = max(value for value in highs if value is not None)
    wanted = np.linspace(low, high, ERROR_BINS - 1)
    near = np.searchsorted(grid.edges, wanted).clip(1, grid.edges.size - 1)
    left, right = grid.edges[near - 1], grid.edges[near]
    near = np.where(wanted - left < right - wanted, near - 1, near)
    return np.unique(near).astype(np.int64)
