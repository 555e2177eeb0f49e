"""Ranking sums: each query by itself, ties as the mean over all orders."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from watchkeeper.core.model import Model, Task
from watchkeeper.profiles import ranking
from watchkeeper.profiles.ranking import TERMS_BEFORE, TERMS_OF_K

MODEL = Model("m", (), task=Task.RANKING, label="y", score="s", group="q", ranks=(1, 2, 4))


def terms(y, s):
    """The terms of a single query by name, those of k as `name@k`."""
    n = len(y)
    table = pa.table({"q": ["x"] * n, "y": pa.array(y), "s": pa.array(s, pa.float64())})
    layout = ranking.fit(MODEL, table)
    assert layout is not None
    part = ranking.measure(layout, MODEL, table.to_batches()[0])
    names = [*TERMS_BEFORE, *(f"{name}@{k}" for k in MODEL.ranks for name in TERMS_OF_K)]
    return dict(zip(names, part.products[0].tolist(), strict=True))


def brute(y, s):
    """The same by going through every order that the scores allow."""
    orders = [
        order
        for order in permutations(range(len(y)))
        if all(s[a] >= s[b] for a, b in pairwise(order))
    ]
    found = {}
    total = sum(value > 0 for value in y)
    for k in MODEL.ranks:
        hits = [sum(y[i] > 0 for i in order[:k]) for order in orders]
        found[f"precision@{k}"] = float(np.mean(hits)) / k
        found[f"recall@{k}"] = float(np.mean(hits)) / total if total else 0.0
        discount = 1 / np.log2(np.arange(len(y)) + 2)
        gains = [
            sum(y[i] * d for i, d in zip(order[:k], discount, strict=False)) for order in orders
        ]
        best = sum(v * d for v, d in zip(sorted(y, reverse=True)[:k], discount, strict=False))
        found[f"ndcg@{k}"] = float(np.mean(gains)) / best if best else 0.0
    first = [next((r for r, i in enumerate(order, 1) if y[i] > 0), None) for order in orders]
    found["reciprocal"] = float(np.mean([0.0 if r is None else 1 / r for r in first]))
    return found


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([0.1, 0.2, 0.3])), min_size=1, max_size=6
    )
)
def test_ties_are_the_mean_over_all_orders(rows):
    """Every term of a query with ties is its mean over the orders that its scores allow."""
    y, s = [row[0] for row in rows], [row[1] for row in rows]
    found = terms(y, s)
    for name, value in brute(y, s).items():
        assert found[name] == pytest.approx(value, abs=1e-12), name
    assert found["size"] == len(y)
    assert found["relevant"] == sum(value > 0 for value in y)


@given(st.integers(0, 500))
def test_ndcg_equals_scikit_learn(seed):
    """NDCG of a query equals scikit-learn's, which averages over ties as well."""
    rng = np.random.default_rng(seed)
    y, s = rng.integers(0, 4, 9), rng.integers(0, 5, 9) / 4
    found = terms(y.tolist(), s.tolist())
    for k in MODEL.ranks:
        assert found[f"ndcg@{k}"] == pytest.approx(ndcg_score([y], [s], k=k), abs=1e-12)


def test_queries_stay_apart():
    """Rows of interleaved queries are ranked within their own query; null queries are left out."""
    table = pa.table(
        {
            "q": [1, 2, 1, 2, None],
            "y": [1, 0, 0, 1, 1],
            "s": [0.9, 0.8, 0.1, 0.7, 1.0],
        }
    )
    layout = ranking.fit(MODEL, table)
    part = ranking.measure(layout, MODEL, table.to_batches()[0])
    assert (part.rows, part.labelled, part.queries) == (5, 4, 2)
    assert part.products[0, TERMS_BEFORE.index("reciprocal")] == pytest.approx(1.5)


def test_fewer_rows_than_k():
    """Precision divides by k even where a query has fewer rows."""
    assert terms([1, 1], [0.5, 0.4])["precision@4"] == 0.5
