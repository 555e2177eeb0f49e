"""From a rule and records to a message, and to the message that it is over; across restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.alarms.receivers import recorder
from tests.alarms.watches import (
    HOUR,
    LOW,
    MINUTE,
    TO_HOOK,
    Replica,
    Watch,
    make_template,
    watching,
)
from tests.engines.conftest import server
from tests.store.test_catalogue import postgres_url
from watchkeeper.app.alarms.dispatching import ROUTES
from watchkeeper.app.alarms.evaluating import Result, evaluate_group
from watchkeeper.app.alarms.keeper import SHARES, TELLING
from watchkeeper.app.alarms.rule_book import RULES, Watched
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.errors import ProfileError, UnavailableError
from watchkeeper.monitors.source import Asked, Points, Times
from watchkeeper.store.catalogue.leases import LENGTH

__all__ = ["HOUR", "LOW", "MINUTE", "TO_HOOK", "Watch", "server"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of labelled predictions."""
    return make_template(tmp_path_factory.mktemp("template") / "data")


@pytest.fixture
def watch(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Watch]:
    """Two days of labelled predictions, just after they ended; in PostgreSQL where asked for."""
    url = None
    if getattr(request, "param", "sqlite") == "postgres":
        url = postgres_url(request.getfixturevalue("server"), "keeper")
    with recorder() as hook, watching(template, tmp_path / "data", hook, url) as made:
        yield made


both = pytest.mark.parametrize("watch", ["sqlite", "postgres"], indirect=True)


@both
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


@both
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


@both
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


@both
def test_two_replicas_tell_once(watch: Watch) -> None:
    """They share the work; what one leaves that dies is done by the other, and nothing twice."""
    second = Replica(watch.station, name="two")
    second.open()
    for _ in range(60):
        watch.go(LENGTH / 3, step=LENGTH / 3)
        second.step()
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    shares = [set(one.leases.share(SHARES, (TELLING,))) for one in (watch, second)]
    assert not shares[0] & shares[1]
    assert shares[0] | shares[1] == {*SHARES, TELLING}
    assert min(map(len, shares)) == len(SHARES) // 2
    # The first one is killed: it gives nothing back.
    watch.apply(RULES, "groups: []")
    for _ in range(10):
        watch.station.now += MINUTE / 2
        second.step()
    assert watch.told() == [("firing", "AccuracyLow", 1), ("resolved", "AccuracyLow", 1)]
    assert second.leases.share(SHARES, (TELLING,)) == {*SHARES, TELLING}
    second.close()


