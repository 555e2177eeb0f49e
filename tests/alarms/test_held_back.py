"""Alerts of other programs open incidents; those of which nobody would be told wait."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alarms.posted import BEGIN, CHAIN, MINUTE, ROUTES, World
from watchkeeper.core.errors import ConflictError, InputError, NotFoundError
from watchkeeper.store.catalogue.alarms import StateRow


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Alarms whose clock stands at noon."""
    made = World(tmp_path)
    yield made
    made.close()


def test_a_posted_alert_opens_an_incident_and_ends_in_it(world: World) -> None:
    """At once, in Prometheus' words, once; it is over when it is posted as over."""
    world.post()
    (incident,) = world.held()
    assert (incident.title, incident.severity) == ("Late on fares", "SEV-0")
    assert incident.began_at == BEGIN - MINUTE
    world.go(5 * MINUTE)
    world.post()
    world.post(alertname="Slow", severity="P1")
    (incident,) = world.held()
    assert [one.name for one in incident.alerts] == ["Late", "Slow"]
    world.post(ends=-MINUTE / 2)
    world.post(alertname="Slow", severity="P1", ends=-MINUTE / 2)
    assert world.held()[0].mitigation_suggested
    assert world.texts()[-1].startswith("All alerts are over")


def test_a_posted_alert_that_is_not_heard_of_again_is_over(world: World) -> None:
    """At the time that it said, also after a restart; heard of again it goes on."""
    world.post(ends=5 * MINUTE)
    world.go(4 * MINUTE)
    world.post(ends=5 * MINUTE)
    world.restart()
    world.go(4 * MINUTE)
    assert world.held()[0].alerts[0].ends_at is None
    world.go(2 * MINUTE)
    assert world.held()[0].alerts[0].ends_at == BEGIN + 9 * MINUTE
    assert not world.store.states("incident_alert")


@pytest.mark.parametrize(
    ("labels", "opened"),
    [
        ({"severity": "warning"}, 0), ({"severity": "P1"}, 1), ({"severity": "page"}, 1),
        ({"severity": ""}, 0), ({"severity": "P3", "incident": "true"}, 1),
        ({"incident": "false"}, 0),
    ],
)  # fmt: skip
def test_the_same_rules_hold_for_posted_alerts(
    world: World, labels: dict[str, str], opened: int
) -> None:
    """Severity decides, or the label that says so."""
    world.post(**labels)
    world.go(MINUTE)
    assert len(world.held()) == opened


def test_a_silenced_alert_opens_one_when_the_silence_ends(world: World) -> None:
    """At its end, without being posted again."""
    world.silence(10 * MINUTE)
    world.post()
    world.go(9 * MINUTE)
    assert world.held() == []
    world.restart()
    world.go(MINUTE)
    assert world.held()[0].opened_at == BEGIN + 10 * MINUTE


def test_a_silence_that_is_ended_early_holds_nothing_back(world: World) -> None:
    """The next step opens the incident."""
    found = world.silence(60 * MINUTE)
    world.post()
    world.go(3 * MINUTE)
    world.alarms.end_silence(found)
    assert world.held() == []
    world.step()
    assert len(world.held()) == 1


def test_an_alert_that_is_over_under_its_silence_opens_none(world: World) -> None:
    """Nobody ever hears of it."""
    world.silence(10 * MINUTE)
    world.post(ends=5 * MINUTE)
    world.go(20 * MINUTE)
    assert world.held() == []
    assert world.told() == []
    assert not world.store.states("incident_alert")


def test_an_inhibited_alert_waits_for_the_end_of_its_cause(world: World) -> None:
    """The cause has an incident of its own; what follows from it opens none, and joins none."""
    world.post(alertname="Down", severity="P1")
    world.post()
    world.go(5 * MINUTE)
    (incident,) = world.held()
    assert [one.name for one in incident.alerts] == ["Down"]
    world.post(alertname="Down", severity="P1", ends=-MINUTE / 2)
    world.go(2 * MINUTE)
    (incident,) = world.held()  # It joins: the same model, and not long ago.
    assert [one.name for one in incident.alerts] == ["Down", "Late"]


def test_a_mute_time_holds_it_back(world: World) -> None:
    """Until the first minute after it; one route that tells it is enough to open one."""
    world.post(team="night")
    world.post(team="both", model="other")
    assert [one.models for one in world.held()] == [("other",)]
    world.go(19 * MINUTE)
    assert len(world.held()) == 1
    world.go(MINUTE)
    assert world.held()[1].opened_at == BEGIN + 20 * MINUTE


