"""Watchkeeper's client with its sender at work, and the floor beneath it. ``OUT URL``."""

from __future__ import annotations

import sys
from collections import deque

from log_timing import FEATURES, report

from watchkeeper_client import Client, Settings


def main() -> None:
    """Time `log` of 20 features, alone and with what a service usually adds; then the floor."""
    client = Client(sys.argv[2], model="arrivals", version="7")
    sampled = Client(sys.argv[2], model="arrivals", settings=Settings(sample_rate=0.1))
    kept: deque[dict[str, float]] = deque(maxlen=50_000)

    def log() -> None:
        client.log(FEATURES, "late", score=0.81)

    def rich() -> None:
        client.log(
            FEATURES,
            "late",
            score=0.81,
            latency_ms=12.5,
            request_id="4bf92f3577b34da6",
            stages={"preprocess": 1.5, "inference": 9.0},
        )

    def tenth() -> None:
        sampled.log(FEATURES, "late", score=0.81)

    def floor() -> None:
        kept.append(dict(FEATURES))

    report({"watchkeeper": log, "watchkeeper-rich": rich, "sampled": tenth, "floor": floor})
    for one in (client, sampled):
        counts = one.flush(60.0)
        fates = counts.sent + sum(counts.dropped.values())
        if fates != counts.logged or set(counts.dropped) - {"sampled"}:
            raise SystemExit(f"records were lost while measuring: {counts}")


if __name__ == "__main__":
    main()
