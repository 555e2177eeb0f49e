"""Train on winter, predict the rest of the year, and report every month of it.

Run it with `make demo`, or `python -m flights --output FOLDER` beside this folder.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

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

        overview, months = wk.track(
            output / "predictions.parquet",
            model=model,
            every="1mo",
            reference="2013-01-01..2013-04-01",
            link=lambda window: f"{window.name}.html",
            windows=True,
            progress=show,
        )
        progress.update(task, description="writing the reports")
        overview.save(output / "index.html")
        overview.save(output / "index.json")
        for window, month in zip(overview["windows"], months, strict=True):
            month.save(output / f"{window['name']}.html")
            month.save(output / f"{window['name']}.json")
    _say(console, overview, output, time.monotonic() - started)


def _say(console: Console, overview: wk.Report, output: Path, seconds: float) -> None:
    """The finding, a line for each month, and where the reports lie."""
    document = overview.to_dict()
    console.print(f"\n[bold]{document['summary']['headline']}[/bold]\n")
    table = Table("month", "flights", "late", "recall", "precision", "ROC AUC", "drifted", box=None)
    performance = document["performance"]
    for index, window in enumerate(document["windows"]):
        cells = [_shown(performance, name, index) for name in ("recall", "precision", "roc_auc")]
        late = _shown(performance, "label_share", index)
        drifted = f"{window['drifted']} of {len(FEATURES)}"
        table.add_row(window["name"], f"{window['rows']:,}", late, *cells, drifted)
    console.print(table)
    console.print(f"\nDone in {seconds:.0f} s. Open {output / 'index.html'}")


def _shown(performance: dict, name: str, index: int) -> str:
    point = performance[name]["points"][index] if name in performance else None
    return "–" if point is None or point["value"] is None else f"{point['value']:.3f}"


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=console, transient=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
