"""A real server with spring and early summer of the demo's flights, for tests of the web pages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pandas as pd

EXAMPLES = Path(__file__).parents[2] / "examples"
END = pd.Timestamp("2013-07-08", tz="UTC")
RULES = """\
groups:
  - name: service
    interval: 1m
    rules:
      - alert: NoPredictions
        expr: absent(throughput, "15m")
        allow_noisy: true
        labels: {severity: P1}
        annotations:
          summary: "{{ $labels.model }} has not predicted for 15 minutes"
          runbook: drift
"""
AUTOMATION = """\
mode: dry_run
addresses: ["https://tickets.example.com/hooks/data"]
"""


@dataclass(frozen=True)
class Site:
    """A server with data."""

    url: str
    folder: Path


def serving(folder: Path, port: int = 0) -> AbstractContextManager[str]:
    """A server on a folder, as a process of its own, and its address."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        from flights.server import running
    finally:
        sys.path.remove(str(EXAMPLES))
    found: AbstractContextManager[str] = running(folder, port)
    return found


@contextmanager
def flights_site(folder: Path) -> Iterator[Site]:
    """Serve April to early July 2013, measured, with a rule that fires because it is over."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        from flights.__main__ import MODEL_FILE
        from flights.data import load_flights
        from flights.replay import MODEL, VERSION, replay
        from flights.train import TRAINED_UNTIL, train
    finally:
        sys.path.remove(str(EXAMPLES))
    from watchkeeper_client.client import Client
    from watchkeeper_client.reading import Reader

    flights = load_flights()
    trained = train(flights)
    trained.reference.to_parquet(folder / "reference.parquet", index=False)
    served = flights[(flights["time"] >= TRAINED_UNTIL) & (flights["time"] < END)]
    (folder / "server" / "data").mkdir(parents=True)
    (folder / "server" / "data" / "automation.yaml").write_text(AUTOMATION)
    with serving(folder / "server") as url:
        with Client(url, model=MODEL, version=VERSION) as client:
            reader = Reader(client)
            reader.apply(MODEL_FILE.format(threshold=trained.threshold))
            reader.set_reference(MODEL, folder / "reference.parquet")
            replay(client, trained, served, lambda _: None)
            client.flush(timeout_s=120)
            reader.wait_until_measured(MODEL, timeout_s=300)
        httpx.put(f"{url}/v1/rules/service", content=RULES, timeout=60).raise_for_status()
        yield Site(url, folder)
