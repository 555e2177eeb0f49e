"""Times Watchkeeper and its peers on the same files and writes the table of ratios.

``python -m benchmarks.speed`` runs everything; ``--only watchkeeper`` runs ours alone and takes
the peers' numbers from the last run, which the table then says.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.environments import HERE, python_of
from benchmarks.jobs import BASE, DATA, GROWTH, JOBS, OURS, Job, Size
from benchmarks.measure import run
from benchmarks.table import put_between, render, render_short

RESULTS = DATA / "results.json"


def main() -> None:
    """Prepare, measure in rounds, write."""
    args = _arguments()
    os.chdir(HERE.parent)
    session = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    machine = _machine()
    wanted = [name for name in JOBS if not args.only or name in args.only]
    peers = {peer for name in wanted if (peer := JOBS[name].peer)}
    for peer in sorted(peers):
        python_of(peer)
    sizes = [] if args.base_only or OURS not in wanted else list(GROWTH)
    for size in (BASE, *sizes):
        _prepare(size)
    plan = [(name, BASE, args.peer_runs if JOBS[name].heavy else args.runs) for name in wanted] + [
        (OURS, size, args.growth_runs) for size in sizes
    ]
    fresh = _measure(plan)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for key, runs in fresh.items():
        results[key] = {"session": session, "machine": machine, **runs}
    RESULTS.write_text(json.dumps(results, indent=1))
    text = render(results)
    (HERE / "RESULTS.md").write_text(text)
    print(text)
    put_between(HERE.parent / "README.md", render_short(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(JOBS), help="these jobs alone")
    parser.add_argument("--base-only", action="store_true", help="1,000,000 rows alone")
    parser.add_argument("--runs", type=int, default=5, help="runs of each quick job")
    parser.add_argument("--peer-runs", type=int, default=3, help="runs of each slow peer")
    parser.add_argument("--growth-runs", type=int, default=3, help="runs at each larger size")
    return parser.parse_args()


def _prepare(size: Size) -> None:
    """Make the tables of a size in a process of its own, so that this one stays small."""
    if all(size.path(table).exists() for table in ("reference", "current")):
        return
    print(f"making {size.rows:,} rows x {size.columns:,} columns, twice", flush=True)
    options = ["--rows", str(size.rows), "--columns", str(size.columns), "--out", str(DATA)]
    subprocess.run([sys.executable, "-m", "benchmarks.data", *options], check=True)


def _measure(plan: Sequence[tuple[str, Size, int]]) -> dict[str, dict[str, Any]]:
    """Run the jobs in rounds, so that a slow minute of the machine falls on all of them."""
    found: dict[str, dict[str, Any]] = {}
    for turn in range(max((runs for *_, runs in plan), default=0)):
        for name, size, runs in plan:
            if turn < runs:
                entry = found.setdefault(f"{name} {size}", {"runs": [], "outputs": {}})
                usage, outputs = _once(name, JOBS[name], size)
                entry["runs"].append(usage)
                entry["outputs"] = outputs
    return found


def _once(name: str, job: Job, size: Size) -> tuple[dict[str, float], dict[str, int]]:
    out = DATA / "out" / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    usage = run(job.command(size, out), DATA / "logs" / f"{name}-{size}.log")
    outputs = {path.name: path.stat().st_size for path in sorted(out.iterdir())}
    print(
        f"{name:>12} {size}: {usage.cpu:.2f} CPU s, {usage.wall:.2f} s, "
        f"{usage.memory / 2**20:,.0f} MiB {outputs}",
        flush=True,
    )
    return usage.as_dict(), outputs


def _machine() -> str:
    """The processor, its cores and how busy they are, the system and the Python."""
    model = platform.processor() or platform.machine()
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        named = [line for line in listing.read_text().splitlines() if "model name" in line]
        model = named[0].partition(":")[2].strip() if named else model
    cores = os.cpu_count()
    busy = f"{os.getloadavg()[0]:.1f} processes already running"
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{model}, {cores} cores ({busy}), {system}"


if __name__ == "__main__":
    main()
