"""Durations on the fixed grid: bins, quantiles and sums against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tests.metrics.traffic_data import quantile_of
from watchkeeper.profiles.durations import Durations, measure_durations
from watchkeeper.profiles.log_grid import BINS, MILLISECONDS, SECONDS, LogGrid
from watchkeeper.testing.statistics import check_statistic, same

GRIDS = pytest.mark.parametrize("grid", [MILLISECONDS, SECONDS], ids=["ms", "s"])


@GRIDS
def test_edges_are_as_promised(grid: LogGrid) -> None:
    """511 edges, each bin 4.0 to 4.9 % wide, in numbers that every machine holds exactly."""
    edges = grid.edges
    assert edges.size == BINS - 1
    widths = edges[1:] / edges[:-1] - 1
    assert widths.min() > 0.04
    assert widths.max() < 0.049
    mantissas = np.frexp(edges)[0] * 512
    assert (mantissas == np.round(mantissas)).all()
    octaves = np.log2(edges[::16]) - grid.lowest
    assert (octaves == np.arange(octaves.size)).all()


@GRIDS
def test_bits_and_search_agree(grid: LogGrid) -> None:
    """The bin read off the bits is that of a search among the edges, at the edges too."""
    edges = grid.edges
    special = [0.0, -0.0, 5e-324, 2.2e-308, 1.7976931348623157e308, 1.0]
    random = np.exp(np.random.default_rng(1).uniform(-30, 40, 5000))
    values = np.concatenate(
        (edges, np.nextafter(edges, 0), np.nextafter(edges, np.inf), special, random)
    )
    assert np.array_equal(grid.codes(values), np.searchsorted(edges, values, side="right"))


@given(npst.arrays(np.float64, st.integers(0, 40), elements=st.floats(0, 1e308)))
def test_every_number_has_its_bin(values: np.ndarray) -> None:
    """The same on whatever Hypothesis finds."""
    expected = np.searchsorted(MILLISECONDS.edges, values, side="right")
    assert np.array_equal(MILLISECONDS.codes(values), expected)


@GRIDS
def test_durations_merge_as_a_statistic_must(grid: LogGrid) -> None:
    """Whatever bins the parts begin and end in, and whether they have weights."""
    rng = np.random.default_rng(2)
    pairs = [(float(x), float(w)) for x, w in zip(
        rng.lognormal(0, 4, 90), rng.choice([1.0, 1.0, 8.0], 90), strict=True
    )]  # fmt: skip
    pairs += [(-1.0, 2.0), (np.nan, 1.0), (0.0, 1.0), (1e300, 3.0)]

    def of(rows: list[tuple[float, float]]) -> Durations:
        values = np.array([x for x, _ in rows])
        return measure_durations(values, np.array([w for _, w in rows]), grid)

    check_statistic(of, pairs, parts=4)
    ones = [(x, 1.0) for x, _ in pairs]
    same(
        of(ones),
        measure_durations(np.array([x for x, _ in ones]), None, grid),
        0.0,
        "weights of 1 are no weights",
    )


@pytest.mark.parametrize("point", [0.0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0])
@pytest.mark.parametrize("kind", ["smooth", "whole", "constant", "far", "one"])
def test_quantiles_lie_in_the_bin_of_the_rows_quantile(kind: str, point: float) -> None:
    """The ends of the bin hold NumPy's quantile, weighted and not, and so bound the error."""
    rng = np.random.default_rng(3)
    values = {
        "smooth": rng.lognormal(3, 1, 4000),
        "whole": np.round(rng.lognormal(3, 1, 4000)),
        "constant": np.full(1000, 30_000.0),
        "far": np.concatenate((rng.random(500) * 1e-5, rng.random(500) * 1e9)),
        "one": np.array([17.0]),
    }[kind]
    for weights in (None, rng.choice([1.0, 3.0, 50.0], values.size)):
        exact = quantile_of(values, point, weights)
        held = measure_durations(values, weights, MILLISECONDS)
        found = held.quantile(MILLISECONDS, point)
        assert found is not None
        assert found.left <= exact <= found.right
        assert found.left <= found.value <= found.right
        inside = MILLISECONDS.edges[0] <= found.left and found.right <= MILLISECONDS.edges[-1]
        if inside:
            assert found.right - found.left <= 0.05 * found.left


def test_no_rows_have_no_quantile() -> None:
    """Nor have rows that stand for none."""
    assert Durations().quantile(MILLISECONDS, 0.5) is None
    weightless = measure_durations(np.array([1.0]), np.zeros(1), MILLISECONDS)
    assert weightless.quantile(MILLISECONDS, 0.5) is None


def test_it_is_as_long_as_the_durations_are_spread() -> None:
    """Two orders of magnitude take some hundred bins, not all of the grid."""
    values = np.random.default_rng(4).uniform(10, 1000, 100_000)
    held = measure_durations(values, None, MILLISECONDS)
    assert held.counts.size < 110
    assert held.weights.size == held.squares.size == 0
