"""A regression's labels against its predictions."""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np
import pyarrow as pa

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Model
from watchkeeper.profiles import numeric
from watchkeeper.profiles.base import Floats
from watchkeeper.profiles.grid import Grid, fit_grid
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.outcomes import aligned, column_of, products_of, shaped

TERMS = ("one", "error", "absolute", "square", "label", "label_square", "nonzero", "relative")
"""What the products are taken of, row by row: 1, e, |e|, e², z, z², [y ≠ 0], |e / y|, with the
error e = (prediction - label) / scale and z = (label - shift) / scale."""


class RegressionLayout(msgspec.Struct, frozen=True, tag="regression"):
    """How a regression's rows are counted.

    Attributes
    ----------
    shift, scale
        Labels enter as `(label - shift) / scale`, errors as `error / scale`, so that sums keep
        their digits.
    errors, absolute, predictions
        The bins of `prediction - label`, of its absolute value, and of the prediction.
    """

    shift: float
    scale: float
    errors: Grid
    absolute: Grid
    predictions: Grid


class Regression(msgspec.Struct, frozen=True, tag="regression"):
    """What a profile holds of a regression's labels and predictions.

    Attributes
    ----------
    rows, labelled
        All rows, and those with a finite label and a finite prediction.
    products
        Sums over the labelled rows of the products of each two of `TERMS`, shape (8, 8). Every
        metric is a function of the means in its first row, and its variance of the covariances
        that the whole matrix gives.
    errors, absolute
        The distribution of `prediction - label` and of its absolute value on the labelled rows.
    predictions
        The distribution of all predictions.
    """

    rows: int
    labelled: int
    products: Floats
    errors: Numeric
    absolute: Numeric
    predictions: Numeric

    def __post_init__(self) -> None:
        """Shape arrays that come flat from a file."""
        shaped(self, "products", (len(TERMS), len(TERMS)))

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of rows."""
        if self.products.shape != other.products.shape:
            raise ProfileError("two profiles of one regression hold different sums")
        return type(self)(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.products + other.products,
            self.errors | other.errors,
            self.absolute | other.absolute,
            self.predictions | other.predictions,
        )


def fit(model: Model, sample: pa.Table) -> RegressionLayout | None:
    """The layout of a regression; None where it has no prediction."""
    if model.prediction is None or model.prediction not in sample.schema.names:
        return None
    label = aligned(column_of(sample, model.label))
    prediction = aligned(column_of(sample, model.prediction))
    labels = fit_grid(label)
    error = prediction - label
    return RegressionLayout(
        labels.shift, labels.scale, fit_grid(error), fit_grid(np.abs(error)), fit_grid(prediction)
    )


def fits(layout: RegressionLayout, part: Regression) -> bool:
    """Whether the statistic stands on the layout and counts no rows below zero."""
    pairs = (
        (layout.errors, part.errors),
        (layout.absolute, part.absolute),
        (layout.predictions, part.predictions),
    )
    counted = all(held.counts.shape == (grid.bins,) for grid, held in pairs)
    return counted and all(held.counts.min() >= 0 for _, held in pairs)


def empty(layout: RegressionLayout) -> Regression:
    """The statistic of no rows."""
    return Regression(
        0,
        0,
        np.zeros((len(TERMS), len(TERMS))),
        numeric.empty(layout.errors),
        numeric.empty(layout.absolute),
        numeric.empty(layout.predictions),
    )


def measure(layout: RegressionLayout, model: Model, batch: pa.RecordBatch) -> Regression:
    """The kernel: one matrix product for all sums, one sort for each grid."""
    label = aligned(column_of(batch, model.label))
    prediction = aligned(column_of(batch, model.prediction))
    known = ~np.isnan(prediction)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        error = prediction - label
        both = np.isfinite(error)
        terms = _terms(error[both], label[both], layout)
        products = products_of(terms)
    raw = error[both]
    return Regression(
        rows=label.size,
        labelled=raw.size,
        products=products,
        errors=numeric.measure(raw, 0, layout.errors),
        absolute=numeric.measure(np.abs(raw), 0, layout.absolute),
        predictions=numeric.measure(
            prediction[known], int(label.size - np.count_nonzero(known)), layout.predictions
        ),
    )


def _terms(error: Floats, label: Floats, layout: RegressionLayout) -> Floats:
    """The values of `TERMS` in each row, shape (8, rows)."""
    e = error / layout.scale
    z = (label - layout.shift) / layout.scale
    nonzero = label != 0
    size = np.abs(e)
    relative = np.divide(np.abs(error), np.abs(label), out=np.zeros_like(e), where=nonzero)
    return np.stack((np.ones_like(e), e, size, e * e, z, z * z, nonzero.astype(float), relative))
