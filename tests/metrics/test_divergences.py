"""Kullback-Leibler, Jensen-Shannon and Hellinger against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from tests.metrics.drift_columns import categorical_pair, counted_pair, shared_sample
from watchkeeper.metrics.hellinger import hellinger
from watchkeeper.metrics.jensen_shannon import jensen_shannon, jensen_shannon_corrected
from watchkeeper.metrics.kl_divergence import kl_divergence, kl_divergence_corrected

tables = st.lists(st.tuples(st.integers(40, 5000), st.integers(40, 5000)), min_size=2, max_size=30)


@given(tables)
def test_equal_scipys_on_well_filled_categories(table):
    """With rows enough in every category there is neither pooling nor smoothing."""
    one, two = np.array(table).T
    p, q = one / one.sum(), two / two.sum()
    both = one + two
    if both.min() * min(one.sum(), two.sum()) < 5 * both.sum():
        return
    pair = counted_pair(one, two)
    assert kl_divergence(pair).value == pytest.approx(stats.entropy(q, p), abs=1e-12)
    root = distance.jensenshannon(p, q, base=2)
    assert jensen_shannon(pair).value == pytest.approx(
        0 if math.isnan(root) else root**2, abs=1e-12
    )
    oracle = math.sqrt(max(1 - np.sum(np.sqrt(p * q)), 0))
    assert hellinger(pair).value == pytest.approx(oracle, abs=1e-7)


def test_the_shared_sample():
    """Section 5.5: JS distance 0.330935 (base 2) and Hellinger 0.325024, where all peers agree."""
    *_, reference, current = shared_sample()
    pair = categorical_pair(reference, current)
    assert math.sqrt(jensen_shannon(pair).value) == pytest.approx(0.330935, abs=1e-6)
    assert hellinger(pair).value == pytest.approx(0.325024, abs=1e-6)


def test_the_direction_is_current_from_reference():
    """A category that half vanished costs less than one that doubled: the direction matters."""
    halved = kl_divergence(counted_pair([5000, 5000], [7500, 2500])).value
    p, q = np.array([0.5, 0.5]), np.array([0.75, 0.25])
    assert halved == pytest.approx(np.sum(q * np.log(q / p)), rel=1e-9)
    assert halved != pytest.approx(np.sum(p * np.log(p / q)), rel=1e-2)


def test_nothing_in_common_is_one_and_finite():
    """Disjoint categories: JS and Hellinger are 1, KL is large but finite."""
    pair = categorical_pair(["a"] * 500, ["b"] * 500)
    assert jensen_shannon(pair).value == 1
    assert hellinger(pair).value == 1
    assert 5 < kl_divergence(pair).value < 10


@pytest.mark.parametrize("metric", [kl_divergence_corrected, jensen_shannon_corrected])
@pytest.mark.parametrize("rows", [200, 2000])
def test_corrected_values_are_zero_on_average_without_change(metric, rows):
    """The bias of the plain value is taken off, at either size of the sample."""
    rng = np.random.default_rng(rows)
    shares = rng.dirichlet(np.full(12, 4.0))
    values = [
        metric(counted_pair(rng.multinomial(4000, shares), rng.multinomial(rows, shares))).value
        for _ in range(400)
    ]
    spread = np.std(values)
    assert abs(np.mean(values)) < 4 * spread / 20 + 0.1 * spread


@pytest.mark.parametrize("metric", [kl_divergence, jensen_shannon, hellinger])
@pytest.mark.parametrize("tilt", [0.0, 0.02, 0.08])
def test_intervals_cover_the_true_value(metric, tilt):
    """95 % intervals hold the divergence of the distributions, with and without change."""
    rng = np.random.default_rng(4)
    p = np.full(6, 1 / 6)
    q = p + tilt * np.array([1, -1, 1, -1, 1, -1])
    truth = metric(counted_pair((p * 6e12).astype(int), (q * 6e12).astype(int))).value
    held = 0
    for _ in range(200):
        estimate = metric(counted_pair(rng.multinomial(2000, p), rng.multinomial(1000, q)))
        held += estimate.low - 1e-5 <= truth <= estimate.high + 1e-12
    assert held >= 184
