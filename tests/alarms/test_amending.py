"""Labels that come late amend what was found, in the history and the API, and page nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.alarms.receivers import recorder
from tests.alarms.watches import HOUR, MINUTE, NOW, Watch, watching
from tests.live.stations import START, flights, labels, predictions, station
from watchkeeper.app.alarms.desk import AlarmDesk
from watchkeeper.app.alarms.keeper import measured_around
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.catalogue.alarms import Work

ROWS = flights(900)
DAY = timedelta(days=1)
LOW = """
groups:
  - name: flights
    model: late
    interval: 10m
    rules:
      - alert: AccuracyLow
        expr: accuracy < 0.99
        window: 6h
        for: 1h
        min_rows: 20
        no_data: ok
        severity: P1
      - alert: Slow
        expr: latency_p95 > 1000
        window: 6h
        no_data: ok
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of predictions whose labels have not come yet."""
    folder = tmp_path_factory.mktemp("late") / "data"
    with station(folder, NOW) as held:
        held.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        held.send(Signal.PREDICTIONS, predictions(ROWS))
        held.work()
    return folder


@pytest.fixture
def watch(template: Path, tmp_path: Path) -> Iterator[Watch]:
    """A watch over them, just after they ended."""
    with recorder() as hook, watching(template, tmp_path / "data", hook) as made:
        made.apply(RULES, LOW)
        yield made


def right(delay: timedelta) -> list[dict[str, Any]]:
    """Labels as the model has guessed: an accuracy of 1."""
    return [
        one | {"label": row["guess"]}
        for one, row in zip(labels(ROWS, delay=delay), ROWS.to_pylist(), strict=True)
    ]


def come(watch: Watch, records: list[dict[str, Any]]) -> None:
    """Labels come in and are measured."""
    answer = watch.station.send(Signal.LABELS, records)
    assert answer["rejected"] == 0, answer
    watch.station.work()


def desk_of(watch: Watch) -> AlarmDesk:
    """What the API asks."""
    platform = watch.station.platform
    around = measured_around(platform._measured, lambda *_: (), lambda: (), watch.clock, "")
    return AlarmDesk(watch.store, models=platform.registry.names, around=around, clock=watch.clock)


def amended(watch: Watch) -> list[dict[str, Any]]:
    """What the history shows of it, oldest first."""
    rows = desk_of(watch).history(model="late")
    assert all("AccuracyLow" in row["subject"] for row in rows if row["kind"] == "amended")
    return [row["what"] for row in reversed(rows) if row["kind"] == "amended"]


def hours(moment: str) -> float:
    """Hours from the end of the records."""
    return (datetime.fromisoformat(moment) - NOW) / HOUR


def test_what_nobody_could_know_is_noted_and_not_paged(watch: Watch) -> None:
    """Without labels nothing was known; with them the alert would have fired, hours ago."""
    watch.go(12 * HOUR, step=10 * MINUTE)
    assert (watch.told(), amended(watch)) == ([], [])
    come(watch, labels(ROWS, delay=DAY))
    watch.go(3 * HOUR, step=10 * MINUTE)
    (one,) = amended(watch)
    assert (one["before"], one["after"], one["effect"]) == ("no_data", "true", "would_have_fired")
    # A window of 6 hours has enough rows until about 5 hours after the last.
    assert 0 < hours(one["at"]) <= 1
    assert 3 <= hours(one["until"]) <= 6
    assert 0.4 < one["value"] < 0.99
    assert "value_before" not in one
    assert watch.told() == []
    assert desk_of(watch).alerts() == []
    watch.go(12 * HOUR, step=10 * MINUTE)
    assert (watch.told(), len(amended(watch))) == ([], 1)


def test_an_alarm_that_was_none_is_not_taken_back_aloud(watch: Watch) -> None:
    """It fired on wrong labels and is over; corrected ones are noted, and tell nobody."""
    come(watch, labels(ROWS, delay=HOUR))
    watch.go(14 * HOUR, step=10 * MINUTE)
    told = [("firing", "AccuracyLow", 1), ("resolved", "AccuracyLow", 1)]
    assert watch.told() == told
    come(watch, right(delay=2 * HOUR))
    watch.go(3 * HOUR, step=10 * MINUTE)
    (one,) = amended(watch)
    assert (one["before"], one["after"]) == ("true", "false")
    assert one["effect"] == "would_not_have_fired"
    assert one["value_before"] < 0.99
    assert one["value"] == 1.0
    assert watch.told() == told


def test_an_alert_that_fires_shows_that_its_past_has_changed(watch: Watch) -> None:
    """It goes on firing, and nobody is told again before the repeat is due."""
    watch.go(1.5 * HOUR, step=10 * MINUTE)
    come(watch, labels(ROWS, delay=MINUTE))
    watch.go(3 * HOUR, step=10 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    (alert,) = desk_of(watch).alerts()
    assert alert["state"] == "firing"
    (one,) = amended(watch)
    assert alert["amended_at"].isoformat() == datetime.fromisoformat(one["until"]).isoformat()
    assert hours(one["until"]) == 1
    watch.go(HOUR / 2, step=10 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]


def test_a_crash_between_notes_it_once(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is noted is in the transaction of the evaluation that found it."""
    watch.go(10 * HOUR, step=10 * MINUTE)
    come(watch, labels(ROWS, delay=DAY))
    real, left = Work.add_history, [2]

    def breaking(self: Work, **given: Any) -> None:
        real(self, **given)
        if given["kind"] == "amended" and left[0]:
            left[0] -= 1
            raise UnavailableError("the disk is full")

    monkeypatch.setattr(Work, "add_history", breaking)
    for _ in range(12):
        watch.station.now += 10 * MINUTE
        try:
            watch.step()
        except UnavailableError:
            watch.crash()
            watch.open()
    assert left == [0]
    assert len(amended(watch)) == 1
    assert watch.told() == []


def test_another_condition_begins_anew(watch: Watch) -> None:
    """What was asked before is not compared with what is asked now."""
    watch.go(6 * HOUR, step=10 * MINUTE)
    watch.apply(RULES, LOW.replace("0.99", "0.98"))
    watch.go(2 * HOUR, step=10 * MINUTE)
    come(watch, labels(ROWS, delay=DAY))
    watch.go(2 * HOUR, step=10 * MINUTE)
    assert all(hours(one["at"]) > 6 for one in amended(watch))
    (row,) = watch.store.states("judged")
    (track,) = msgspec.json.decode(row.body)["tracks"].values()
    assert "0.98" in track["asked"]
    watch.apply(RULES, "groups: []")
    watch.go(HOUR, step=10 * MINUTE)
    assert watch.store.states("judged") == []
