"""A year of hourly profiles of one model with 20 features, for `benchmarks.alarms`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.data import batches
from benchmarks.series import END, HOUR, KINDS, MODEL
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.registered import Reference
from watchkeeper.core.model import Column, Kind, Model, Role, Task
from watchkeeper.profiles.fit import fit_layout, with_bounds
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.label_traffic import measure_labels
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.parts import WHOLE, split_profile
from watchkeeper.profiles.traffic import measure_traffic
from watchkeeper.store.buckets import Buckets, Slot

DISTINCT = 48
"""Hours that are profiled; the year repeats them, since only the bytes of a part count."""

ROWS = 1_141
"""Predictions in an hour: ten million a year."""

FLOATS, WORDS = 16, 4
"""Features of each kind."""


def year(path: Path, days: int) -> Measured:
    """The measured hours of so many days, built unless the file holds them already."""
    sample = _rows("reference", 50_000)
    layout = fit_layout(_model(sample), pa.Table.from_batches([sample]))
    store = Buckets(path)
    if not store.models():
        _build(store, layout, days)
    profile = with_bounds(profile_batch(sample, layout))
    reference = Reference(1, "data", {}, layout.id, profile, END)
    return Measured(MODEL, store, reference)


def _model(sample: pa.RecordBatch) -> Model:
    features = sample.schema.names[: FLOATS + WORDS]
    columns = tuple(Column(name, KINDS[name[0]]) for name in features)
    label = Column("y", Kind.CATEGORICAL, Role.LABEL)
    return Model(
        MODEL, (*columns, label, Column("s", Kind.NUMERIC, Role.SCORE)),
        task=Task.BINARY, label="y", score="s",
    )  # fmt: skip


def _rows(table: str, count: int) -> pa.RecordBatch:
    """Features, and a score that tells something of the label."""
    wide = pa.Table.from_batches(batches(table, count, 50)).combine_chunks()
    names = wide.schema.names
    floats = [name for name in names if name[0] == "f"][:FLOATS]
    words = [name for name in names if name[0] == "c"][:WORDS]
    rng = np.random.default_rng(1)
    score = rng.beta(0.6, 2.0, count)
    label = (rng.random(count) < score).astype(int)
    held = wide.select([*floats, *words]).append_column("y", pa.array(label))
    return held.append_column("s", pa.array(score)).to_batches()[0]


def _build(store: Buckets, layout: Layout, days: int) -> None:
    current = _rows("current", ROWS * DISTINCT)
    rng = np.random.default_rng(2)
    made = []
    for at in range(DISTINCT):
        cut = current.slice(at * ROWS, ROWS)
        made.append((split_profile(profile_batch(cut, layout))[WHOLE], _service(rng, cut)))
    for at in range(days * 24):
        hour = END - HOUR * (days * 24 - at)
        parts, service = made[at % DISTINCT]
        with store.transaction(now=hour) as change:
            change.merge(hour, Slot(MODEL, layout.id, "1"), parts, rows=ROWS)
            change.merge(hour, Slot(MODEL, "", "1"), service, rows=ROWS)
    while store.roll_up(before=END, limit=500):
        pass


def _service(rng: np.random.Generator, cut: pa.RecordBatch) -> dict[str, Any]:
    """Traffic and labels of an hour, whichever hour it is."""
    when = [END] * ROWS
    late = [END + timedelta(seconds=s) for s in rng.exponential(86_400, ROWS)]
    failed = rng.random(ROWS) < 0.01
    rows = pa.record_batch(
        {
            "_time": pa.array(when, pa.timestamp("us", "UTC")),
            "_prediction": ["1"] * ROWS,
            "_latency_ms": rng.lognormal(2, 0.5, ROWS),
            "_inference_ms": rng.lognormal(1, 0.5, ROWS),
            "_error_class": pa.array(np.where(failed, "timeout", None), pa.string()),
            "_label": pa.array(cut["y"].to_pylist(), mask=rng.random(ROWS) < 0.2).cast(pa.string()),
            "_label_time": pa.array(late, pa.timestamp("us", "UTC")),
        }
    )
    return {"traffic": measure_traffic(rows), "labels": measure_labels(rows)}
