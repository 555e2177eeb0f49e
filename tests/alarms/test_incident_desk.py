"""What people do with incidents at the desk, and what is said where it cannot be done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.alarms.test_incidents import ONCALL
from tests.alarms.test_keeper import HOUR, MINUTE
from tests.engines.conftest import server
from tests.live.stations import START
from tests.store.test_catalogue import postgres_url
from watchkeeper.alerts.config import default_config
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.incident_records import all_incidents, timeline
from watchkeeper.app.alarms.incidents import IncidentKeeper
from watchkeeper.core.alert import Alert
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.store.catalogue.alarms import AlarmStore

__all__ = ["server"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlarmStore]:
    """A store that is closed at the end."""
    found = AlarmStore(tmp_path / "catalogue.db")
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AlarmStore]:
    """A store in each database in turn."""
    place: str | Path = tmp_path / "catalogue.db"
    if request.param == "postgres":
        place = postgres_url(request.getfixturevalue("server"), "incidents")
    found = AlarmStore(place)
    yield found
    found.close()


def alone(store: AlarmStore) -> IncidentDesk:
    """A desk whose clock stands still."""
    return IncidentDesk(store, config=default_config, clock=lambda: START)


def test_numbers_are_given_once(either: AlarmStore) -> None:
    """Also where many people open incidents at once."""
    store = either
    work = [
        threading.Thread(
            target=lambda at=at: [
                alone(store).open(f"{at}.{n}", severity="SEV-3", by="ana") for n in range(5)
            ]
        )
        for at in range(4)
    ]
    for one in work:
        one.start()
    for one in work:
        one.join()
    held = all_incidents(store)
    assert [one.number for one in held] == list(range(1, 21))
    assert len({one.title for one in held}) == 20


def test_that_nobody_can_be_told_is_written_once(store: AlarmStore) -> None:
    """Without an on-call file; the deadlines go on all the same."""
    now = START
    alone(store).open("Late", severity="SEV-1", by="ana")
    keeper = IncidentKeeper(store, clock=lambda: now)
    for _ in range(40):
        now += 10 * MINUTE
        keeper.step()
    told = [entry.text for entry in timeline(store, 1)]
    assert told.count("Nobody has acknowledged yet; told nobody") == 1
    assert told.count("An update is overdue; reminded nobody") == 1
    (incident,) = all_incidents(store)
    assert incident.acknowledge_by is not None
    assert incident.acknowledge_by > now
    assert incident.entries == len(told)


def test_two_incidents_become_one(store: AlarmStore) -> None:
    """The worse severity is that of the target; nothing can be done with the source any more."""
    here = alone(store)
    here.open("Late", severity="SEV-3", by="ana", models=["a"])
    here.open("Slow", severity="SEV-1", by="bo", models=["b"])
    shown = here.apply(2, "merge", {"into": 1}, by="ana")
    assert (shown["state"], shown["merged_into"]) == ("merged", 1)
    target = here.show(1)
    assert (target["severity"], target["models"]) == ("SEV-1", ["a", "b"])
    with pytest.raises(InputError, match="into which incident"):
        here.apply(1, "merge", {}, by="ana")
    with pytest.raises(NotFoundError, match="no incident 9"):
        here.apply(1, "merge", {"into": 9}, by="ana")
    assert here.show(1) == target
    assert [one["number"] for one in here.list(state="active")] == [1]
    assert [one["number"] for one in here.list(model="b")] == [1, 2]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        (
            "severity",
            {"severity": "SEV-0", "text": "money"},
            "Changed severity from SEV-3 to SEV-0",
        ),
        ("role", {"role": "scribe", "person": "cy"}, "cy is scribe"),
        ("note", {"text": "the feed is late"}, "the feed is late"),
        ("decision", {"text": "roll back"}, "roll back"),
        ("message", {"text": "we know", "to": "users"}, "To users: we know"),
        ("action", {"text": "restarted"}, "restarted"),
        ("change", {"text": "flag x", "at": START}, "flag x"),
        ("amend", {"title": "Very late"}, "Changed title from Late to Very late"),
        ("false_alarm", {"text": "a test"}, "False alarm: a test"),
        ("investigate", {}, "Investigating"),
    ],
)
def test_everything_that_can_be_done_is_written_down(
    store: AlarmStore, name: str, given: dict[str, Any], said: str
) -> None:
    """Under the name of who did it."""
    alone(store).open("Late", severity="SEV-3", by="ana")
    shown = alone(store).apply(1, name, given, by="bo")
    assert any(one["text"].startswith(said) and one["actor"] == "bo" for one in shown["timeline"])


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda here: here.apply(1, "mitgate", {}, by="a"), "did you mean 'mitigate'"),
        (lambda here: here.apply(1, "note", {}, by="a"), "what was seen"),
        (lambda here: here.apply(1, "reopen", {}, by="a"), "why is it opened again"),
        (lambda here: here.apply(1, "role", {}, by="a"), "a role is one of"),
        (lambda here: here.apply(1, "severity", {}, by="a"), "a severity is one of"),
        (lambda here: here.apply(1, "change", {"text": "x"}, by="a"), "when was it changed"),
        (lambda here: here.apply(1, "resolve", {}, by=" "), "who does it"),
        (lambda here: here.put_on_call("users: {a: {zon: x}}"), "did you mean 'zone'"),
        (lambda here: here.put_on_call(ONCALL), "there is no receiver 'pager'"),
        (lambda here: here.on_call_now(days=400), "up to 366 days"),
    ],
)
def test_what_is_wrong_is_said(
    store: AlarmStore, act: Callable[[IncidentDesk], object], said: str
) -> None:
    """In one sentence with what to do; nothing has changed."""
    alone(store).open("Late", severity="SEV-3", by="ana")
    before = alone(store).show(1)
    with pytest.raises(InputError, match=said):
        act(alone(store))
    assert alone(store).show(1) == before


def test_an_alert_of_a_closed_book_is_harmless(store: AlarmStore) -> None:
    """The end of an alert that no incident knows does nothing."""
    keeper = IncidentKeeper(store, clock=lambda: START)
    gone = Alert({"alertname": "x", "severity": "P0"}, {}, START - HOUR, START)
    with store.work() as work:
        keeper.take(work, [gone], START)
        keeper.take(work, [], START)
    assert all_incidents(store) == []
    assert keeper.step() == 0
