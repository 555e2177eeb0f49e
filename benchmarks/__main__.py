"""All of it: speed and size, then false alarms, ours and the peers'; `make bench` runs this."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

PARTS = ("benchmarks.speed", "benchmarks.false_alarms", "benchmarks.false_alarms_peers")

if __name__ == "__main__":
    for part in PARTS:
        if importlib.util.find_spec(part):
            subprocess.run([sys.executable, "-m", part], check=True)
