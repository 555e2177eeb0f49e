"""Traffic: what is counted of predictions, against counting by hand."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.event_rows import START, batch_of, prediction_rows
from watchkeeper.core.envelope import ERROR_CLASSES
from watchkeeper.profiles import codec
from watchkeeper.profiles.durations import Durations
from watchkeeper.profiles.log_grid import SECONDS
from watchkeeper.profiles.traffic import VIOLATIONS_KEPT, Traffic, measure_traffic
from watchkeeper.profiles.weighted import Moments, Weighted
from watchkeeper.testing.statistics import check_statistic, same


def of(rows: list[dict[str, Any]]) -> Traffic:
    """The traffic of some rows."""
    return measure_traffic(batch_of(rows))


def by_hand(rows: list[dict[str, Any]]) -> Weighted:
    """The rows, counted one by one."""
    weights = [row.get("_weight", 1.0) for row in rows]
    return Weighted(len(rows), sum(weights), sum(w * w for w in weights))


def having(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """The rows with any of the columns."""
    return [row for row in rows if any(row.get(name) is not None for name in names)]


@pytest.mark.parametrize("weighted", [False, True])
def test_traffic_merges_as_a_statistic_must(weighted: bool) -> None:
    """Identity, commutation, association, and the whole is the merge of its parts."""
    rows = prediction_rows(np.random.default_rng(1), 60, weighted=weighted)
    check_statistic(of, rows)
    same(of(rows) | Traffic(), of(rows), 0.0, "Traffic() is the identity")
    same(Traffic() | of(rows), of(rows), 0.0, "Traffic() is the identity")


def test_weighted_and_unweighted_parts_merge() -> None:
    """Where only some of the rows were sampled, the parts still add up to the whole."""
    rng = np.random.default_rng(2)
    check_statistic(
        of, prediction_rows(rng, 20, weighted=False) + prediction_rows(rng, 20, weighted=True)
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_counts_equal_counting_by_hand(weighted: bool) -> None:
    """Every count, with weights, is what a loop over the rows gives."""
    rows = prediction_rows(np.random.default_rng(3), 200, weighted=weighted)
    found = of(rows)
    same(found.rows, by_hand(rows), 1e-12, "rows")
    same(found.predicted, by_hand(having(rows, "_prediction", "_score")), 1e-12, "predicted")
    same(found.failed, by_hand(having(rows, "_error", "_error_class")), 1e-12, "failed")
    timeouts = [row for row in rows if row.get("_error_class") == "timeout"]
    same(found.errors["timeout"], by_hand(timeouts), 1e-12, "timeouts")
    same(
        found.errors["application"],
        by_hand(
            [
                row
                for row in having(rows, "_error", "_error_class")
                if row.get("_error_class") not in {"timeout", "5xx"}
            ]
        ),
        1e-12,
        "a class that is not known, or none",
    )
    assert set(found.errors) <= set(ERROR_CLASSES)
    known = having(rows, "_cache_hit")
    same(found.cache_known, by_hand(known), 1e-12, "cache known")
    same(found.cache_hits, by_hand([r for r in known if r["_cache_hit"]]), 1e-12, "cache hits")
    same(found.overflowing, by_hand(having(rows, "_overflow")), 1e-12, "overflow")
    violating = [row for row in rows if row.get("_violations")]
    same(found.violating, by_hand(violating), 1e-12, "violations")
    entries = [entry for row in violating for entry in row["_violations"] if entry]
    assert found.violations == {name: entries.count(name) for name in set(entries)}
    assert found.heaviest == max(row.get("_weight", 1.0) for row in rows)
    assert found.lightest == 1.0


def test_sums_and_times_equal_counting_by_hand() -> None:
    """Tokens, batches, queues, and the first and last event."""
    rows = prediction_rows(np.random.default_rng(4), 100, weighted=True)
    found = of(rows)
    for name, held in {
        "_tokens_in": found.tokens_in,
        "_tokens_out": found.tokens_out,
        "_batch_size": found.batch_size,
        "_concurrent": found.concurrent,
        "_queue_depth": found.queue_depth,
    }.items():
        pairs = [(r.get("_weight", 1.0), float(r[name])) for r in having(rows, name)]
        expected = Moments(
            len(pairs),
            sum(w for w, _ in pairs),
            sum(w * w for w, _ in pairs),
            sum(w * x for w, x in pairs),
            sum(w * w * x for w, x in pairs),
            sum((w * x) ** 2 for w, x in pairs),
            min(x for _, x in pairs),
            max(x for _, x in pairs),
        )
        same(held, expected, 1e-12, name)
    times = [row["_time"] / 1e6 for row in having(rows, "_time")]
    assert (found.first, found.last) == (min(times), max(times))
    delays = [
        max(row["_received"] - row["_time"], 0) / 1e6
        for row in rows
        if "_received" in row and "_time" in row
    ]
    assert found.arrival.moments.rows == len(delays)
    assert found.arrival.moments.maximum == max(delays)
    assert found.arrival.moments.minimum == min(delays)


def test_durations_that_are_none_are_counted_apart() -> None:
    """A latency below 0, NaN or infinite is in no bin, sum or quantile."""
    found = of([{"_latency_ms": x} for x in (5.0, -1.0, math.nan, math.inf, -math.inf, 0.0)])
    assert found.latency.invalid == 4
    assert found.latency.moments.rows == found.latency.counts.sum() == 2
    assert found.latency.moments.total == 5.0


def test_absent_columns_count_as_null() -> None:
    """A batch of other columns is rows and nothing else; no rows are the identity."""
    found = measure_traffic(pa.record_batch({"temp": [1.0, 2.0]}))
    same(
        found,
        Traffic(rows=Weighted(2, 2.0, 2.0), lightest=1.0, heaviest=1.0),
        0.0,
        "only rows",
    )
    same(of([]), Traffic(), 0.0, "no rows")
    nulls = batch_of([{"_latency_ms": None, "_error": None, "_time": None, "_violations": None}])
    assert measure_traffic(nulls).latency.counts.size == 0
    assert measure_traffic(nulls).errors == {}
    assert measure_traffic(nulls).last is None


def test_types_that_files_bring_are_read_alike() -> None:
    """Dictionaries, narrow numbers and other units of time give the same counts."""
    rows = prediction_rows(np.random.default_rng(5), 50, weighted=True)
    plain = batch_of(rows)
    columns = {name: plain.column(name) for name in plain.schema.names}
    columns["_error_class"] = columns["_error_class"].dictionary_encode()
    columns["_time"] = columns["_time"].cast(pa.timestamp("ns", tz="UTC"))
    columns["_tokens_in"] = columns["_tokens_in"].cast(pa.int32())
    columns["_overflow"] = columns["_overflow"].cast(pa.large_string())
    other = measure_traffic(pa.RecordBatch.from_pydict(columns))
    same(other, measure_traffic(plain), 0.0, "types")


def test_a_slice_is_measured_as_if_it_stood_alone() -> None:
    """Offsets of Arrow arrays, such as those of lists, are not overlooked."""
    rows = prediction_rows(np.random.default_rng(6), 40, weighted=True)
    whole = batch_of(rows)
    same(measure_traffic(whole.slice(7, 20)), of(rows[7:27]), 1e-12, "a slice")


def test_odd_weights_count_as_one() -> None:
    """A weight that cannot be one does not spoil the sums; 0 stands for no row."""
    found = of([{"_weight": w, "_time": START} for w in (None, math.nan, 1e10, -3.0, 0.0, 4.0)])
    assert found.rows == Weighted(6, 8.0, 20.0)
    assert (found.lightest, found.heaviest) == (0.0, 4.0)


def test_violations_stay_bounded_and_exact() -> None:
    """What the schema knows is kept by name; of unknown names, the first; the sum is exact."""
    rows = [{"_violations": [f"unknown:{n:05d}", "type:temp", "x" * 999]} for n in range(1000)]
    found = of(rows)
    assert len(found.violations) == VIOLATIONS_KEPT
    assert found.violations["type:temp"] == found.violations["x" * 200] == 1000
    assert found.violations["unknown:00000"] == 1
    assert sum(found.violations.values()) + found.violations_other == 3000
    check_statistic(of, rows)


def test_it_survives_the_codec() -> None:
    """As MessagePack and back it is the same, arrays included."""
    found = of(prediction_rows(np.random.default_rng(7), 50, weighted=True))
    packed = msgspec.msgpack.encode(found, enc_hook=codec._pack)
    back = msgspec.msgpack.decode(packed, type=Traffic, dec_hook=codec._unpack)
    same(back, found, 0.0, "codec")


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "_latency_ms": st.floats(),
                "_weight": st.floats(),
                "_time": st.integers(-(2**50), 2**50),
                "_received": st.integers(-(2**50), 2**50),
                "_tokens_in": st.integers(-(2**62), 2**62),
                "_error_class": st.text(max_size=3) | st.sampled_from(ERROR_CLASSES),
                "_violations": st.lists(st.none() | st.text(max_size=3), max_size=3),
            },
        ),
        max_size=8,
    )
)
def test_whatever_comes_is_counted(rows: list[dict[str, Any]]) -> None:
    """No input breaks it, and every row is in exactly one place."""
    found = of(rows)
    assert found.rows.rows == len(rows)
    timed = having(rows, "_latency_ms")
    assert found.latency.invalid + int(found.latency.counts.sum()) == len(timed)
    assert found.failed.rows == len(having(rows, "_error_class"))
    entries = sum(e is not None for r in rows for e in r.get("_violations") or ())
    assert sum(found.violations.values()) + found.violations_other == entries
    held: Durations = found.arrival
    assert held.moments.rows == sum("_time" in row and "_received" in row for row in rows)
    assert held.quantile(SECONDS, 0.5) is None or held.moments.weight > 0
