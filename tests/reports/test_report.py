"""The report as an object, as data frames and as files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import watchkeeper as wk
from tests.reports import documents
from watchkeeper.reports.frames import _COMPARISON, _TRACK
from watchkeeper.reports.report import Report


def test_every_number_by_name() -> None:
    """Columns, metrics, scores and checks are reached by name and hold the document's numbers."""
    report = Report(documents.comparison())
    assert report.drift["temp"].metrics["psi"].value == pytest.approx(1.56)
    assert report.drift["temp"].effect.metric == "ks"
    assert report.performance is not None
    assert report.performance["precision"].low == pytest.approx(0.4711)
    assert report.performance.segments["origin"]["EWR"].metrics["precision"].value == 0.29
    assert report.quality["visib"].missing.current == 0.47
    assert report.quality.scores["completeness"].target == 0.99
    assert next(check.subject for check in report.checks if check.group == "drift") == "temp"
    assert list(report.drift) == ["temp", "dewp", "visib", "carrier", "score"]
    assert "temp" in report.drift
    assert len(report.drift) == 5


def test_missing_names_say_what_there_is() -> None:
    """A name that is not there is an error that lists those that are."""
    report = Report(documents.comparison())
    with pytest.raises(KeyError, match="temp, dewp"):
        report.drift["nothing"]
    with pytest.raises(AttributeError, match="ranking"):
        _ = report.drift.rankings


def test_one_line_and_passing() -> None:
    """The representation is one line; passing is that nothing failed."""
    bad, good = Report(documents.comparison()), Report(documents.calm())
    assert repr(bad).startswith("<Report drifted: Precision fell")
    assert "\n" not in repr(bad)
    assert (bad.passed, good.passed) == (False, True)


def test_no_labels_is_none() -> None:
    """Without labels there is no performance, not an empty one."""
    assert Report(documents.bare()).performance is None


@pytest.mark.parametrize("name", _COMPARISON)
@pytest.mark.parametrize("make", [documents.comparison, documents.bare, documents.hostile])
def test_tables_of_a_comparison(make: Any, name: str) -> None:
    """Each table has the same columns and types whatever the data, and pandas reads it."""
    report = Report(make())
    table = report.to_arrow(name)
    assert table.schema == Report(documents.comparison()).to_arrow(name).schema
    frame = report.to_frame(name)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == table.num_rows


@pytest.mark.parametrize("name", _TRACK)
def test_tables_of_a_track(name: str) -> None:
    """Each table of an overview has a row a window, and more where it is by column or metric."""
    table = Report(documents.track()).to_arrow(name)
    assert table.num_rows >= 3
    assert table.num_rows % 3 == 0


def test_tables_hold_the_numbers() -> None:
    """Rows of the tables are the document's numbers; undefined is null."""
    report = Report(documents.comparison())
    drift = report.to_arrow("drift").to_pylist()
    assert [row["column"] for row in drift] == ["temp", "dewp", "visib", "carrier", "score"]
    assert drift[0]["effect"] == 0.52
    performance = {row["metric"]: row for row in report.to_arrow("performance").to_pylist()}
    assert performance["precision"]["change"] == pytest.approx(-0.1321)
    assert performance["precision"]["reference"] == 0.6132
    quality = report.to_arrow("quality").to_pylist()
    hours = next(row for row in quality if row["subject"] == "timeliness")
    assert hours["current"] is None
    segments = report.to_arrow("segments").to_pylist()
    assert {row["part"] for row in segments} == {"performance", "drift"}


def test_unknown_table_lists_the_known() -> None:
    """A table that does not exist is an error that lists those that do."""
    with pytest.raises(wk.ModelError, match="drift, metrics, performance"):
        Report(documents.comparison()).to_arrow("columns")


@pytest.mark.parametrize("suffix", ["json", "md", "xml"])
def test_save_by_suffix(tmp_path: Path, suffix: str) -> None:
    """The suffix chooses the format; the file is whole and no partial one is left."""
    path = tmp_path / f"report.{suffix}"
    Report(documents.hostile()).save(path)
    assert path.stat().st_size > 1000
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_save_replaces_and_keeps_the_mode(tmp_path: Path) -> None:
    """An older report is replaced; the new one is as readable as any file of this user."""
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    Report(documents.calm()).save(path)
    assert json.loads(path.read_text(encoding="utf-8"))["kind"] == "comparison"
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("report.pdf", "the suffix '.pdf'"),
        ("report", "no suffix"),
        ("no/where/r.json", "mkdir -p"),
        ("folder.json", "is a directory"),
        ("file.txt/r.json", "is a file, not a folder"),
    ],
)
def test_paths_that_cannot_be_written(tmp_path: Path, path: str, said: str) -> None:
    """Each is one clear error that says what to do, and leaves nothing behind."""
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file.txt").write_text("", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(wk.InputError, match=said):
        Report(documents.calm()).save(tmp_path / path)
    assert sorted(tmp_path.rglob("*")) == before


def test_failed_rendering_leaves_the_old_file(tmp_path: Path) -> None:
    """Where rendering fails the file of the last run stays as it was."""
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")
    document = documents.calm()
    document["drift"]["alpha"] = float("inf")
    with pytest.raises(wk.WatchkeeperError):
        Report(document).save(path)
    assert path.read_text(encoding="utf-8") == "old"


def test_compare_of_tables(tables: tuple[pa.Table, pa.Table]) -> None:
    """`wk.compare` on frames finds the drift, and where the model got worse."""
    report = wk.compare(*tables, label="late", score="score", segments=["origin"], timestamp="hour")
    assert report.drift["temp"].verdict == "drifted"
    assert report.drift["humid"].verdict == "stable"
    assert "mostly at EWR" in report.headline
    assert not report.passed


def test_unknown_role_is_an_error(tables: tuple[pa.Table, pa.Table]) -> None:
    """A role that does not exist is an error, not ignored."""
    with pytest.raises(wk.ModelError, match="lable"):
        wk.compare(*tables, lable="late")


def test_track_of_a_table(tables: tuple[pa.Table, pa.Table]) -> None:
    """`wk.track` gives an overview, and a report a window."""
    report = wk.track(tables[0], label="late", score="score", timestamp="hour", every="14d")
    assert report.kind == "track"
    assert len(report.windows) == len(report.to_arrow("windows"))
    assert all(window.kind == "comparison" for window in report.windows)


def test_notebook_displays_a_frame() -> None:
    """In a notebook the report is a frame that shows the page, and Markdown elsewhere."""
    report = Report(documents.calm())
    assert report._repr_markdown_().startswith("## ✓ passed")
    try:
        shown = report._repr_html_()
    except wk.WatchkeeperError:
        pytest.skip("the page of the report has not been built from ui/")
    assert "<iframe" in shown
