"""The grid: its bins, its bound, and what merging keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats

from tests.profiles.nasty import NASTY
from watchkeeper.profiles import numeric
from watchkeeper.profiles.grid import BINS, fit_grid, measure_bound

FLOATS = npst.arrays(np.float64, st.integers(0, 200), elements=st.floats(allow_nan=True))


def grid_distance(
    reference: np.ndarray, current: np.ndarray, sample: np.ndarray
) -> tuple[float, float]:
    """The Kolmogorov-Smirnov distance at the edges, and the bound on what it misses."""
    grid = fit_grid(sample)
    first, second = numeric.measure(reference, 0, grid), numeric.measure(current, 0, grid)
    shares = [np.cumsum(side.counts) / max(side.finite, 1) for side in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max()), measure_bound(grid, first.counts)


def moved(values: np.ndarray) -> np.ndarray:
    """The same values shifted by a quarter of their spread."""
    finite = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        spread = np.subtract(*np.quantile(finite, [0.9, 0.1])) if finite.size else 1.0
        return values + (spread or 1.0) / 4


@pytest.mark.parametrize("name", NASTY)
def test_distance_at_the_edges_is_within_the_stated_bound(name: str) -> None:
    """The exact distance is no more than the bound above the one taken at the edges."""
    reference = NASTY[name]
    for current in (moved(reference), reference[::3], np.abs(reference)):
        finite = [side[np.isfinite(side)] for side in (reference, current)]
        if min(side.size for side in finite) == 0:
            continue
        with np.errstate(divide="ignore"):  # SciPy's p-value of one row, which is not used here.
            exact = stats.ks_2samp(*finite, method="asymp").statistic
        at_edges, bound = grid_distance(finite[0], finite[1], reference)
        assert at_edges <= exact + 1e-12
        assert exact <= at_edges + bound + 1e-12


@pytest.mark.parametrize("name", ["normal", "heavy tails", "integers", "epoch seconds"])
def test_bins_hold_equal_mass(name: str) -> None:
    """No bin holds more than twice its share of a reference without heavy values."""
    values = NASTY[name]
    grid = fit_grid(values)
    assert measure_bound(grid, numeric.measure(values, 0, grid).counts) <= 2 / BINS


@pytest.mark.parametrize("name", ["ties", "constant", "signed zeros", "one row"])
def test_few_values_are_counted_exactly(name: str) -> None:
    """Where there are few values each has a bin of its own, and the bound is zero."""
    values = NASTY[name]
    grid = fit_grid(values)
    counts = numeric.measure(values, 0, grid).counts
    assert grid.discrete
    assert measure_bound(grid, counts) == 0.0
    assert sorted(counts[counts > 0]) == sorted(np.unique(values + 0.0, return_counts=True)[1])


def test_heavy_value_has_a_bin_of_its_own() -> None:
    """A value that holds most of a continuous column does not blur its neighbours."""
    values = NASTY["many ties and a tail"]
    grid = fit_grid(values)
    held = numeric.measure(values, 0, grid)
    index = np.searchsorted(grid.edges, 0.0, side="right")
    assert grid.atoms[index]
    assert held.counts[index] == 15_000
    assert not grid.discrete


@given(FLOATS, FLOATS)
def test_bound_holds_for_any_reference_and_any_window(
    reference: np.ndarray, current: np.ndarray
) -> None:
    """Whatever the data, also when the grid was fitted on a part of the reference."""
    first, second = (side[np.isfinite(side)] for side in (reference, current))
    if not first.size or not second.size:
        return
    with np.errstate(divide="ignore"):
        exact = stats.ks_2samp(first, second, method="asymp").statistic
    at_edges, bound = grid_distance(first, second, reference[::2])
    assert at_edges - 1e-9 <= exact <= at_edges + bound + 1e-9


@given(FLOATS)
def test_edges_increase_strictly(sample: np.ndarray) -> None:
    """Edges are finite and strictly increasing, and there is at least one."""
    edges = fit_grid(sample).edges
    assert edges.size >= 1
    assert np.isfinite(edges).all()
    assert (np.diff(edges) > 0).all()


def test_extra_edges_count_exactly() -> None:
    """Rows on either side of a limit are counted without interpolation."""
    values = NASTY["normal"]
    grid = fit_grid(values, extra=np.array([0.123]))
    below = numeric.measure(values, 0, grid).below(grid, np.array([0.123]))
    assert below[0] == np.count_nonzero(values < 0.123)
