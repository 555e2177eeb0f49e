"""Total variation: its level of chance, and the test against a tolerance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.drift_columns import counted_pair, numeric_pair
from watchkeeper.metrics.total_variation import beyond_p, chance_level, total_variation

tables = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40)


@given(tables)
def test_is_half_the_sum_of_differences(table):
    """By its definition, on every category without pooling; undefined without rows."""
    one, two = np.array(table).T
    estimate = total_variation(counted_pair(one, two))
    if not one.sum() or not two.sum():
        assert estimate.value is None
        return
    oracle = np.abs(one / one.sum() - two / two.sum()).sum() / 2
    assert estimate.value == pytest.approx(oracle, abs=1e-12)
    assert 0 <= estimate.low <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= estimate.high <= 1


@pytest.mark.parametrize(
    ("categories", "n", "m"), [(2, 30, 50), (10, 100, 1000), (1000, 100, 100), (1000, 20_000, 100)]
)
def test_the_level_of_chance_is_the_mean_of_permutations(categories, n, m):
    """Exact given the rows of both sides together, from 2 categories to 1,000."""
    rng = np.random.default_rng(categories)
    labels = np.repeat(
        np.arange(categories), rng.multinomial(n + m, rng.dirichlet(np.ones(categories)))
    )
    counts = np.bincount(labels, minlength=categories)
    distances = []
    for _ in range(300):
        drawn = rng.choice(labels, m, replace=False)
        current = np.bincount(drawn, minlength=categories)
        distances.append(np.abs(current / m - (counts - current) / n).sum() / 2)
    expected = chance_level((counts - current).astype(float), current.astype(float))
    error = np.std(distances) / np.sqrt(300)
    assert expected == pytest.approx(np.mean(distances), abs=4 * error + 1e-12)


@pytest.mark.parametrize("where", ["largest to rarest", "to all", "from all"])
@pytest.mark.parametrize(
    ("categories", "n", "m"),
    [
        (2, 100, 100),
        (2, 10_000, 100),
        (10, 1000, 100),
        (1000, 100, 100),
        (1000, 100_000, 100),
        (1000, 5000, 5000),
    ],
)
def test_the_tolerance_test_is_valid_at_the_tolerance(categories, n, m, where):
    """Where the truth is exactly at the tolerance, alarms at 5 % come at most 5 times in 100.

    Without change they hardly come at all. The hard case is 1,000 categories and 100 rows, where
    chance alone shows a distance of 0.8.
    """
    rng = np.random.default_rng(categories + n)
    p = rng.dirichlet(np.ones(categories))
    first, last = int(np.argmax(p)), int(np.argmin(p))
    q = p.copy()
    if where == "largest to rarest":
        moved = min(0.05, p[first])
        q[first] -= moved
        q[last] += moved
    elif where == "to all":
        q[first] = max(q[first] - 0.05, 0)
        q += (1 - q.sum()) * p
    else:
        q = q * 0.95
        q[last] += 0.05
    q = np.clip(q, 0, None) / np.clip(q, 0, None).sum()
    tolerance = np.abs(p - q).sum() / 2
    alarms = sum(
        beyond_p(counted_pair(rng.multinomial(n, p), rng.multinomial(m, q)), tolerance) <= 0.05
        for _ in range(200)
    )
    assert alarms <= 18  # 10 expected at most; 2.6 standard deviations.


def test_the_tolerance_test_has_power():
    """A third of the rows that changed category are found with 200 rows, a tenth with 5,000."""
    rng = np.random.default_rng(2)
    p = np.full(20, 0.05)
    for m, moved in ((200, 0.33), (5000, 0.11)):
        q = p * (1 - moved)
        q[0] += moved
        found = [
            beyond_p(counted_pair(rng.multinomial(50_000, p), rng.multinomial(m, q)), 0.05) < 0.001
            for _ in range(40)
        ]
        assert sum(found) >= 38


def test_a_category_swap_of_two_is_exact():
    """With two categories the test is that of two shares: no level of chance is added."""
    pair = counted_pair([50_000, 50_000], [350, 650])
    assert beyond_p(pair, 0.05) < 1e-8
    assert beyond_p(pair, 0.15) > 0.9


def test_the_interval_covers_the_true_distance():
    """95 % intervals hold the truth, also where 200 categories meet 300 rows."""
    rng = np.random.default_rng(7)
    for categories in (3, 200):
        p = rng.dirichlet(np.ones(categories))
        q = np.roll(p, 1) * 0.3 + p * 0.7
        truth = np.abs(p - q).sum() / 2
        held = 0
        for _ in range(150):
            estimate = total_variation(
                counted_pair(rng.multinomial(3000, p), rng.multinomial(300, q))
            )
            held += estimate.low <= truth <= estimate.high
        assert held >= 140


def test_of_numbers_is_on_deciles():
    """Moving the lowest tenth to the top is a tenth of the rows."""
    reference = np.arange(10_000.0)
    current = np.where(reference < 1000, 9500.0, reference)
    assert total_variation(numeric_pair(reference, current)).value == pytest.approx(0.1, abs=0.002)
