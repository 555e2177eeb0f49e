"""A ranking's relevance against its scores, query by query."""

from __future__ import annotations

import math
from functools import lru_cache
from math import comb
from typing import Self

import msgspec
import numpy as np
import pyarrow as pa

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.model import Model
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.outcomes import aligned, column_of, products_of, shaped

TERMS_BEFORE = ("one", "size", "relevant", "answered", "reciprocal")
"""What is held of each query before the terms of each k: 1, its rows, its relevant rows, whether
it has any, and the reciprocal rank of the first of them."""

TERMS_OF_K = ("precision", "recall", "ndcg")
"""What is held of each query for each k; recall is 0 where a query has nothing relevant, and its
mean is taken over the answered queries."""


class RankingLayout(msgspec.Struct, frozen=True, tag="ranking"):
    """How a ranking's queries are counted: at which k, and by which column rows are ranked."""

    ranks: tuple[int, ...]
    by: str


class Ranking(msgspec.Struct, frozen=True, tag="ranking"):
    """What a profile holds of a ranking.

    All rows of one query must come in one call of the kernel: what is summed is a property of the
    whole query.

    Attributes
    ----------
    rows, labelled
        All rows, and those with a query, a relevance and a score.
    products
        Sums over queries of the products of each two terms (`TERMS_BEFORE`, then `TERMS_OF_K`
        for each k), shape (terms, terms).
    """

    rows: int
    labelled: int
    products: Floats

    def __post_init__(self) -> None:
        """Shape arrays that come flat from a file."""
        terms = math.isqrt(self.products.size)
        shaped(self, "products", (terms, terms))

    def __or__(self, other: Self) -> Self:
        """Merge two disjoint sets of queries."""
        if self.products.shape != other.products.shape:
            raise ProfileError("two profiles of one ranking are taken at different k")
        return type(self)(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.products + other.products,
        )

    @property
    def queries(self) -> int:
        """Queries with at least one labelled row."""
        return round(float(self.products[0, 0]))


def fit(model: Model, sample: pa.Table) -> RankingLayout | None:
    """The layout of a ranking; None where it has no query or nothing to rank by."""
    by = model.score or model.prediction
    names = sample.schema.names
    if by is None or by not in names or model.group is None or model.group not in names:
        return None
    return RankingLayout(model.ranks, by)


def fits(layout: RankingLayout, part: Ranking) -> bool:
    """Whether the statistic stands on the layout."""
    return part.products.shape == empty(layout).products.shape


def empty(layout: RankingLayout) -> Ranking:
    """The statistic of no rows."""
    terms = len(TERMS_BEFORE) + len(TERMS_OF_K) * len(layout.ranks)
    return Ranking(0, 0, np.zeros((terms, terms)))


def measure(layout: RankingLayout, model: Model, batch: pa.RecordBatch) -> Ranking:
    """The kernel: one sort by query and score, then sums over the ranks of each query.

    Rows with equal scores in one query stand in random order: each term is its mean over these
    orders, as scikit-learn's `ndcg_score` does, so the order of the rows does not matter.
    """
    relevance = aligned(column_of(batch, model.label))
    score = aligned(column_of(batch, layout.by))
    query = _queries(column_of(batch, model.group))
    known = ~np.isnan(relevance) & ~np.isnan(score) & (query >= 0)
    part = empty(layout)
    if not known.any():
        return msgspec.structs.replace(part, rows=relevance.size)
    terms = _terms(query[known], relevance[known], score[known], layout.ranks)
    return Ranking(relevance.size, int(np.count_nonzero(known)), products_of(terms))


def _queries(array: pa.Array) -> Ints:
    """A number for each query, -1 for null."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    filled: Ints = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return filled.astype(np.int64)


def _terms(query: Ints, relevance: Floats, score: Floats, ranks: tuple[int, ...]) -> Floats:
    """The terms of each query, shape (terms, queries)."""
    order = np.lexsort((-score, query))
    query, relevance, score = query[order], relevance[order], score[order]
    starts = _starts(query)
    sizes = np.diff(np.append(starts, query.size))
    rank = np.arange(query.size) - np.repeat(starts, sizes)
    ties = np.flatnonzero(_changes(query) | _changes(score))
    tie_sizes = np.diff(np.append(ties, query.size))
    clicked = (relevance > 0).astype(np.float64)
    relevant = np.add.reduceat(clicked, starts)
    rows = [
        np.ones(starts.size),
        sizes.astype(np.float64),
        relevant,
        (relevant > 0).astype(np.float64),
        _reciprocal(clicked, rank, ties, tie_sizes, starts),
    ]
    gain = np.repeat(np.add.reduceat(relevance, ties) / tie_sizes, tie_sizes)
    hit = np.repeat(np.add.reduceat(clicked, ties) / tie_sizes, tie_sizes)
    ideal = relevance[np.lexsort((-relevance, query))]
    discount = 1.0 / np.log2(rank + 2.0)
    for k in ranks:
        inside = rank < k
        hits = np.add.reduceat(hit * inside, starts)
        best = np.add.reduceat(ideal * discount * inside, starts)
        dcg = np.add.reduceat(gain * discount * inside, starts)
        rows += [
            hits / k,
            np.divide(hits, relevant, out=np.zeros(starts.size), where=relevant > 0),
            np.divide(dcg, best, out=np.zeros(starts.size), where=best > 0),
        ]
    return np.stack(rows)


def _reciprocal(clicked: Floats, rank: Ints, ties: Ints, tie_sizes: Ints, starts: Ints) -> Floats:
    """The mean reciprocal rank of the first relevant row of each query; 0 where it has none."""
    found = np.add.reduceat(clicked, ties).astype(np.int64)
    groups = np.searchsorted(starts, ties, side="right") - 1
    hit = np.flatnonzero(found)
    queries, first = np.unique(groups[hit], return_index=True)
    at = hit[first]
    plain = 1.0 / (rank[ties[at]] + 1.0)
    for place in np.flatnonzero(tie_sizes[at] > 1).tolist():
        group = at[place]
        plain[place] = _tied(int(rank[ties[group]]), int(tie_sizes[group]), int(found[group]))
    out = np.zeros(starts.size)
    out[queries] = plain
    return out


@lru_cache(maxsize=65536)
def _tied(before: int, size: int, relevant: int) -> float:
    """The mean of 1 / rank of the first of `relevant` rows in random order among `size`.

    The first stands at place j (from 0) in comb(size - j - 1, relevant - 1) of
    comb(size, relevant) draws, behind `before` rows.
    """
    ways = comb(size, relevant)
    return sum(
        comb(size - j - 1, relevant - 1) / ways / (before + j + 1)
        for j in range(size - relevant + 1)
    )


def _changes(values: Ints | Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Where a value differs from the one before it; the first always does."""
    return np.concatenate(([True], values[1:] != values[:-1]))


def _starts(values: Ints) -> Ints:
    """The place of the first row of each run of equal values."""
    return np.flatnonzero(_changes(values))
