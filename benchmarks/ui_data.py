"""The year of one model that the benchmark of the web pages looks at, as the folder of a server."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from benchmarks import series as year
from benchmarks.questions import build_traffic
from watchkeeper.app.live.folder import open_folder
from watchkeeper.app.live.references import Made
from watchkeeper.profiles.fit import with_bounds
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.profiles.layout import Layout
from watchkeeper.store.buckets import Buckets

COLUMNS = 60
"""Lines of the panel of many points."""

OPTIONS = argparse.Namespace(days=365, segment_days=2, features=100, rows=1141, distinct=24)


def make_folder(folder: Path, file: Path | None) -> list[str]:
    """Build the year in a folder, or copy it from a file; the columns of the large panel."""
    layout, hours = year.hours(OPTIONS)
    buckets = folder / "buckets.db"
    folder.mkdir(parents=True, exist_ok=True)
    if file is not None and file.exists():
        shutil.copyfile(file, buckets)
    else:
        with Buckets(buckets) as store:
            year.build(store, layout, hours, OPTIONS)
            build_traffic(store, OPTIONS)
        if file is not None:
            shutil.copyfile(buckets, file)
    _register(folder, layout)
    columns = [column.name for column in layout.model.columns if column.name[0] in "ficb"]
    return columns[:COLUMNS]


def _register(folder: Path, layout: Layout) -> None:
    """The model, its version, and the reference that its hours stand on."""
    profile = with_bounds(profile_batch(year.rows(OPTIONS, "reference", 50_000), layout))
    with open_folder(folder, make=True) as held:
        held.apply({"name": year.MODEL, "task": "binary", "label": "y", "score": "s"}, force=False)
        made = Made("data", {"file": "reference.parquet"}, profile)
        held.set_reference(year.MODEL, made)


def panel(columns: list[str]) -> dict[str, Any]:
    """A dashboard with one panel: so many lines of a year by the hour."""
    return {
        "title": "Missing values",
        "panels": [{
            "kind": "lines", "title": "Missing values", "size": "full", "model": year.MODEL,
            "metrics": ["missing_share"], "columns": columns, "step": "1h",
        }],
    }  # fmt: skip
