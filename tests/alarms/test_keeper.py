"""From a rule and records to a message, and to the message that it is over; across restarts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.alarms.receivers import Recorder, recorder
from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.alarms.dispatching import ROUTES
from watchkeeper.app.alarms.evaluating import Result, evaluate_group
from watchkeeper.app.alarms.keeper import Keeper, SloShelf, measured_around
from watchkeeper.app.alarms.rule_book import RULES, Watched
from watchkeeper.app.alarms.sending import Sender
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import ProfileError
from watchkeeper.monitors.source import Asked, Points, Times
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LOW = """
groups:
  - name: flights
    model: late
    interval: 1m
    rules:
      - alert: AccuracyLow
        expr: accuracy < 0.99
        window: 6h
        for: 2m
        min_rows: 20
        severity: P1
        annotations:
          summary: "accuracy is {{ $value | humanizePercentage }} of {{ $rows }} rows"
"""
TO_HOOK = """
route:
  receiver: hook
  group_by: [model, alertname]
  group_wait: 30s
  group_interval: 1m
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs:
      - url: {url}
"""


@dataclass
class Watch:
    """A station whose rules are kept watch over, at a time that stands still until moved."""

    station: Station
    hook: Recorder
    places: list[Keeper] = field(default_factory=list)

    def open(self) -> None:
        """Start the background work."""
        self.store = AlarmStore(self.station.folder / "catalogue.db")
        sender = Sender(self.store, clock=self.clock, random=lambda: 0.5)
        self.keeper = Keeper(
            self.store,
            models=self.station.platform.registry.names,
            around=measured_around(
                self.station.platform._measured,
                lambda *_: (),
                SloShelf(self.store).all,
                self.clock,
                "",
            ),
            sender=sender,
            clock=self.clock,
            holder="one",
        )
        self.sender = sender

    def close(self) -> None:
        """Stop it."""
        self.keeper.close()
        self.store.close()

    def clock(self) -> datetime:
        """The time."""
        return self.station.now

    def apply(self, kind: str, text: str, name: str = "test") -> None:
        """Put a file in force."""
        with self.store.work() as work:
            work.put_file(FileRow(kind, ROUTES if kind == ROUTES else name, text, START, None))

    def go(self, length: timedelta, step: timedelta = MINUTE / 2) -> None:
        """Let time pass, with what is due done at each step."""
        end = self.station.now + length
        while self.station.now < end:
            self.station.now += step
            self.keeper.step()
            self.sender.settle(10)

    def told(self) -> list[tuple[str, str, int]]:
        """Status, name and number of alerts of each message that came."""
        return [
            (body["status"], body["groupLabels"]["alertname"], len(body["alerts"]))
            for body in self.hook.bodies
        ]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Two days of labelled predictions, just after they ended."""
    now = START + timedelta(hours=48)
    with station(tmp_path / "data", now) as held, recorder() as hook:
        held.refer(flights(3_000, seed=1, start=START - timedelta(days=60)))
        rows = flights(900)
        held.send(Signal.PREDICTIONS, predictions(rows))
        held.send(Signal.LABELS, labels(rows, delay=timedelta()))
        held.work()
        made = Watch(held, hook)
        made.open()
        made.apply(RULES, LOW)
        made.apply(ROUTES, TO_HOOK.format(url=hook.url))
        yield made
        made.close()


