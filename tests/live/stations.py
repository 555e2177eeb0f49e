"""A small real model and its records, and a platform with a worker in one process."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from watchkeeper.app.live.platform import Platform
from watchkeeper.app.live.questions import Ingest, ReferenceRequest
from watchkeeper.app.live.references import data_reference
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.live.worker import Worker
from watchkeeper.core.envelope import Signal

START = datetime(2026, 3, 2, tzinfo=UTC)

MODEL_FILE = """
name: late
task: binary
label: late
classes: ["0", "1"]
prediction: guess
score: score
id: key
timestamp: at
segments: [airport]
sensitive: [airport]
rules:
  - name: warm enough
    expr: temp > -90.0
"""


def flights(rows: int, *, seed: int = 0, start: datetime = START, hours: int = 48) -> pa.Table:
    """Rows as a batch job would have them: features, prediction, score, label."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 3, rows)
    minutes = np.sort(rng.integers(0, hours * 60, rows)).tolist()
    return pa.table(
        {
            "key": [f"f{seed}-{n}" for n in range(rows)],
            "at": pa.array(
                [start + timedelta(minutes=m) for m in minutes], pa.timestamp("us", "UTC")
            ),
            "temp": rng.normal(60, 20, rows),
            "airport": rng.choice(["JFK", "LGA", "EWR"], rows),
            "guess": np.where(score > 0.5, "1", "0"),
            "score": score,
            "late": np.where(rng.random(rows) < score, "1", "0"),
        }
    )


def predictions(rows: pa.Table, *, version: str = "1") -> list[dict[str, Any]]:
    """Rows as records of predictions."""
    return [
        {
            "id": row["key"], "model": "late", "version": version, "time": row["at"],
            "features": {"temp": row["temp"], "airport": row["airport"]},
            "prediction": row["guess"], "score": row["score"], "latency_ms": 2.5,
        }
        for row in rows.to_pylist()
    ]  # fmt: skip


def labels(rows: pa.Table, *, delay: timedelta = timedelta(days=2)) -> list[dict[str, Any]]:
    """Rows as records of labels."""
    return [
        {"id": row["key"], "model": "late", "label": row["late"], "time": row["at"] + delay}
        for row in rows.to_pylist()
    ]


def differences(ours: object, theirs: object, path: str = "") -> list[str]:
    """Where two documents differ; sums in another order may differ in the last digits."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = sorted({*ours, *theirs})
        return [d for k in keys for d in differences(ours.get(k), theirs.get(k), f"{path}.{k}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [d for n, (a, b) in pairs for d in differences(a, b, f"{path}[{n}]")]
    if isinstance(ours, float) and isinstance(theirs, float):
        same = math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    else:
        same = ours == theirs
    return [] if same else [f"{path}: {ours!r} is not {theirs!r}"]


@dataclass
class Station:
    """A platform and a worker over one folder, and a clock that stands still until moved."""

    folder: Path
    now: datetime = START + timedelta(days=5)
    catalogue_url: str | None = None

    @property
    def settings(self) -> Settings:
        """Where its stores lie."""
        return Settings(self.folder, min_free=0, catalogue_url=self.catalogue_url)

    def open(self) -> None:
        """Open the stores, as a process does when it starts."""
        self.platform = Platform(self.settings, clock=lambda: self.now)
        self.worker = Worker(self.settings, clock=lambda: self.now)

    def close(self) -> None:
        """Close the stores."""
        self.platform.close()
        self.worker.close()

    def refer(self, rows: pa.Table) -> None:
        """Register the model with a reference."""
        self.platform.registry.apply(MODEL_FILE)
        made = data_reference(self.platform.registry.get("late").file, rows)
        self.platform.registry.set_reference(
            "late", kind=made.kind, origin=made.origin, profile=made.profile
        )

    def want(self, kind: str, origin: dict[str, Any]) -> None:
        """Register the model with a reference of production."""
        self.platform.registry.apply(MODEL_FILE)
        self.platform.set_reference("late", ReferenceRequest(kind, origin))  # type: ignore[arg-type]

    def send(
        self, signal: Signal, records: Sequence[dict[str, Any]], *, key: str | None = None
    ) -> dict[str, Any]:
        """Send records as JSON lines; the answer."""
        body = b"\n".join(msgspec.json.encode(record) for record in records)
        request = Ingest(signal, body, content_type="application/x-ndjson", key=key)
        return self.platform.ingest(request).result(timeout=10)

    def work(self) -> None:
        """Let the worker do all that there is to do."""
        # It looks four times a second for what the other process has registered.
        time.sleep(0.3)
        for _ in range(1_000):
            if not self.worker.step():
                return
        raise AssertionError("the worker never comes to an end")


@contextmanager
def station(folder: Path, now: datetime | None = None) -> Iterator[Station]:
    """A station on a folder, closed at the end."""
    held = Station(folder) if now is None else Station(folder, now)
    held.open()
    try:
        yield held
    finally:
        held.close()
