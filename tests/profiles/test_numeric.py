"""Numeric columns: exact counts, moments, quantiles, merging."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tests.profiles.nasty import NASTY
from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles import numeric
from watchkeeper.profiles.grid import Grid, fit_grid
from watchkeeper.profiles.numeric import Numeric

FLOATS = npst.arrays(np.float64, st.integers(0, 60), elements=st.floats(width=32))


def same(a: Numeric, b: Numeric) -> bool:
    """Whether counts are equal and sums agree to floating-point reordering."""
    return (
        (a.rows, a.nulls, a.nans, a.negative_infinities, a.positive_infinities)
        == (b.rows, b.nulls, b.nans, b.negative_infinities, b.positive_infinities)
        and np.array_equal(a.counts, b.counts)
        and (a.minimum, a.maximum) == (b.minimum, b.maximum)
        and np.isclose(a.total, b.total, rtol=1e-9, atol=1e-6 * (1 + math.sqrt(a.squares)))
        and np.isclose(a.squares, b.squares, rtol=1e-9, equal_nan=True)
    )


@pytest.mark.parametrize("name", NASTY)
def test_counts_and_moments_equal_numpy(name: str) -> None:
    """Rows by kind of value are exact; mean and deviation equal NumPy's in double precision."""
    values = NASTY[name]
    grid = fit_grid(values)
    held = numeric.measure(values, 3, grid)
    finite = values[np.isfinite(values)]
    assert held.rows == values.size + 3
    assert held.missing == np.isnan(values).sum() + 3
    assert held.infinities == np.isinf(values).sum()
    assert held.finite == held.counts.sum() == finite.size
    if finite.size:
        assert (held.minimum, held.maximum) == (finite.min(), finite.max())
        exact = math.fsum(finite.tolist()) / finite.size
        spread = np.ptp(finite) if np.ptp(finite) < np.inf else np.finfo(float).max
        assert held.mean(grid) == pytest.approx(exact, rel=1e-12, abs=1e-12 * spread)
    if finite.size > 1 and name not in {"tiny and huge", "denormals"}:
        centred = finite - math.fsum(finite.tolist()) / finite.size
        exact = math.sqrt(math.fsum((centred**2).tolist()) / (finite.size - 1))
        assert held.std(grid) == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_deviation_survives_denormals_and_huge_values() -> None:
    """Scaling by a power of two keeps squares from vanishing or overflowing."""
    for name, unit in (("denormals", 5e-324), ("normal", 1e200)):
        values = NASTY[name] if name == "denormals" else NASTY[name] * unit
        grid = fit_grid(values)
        exact = np.std(values / unit, ddof=1) * unit
        assert numeric.measure(values, 0, grid).std(grid) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.75, 0.99])
def test_quantiles_lie_within_their_bin(name: str, share: float) -> None:
    """A quantile's rank is off by at most the mass of one bin."""
    values = NASTY[name][np.isfinite(NASTY[name])]
    grid = fit_grid(values)
    held = numeric.measure(values, 0, grid)
    found = held.quantile(grid, share)
    if not values.size:
        assert found is None
        return
    assert found is not None
    slack = held.counts[~grid.atoms].max(initial=0) / values.size + 2 / values.size
    assert np.mean(values < found) <= share + slack
    assert np.mean(values <= found) >= share - slack


@given(FLOATS, FLOATS, FLOATS)
def test_merging_is_associative_and_commutative(
    a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> None:
    """The order in which parts are merged changes nothing."""
    grid = fit_grid(np.concatenate((a, b)))
    x, y, z = (numeric.measure(part, i, grid) for i, part in enumerate((a, b, c)))
    assert same((x | y) | z, x | (y | z))
    assert same(x | y, y | x)
    assert same(x | numeric.empty(grid), x)


@given(FLOATS, FLOATS)
def test_profile_of_a_union_is_the_merge_of_profiles(a: np.ndarray, b: np.ndarray) -> None:
    """Rows profiled together or apart give the same statistic."""
    grid = fit_grid(a)
    together = numeric.measure(np.concatenate((a, b)), 1, grid)
    assert same(together, numeric.measure(a, 1, grid) | numeric.measure(b, 0, grid))


def test_other_grid_is_refused() -> None:
    """Counts on different grids never add."""
    one, other = fit_grid(np.arange(10.0)), fit_grid(np.arange(20.0))
    with pytest.raises(ProfileError, match="different grids"):
        numeric.empty(one) | numeric.empty(other)


def test_below_agrees_with_counting_at_edges() -> None:
    """At an edge the interpolated count is the exact one."""
    values = NASTY["heavy tails"]
    grid: Grid = fit_grid(values)
    held = numeric.measure(values, 0, grid)
    exact = [np.count_nonzero(values < edge) for edge in grid.edges]
    np.testing.assert_allclose(held.below(grid, grid.edges), exact)
