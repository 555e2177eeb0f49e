"""What a sample could have seen, against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.drift_columns import counted_pair, numeric_pair
from watchkeeper.metrics.drift import ks_beyond_p
from watchkeeper.metrics.total_variation import beyond_p, chance_level
from watchkeeper.monitors.power import detectable


@pytest.mark.parametrize(("n", "m"), [(4000, 1000), (1000, 1000), (5000, 200)])
def test_the_detectable_shift_is_seen_about_four_times_in_five(n, m):
    """A normal column shifted by just that much is found in 70 to 95 of 100 samples."""
    rng = np.random.default_rng(n + m)
    found = detectable("ks", n, m, tolerance=0.05, level=0.005)
    seen = [
        ks_beyond_p(numeric_pair(rng.normal(size=n), rng.normal(size=m) + found.mean_shift), 0.05)
        <= 0.005
        for _ in range(150)
    ]
    assert 0.70 <= np.mean(seen) <= 0.97


def test_the_detectable_change_of_categories_is_seen_at_least_as_often():
    """Ten of 20 categories gain what the others lose: seen about as often as promised."""
    rng = np.random.default_rng(1)
    p = np.full(20, 0.05)
    draw = rng.multinomial(20_000, p).astype(float), rng.multinomial(1000, p).astype(float)
    found = detectable(
        "total_variation", 20_000, 1000, tolerance=0.05, level=0.005, chance=chance_level(*draw)
    )
    q = p.copy()
    q[:10] += found.value / 10
    q[10:] -= found.value / 10
    q = np.clip(q, 0, None) / np.clip(q, 0, None).sum()
    seen = [
        beyond_p(counted_pair(rng.multinomial(20_000, p), rng.multinomial(1000, q)), 0.05) <= 0.005
        for _ in range(100)
    ]
    assert np.mean(seen) >= 0.6


def test_more_rows_see_less_and_a_tolerance_is_a_floor():
    """The value falls with rows towards the tolerance, never below it, and grows with it."""
    values = [
        detectable("ks", 10 * m, m, tolerance=0.05, level=0.01).value
        for m in (100, 1000, 10_000, 10**7)
    ]
    assert values == sorted(values, reverse=True)
    assert 0.05 < values[-1] < 0.052
    assert detectable("ks", 10**8, 10**7, tolerance=0.1, level=0.01).value > 0.1


def test_more_rows_in_the_window_cannot_make_up_for_a_small_reference():
    """With 500 reference rows a window of a million sees hardly more than one of 5,000."""
    small = detectable("ks", 500, 5000, tolerance=0.05, level=0.01).value
    large = detectable("ks", 500, 1_000_000, tolerance=0.05, level=0.01).value
    assert small - large < 0.006


def test_too_few_rows_say_so():
    """Where even a complete change would be missed there is no number."""
    for found in (
        detectable("ks", 3, 3, tolerance=0.05, level=0.01),
        detectable("ks", 0, 100, tolerance=0.05, level=0.01),
    ):
        assert (found.value, found.mean_shift) == (None, None)
        assert "too few" in found.text
