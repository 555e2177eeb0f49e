"""Buckets for the tests of budgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from watchkeeper.monitors.budget import Bucket, BudgetConfig, Columns, Counts, Detector, calibrate

DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 5, tzinfo=UTC)


def buckets(*streams, start=0):
    """Buckets of a day from the statistics of each stream: (name, list of statistics or None)."""
    count = len(streams[0][1])
    return [
        Bucket(
            FIRST + (start + i) * DAY, {n: held[i] for n, held in streams if held[i] is not None}
        )
        for i in range(count)
    ]


def rates(name, ks, n=200):
    """A stream of counts."""
    return name, [None if k is None else Counts(float(k), float(n)) for k in ks]


def columns(numbers, cells=None, step=DAY):
    """Columns of (buckets, streams, 3) numbers from the first Monday of 2026 on."""
    seconds = int(step.total_seconds())
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(numbers)) * np.timedelta64(
        seconds, "s"
    )
    return Columns(starts, np.asarray(numbers, float), cells or {})


def counted(k, n):
    """The numbers of one rate."""
    k = np.asarray(k, float)
    return np.stack((k, np.full(k.shape, float(n)), np.zeros(k.shape)), axis=-1)


def detector_of(streams, reference, window=DAY, **settings):
    """A detector with the default budget."""
    return Detector(BudgetConfig(**settings), calibrate(streams, reference, window))
