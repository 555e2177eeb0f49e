"""Train on winter, serve the rest of the year, and watch it.

Run it with `make demo`, or `python -m flights --output FOLDER` beside this folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

# Threads that wait without spinning: training on a busy machine takes seconds, not minutes.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from flights.check import check
from flights.data import FEATURES, load_flights
from flights.replay import MODEL, VERSION, replay
from flights.reports import write_reports
from flights.server import running
from flights.train import TRAINED_UNTIL, train
from watchkeeper_client.client import Client
from watchkeeper_client.reading import Reader

MODEL_FILE = """\
# The model of the demo: will a flight from New York City arrive more than 15 minutes late?
name: late-flights
task: binary
label: late
classes: ["0", "1"]
prediction: prediction
score: score
threshold: {threshold}
id: id
timestamp: time
segments: [origin]

columns:
  temp: {{minimum: -20, maximum: 130}}   # degrees Fahrenheit
  visib: {{minimum: 0, maximum: 10}}     # miles

rules:
  - name: dew point at most temperature
    expr: dewp <= temp + 0.5
    target: 0.99
"""

PERIOD = "2013-04-01..2014-01-01"


def main() -> None:
    """Do all of it, say what was found, and go on serving it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    parser.add_argument("--port", type=int, default=8470, help="0 takes a free one")
    parser.add_argument("--check", action="store_true", help="stop after checking the server")
    options = parser.parse_args()
    output: Path = options.output
    # Each run tells the whole story again, on an empty server.
    shutil.rmtree(output / "server", ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    console = Console()
    started = time.monotonic()
    with running(output / "server", options.port) as url:
        console.print(f"Watchkeeper serves {url}")
        _year(url, output, console)
        _rules(url, output, console)
        console.print(f"\nDone in {time.monotonic() - started:.0f} s. Reports of every month: "
                      f"{output / 'index.html'}")  # fmt: skip
        if not options.check:
            console.print(f"Watchkeeper goes on at [bold]{url}[/bold] until Ctrl-C.")
            _until_stopped()


def _year(url: str, output: Path, console: Console) -> None:
    """The year, from training to what the server says of it."""
    with _progress(console) as progress:
        task = progress.add_task("loading 336,776 flights, their weather and aircraft")

        def show(text: str) -> None:
            progress.update(task, description=text)

        flights = load_flights()
        show("training on January to March")
        trained = train(flights)
        trained.reference.to_parquet(output / "reference.parquet", index=False)
        model_file = MODEL_FILE.format(threshold=trained.threshold)
        (output / "model.yaml").write_text(model_file, encoding="utf-8")
        served = flights[flights["time"] >= TRAINED_UNTIL]
        with Client(url, model=MODEL, version=VERSION) as client:
            reader = Reader(client)
            reader.apply(model_file)
            show("profiling the reference")
            reader.set_reference(MODEL, output / "reference.parquet")
            began = time.monotonic()
            labels = replay(client, trained, served, lambda day: show(f"replaying {day}"))
            client.flush(timeout_s=120)
            sent = time.monotonic() - began
            show("measuring every hour of nine months")
            reader.wait_until_measured(MODEL, timeout_s=600)
            measured = time.monotonic() - began
            show("writing the report of every month, from the same rows in files")
            overview = write_reports(trained, flights, output, show)
            counts = client.counts
            check(reader, counts, overview, predictions=len(served), labels=labels)
            table = _table(reader)
    console.print(
        f"{len(served):,} predictions and {labels:,} labels sent in {sent:.0f} s, all of them "
        f"measured after {measured:.0f} s.\nSent = stored, nothing rejected, nothing dropped; "
        "every month's numbers equal those from files.\n"
    )
    console.print(table)


def _rules(url: str, output: Path, console: Console) -> None:
    """The rules that a new model begins with, and when they would have fired in these months."""
    rules = output / "rules.yaml"
    console.print(f"\nThe rules that a model begins with ({rules}), tried on the nine months:\n")
    for arguments in (
        ("init", MODEL, "--output", str(rules), "--force"),
        ("rules", "backtest", str(rules), "--from", "2013-04-01", "--to", "2014-01-01",
         "--step", "6h"),
    ):  # fmt: skip
        command = [sys.executable, "-m", "watchkeeper", "--quiet", *arguments, "--url", url]
        subprocess.run(command, check=True)


def _table(reader: Reader) -> Table:
    """A line for each month, from the server."""
    metrics = ("prediction_count", "label_coverage", "recall", "precision", "roc_auc")
    answer = reader.series(MODEL, metrics, window=PERIOD, step="1mo")
    values = {line.metric: {p.start: p.value for p in line.points} for line in answer.series}
    drifted = {
        point.start: sum(
            report["drift"]["columns"][name]["verdict"] == "drifted" for name in FEATURES
        )
        for point in answer.series[0].points
        for report in [reader.report(MODEL, window=_month(point.start))]
    }
    table = Table("month", "flights", "labelled", "recall", "precision", "ROC AUC", "drifted",
                  box=None)  # fmt: skip
    for start, count in values["prediction_count"].items():
        table.add_row(
            f"{start:%Y-%m}",
            f"{count:,.0f}",
            f"{values['label_coverage'][start]:.1%}",
            *(f"{values[name][start]:.3f}" for name in metrics[2:]),
            f"{drifted[start]} of {len(FEATURES)}",
        )
    return table


def _month(start: datetime) -> str:
    """The month that begins then, as a window."""
    end = (start + timedelta(days=31)).replace(day=1)
    return f"{start:%Y-%m-%d}..{end:%Y-%m-%d}"


def _until_stopped() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=console, transient=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
