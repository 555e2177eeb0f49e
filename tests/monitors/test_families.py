"""Corrections for many tests against the published example."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.core.errors import ModelError
from watchkeeper.monitors.families import CORRECTIONS, adjust, harmonic, strictest

PUBLISHED = [
    0.0001,
    0.0004,
    0.0019,
    0.0095,
    0.0201,
    0.0278,
    0.0298,
    0.0344,
    0.0459,
    0.3240,
    0.4262,
    0.5719,
    0.6528,
    0.7590,
    1.0,
]
chances = st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=20)


@pytest.mark.parametrize(
    ("correction", "rejections"),
    [
        ("bonferroni", 3),
        ("holm", 3),
        ("benjamini-hochberg", 4),
        ("benjamini-yekutieli", 3),
        ("none", 9),
    ],
)
def test_the_example_of_benjamini_and_hochberg(correction, rejections):
    """Section 15.2: of the 15 p-values of 1995 so many are rejected at 0.05."""
    adjusted = adjust({str(i): p for i, p in enumerate(PUBLISHED)}, correction)
    assert sum(p <= 0.05 for p in adjusted.values()) == rejections


def test_adjusted_values_of_a_small_family():
    """By hand: 0.01, 0.02, 0.04 of three."""
    p = {"c": 0.04, "a": 0.01, "b": 0.02}
    assert adjust(p, "benjamini-hochberg") == pytest.approx({"c": 0.04, "a": 0.03, "b": 0.03})
    assert adjust(p, "holm") == pytest.approx({"c": 0.04, "a": 0.03, "b": 0.04})
    assert adjust(p, "bonferroni") == pytest.approx({"c": 0.12, "a": 0.03, "b": 0.06})


@pytest.mark.parametrize(("size", "cost"), [(10, 2.929), (50, 4.499), (100, 5.187), (500, 6.793)])
def test_the_price_of_any_dependence(size, cost):
    """Section 15.2: c(m) of Benjamini and Yekutieli."""
    assert harmonic(size) == pytest.approx(cost, abs=5e-4)


@given(chances, st.sampled_from(CORRECTIONS))
def test_a_correction_never_makes_a_p_value_smaller(p_values, correction):
    """Order and names are kept, values stay in [0, 1] and keep their ranking."""
    adjusted = adjust(p_values, correction)
    assert list(adjusted) == list(p_values)
    names = sorted(p_values, key=p_values.get)
    for name in names:
        assert p_values[name] <= adjusted[name] + 1e-15
        assert adjusted[name] <= 1
    for lower, higher in itertools.pairwise(names):
        assert adjusted[lower] <= adjusted[higher] + 1e-15


@given(st.integers(1, 50), st.sampled_from(CORRECTIONS))
def test_the_strictest_level_is_the_edge_of_rejection(size, correction):
    """One p-value at that level among ones that are 1 is just rejected, a larger one is not."""
    level = strictest(0.05, size, correction)
    quiet = {str(i): 1.0 for i in range(1, size)}
    assert adjust({"0": level * 0.999, **quiet}, correction)["0"] <= 0.05
    assert adjust({"0": level * 1.001, **quiet}, correction)["0"] > 0.05


def test_an_unknown_correction_is_refused():
    """The message names the setting, what was given, and what is allowed."""
    with pytest.raises(ModelError, match=r"thresholds.correction is 'bh'.*benjamini-hochberg"):
        adjust({}, "bh")
