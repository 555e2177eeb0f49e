"""Rows in envelope columns that tests of traffic count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.core.envelope import COMMON, LABEL_COLUMNS, OUTCOME_COLUMNS, PREDICTION_COLUMNS

TYPES = {
    "string": pa.string(),
    "double": pa.float64(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "strings": pa.list_(pa.string()),
}
COLUMNS = {
    **COMMON,
    **PREDICTION_COLUMNS,
    **LABEL_COLUMNS,
    **OUTCOME_COLUMNS,
    "_prediction": "string",
    "_label_time": "timestamp",
    "_label_received": "timestamp",
    "_label_versions": "int64",
}
START = 1_700_000_000_000_000
"""Microseconds since 1970 at which the rows begin."""


def batch_of(rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Rows as a batch of the columns that any of them has, in the envelope's types."""
    names = sorted({name for row in rows for name in row})
    arrays = [pa.array([row.get(name) for row in rows], TYPES[COLUMNS[name]]) for name in names]
    if not names:
        return pa.record_batch({"_id": pa.nulls(len(rows), pa.string())})
    return pa.RecordBatch.from_arrays(arrays, names=names)


def prediction_rows(rng: np.random.Generator, n: int, *, weighted: bool) -> list[dict[str, Any]]:
    """Predictions with everything a record may hold, each of it absent now and then."""
    rows = []
    for place in range(n):
        time = START + place * 1_000_000
        every: dict[str, Any] = {
            "_time": time,
            "_received": time + int(rng.integers(-(10**6), 10**8)),
            "_prediction": "1",
            "_score": float(rng.random()),
            "_latency_ms": float(rng.choice([rng.lognormal(3), 0.0, -1.0, np.nan, np.inf])),
            "_queue_ms": float(rng.lognormal(0)),
            "_network_ms": float(rng.lognormal(12)),
            "_error": "bad",
            "_error_class": str(rng.choice(["timeout", "5xx", "strange"])),
            "_cache_hit": bool(rng.random() < 0.5),
            "_batch_size": int(rng.integers(1, 9)),
            "_tokens_in": int(rng.integers(0, 999)),
            "_tokens_out": int(rng.integers(0, 99)),
            "_concurrent": int(rng.integers(0, 50)),
            "_queue_depth": int(rng.integers(0, 5)),
            "_violations": [f"type:{rng.integers(3)}", "unknown:x", None][: rng.integers(4)],
            "_overflow": "{}",
        }
        if weighted:
            every["_weight"] = float(rng.choice([1.0, 2.5, 100.0]))
        rows.append({name: value for name, value in every.items() if rng.random() < 0.7})
    return rows
