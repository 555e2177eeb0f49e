"""The metrics of a column together, and the tests that a verdict rests on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.metrics.drift_columns import categorical_pair, numeric_pair
from watchkeeper.core.model import Thresholds
from watchkeeper.metrics.drift import exceedances, ks_beyond_p, measure_column

NUMERIC = {
    "ks",
    "wasserstein",
    "mean_shift",
    "psi",
    "psi_corrected",
    "jensen_shannon",
    "jensen_shannon_corrected",
    "kl_divergence",
    "kl_divergence_corrected",
    "hellinger",
    "total_variation",
    "anderson_darling",
    "cramer_von_mises",
    "energy_distance",
    "missing_share",
}
CATEGORICAL = {
    "psi",
    "psi_corrected",
    "jensen_shannon",
    "jensen_shannon_corrected",
    "kl_divergence",
    "kl_divergence_corrected",
    "hellinger",
    "total_variation",
    "chi_squared",
    "g_test",
    "missing_share",
    "new_category_share",
    "vanished_category_share",
}


def test_every_kind_has_its_metrics():
    """The names that the report's contract lists, no more and no fewer."""
    assert measure_column(numeric_pair([1.0, 2.0], [1.0])).keys() == NUMERIC
    assert measure_column(categorical_pair(["a"], ["a"])).keys() == CATEGORICAL


@pytest.mark.parametrize(("n", "m"), [(100, 100), (100, 10_000), (10_000, 100), (1000, 1000)])
@pytest.mark.parametrize("where", ["shift", "low to high", "two values", "rare value", "both ends"])
def test_the_tolerance_test_of_numbers_is_valid_at_the_tolerance(n, m, where):
    """Where the true distance is exactly 0.05, alarms at 5 % come at most 5 times in 100."""
    rng = np.random.default_rng(n + m)
    alarms = 0
    for _ in range(200):
        reference, current = rng.random(n), rng.random(m)
        if where == "shift":
            reference, current = stats.norm.ppf(reference), stats.norm.ppf(current) + 0.12541
        elif where == "low to high":
            current = np.where(current < 0.05, 0.95 + current, current)
        elif where == "two values":
            reference, current = (reference < 0.5).astype(float), (current < 0.55).astype(float)
        elif where == "rare value":
            reference, current = (reference < 0.01).astype(float), (current < 0.06).astype(float)
        else:
            current = np.where(np.abs(current - 0.5) > 0.45, 0.5, current)
        alarms += ks_beyond_p(numeric_pair(reference, current), 0.05) <= 0.05
    assert alarms <= 18  # 10 expected at most; 2.6 standard deviations.


def test_half_a_column_null_is_beyond_tolerance():
    """Evidently drops the nulls and calls such a column stable."""
    rng = np.random.default_rng(1)
    distribution, missing = exceedances(
        numeric_pair(rng.normal(size=1000), rng.normal(size=500), nulls=(0, 500)), Thresholds()
    )
    assert distribution.p_beyond == 1
    assert missing.p_beyond < 1e-100
    assert (missing.reference, missing.current) == (0, 0.5)


def test_the_tolerances_are_those_of_the_thresholds():
    """Each of the three is read: a parameter that is ignored fails here."""
    pair = categorical_pair(
        ["a", "b"] * 5000, ["a"] * 700 + ["b"] * 200 + ["c"] * 100, nulls=(0, 90)
    )
    loose = Thresholds(tolerance=0.9, tolerance_missing=0.9, max_unseen=0.9)
    assert all(e.p_beyond < 1e-4 for e in exceedances(pair, Thresholds()))
    assert all(e.p_beyond > 0.9 for e in exceedances(pair, loose))


def test_the_order_of_rows_does_not_matter():
    """A column and its reverse have the same metrics, and NaN rows change only missing values."""
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=900), rng.normal(size=700)
    plain = measure_column(numeric_pair(reference, current))
    turned = measure_column(numeric_pair(reference[::-1], current[::-1]))
    holes = measure_column(numeric_pair(reference, np.append(current, [np.nan] * 50)))
    for name, estimate in plain.items():
        assert turned[name].value == pytest.approx(estimate.value, rel=1e-9)
        if name != "missing_share":
            assert holes[name].value == estimate.value
    assert holes["missing_share"].value == pytest.approx(50 / 750)
