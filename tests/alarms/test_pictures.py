"""Charts of what alerts are about, from what is measured."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from tests.live.stations import START, flights, labels, predictions, station
from watchkeeper.app.alarms.evaluating import Surroundings
from watchkeeper.app.alarms.pictures import picture_of
from watchkeeper.core.alert import Alert, Notification
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import NotFoundError

NOW = START + timedelta(days=2)


def told(**evidence: object) -> Notification:
    """A message about one alert."""
    alert = Alert(
        {"alertname": "Low", "model": "late"}, {}, NOW - timedelta(hours=3), evidence=evidence
    )
    return Notification("k", "team", "g", {}, (alert,), "first", NOW)


def test_a_message_has_the_chart_of_its_alert(tmp_path: Path) -> None:
    """The metric of the rule, over a week; nothing where there is nothing to draw."""
    pytest.importorskip("PIL", reason="charts need Pillow")
    from PIL import Image

    with station(tmp_path / "data") as held:
        held.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        held.send(Signal.PREDICTIONS, predictions(flights(900)))
        held.send(Signal.LABELS, labels(flights(900)))
        held.work()

        def around(model: str) -> Surroundings:
            return Surroundings(held.platform._measured(model))

        series = {"metric": "f1", "window_s": 21_600.0}
        found = picture_of(told(series=series, metric="f1", limit=0.6), around, NOW)
        assert found is not None
        assert found.alt == "f1 of the last 7 days"
        with Image.open(io.BytesIO(found.png)) as image:
            assert image.size == (1520, 680)
        # How long something was absent is no limit of what is drawn.
        away = {"series": series, "metric": "f1", "operator": "absent"}
        aged = picture_of(told(**away, limit=900.0, unit="s"), around, NOW)
        assert aged == picture_of(told(**away), around, NOW)
        part = {**series, "segment": ["airport", "JFK"]}
        assert picture_of(told(series=part), around, NOW) is not None
        assert picture_of(told(), around, NOW) is None
        assert picture_of(told(series=series), around, NOW - timedelta(days=30)) is None
        wrong = {"metric": "no", "window_s": 60.0}
        assert picture_of(told(series=wrong), around, NOW) is None


def test_a_model_that_is_gone_has_no_chart() -> None:
    """The message goes all the same."""

    def around(_: str) -> Surroundings:
        raise NotFoundError("gone")

    series = {"metric": "f1", "window_s": 3600.0}
    assert picture_of(told(series=series), around, NOW) is None
