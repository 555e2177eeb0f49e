"""prometheus-client: one counter and one histogram, with labels. ``OUT``."""

from __future__ import annotations

from log_timing import report
from prometheus_client import Counter, Histogram

PREDICTIONS = Counter("predictions", "Predictions.", ["model", "version", "prediction"])
LATENCY = Histogram("latency_seconds", "Latency.", ["model", "version"])


def log() -> None:
    """Count a prediction and observe its latency, as a handler would."""
    PREDICTIONS.labels("arrivals", "7", "late").inc()
    LATENCY.labels("arrivals", "7").observe(0.012)


if __name__ == "__main__":
    report({"prometheus": log})
