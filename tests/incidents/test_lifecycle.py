"""Incidents: what each event makes of one, what is refused, and what survives a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.core.alert import Alert
from watchkeeper.core.errors import ConflictError, InputError
from watchkeeper.incidents import events
from watchkeeper.incidents.deadlines import deadlines
from watchkeeper.incidents.incident import (
    SYSTEM,
    EntryKind,
    Incident,
    Role,
    Sev,
    State,
    in_order,
    sev_of,
)
from watchkeeper.incidents.lifecycle import ALLOWED, apply, merge, open_incident, possible

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

STEPS = {
    State.ACKNOWLEDGED: events.Acknowledge(),
    State.INVESTIGATING: events.Investigate(),
    State.MITIGATED: events.Mitigate(),
    State.RESOLVED: events.Resolve(),
    State.CLOSED: events.Close(),
    State.FALSE_ALARM: events.MarkFalseAlarm("a test"),
}


def opened(severity=Sev.SEV1, actor=SYSTEM, **more):
    """A new incident."""
    return open_incident(1, "Late answers", severity, "service", T0, actor=actor, **more).incident


def walk(incident, *states, actor="ana"):
    """The incident after steps, one minute apart."""
    for step, state in enumerate(states, 1):
        incident, _ = apply(incident, STEPS[state], T0 + step * MINUTE, actor)
    return incident


def alert(name="Late", model="fares", starts_at=T0, severity="P1"):
    """An alert."""
    return Alert({"alertname": name, "model": model, "severity": severity}, {}, starts_at)


def test_the_whole_way():
    """Each step is stamped with its time and who did it; the first to act is commander."""
    incident = walk(
        opened(),
        State.ACKNOWLEDGED,
        State.INVESTIGATING,
        State.MITIGATED,
        State.RESOLVED,
        State.CLOSED,
    )
    assert [(s.state.value, (s.at - T0) // MINUTE, s.actor) for s in incident.stamps] == [
        ("open", 0, SYSTEM),
        ("acknowledged", 1, "ana"),
        ("investigating", 2, "ana"),
        ("mitigated", 3, "ana"),
        ("resolved", 4, "ana"),
        ("closed", 5, "ana"),
    ]
    assert incident.holder(Role.COMMANDER) == "ana"
    assert deadlines(incident, T0) == ()


REACHED = {
    State.OPEN: (),
    State.ACKNOWLEDGED: (State.ACKNOWLEDGED,),
    State.INVESTIGATING: (State.INVESTIGATING,),
    State.MITIGATED: (State.MITIGATED,),
    State.RESOLVED: (State.RESOLVED,),
    State.CLOSED: (State.RESOLVED, State.CLOSED),
    State.FALSE_ALARM: (State.FALSE_ALARM,),
}


@pytest.mark.parametrize("to", list(STEPS), ids=str)
@pytest.mark.parametrize("start", list(REACHED), ids=str)
def test_every_step_from_every_state(start, to):
    """A step leads where the table says, or is refused in a way that names what is possible."""
    incident = walk(opened(), *REACHED[start])
    assert incident.state is start
    now = T0 + HOUR
    if to in ALLOWED[start]:
        assert apply(incident, STEPS[to], now, "bo").incident.state is to
        return
    with pytest.raises(ConflictError) as caught:
        apply(incident, STEPS[to], now, "bo")
    for state in possible(incident, now):
        assert state.value.replace("_", " ") in str(caught.value)


def test_who_mitigates_has_acknowledged():
    """A step that was left out is made up for, so that its time can be told."""
    incident = walk(opened(), State.MITIGATED)
    assert [stamp.state for stamp in incident.stamps] == [
        State.OPEN,
        State.ACKNOWLEDGED,
        State.MITIGATED,
    ]


def test_a_mitigation_that_did_not_hold():
    """One can go back from mitigated to investigating, and the timeline says why."""
    incident = walk(opened(), State.MITIGATED)
    after, entries = apply(incident, events.Investigate("errors are back"), T0 + HOUR, "bo")
    assert after.state is State.INVESTIGATING
    assert entries[0].text == "The mitigation did not hold; investigating again: errors are back"


@pytest.mark.parametrize(("after", "possible_"), [(24 * HOUR, True), (24 * HOUR + MINUTE, False)])
def test_open_again_within_a_day(after, possible_):
    """What was resolved keeps its number when it opens again within 24 hours, and not later."""
    incident = walk(opened(), State.RESOLVED)
    now = incident.stamps[-1].at + after
    if not possible_:
        with pytest.raises(ConflictError, match="more than 24 hours ago; open a new one"):
            apply(incident, events.Reopen("again"), now, "ana")
        return
    found = apply(incident, events.Reopen("again"), now, "ana").incident
    assert (found.number, found.state) == (1, State.INVESTIGATING)


def test_what_opens_again_by_itself_waits_for_somebody():
    """An alert that comes back starts the time for the acknowledgement anew."""
    incident = walk(opened(), State.RESOLVED)
    now = T0 + 2 * HOUR
    found = apply(incident, events.Reopen("Late fires again"), now, SYSTEM).incident
    assert found.state is State.OPEN
    assert found.acknowledge_by == now + 15 * MINUTE


def test_a_merged_incident_is_over():
    """The other takes its alerts, its models and the worse severity; what it was says so."""
    one = apply(
        opened(Sev.SEV0), events.alert_fires(alert(starts_at=T0 - HOUR)), T0, SYSTEM
    ).incident
    two = open_incident(2, "Wrong", "SEV-2", "model", T0, models=["tips"]).incident
    (source, source_says), (target, target_says) = merge(one, two, T0 + MINUTE, "ana")
    assert (source.state, source.merged_into) == (State.MERGED, 2)
    assert target.severity is Sev.SEV0
    assert target.models == ("tips", "fares")
    assert target.alerts == one.alerts
    assert target.began_at == T0 - HOUR
    assert source_says[0].text == "Merged into incident 2"
    assert "Took in incident 1" in target_says[0].text
    with pytest.raises(ConflictError, match="incident 1 is merged"):
        merge(source, target, T0 + HOUR, "ana")
    with pytest.raises(ConflictError, match="cannot be merged into itself"):
        merge(target, target, T0, "ana")
    with pytest.raises(ConflictError, match="open that one again"):
        apply(source, events.Reopen("no"), T0 + HOUR, "ana")


def test_roles_are_handed_over():
    """Who held a role is known with from and until; there is always a commander."""
    incident = opened(actor="ana")
    incident, entries = apply(incident, events.Assign(Role.COMMANDER, "bo"), T0 + MINUTE, "ana")
    assert entries[0].text == "bo is commander, taking over from ana"
    assert [(a.person, a.since, a.until) for a in incident.roles] == [
        ("ana", T0, T0 + MINUTE),
        ("bo", T0 + MINUTE, None),
    ]
    with pytest.raises(ConflictError, match="name who takes over from bo"):
        apply(incident, events.Assign(Role.COMMANDER, ""), T0 + HOUR, "ana")
    incident, _ = apply(incident, events.Assign(Role.SCRIBE, "cy"), T0 + HOUR, "bo")
    incident, _ = apply(incident, events.Assign(Role.SCRIBE, ""), T0 + HOUR, "bo")
    assert incident.holder(Role.SCRIBE) is None
    assert apply(incident, events.Assign(Role.COMMANDER, "bo"), T0 + HOUR, "bo").entries == ()


def test_alerts_come_and_go():
    """All over: mitigated is proposed, not done. An alert that is told twice is told once."""
    incident = opened(Sev.SEV2)
    late, wrong = alert(), alert("Wrong", starts_at=T0 - MINUTE)
    incident, _ = apply(incident, events.alert_fires(late), T0, SYSTEM)
    incident, _ = apply(incident, events.alert_fires(wrong), T0, SYSTEM)
    assert apply(incident, events.alert_fires(late), T0, SYSTEM).entries == ()
    assert incident.began_at == T0 - MINUTE
    incident, _ = apply(incident, events.AlertOver(late.fingerprint, T0 + HOUR), T0 + HOUR, SYSTEM)
    assert not incident.mitigation_suggested
    over = events.AlertOver(wrong.fingerprint, T0 + HOUR)
    incident, entries = apply(incident, over, T0 + HOUR, SYSTEM)
    assert (incident.state, incident.mitigation_suggested) == (State.OPEN, True)
    assert "call it mitigated" in entries[1].text
    assert apply(incident, over, T0 + 2 * HOUR, SYSTEM).entries == ()
    incident, entries = apply(incident, events.alert_fires(late), T0 + 2 * HOUR, SYSTEM)
    assert entries[0].text == "Late fires again"
    assert (len(incident.alerts), incident.quiet) == (2, False)


def test_severity_rises_by_itself_and_never_falls():
    """A worse alert raises the severity and shortens the deadline; a milder one does nothing."""
    incident = opened(Sev.SEV2)
    fires = events.alert_fires(alert(severity="P0"), sev_of("P0"))
    incident, entries = apply(incident, fires, T0 + 2 * MINUTE, SYSTEM)
    assert incident.severity is Sev.SEV0
    assert incident.acknowledge_by == T0 + 5 * MINUTE
    assert entries[1].text == "Changed severity from SEV-2 to SEV-0"
    less = events.alert_fires(alert("Other"), Sev.SEV3)
    assert apply(incident, less, T0, SYSTEM).incident.severity is Sev.SEV0


def test_people_may_put_things_right():
    """Title, class, beginning and severity can be corrected; each change is on the timeline."""
    incident = opened(Sev.SEV1)
    event = events.Amend(severity=Sev.SEV3, began_at=T0 - HOUR, reason="only one user")
    found, entries = apply(incident, event, T0 + MINUTE, "ana")
    assert (found.severity, found.began_at) == (Sev.SEV3, T0 - HOUR)
    assert entries[0].text == (
        "Changed severity from SEV-1 to SEV-3, the beginning from nothing to 2026-03-02 11:00 UTC: "
        "only one user"
    )
    assert apply(found, event, T0 + HOUR, "ana").entries == ()
    with pytest.raises(InputError, match="needs a title"):
        apply(found, events.Amend(title=" "), T0, "ana")


def test_a_note_about_what_was_before():
    """An entry may be of an earlier time; the timeline is in the order in which things happened."""
    incident, first = open_incident(1, "Late", "SEV-1", "service", T0)
    incident, second = apply(
        incident, events.Change("fares 3 deployed", T0 - HOUR), T0 + MINUTE, "ana"
    )
    timeline = in_order([*second, *first])
    assert [entry.text[:16] for entry in timeline] == ["fares 3 deployed", "Opened as SEV-1 "]
    assert (timeline[0].at, timeline[0].recorded_at) == (T0 - HOUR, T0 + MINUTE)


def test_a_clock_that_goes_back():
    """No step comes before the one before it."""
    incident = walk(opened(), State.ACKNOWLEDGED)
    found = apply(incident, events.Mitigate(), T0 - HOUR, "ana").incident
    assert found.stamps[-1].at == found.stamps[-2].at


@pytest.mark.parametrize(
    "event",
    [events.Note(" "), events.Decision(""), events.Message("\n")],
    ids=lambda e: type(e).__name__,
)
def test_empty_texts_are_refused(event):
    """Nothing is not worth a line."""
    with pytest.raises(InputError, match="write what happened"):
        apply(opened(), event, T0, "ana")


def test_a_closed_incident_takes_no_alert():
    """An alert cannot slip into what is over; the message says what to do."""
    closed = walk(opened(), State.RESOLVED, State.CLOSED)
    with pytest.raises(ConflictError, match="open it again, or open a new one"):
        apply(closed, events.alert_fires(alert()), T0 + HOUR, SYSTEM)


EVENTS = st.one_of(
    st.sampled_from(
        [*STEPS.values(), events.Reopen("again"), events.Note("a"), events.Message("b")]
    ),
    st.builds(events.Assign, st.sampled_from(Role), st.sampled_from(["ana", "bo", ""])),
    st.builds(lambda n: events.alert_fires(alert(n)), st.sampled_from("abc")),
    st.builds(lambda n: events.AlertOver(alert(n).fingerprint, T0 + HOUR), st.sampled_from("abc")),
    st.builds(lambda s: events.Amend(severity=s), st.sampled_from(Sev)),
    st.builds(events.Reminded, st.sampled_from(["acknowledge", "update", "post_mortem"])),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(EVENTS, st.integers(-30, 3000), st.sampled_from(["ana", SYSTEM])), max_size=25
    )
)
def test_laws_of_any_history(history):
    """Whatever happens in whatever order, the record is sound and survives JSON.

    Its timeline has no hole, its stamps are in order, at most one person holds a role, and what is
    due fits the state.
    """
    incident = opened()
    numbers = list(range(1, incident.entries + 1))
    now = T0
    for event, minutes, actor in history:
        now += minutes * MINUTE
        try:
            incident, entries = apply(incident, event, now, actor)
        except ConflictError:
            continue
        numbers += [entry.number for entry in entries]
        incident = msgspec.json.decode(msgspec.json.encode(incident), type=Incident)
        assert msgspec.convert(msgspec.to_builtins(event), events.Event) == event
    assert numbers == list(range(1, incident.entries + 1))
    times = [stamp.at for stamp in incident.stamps]
    assert times == sorted(times)
    for role in Role:
        assert sum(a.role is role and a.until is None for a in incident.roles) <= 1
    if any(stamp.actor != SYSTEM for stamp in incident.stamps[1:]) and incident.state.active:
        assert incident.holder(Role.COMMANDER) or incident.stamps[-1].actor == SYSTEM
    waits = {deadline.what for deadline in deadlines(incident, now)}
    assert ("acknowledge" in waits) == (incident.state is State.OPEN)
    assert ("update" in waits) == (incident.state.active and incident.severity is not Sev.SEV3)
    if incident.severity.major:
        assert "resolve" not in waits


def test_entries_say_what_they_are():
    """Each kind of event leaves an entry of its kind."""
    incident = opened()
    written = {
        EntryKind.NOTE: events.Note("seen"),
        EntryKind.DECISION: events.Decision("roll back"),
        EntryKind.MESSAGE: events.Message("we are on it", to="#ops"),
        EntryKind.CHANGE: events.Change("version 3", T0),
        EntryKind.ACTION: events.Action("rolled back"),
        EntryKind.STATE: events.Acknowledge(),
        EntryKind.ROLE: events.Assign(Role.SCRIBE, "cy"),
        EntryKind.ALERT: events.alert_fires(alert()),
    }
    assert set(written) == set(EntryKind)
    for kind, event in written.items():
        assert apply(incident, event, T0, "ana").entries[0].kind is kind
