"""A year of hourly profiles of one model with 20 features, for `benchmarks.alarms`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
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
from watchkeeper.store.bucket_file import LEVELS, part_key
from watchkeeper.store.bucket_times import to_hour
from watchkeeper.store.buckets import Buckets, Slot

DISTINCT = 48
"""Hours that are profiled; the year repeats them, since only the bytes of a part count."""

ROWS = 1_141
"""Predictions in an hour: ten million a year."""

FLOATS, WORDS = 16, 4
"""Features of each kind."""

_APART = 1_000
"""How far the numbers of the slots of two models lie apart."""


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


def many_models(one: Path, path: Path, count: int) -> Buckets:
    """The last days of a model's year as those of so many models, named by `model_name`.

    Rows are copied as they lie in the file: measuring them again would take a hundred times as
    long. Of traffic there are eleven weeks, as an anomaly asks for.
    """
    Buckets(path).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("ATTACH ? AS one", (str(one),))
        slots = file.execute("SELECT * FROM one.slots").fetchall()
        series = file.execute("SELECT id, slot, part, kind FROM one.series").fetchall()
        file.execute("CREATE TEMP TABLE chosen (key INTEGER PRIMARY KEY, body BLOB)")
        for number, _, part, _ in series:
            for level in LEVELS:
                ends = _keys(number, level, timedelta(weeks=11 if part == "traffic" else 2))
                file.execute(
                    "INSERT INTO chosen SELECT * FROM one.parts WHERE key BETWEEN ? AND ?", ends
                )
        first = to_hour(END - timedelta(weeks=11))
        for at in range(count):
            file.executemany(
                "INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?)",
                [(at * _APART + slot[0], model_name(at), *slot[2:]) for slot in slots],
            )
            file.executemany(
                "INSERT INTO series VALUES (?, ?, ?, ?)",
                [(at * _APART + one[0], at * _APART + one[1], *one[2:]) for one in series],
            )
            shift = part_key(at * _APART + 1, 1, 0) - part_key(1, 1, 0)
            file.execute("INSERT INTO parts SELECT key + ?, body FROM chosen", (shift,))
            file.execute(
                "INSERT INTO buckets SELECT slot + ?, start, hours, rows, labelled, measured_at "
                "FROM one.buckets WHERE start >= ?", (at * _APART, first),
            )  # fmt: skip
        file.commit()
    return Buckets(path)


def model_name(number: int) -> str:
    """The name of one of many models.

    >>> model_name(7)
    'model_007'
    """
    return f"model_{number:03}"


def _keys(series: int, level: int, length: timedelta) -> tuple[int, int]:
    """Between which keys the last parts of a series lie."""
    return part_key(series, level, to_hour(END - length)), part_key(series, level, to_hour(END))


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
