"""Laws that every drift metric obeys, read off its record."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.drift_columns import categorical_pair, numeric_pair
from tests.profiles.nasty import NASTY
from watchkeeper.core.model import Thresholds
from watchkeeper.metrics import ALL, DRIFT
from watchkeeper.metrics.drift import exceedances, measure_column
from watchkeeper.metrics.pairs import CategoricalPair, NumericPair, kind_of
from watchkeeper.profiles import categorical, numeric
from watchkeeper.profiles.categorical import Vocabulary
from watchkeeper.profiles.grid import fit_grid

BY_NAME = {metric.name: metric for metric in DRIFT}
every_metric = pytest.mark.parametrize("metric", DRIFT, ids=BY_NAME)

floats = st.lists(
    st.floats(width=64) | st.integers(-3, 3).map(float) | st.sampled_from([1e308, -1e308, 5e-324]),
    max_size=40,
)
words = st.lists(st.sampled_from(["a", "b", "c", "", "é", "∞", "z" * 50]), max_size=40)
nulls = st.tuples(st.integers(0, 20), st.integers(0, 20))

CATEGORICAL = {
    "same": (["a", "b", "b"] * 200, ["a", "b", "b"] * 100),
    "constant": (["a"] * 300, ["a"] * 300),
    "disjoint": (["a"] * 300, ["b"] * 300),
    "unseen": (["a", "b"] * 300, ["a", "b"] * 100 + ["c"]),
    "many": (list(map(str, range(5000))), list(map(str, range(2500, 7500)))),
    "one row": (["a"], ["b"]),
    "no rows": ([], []),
    "no current rows": (["a"] * 10, []),
    "no reference rows": ([], ["a"] * 10),
}


def examples(metric):
    """Pairs of every kind that the metric is defined for, nasty ones first."""
    if "numeric" in metric.needs:
        columns = list(NASTY.values())
        for reference, current in zip(columns, columns[1:] + columns[:1], strict=True):
            yield numeric_pair(reference, reference)
            yield numeric_pair(reference, reference[::3], nulls=(3, 7))
            yield numeric_pair(reference, current)
    if "categorical" in metric.needs:
        for reference, current in CATEGORICAL.values():
            yield categorical_pair(reference, current)
            yield categorical_pair(reference, current, nulls=(10, 500))


def in_range(metric, value):
    """Whether a value lies in the range that the record states."""
    low = -math.inf if metric.lowest is None else metric.lowest
    high = math.inf if metric.highest is None else metric.highest
    return low - 1e-9 <= value <= high + 1e-9


def check(metric, estimate):
    """What must hold of any estimate of a metric."""
    numbers = (estimate.value, estimate.low, estimate.high, estimate.p_value, estimate.bound)
    assert all(x is None or (isinstance(x, float) and math.isfinite(x)) for x in numbers), estimate
    if estimate.value is None:
        assert estimate.note, "an undefined value says why"
        return
    assert in_range(metric, estimate.value)
    assert (estimate.low is None) == (estimate.high is None)
    if estimate.low is not None:
        assert estimate.low <= estimate.high
        assert in_range(metric, estimate.low)
        assert in_range(metric, estimate.high)
        assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9
    if estimate.p_value is not None:
        assert 0 <= estimate.p_value <= 1
    if not metric.p_value:
        assert estimate.p_value is None
    if not metric.interval:
        assert estimate.low is None


@every_metric
def test_the_card_is_complete(metric):
    """A record says what it measures, when it misleads, its formula, source, oracle and peers."""
    assert re.fullmatch(r"[a-z][a-z_]*", metric.name)
    assert metric.group == "drift"
    assert set(metric.needs) <= {"numeric", "categorical"}
    assert metric.needs
    for text in (
        metric.title,
        metric.measures,
        metric.misleads,
        metric.formula,
        metric.source,
        metric.oracle,
        metric.nulls,
        metric.unseen,
    ):
        assert text.strip()
    assert metric.peers
    assert metric.measures.endswith(".")
    assert metric.misleads.endswith(".")
    if "numeric" in metric.needs:
        assert metric.infinities
    documentation = metric.function.__doc__
    assert "Direction:" in documentation
    assert ">>>" in documentation


def test_names_are_unique_across_the_registry():
    """A name means one metric, whatever its group."""
    names = [metric.name for metric in ALL]
    assert len(names) == len(set(names))


@every_metric
def test_estimates_are_sound_on_nasty_columns(metric):
    """Never NaN or infinite, within range, p in [0, 1], undefined only with a reason."""
    for pair in examples(metric):
        check(metric, metric.function(pair))


@given(floats, floats, nulls)
def test_any_numbers_give_sound_estimates(reference, current, missing):
    """The same on whatever Hypothesis finds, and for the tests behind verdicts."""
    pair = numeric_pair(reference, current, nulls=missing)
    for name, estimate in measure_column(pair).items():
        check(BY_NAME[name], estimate)
    assert all(0 <= e.p_beyond <= 1 for e in exceedances(pair, Thresholds()))


@given(words, words, nulls)
def test_any_categories_give_sound_estimates(reference, current, missing):
    """The same for categories."""
    pair = categorical_pair(reference, current, nulls=missing)
    for name, estimate in measure_column(pair).items():
        check(BY_NAME[name], estimate)
    assert all(0 <= e.p_beyond <= 1 for e in exceedances(pair, Thresholds()))


@every_metric
def test_equal_columns_are_at_zero_where_the_record_says_so(metric):
    """And surely not significant, whichever the metric."""
    for pair in examples(metric):
        same = _twice(pair)
        estimate = metric.function(same)
        if estimate.value is None:
            continue
        if metric.zero_when_equal:
            assert estimate.value == pytest.approx(0, abs=1e-12), metric.name
        if estimate.p_value is not None and metric.name != "new_category_share":
            assert estimate.p_value > 0.2


@every_metric
def test_a_metric_is_symmetric_where_the_record_says_so(metric):
    """On one axis, swapping the sides keeps the value."""
    if not metric.symmetric:
        return
    for pair in examples(metric):
        one, two = metric.function(pair), metric.function(_swapped(pair))
        assert (one.value is None) == (two.value is None)
        if one.value is not None:
            assert two.value == pytest.approx(one.value, rel=1e-9, abs=1e-9)


@every_metric
def test_a_metric_that_is_not_symmetric_says_so(metric):
    """A record that denies symmetry has a pair that shows it."""
    if metric.symmetric is not False:
        return
    different = False
    for pair in examples(metric):
        one, two = metric.function(pair).value, metric.function(_swapped(pair)).value
        different |= one is not None and two is not None and abs(one - two) > 1e-6
    assert different


@every_metric
def test_a_change_is_seen(metric):
    """A clear change moves every metric off its value without change."""
    rng = np.random.default_rng(1)
    column = rng.normal(size=2000)
    letters = rng.choice(list("abc"), 2000)
    pairs = []
    if "numeric" in metric.needs:
        pairs.append(
            (numeric_pair(column, column), numeric_pair(column, column[::2] + 1, nulls=(0, 99)))
        )
    if "categorical" in metric.needs:
        moved = np.where(letters == "a", "new", letters)
        pairs.append(
            (categorical_pair(letters, letters), categorical_pair(letters, moved, nulls=(0, 99)))
        )
    for same, changed in pairs:
        assert abs(metric.function(changed).value) > abs(metric.function(same).value) + 0.03


@every_metric
def test_merged_profiles_give_the_same_number(metric):
    """The profile of a union is the merge of the profiles, so metrics cannot tell them apart."""
    rng = np.random.default_rng(2)
    if "numeric" in metric.needs:
        a, b = rng.normal(size=900), rng.normal(size=600) + 0.4
        grid = fit_grid(a)
        whole = NumericPair(numeric.measure(a, 5, grid), numeric.measure(b, 7, grid), grid)
        parts = NumericPair(
            numeric.measure(a[:300], 5, grid) | numeric.measure(a[300:], 0, grid),
            numeric.measure(b[500:], 3, grid) | numeric.measure(b[:500], 4, grid),
            grid,
        )
        one, two = metric.function(whole), metric.function(parts)
        assert two.value == pytest.approx(one.value, rel=1e-9)
    if "categorical" in metric.needs:
        vocabulary = Vocabulary(("a", "b"))
        one = categorical.measure({"a": 60, "b": 30, "c": 10}, 5, vocabulary)
        halves = categorical.measure({"a": 60, "c": 10}, 0, vocabulary) | categorical.measure(
            {"b": 30}, 5, vocabulary
        )
        two = categorical.measure({"a": 20, "d": 40}, 0, vocabulary)
        assert metric.function(CategoricalPair(one, two, vocabulary)) == metric.function(
            CategoricalPair(halves, two, vocabulary)
        )


def _twice(pair):
    if kind_of(pair) == "numeric":
        return NumericPair(pair.reference, pair.reference, pair.grid)
    return CategoricalPair(pair.reference, pair.reference, pair.vocabulary)


def _swapped(pair):
    if kind_of(pair) == "numeric":
        return NumericPair(pair.current, pair.reference, pair.grid)
    return CategoricalPair(pair.current, pair.reference, pair.vocabulary)