def test_new_routes_hold_nothing_back(world: World) -> None:
    """The mute time is gone from the file: the next step opens the incident."""
    world.post(team="night")
    world.go(2 * MINUTE)
    assert world.held() == []
    text = ROUTES.replace(", mute_time_intervals: [noon]", "")
    world.alarms.put_routes(text)
    world.step()
    assert len(world.held()) == 1


def test_a_silence_of_later_pauses_the_chain(world: World) -> None:
    """The incident stays open; nobody is told until the silence ends, and then who is next."""
    world.incidents.put_on_call(CHAIN)
    world.post()
    assert world.pages() == ["first"]
    world.go(2 * MINUTE)
    found = world.silence(30 * MINUTE)
    world.go(20 * MINUTE)
    assert world.pages() == ["first"]
    assert world.held()[0].state == "open"
    paused = world.incidents.show(1)["escalation"]["paused_until"]
    assert paused == BEGIN + 32 * MINUTE
    assert world.texts().count("Silenced: nobody else is told until 2026-03-04 12:32 UTC") == 1
    world.alarms.end_silence(found)
    world.go(MINUTE / 2)
    assert world.pages() == ["first", "repeat"]
    assert world.incidents.show(1)["escalation"]["paused_until"] is None


def test_a_silence_stands_on_the_timeline_of_what_it_silences(world: World) -> None:
    """With who, until when and why, of incidents that are open; and that it was ended early."""
    world.post()
    world.post(model="other")
    found = world.silence(30 * MINUTE)
    assert world.texts()[-1] == "Late is silenced by ana until 2026-03-04 12:30 UTC: move"
    assert not any("silenced" in text for text in world.texts(2))
    world.alarms.end_silence(found)
    assert world.texts()[-1] == "Late is silenced no more"
    world.silence(30 * MINUTE, "incident=2")
    assert world.texts(2)[-1].startswith("the incident itself is silenced by ana until")
    assert world.held()[0].state == world.held()[1].state == "open"
    world.incidents.apply(1, "resolve", {}, by="bo")
    before = world.texts()
    world.silence(30 * MINUTE)
    assert world.texts() == before


def test_a_silence_moves_no_deadline(world: World) -> None:
    """It is no word of those who work on the incident."""
    world.post()
    before = world.incidents.show(1)["deadlines"]
    world.go(MINUTE)
    world.silence(30 * MINUTE, "alertname=Late")
    assert world.incidents.show(1)["deadlines"] == before


@pytest.mark.parametrize(
    ("matchers", "paused"),
    [("incident=1", True), ("model=other", False), ("alertname=Late", False)],
)
def test_only_a_silence_of_all_of_it_pauses(world: World, matchers: str, paused: bool) -> None:
    """Of the incident by its number, or of every alert that fires."""
    world.incidents.put_on_call(CHAIN)
    world.post()
    world.post(alertname="Slow")
    world.silence(30 * MINUTE, matchers)
    world.go(6 * MINUTE)
    assert world.pages() == (["first"] if paused else ["first", "repeat"])


def test_an_incident_by_hand_is_told_whatever_is_silenced(world: World) -> None:
    """Somebody has opened it."""
    world.incidents.put_on_call(CHAIN)
    world.silence(60 * MINUTE)
    world.incidents.open("Odd", severity="SEV-1", by="bo", models=["fares"])
    world.go(6 * MINUTE)
    assert world.pages() == ["first", "repeat"]


def test_who_takes_the_alert_takes_the_incident(world: World) -> None:
    """The chain stops, receivers of both are told, and repeats wait."""
    world.incidents.put_on_call(CHAIN)
    world.post()
    world.go(2 * MINUTE)
    done = world.alarms.acknowledge({"alertname": "Late"}, by="bo")
    assert (done["incidents"], len(done["acknowledged"])) == ([1], 1)
    shown = world.incidents.show(1)
    assert (shown["state"], shown["commander"]) == ("acknowledged", "bo")
    before = world.told()
    assert before[-2:] == [("team", "Late", "acknowledged"), ("pager", "Incident", "acknowledged")]
    world.go(timedelta(hours=7), step=10 * MINUTE)
    late = [one for one in world.told() if one[1] == "Late"]
    assert late == [("team", "Late", "first"), ("team", "Late", "acknowledged")]
    assert world.incidents.show(1)["escalation"]["steps_told"] == 1


def test_who_takes_the_incident_takes_its_alerts(world: World) -> None:
    """And no others of the same group."""
    world.post(column="a")
    world.post(column="b", incident="false")
    world.go(2 * MINUTE)
    world.incidents.apply(1, "investigate", {}, by="bo")
    assert world.told()[-1] == ("team", "Late", "acknowledged")
    before = len(world.told())
    world.go(timedelta(hours=5), step=10 * MINUTE)
    assert world.told()[before:] == [("team", "Late", "repeat")]  # Of column b, which none took.


