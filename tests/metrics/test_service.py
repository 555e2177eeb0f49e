"""Metrics of traffic against computing them from the rows."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.metrics.traffic_data import quantile_of, requests, traffic
from tests.profiles.event_rows import START, batch_of, prediction_rows
from watchkeeper.core.envelope import ERROR_CLASSES, STAGES
from watchkeeper.core.errors import InputError
from watchkeeper.metrics.service import service_metrics
from watchkeeper.metrics.service_errors import error_rate_by_class
from watchkeeper.profiles.traffic import Traffic, measure_traffic

ROWS = prediction_rows(np.random.default_rng(1), 500, weighted=True)
FOUND = service_metrics(measure_traffic(batch_of(ROWS)), seconds=250.0, now=START / 1e6 + 1000)


def weights(*names: str) -> float:
    """The sum of weights of the rows with any of the columns; of all rows without a name."""
    rows = [r for r in ROWS if not names or any(r.get(name) is not None for name in names)]
    return sum(row.get("_weight", 1.0) for row in rows)


def column(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The values of a column that count, and their weights."""
    rows = [row for row in ROWS if row.get(name) is not None and 0 <= row[name] < np.inf]
    return (
        np.array([row[name] for row in rows], dtype=float),
        np.array([row.get("_weight", 1.0) for row in rows]),
    )


def test_counts_and_rates_equal_those_of_the_rows() -> None:
    """With the weights of the rows, whatever is absent left out."""
    assert FOUND["prediction_count"].value == pytest.approx(weights())
    assert FOUND["throughput"].value == pytest.approx(weights() / 250)
    failed = weights("_error", "_error_class")
    assert FOUND["error_rate"].value == pytest.approx(failed / weights())
    hits = sum(row.get("_weight", 1.0) for row in ROWS if row.get("_cache_hit"))
    assert FOUND["cache_hit_rate"].value == pytest.approx(hits / weights("_cache_hit"))
    assert FOUND["overflow_rate"].value == pytest.approx(weights("_overflow") / weights())
    violating = sum(row.get("_weight", 1.0) for row in ROWS if row.get("_violations"))
    assert FOUND["schema_violation_rate"].value == pytest.approx(violating / weights())
    classes = sum(FOUND[f"error_rate@{name}"].value or 0 for name in ERROR_CLASSES)
    assert classes == pytest.approx(FOUND["error_rate"].value)


def test_loads_equal_those_of_the_rows() -> None:
    """Sums are weighted, maxima are those of the rows that were kept."""
    for name in ("tokens_in", "tokens_out"):
        values, held = column(f"_{name}")
        assert FOUND[name].value == pytest.approx(values @ held)
    values, held = column("_batch_size")
    assert FOUND["batch_size_mean"].value == pytest.approx(np.average(values, weights=held))
    assert FOUND["concurrent_max"].value == column("_concurrent")[0].max()
    assert FOUND["queue_depth_max"].value == column("_queue_depth")[0].max()


@pytest.mark.parametrize("stage", ["latency", *STAGES])
def test_latencies_equal_numpys_to_the_bound(stage: str) -> None:
    """Each quantile lies as near to that of the rows as it says; the mean is exact."""
    names = [f"{stage}_ms@{p}" for p in ("p50", "p75", "p90", "p95", "p99", "p99.9")]
    values, held = column(f"_{stage}_ms")
    for name, share in zip(names, (0.5, 0.75, 0.9, 0.95, 0.99, 0.999), strict=True):
        found = FOUND[name]
        if not values.size:
            assert found.note == f"no row has the time of its stage {stage}"
            continue
        exact = quantile_of(values, share, held)
        assert abs(found.value - exact) <= found.bound + 1e-12
        assert found.n_current == values.size
    if stage == "latency":
        mean = np.average(values, weights=held)
        assert FOUND["latency_ms_mean"].value == pytest.approx(mean)


def test_delay_and_freshness_equal_those_of_the_rows() -> None:
    """Seconds from event to receipt, and from the last event to now."""
    rows = [row for row in ROWS if "_time" in row and "_received" in row]
    delays = np.array([max(row["_received"] - row["_time"], 0) / 1e6 for row in rows])
    held = np.array([row.get("_weight", 1.0) for row in rows])
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        found = FOUND[f"arrival_delay_s@{name}"]
        exact = quantile_of(delays, share, held)
        assert abs(found.value - exact) <= found.bound
    last = max(row["_time"] for row in ROWS if "_time" in row) / 1e6
    assert FOUND["freshness_s"].value == pytest.approx(START / 1e6 + 1000 - last)


def test_a_clock_that_is_ahead_is_fresh_and_said() -> None:
    """A row from the future is no negative age."""
    found = service_metrics(Traffic(last=110.0), seconds=60.0, now=100.0)["freshness_s"]
    assert found.value == 0.0
    assert "10 s ahead" in str(found.note)


def test_no_rows_are_a_normal_input() -> None:
    """Counts are 0, everything else has no value and says why."""
    found = service_metrics(Traffic(), seconds=60.0, now=0.0)
    for name, estimate in found.items():
        if name in {"prediction_count", "throughput"}:
            assert estimate.value == 0.0
        else:
            assert estimate.value is None
            assert estimate.note
    untimed = service_metrics(Traffic(), seconds=None, now=None)
    assert untimed["throughput"].note == "no window was given"
    assert service_metrics(Traffic(), seconds=0.0, now=None)["throughput"].value is None
    assert service_metrics(Traffic(last=1.0), seconds=1.0, now=None)["freshness_s"].value is None


def test_an_unknown_class_of_error_is_refused() -> None:
    """It would be 0 for ever."""
    with pytest.raises(InputError, match="the classes are 4xx, 5xx"):
        error_rate_by_class(Traffic(), "timeouts")


def test_ten_windows_merged_are_one_window() -> None:
    """Every metric of the merge is that of all rows, so hours add up to a day."""
    rng = np.random.default_rng(2)
    held = requests(rng, 3000)
    whole = traffic(held)
    merged = Traffic()
    for part in np.array_split(np.arange(3000), 10):
        kept = np.zeros(3000, dtype=bool)
        kept[part] = True
        merged |= traffic(held, None, kept)
    one = service_metrics(whole, seconds=60.0, now=None)
    two = service_metrics(merged, seconds=60.0, now=None)
    for name, estimate in one.items():
        other = two[name]
        assert (estimate.note, estimate.n_current) == (other.note, other.n_current)
        for key in ("value", "low", "high", "bound"):
            expected = getattr(estimate, key)
            assert getattr(other, key) == (
                None if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12)
            )


def test_rows_are_counted_where_weights_are_not() -> None:
    """`n_current` is always the rows behind a number, not what they stand for."""
    held = msgspec.structs.replace(measure_traffic(batch_of([{"_weight": 100.0}] * 3)))
    found = service_metrics(held, seconds=60.0, now=None)
    assert found["prediction_count"].value == 300.0
    assert found["prediction_count"].n_current == found["error_rate"].n_current == 3
