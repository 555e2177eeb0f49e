"""The public checks fail where a law is broken."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest

from watchkeeper.profiles import categorical, numeric
from watchkeeper.profiles.grid import fit_grid
from watchkeeper.testing import NASTY, check_engine, check_statistic
from watchkeeper.testing.statistics import difference

GRID = fit_grid(np.arange(100.0))
VOCABULARY = categorical.Vocabulary(("a", "b"))


class Total(msgspec.Struct, frozen=True):
    """A statistic that a test can break."""

    rows: int
    total: float


def measured(rows):
    """A numeric column."""
    return numeric.measure(np.array(rows, dtype=np.float64), 0, GRID)


def test_our_statistics_keep_the_laws():
    """Numbers and categories merge as every statistic must."""
    check_statistic(measured, np.linspace(-3, 300, 100).tolist())
    words = ["a", "c", "b", "a", "d"] * 3
    check_statistic(
        lambda rows: categorical.measure({w: rows.count(w) for w in rows}, 0, VOCABULARY), words
    )


class Largest(Total):
    """Merges by the larger: the parts do not add up."""

    def __or__(self, other):
        """The one with more rows."""
        return max(self, other, key=lambda held: (held.rows, held.total))


class First(Total):
    """Merges to its left side: depends on the order."""

    def __or__(self, other):
        """The left."""
        return Largest(self.rows, self.total)


class Forgetful(Total):
    """Counts a row too many at every merge: no rows change it."""

    def __or__(self, other):
        """One more than both."""
        return type(self)(self.rows + other.rows + 1, self.total + other.total)


@pytest.mark.parametrize(
    ("broken", "law"),
    [(Largest, "do not merge to the whole"), (First, "no rows"), (Forgetful, "no rows")],
)
def test_a_broken_statistic_is_found(broken, law):
    """Each broken law is named."""
    with pytest.raises(AssertionError, match=law):
        check_statistic(lambda rows: broken(len(rows), float(sum(rows))), [1.0, 2.0, 3.0])


@pytest.mark.parametrize("call", ["digest", "decimal", "seconds", "text"])
def test_a_broken_engine_is_found(duckdb_loaded, call):
    """An engine that gets one thing wrong fails on some example."""
    engine = duckdb_loaded.engine

    class Broken:
        """The engine, but for one answer."""

        def __getattr__(self, name):
            """The engine's own, or what is wrong."""
            if name != call:
                return getattr(engine, name)
            return {
                "digest": lambda text: text.upper(),
                "decimal": lambda value: value.cast("float32").cast("float64"),
                "seconds": lambda value: engine.seconds(value) + 3600.0,
                "text": lambda value: value.lower(),
            }.get(name)

    examples = {name: NASTY[name] for name in ("decimals", "times", "texts", "many categories")}
    with pytest.raises(AssertionError, match="example"):
        check_engine(Broken(), duckdb_loaded.load, examples)


def test_a_difference_names_its_place():
    """What differs is said with the path to it."""
    a = Total(1, 2.0)
    assert difference([{"x": a}], [{"x": Total(1, 3.0)}], 0.0) == "it[0]['x'].total: 2.0 is not 3.0"
    assert difference(np.array([1, 2]), np.array([1, 3]), 0.0).startswith("it[1]")
    assert difference(float("nan"), float("nan"), 0.0) is None
    assert dataclasses.is_dataclass(NASTY["texts"])
    assert difference(NASTY["texts"], NASTY["texts"], 0.0) is None
