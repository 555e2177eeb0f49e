"""Traffic of many groups at once, against measuring them one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.event_rows import batch_of, prediction_rows
from watchkeeper.profiles.traffic import measure_traffic
from watchkeeper.profiles.traffic_groups import measure_traffic_by
from watchkeeper.testing.statistics import same


def check(batch: pa.RecordBatch, groups: list[int]) -> None:
    """Each group is what its rows are alone."""
    places = np.array(groups, dtype=np.int64)
    found = measure_traffic_by(batch, places)
    assert list(found) == sorted(set(groups))
    for group, held in found.items():
        alone = measure_traffic(batch.filter(pa.array(places == group)))
        same(held, alone, 1e-12, f"group {group} is what its rows are alone")


@pytest.mark.parametrize("weighted", [False, True])
@given(data=st.data())
def test_groups_are_as_if_measured_alone(weighted: bool, data: st.DataObject) -> None:
    """Whatever the rows hold, in whatever order the groups lie."""
    size = data.draw(st.integers(1, 40))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    rows = prediction_rows(rng, size, weighted=weighted)
    hidden = data.draw(st.sets(st.sampled_from(sorted({key for row in rows for key in row}))))
    rows = [{key: held for key, held in row.items() if key not in hidden} for row in rows]
    groups = data.draw(st.lists(st.integers(-2, 9), min_size=size, max_size=size))
    check(batch_of(rows), sorted(groups) if data.draw(st.booleans()) else groups)


def test_a_group_may_weigh_nothing_or_lack_what_others_have() -> None:
    """Weights of one group do not change how another is held."""
    rows: list[dict[str, Any]] = [
        {"_latency_ms": 3.0, "_weight": 1.0},
        {"_latency_ms": 5.0, "_weight": 0.0},
        {"_latency_ms": -1.0},
        {"_latency_ms": 7.0, "_weight": 4.0, "_tokens_in": 3, "_error": "no"},
        {"_violations": []},
        {"_violations": ["type:a", "type:a"], "_error_class": "5xx"},
    ]
    check(batch_of(rows), [0, 1, 2, 3, 4, 5])
    check(batch_of(rows), [0, 0, 1, 0, 1, 1])


def test_violations_stay_bounded() -> None:
    """Of hundreds of names the same are kept, whatever other groups state."""
    rows = [{"_violations": [f"unknown:{n % 400}", f"type:{n % 7}"]} for n in range(1_200)]
    check(batch_of(rows), [n % 2 for n in range(1_200)])
    check(batch_of(rows).slice(5, 300), sorted(n % 3 for n in range(300)))


def test_columns_of_other_types_are_not_read() -> None:
    """As when they are measured alone."""
    batch = pa.RecordBatch.from_pydict(
        {
            "_latency_ms": ["fast", None, "slow"], "_cache_hit": [1, 0, None],
            "_violations": ["x", None, None], "_time": [1, 2, 3], "_weight": ["a", "b", "c"],
        }
    )  # fmt: skip
    check(batch, [0, 1, 1])


def test_no_rows_are_no_groups() -> None:
    """And one group is the batch."""
    batch = pa.RecordBatch.from_pydict({"_latency_ms": [1.0, 2.0]})
    assert measure_traffic_by(batch.slice(0, 0), np.zeros(0, dtype=np.int64)) == {}
    check(batch, [4, 4])
