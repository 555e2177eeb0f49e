"""New and vanished categories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.drift_columns import categorical_pair
from watchkeeper.metrics.new_categories import new_category_share, unseen_p
from watchkeeper.metrics.pairs import CategoricalPair
from watchkeeper.metrics.vanished_categories import vanished_category_share
from watchkeeper.profiles import categorical
from watchkeeper.profiles.categorical import Vocabulary

letters = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60)


@given(letters, letters)
def test_are_set_differences(reference, current):
    """Rows of values that only one side has, over the rows of that side."""
    pair = categorical_pair(reference, current)
    new = sum(value not in reference for value in current) / len(current)
    gone = sum(value not in current for value in reference) / len(reference)
    assert new_category_share(pair).value == pytest.approx(new)
    assert vanished_category_share(pair).value == pytest.approx(gone)


def test_a_vocabulary_value_that_the_reference_lacks_is_new():
    """What counts is the reference's rows, not the vocabulary (a segment may lack a value)."""
    vocabulary = Vocabulary(("a", "b"))
    one = categorical.measure({"a": 10}, 0, vocabulary)
    two = categorical.measure({"a": 5, "b": 5}, 0, vocabulary)
    assert new_category_share(CategoricalPair(one, two, vocabulary)).value == 0.5


def test_an_open_vocabulary_is_no_alarm():
    """Names and streets always bring new values: Good and Turing say how many to expect."""
    rng = np.random.default_rng(3)
    weights = 1 / np.arange(1, 20_001)
    weights /= weights.sum()
    p_values, shares = [], []
    for _ in range(40):
        pair = categorical_pair(
            rng.choice(20_000, 1500, p=weights), rng.choice(20_000, 400, p=weights)
        )
        p_values.append(unseen_p(pair, 0.01))
        shares.append(new_category_share(pair).value)
    assert np.mean(shares) > 0.1
    assert sum(p <= 0.05 for p in p_values) <= 3


def test_a_new_category_among_few_is_an_alarm():
    """3 % of 1,000 rows of a kind that 10,000 rows never showed."""
    pair = categorical_pair(["a", "b"] * 5000, ["a", "b"] * 485 + ["new"] * 30)
    assert new_category_share(pair).p_value < 1e-20
    assert unseen_p(pair, 0.01) < 1e-5


def test_one_new_row_in_a_hundred_is_luck():
    """At a tolerance of 1 %, two rows of a hundred are not beyond it."""
    pair = categorical_pair(["a", "b"] * 5000, ["a", "b"] * 49 + ["new"] * 2)
    assert unseen_p(pair, 0.01) > 0.1


def test_more_categories_than_are_kept_by_name():
    """With 30,000 categories the share is an estimate near the truth, and says so."""
    rng = np.random.default_rng(4)
    pair = categorical_pair(rng.integers(0, 30_000, 60_000), rng.integers(0, 40_000, 40_000))
    estimate = new_category_share(pair)
    known = set(np.random.default_rng(4).integers(0, 30_000, 60_000).tolist())
    current = np.random.default_rng(4)
    current.integers(0, 30_000, 60_000)
    truth = np.mean([value not in known for value in current.integers(0, 40_000, 40_000).tolist()])
    assert estimate.value == pytest.approx(truth, abs=0.05)
    assert estimate.low <= truth <= estimate.high
    assert "estimated" in estimate.note
