"""Lines of many points say what the series say, and follow what is written."""

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.live import lines
from watchkeeper.app.live.questions import SeriesQuery
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError

REFERENCE = flights(3_000, seed=1, start=START - timedelta(days=60))
ROWS = flights(900)
WINDOW = "2026-02-26..2026-03-12"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station with a reference and two days of labelled rows; it is weeks later."""
    with station(tmp_path / "data") as made:
        made.refer(REFERENCE)
        made.send(Signal.PREDICTIONS, predictions(ROWS))
        made.send(Signal.LABELS, labels(ROWS))
        made.work()
        made.now += timedelta(days=40)
        yield made


@pytest.mark.parametrize("step", ["1h", "1d", "7d", "1mo", "window"])
def test_lines_are_the_values_of_the_series(held: Station, step: str) -> None:
    """On one grid of times, from the first week to the last, kept or measured anew."""
    query = SeriesQuery(("psi", "accuracy", "prediction_count"), ("temp",), WINDOW, step)
    series = held.platform.series("late", query)
    for _ in range(2):
        found = held.platform.lines("late", query)
        assert {key: found[key] for key in ("window", "step", "step_s")} == {
            key: series[key] for key in ("window", "step", "step_s")
        }
        for line, known in zip(found["lines"], series["series"], strict=True):
            assert {name: line[name] for name in line if name != "values"} == {
                name: known[name] for name in known if name != "points"
            }
            values = {
                at: value
                for at, value in zip(found["starts"].tolist(), line["values"], strict=True)
                if not math.isnan(value)
            }
            assert values == {
                int(point["start"].timestamp()): pytest.approx(point["value"], rel=1e-5)
                for point in known["points"]
                if point["value"] is not None
            }


def test_each_value_of_a_segment_is_a_line(held: Station) -> None:
    """They share the grid; a step in which one has no rows is a gap of that line alone."""
    query = SeriesQuery(("accuracy",), (), WINDOW, "1h", None, "airport:*")
    found = held.platform.lines("late", query)
    assert [line["segment"] for line in found["lines"]] == [
        "airport:EWR", "airport:JFK", "airport:LGA",
    ]  # fmt: skip
    assert {len(line["values"]) for line in found["lines"]} == {len(found["starts"])}
    assert found["starts"].tolist() == sorted(set(found["starts"].tolist()))


def test_a_week_that_gets_rows_later_is_measured_again(held: Station) -> None:
    """What is kept of a week does not outlive its rows."""
    query = SeriesQuery(("prediction_count",), (), WINDOW, "1d")

    def rows() -> float:
        return float(sum(held.platform.lines("late", query)["lines"][0]["values"]))

    before = rows()
    assert rows() == before
    held.send(Signal.PREDICTIONS, predictions(flights(50, seed=5)))
    held.work()
    held.now += timedelta(seconds=30)
    assert rows() == before + 50


def test_too_many_lines_or_values_are_refused(
    held: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is measured, with what to do instead."""
    query = SeriesQuery(("accuracy",), (), "2025-03-01..2026-03-01", "1h", None, "airport:*")
    monkeypatch.setattr(lines, "MAX_VALUES", 20_000)
    with pytest.raises(InputError, match="at most 20,000 are drawn; choose a longer step"):
        held.platform.lines("late", query)
    monkeypatch.setattr(lines, "MAX_LINES", 2)
    with pytest.raises(InputError, match="asks for 3 lines and at most 2 are drawn"):
        held.platform.lines("late", query)
    with pytest.raises(InputError, match="at most 10000 points"):
        held.platform.lines("late", SeriesQuery(("accuracy",), (), "2020-01-01..2026-03-01", "1h"))
