"""Intervals: published values, and the laws that tie them together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.intervals import (
    bounded,
    combine,
    compare_metric,
    positive,
    quantile_t,
    share_estimate,
    symmetric,
    wilson,
)


@given(st.integers(1, 500), st.data())
def test_wilson_equals_scipy(n, data):
    """Wilson's interval is that of scipy.stats.binomtest."""
    hits = data.draw(st.integers(0, n))
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_difference_of_shares_is_newcombes(first, second, low, high):
    """The change of a share has the interval that Newcombe's paper prints."""
    change = compare_metric(share_estimate(*second, ""), share_estimate(*first, ""))
    assert change.low == pytest.approx(low, abs=6e-5)
    assert change.high == pytest.approx(high, abs=6e-5)


@given(
    st.tuples(*[st.floats(-5, 5)] * 2),
    st.tuples(*[st.floats(0.01, 3)] * 4),
)
def test_p_value_and_interval_agree(values, widths):
    """The p-value lies under 5 % exactly where the interval of the change leaves zero out."""
    (a, b), (w, x, y, z) = values, widths
    change = compare_metric(Estimate(a, a - w, a + x), Estimate(b, b - y, b + z))
    assert change.low <= change.value <= change.high
    if abs(change.p_value - 0.05) > 1e-9:
        assert (change.p_value < 0.05) == (change.low > 0 or change.high < 0)


def test_p_value_of_two_normal_means_is_the_z_test():
    """For symmetric intervals the p-value is that of the z-test."""
    a, b = Estimate(1.0, *symmetric(1.0, 0.04)), Estimate(1.5, *symmetric(1.5, 0.09))
    from scipy.stats import norm

    expected = 2 * norm.sf(0.5 / np.sqrt(0.13))
    assert compare_metric(a, b).p_value == pytest.approx(expected, rel=1e-9)


def test_undefined_sides():
    """Without a value on either side the change is undefined and says why."""
    known, unknown = share_estimate(1, 2, ""), Estimate(None, note="no rows")
    assert compare_metric(unknown, known).value is None
    assert "reference rows: no rows" in compare_metric(unknown, known).note
    assert "current rows: no rows" in compare_metric(known, unknown).note
    assert compare_metric(known, Estimate(0.5)).low is None


def test_rows_of_both_sides_are_kept():
    """The change tells the rows of both sides."""
    change = compare_metric(share_estimate(1, 20, ""), share_estimate(1, 30, ""))
    assert (change.n_reference, change.n_current) == (20, 30)


@given(st.floats(0.001, 0.999), st.floats(1e-6, 0.2), st.integers(1, 1000))
def test_bounded_stays_inside(value, variance, rows):
    """A logit interval holds its value and never leaves the range."""
    low, high = bounded(value, variance, rows)
    assert 0 <= low <= value <= high <= 1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_bounded_at_a_border_is_wilsons(value):
    """Where no row moves the value, Wilson's interval for that many rows stands in."""
    assert bounded(value, 0.0, 50) == wilson(value * 50, 50)
    low, high = bounded(2 * value - 1, 0.0, 50, lowest=-1)
    assert (low, high) == pytest.approx([2 * end - 1 for end in wilson(value * 50, 50)])


def test_bounded_with_minus_one_is_fishers_z():
    """On the range from -1 to 1 the logit is twice Fisher's z."""
    low, high = bounded(0.5, 0.01, 99, lowest=-1)
    spread = quantile_t(None) * 0.1 / (1 - 0.25)
    assert (low, high) == pytest.approx(
        (np.tanh(np.arctanh(0.5) - spread), np.tanh(np.arctanh(0.5) + spread))
    )


def test_not_finite_has_no_interval():
    """NaN and infinity never become an interval."""
    nan = float("nan")
    assert bounded(nan, 1, 1) == positive(1, nan) == symmetric(nan, 1) == (None, None)
    assert positive(0.0, 1.0) == (None, None)


def test_combined_interval_of_a_difference():
    """A difference as a weighted sum is that of `compare_metric`."""
    a, b = share_estimate(5, 50, ""), share_estimate(9, 40, "")
    change = compare_metric(a, b)
    found = combine(
        np.array([1.0, -1.0]), np.array([b.value, a.value]), [(b.low, b.high), (a.low, a.high)]
    )
    assert found == pytest.approx((change.value, change.low, change.high))


def test_combined_interval_knows_correlation():
    """Perfectly correlated parts add their widths, independent ones their squares."""
    weights, values, ends = np.array([0.5, 0.5]), np.array([0.5, 0.5]), [(0.4, 0.6)] * 2
    assert combine(weights, values, ends)[1] == pytest.approx(0.5 - 0.1 / np.sqrt(2))
    assert combine(weights, values, ends, np.ones((2, 2)))[1] == pytest.approx(0.4)
