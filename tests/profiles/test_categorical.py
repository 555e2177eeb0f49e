"""Categorical columns: exact counts, further values, distinct values, merging."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles import categorical
from watchkeeper.profiles.categorical import OTHERS, Categorical, Vocabulary

COUNTS = st.dictionaries(st.text(max_size=3), st.integers(1, 50), max_size=20)
VOCABULARY = Vocabulary(("a", "b", ""))


def same(a: Categorical, b: Categorical) -> bool:
    """Whether every count is equal."""
    return (a.rows, a.nulls, a.other_rows, a.others) == (
        b.rows,
        b.nulls,
        b.other_rows,
        b.others,
    ) and np.array_equal(a.counts, b.counts)


@given(COUNTS, COUNTS, COUNTS)
def test_merging_is_associative_and_commutative(
    a: dict[str, int], b: dict[str, int], c: dict[str, int]
) -> None:
    """The order in which parts are merged changes nothing, and no rows are the identity."""
    x, y, z = (categorical.measure(part, i, VOCABULARY) for i, part in enumerate((a, b, c)))
    assert same((x | y) | z, x | (y | z))
    assert same(x | y, y | x)
    assert same(x | categorical.empty(VOCABULARY), x)


def test_many_further_values_merge_exactly() -> None:
    """With far more further values than are kept, the kept ones have exact counts."""
    rng = np.random.default_rng(1)
    parts = [
        {
            f"value {i}": int(n)
            for i, n in zip(rng.integers(0, 9000, 3000), rng.integers(1, 9, 3000), strict=True)
        }
        for _ in range(3)
    ]
    x, y, z = (categorical.measure(part, 0, VOCABULARY) for part in parts)
    assert same((x | y) | z, x | (z | y))
    merged = x | y | z
    assert len(merged.others) == OTHERS
    for value, count in merged.others.items():
        assert count == sum(part.get(value, 0) for part in parts)
    assert merged.rows == sum(sum(part.values()) for part in parts)


@pytest.mark.parametrize("distinct", [10, 1000, 5_000, 200_000])
def test_distinct_values_are_counted_within_a_tenth(distinct: int) -> None:
    """Exact while few, within 10 % (three standard errors of 3 %) beyond."""
    held = categorical.measure({f"v{i}": 1 for i in range(distinct)}, 0, VOCABULARY)
    exact = distinct < OTHERS
    assert held.distinct() == (distinct if exact else pytest.approx(distinct, rel=0.1))


def test_other_vocabulary_is_refused() -> None:
    """Counts over different vocabularies never add."""
    with pytest.raises(ProfileError, match="different vocabularies"):
        categorical.empty(VOCABULARY) | categorical.empty(Vocabulary(("a",)))
