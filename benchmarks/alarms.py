"""What alarms cost: a back-test of many rules, many monitors at once, a storm of alerts.

``python -m benchmarks.alarms`` prints a Markdown table. It builds a year of hourly profiles of a
model with 20 features (or takes it from ``--file``), and measures

- a back-test of 1,000 rules over every hour of the year;
- 10,000 monitors, evaluated once as they are live;
- 1,000 alerts that come at once, grouped and delivered to a receiver that takes its time.

Each stands beside a floor that is measured in the same run: comparisons of arrays that are ready,
one look at each series that is read, a loop that posts as many bodies to the same receiver.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import numpy as np

from benchmarks.alarms_data import year
from benchmarks.series import END, HOUR, MODEL
from watchkeeper.alerts.reading import read_config
from watchkeeper.app.alarms.backtesting import Sources, backtest_group, times_of
from watchkeeper.app.alarms.dispatching import look_at_due, take_in
from watchkeeper.app.alarms.evaluating import Surroundings, evaluate_group, to_times
from watchkeeper.app.alarms.rule_book import Watched
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.alert import Alert
from watchkeeper.core.windows import Window
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.rule import Group
from watchkeeper.monitors.rule_file import read_rules
from watchkeeper.monitors.source import Asked
from watchkeeper.store.catalogue.alarms import AlarmStore

PERFORMANCE = (
    "accuracy < 0.8", "precision < 0.5", "recall < 0.5", "specificity < 0.7", "f1 < 0.6",
    "matthews < 0.3", "log_loss > 0.6", "brier > 0.2",
)  # fmt: skip
SERVICE = (
    "error_rate > 0.02", "error_rate_timeout > 0.02", "prediction_count < 100",
    "throughput < 0.1", "latency_p50 > 10", "latency_p95 > 20", "latency_p99 > 30",
    "inference_p95 > 20", "label_coverage < 0.5", "label_delay_p95 > 400000",
    "schema_violation_rate > 0.01", "cache_hit_rate < 0.1",
)  # fmt: skip
WINDOWS = ("6h", "1d", "7d")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--monitors", type=int, default=10_000)
    parser.add_argument("--alerts", type=int, default=1_000)
    parser.add_argument("--file", type=Path, help="keep the profiles here, and use them again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = year(options.file or Path(folder) / "buckets.db", options.days)
        print("| what | s | floor s | ratio | |\n|---|---:|---:|---:|---|", flush=True)
        _backtest(measured, options)
        _monitors(measured, options)
        _storm(Path(folder), options)
        measured.buckets.close()


def rules_text(measured: Measured, count: int) -> str:
    """So many rules: every series with limits of its own and in windows of three lengths."""
    columns = MeasuredSource(measured).features()
    series = [
        *(f'psi("{name}") > 0.2' for name in columns),
        *(f'missing_share("{name}") > 0.05' for name in columns),
        *PERFORMANCE,
        *SERVICE,
    ]
    windows = itertools.cycle(WINDOWS)
    rules = []
    for number, expr in zip(range(count), itertools.cycle(series)):
        # A day is usual; every fifth round has another length.
        turn = number // len(series)
        window = "1d" if turn % 5 else next(windows)
        rules.append(
            {"alert": f"rule_{number}", "expr": _moved(expr, turn), "window": window, "for": "2h"}
        )
    return json.dumps({"groups": [{"name": "many", "rules": rules}]})


def _moved(expr: str, turn: int) -> str:
    """The same comparison with another limit."""
    head, limit = expr.rsplit(" ", 1)
    return f"{head} {float(limit) * (1 + turn / 50):g}"


def _group(measured: Measured, count: int) -> Group:
    return read_rules(rules_text(measured, count), vocabulary=vocabulary_of())[0]


def _backtest(measured: Measured, options: argparse.Namespace) -> None:
    """All rules over every hour: from the file, and once more from what was read."""
    times = times_of(Window(END - timedelta(days=options.days), END), HOUR)
    group = _group(measured, options.rules)
    around = Surroundings(measured)
    sources: Sources = {}
    for what in ("", ", its series known"):
        begun, cpu = time.perf_counter(), time.process_time()
        tried = list(backtest_group(group, around, times, sources=sources))
        took = time.perf_counter() - begun
        cpu = time.process_time() - cpu
        wrong = [one.error for one in tried if one.error]
        fired = sum(len(one.firings.firings) for one in tried if one.firings)
        note = f"{cpu:.1f} s CPU; {len(times):,} hours, {fired:,} firings, {len(wrong)} errors"
        if wrong:
            note += f": {wrong[0]}"
        if what:
            floor = _comparisons(len(tried), len(times))
            note += "; the floor compares ready arrays with NumPy"
        else:
            floor = _reads(measured, options.days)
            note += "; the floor reads and decodes each hourly part once"
        _line(f"back-test of {len(tried):,} rules{what}", took, floor, note)
    series = len(_asked(measured, group))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| distinct series of these rules | | | | {series}, peak {peak:.2f} GB |", flush=True)


def _reads(measured: Measured, days: int) -> float:
    """Every hourly part that the rules read, a month at a time."""
    layout = measured.layout
    held = [*(f"column:{name}" for name in MeasuredSource(measured).features()), "performance"]
    begun = time.perf_counter()
    assert layout is not None  # it was built with a reference
    for identity, parts in ((layout.id, held), ("", ["traffic", "labels"])):
        for part in parts:
            for day in range(0, days, 28):
                start = END - timedelta(days=days - day)
                end = min(start + timedelta(days=28), END)
                measured.buckets.read(
                    MODEL, layout=identity, parts=[part], start=start, end=end, step_s=3600
                )
    return time.perf_counter() - begun


def _comparisons(rules: int, times: int) -> float:
    """As many comparisons of arrays that are ready."""
    held = np.random.default_rng(0).random((8, times))
    begun = time.perf_counter()
    for number in range(rules):
        np.flatnonzero(np.diff(held[number % 8] > number / rules))
    return time.perf_counter() - begun


def _monitors(measured: Measured, options: argparse.Namespace) -> None:
    """Every monitor once, as each minute asks for, beside one look at each series."""
    watched = [
        Watched("bench", _group(measured, count), MODEL)
        for count in _split(options.monitors, options.rules)
    ]
    around = Surroundings(measured)
    begun, cpu = time.perf_counter(), time.process_time()
    results = [one for each in watched for one in evaluate_group(each, around, [END], {})]
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    floor = _series(measured, watched)
    note = (
        f"{cpu:.1f} s CPU; {len(watched)} groups; a minute is allowed; the floor reads each series "
        "of a group once"
    )
    _line(f"{len(results):,} monitors once", took, floor, note)


def _split(total: int, most: int) -> Iterator[int]:
    while total > 0:
        yield min(total, most)
        total -= most


def _series(measured: Measured, watched: list[Watched]) -> float:
    """Read and compute every series that the groups ask for, each once in a group."""
    times = to_times([END])
    asked = [_asked(measured, each.group) for each in watched]
    begun = time.perf_counter()
    for questions in asked:
        source = MeasuredSource(measured)
        for question in questions:
            source.points(question, times)
    return time.perf_counter() - begun


def _asked(measured: Measured, group: Group) -> set[Asked]:
    """Every series that the rules of a group read."""
    vocabulary = vocabulary_of(measured)
    return {
        one
        for rule in group.rules
        if rule.expr
        for one in compile_condition(rule.expr, vocabulary).asked(rule.window)
    }


ROUTES = """
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs:
      - url: {url}
