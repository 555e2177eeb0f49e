"""The row of a back-test: hours, rates, hits and misses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.backtest import Firing, Firings, Span
from watchkeeper.monitors.backtest_summary import Hits, summarise

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hour):
    """An hour after the start."""
    return START + timedelta(hours=hour)


def firings(*spans, last=24 * 30, **known):
    """A back-test over thirty days with these alarms."""
    found = tuple(
        Firing(at(a), at(a), None if b is None else at(b), None) for a, b in spans
    )  # fmt: skip
    return Firings("Low", START, at(last), last + 1, found, **known)


def test_hours_and_rates():
    """An alarm that is open lasts to the last evaluation; rates are of 90 days."""
    known = {"pending": 4, "told": 1, "flapped": 2, "no_data": (Span(at(5), at(8)),)}
    row = summarise(firings((10, 12), (700, None), **known)).to_row()
    assert row == {
        "alert": "Low",
        "days": 30.0,
        "alarms": 2,
        "told": 1,
        "alarms_per_90_days": 6.0,
        "hours_firing": 22.0,
        "longest_hours": 20.0,
        "share_firing": pytest.approx(22 / 720),
        "pending": 4,
        "flapped": 2,
        "hours_no_data": 3.0,
        "hours_error": 0,
    }


@pytest.mark.parametrize(
    ("incidents", "grace", "expected"),
    [
        ([(9, 11)], 0, Hits(1, 1, 0, 1, 1.0)),
        ([(11, 30)], 0, Hits(1, 1, 0, 1, 0.0)),
        ([(12, 30)], 0, Hits(1, 0, 1, 2, None)),
        ([(5, 9)], 0, Hits(1, 0, 1, 2, None)),
        ([(5, 9)], 1, Hits(1, 1, 0, 1, 5.0)),
        ([(5, 10)], 0, Hits(1, 1, 0, 1, 5.0)),
        ([(0, 800)], 0, Hits(1, 1, 0, 0, 10.0)),
        ([(8, 11), (90, 110), (300, 400)], 0, Hits(3, 2, 1, 0, 6.0)),
        ([(-20, -10), (721, 800)], 0, Hits(0, 0, 0, 2, None)),
        ([], 0, Hits(0, 0, 0, 2, None)),
    ],
)
def test_hits_and_misses(incidents, grace, expected):
    """They meet where they overlap; what lies outside of the time evaluated counts for nothing."""
    known = [(at(a), at(b)) for a, b in incidents]
    found = summarise(firings((10, 12), (100, 101)), known, grace=timedelta(hours=grace))
    assert found.against == expected


def test_too_short_for_a_rate():
    """Less than a day has no rate per 90 days, and nothing has no length."""
    assert summarise(firings((1, 2), last=12)).alarms_per_90_days is None
    empty = summarise(Firings("Low", None, None, 0), [(at(1), at(2))])
    assert (empty.days, empty.share_firing, empty.against.incidents) == (0.0, 0.0, 0)


def test_an_incident_must_not_end_before_it_begins():
    """It says which."""
    with pytest.raises(InputError, match="2026-01-01 01:00, before it begins"):
        summarise(firings(), [(at(2), at(1))])
