"""Rows by their time, and the lists of a ranking in whole batches."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.profiles.lists import whole_lists
from watchkeeper.profiles.windows import row_seconds, window_groups


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(1, 7), st.integers(0, 3))
def test_lists_are_whole_and_no_row_is_lost(keys: list[int], size: int, missing: int) -> None:
    """However rows are cut, each list comes in one batch, and every row comes once, in order."""
    ordered = [*sorted(keys), *[None] * missing]
    table = pa.table({"g": pa.array(ordered, pa.int64()), "i": pa.array(range(len(ordered)))})
    found = list(whole_lists(table.to_batches(max_chunksize=size), "g"))
    assert [i for batch in found for i in batch["i"].to_pylist()] == list(range(len(ordered)))
    held = [set(batch["g"].drop_null().to_pylist()) for batch in found]
    assert sum(map(len, held)) == len(set(keys))
    assert all(batch.num_rows for batch in found)


def test_a_list_that_is_not_a_number_is_held_together() -> None:
    """NaN equals nothing, and its rows stay in one batch all the same."""
    table = pa.table({"g": [1.0, float("nan"), float("nan"), float("nan")]})
    found = list(whole_lists(table.to_batches(max_chunksize=2), "g"))
    assert [batch.num_rows for batch in found if 1.0 not in batch["g"].to_pylist()] in ([], [3])
    assert sum(batch.num_rows for batch in found) == 4


@given(st.lists(st.one_of(st.none(), st.integers(-5, 25)), max_size=20))
def test_windows_are_half_open(seconds: list[int | None]) -> None:
    """A row is in the window whose start is at or before it, and in none without a time."""
    batch = pa.record_batch({"t": pa.array(seconds, pa.timestamp("s"))})
    edges = [0.0, 10.0, 12.0, 20.0]
    want = [
        next((w for w in range(3) if s is not None and edges[w] <= s < edges[w + 1]), -1)
        for s in seconds
    ]
    assert window_groups("t", edges)(batch).tolist() == want


def test_a_column_of_no_times() -> None:
    """Numbers are no times; it says what to do."""
    with pytest.raises(InputError, match=r"'x' is of type list<.*convert it to a timestamp"):
        row_seconds(pa.array([[1]]), "x")
