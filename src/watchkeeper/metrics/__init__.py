"""Metrics: pure functions of profiles, one file each, and the registry that lists them.

What comes in: two statistics of a column (`pairs`), or a performance statistic. What goes out: an
`Estimate` with its interval, p-value and row counts. The law: no I/O, no clock, no randomness; what
is undefined is None with a note; nothing is ever NaN or infinite.

To add a metric: a file with the function and its `Metric` record, an oracle test, and its name in
one of the tuples below.
"""

from __future__ import annotations

from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.drift import DRIFT
from watchkeeper.metrics.performance import PERFORMANCE

ALL: tuple[Metric, ...] = (*DRIFT, *PERFORMANCE)
"""Every metric, in the order in which reports and docs list them."""

__all__ = ["ALL", "DRIFT", "PERFORMANCE", "Metric"]
