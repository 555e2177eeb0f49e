"""Times of incidents, with the standard library's percentiles as the oracle."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.incidents import events
from watchkeeper.incidents.figures import false_alarm_share, figures, times
from watchkeeper.incidents.lifecycle import apply, open_incident

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def incident(*steps, began=None):
    """An incident with events at minutes."""
    made = open_incident(1, "Late", "SEV-1", "service", T0, began_at=began).incident
    for minute, event in steps:
        made = apply(made, event, T0 + minute * MINUTE, "ana").incident
    return made


def test_times_of_one():
    """Each from the opening, the detection from the beginning of the trouble."""
    made = incident(
        (3, events.Acknowledge()), (20, events.Mitigate()), (90, events.Resolve()),
        began=T0 - 7 * MINUTE,
    )  # fmt: skip
    assert [t // MINUTE for t in times(made)] == [7, 3, 20, 90]


def test_what_was_not_reached_has_no_time():
    """Undefined is None, not zero."""
    assert times(incident()) == (None, None, None, None)


def test_what_did_not_hold_was_no_mitigation():
    """The last mitigation counts, and none where the incident is open again."""
    made = incident(
        (5, events.Mitigate()), (9, events.Investigate()), (30, events.Mitigate()),
        (40, events.Resolve()), (50, events.Close()),
    )  # fmt: skip
    assert [t // MINUTE for t in times(made)[1:]] == [5, 30, 40]
    again = apply(made, events.Reopen("no"), T0 + 60 * MINUTE, "ana").incident
    assert times(again)[2:] == (None, None)


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=40))
def test_percentiles(minutes):
    """They are those of `statistics.quantiles(method="inclusive")`."""
    found = figures([incident((m, events.Acknowledge())) for m in minutes])["acknowledge"]
    cuts = statistics.quantiles([m * 60 for m in minutes], n=100, method="inclusive")
    assert found.measured == len(minutes)
    for percentile, value in found.seconds.items():
        assert value == pytest.approx(cuts[percentile - 1])


def test_false_alarms_and_merged_ones_are_left_out():
    """They would make the figures look better or worse than people were."""
    real, waiting = incident((5, events.Resolve())), incident()
    false = incident((1, events.MarkFalseAlarm("a test")))
    merged = incident((1, events.MergeInto(9)))
    found = figures([real, waiting, false, merged])["resolve"]
    assert (found.measured, found.waiting, found.seconds[50]) == (1, 1, 300.0)
    assert false_alarm_share([real, waiting, false, merged]) == pytest.approx(1 / 3)
    assert false_alarm_share([merged]) is None