"""
PAUSE_S = 0.05
"""How long the receiver takes for a message."""


def _storm(folder: Path, options: argparse.Namespace) -> None:
    """Alerts that all come at once, each in a group of its own, and all in one."""
    for name, groups in (("each in its own group", options.alerts), ("in 20 groups", 20)):
        store = AlarmStore(folder / f"{groups}.db")
        with _receiver() as hook:
            took, bodies = _deliver(store, hook.url, options.alerts, groups)
            floor = _posts(hook.url, bodies)
        told = {one["labels"]["n"] for body in bodies for one in body["alerts"]}
        late = sum(store.count_messages().get(state, 0) for state in ("waiting", "dead"))
        note = (
            f"{len(bodies):,} messages with {len(told):,} of {options.alerts:,} alerts arrived, "
            f"{late} left; the receiver takes {PAUSE_S * 1e3:.0f} ms; the floor posts the same "
            "bodies with 8 threads"
        )
        _line(f"{options.alerts:,} alerts at once, {name}", took, floor, note)
        store.close()


def _deliver(
    store: AlarmStore, url: str, alerts: int, groups: int
) -> tuple[float, list[dict[str, Any]]]:
    """From the alerts to the receiver's last answer; the seconds, and what arrived."""
    config = read_config(ROUTES.format(url=url))
    now = END
    sender = Sender(store, clock=lambda: now, random=lambda: 0.5)
    storm = [
        Alert({"alertname": f"rule_{n % groups}", "model": MODEL, "n": str(n)}, {}, now)
        for n in range(alerts)
    ]
    begun = time.perf_counter()
    with store.work() as work:
        take_in(work, storm, config, now)
    while look_at_due(store, config, now):
        pass
    while sender.step(config):
        time.sleep(0.005)
    sender.settle(60)
    took = time.perf_counter() - begun
    sender.close()
    return took, list(_Receiver.bodies)


def _posts(url: str, bodies: list[dict[str, Any]]) -> float:
    """The same bodies by a bare client."""
    begun = time.perf_counter()
    with httpx.Client() as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: client.post(url, json=body), bodies))
    return time.perf_counter() - begun


class _Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent, and takes its time."""

    bodies: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        """Keep the body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(PAUSE_S)
        self.bodies.append(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class _Hook:
    url: str


@contextmanager
def _receiver() -> Iterator[_Hook]:
    _Receiver.bodies.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield _Hook(f"http://127.0.0.1:{server.server_port}/hook")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _line(what: str, took: float, floor: float, note: str) -> None:
    ratio = took / floor if floor else float("nan")
    print(f"| {what} | {took:,.2f} | {floor:,.2f} | {ratio:,.1f} | {note} |", flush=True)


if __name__ == "__main__":
    main()
