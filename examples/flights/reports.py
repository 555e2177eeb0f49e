"""The same months from files, without any server: one report each, and one over time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

import watchkeeper as wk
from flights.train import TRAINED_UNTIL, Trained


def write_reports(
    trained: Trained, flights: pd.DataFrame, output: Path, show: Callable[[str], None]
) -> wk.Report:
    """Predict the year, and write a report for each month and the overview of all."""
    later = trained.predict(flights[flights["time"] >= TRAINED_UNTIL])
    predicted = pd.concat([trained.reference, later])
    predicted.to_parquet(output / "predictions.parquet", index=False)
    overview = wk.track(
        output / "predictions.parquet",
        model=output / "model.yaml",
        every="1mo",
        reference="2013-01-01..2013-04-01",
        link=lambda window: f"{window.name}.html",
        end=datetime(2014, 1, 1, tzinfo=UTC),
        progress=lambda done, text: show(f"{text} ({done:.0%})" if done else text),
    )
    show("writing the reports")
    overview.save(output / "index.html")
    overview.save(output / "index.json")
    for month in overview.windows:
        month.save(output / f"{month.current.name}.html")
        month.save(output / f"{month.current.name}.json")
    return overview
