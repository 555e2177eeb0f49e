"""Whole rows: hashes and the share of duplicates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.profiles.hashes import hash_rows
from watchkeeper.profiles.rows import KEPT, RowSketch, sketch


def hashes(count: int, seed: int = 0) -> np.ndarray:
    """Random distinct hashes."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**64, size=count, dtype=np.uint64)


def same(a: RowSketch, b: RowSketch) -> bool:
    """Whether both keep the same hashes with the same counts."""
    return np.array_equal(a.hashes, b.hashes) and np.array_equal(a.counts, b.counts)


def test_duplicates_are_exact_while_rows_are_few() -> None:
    """Fewer distinct rows than are kept: the share is exact."""
    values = hashes(1000)
    held = sketch(np.concatenate((values, values[:250])))
    assert held.exact
    assert held.duplicate_share() == 250 / 1250


def test_duplicates_are_estimated_when_rows_are_many() -> None:
    """A tenth of 200,000 rows repeated is seen as about a tenth; none as exactly none."""
    values = hashes(200_000)
    assert sketch(values).duplicate_share() == 0.0
    repeated = sketch(np.concatenate((values, values[:20_000]))).duplicate_share()
    assert repeated == pytest.approx(20_000 / 220_000, abs=4 * np.sqrt(0.09 * 0.91 / KEPT))


def test_no_rows_have_no_share() -> None:
    """The share of nothing is no value."""
    assert sketch(np.empty(0, dtype=np.uint64)).duplicate_share() is None


@given(st.lists(st.integers(0, 5), max_size=30), st.lists(st.integers(0, 5), max_size=30))
def test_sketch_of_a_union_is_the_merge(a: list[int], b: list[int]) -> None:
    """Rows sketched together or apart give the same sketch."""
    words = hashes(6)
    x, y = (words[np.array(part, dtype=int)] for part in (a, b))
    assert same(sketch(np.concatenate((x, y))), sketch(x) | sketch(y))


def test_merging_large_sketches_is_associative() -> None:
    """Also when hashes are dropped on the way."""
    x, y, z = (sketch(hashes(50_000, seed) // np.uint64(3)) for seed in range(3))
    assert same((x | y) | z, x | (y | z))
    assert same(x | y, y | x)


def test_equal_rows_hash_alike_whatever_their_encoding() -> None:
    """Dictionaries, slices, widths and signed zeros change no hash."""
    plain = pa.record_batch(
        {
            "text": ["", "a", "ä", None, "long text"],
            "number": pa.array([0.0, 1.5, None, 3.0, 4.0]),
            "flag": [True, False, None, True, True],
            "date": pa.array([0, 1, 2, None, 4], pa.date32()),
        }
    )
    names = plain.schema.names
    expected = hash_rows(plain, names)
    encoded = plain.set_column(0, "text", plain["text"].dictionary_encode())
    negative = plain.set_column(1, "number", pa.array([-0.0, 1.5, None, 3.0, 4.0]))
    padded = pa.concat_batches([plain, plain]).slice(5)
    for other in (encoded, negative, padded):
        np.testing.assert_array_equal(hash_rows(other, names), expected)
    assert np.unique(expected).size == 5


def test_near_rows_hash_apart() -> None:
    """A hundred thousand different small rows give as many hashes."""
    batch = pa.record_batch(
        {"a": np.repeat(np.arange(400), 250), "b": np.tile(np.arange(250.0), 400)}
    )
    assert np.unique(hash_rows(batch, ["a", "b"])).size == 100_000
