"""What metrics derive from two statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.drift_columns import categorical_pair, counted_pair, numeric_pair
from tests.profiles.nasty import NASTY
from watchkeeper.metrics.chi_squared import chi_squared
from watchkeeper.metrics.total_variation import total_variation


@pytest.mark.parametrize("name", NASTY)
def test_groups_hold_every_row_and_are_about_tenths(name):
    """Groups add up to the rows with a value; none is empty on both sides."""
    column = NASTY[name]
    pair = numeric_pair(column, column[::2])
    one, two = pair.groups
    assert (one.sum(), two.sum()) == (pair.n_reference, pair.n_current)
    assert np.all(one + two > 0) or pair.n_reference == 0
    if name in {"normal", "heavy tails", "integers", "epoch seconds"}:
        assert len(one) == 10
        assert one / one.sum() == pytest.approx(0.1, abs=2 / len(column))


@given(st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_pooling_depends_on_both_sides_together(counts):
    """Swapping the sides pools the same categories."""
    current = counts[::-1]
    one = counted_pair(counts, current).groups
    two = counted_pair(current, counts).groups
    assert np.array_equal(one[0], two[1])
    assert np.array_equal(one[1], two[0])


def test_many_rare_categories_are_compared_fairly():
    """A vocabulary chosen by the reference's luck must not look like drift.

    30,000 equally rare categories: the 1,000 that the reference happened to have most often are
    fewer in any other sample, a difference that exists only by selection.
    """
    rng = np.random.default_rng(1)
    pair = categorical_pair(rng.integers(0, 30_000, 60_000), rng.integers(0, 30_000, 60_000))
    assert pair.truncated
    reference, current = pair.known
    assert reference[:1000].sum() > 1.5 * current[:1000].sum()  # The trap.
    assert total_variation(pair).value is None
    assert chi_squared(pair).value is None


def test_frequent_categories_among_many_rare_ones_are_still_compared():
    """A fifth of the rows changes from one large category to another: seen, rare ones or not."""
    rng = np.random.default_rng(2)

    def column(share):
        large = rng.choice(["x", "y"], 30_000, p=[share, 1 - share])
        return np.concatenate((large, rng.integers(0, 20_000, 30_000).astype(str)))

    same = categorical_pair(column(0.5), column(0.5))
    moved = categorical_pair(column(0.5), column(0.9))
    assert same.truncated
    assert chi_squared(same).p_value > 0.001
    assert total_variation(moved).value == pytest.approx(0.2, abs=0.02)
