"""What logging one prediction costs the caller's thread, beside the peers.

``python -m benchmarks.client_log`` prints a Markdown table. Each call is timed by itself; what runs
in background threads counts as far as it holds the caller up, which the 99th percentile shows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environments import HERE, python_of
from benchmarks.measure import run
from benchmarks.table import put_between


@dataclass(frozen=True)
class Script:
    """A script in ``benchmarks/peers`` and the environment that it runs in.

    Parameters
    ----------
    name
        The file, without its suffix.
    peer
        The environment, or None for the one that runs the benchmark.
    """

    name: str
    peer: str | None = None

    def command(self, out: Path, url: str) -> list[str | Path]:
        """The command that writes the times to a file."""
        python = Path(sys.executable) if self.peer is None else python_of(self.peer)
        return [python, HERE / "peers" / f"{self.name}.py", out, url]


SCRIPTS = (
    Script("watchkeeper_log"),
    Script("prometheus_log", "prometheus"),
    Script("opentelemetry_log", "opentelemetry"),
    Script("whylogs_log", "whylogs"),
)

OURS = "watchkeeper"

TITLES = {
    "floor": "floor: copy a dictionary of 20 floats, append it to a deque",
    OURS: "**Watchkeeper** `client.log`, 20 features, prediction and score",
    "watchkeeper-rich": "**Watchkeeper** the same with latency, stages and request id",
    "sampled": "**Watchkeeper** `sample_rate=0.1`",
    "prometheus": "prometheus-client: counter `inc` and histogram `observe`, with labels",
    "otel-log": "OpenTelemetry SDK: a log record with 20 attributes, batch processor",
    "otel-span": "OpenTelemetry SDK: a span with 20 attributes, batch processor",
    "whylogs-track": "whylogs: `profile.track(row=…)` of 20 features",
    "whylogs-log": "whylogs: `why.log(row=…)` of 20 features",
}

Times = dict[str, dict[str, float]]


class Sink(BaseHTTPRequestHandler):
    """Takes every batch."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the body and say yes."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
        """Say nothing."""


def measure(scripts: tuple[Script, ...], rounds: int) -> Times:
    """The times of all calls; of several rounds, in turn, the one with the least median.

    Parameters
    ----------
    scripts
        What to run.
    rounds
        How often each runs.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    best: Times = {}
    with TemporaryDirectory() as folder:
        for number in range(rounds):
            for script in scripts:
                out = Path(folder) / "times.json"
                run(script.command(out, url), Path(folder) / "log.txt")
                for name, times in json.loads(out.read_text()).items():
                    if name not in best or times["median"] < best[name]["median"]:
                        best[name] = times
            print(f"round {number + 1} of {rounds} done", file=sys.stderr, flush=True)
    server.shutdown()
    return best


def table(times: Times) -> str:
    """The times as Markdown: the ratios to ours first, since they carry from machine to machine."""
    ours = times[OURS]["median"]
    lines = [
        "| one call | median, times ours | median | 99th percentile |",
        "|---|---:|---:|---:|",
    ]
    for name, title in TITLES.items():
        if name in times:
            median, p99 = times[name]["median"], times[name]["p99"]
            lines.append(
                f"| {title} | {median / ours:.2f} x | {median / 1e3:.2f} µs | {p99 / 1e3:.1f} µs |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each script runs")
    parser.add_argument("--only", action="append", help="scripts, by their names; all without it")
    parser.add_argument("--write", action="store_true", help="put the table into client/README.md")
    options = parser.parse_args()
    wanted = [script for script in SCRIPTS if not options.only or script.name in options.only]
    origin = f"Python {sys.version.split()[0]}, {os.cpu_count()} cores."
    text = f"{table(measure(tuple(wanted), options.rounds))}\n\n{origin}\n"
    print(text)
    if options.write:
        put_between(HERE.parent / "client" / "README.md", text, "client-log")


if __name__ == "__main__":
    main()
