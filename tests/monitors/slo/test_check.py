"""What is refused before the first event, and the published table of needed errors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.monitors.slo.made import accuracy, answers
from watchkeeper.monitors.slo.check import check_slo, detection_time, facts, required_errors
from watchkeeper.monitors.slo.objective import EVENT_PAIRS, Pair, Urgency
from watchkeeper.monitors.slo.wording import describe, parse_pairs, percent, write_pairs


def levels(slo, volume=None):
    """The levels and pairs of what was found."""
    return [(found.level, found.pair) for found in check_slo(slo, volume)]


@pytest.mark.parametrize(("row", "bound"), [(0, 0.9306), (1, 0.8333), (2, 0.6667)])
def test_unreachable_below(row, bound):
    """14.4 can never fire below 93.06 %, 6 below 83.33 %, 3 below 66.67 %."""
    pair = EVENT_PAIRS[row]
    below = check_slo(answers(bound - 0.0002, pairs=(pair,)))
    above = check_slo(answers(bound + 0.0002, pairs=(pair,)))
    assert [found.level for found in below] == ["error"]
    assert "can never fire" in below[0].text
    assert f"raise the objective above {percent(bound, 2)}" in below[0].text
    assert [found.level for found in above] == ["warning"]
    assert detection_time(answers(bound - 0.0002, pairs=(pair,)), pair, 1.0) is None


def test_the_factor_one_is_always_reachable():
    """At a burn rate of one the limit is the budget itself."""
    assert check_slo(answers(0.01, pairs=(EVENT_PAIRS[3],)))[0].level == "warning"
    assert levels(answers(0.6, pairs=(EVENT_PAIRS[3],))) == []


def test_a_high_need_warns():
    """At 95 % the fast pair needs 72 % errors: allowed, and said."""
    assert levels(answers(0.95)) == [("warning", "1h/5m")]
    assert "this alert needs 72 % errors" in check_slo(answers(0.95))[0].text


def test_good_defaults_pass():
    """Service and quality objectives with their own defaults have nothing against them."""
    for slo in (answers(0.999), answers(0.99), accuracy(0.95), accuracy(0.9)):
        assert levels(slo) == []


def test_one_bad_slice_is_refused():
    """At 99 % of hours a day holds 24 slices, and 34 are needed."""
    [found, *_] = check_slo(accuracy(0.99))
    assert found.level == "error"
    assert "24 slices of 1h, and 34 are needed" in found.text
    enough = Pair(timedelta(days=1), timedelta(hours=2), 1 / 36)
    assert accuracy(0.95).needed(enough) == 24
    assert levels(accuracy(0.95, pairs=(enough,))) == []
    daily = check_slo(accuracy(0.95, slice=timedelta(days=1)))
    assert {one.level for one in daily if "one bad slice" in one.text} == {"error"}
    assert "spends 66.67 % of the budget" in daily[0].text


def test_low_traffic_warns():
    """A thousand events a day are too few for an hour at 99.9 %, a million are not."""
    pairs = [pair for level, pair in levels(answers(0.999), 1000) if level == "warning"]
    assert pairs == ["1h/5m"]
    assert "about 41.7 events" in check_slo(answers(0.999), 1000)[0].text
    assert [pair for _, pair in levels(answers(0.999), 300)] == [
        "1h/5m",
        "6h/30m",
        "1d/2h",
        "3d/6h",
    ]
    assert levels(answers(0.999), 1_000_000) == []


def test_windows_must_fit():
    """A short window that is none, and a long one beyond the period."""
    bad = Pair(timedelta(hours=1), timedelta(hours=2), 0.02)
    assert ("error", "1h/2h") in levels(answers(pairs=(bad,)))
    long = Pair(timedelta(days=9), timedelta(hours=18), 0.5)
    texts = [found.text for found in check_slo(answers(period=timedelta(days=7), pairs=(long,)))]
    assert any("longer than that of the objective, 1w" in text for text in texts)


def test_facts():
    """For each pair: factor, limit, events needed, and detection at 100 %, 10 % and twice b."""
    first, *_, last = facts(answers(0.99))
    assert (first.factor, first.limit) == (pytest.approx(14.4), pytest.approx(0.144))
    assert first.needed == 7
    assert [ratio for ratio, _ in first.detection] == [1.0, 0.1, pytest.approx(0.02)]
    assert first.detection[0][1].total_seconds() == pytest.approx(518.4)
    assert [time for _, time in first.detection[1:]] == [None, None]
    assert last.detection[2][1] == timedelta(days=1.5)


def test_the_published_table():
    """Section 4.2: required error ratios by objective and factor."""
    rows = [line.replace(" %", "%").split() for line in required_errors().splitlines()]
    assert rows[0][1:] == ["14.4", "6", "3", "1"]
    assert rows[1:] == [
        ["99.9%", "1.44%", "0.6%", "0.3%", "0.1%"],
        ["99%", "14.4%", "6%", "3%", "1%"],
        ["95%", "72%", "30%", "15%", "5%"],
        ["90%", "144%", "60%", "30%", "10%"],
        ["80%", "288%", "120%", "60%", "20%"],
    ]


def test_words():
    """An SLO in a line; pairs as text and back."""
    assert describe(answers()) == "99.9 % of answers without an error over 30d"
    assert describe(accuracy(calendar="month")) == (
        "95 % of slices with accuracy at 0.9 over a calendar month"
    )
    odd = (Pair(timedelta(hours=30), timedelta(minutes=150), 0.125, Urgency.TICKET),)
    assert parse_pairs(write_pairs(odd)) == odd
    assert parse_pairs(write_pairs(())) == ()
