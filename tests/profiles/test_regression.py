"""Regression sums: exact at any offset and scale."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.core.model import Model, Task
from watchkeeper.profiles import regression
from watchkeeper.profiles.regression import TERMS

MODEL = Model("m", (), task=Task.REGRESSION, label="y", prediction="p")


def measured(y, p):
    """Layout and statistic of labels and predictions on themselves."""
    table = pa.table({"y": pa.array(y), "p": pa.array(p)})
    layout = regression.fit(MODEL, table)
    assert layout is not None
    return layout, regression.measure(layout, MODEL, table.to_batches()[0])


@pytest.mark.parametrize("offset", [0.0, 1.7e9, -1e12])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_products_keep_their_digits(offset, scale):
    """Means and squares of errors and labels agree with exact rational arithmetic."""
    rng = np.random.default_rng(0)
    y = offset + scale * rng.normal(size=300)
    p = y + scale * rng.normal(size=300)
    layout, part = measured(y, p)
    e = [Fraction(b - a) for a, b in zip(y.tolist(), p.tolist(), strict=True)]
    at = {name: place for place, name in enumerate(TERMS)}
    error = float(sum(e)) / layout.scale
    assert part.products[0, at["error"]] == pytest.approx(error, rel=1e-9, abs=1e-9)
    square = float(sum(x * x for x in e)) / layout.scale**2
    assert part.products[0, at["square"]] == pytest.approx(square, rel=1e-12)
    z = [(Fraction(value) - Fraction(layout.shift)) for value in y.tolist()]
    squares = float(sum(x * x for x in z)) / layout.scale**2
    assert part.products[0, at["label_square"]] == pytest.approx(squares, rel=1e-12)


def test_rows_without_either_are_not_labelled():
    """Null, NaN and infinite labels or predictions are left out; predictions are all kept."""
    nan, inf = float("nan"), float("inf")
    _, part = measured([1.0, None, nan, inf, 2.0], [1.5, 2.0, 3.0, 4.0, None])
    assert (part.rows, part.labelled) == (5, 1)
    assert part.predictions.finite == 4
    assert part.products[0, 0] == 1


def test_grids_hold_errors_and_their_size():
    """The signed errors and their absolute values are both counted."""
    _, part = measured([0.0, 0.0, 0.0], [-1.0, 2.0, 3.0])
    assert (part.errors.minimum, part.errors.maximum) == (-1.0, 3.0)
    assert (part.absolute.minimum, part.absolute.maximum) == (1.0, 3.0)
