"""Labels against predictions: which statistic a task needs, and its merge."""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Model, Task
from watchkeeper.profiles import classification, multiclass, ranking, regression
from watchkeeper.profiles.classification import Binary, BinaryLayout
from watchkeeper.profiles.multiclass import Multiclass, MulticlassLayout
from watchkeeper.profiles.ranking import Ranking, RankingLayout
from watchkeeper.profiles.regression import Regression, RegressionLayout

PerformanceLayout: TypeAlias = BinaryLayout | MulticlassLayout | RegressionLayout | RankingLayout
"""How labels are counted against predictions, by task."""

PerformanceStatistic: TypeAlias = Binary | Multiclass | Regression | Ranking
"""The counts and sums of labels against predictions, by task."""


def fit_performance(model: Model, sample: pa.Table) -> PerformanceLayout | None:
    """Choose how labels are counted against predictions, from a sample of the reference.

    Parameters
    ----------
    model
        The task, and the columns that play the roles.
    sample
        Rows of the reference.

    Returns
    -------
    PerformanceLayout | None
        None where the model has no task or neither a prediction nor a score. A model without a
        label has a layout too: confidence and the share of predictions need none.

    Raises
    ------
    ModelError
        Where the classes of a binary model cannot be told.
    """
    if model.task is Task.BINARY:
        return classification.fit(model, sample)
    if model.task is Task.MULTICLASS:
        return multiclass.fit(model, sample)
    if model.task is Task.REGRESSION:
        return regression.fit(model, sample)
    if model.task is Task.RANKING:
        return ranking.fit(model, sample)
    return None


def measure_performance(
    layout: PerformanceLayout, model: Model, batch: pa.RecordBatch
) -> PerformanceStatistic:
    """The statistic of the rows of one batch.

    Rows without label or prediction are in `rows` but not in `labelled`. For a ranking, all rows
    of a query must be in the batch.
    """
    match layout:
        case BinaryLayout():
            return classification.measure(layout, model, batch)
        case MulticlassLayout():
            return multiclass.measure(layout, model, batch)
        case RegressionLayout():
            return regression.measure(layout, model, batch)
        case RankingLayout():
            return ranking.measure(layout, model, batch)


def empty_performance(layout: PerformanceLayout | None) -> PerformanceStatistic | None:
    """The statistic of no rows: the identity of merging; None without a layout.

    >>> empty_performance(None) is None
    True
    """
    match layout:
        case BinaryLayout():
            return classification.empty(layout)
        case MulticlassLayout():
            return multiclass.empty(layout)
        case RegressionLayout():
            return regression.empty(layout)
        case RankingLayout():
            return ranking.empty(layout)
        case None:
            return None


def fits_performance(layout: PerformanceLayout | None, part: PerformanceStatistic | None) -> bool:
    """Whether a statistic, perhaps from a stranger's file, stands on the layout.

    >>> fits_performance(None, None)
    True
    """
    if part is None:
        return True
    match layout, part:
        case BinaryLayout(), Binary():
            return classification.fits(layout, part)
        case MulticlassLayout(), Multiclass():
            return multiclass.fits(layout, part)
        case RegressionLayout(), Regression():
            return regression.fits(layout, part)
        case RankingLayout(), Ranking():
            return ranking.fits(layout, part)
        case _:
            return False


def merge_performance(
    a: PerformanceStatistic | None, b: PerformanceStatistic | None
) -> PerformanceStatistic | None:
    """Merge two parts; None is a part that was not measured.

    Raises
    ------
    ProfileError
        Where the parts belong to different tasks or layouts.
    """
    if a is None or b is None:
        return a if b is None else b
    if type(a) is not type(b):
        raise ProfileError(
            f"a {type(a).__name__.lower()} and a {type(b).__name__.lower()} cannot be merged; "
            "profile both on one layout"
        )
    return a | b  # type: ignore[operator]  # one type, checked above
