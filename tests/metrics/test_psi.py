"""The population stability index against published numbers, and the peers' silent failures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.metrics.drift_columns import categorical_pair, counted_pair, numeric_pair, shared_sample
from watchkeeper.metrics.psi import psi, psi_corrected

TENTHS = [1000] * 10


def test_the_worked_example():
    """Section 15.2: PSI 0.0120825, bias 0.0099 = 9 / 1000 + 9 / 10,000, corrected 0.0021825."""
    pair = counted_pair(TENTHS, [120, 110, 90, 95, 105, 80, 100, 110, 95, 95])
    assert psi(pair).value == pytest.approx(0.0120825, abs=5e-8)
    assert psi_corrected(pair).value == pytest.approx(0.0021825, abs=5e-8)


def test_the_shared_sample():
    """Section 5.5: 0.103443 on exact reference deciles with open ends, up to one row per edge."""
    reference, current, *_ = shared_sample()
    cuts = np.quantile(reference, np.arange(1, 10) / 10)
    p, q = (
        np.bincount(np.searchsorted(cuts, x), minlength=10) / x.size for x in (reference, current)
    )
    assert np.sum((q - p) * np.log(q / p)) == pytest.approx(0.103443, abs=1e-6)
    assert psi(numeric_pair(reference, current)).value == pytest.approx(0.103443, abs=0.001)


def test_is_exact_on_deciles_that_are_edges():
    """On a hundred equal values the groups are ten values each, as one would do by hand."""
    reference = np.repeat(np.arange(100.0), 20)
    current = np.repeat(np.arange(100.0), np.arange(1, 101))
    p = np.full(10, 0.1)
    q = np.arange(1, 101).reshape(10, 10).sum(axis=1) / 5050
    oracle = np.sum((q - p) * np.log(q / p))
    assert psi(numeric_pair(reference, current)).value == pytest.approx(oracle, rel=1e-9)


def test_an_unseen_category_does_not_make_it_explode():
    """Half a row stands for none: 5 % of unseen rows are much, not infinite (Frouros: 700)."""
    estimate = psi(categorical_pair(["a"] * 5000, ["a"] * 1900 + ["new"] * 100))
    none = 0.5 / 5000.5
    oracle = (0.05 - none) * (np.log(0.05 / none) - np.log(0.95 / (1 - none)))
    assert estimate.value == pytest.approx(oracle, rel=1e-9)
    assert estimate.high < 2


def test_it_is_of_shares_not_of_counts():
    """Ten times the rows of the same shares give the same number (popmon's grows ten times)."""
    small = psi(counted_pair([500, 300, 200], [400, 350, 250])).value
    large = psi(counted_pair([5000, 3000, 2000], [4000, 3500, 2500])).value
    assert small == pytest.approx(large, rel=1e-12)
    assert psi(counted_pair([500, 300, 200], [4000, 3500, 2500])).value == pytest.approx(small)


def test_one_constant_is_not_another():
    """A column that is 5 in the reference and 7 now moved: open ends alone would hide it."""
    moved = psi(numeric_pair([5.0] * 1000, [7.0] * 1000))
    assert moved.value > 10
    assert moved.p_value < 1e-10
    assert psi(numeric_pair([5.0] * 1000, [5.0] * 900)).value == 0


def test_a_value_between_two_values_is_seen():
    """A zero-one column that becomes one half everywhere moved."""
    assert psi(numeric_pair([0.0, 1.0] * 500, [0.5] * 1000)).value > 5


def test_zero_inflated_columns_are_grouped():
    """Zeros that hold most of the reference are one group; the rest is cut where deciles fall."""
    rng = np.random.default_rng(5)
    reference = np.concatenate((np.zeros(7000), rng.exponential(size=3000)))
    same = np.concatenate((np.zeros(3500), rng.exponential(size=1500)))
    fewer = np.concatenate((np.zeros(2000), rng.exponential(size=3000)))
    assert psi(numeric_pair(reference, same)).value < 0.01
    assert psi(numeric_pair(reference, fewer)).value > 0.3


@pytest.mark.parametrize(
    ("rows", "mean", "moderate", "significant", "thousandth"),
    [
        (50, 0.18, 0.84, 0.35, 0.56),
        (100, 0.091, 0.36, 0.019, 0.28),
        (200, 0.046, 0.020, 0, 0.14),
        (500, 0.019, 3e-7, 0, 0.0585),
        (1000, 0.010, 0, 0, 0.031),
        (5000, 0.0027, 0, 0, 0.0084),
    ],
)
def test_the_table_of_the_law_without_change(rows, mean, moderate, significant, thousandth):
    """Section 8.4, 10 equal bins, reference 10,000: the bias and the p-value used here give it."""
    tenths = np.arange(10.0)
    pair = numeric_pair(np.repeat(tenths, 1000), np.repeat(tenths, rows // 10))
    bias = psi(pair).value - psi_corrected(pair).value
    assert bias == pytest.approx(mean, rel=0.02, abs=1e-4)
    law = stats.chi2(9)
    assert law.sf(0.1 / bias * 9) == pytest.approx(moderate, rel=0.03, abs=1e-4)
    assert law.sf(0.2 / bias * 9) == pytest.approx(significant, rel=0.03, abs=1e-4)
    assert law.isf(0.001) * bias / 9 == pytest.approx(thousandth, rel=0.02)


@pytest.mark.parametrize(
    ("rows", "moderate", "significant"),
    [(50, 0.874, 0.455), (100, 0.409, 0.032), (200, 0.029, 0.0), (500, 0.0, 0.0)],
)
def test_conventional_limits_alarm_on_luck(rows, moderate, significant):
    """Section 5.6, reference 5,000, 10 reference deciles: the table of 2,000 runs, here in 400."""
    rng = np.random.default_rng(rows)
    pairs = [numeric_pair(rng.normal(size=5000), rng.normal(size=rows)) for _ in range(400)]
    plain = np.array([psi(pair).value for pair in pairs])
    corrected = np.array([psi_corrected(pair).value for pair in pairs])
    # Three standard deviations of a share of 400 at most.
    assert np.mean(plain > 0.1) == pytest.approx(moderate, abs=0.075)
    assert np.mean(plain > 0.2) == pytest.approx(significant, abs=0.075)
    assert np.mean(corrected > 0.1) < 0.25 * max(np.mean(plain > 0.1), 0.01)


@pytest.mark.parametrize("rows", [50, 100, 200, 1000])
def test_the_p_value_holds_its_level(rows):
    """Without change it falls below 0.05 about 5 times in 100, from 50 rows on."""
    rng = np.random.default_rng(rows)
    shares = np.full(10, 0.1)
    p_values = [
        psi(counted_pair(rng.multinomial(5000, shares), rng.multinomial(rows, shares))).p_value
        for _ in range(800)
    ]
    assert 0.025 <= np.mean(np.array(p_values) <= 0.05) <= 0.085


def test_the_interval_covers_the_true_index():
    """95 % intervals hold the index of the distributions, with and without change."""
    rng = np.random.default_rng(3)
    p = np.full(8, 1 / 8)
    for tilt in (0.0, 0.02, 0.08):
        q = p + tilt * np.array([1, -1, 1, -1, 1, -1, 1, -1])
        truth = float(np.sum((q - p) * np.log(q / p)))
        held = 0
        for _ in range(300):
            estimate = psi(counted_pair(rng.multinomial(3000, p), rng.multinomial(1500, q)))
            held += estimate.low - 1e-12 <= truth <= estimate.high
        assert held >= 0.925 * 300


def test_symmetric_on_categories():
    """Reference and current may be swapped where the groups do not depend on the reference."""
    one, two = [400, 300, 0, 90], [100, 350, 80, 60]
    assert psi(counted_pair(one, two)).value == pytest.approx(psi(counted_pair(two, one)).value)
