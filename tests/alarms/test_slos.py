"""Events of SLOs from what is measured, and the alerts of their budgets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.alarms.slos import SloEvents, conditions_of, slo_group
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.settings import Settings
from watchkeeper.app.served import ServedPlatform
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.slo.reading import parse_slos
from watchkeeper.monitors.source import Times

ROWS = flights(900)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SLOS = """
slos:
  - {name: answers, objective: 99%, sli: availability}
  - {name: fast, objective: 99%, sli: {kind: latency, under_ms: 20}}
  - {name: fresh, objective: 90%, budgeting: timeslices, slice: 1h,
     sli: {kind: freshness, within: 30m}, alerts: []}
  - {name: right, objective: 90%, budgeting: timeslices, slice: 6h,
     sli: {kind: quality, metric: accuracy, target: 0.6}, alerts: []}
  - {name: usual, objective: 90%, budgeting: timeslices, slice: 6h,
     sli: {good: "accuracy > 0.6"}, alerts: []}
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Two days of which every tenth prediction failed, and every fourth took 50 ms."""
    with station(tmp_path_factory.mktemp("slos") / "data") as made:
        made.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        records = predictions(ROWS)
        for at, record in enumerate(records):
            record["latency_ms"] = 50.0 if at % 4 == 0 else 2.5
            if at % 10 == 0:
                record["error"] = "timeout"
        made.send(Signal.PREDICTIONS, records)
        made.send(Signal.LABELS, labels(ROWS))
        made.work()
        yield made


@pytest.fixture
def source(held: Station) -> MeasuredSource:
    """The model's series and SLOs."""
    measured = held.platform._measured("late")
    slos = {slo.name: slo for slo in parse_slos(SLOS)}
    events = SloEvents(slos, None, conditions_of(slos, vocabulary_of(measured, slos)))
    return MeasuredSource(measured, events)


def ends(*hours: int) -> Times:
    """Times, in hours after the start."""
    first = np.datetime64(START.replace(tzinfo=None), "s")
    return np.array([first + np.timedelta64(3600 * hour, "s") for hour in hours])


def test_events_are_counted(source: MeasuredSource) -> None:
    """Failed and slow predictions, of all of them."""
    bad, total = source.events("answers", 2 * DAY, ends(24, 48))
    assert total.tolist()[1] == 900
    assert bad.tolist()[1] == 90
    assert 0 < total[0] < 900
    bad, total = source.events("fast", 2 * DAY, ends(48))
    assert (bad.tolist(), total.tolist()) == ([225], [900])


def test_slices_are_counted(source: MeasuredSource) -> None:
    """Good, bad, and those of which nothing is known."""
    bad, total = source.events("fresh", DAY, ends(48, 72))
    assert total.tolist() == [24, 24]
    assert bad[0] < 5
    assert bad[1] >= 23
    ours = source.events("right", DAY, ends(24, 48, 72))
    same = source.events("usual", DAY, ends(24, 48, 72))
    assert ours[1].tolist() == same[1].tolist() == [4, 4, 0]
    assert ours[0].tolist() == same[0].tolist()
    with pytest.raises(InputError, match="no SLO 'slow'"):
        source.events("slow", DAY, ends(48))


def test_the_alerts_of_an_slo_are_rules(source: MeasuredSource) -> None:
    """One bad in ten of a budget of one in a hundred burns ten times too fast."""
    (slo, *_) = parse_slos(SLOS)
    group = slo_group(slo, "late")
    names = vocabulary_of(source.measured, ["answers"])
    told = {}
    for rule in group.rules:
        condition = compile_condition(rule.expr, names)
        outcome = evaluate(condition, source, ends(48), window=rule.window)
        told[rule.labels["window"]] = int(outcome.truth[0])
    assert told == {"1h/5m": 0, "6h/30m": 0, "1d/2h": 1, "3d/6h": 1}
    assert {rule.no_data for rule in group.rules} == {"ok"}


def test_prometheus_counts_the_events_of_slos(held: Station) -> None:
    """What exported rules read: of each SLO and model, by the real parser."""
    from prometheus_client.parser import text_string_to_metric_families

    platform = ServedPlatform(Settings(held.folder, min_free=0), clock=lambda: held.now)
    platform.alarms.slo.put("late", SLOS)
    text = platform.model_metrics()
    platform.close()
    samples = {
        (sample.name, sample.labels["slo"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "slo" in sample.labels
    }
    assert samples["watchkeeper_slo_events_total", "answers"] == 900
    assert samples["watchkeeper_slo_bad_events_total", "answers"] == 90
    assert samples["watchkeeper_slo_bad_events_total", "fast"] == 225
