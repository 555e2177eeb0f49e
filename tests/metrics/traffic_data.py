"""Simulated traffic whose truth is known, whole and sampled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from watchkeeper.profiles.traffic import Traffic, measure_traffic

ERROR_RATE = 0.04
CACHE_RATE = 0.3
MEDIAN_MS = 20.0
SPREAD = 0.8
"""Of the logarithm of a latency; errors take four times as long."""


class Requests(NamedTuple):
    """Requests as they happened, before any sampling."""

    failed: np.ndarray
    latency: np.ndarray
    cached: np.ndarray
    tokens: np.ndarray


def requests(rng: np.random.Generator, n: int, *, error_rate: float = ERROR_RATE) -> Requests:
    """Requests of which slow ones fail more often."""
    failed = rng.random(n) < error_rate
    latency = rng.lognormal(np.log(MEDIAN_MS), SPREAD, n) * np.where(failed, 4.0, 1.0)
    cached = rng.random(n) < CACHE_RATE
    return Requests(failed, latency, cached, rng.poisson(30, n))


def chances(held: Requests) -> np.ndarray:
    """Of being kept: every error, half of what is slow, a tenth of the rest."""
    return np.where(held.failed, 1.0, np.where(held.latency > 60, 0.5, 0.1))


def traffic(
    held: Requests, chance: np.ndarray | None = None, kept: np.ndarray | None = None
) -> Traffic:
    """What is counted of the requests, or of those that were kept with their weights."""
    rows = np.ones(held.failed.size, dtype=bool) if kept is None else kept
    columns = {
        "_prediction": pa.array(np.where(held.failed, None, "1")[rows], pa.string()),
        "_error_class": pa.array(np.where(held.failed, "timeout", None)[rows], pa.string()),
        "_latency_ms": pa.array(held.latency[rows]),
        "_cache_hit": pa.array(held.cached[rows]),
        "_tokens_in": pa.array(held.tokens[rows]),
    }
    if chance is not None:
        columns["_weight"] = pa.array(1.0 / chance[rows])
    return measure_traffic(pa.RecordBatch.from_pydict(columns))


def sampled(rng: np.random.Generator, held: Requests) -> Traffic:
    """The traffic after a client has kept some of it."""
    chance = chances(held)
    return traffic(held, chance, rng.random(chance.size) < chance)


def quantile_of(values: np.ndarray, share: float, weights: np.ndarray | None = None) -> float:
    """The smallest value that `share` of the weight does not exceed, as NumPy computes it."""
    if weights is None:
        return float(np.quantile(values, share, method="inverted_cdf"))
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        return float(np.quantile(values, share, method="inverted_cdf", weights=weights))
    order = np.argsort(values)
    upto = np.cumsum(np.asarray(weights)[order])
    return float(np.asarray(values)[order][np.searchsorted(upto, share * upto[-1])])
