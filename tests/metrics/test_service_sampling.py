"""What sampling does: estimates stay unbiased and their intervals cover the truth.

The client keeps every error, half of what is slow and a tenth of the rest, so what was kept looks
nothing like what happened.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from tests.metrics.traffic_data import (
    CACHE_RATE,
    ERROR_RATE,
    MEDIAN_MS,
    SPREAD,
    requests,
    sampled,
    traffic,
)
from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.service import service_metrics

ROWS = 3000
RUNS = 300


@cache
def truth() -> dict[str, float]:
    """What the metrics are of endless traffic."""
    fast = stats.lognorm(SPREAD, scale=MEDIAN_MS)
    slow = stats.lognorm(SPREAD, scale=4 * MEDIAN_MS)
    points = np.geomspace(1, 10_000, 100_001)
    below = (1 - ERROR_RATE) * fast.cdf(points) + ERROR_RATE * slow.cdf(points)
    mean = (1 - ERROR_RATE) * fast.mean() + ERROR_RATE * slow.mean()
    return {
        "error_rate": ERROR_RATE,
        "error_rate@timeout": ERROR_RATE,
        "cache_hit_rate": CACHE_RATE,
        "latency_ms_mean": mean,
        "latency_ms@p50": float(np.interp(0.5, below, points)),
        "latency_ms@p95": float(np.interp(0.95, below, points)),
        "latency_ms@p99": float(np.interp(0.99, below, points)),
        "tokens_in": 30.0 * ROWS,
        "prediction_count": float(ROWS),
    }


def estimates(*, sampling: bool) -> list[dict[str, Estimate]]:
    """The metrics of many windows with a Poisson number of requests each."""
    rng = np.random.default_rng(7)
    found = []
    for _ in range(RUNS):
        held = requests(rng, int(rng.poisson(ROWS)))
        part = sampled(rng, held) if sampling else traffic(held)
        found.append(service_metrics(part, seconds=60.0, now=None))
    return found


@pytest.fixture(scope="module")
def kept() -> list[dict[str, Estimate]]:
    """The metrics of sampled windows."""
    return estimates(sampling=True)


@pytest.fixture(scope="module")
def whole() -> list[dict[str, Estimate]]:
    """The metrics of windows of which nothing was left out."""
    return estimates(sampling=False)


@pytest.mark.parametrize("name", truth())
def test_estimates_are_unbiased(name: str, kept: list[dict[str, Estimate]]) -> None:
    """Their mean over windows is the truth, to four standard errors and what binning may add."""
    values = np.array([found[name].value for found in kept])
    bound = np.mean([found[name].bound or 0.0 for found in kept])
    off = abs(values.mean() - truth()[name])
    # The quantile of few rows is biased by itself, by a fraction of its spread.
    small = 0.1 * values.std() if "@p" in name else 0.0
    assert off < 4 * values.std() / np.sqrt(RUNS) + bound + small


@pytest.mark.parametrize("sampling", [True, False])
@pytest.mark.parametrize("name", truth())
def test_intervals_cover_the_truth(
    name: str, sampling: bool, kept: list[dict[str, Estimate]], whole: list[dict[str, Estimate]]
) -> None:
    """In about 95 of 100 windows; those of quantiles promise at least that."""
    every = kept if sampling else whole
    ends = [(found[name].low, found[name].high) for found in every]
    known = [(low, high) for low, high in ends if low is not None and high is not None]
    assert len(known) > 0.9 * RUNS
    covered = np.mean([low <= truth()[name] <= high for low, high in known])
    spread = 3.5 * np.sqrt(0.95 * 0.05 / RUNS)
    assert covered > 0.95 - spread
    if "latency_ms@" not in name and name != "prediction_count":
        assert covered < 0.95 + spread


def test_counting_rows_would_be_wrong() -> None:
    """The test can fail: without weights the error rate and the median are far off."""
    rng = np.random.default_rng(8)
    held = requests(rng, 20_000)
    part = sampled(rng, held)
    assert part.failed.rows / part.rows.rows > 4 * ERROR_RATE
    unweighted = np.median(np.repeat(np.arange(part.latency.counts.size), part.latency.counts))
    weighted = np.searchsorted(np.cumsum(part.latency.weights), part.latency.weights.sum() / 2)
    assert unweighted > weighted + 5


def test_keeping_every_error_costs_the_error_rate_little(
    kept: list[dict[str, Estimate]], whole: list[dict[str, Estimate]]
) -> None:
    """A sixth of the rows, yet nearly the interval of all of them."""
    rows = [np.mean([found["error_rate"].n_current for found in side]) for side in (kept, whole)]
    widths = [
        np.mean([found["error_rate"].high - found["error_rate"].low for found in side])
        for side in (kept, whole)
    ]
    assert rows[0] < 0.25 * rows[1]
    assert widths[0] < 1.3 * widths[1]
