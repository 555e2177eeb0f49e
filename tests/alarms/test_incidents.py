"""From an alert to an incident, to who is on call, and to its end; across restarts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alarms.receivers import recorder
from tests.alarms.test_keeper import HOUR, LOW, MINUTE, TO_HOOK, Watch
from tests.live.stations import START, flights, labels, predictions, station
from watchkeeper.alerts.config import default_config
from watchkeeper.alerts.matchers import parse_matchers
from watchkeeper.alerts.silences import Silence
from watchkeeper.app.alarms import states
from watchkeeper.app.alarms.desk import AlarmDesk
from watchkeeper.app.alarms.incident_desk import IncidentDesk
from watchkeeper.app.alarms.incident_records import all_incidents, timeline
from watchkeeper.app.alarms.incidents import IncidentKeeper
from watchkeeper.app.alarms.keeper import read_routes, routes_text
from watchkeeper.app.alarms.near import change_finder
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.incidents.runbooks.starter import STARTERS, starter
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.store.catalogue.alarms import StateRow

TWO = (
    LOW
    + """
      - alert: BriefLow
        expr: f1 < 0.999
        window: 6h
        for: 4m
        min_rows: 20
        severity: P1
"""
)
ONCALL = """
users:
  ana: {name: Ana, contacts: [{email: ana@example.com}, {receiver: pager}]}
  bo: {contacts: [{email: bo@example.com}]}
schedules:
  primary:
    zone: Europe/Zurich
    layers: [{rotation: weekly, users: [ana], start: 2026-01-05, handover: 09:00}]
escalations:
  default:
    steps:
      - {notify: {schedule: primary}, wait: 5m}
      - {notify: {user: bo}, wait: 5m}
      - {notify: {receiver: boss}, wait: 5m, when: {severity: P1}}
"""
PAGERS = """
  - name: pager
    webhook_configs: [{{url: {url}}}]
  - name: boss
    webhook_configs: [{{url: {url}}}]
"""


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Two days of labelled predictions, just after they ended."""
    now = START + timedelta(hours=48)
    with station(tmp_path / "data", now) as held, recorder() as hook:
        held.refer(flights(1_000, seed=1, start=START - timedelta(days=60)))
        rows = flights(900)
        held.send(Signal.PREDICTIONS, predictions(rows))
        held.send(Signal.LABELS, labels(rows, delay=timedelta()))
        held.work()
        made = Watch(held, hook)
        made.open()
        made.apply(RULES, LOW)
        made.apply("routes", (TO_HOOK + PAGERS).format(url=hook.url))
        yield made
        made.close()


def desk(watch: Watch) -> IncidentDesk:
    """What people use."""
    return IncidentDesk(
        watch.store, config=lambda: read_routes(routes_text(watch.store)), clock=watch.clock
    )


def pages(watch: Watch) -> list[tuple[str, str]]:
    """To whom messages about incidents went, and whether as something that goes on."""
    return [
        (body["receiver"], body["status"])
        for body in watch.hook.bodies
        if "incident" in body["groupLabels"]
    ]


def texts(watch: Watch, number: int = 1) -> list[str]:
    """The timeline."""
    return [entry.text for entry in timeline(watch.store, number)]


def test_alerts_open_join_and_end_an_incident(watch: Watch) -> None:
    """The second alert of the model joins; when both are over, to call it mitigated is proposed."""
    watch.apply(RULES, TWO)
    watch.go(3 * MINUTE)
    (incident,) = all_incidents(watch.store)
    assert (incident.number, incident.severity, incident.models) == (1, "SEV-1", ("late",))
    assert incident.title == "AccuracyLow on late"
    assert [alert.name for alert in incident.alerts] == ["AccuracyLow"]
    watch.go(4 * MINUTE)
    (incident,) = all_incidents(watch.store)
    assert [alert.name for alert in incident.alerts] == ["AccuracyLow", "BriefLow"]
    assert any("belongs to this incident: the same model" in text for text in texts(watch))
    assert pages(watch) == []  # Without an on-call file nobody is told but by the routes.
    watch.apply(RULES, "groups: []")
    watch.go(MINUTE)
    shown = desk(watch).show(1)
    assert shown["mitigation_suggested"]
    assert shown["state"] == "open"
    assert texts(watch)[-1].startswith("All alerts are over")
    lines = len(texts(watch))
    watch.go(5 * MINUTE)
    assert len(texts(watch)) == lines


