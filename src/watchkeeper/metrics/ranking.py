"""Metrics of a ranking: means over queries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.intervals import bounded
from watchkeeper.profiles.ranking import TERMS_BEFORE, TERMS_OF_K, Ranking, RankingLayout

NO_QUERIES = "no query has a labelled row"


def precision_at_k(layout: RankingLayout, part: Ranking, k: int) -> Estimate:
    """The mean over queries of the share of the first k places that are relevant."""
    return _ratio(part, _at(layout, "precision", k), 0, NO_QUERIES)


def recall_at_k(layout: RankingLayout, part: Ranking, k: int) -> Estimate:
    """The mean over queries with anything relevant of the share of it in the first k places."""
    answered = TERMS_BEFORE.index("answered")
    return _ratio(part, _at(layout, "recall", k), answered, "no query has a relevant row")


def ndcg_at_k(layout: RankingLayout, part: Ranking, k: int) -> Estimate:
    """The mean over queries of the discounted gain of the first k places over the best possible."""
    return _ratio(part, _at(layout, "ndcg", k), 0, NO_QUERIES)


def mrr(layout: RankingLayout, part: Ranking) -> Estimate:
    """The mean over queries of one over the rank of the first relevant row."""
    del layout
    return _ratio(part, TERMS_BEFORE.index("reciprocal"), 0, NO_QUERIES)


def ctr(layout: RankingLayout, part: Ranking) -> Estimate:
    """The share of shown rows that are relevant (clicked)."""
    del layout
    shown = TERMS_BEFORE.index("size")
    return _ratio(part, TERMS_BEFORE.index("relevant"), shown, NO_QUERIES)


def ranking_metrics(layout: RankingLayout) -> Mapping[str, tuple[Metric, int | None]]:
    """The names of a layout's metrics, `precision@5` for each k, with their records and k."""
    found: dict[str, tuple[Metric, int | None]] = {}
    for metric in RANKING:
        if metric.name.endswith("_at_k"):
            for k in layout.ranks:
                found[f"{metric.name.removesuffix('_at_k')}@{k}"] = (metric, k)
        else:
            found[metric.name] = (metric, None)
    return found


def _at(layout: RankingLayout, term: str, k: int) -> int:
    """The place of a term of k; KeyError for a k that is not counted."""
    if k not in layout.ranks:
        raise KeyError(k)
    before = len(TERMS_BEFORE) + len(TERMS_OF_K) * layout.ranks.index(k)
    return before + TERMS_OF_K.index(term)


def _ratio(part: Ranking, above: int, below: int, reason: str) -> Estimate:
    """The sum of one term over that of another, queries being independent of each other."""
    queries = part.queries
    total = float(part.products[0, below])
    if queries == 0 or total == 0:
        return Estimate(None, n_current=queries, note=NO_QUERIES if queries == 0 else reason)
    value = float(part.products[0, above]) / total
    at = [above, below]
    slope = np.array([1.0, -value])
    spread = float(slope @ part.products[np.ix_(at, at)] @ slope)
    behind = total if below == TERMS_BEFORE.index("answered") else float(queries)
    if behind > 1:
        variance = max(spread, 0.0) / (total * total) * behind / (behind - 1)
        low, high = bounded(value, variance, behind, degrees=behind - 1)
    else:
        low, high = None, None
    note = "single query: no interval" if low is None and math.isfinite(value) else None
    return Estimate(value, low, high, n_current=round(behind), note=note)


_record = partial(
    Metric,
    group="performance",
    needs=("ranking", "score"),
    unit="share",
    worse="lower",
    best=1.0,
    lowest=0.0,
    highest=1.0,
    nulls="rows without query, relevance or score are left out, and later ones move up",
    infinities="an infinite score counts as missing",
    unseen="not applicable",
    interval="delta method over queries with Student's t, on the logit scale",
    p_value="the level at which the interval of the difference (MOVER) touches zero",
)
_TIES = "Rows of equal score count as in random order, so the order of the data plays no part."

RANKING: tuple[Metric, ...] = (
    _record(
        name="precision_at_k",
        title="Precision at k",
        function=precision_at_k,
        measures="Which share of the first k places is relevant.",
        misleads=f"A query with fewer than k relevant rows cannot reach 1. {_TIES}",
        formula=r"\frac1Q\sum_q \frac1k \sum_{r=1}^{k} [rel_{q,r} > 0]",
        source="Manning, Raghavan and Schütze (2008), Introduction to information retrieval",
        oracle="direct computation over all orders of ties",
        defaults={"k": (5, 10)},
    ),
    _record(
        name="recall_at_k",
        title="Recall at k",
        function=recall_at_k,
        measures="Which share of what is relevant stands in the first k places.",
        misleads="Queries with more than k relevant rows cannot reach 1; those with none do not "
        f"count. {_TIES}",
        formula=(
            r"\frac1{|\{q: R_q > 0\}|}\sum_{q: R_q > 0} \frac1{R_q} \sum_{r=1}^{k} "
            r"[rel_{q,r} > 0]"
        ),
        source="Manning, Raghavan and Schütze (2008), Introduction to information retrieval",
        oracle="direct computation over all orders of ties",
        defaults={"k": (5, 10)},
    ),
    _record(
        name="ndcg_at_k",
        title="NDCG at k",
        function=ndcg_at_k,
        measures="How close the first k places come to the best possible order.",
        misleads="The gain is the relevance itself, not 2 to its power; a query with nothing "
        f"relevant counts 0. {_TIES}",
        formula=(
            r"\frac1Q\sum_q \frac{\sum_{r=1}^{k} rel_{q,r} / \log_2(r + 1)}"
            r"{\sum_{r=1}^{k} rel^{*}_{q,r} / \log_2(r + 1)}"
        ),
        source="Järvelin and Kekäläinen (2002), Cumulated gain-based evaluation",
        oracle="sklearn.metrics.ndcg_score",
        defaults={"k": (5, 10)},
        peers={"LightGBM, XGBoost": "gain 2^rel - 1 by default"},
    ),
    _record(
        name="mrr",
        title="Mean reciprocal rank",
        function=mrr,
        measures="How far down the first relevant row stands.",
        misleads=f"It sees only the first relevant row; a query without any counts 0. {_TIES}",
        formula=r"\frac1Q\sum_q \frac{1}{\min\{r: rel_{q,r} > 0\}}",
        source="Voorhees (1999), The TREC-8 question answering track report",
        oracle="sklearn.metrics.label_ranking_average_precision_score (one relevant row)",
    ),
    _record(
        name="ctr",
        title="Click-through rate",
        function=ctr,
        measures="Which share of what is shown is clicked (relevance above 0).",
        misleads="It falls when more is shown, the order unchanged.",
        formula=r"\frac{\sum_q R_q}{\sum_q n_q}",
        source="Richardson, Dominowska and Ragno (2007), Predicting clicks",
        oracle="numpy.mean(relevance > 0)",
    ),
)
