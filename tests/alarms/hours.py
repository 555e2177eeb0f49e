"""Weeks of hours of a service that sleeps at night, written as they are measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import numpy as np
import pyarrow as pa

from watchkeeper.app.live.measured import Measured
from watchkeeper.profiles.traffic import measure_traffic
from watchkeeper.store.buckets import Buckets, Slot

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
BY_DAY = (0, 0, 0, 0, 0, 0, 4, 30, 60, 70, 60, 50, 45, 50, 55, 60, 65, 60, 55, 50, 40, 25, 10, 3)
"""Records that are usual in each hour of a day."""

Seconds = Callable[[datetime], float]


def usual(hour: datetime, level: float, rng: np.random.Generator) -> int:
    """Records of an hour, by the clock of its time zone: fewer on a weekend."""
    share = 0.6 if hour.weekday() >= 5 else 1.0
    return int(rng.poisson(BY_DAY[hour.hour] * share * level))


def write_hours(
    path: Path,
    days: int,
    *,
    silent: tuple[datetime, datetime] | None = None,
    delay: Seconds = lambda _: 2.0,
    level: Seconds = lambda _: 1.0,
    zone: tzinfo = UTC,
    model: str = "m",
    seed: int = 1,
) -> Measured:
    """A store of so many days from `MONDAY`, without records between two times.

    Parameters
    ----------
    path
        The file.
    days
        How many.
    silent
        From when to when nothing comes.
    delay
        How many seconds the records of an hour take to come, or so.
    level
        How many times as many records as usual an hour has.
    zone
        Where those live who ask.
    model, seed
        The model's name, and the chance.
    """
    rng = np.random.default_rng(seed)
    store = Buckets(path)
    for at in range(days * 24):
        hour = MONDAY + at * HOUR
        count = usual(hour.astimezone(zone), level(hour), rng)
        moments = [hour + timedelta(seconds=s) for s in sorted(rng.uniform(0, 3_600, count))]
        if silent is not None:
            moments = [one for one in moments if not silent[0] <= one < silent[1]]
        if not moments:
            continue
        slow = delay(hour) * rng.lognormal(0, 0.3, len(moments))
        came = [one + timedelta(seconds=s) for one, s in zip(moments, slow, strict=True)]
        batch = pa.record_batch({
            "_time": pa.array(moments, pa.timestamp("us", "UTC")),
            "_received": pa.array(came, pa.timestamp("us", "UTC")),
            "_prediction": ["1"] * len(moments),
            "_latency_ms": rng.lognormal(2, 0.3, len(moments)),
        })  # fmt: skip
        with store.transaction(now=hour + HOUR) as change:
            parts = {"traffic": measure_traffic(batch)}
            change.merge(hour, Slot(model, "", "1"), parts, rows=len(moments))
    return Measured(model, store, None)