def test_nobody_answers_and_the_next_one_is_told(watch: Watch) -> None:
    """At once, then the next steps; who has no receiver is named; acknowledging stops it."""
    desk(watch).put_on_call(ONCALL)
    watch.go(3 * MINUTE)
    assert pages(watch) == [("pager", "firing")]
    (body,) = [one for one in watch.hook.bodies if "incident" in one["groupLabels"]]
    assert [alert["labels"]["alertname"] for alert in body["alerts"]] == ["Incident", "AccuracyLow"]
    assert body["alerts"][0]["annotations"]["summary"] == "Incident 1, SEV-1: AccuracyLow on late"
    watch.go(4 * MINUTE)
    assert len(pages(watch)) == 1
    watch.go(2 * MINUTE)  # Bo has no receiver, so the step after his is due at once.
    assert pages(watch) == [("pager", "firing"), ("boss", "firing")]
    told = texts(watch)
    assert "Told Ana (primary) by pager: AccuracyLow on late is not acknowledged" in told
    assert "bo cannot be reached: email bo@example.com; give a `receiver` of the routes" in told
    desk(watch).apply(1, "acknowledge", {}, by="ana")
    watch.go(40 * MINUTE)
    firing = [page for page in pages(watch) if page[1] == "firing"]
    assert sorted(firing[2:]) == [("boss", "firing"), ("pager", "firing")]  # Who has it.
    assert desk(watch).show(1)["escalation"]["status"] == "held"
    desk(watch).apply(1, "resolve", {"text": "rolled back"}, by="ana")
    watch.go(MINUTE)
    assert sorted(pages(watch)[4:]) == [("boss", "resolved"), ("pager", "resolved")]
    assert desk(watch).show(1)["escalation"] is None
    watch.go(HOUR)
    assert len(pages(watch)) == 6


def test_who_answers_in_time_is_the_only_one_told(watch: Watch) -> None:
    """And takes command."""
    desk(watch).put_on_call(ONCALL)
    watch.go(3 * MINUTE)
    shown = desk(watch).apply(1, "acknowledge", {"text": "looking"}, by="ana")
    assert shown["commander"] == "ana"
    watch.go(30 * MINUTE)
    assert pages(watch) == [("pager", "firing"), ("pager", "firing")]
    with pytest.raises(ConflictError, match="cannot become acknowledged"):
        desk(watch).apply(1, "acknowledge", {}, by="bo")


def test_an_acknowledgement_that_runs_out_resumes_the_chain(watch: Watch) -> None:
    """And may be given once more."""
    desk(watch).put_on_call(ONCALL)
    watch.go(3 * MINUTE)
    until = watch.clock() + 20 * MINUTE
    desk(watch).apply(1, "acknowledge", {"until": until}, by="ana")
    watch.go(19 * MINUTE)
    assert pages(watch) == [("pager", "firing")] * 2
    watch.go(2 * MINUTE)
    assert pages(watch)[2:] == [("boss", "firing")]
    assert any("has run out" in text for text in texts(watch))
    shown = desk(watch).apply(1, "acknowledge", {}, by="ana")
    assert shown["escalation"]["status"] in {"held", "exhausted"}
    count = len(pages(watch))
    watch.go(30 * MINUTE)
    assert len(pages(watch)) == count + 2  # That she has it, to both.
    with pytest.raises(InputError, match="in the past"):
        desk(watch).apply(1, "acknowledge", {"until": until}, by="ana")


def test_a_chain_that_nobody_answers_begins_again(watch: Watch) -> None:
    """Once the time to acknowledge is over."""
    desk(watch).put_on_call(ONCALL)
    watch.go(16 * MINUTE)
    assert pages(watch) == [("pager", "firing"), ("boss", "firing")]
    watch.go(4 * MINUTE)
    assert pages(watch)[2:] == [("pager", "firing")]
    assert any(text.startswith("Nobody has acknowledged yet") for text in texts(watch))


