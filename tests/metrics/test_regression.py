"""Regression metrics equal scikit-learn's."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.performance_data import REGRESSION, held, regression_rows
from watchkeeper.metrics.performance import measure_performance_metrics, performance_pieces


def metrics(y, p, reference=None):
    """Every metric of labels and predictions."""
    return measure_performance_metrics(*held(REGRESSION, {"y": y, "p": p}, reference))


@given(
    st.integers(0, 10_000),
    st.integers(2, 200),
    st.sampled_from([0.0, 1e6, -1.7e9]),
    st.sampled_from([1e-3, 1.0, 1e5]),
)
def test_metrics_equal_scikit_learn(seed, n, offset, scale):
    """Errors, R² and percentages are scikit-learn's at any offset and scale."""
    rng = np.random.default_rng(seed)
    y = offset + scale * rng.normal(size=n)
    p = y + scale * rng.normal(size=n) * 0.5
    found = metrics(y, p)
    expected = {
        "mae": sk.mean_absolute_error(y, p),
        "rmse": sk.root_mean_squared_error(y, p),
        "mape": sk.mean_absolute_percentage_error(y, p),
        "bias": np.mean(p - y),
        "prediction_mean": p.mean(),
        "prediction_std": p.std(ddof=1),
        "prediction_min": p.min(),
        "prediction_max": p.max(),
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=1e-6, abs=1e-6 * scale), name
    # Labels of two rows may nearly agree, where R² loses digits in either implementation.
    assert found["r2"].value == pytest.approx(sk.r2_score(y, p), rel=1e-5, abs=1e-5)


def test_quantiles_stay_within_their_bound():
    """Median and percentiles of the absolute error are within the bound of the exact ones."""
    rng = np.random.default_rng(0)
    reference, rows = regression_rows(rng, 20_000), regression_rows(rng, 4001)
    found = metrics(rows["y"], rows["p"], reference)
    error = np.abs(rows["p"] - rows["y"])
    for name, share in (("median", 0.5), ("p90", 0.9), ("p95", 0.95)):
        estimate = found[f"{name}_absolute_error"]
        assert abs(estimate.value - np.quantile(error, share)) <= estimate.bound, name
        assert estimate.bound < 0.2
        assert estimate.low < estimate.value < estimate.high
    median = found["median_absolute_error"].value
    assert median == pytest.approx(sk.median_absolute_error(rows["y"], rows["p"]), rel=0.01)


def test_quantiles_of_few_rows_have_open_ends():
    """Ten rows cannot bound the 95th percentile from above; it says so."""
    rng = np.random.default_rng(1)
    rows = regression_rows(rng, 10)
    estimate = metrics(rows["y"], rows["p"])["p95_absolute_error"]
    assert estimate.high is None
    assert "too few rows" in estimate.note


def test_zero_labels_are_left_out_of_percentages():
    """A label of zero has no percentage: it is left out and counted, not made 1e15."""
    y, p = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.5, 2.0])
    found = metrics(y, p)["mape"]
    assert found.value == pytest.approx(0.25)
    assert found.n_current == 2
    assert "1 rows whose label is zero" in found.note
    assert metrics(np.zeros(3), p)["mape"].value is None


def test_equal_labels_have_no_r2():
    """R² of labels that do not vary is undefined, not 0 and not minus infinity."""
    found = metrics(np.full(50, 3.0), np.linspace(0, 1, 50))["r2"]
    assert found.value is None
    assert "equal" in found.note


def test_perfect_predictions():
    """Without any error there is no error and R² is 1."""
    y = np.arange(100.0) + 1
    found = metrics(y, y)
    for name in ("mae", "rmse", "mape", "bias", "median_absolute_error"):
        assert found[name].value == 0, name
    assert found["r2"].value == 1


def test_no_labels():
    """Without labels nothing is judged; the predictions are described all the same."""
    rows = regression_rows(np.random.default_rng(2), 100)
    found = metrics(pa.nulls(100), rows["p"], rows)
    for name in ("mae", "rmse", "r2", "mape", "bias", "p95_absolute_error"):
        assert found[name].value is None, name
        assert found[name].note, name
    assert found["prediction_mean"].value == pytest.approx(rows["p"].mean())


def test_huge_errors_do_not_become_infinite_numbers():
    """Errors whose squares overflow leave the metric undefined with a reason."""
    rows = regression_rows(np.random.default_rng(3), 100)
    found = metrics(rows["y"], np.full(100, 1e200), rows)
    assert found["rmse"].value is None
    assert "too large" in found["rmse"].note


def test_picture_of_errors_holds_every_row():
    """Shares of the errors between the edges are exact and add up to 1 on both sides."""
    rng = np.random.default_rng(4)
    reference, rows = regression_rows(rng, 5000), regression_rows(rng, 700)
    layout, before = held(REGRESSION, reference)
    _, after = held(REGRESSION, rows, reference)
    drawn = performance_pieces(layout, before, after)["errors"]
    edges = np.array(drawn["edges"])
    assert (np.diff(edges) > 0).all()
    for side, data in (("reference", reference), ("current", rows)):
        error = data["p"] - data["y"]
        inside = np.searchsorted(edges[1:-1], error, side="right")
        expected = np.bincount(inside, minlength=edges.size - 1) / error.size
        np.testing.assert_allclose(drawn[side], expected, atol=1e-12)
