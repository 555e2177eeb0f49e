"""Registries of the tests on a real catalogue, with a clock that stands until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from watchkeeper.app.live.keys import Keys
from watchkeeper.app.live.registry import Registry
from watchkeeper.store.catalogue.catalogue import Catalogue

START = datetime(2013, 4, 1, 10, tzinfo=UTC)


class Clock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time that it is set to."""
        return self.now


@contextmanager
def registry_at(folder: Path, clock: Clock | None = None) -> Iterator[Registry]:
    """A registry on the catalogue in a folder."""
    catalogue = Catalogue(folder / "catalogue.db")
    try:
        yield Registry(catalogue, clock=clock or Clock())
    finally:
        catalogue.close()


@contextmanager
def keys_at(folder: Path, clock: Clock | None = None) -> Iterator[Keys]:
    """Keys in the catalogue in a folder."""
    catalogue = Catalogue(folder / "catalogue.db")
    try:
        yield Keys(catalogue, clock=clock or Clock())
    finally:
        catalogue.close()


def flights(n: int = 400, seed: int = 1) -> pa.Table:
    """Rows of a binary model: features of every type, and a column for each role."""
    rng = np.random.default_rng(seed)
    temp = rng.normal(60, 15, n)
    score = 1 / (1 + np.exp(-(temp - 60) / 15))
    hours = np.datetime64("2013-01-01T00", "us") + np.arange(n) * np.timedelta64(3600, "s")
    wind = pa.array(rng.integers(0, 40, n), mask=rng.random(n) < 0.1)
    return pa.table(
        {
            "flight": np.arange(n).astype(str),
            "hour": hours,
            "temp": temp,
            "seats": rng.integers(50, 300, n),
            "wind": wind,
            "origin": rng.choice(["EWR", "JFK", "LGA"], n),
            "holiday": rng.random(n) < 0.1,
            "scheduled": hours,
            "score": score,
            "late": (rng.random(n) < score).astype(int),
            "comment": ["free"] * n,
        }
    )


FILE = """
name: late
label: late
score: score
id: flight
timestamp: hour
segments: [origin]
ignore: [comment]
"""
