"""Effects and sentences: SciPy's intervals, and what a reader is told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from watchkeeper.monitors.budget import Baseline, Effect, Level, Stream
from watchkeeper.monitors.budget.effects import effect_of
from watchkeeper.monitors.budget.verdict import sentence_of


def baseline(kind, **settings):
    """A baseline of 200 rows a window."""
    made = {"center": (0.1,), "above": 0.02, "below": 0.02, "rows": 200.0, "windows": 28}
    return Baseline(Stream("x", kind), **(made | settings))


def test_the_interval_of_a_rate_is_wilsons():
    """SciPy's, where there is no dispersion; with four times the scatter that of a quarter."""
    found = effect_of(baseline("rate"), np.array([60.0, 400.0, 40.0]), 2)
    oracle = stats.binomtest(60, 400).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=1e-6)
    assert (found.value, found.reference, found.tolerated) == pytest.approx((0.15, 0.1, 0.12))
    wide = effect_of(baseline("rate", dispersion=4.0), np.array([60.0, 400.0, 40.0]), 2)
    quarter = stats.binomtest(15, 100).proportion_ci(method="wilson")
    assert (wide.low, wide.high) == pytest.approx((quarter.low, quarter.high), abs=1e-6)


def test_the_interval_of_a_mean_is_the_normal_one():
    """Of the shift in reference standard deviations: SciPy's normal law at the rows."""
    found = effect_of(baseline("mean", variance=4.0), np.array([100.0, 70.0, 10.0]), 1)
    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high) == pytest.approx(stats.norm.interval(0.95, 0.3, 0.1), abs=1e-6)
    assert found.tolerated == pytest.approx(0.01)


def test_the_interval_of_an_estimate_weighs_its_errors():
    """Two estimates of unlike errors: their weighted mean, and its error."""
    values, weights = np.array([0.70, 0.74]), 1 / np.array([0.01, 0.02]) ** 2
    sums = np.array([values @ weights, weights.sum(), 0.8 * weights.sum()])
    found = effect_of(baseline("estimate", center=(0.8,)), sums, 2)
    assert found.value == pytest.approx(np.average(values, weights=weights))
    assert found.high - found.value == pytest.approx(1.959964 / np.sqrt(weights.sum()))
    assert found.tolerated == pytest.approx(0.78)


def test_the_interval_of_a_distribution_is_the_non_central_one():
    """Its ends give the statistic the tails of 2.5 % (SciPy); below chance it starts at 0."""
    held = baseline("distribution", tolerance=0.01)
    found = effect_of(held, np.array([60.0, 18.0, 400.0]), 2)
    assert found.value == pytest.approx(42 / 400)
    assert stats.ncx2.sf(60, 18, found.low * 400) == pytest.approx(0.025, abs=1e-6)
    assert stats.ncx2.cdf(60, 18, found.high * 400) == pytest.approx(0.025, abs=1e-6)
    none = effect_of(held, np.array([15.0, 18.0, 400.0]), 2)
    assert (none.value, none.low) == pytest.approx((0.0, 0.0), abs=1e-12)


def test_without_buckets_there_is_no_effect():
    """Nothing is measured on nothing."""
    assert effect_of(baseline("rate"), np.zeros(3), 0) is None
    assert effect_of(baseline("mean"), np.zeros(3), 1) is None


@pytest.mark.parametrize(
    ("effect", "text"),
    [
        (Effect("x", "sd", 0, -0.3, -0.5, -0.1, -0.02, 4),
         ("moved down by 0.3 reference standard deviations (0.1 to 0.5) in the last 4 buckets, "
         "0.02 is tolerated")),
        (Effect("x", "value", 0.8, 0.71, 0.69, 0.73, 0.78, 1),
         "fell from 0.8 to 0.71 (0.69 to 0.73) in the last bucket, 0.78 is tolerated"),
        (Effect("x", "psi", 0, 0.2, 0.1, 0.3, 0.01, 1200),
         ": corrected PSI 0.2 (0.1 to 0.3) in the last 1,200 buckets, 0.01 is tolerated"),
    ],
)  # fmt: skip
def test_sentences(effect, text):
    """Which way, by how much, how sure, since when, and what would be tolerated."""
    said = sentence_of(Level.ALARM, 1.0, [effect], {"x": "the score"}, ended=False)
    assert said.startswith("changed beyond the tolerance: the score")
    assert said.endswith(text)


def test_sentences_without_an_alarm():
    """Watching names the leading stream; the end of an alarm is told as such."""
    leading = [Effect("x", "rate", 0.1, 0.15, 0.12, 0.18, 0.11, 2)]
    watching = sentence_of(Level.WATCHING, 0.25, leading, {}, ended=False)
    assert watching.startswith("watching: evidence 25 % of what an alarm needs; x rose from 10 %")
    assert sentence_of(Level.QUIET, 0.0, [], {}, ended=True).startswith("back to what is tolerated")
