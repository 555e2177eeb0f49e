"""All of it: files, false alarms, client, journal, server, questions; `make bench` runs this."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

PARTS = (
    "benchmarks.speed",
    "benchmarks.false_alarms",
    "benchmarks.false_alarms_peers",
    "benchmarks.budget",
    "benchmarks.client_log",
    "benchmarks.journal",
    "benchmarks.ingest",
    "benchmarks.questions",
)

if __name__ == "__main__":
    for part in PARTS:
        if importlib.util.find_spec(part):
            subprocess.run([sys.executable, "-m", part], check=True)