def test_an_alert_that_nobody_was_told_of_yet_is_taken_with_its_incident(world: World) -> None:
    """Before its group's wait is over: it is told once, and not again while that holds."""
    world.post()
    done = world.alarms.acknowledge({"model": "fares"}, by="bo")
    assert (done["incidents"], len(done["acknowledged"])) == ([1], 1)
    with pytest.raises(NotFoundError, match="watchkeeper incidents"):
        world.alarms.acknowledge({"model": "other"}, by="bo")
    world.go(timedelta(hours=7), step=10 * MINUTE)
    assert [one for one in world.told() if one[1] == "Late"] == [("team", "Late", "first")]


def test_an_acknowledgement_for_a_while_ends_for_both(world: World) -> None:
    """The chain goes on, whichever of the two was taken on."""
    world.incidents.put_on_call(CHAIN)
    world.post()
    world.go(MINUTE)
    world.alarms.acknowledge({"alertname": "Late"}, by="bo", until=world.now + 20 * MINUTE)
    world.go(19 * MINUTE)
    assert world.pages() == ["first", "acknowledged"]
    world.go(2 * MINUTE)
    assert world.pages() == ["first", "acknowledged", "repeat"]
    assert world.incidents.show(1)["state"] == "acknowledged"
    done = world.alarms.acknowledge({"alertname": "Late"}, by="bo")
    assert done["incidents"] == [1]
    assert world.pages()[-1] == "acknowledged"


def test_a_page_can_be_taken_on_by_its_key(world: World) -> None:
    """The button of a message about the incident means the incident and its alerts."""
    world.incidents.put_on_call(CHAIN)
    world.post()
    world.go(MINUTE)
    key = next(
        one["key"] for one in world.alarms.messages() if one["group"]["alertname"] == "Incident"
    )
    labels = world.alarms.labels_of(key)
    assert labels == {"alertname": "Incident", "incident": "1"}
    done = world.alarms.acknowledge(labels, by="slack:U1")
    assert (done["incidents"], len(done["acknowledged"])) == ([1], 1)
    with pytest.raises(NotFoundError, match="wk-0"):
        world.alarms.labels_of("wk-0")


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("fire"), st.sampled_from(["Late", "Slow"]), st.integers(1, 30)),
        st.tuples(st.just("over"), st.sampled_from(["Late", "Slow"]), st.just(0)),
        st.tuples(st.just("silence"), st.sampled_from(["Late", "Slow"]), st.integers(1, 15)),
        st.tuples(st.just("unsilence"), st.just(""), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 12)),
        st.tuples(st.just("restart"), st.just(""), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None)