def test_a_replica_that_does_not_tell_evaluates(watch: Watch) -> None:
    """From its first step on: what only one of them does is no business of the others."""
    watch.step()
    watch.close()
    second = Replica(watch.station, name="two")
    second.open()
    assert second.leases.share((), (TELLING,)) == {TELLING}
    watch.open()
    before = {row.key: row.body for row in watch.store.states("clock")}
    for _ in range(12):
        watch.station.now += LENGTH * 2 / 3
        second.leases.share((), (TELLING,))
        watch.step()
    assert watch.leases.share(SHARES, (TELLING,)) == set(SHARES[: len(SHARES) // 2])
    assert {row.key: row.body for row in watch.store.states("clock")} != before
    assert watch.told() == []
    second.close()


@both
def test_a_replica_that_slept_in_an_evaluation_changes_nothing(watch: Watch) -> None:
    """What it had found is thrown away: another has evaluated since, and has told the end."""
    watch.go(4 * MINUTE)
    assert watch.told() == [("firing", "AccuracyLow", 1)]
    second = Replica(watch.station, name="two")
    second.open()
    real = watch.station.platform._measured

    def asleep(model: str) -> Measured:
        """Another process works for ten minutes, while this one is in the midst of a step."""
        second.apply(RULES, "groups: []")
        for _ in range(20):
            watch.station.now += MINUTE / 2
            second.step()
        return real(model)

    slept = Replica(watch.station, name="slept", measured=asleep)
    watch.crash()
    watch.station.now += MINUTE
    slept.open()
    slept.step()
    told = [("firing", "AccuracyLow", 1), ("resolved", "AccuracyLow", 1)]
    assert watch.told() == told
    assert second.store.states("instance") == []
    slept.measured = None
    for _ in range(10):
        watch.station.now += MINUTE / 2
        slept.step()
        second.step()
    assert watch.told() == told
    for one in (slept, second):
        one.close()
    watch.open()


def test_a_message_that_another_replica_has_sent_is_not_sent(watch: Watch) -> None:
    """Who slept before sending asks again whether it is still the one, and whether it waits."""
    watch.hook.status = 503
    watch.go(4 * MINUTE)
    (row,) = watch.store.messages(state="waiting")
    watch.hook.status = 200
    watch.sender._send(row, watch.keeper._config)
    assert len(watch.told()) == 1
    watch.sender._send(row, watch.keeper._config)
    assert len(watch.told()) == 1
    watch.hook.status = 503
    watch.apply(RULES, "groups: []")
    watch.go(2 * MINUTE)
    (row,) = watch.store.messages(state="waiting")
    watch.hook.status = 200
    second = Replica(watch.station, name="two")
    second.open()
    watch.station.now += 2 * LENGTH
    second.leases.share(SHARES, (TELLING,))
    watch.sender._send(row, watch.keeper._config)
    assert len(watch.told()) == 1
    second.step()
    assert watch.told()[1:] == [("resolved", "AccuracyLow", 1)]
    second.close()


def test_data_that_cannot_be_read_alert_and_are_made_up_for(watch: Watch) -> None:
    """What was missed is evaluated: the alert fires since it would have fired."""
    real, away = watch.station.platform._measured, [True]

    def measured(model: str) -> Measured:
        if away:
            raise UnavailableError("what was measured cannot be read")
        return real(model)

    watch.close()
    watch.measured = measured
    watch.open()
    began = watch.clock()
    watch.go(10 * MINUTE)
    assert watch.told() == [("firing", "EvaluationError", 1)]
    (alert,) = watch.hook.bodies[0]["alerts"]
    assert alert["labels"]["rulename"] == "AccuracyLow"
    assert alert["annotations"]["description"] == "what was measured cannot be read"
    away.clear()
    watch.go(3 * MINUTE)
    assert {(status, name) for status, name, _ in watch.told()[1:]} == {
        ("firing", "AccuracyLow"), ("resolved", "EvaluationError"),
    }  # fmt: skip
    (fires,) = [body for body in watch.hook.bodies if body["status"] == "firing"][1:]
    (alert,) = fires["alerts"]
    # True since the first evaluation, and for two minutes then.
    assert alert["startsAt"] <= (began + 5 * MINUTE).isoformat().replace("+00:00", "Z")


def test_a_watch_that_stood_still_says_so(watch: Watch) -> None:
    """Once it goes on, for a while; a short restart is not worth a word."""
    watch.close()
    watch.interrupted_after = 2 * MINUTE
    watch.open()
    watch.apply(RULES, "groups: []")
    watch.go(3 * MINUTE)
    watch.station.now += MINUTE
    watch.go(3 * MINUTE)
    assert watch.told() == []
    watch.station.now += HOUR
    watch.go(2 * MINUTE)
    assert watch.told() == [("firing", "WatchInterrupted", 1)]
    (alert,) = watch.hook.bodies[0]["alerts"]
    assert alert["annotations"]["summary"].startswith("No rules were evaluated for 1h")
    watch.go(10 * MINUTE)
    assert watch.told()[1:] == [("resolved", "WatchInterrupted", 1)]


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
    assert sorted(watch.told()) == [("firing", "AccuracyLow", 1), ("firing", "EvaluationError", 1)]
    clocks = {row.key: row.body for row in watch.store.states("clock")}
    assert "ZeroDivisionError" in clocks['["broken","broken","late"]']
