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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.alarms_data import year
from benchmarks.series import END, HOUR, MODEL
from watchkeeper.alerts.reading import read_config
from watchkeeper.app.alarms.backtesting import backtest_group, times_of
from watchkeeper.app.alarms.dispatching import look_at_due, take_in
from watchkeeper.app.alarms.evaluating import Surroundings, evaluate_group, to_times
from watchkeeper.app.alarms.rule_book import Watched
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.alert import Alert
from watchkeeper.core.windows import Window
from watchkeeper.metrics.find import metric_names
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.rule import Group
from watchkeeper.monitors.rule_file import read_rules
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
    """All rules over every hour, beside plain comparisons of the arrays that they read."""
    window = Window(END - timedelta(days=options.days), END)
    times = times_of(window, HOUR)
    group = _group(measured, options.rules)
    around = Surroundings(measured)
    begun = time.perf_counter()
    tried = list(backtest_group(group, around, times))
    took = time.perf_counter() - begun
    wrong = [one.error for one in tried if one.error]
    fired = sum(len(one.firings.firings) for one in tried if one.firings)
    note = f"{len(times):,} hours, {fired:,} firings, {len(wrong)} errors"
    if wrong:
        note += f": {wrong[0]}"
    _line(f"back-test of {len(tried):,} rules", took, _comparisons(len(tried), len(times)), note)