@given(ACTS)
def test_what_fires_and_is_not_silenced_is_in_an_incident(acts: list[tuple[str, str, int]]) -> None:
    """And nothing is in one that was silenced all the time, by a model of a few lines."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        ends = dict.fromkeys(("Late", "Slow"), BEGIN)
        quiet: dict[str, tuple[str, object]] = {}
        loud: set[str] = set()
        for what, name, count in acts:
            if what == "fire":
                world.post(alertname=name, ends=count * MINUTE)
                ends[name] = world.now + count * MINUTE
            elif what == "over":
                world.post(alertname=name, ends=timedelta(seconds=-1))
                ends[name] = world.now
            elif what == "silence":
                found = world.silence(count * MINUTE, f"alertname={name}")
                quiet[found] = (name, world.now + count * MINUTE)
            elif what == "unsilence" and quiet:
                found, (_, until) = quiet.popitem()
                if until > world.now:  # type: ignore[operator]
                    world.alarms.end_silence(found)
            elif what == "restart":
                world.restart()
            for _ in range(max(count if what == "wait" else 0, 0) + 1):
                world.step()
                silent = {n for n, until in quiet.values() if until > world.now}  # type: ignore[operator]
                fires = {n for n, end in ends.items() if end > world.now}
                known = {a.name for i in world.held() for a in i.alerts if a.ends_at is None}
                loud |= fires - silent
                assert fires - silent <= known
                assert known <= fires
                assert {a.name for i in world.held() for a in i.alerts} == loud
                if what == "wait":
                    world.now += MINUTE
        world.close()


def test_what_was_kept_is_looked_at_in_its_time_only(world: World) -> None:
    """A row whose time was moved on by another process is left alone."""
    world.silence(10 * MINUTE)
    world.post()
    (row,) = world.store.states("incident_alert")
    assert row.due == BEGIN + 5 * MINUTE  # The group's interval, or the end of the silence.
    world.keeper._look_at(StateRow(row.kind, row.key, row.body, BEGIN), BEGIN)
    assert world.held() == []


def test_what_fires_beside_an_incident_is_proposed(world: World) -> None:
    """Of the same model, near in time, and no part of it; as long as it is worked on."""
    world.post()
    world.post(alertname="Slow", severity="P2")
    world.post(alertname="Slow", severity="P2", model="other")
    world.go(MINUTE)
    (found,) = world.incidents.show(1)["related"]
    assert (found["name"], found["severity"], found["firing"]) == ("Slow", "P2", True)
    assert found["why"] == "the same model, fares"
    world.incidents.apply(1, "resolve", {}, by="bo")
    assert world.incidents.show(1)["related"] == []


def test_an_alert_is_taken_into_an_incident(world: World) -> None:
    """It is one of its alerts from then on, with its end; the severity stays."""
    world.post()
    world.post(alertname="Slow", severity="P2", ends=10 * MINUTE)
    world.go(MINUTE)
    name = world.incidents.show(1)["related"][0]["fingerprint"]
    shown = world.incidents.apply(1, "alert", {"fingerprint": name}, by="bo")
    assert [one["name"] for one in shown["alerts"]] == ["Late", "Slow"]
    assert (shown["related"], shown["severity"]) == ([], "SEV-0")
    assert any(text.startswith("Slow fires") for text in world.texts())
    world.go(10 * MINUTE)
    assert world.incidents.show(1)["alerts"][1]["ends_at"] == BEGIN + 10 * MINUTE
    with pytest.raises(ConflictError, match="a part of incident 1 already"):
        world.incidents.apply(1, "alert", {"fingerprint": name}, by="bo")
    with pytest.raises(NotFoundError, match="incidents show 1"):
        world.incidents.apply(1, "alert", {"fingerprint": "cbf2"}, by="bo")
    with pytest.raises(InputError, match="fingerprint"):
        world.incidents.apply(1, "alert", {}, by="bo")
    world.incidents.apply(1, "resolve", {}, by="bo")
    with pytest.raises(ConflictError, match="open it again first"):
        world.incidents.apply(1, "alert", {"fingerprint": "cbf2"}, by="bo")


def test_an_alert_that_is_over_is_taken_in_as_that(world: World) -> None:
    """It is on the timeline with its beginning and its end, and nothing waits for it."""
    world.post()
    world.post(alertname="Slow", severity="P2")
    world.go(MINUTE)
    world.post(alertname="Slow", severity="P2", ends=-MINUTE / 4)
    (found,) = world.incidents.show(1)["related"]
    assert not found["firing"]
    shown = world.incidents.apply(1, "alert", {"fingerprint": found["fingerprint"]}, by="bo")
    assert shown["alerts_firing"] == 1
    assert shown["alerts"][1]["ends_at"] == BEGIN + MINUTE - MINUTE / 4


@pytest.mark.parametrize(
    ("runbook", "said", "kind"),
    [
        ("latency", "", "service"), ("drift", "", "drift"), ("no-labels", "", "data"),
        ("accuracy-drop", "", "model"), ("our-own", "", "model"), ("drift", "security", "security"),
    ],
)  # fmt: skip
def test_the_runbook_says_what_is_broken(world: World, runbook: str, said: str, kind: str) -> None:
    """Where the alert does not say it itself."""
    notes = {"runbook": runbook} | ({"class": said} if said else {})
    world.post(notes=notes)
    assert world.incidents.show(1)["class"] == kind


def test_alerts_of_one_name_are_told_apart(world: World) -> None:
    """By their severity; one alone goes by its name."""
    world.post(severity="P1")
    world.post(severity="P0")
    world.post(severity="P1", ends=-MINUTE / 2)
    texts = [text for text in world.texts() if " fires" in text or "is over" in text]
    assert texts == [
        "Late fires: Fares are late.", "Late (P0) fires: Fares are late.", "Late (P1) is over",
    ]  # fmt: skip
    assert [one["severity"] for one in world.incidents.show(1)["alerts"]] == ["P1", "P0"]


def test_a_runbook_is_named_once(world: World) -> None:
    """Not again by an alert of the same rule with another severity."""
    for severity in ("P1", "P0"):
        world.post(severity=severity, notes={"runbook": "latency"})
    texts = [text for text in world.texts() if "runbook latency" in text]
    assert texts == ["What to do about Late: runbook latency"]
