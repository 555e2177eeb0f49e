"""The text of `watchkeeper slo check`."""

from __future__ import annotations

from datetime import timedelta

from tests.monitors.slo.made import accuracy, answers
from watchkeeper.monitors.slo.objective import EVENT_PAIRS, Pair, Urgency
from watchkeeper.monitors.slo.report import check_text


def test_what_is_wrong_stands_below():
    """The findings follow the table, and the table of needs follows an alert that cannot fire."""
    lines = check_text(answers(0.9), 100).splitlines()
    assert lines[1].split() == ["burn", "errors", "events", "all", "bad", "10", "%", "20", "%"]
    assert lines[2].split() == ["1h/5m", "14.4", "144", "%", "1", "never", "never", "never"]
    assert [line.split(":")[0].strip() for line in lines[6:8]] == ["error", "warning"]
    assert lines[-1].startswith("     80 %")


def test_slices_and_ratios_once():
    """Slices are called so; twice a budget of 5 % is a tenth, and stands once."""
    lines = check_text(accuracy(model="flights")).splitlines()
    assert lines[0] == "flights/accurate: 95 % of slices with accuracy at 0.9 over 30d"
    assert lines[1].split() == ["burn", "errors", "slices", "all", "bad", "10", "%"]


def test_no_alerts():
    """Without pairs there is no table."""
    assert check_text(answers(model=None, pairs=())) == (
        "answers: 99.9 % of answers without an error over 30d"
    )


def test_times_are_rounded():
    """To the second below an hour, to the minute above, and never to none."""
    quick = Pair(timedelta(minutes=1), timedelta(seconds=5), 1e-6, Urgency.PAGE)
    text = check_text(answers(0.999, pairs=(quick, EVENT_PAIRS[3])))
    assert text.splitlines()[2].split()[-3:-2] == ["1s"]
    assert text.splitlines()[3].split()[-1] == "1d12h"
