"""Ranking metrics equal direct computation over queries."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from tests.metrics.performance_data import RANKING, held, ranking_rows
from watchkeeper.metrics.performance import measure_performance_metrics, metric_records


def metrics(rows):
    """Every metric of some rows."""
    return measure_performance_metrics(*held(RANKING, rows))


def test_metrics_equal_direct_computation():
    """Means over queries of precision, recall and reciprocal rank, and scikit-learn's NDCG."""
    rows = ranking_rows(np.random.default_rng(0), 300)
    found = metrics(rows)
    y, s = rows["y"].reshape(300, 10), rows["s"].reshape(300, 10)
    ranked = np.take_along_axis(y, np.argsort(-s, axis=1), axis=1) > 0
    relevant = ranked.sum(axis=1)
    for k in (3, 5):
        hits = ranked[:, :k].sum(axis=1)
        assert found[f"precision@{k}"].value == pytest.approx(np.mean(hits / k))
        answered = relevant > 0
        expected = np.mean(hits[answered] / relevant[answered])
        assert found[f"recall@{k}"].value == pytest.approx(expected)
        assert found[f"recall@{k}"].n_current == answered.sum()
        assert found[f"ndcg@{k}"].value == pytest.approx(ndcg_score(y, s, k=k))
    first = np.where(relevant > 0, 1 / (ranked.argmax(axis=1) + 1), 0)
    assert found["mrr"].value == pytest.approx(first.mean())
    assert found["ctr"].value == pytest.approx((y > 0).mean())


def test_reciprocal_rank_of_one_relevant_row_equals_scikit_learn():
    """With one relevant row a query, the mean reciprocal rank is a known score of scikit-learn."""
    rng = np.random.default_rng(1)
    y = np.zeros((50, 8), int)
    y[np.arange(50), rng.integers(0, 8, 50)] = 1
    s = rng.random((50, 8))
    found = metrics({"q": np.repeat(np.arange(50), 8), "y": y.ravel(), "s": s.ravel()})
    assert found["mrr"].value == pytest.approx(label_ranking_average_precision_score(y, s))


def test_nothing_relevant():
    """Without a relevant row recall is undefined; the others are 0 with an interval."""
    found = metrics({"q": [1, 1, 2], "y": [0, 0, 0], "s": [0.1, 0.2, 0.3]})
    assert found["recall@3"].value is None
    assert found["recall@3"].note == "no query has a relevant row"
    assert found["mrr"].value == found["ndcg@3"].value == found["ctr"].value == 0
    assert found["mrr"].high > 0.3


def test_no_labels():
    """Without relevance nothing is known."""
    found = metrics({"q": [1, 2], "y": pa.nulls(2), "s": [0.1, 0.2]})
    assert all(one.value is None and one.note for one in found.values())


def test_a_single_query_has_no_interval():
    """One query says nothing of how queries vary."""
    found = metrics({"q": [1, 1], "y": [1, 0], "s": [0.1, 0.2]})["precision@3"]
    assert (found.low, found.high) == (None, None)
    assert found.note == "single query: no interval"


def test_names_carry_their_k():
    """Each k has a name of its own, and all stand on the record of the metric at k."""
    layout, _ = held(RANKING, ranking_rows(np.random.default_rng(2), 5))
    records = metric_records(layout)
    assert list(records)[:6] == [
        "precision@3",
        "precision@5",
        "recall@3",
        "recall@5",
        "ndcg@3",
        "ndcg@5",
    ]
    assert {records["ndcg@3"].name, records["ndcg@5"].name} == {"ndcg_at_k"}
