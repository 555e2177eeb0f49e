"""Pairs of columns for the tests of drift metrics."""

from __future__ import annotations

from collections import Counter

import numpy as np

from watchkeeper.metrics.pairs import CategoricalPair, NumericPair
from watchkeeper.profiles import categorical, numeric
from watchkeeper.profiles.categorical import CATEGORIES, Categorical, Vocabulary
from watchkeeper.profiles.grid import fit_grid


def numeric_pair(reference, current, *, nulls=(0, 0), bins=512):
    """Both columns measured on the grid of the reference."""
    reference, current = np.asarray(reference, float), np.asarray(current, float)
    grid = fit_grid(reference, bins=bins)
    return NumericPair(
        numeric.measure(reference, nulls[0], grid), numeric.measure(current, nulls[1], grid), grid
    )


def categorical_pair(reference, current, *, nulls=(0, 0)):
    """Both columns measured on the vocabulary of the reference."""
    one, two = Counter(map(str, reference)), Counter(map(str, current))
    vocabulary = Vocabulary(tuple(value for value, _ in one.most_common(CATEGORIES)))
    return CategoricalPair(
        categorical.measure(one, nulls[0], vocabulary),
        categorical.measure(two, nulls[1], vocabulary),
        vocabulary,
    )


def counted_pair(reference, current):
    """A categorical column of which only the counts matter; a category of zero rows may be new."""
    vocabulary = Vocabulary(tuple(map(str, range(len(reference)))))
    return CategoricalPair(_counted(reference), _counted(current), vocabulary)


def _counted(counts):
    counts = np.asarray(counts, np.int64)
    return Categorical(int(counts.sum()), 0, counts, {}, 0)


def shared_sample():
    """The sample of section 5.5 of the notes, on which the peers' numbers are known."""
    rng = np.random.RandomState(42)  # noqa: TID251 - the notes used this generator.
    reference, current = rng.normal(0, 1, 5000), rng.normal(0.3, 1.2, 2000)
    letters = rng.choice(list("abcd"), 5000, p=[0.4, 0.3, 0.2, 0.1])
    others = rng.choice(list("abce"), 2000, p=[0.3, 0.3, 0.3, 0.1])
    return reference, current, letters, others
