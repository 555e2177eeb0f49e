"""Two sets of traffic beside each other: what is called a difference, and how often in error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.metrics.traffic_data import requests, sampled, traffic
from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.service import service_metrics
from watchkeeper.metrics.service_compare import compare_traffic
from watchkeeper.profiles.traffic import Traffic
from watchkeeper.profiles.weighted import Weighted

HOUR = (3600.0, 3600.0)


def failing(errors: int, rows: int) -> Traffic:
    """Traffic of which so many rows failed."""
    held = Weighted(errors, float(errors), float(errors))
    return Traffic(
        rows=Weighted(rows, float(rows), float(rows)), errors={"timeout": held}, heaviest=1.0
    )


@pytest.mark.parametrize("counts", [(3, 400, 12, 500), (20, 1000, 5, 900), (0, 50, 4, 60)])
def test_the_error_rate_is_compared_by_fishers_test(counts: tuple[int, int, int, int]) -> None:
    """Twice the smaller tail of SciPy's exact test; Newcombe's interval around the difference."""
    before, n, after, m = counts
    found = compare_traffic(failing(before, n), failing(after, m), seconds=HOUR)["error_rate"]
    table = [[after, m - after], [before, n - before]]
    tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert found.value == pytest.approx(after / m - before / n)
    assert found.p_value == pytest.approx(2 * min(tails), rel=1e-3)
    assert found.low <= found.value <= found.high
    assert (found.n_reference, found.n_current) == (n, m)


def test_every_metric_is_compared() -> None:
    """By the names of the metrics; a traffic with itself differs in nothing."""
    part = traffic(requests(np.random.default_rng(1), 2000))
    found = compare_traffic(part, part, seconds=HOUR)
    names = service_metrics(part, seconds=60.0, now=None).keys() - {"freshness_s"}
    assert found.keys() == names
    for name, change in found.items():
        if change.value is None:
            assert change.note, name
        else:
            assert change.value == 0
            assert change.p_value in {None, 1.0}


def test_a_side_without_rows_has_no_difference() -> None:
    """And says which side it is."""
    found = compare_traffic(Traffic(), failing(1, 10), seconds=HOUR)["error_rate"]
    assert found.value is None
    assert found.p_value is None
    assert "reference" in str(found.note)


def changes(*, error_rate: float, slower: float, sampling: bool) -> list[dict[str, Estimate]]:
    """The differences of many pairs of windows."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(200):
        before, after = requests(rng, 2000), requests(rng, 2000, error_rate=error_rate)
        after = after._replace(latency=after.latency * slower)
        sides = [sampled(rng, x) if sampling else traffic(x) for x in (before, after)]
        found.append(compare_traffic(*sides, seconds=HOUR))
    return found


@pytest.mark.parametrize("sampling", [False, True])
def test_equal_versions_are_rarely_told_apart(sampling: bool) -> None:
    """At most 5 in 100 differences of nothing are significant, whatever was sampled."""
    found = changes(error_rate=0.04, slower=1.0, sampling=sampling)
    limit = 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / len(found))
    for name in ("error_rate", "cache_hit_rate", "latency_ms@p50", "latency_ms@p95",
                 "latency_ms_mean"):  # fmt: skip
        assert np.mean([change[name].p_value < 0.05 for change in found]) < limit, name


def test_a_slower_and_failing_version_is_found() -> None:
    """Twice the errors and a quarter slower: both are seen nearly always, with the right sign."""
    found = changes(error_rate=0.08, slower=1.25, sampling=False)
    for name in ("error_rate", "latency_ms@p50", "latency_ms_mean"):
        assert np.mean([change[name].low > 0 for change in found]) > 0.9, name


def test_a_difference_smaller_than_the_bins_show_is_not_called_one() -> None:
    """The medians, 30.0 and 30.2 ms, share a bin: the bound says so, and there is no verdict."""
    rng = np.random.default_rng(4)
    base = requests(rng, 100_000)
    before = traffic(base._replace(latency=np.full(100_000, 30.0)))
    after = traffic(base._replace(latency=np.where(rng.random(100_000) < 0.4, 30.0, 30.2)))
    found = compare_traffic(before, after, seconds=HOUR)["latency_ms@p50"]
    assert found.bound is not None
    assert abs(found.value - 0.2) <= found.bound + 1e-9
    assert found.low <= 0.2 <= found.high + 1e-9
    assert found.p_value >= 0.05 - 1e-9
