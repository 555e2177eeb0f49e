"""What counts as noticed: an alert that fires with the harm where it would not without."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.app.drills.trying import Span
from watchkeeper.app.drills.verdicts import Alerting, Verdict, judge
from watchkeeper.core.windows import Window
from watchkeeper.monitors.backtest import Firing, Firings
from watchkeeper.monitors.backtest import Span as Missing
from watchkeeper.monitors.rule import Rule

START = datetime(2026, 3, 2, tzinfo=UTC)
Fired = Sequence[tuple[int, int | None]]


def hour(count: int) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=count)


def alerting(fired: Fired, rule: Rule | None = None, no_data: Fired = ()) -> Alerting:
    """An alert that fires in some hours."""
    firings = Firings(
        "Low", START, hour(48), 48,
        tuple(Firing(hour(a), hour(a), None if b is None else hour(b), None) for a, b in fired),
        no_data=tuple(Missing(hour(a), None if b is None else hour(b)) for a, b in no_data),
    )  # fmt: skip
    return Alerting((0, 0), "g", rule or Rule("Low", "accuracy < 0.9"), "", "", firings)


def verdict(before: Alerting, after: Alerting) -> Verdict:
    """The verdict where harm begins after ten hours."""
    (found,) = judge([before], [after], hour(10), hour(48))
    return found


@pytest.mark.parametrize(
    ("before", "after", "outcome", "delay"),
    [
        ((), (), "silent", None),
        ((), ((12, 20),), "noticed", 2),
        (((5, None),), ((5, None),), "fired before", None),
        (((5, 15),), ((5, None),), "noticed", 5),
        (((20, 25),), ((20, 25),), "fires anyway", None),
        (((20, 25),), ((12, 25),), "noticed", 2),
        (((20, 25),), ((20, 30),), "noticed", 15),
        (((11, 13), (13, 16)), ((11, 18),), "noticed", 6),
        (((11, None),), ((12, 14),), "fires anyway", None),
        (((2, 4),), ((2, 4),), "silent", None),
        (((2, 4),), ((2, 4), (30, None)), "noticed", 20),
    ],
)
def test_what_is_noticed(before: Fired, after: Fired, outcome: str, delay: int | None) -> None:
    """Only what fires because of the harm counts, from the first moment of the difference."""
    found = verdict(alerting(before), alerting(after))
    assert found.outcome == outcome
    assert found.delay == (None if delay is None else timedelta(hours=delay))
    assert found.to_dict()["delay_s"] == (None if delay is None else delay * 3600.0)


def test_missing_data_notices_too() -> None:
    """An alert about missing data is an alert, and says that it is one."""
    found = verdict(alerting(()), alerting(((30, None),), no_data=((14, None),)))
    assert (found.delay, found.because) == (timedelta(hours=4), "no data")


def test_why_it_was_silent() -> None:
    """A rule that waits longer than the drill lasts could not notice, and that is said."""
    slow = Rule("Low", "accuracy < 0.9", for_=timedelta(days=7))
    assert verdict(alerting((), slow), alerting((), slow)).note == (
        "it waits for 1w, longer than the drill (1d14h)"
    )
    assert verdict(alerting(()), alerting(())).note == ""
    failed = Alerting((0, 0), "g", slow, "", "", None, "no column")
    assert (verdict(failed, failed).outcome, verdict(failed, failed).note) == ("error", "no column")


def test_times() -> None:
    """Hours up to the harm, five minutes apart for six hours, then hours; each time once."""
    span = Span(Window(START, hour(48)), hour(24) + timedelta(minutes=30))
    before, after = span.parts()
    assert (len(before), len(after)) == (24, 6 * 12 + 18)
    gaps = {int(gap) for gap in (after[1:] - after[:-1]).astype(int)}
    assert gaps == {300, 3600}
    assert before[-1] < after[0]
    assert after[-1].item().replace(tzinfo=UTC) == hour(48)
    assert span.minutes == hour(18)


def test_times_of_a_short_window() -> None:
    """The last time is the end of the window, also where that comes within six hours."""
    before, after = Span(Window(START, hour(3)), hour(1)).parts()
    assert (len(before), len(after)) == (1, 24)
    assert after[-1].item().replace(tzinfo=UTC) == hour(3)
