"""Which alerts open incidents, which join one, and what is proposed as related."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.core.alert import Alert
from watchkeeper.incidents import events
from watchkeeper.incidents.incident import SYSTEM, Kind, Sev
from watchkeeper.incidents.lifecycle import apply, open_incident
from watchkeeper.incidents.opening import (
    ChangeNear,
    Joins,
    OpeningPolicy,
    Opens,
    Reopens,
    consider,
    recent_changes,
    related_alerts,
)

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
POLICY = OpeningPolicy(upstream={"fares": ("kafka", "geo"), "tips": ("geo",), "eta": ("fares",)})


def alert(name="Late", model="fares", severity="P1", at=T0, **labels):
    """An alert."""
    return Alert({"alertname": name, "model": model, "severity": severity, **labels}, {}, at)


def incident_of(*alerts, number=1, at=T0):
    """An incident with alerts."""
    found = open_incident(number, "Late", "SEV-1", "service", at).incident
    for one in alerts:
        found = apply(found, events.alert_fires(one), at, SYSTEM).incident
    return found


@pytest.mark.parametrize(
    ("severity", "said", "opens"),
    [
        ("P0", None, True), ("P1", None, True), ("P2", None, False), ("P3", None, False),
        ("P3", "true", True), ("P0", "false", False), ("", None, False),
    ],
)  # fmt: skip
def test_p0_and_p1_open_incidents(severity, said, opens):
    """By default the two worst do; a rule may say otherwise."""
    labels = {} if said is None else {"incident": said}
    found = consider(alert(severity=severity, **labels), [], POLICY, T0)
    assert isinstance(found, Opens) is opens


def test_what_is_opened():
    """The title names rule and model; severity and class follow the alert."""
    found = consider(alert(severity="P0", **{"class": "drift"}), [], POLICY, T0)
    assert found == Opens("Late on fares", Sev.SEV0, Kind.DRIFT, ("fares",))


@pytest.mark.parametrize(
    ("model", "after", "joins"),
    [
        ("fares", 15 * MINUTE, True),
        ("fares", 16 * MINUTE, False),
        ("tips", MINUTE, True),  # both read geo
        ("eta", MINUTE, True),  # it reads fares
        ("spam", MINUTE, False),
    ],
)
def test_what_belongs_together(model, after, joins):
    """The same model or upstream within 15 minutes joins the open incident."""
    incident = incident_of(alert())
    found = consider(alert("Wrong", model), [incident], POLICY, T0 + after)
    assert isinstance(found, Joins if joins else Opens)


def test_an_alert_is_never_in_two_open_incidents():
    """What an open incident knows joins it, however late and however mild."""
    mild = alert(severity="P3")
    incident = incident_of(mild)
    assert consider(mild, [incident], POLICY, T0 + 9 * HOUR) == Joins(1, "it is one of its alerts")


def test_what_comes_back_opens_its_incident_again():
    """Within 24 hours of the resolution it is the same incident; after that a new one."""
    incident = incident_of(alert())
    resolved = apply(incident, events.Resolve(), T0 + HOUR, "ana").incident
    now = T0 + 25 * HOUR
    assert consider(alert(), [resolved], POLICY, now) == Reopens(1, "Late fires again")
    assert isinstance(consider(alert(), [resolved], POLICY, now + MINUTE), Opens)
    assert consider(alert(severity="P3"), [resolved], POLICY, now) is None


def test_the_latest_of_two_is_joined():
    """Two incidents fit: the one that was opened last."""
    both = [incident_of(alert("A"), number=n) for n in (3, 7, 5)]
    assert consider(alert("B"), both, POLICY, T0).number == 7


def test_what_is_over_opens_nothing():
    """A resolve that comes late is no alert."""
    over = Alert({"alertname": "Late", "severity": "P0"}, {}, T0, T0 + MINUTE)
    assert consider(over, [], POLICY, T0 + HOUR) is None


def test_related_alerts_are_proposed():
    """Those near in time with something in common, nearest first; not those that are linked."""
    linked = alert()
    incident = incident_of(linked)
    near, far = alert("A", at=T0 + MINUTE), alert("B", "tips", at=T0 - 50 * MINUTE)
    others = [alert("C", "spam"), alert("D", at=T0 + 2 * HOUR)]
    found = related_alerts(incident, [far, linked, *others, near], POLICY)
    assert [(r.key, r.why) for r in found] == [
        (near.fingerprint, "the same model, fares"),
        (far.fingerprint, "tips and fares share geo"),
    ]


def test_recent_changes_are_proposed():
    """Those of the day before that touch the model or all, latest first; none from afterwards."""
    incident = incident_of(alert())
    changes = [
        ChangeNear("old", "fares 2", T0 - 25 * HOUR, "fares"),
        ChangeNear("version", "fares 3", T0 - HOUR, "fares"),
        ChangeNear("other", "spam 9", T0 - HOUR, "spam"),
        ChangeNear("rules", "rules edited", T0 - 2 * HOUR),
        ChangeNear("upstream", "geo moved", T0 - 3 * HOUR, "geo"),
        ChangeNear("after", "fares 4", T0 + HOUR, "fares"),
    ]
    found = recent_changes(incident, changes, POLICY)
    assert [change.key for change in found] == ["version", "rules", "upstream"]
