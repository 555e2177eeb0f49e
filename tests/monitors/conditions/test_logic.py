"""Logic with four values, against the rules of CEL for errors."""

from __future__ import annotations

from itertools import product

import numpy as np

from watchkeeper.monitors.conditions.logic import all_of, any_of, contrary
from watchkeeper.monitors.truths import ERROR, FALSE, NO_DATA, TRUE

ALL = (FALSE, TRUE, NO_DATA, ERROR)


def one(code):
    """A truth at one time."""
    return np.array([code], dtype=np.int8)


def expected(codes, wins, loses):
    """What decides wins, then an error, then a lack of data."""
    if wins in codes:
        return wins
    return ERROR if ERROR in codes else NO_DATA if NO_DATA in codes else loses


def test_every_table():
    """All combinations of three parts."""
    for codes in product(ALL, repeat=3):
        parts = [one(code) for code in codes]
        assert any_of(parts)[0] == expected(codes, TRUE, FALSE), codes
        assert all_of(parts)[0] == expected(codes, FALSE, TRUE), codes


def test_de_morgan():
    """!(a && b) is !a || !b, whatever they are."""
    for codes in product(ALL, repeat=2):
        parts = [one(code) for code in codes]
        assert contrary(all_of(parts)) == any_of([contrary(part) for part in parts])


def test_many_times_at_once():
    """Each time by itself, one value for all times among them."""
    parts = [np.array([TRUE, FALSE, NO_DATA, ERROR], dtype=np.int8), np.array(NO_DATA, np.int8)]
    assert any_of(parts).tolist() == [TRUE, NO_DATA, NO_DATA, ERROR]
    assert any_of(parts).dtype == np.int8
