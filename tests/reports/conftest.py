"""Real data, small: 1,500 rows of a binary model before and after a drift."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from watchkeeper.app.compare import compare


def rows(shift: float, *, seed: int, n: int = 1500) -> pa.Table:
    """Rows of a model whose score is right where `shift` is 0, and wrong at EWR where it is not."""
    rng = np.random.default_rng(seed)
    temp = rng.normal(shift, 1, n)
    score = 1 / (1 + np.exp(-temp))
    origin = rng.choice(["EWR", "JFK", "LGA"], n)
    late = rng.random(n) < score
    wrong = (origin == "EWR") & (rng.random(n) < shift)
    time = np.datetime64("2013-01-01T00:00:00") + np.arange(n) * np.timedelta64(3600, "s")
    return pa.table({
        "temp": temp, "humid": rng.normal(0, 1, n), "origin": origin, "score": score,
        "late": (late ^ wrong).astype(int), "hour": time.astype("datetime64[us]"),
    })  # fmt: skip


@pytest.fixture(scope="session")
def tables() -> tuple[pa.Table, pa.Table]:
    """A reference, and current rows that drifted."""
    return rows(0.0, seed=1), rows(0.8, seed=2)


@pytest.fixture(scope="session")
def compared(tables: tuple[pa.Table, pa.Table]) -> dict[str, Any]:
    """The document of the two."""
    roles = {"label": "late", "score": "score", "segments": ["origin"], "sensitive": ["origin"]}
    return compare(*tables, roles=roles)
