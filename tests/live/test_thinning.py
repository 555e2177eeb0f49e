"""Rows of unequal weight, thinned to equal ones."""

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.app.live.thinning import thinned


def table(weights: list[float | None]) -> pa.Table:
    """Rows with ids and weights."""
    return pa.table({"_id": [f"p{i}" for i in range(len(weights))], "_weight": weights})


@pytest.mark.parametrize("weights", [[1.0, 1.0], [None, 1.0], [10.0, 10.0], []])
def test_rows_of_one_weight_are_all_kept(weights: list[float | None]) -> None:
    """Also where a weight is not said, which means one."""
    rows = table(weights)
    assert thinned(rows).equals(rows)


def test_rows_without_weights_are_all_kept() -> None:
    """A model that never samples pays nothing."""
    rows = pa.table({"_id": ["a", "b"]})
    assert thinned(rows).equals(rows)


def test_shares_after_thinning_are_those_of_the_population() -> None:
    """One class is logged whole, the other at a tenth: rows say 91 %, the truth is 50 %."""
    common = table([1.0] * 40_000).append_column("positive", pa.array([True] * 40_000))
    rare = pa.table(
        {
            "_id": [f"n{i}" for i in range(4_000)],
            "_weight": [10.0] * 4_000,
            "positive": [False] * 4_000,
        }
    )
    kept = thinned(pa.concat_tables([common, rare]))
    share = np.mean(kept.column("positive").to_numpy(zero_copy_only=False))
    error = np.sqrt(0.25 / kept.num_rows)
    assert abs(share - 0.5) < 4 * error
    assert kept.filter(pa.compute.invert(kept.column("positive"))).num_rows == 4_000


def test_the_same_rows_are_drawn_again() -> None:
    """A bucket that is profiled again keeps the rows that it had."""
    rows = table([1.0, 2.0] * 500)
    assert thinned(rows).equals(thinned(rows))
    assert 500 < thinned(rows).num_rows < 1_000
