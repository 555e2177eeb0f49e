"""Train on winter, predict the rest of the year, and report every month of it.

Run it with `make demo`, or `python -m flights --output FOLDER` beside this folder.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

# Threads that wait without spinning: training on a busy machine takes seconds, not minutes.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import watchkeeper as wk
from flights.data import FEATURES, load_flights
from flights.train import predict_year

MODEL = """\
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


def main() -> None:
    """Do all of it, and say what was found and where the reports lie."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    console = Console()
    started = time.monotonic()
    with _progress(console) as progress:
        task = progress.add_task("loading 336,776 flights, their weather and aircraft")
        flights = load_flights()
        progress.update(task, description="training on January to March, predicting the year")
        predicted, threshold = predict_year(flights)
        predicted.to_parquet(output / "predictions.parquet", index=False)
        model = output / "model.yaml"
        model.write_text(MODEL.format(threshold=threshold), encoding="utf-8")

        def show(done: float, text: str) -> None:
            progress.update(task, description=f"{text} ({done:.0%})" if done else text)

        overview = wk.track(
            output / "predictions.parquet",
            model=model,
            every="1mo",
            reference="2013-01-01..2013-04-01",
            link=lambda window: f"{window.name}.html",
            end=datetime(2014, 1, 1, tzinfo=UTC),
            progress=show,
        )
        progress.update(task, description="writing the reports")
        overview.save(output / "index.html")
        overview.save(output / "index.json")
        for month in overview.windows:
            month.save(output / f"{month.current.name}.html")
            month.save(output / f"{month.current.name}.json")
    _say(console, overview, output, time.monotonic() - started)


def _say(console: Console, overview: wk.Report, output: Path, seconds: float) -> None:
    """The finding, a line for each month, and where the reports lie."""
    document = overview.to_dict()
    console.print(f"\n[bold]{document['summary']['headline']}[/bold]\n")
    table = Table("month", "flights", "late", "recall", "precision", "ROC AUC", "drifted", box=None)
    performance = document["performance"]
    for index, window in enumerate(document["windows"]):
        cells = [_shown(performance, name, index) for name in ("recall", "precision", "roc_auc")]
        late = _late(overview, index)
        drifted = f"{window['drifted']} of {len(FEATURES)}"
        table.add_row(window["name"], f"{window['rows']:,}", late, *cells, drifted)
    console.print(table)
    console.print(f"\nDone in {seconds:.0f} s. Open {output / 'index.html'}")


def _shown(performance: dict, name: str, index: int) -> str:
    point = performance[name]["points"][index] if name in performance else None
    return "–" if point is None or point["value"] is None else f"{point['value']:.3f}"


def _late(overview: wk.Report, index: int) -> str:
    """The share of flights that came late in a month, of those whose label came."""
    shares = overview.windows[index].to_dict()["drift"]["columns"]["late"]["distribution"]
    late = dict(zip(shares["categories"], shares["current"], strict=True))
    return f"{late['1'] / (late['0'] + late['1']):.1%}"


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=console, transient=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