def test_an_alert_is_told_once_and_its_end_too(watch: Watch) -> None:
    """Pending for two minutes, told after the group's wait, and never again until it is over."""
    watch.go(2 * MINUTE)
    assert watch.told() == []
    watch.go(2 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    (alert,) = watch.hook.bodies[0]["alerts"]
    assert alert["labels"] == {
        "alertname": "AccuracyLow", "model": "late", "severity": "P1",
    }  # fmt: skip
    assert alert["annotations"]["summary"].startswith("accuracy is ")
    watch.go(30 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    watch.apply(RULES, LOW.replace("0.99", "0.01"))
    watch.go(5 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1), ("resolved", "AccuracyLow", 1)]
    watch.go(60 * MINUTE)
    assert len(watch.told()) == 2
    assert watch.store.count_messages() == {"sent": 2}


def test_a_restart_forgets_nothing_and_tells_nothing_twice(watch: Watch) -> None:
    """At any step."""
    for _ in range(12):
        watch.go(MINUTE / 2)
        watch.close()
        watch.open()
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    watch.apply(RULES, "groups: []")
    for _ in range(6):
        watch.go(MINUTE / 2)
        watch.close()
        watch.open()
    assert watch.told() == [("firing", "AccuracyLow", 1), ("resolved", "AccuracyLow", 1)]


def test_a_receiver_that_is_down_is_told_when_it_is_back(watch: Watch) -> None:
    """Nothing is lost, whatever it answers meanwhile."""
    watch.hook.status = 503
    watch.go(10 * MINUTE)
    assert watch.told() == []
    assert watch.store.count_messages() == {"waiting": 1}
    watch.hook.status = 200
    watch.go(3 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]


def test_missing_data_raise_an_alert_of_their_own(watch: Watch) -> None:
    """What fires is not resolved by silence."""
    watch.go(5 * MINUTE)
    watch.go(7 * HOUR, step=10 * MINUTE)
    assert ("firing", "NoData", 1) in watch.told()
    assert ("resolved", "AccuracyLow", 1) not in watch.told()


def test_two_replicas_tell_once(watch: Watch) -> None:
    """One of them works; the other takes over when it is gone."""
    other = AlarmStore(watch.station.folder / "catalogue.db")
    sender = Sender(other, clock=watch.clock, random=lambda: 0.5)
    second = Keeper(
        other,
        models=watch.station.platform.registry.names,
        around=measured_around(
            watch.station.platform._measured, lambda *_: (), list, watch.clock, ""
        ),
        sender=sender, clock=watch.clock, holder="two",
    )  # fmt: skip
    for _ in range(10):
        watch.go(MINUTE / 2)
        assert second.step() == 0
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    # The first one is killed: it gives nothing back.
    watch.apply(RULES, "groups: []")
    for _ in range(10):
        watch.station.now += MINUTE / 2
        second.step()
        sender.settle(10)
    assert watch.told() == [("firing", "AccuracyLow", 1), ("resolved", "AccuracyLow", 1)]
    second.close()
    other.close()


def test_an_outage_is_made_up_for(watch: Watch) -> None:
    """What was over long before the watch came back is told as over."""
    watch.go(4 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    watch.close()
    watch.open()
    watch.apply(RULES, LOW.replace("0.99", "0.01"))
    watch.station.now += 90 * MINUTE
    watch.go(3 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1), ("resolved", "AccuracyLow", 1)]


def test_a_real_alertmanager_is_told_again_until_it_is_over(watch: Watch) -> None:
    """It takes an alert for over that it does not hear of; the end is told once and at once."""
    base = watch.hook.url.removesuffix("/hook")
    routes = TO_HOOK.format(url="x").replace("webhook_configs", "alertmanager_configs")
    watch.apply(ROUTES, routes.replace("url: x", f"url: {base}"))
    watch.go(8 * MINUTE)
    posts: list[Any] = list(watch.hook.bodies)
    assert 4 <= len(posts) <= 6
    assert {post[0]["labels"]["alertname"] for post in posts} == {"AccuracyLow"}
    assert len({post[0]["startsAt"] for post in posts}) == 1
    watch.apply(RULES, "groups: []")
    watch.go(3 * MINUTE)
    ended = len(watch.hook.bodies)
    last: Any = watch.hook.bodies[-1]
    assert last[0]["endsAt"] <= watch.station.now.isoformat().replace("+00:00", "Z")
    watch.go(10 * MINUTE)
    assert len(watch.hook.bodies) == ended
    assert watch.store.count_messages().keys() == {"sent"}


def test_what_cannot_be_evaluated_is_told_and_holds_up_nothing_else(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damaged profiles of one metric are an alert of their own; the other rule goes on."""
    more = LOW + (
        "      - alert: Slow\n        expr: latency_p95 > 1\n        window: 6h\n"
        "        for: 2m\n        severity: P2\n"
    )
    watch.apply(RULES, more)
    real = MeasuredSource.points

    def points(self: MeasuredSource, asked: Asked, times: Times) -> Points:
        if asked.metric == "accuracy":
            raise ProfileError("the part is damaged")
        return real(self, asked, times)

    monkeypatch.setattr(MeasuredSource, "points", points)
    watch.go(6 * MINUTE)
    told = {(status, name) for status, name, _ in watch.told()}
    assert told == {("firing", "EvaluationError"), ("firing", "Slow")}
    monkeypatch.undo()
    watch.go(6 * MINUTE)
    told = {(status, name) for status, name, _ in watch.told()}
    assert ("resolved", "EvaluationError") in told
    assert ("firing", "AccuracyLow") in told


def test_a_defect_in_one_group_of_rules_stops_no_other(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged and shown beside the group, and the next evaluation is tried again."""
    watch.apply(RULES, LOW.replace("name: flights", "name: broken"), name="broken")
    real = evaluate_group

    def evaluated(watched: Watched, *arguments: Any) -> list[Result]:
        if watched.group.name == "broken":
            raise ZeroDivisionError
        return real(watched, *arguments)

    monkeypatch.setattr("watchkeeper.app.alarms.keeper.evaluate_group", evaluated)
    watch.go(4 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    clocks = {row.key: row.body for row in watch.store.states("clock")}
    assert "ZeroDivisionError" in clocks['["broken","broken","late"]']
