"""What is dropped, and what outlives it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import watchkeeper as wk
from tests.live.stations import (
    MODEL_FILE,
    START,
    Station,
    differences,
    flights,
    labels,
    predictions,
    station,
)  # fmt: skip
from watchkeeper.app.live.questions import RowsQuery, SeriesQuery
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError

REFERENCE = flights(2_000, seed=1, start=START - timedelta(days=60))
ROWS = flights(600, hours=72)
WINDOW = "2026-03-02..2026-03-05"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station that has measured three days of labelled records."""
    with station(tmp_path / "data") as made:
        made.refer(REFERENCE)
        made.send(Signal.PREDICTIONS, predictions(ROWS))
        made.send(Signal.LABELS, labels(ROWS))
        made.work()
        yield made


def retain(held: Station, text: str) -> None:
    """Change the model's retention, and let the worker do what is due."""
    held.platform.registry.apply(MODEL_FILE + f"retention: {{{text}}}\n")
    held.work()
    held.worker.keep_up()


def counted(held: Station, step: str = "1d") -> list[float]:
    """Predictions of each step."""
    query = SeriesQuery(("prediction_count",), window=WINDOW, step=step)
    points = held.platform.series("late", query)["series"][0]["points"]
    return [point["value"] for point in points]


def test_measurements_outlive_the_rows(held: Station) -> None:
    """Rows go by whole days; profiles stay, also when a label comes for a row that is gone."""
    before = held.platform.report("late", window=WINDOW)
    held.now = START + timedelta(days=4, hours=1)
    retain(held, "predictions: 2d")
    left = held.platform.rows("late", RowsQuery(window=WINDOW, limit=1000))["rows"]
    assert {row["time"].date().day for row in left} == {4}
    held.send(Signal.LABELS, labels(ROWS, delay=timedelta(days=3)))
    held.work()
    after = held.platform.report("late", window=WINDOW)
    assert differences(before["performance"], after["performance"]) == []
    assert sum(counted(held)) == 600


def test_a_new_reference_leaves_days_without_rows_as_they_are(held: Station) -> None:
    """They cannot be measured on the new layout, and are not measured as empty."""
    held.now = START + timedelta(days=4, hours=1)
    retain(held, "predictions: 2d")
    held.refer(flights(2_000, seed=5, start=START - timedelta(days=30)))
    held.work()
    assert sum(counted(held)) == 600
    report = held.platform.report("late", window=WINDOW)
    third = ROWS.filter([at.day == 4 for at in ROWS.column("at").to_pylist()])
    assert report["current"]["rows"] == third.num_rows


def test_hour_profiles_of_segments_can_go_before_those_of_days(held: Station) -> None:
    """A finer step is then refused for them; a new reference measures the days whole."""
    held.now = START + timedelta(days=20)
    retain(held, "hours: 2d")
    segment = SeriesQuery(("accuracy",), window=WINDOW, step="1d", segment="airport:JFK")
    assert len(held.platform.series("late", segment)["series"][0]["points"]) == 3
    with pytest.raises(InputError):
        held.platform.series(
            "late", SeriesQuery(("accuracy",), window=WINDOW, step="1h", segment="airport:JFK")
        )
    other = flights(2_000, seed=5, start=START - timedelta(days=30))
    held.refer(other)
    held.send(Signal.LABELS, labels(ROWS.slice(0, 10), delay=timedelta(days=5)))
    held.work()
    ours = held.platform.report("late", window=WINDOW)
    theirs = wk.compare(other, ROWS, model=held.platform.registry.get("late").file).to_dict()
    assert differences(ours["performance"], theirs["performance"]) == []
    assert differences(ours["drift"], theirs["drift"]) == []
    assert len(counted(held, "1h")) > 60


def test_a_late_label_on_a_day_without_hours_is_counted(held: Station) -> None:
    """The whole day is profiled again from its rows."""
    held.now = START + timedelta(days=20)
    retain(held, "hours: 2d")
    wrong = [{**r, "label": "1"} for r in labels(ROWS.slice(0, 50), delay=timedelta(days=9))]
    held.send(Signal.LABELS, wrong)
    held.work()
    query = SeriesQuery(("labels_corrected",), window=WINDOW, step="window")
    assert held.platform.series("late", query)["series"][0]["points"][0]["value"] == 50
    assert sum(counted(held)) == 600
