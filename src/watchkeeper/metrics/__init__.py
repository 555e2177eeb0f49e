"""Metrics: pure functions of profiles, one file each, and the registry that lists them.

What comes in: two statistics of a column (`pairs`), a performance statistic, or what was counted of
traffic, labels and outcomes. What goes out: an `Estimate` with its interval, p-value and row
counts. The law: no I/O, no clock, no randomness; what is undefined is None with a note; nothing is
ever NaN or infinite.

To add a metric: a file with the function and its `Metric` record, an oracle test, and its name in
one of the tuples below. `find` resolves any name that a report shows.
"""

from __future__ import annotations

from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.business import OUTCOMES
from watchkeeper.metrics.drift import DRIFT
from watchkeeper.metrics.labels import LABELS
from watchkeeper.metrics.performance import PERFORMANCE
from watchkeeper.metrics.service import SERVICE

ALL: tuple[Metric, ...] = (*DRIFT, *PERFORMANCE, *SERVICE, *LABELS, *OUTCOMES)
"""Every metric, in the order in which reports and docs list them."""

__all__ = ["ALL", "DRIFT", "LABELS", "OUTCOMES", "PERFORMANCE", "SERVICE", "Metric"]
