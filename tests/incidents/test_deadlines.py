"""What is due when: acknowledgement, updates, resolving by itself, the post-mortem."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from watchkeeper.core.alert import Alert
from watchkeeper.incidents import events
from watchkeeper.incidents.deadlines import (
    ALERT_WITHIN,
    Calendar,
    business_days_later,
    deadlines,
)
from watchkeeper.incidents.incident import SYSTEM, Sev, State
from watchkeeper.incidents.lifecycle import apply, open_incident

T0 = datetime(2026, 3, 6, 16, tzinfo=UTC)  # A Friday.
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALERT = Alert({"alertname": "Late", "model": "fares"}, {}, T0)


def opened(severity):
    """A new incident with an alert."""
    incident = open_incident(1, "Late", severity, "service", T0).incident
    return apply(incident, events.alert_fires(ALERT), T0, SYSTEM).incident


def due(incident, what, now=T0):
    """When something is due; None where it is not."""
    return next((d.at for d in deadlines(incident, now) if d.what == what), None)


@pytest.mark.parametrize(
    ("severity", "acknowledge", "update"),
    [
        (Sev.SEV0, 5 * MINUTE, 30 * MINUTE),
        (Sev.SEV1, 15 * MINUTE, HOUR),
        (Sev.SEV2, HOUR, 4 * HOUR),
        (Sev.SEV3, 3 * DAY, None),  # From Friday to Monday: one business day.
    ],
)
def test_defaults_by_severity(severity, acknowledge, update):
    """5 minutes, 15 minutes, an hour, a business day; 30 minutes, an hour, 4 hours, never."""
    incident = opened(severity)
    assert due(incident, "acknowledge") == T0 + acknowledge
    assert due(incident, "update") == (None if update is None else T0 + update)


def test_alerts_have_deadlines_of_their_own():
    """P0 5 minutes, P1 15 minutes, P2 an hour, P3 a day."""
    assert [w // MINUTE for w in ALERT_WITHIN.values()] == [5, 15, 60, 24 * 60]


def test_overdue_from_the_minute_on():
    """A deadline that has come is overdue; the soonest stands first."""
    incident = opened(Sev.SEV0)
    early, late = (deadlines(incident, T0 + m * MINUTE) for m in (4, 5))
    assert [d.overdue for d in early] == [False, False]
    assert [(d.what, d.overdue) for d in late] == [("acknowledge", True), ("update", False)]


def test_reminders_come_once_a_span():
    """Who was told is not told again at the next look, but a span later."""
    incident = opened(Sev.SEV0)
    now = T0 + 5 * MINUTE
    told = apply(incident, events.Reminded("acknowledge", ("bo",)), now, SYSTEM)
    assert told.entries[0].text == "Nobody has acknowledged yet; told bo"
    assert due(told.incident, "acknowledge") == now + 5 * MINUTE
    later = apply(told.incident, events.Reminded("update"), T0 + HOUR, SYSTEM).incident
    assert due(later, "update") == T0 + HOUR + 30 * MINUTE


def test_a_message_meets_the_reminder():
    """Who tells people how it stands has until the next span; a note does not count."""
    incident = opened(Sev.SEV1)
    noted = apply(incident, events.Note("hm"), T0 + 50 * MINUTE, "ana").incident
    assert due(noted, "update") == T0 + HOUR
    told = apply(noted, events.Message("we are on it"), T0 + 50 * MINUTE, "ana").incident
    assert due(told, "update") == T0 + 110 * MINUTE


@pytest.mark.parametrize("severity", list(Sev), ids=str)
def test_only_minor_ones_resolve_by_themselves(severity):
    """A SEV-2 or SEV-3 resolves after 24 quiet hours; a SEV-0 or SEV-1 never."""
    incident = opened(severity)
    assert due(incident, "resolve") is None
    over = events.AlertOver(ALERT.fingerprint, T0 + HOUR)
    quiet = apply(incident, over, T0 + HOUR, SYSTEM).incident
    assert due(quiet, "resolve") == (None if severity.major else T0 + HOUR + DAY)
    if severity.major:
        return
    touched = apply(quiet, events.Note("still odd"), T0 + 5 * HOUR, "ana").incident
    assert due(touched, "resolve") == T0 + 5 * HOUR + DAY
    again = apply(touched, events.alert_fires(ALERT), T0 + 6 * HOUR, SYSTEM).incident
    assert due(again, "resolve") is None
    resolved = apply(touched, events.Resolve("quiet"), T0 + 5 * HOUR + DAY, SYSTEM).incident
    assert resolved.state is State.RESOLVED


def test_without_alerts_nothing_is_quiet():
    """What was opened by hand and has no alert waits for a hand to close it."""
    incident = open_incident(1, "Odd", "SEV-3", "data", T0, actor="ana").incident
    assert due(incident, "resolve") is None


def test_post_mortems_are_due_after_five_business_days():
    """For SEV-0 and SEV-1: a Friday's is due on the next Friday, holidays counted."""
    for severity in Sev:
        incident = apply(opened(severity), events.Resolve(), T0, "ana").incident
        assert due(incident, "post_mortem") == (T0 + 7 * DAY if severity.major else None)
    holidays = Calendar(holidays=frozenset({date(2026, 3, 11)}))
    incident = apply(opened(Sev.SEV0), events.Resolve(), T0, "ana", holidays).incident
    assert due(incident, "post_mortem") == T0 + 10 * DAY  # Monday the 16th.
    assert due(apply(incident, events.Close(), T0, "ana").incident, "post_mortem") is None


def test_business_days_are_those_of_a_zone():
    """Friday in UTC is Saturday in Auckland, whose time of day is kept over a change of clocks."""
    at = datetime(2026, 4, 3, 14, tzinfo=UTC)  # Saturday 03:00 in Auckland, summer time's last day.
    found = business_days_later(at, 1, Calendar("Pacific/Auckland"))
    assert found == datetime(2026, 4, 5, 15, tzinfo=UTC)  # Monday 03:00, an hour later in UTC.
