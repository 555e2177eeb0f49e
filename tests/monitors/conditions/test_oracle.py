"""Conditions against cel-python, on expressions and numbers drawn at random.

A metric without a value is to us what an unbound name is to CEL: to use it is an error, and
`&&`, `||` and `?:` absorb what does not decide.
"""

from __future__ import annotations

import math

import celpy
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.monitors.conditions.vocabulary import WORDS
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.given import GivenSource
from watchkeeper.monitors.rule import Truth
from watchkeeper.monitors.truths import BY_CODE

METRICS = ("accuracy", "f1", "mae", "volume")
REGISTRY = {"volume": "prediction_count"}
ENV = celpy.Environment()

numbers = st.one_of(st.sampled_from(METRICS), st.integers(-8, 8).map(lambda whole: f"{whole / 4}"))


def binary(operators, parts):
    """Two parts and an operator, in parentheses, so that no two comparisons stand in a row."""
    return st.builds("({} {} {})".format, parts, st.sampled_from(operators), parts)


terms = st.recursive(
    numbers,
    lambda inner: st.one_of(
        binary("+-*", inner), st.builds("-({})".format, inner), st.builds("({})".format, inner)
    ),
    max_leaves=5,
)
comparisons = st.builds(
    "({} {} {} + ({}))".format,
    st.sampled_from(METRICS), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.sampled_from(METRICS), terms,
)  # fmt: skip
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        binary(["&&", "||"], inner),
        st.builds("!{}".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
values = st.lists(
    st.one_of(st.none(), st.integers(-8, 8).map(lambda whole: whole / 4)), min_size=4, max_size=4
)


def by_cel(text, held):
    """What the standard says."""
    program = ENV.program(ENV.compile(text))
    bound = {
        name: celpy.celtypes.DoubleType(value)
        for name, value in zip(METRICS, held, strict=True)
        if value is not None
    }
    try:
        return Truth.TRUE if program.evaluate(bound) else Truth.FALSE
    except celpy.CELEvalError:
        return Truth.NO_DATA


@settings(max_examples=300, deadline=None)
@given(conditions, st.lists(values, min_size=1, max_size=3))
def test_a_condition_means_what_cel_says(text, rows):
    """Truth at each of several times; missing values are unbound names."""
    series = {
        REGISTRY.get(name, name): [math.nan if row[n] is None else row[n] for row in rows]
        for n, name in enumerate(METRICS)
    }
    source = GivenSource(series)
    outcome = evaluate(compile_condition(text, WORDS), source, source.times)
    assert [BY_CODE[code] for code in outcome.truth] == [by_cel(text, row) for row in rows]


@given(values, comparisons, comparisons, comparisons)
def test_a_choice_means_what_cel_says(held, first, yes, no):
    """Where it is not known which part is chosen, nothing is, even if both parts agree."""
    text = f"{first} ? {yes} : {no}"
    series = {
        REGISTRY.get(name, name): [math.nan if value is None else value]
        for name, value in zip(METRICS, held, strict=True)
    }
    source = GivenSource(series)
    outcome = evaluate(compile_condition(text, WORDS), source, source.times)
    assert BY_CODE[outcome.truth[0]] is by_cel(text, held)


def test_the_oracle_can_tell():
    """It knows all three answers, and absorbs what does not decide."""
    assert by_cel("accuracy < 0.9", [0.8, None, None, None]) is Truth.TRUE
    assert by_cel("accuracy < 0.9", [1.0, None, None, None]) is Truth.FALSE
    assert by_cel("accuracy < f1", [0.8, None, None, None]) is Truth.NO_DATA
    assert by_cel("accuracy < f1 || accuracy < 0.9", [0.8, None, None, None]) is Truth.TRUE
