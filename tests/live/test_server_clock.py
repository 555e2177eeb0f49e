"""The server's clock is set back while records come in: nothing is counted twice, or elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.live.clock import Steady
from watchkeeper.app.live.questions import SeriesQuery
from watchkeeper.core.envelope import Signal

ROWS = flights(600)
NOON = START + timedelta(days=5, hours=12)
STEPS_BACK = [timedelta(minutes=-2), timedelta(hours=-3), timedelta(days=-1)]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Station]:
    """A station with a reference, at noon."""
    with station(tmp_path / "data") as made:
        made.now = NOON
        made.refer(flights(1_000, seed=1, start=START - timedelta(days=60)))
        yield made


def counts(held: Station, window: str) -> dict[datetime, float]:
    """Predictions by the hour."""
    query = SeriesQuery(("prediction_count",), window=window, step="1h")
    points = held.platform.series("late", query)["series"][0]["points"]
    return {point["start"]: point["value"] for point in points}


def value(held: Station, metric: str) -> object:
    """A metric over all that there is."""
    query = SeriesQuery((metric,), window="all", step="window")
    points = held.platform.series("late", query)["series"][0]["points"]
    return points[0]["value"] if points else None


def timeless(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records that say no time: that of their receipt counts."""
    return [{name: held for name, held in one.items() if name != "time"} for one in records]


def hour_of(moment: datetime) -> datetime:
    """The hour that a moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


@pytest.mark.parametrize("step", STEPS_BACK, ids=str)
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_records_stay_where_they_happened(held: Station, step: timedelta, restarted: bool) -> None:
    """Each in its own hour and once, also one that is sent again after the clock was set back."""
    told = predictions(ROWS)
    held.send(Signal.PREDICTIONS, told[:300], key="one")
    held.send(Signal.LABELS, labels(ROWS.slice(0, 300)))
    held.work()
    held.now += step
    if restarted:
        held.close()
        held.open()
    assert held.send(Signal.PREDICTIONS, told[:300], key="one")["duplicate"]
    held.send(Signal.PREDICTIONS, told[300:], key="two")
    held.send(Signal.LABELS, labels(ROWS.slice(300)))
    held.work()
    expected = Counter(hour_of(at) for at in ROWS["at"].to_pylist())
    assert counts(held, "2026-03-02..2026-03-04") == expected
    assert value(held, "prediction_count") == 600
    assert value(held, "label_coverage") == 1.0


@pytest.mark.parametrize("step", STEPS_BACK, ids=str)
def test_records_without_a_time_count_once_at_their_receipt(held: Station, step: timedelta) -> None:
    """In the hours that the clock showed, except that it does not go back by some minutes."""
    told = timeless(predictions(ROWS))
    held.send(Signal.PREDICTIONS, told[:100])
    held.work()
    held.now += step
    held.send(Signal.PREDICTIONS, told[100:300])
    held.now += timedelta(hours=5)
    held.send(Signal.PREDICTIONS, told[300:])
    held.work()
    small = step > timedelta(hours=-1)
    second = NOON if small else hour_of(NOON + step)
    third = hour_of(NOON + step + timedelta(hours=5))
    expected = Counter({NOON: 100}) + Counter({second: 200}) + Counter({third: 300})
    assert counts(held, "2026-03-01..2026-03-09") == expected


def test_a_correction_counts_though_the_clock_went_back_a_little(held: Station) -> None:
    """Labels that say no time are ordered as they came."""
    held.send(Signal.PREDICTIONS, predictions(ROWS))
    wrong = [{**record, "label": "0"} for record in labels(ROWS)]
    held.send(Signal.LABELS, timeless(wrong))
    held.work()
    assert value(held, "recall") is None
    held.now -= timedelta(minutes=2)
    held.send(Signal.LABELS, timeless(labels(ROWS)))
    held.work()
    assert value(held, "recall") is not None
    assert value(held, "labels_corrected") == 600


def test_what_seems_to_come_from_the_future_is_refused_by_name(held: Station) -> None:
    """A clock that is days behind loses nothing silently: each record is named and counted."""
    held.now = START - timedelta(days=3)
    answer = held.send(Signal.PREDICTIONS, predictions(ROWS.slice(0, 50)))
    assert (answer["accepted"], answer["rejected"]) == (0, 50)
    assert {error["id"] for error in answer["errors"]} == set(ROWS["key"].slice(0, 50).to_pylist())
    assert len({error["reason"] for error in answer["errors"]}) == 1
    held.now = NOON
    assert held.send(Signal.PREDICTIONS, predictions(ROWS.slice(0, 50)))["accepted"] == 50
    held.work()
    assert value(held, "prediction_count") == 50


def test_a_steady_clock_waits_for_time_to_catch_up() -> None:
    """A small step back is not seen; a large one is believed."""
    shown = [datetime(2026, 1, 1, 12, minute, tzinfo=UTC) for minute in (10, 8, 9, 11)]
    shown += [datetime(2026, 1, 1, 9, tzinfo=UTC), datetime(2026, 1, 1, 8, 59, tzinfo=UTC)]
    steady = Steady(iter(shown).__next__)
    minutes = [(at.hour, at.minute) for at in (steady() for _ in shown)]
    assert minutes == [(12, 10), (12, 10), (12, 10), (12, 11), (9, 0), (9, 0)]