def test_a_restart_at_every_step_changes_nothing(watch: Watch) -> None:
    """The same messages, the same timeline, each line once."""
    desk(watch).put_on_call(ONCALL)
    for _ in range(24):
        watch.go(MINUTE / 2)
        watch.close()
        watch.open()
    assert pages(watch) == [("pager", "firing"), ("boss", "firing")]
    found = texts(watch)
    assert len([text for text in found if text.startswith("Told ")]) == 2
    assert len(found) == len(set(found))
    numbers = [entry.number for entry in timeline(watch.store, 1)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_a_quiet_sev2_resolves_by_itself(watch: Watch) -> None:
    """After 24 hours without an alert or a word; opened again by the same alert."""
    watch.apply(
        RULES, LOW.replace("severity: P1", 'severity: P2\n        labels: {incident: "true"}')
    )
    watch.go(3 * MINUTE)
    assert desk(watch).show(1)["severity"] == "SEV-2"
    watch.apply(RULES, "groups: []")
    watch.go(MINUTE)
    watch.go(23 * HOUR, step=HOUR)
    assert desk(watch).show(1)["state"] == "open"
    watch.go(2 * HOUR, step=HOUR)
    shown = desk(watch).show(1)
    assert shown["state"] == "resolved"
    ends = shown["alerts"][0]["ends_at"]
    assert shown["stamps"][-1]["at"] - ends >= timedelta(hours=24)
    assert shown["stamps"][-1]["actor"] == "watchkeeper"


def test_what_fires_again_opens_its_incident_again(watch: Watch) -> None:
    """Under its number, and who is on call is told anew."""
    desk(watch).put_on_call(ONCALL)
    watch.go(3 * MINUTE)
    watch.apply(RULES, "groups: []")
    watch.go(MINUTE)
    desk(watch).apply(1, "resolve", {}, by="ana")
    watch.go(MINUTE)
    assert pages(watch) == [("pager", "firing"), ("pager", "resolved")]
    watch.apply(RULES, LOW)
    watch.go(4 * MINUTE)
    (incident,) = all_incidents(watch.store)
    assert (incident.number, incident.state) == (1, "open")
    assert pages(watch)[2:] == [("pager", "firing")]


def test_an_alert_that_wants_no_incident_opens_none(watch: Watch) -> None:
    """By its annotation, whatever its severity."""
    watch.apply(RULES, LOW + '          incident: "false"\n')
    watch.go(5 * MINUTE)
    assert len(watch.hook.bodies) == 1
    assert all_incidents(watch.store) == []


def test_a_silenced_alert_opens_none_until_the_silence_ends(watch: Watch) -> None:
    """Who silences does not want to be called."""
    end = watch.clock() + 10 * MINUTE
    silence = Silence(
        id="s", matchers=(parse_matchers("model=late"),), starts_at=watch.clock(), ends_at=end,
        created_by="ana", comment="moving", updated_at=watch.clock(),
    )  # fmt: skip
    with watch.store.work() as work:
        work.put_state(StateRow("silence", "s", states.encode(silence), end), at=watch.clock())
    watch.go(9 * MINUTE)
    assert all_incidents(watch.store) == []
    watch.go(3 * MINUTE)
    assert len(all_incidents(watch.store)) == 1


MUTED = """
time_intervals:
  - {name: always, time_intervals: [{times: [{start_time: "00:00", end_time: "24:00"}]}]}
"""
CAUSE = (
    LOW
    + """
      - alert: FeedDown
        expr: accuracy < 1.1
        window: 6h
        severity: P3
"""
)
INHIBITED = """
inhibit_rules:
  - {source_matchers: [alertname="FeedDown"], target_matchers: [alertname="AccuracyLow"]}
"""


@pytest.mark.parametrize("why", ["muted", "inhibited"])
def test_a_rule_of_which_nobody_would_be_told_opens_none(watch: Watch, why: str) -> None:
    """Its route is muted, or what causes it fires; once that ends an incident opens."""
    common = (TO_HOOK + PAGERS).format(url=watch.hook.url)
    if why == "muted":
        route = "receiver: hook\n  routes: [{mute_time_intervals: [always]}]"
        watch.apply("routes", common.replace("receiver: hook", route, 1) + MUTED)
    else:
        watch.apply(RULES, CAUSE)
        watch.apply("routes", common + INHIBITED)
    watch.go(10 * MINUTE)
    assert all_incidents(watch.store) == []
    assert not any(name == "AccuracyLow" for _, name, _ in watch.told())
    if why == "muted":
        watch.apply("routes", common)
    else:
        watch.apply(RULES, LOW)
    watch.go(3 * MINUTE)
    (incident,) = all_incidents(watch.store)
    assert [one.name for one in incident.alerts] == ["AccuracyLow"]


def test_who_takes_the_alert_of_a_rule_takes_its_incident(watch: Watch) -> None:
    """The chain stops; who is told of the alert and of the incident hears who has it."""
    desk(watch).put_on_call(ONCALL)
    watch.go(4 * MINUTE)
    alarms = AlarmDesk(watch.store, models=list, around=pytest.fail, clock=watch.clock)
    done = alarms.acknowledge({"alertname": "AccuracyLow"}, by="ana")
    assert (done["incidents"], len(done["acknowledged"])) == ([1], 1)
    watch.go(15 * MINUTE)
    assert pages(watch) == [("pager", "firing"), ("pager", "firing")]
    assert watch.hook.bodies[-1]["notification_reason"] == "acknowledged"
    assert desk(watch).show(1)["commander"] == "ana"


def test_changes_before_it_are_proposed(watch: Watch) -> None:
    """The version that appeared, and what other programs reported; those of later are not."""
    watch.station.send(
        Signal.CHANGES,
        [
            {"model": "late", "kind": "deployment", "title": title,
             "time": (watch.clock() - ago).isoformat()}
            for title, ago in (("Version 8", HOUR), ("Version 7", 40 * HOUR))
        ],
    )  # fmt: skip
    watch.station.work()
    platform = watch.station.platform
    finder = change_finder(watch.store, platform.registry, platform.settings.tables)
    watch.keeper._incidents = IncidentKeeper(watch.store, clock=watch.clock, changes=finder)
    watch.go(3 * MINUTE)
    found = [text for text in texts(watch) if "Version" in text]
    assert found == ["deployment: Version 8"]
    assert "deployment: Version 8" in desk(watch).post_mortem(1)


def test_the_post_mortem_has_what_is_known(watch: Watch) -> None:
    """The alert, its runbook, who was told, how long it took."""
    watch.apply(RULES, LOW + "          runbook: accuracy-drop\n")
    desk(watch).put_on_call(ONCALL)
    watch.go(3 * MINUTE)
    desk(watch).apply(1, "acknowledge", {}, by="ana")
    watch.go(10 * MINUTE)
    desk(watch).apply(1, "mitigate", {"text": "rolled back"}, by="ana")
    desk(watch).apply(1, "resolve", {}, by="ana")
    text = desk(watch).post_mortem(1)
    assert text.startswith("# Post-mortem: AccuracyLow on late (incident 1)")
    assert "The alert AccuracyLow fired at" in text
    assert "What to do about AccuracyLow: runbook accuracy-drop" in text
    assert "Told Ana (primary) by pager" in text
    assert "- From the incident to the mitigation: 10 min" in text
    assert ", ana: Mitigated: rolled back\n" in text
    assert "\n\nAccuracyLow on late: from " in text  # The model is in the title already.
    assert "## Runbooks and lessons for them\n\n- accuracy-drop\n" in text
    assert "<" not in text.partition("## Supporting data")[2]  # No address is known.
    linked = IncidentDesk(
        watch.store, config=default_config, clock=watch.clock, url="https://wk.example.com"
    ).post_mortem(1)
    assert "- accuracy-drop: <https://wk.example.com/runbooks/accuracy-drop>\n" in linked
    assert "- late, from a week before: <https://wk.example.com/models/late?from=2026-" in linked
    assert "| Incident | <https://wk.example.com/incidents/1> |" in linked
    found = desk(watch).figures()
    assert found["times"]["mitigate"]["seconds"]["p50"] == 600.0
    assert (found["incidents"], found["active"], found["false_alarms"]) == (1, 0, 0.0)


@pytest.mark.parametrize("name", STARTERS)
def test_the_checks_of_starter_runbooks_can_be_evaluated(name: str) -> None:
    """Their conditions name metrics that there are."""
    vocabulary = vocabulary_of()
    conditions = [step.check.condition for step in starter(name).steps if step.check]
    for text in filter(None, conditions):
        assert compile_condition(text, vocabulary).series()
