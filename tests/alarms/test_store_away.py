"""A store that goes away and comes back: it is said, and what was missed is made up for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alarms.receivers import recorder
from tests.alarms.watches import LOW, MINUTE, make_template, watching
from tests.engines.conftest import Server, running_server
from tests.store.test_catalogue import postgres_url
from watchkeeper.app.alarms.open_buckets import OpenBuckets
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.errors import UnavailableError


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of labelled predictions."""
    return make_template(tmp_path_factory.mktemp("template") / "data")


@pytest.fixture
def stoppable() -> Iterator[Server]:
    """A PostgreSQL of this test's own."""
    with running_server() as started:
        yield started


def test_a_file_that_is_renamed_and_comes_back(template: Path, tmp_path: Path) -> None:
    """Its rules are in error and say so; once it is there, what was missed is evaluated."""
    with recorder() as hook, watching(template, tmp_path / "data", hook) as watch:
        file = watch.station.settings.buckets
        buckets = OpenBuckets(file)
        registry = watch.station.platform.registry

        def measured(model: str) -> Measured:
            return Measured(model, buckets.get(model), registry.reference(model))

        watch.close()
        watch.measured = measured
        watch.open()
        away = file.with_name("elsewhere.db")
        file.rename(away)
        began = watch.clock()
        watch.go(10 * MINUTE)
        assert watch.told() == [("firing", "EvaluationError", 1)]
        assert not file.exists()
        away.rename(file)
        watch.go(3 * MINUTE)
        told = {(status, name) for status, name, _ in watch.told()[1:]}
        assert told == {("firing", "AccuracyLow"), ("resolved", "EvaluationError")}
        starts = [
            alert["startsAt"]
            for body in watch.hook.bodies
            for alert in body["alerts"]
            if alert["labels"]["alertname"] == "AccuracyLow"
        ]
        assert starts[0] <= (began + 5 * MINUTE).isoformat()
        buckets.close()


def test_a_database_that_is_stopped_and_comes_back(
    template: Path, tmp_path: Path, stoppable: Server
) -> None:
    """Nothing is lost or told twice; a long absence is an alert, and is made up for."""
    url = postgres_url(stoppable, "away")
    with recorder() as hook, watching(template, tmp_path / "data", hook, url) as watch:
        watch.close()
        watch.interrupted_after = 2 * MINUTE
        watch.open()
        watch.go(4 * MINUTE)
        assert watch.told() == [("firing", "AccuracyLow", 1)]
        watch.apply(RULES, LOW.replace("0.99", "0.01"))
        stoppable.stop()
        for _ in range(20):
            watch.station.now += MINUTE / 2
            with pytest.raises(UnavailableError, match="away does not answer"):
                watch.step()
        stoppable.start()
        watch.go(2 * MINUTE)
        told = watch.told()
        assert ("resolved", "AccuracyLow", 1) in told
        assert ("firing", "WatchInterrupted", 1) in told
        assert len(told) == len(set(told)) == 3
