"""SLO files as people write them, right and wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.slo.objective import EVENT_PAIRS, SLICE_PAIRS, Kind, Pair, Urgency
from watchkeeper.monitors.slo.reading import parse_slos

WHOLE = """\
# Whose comment is no matter.
slos:
  - name: answers
    model: flights
    description: People wait.
    objective: 99.9%
    window: 28d
    sli: {kind: latency, under_ms: 200}
    min_bad: 5
    alerts:
      - {long: 1h, share: 2%}
      - {long: 1d, short: 1h, share: 0.1, severity: ticket}
    maintenance:
      - 2026-01-01..2026-01-02
    labels: {team: ramp}
  - name: accurate
    sli: {kind: quality, metric: mae, target: 5, better: lower}
    window: month
    slice: 2h
    no_data: bad
  - name: up
    objective: 0.99
    sli: availability
  - name: fresh
    sli: {kind: freshness, within: 15m}
  - {name: calm, sli: {kind: drift_free}, alerts: []}
  - {name: own, sli: {good: "accuracy >= 0.9 && volume > 100"}}
  - {name: sliced, sli: availability, budgeting: timeslices, slice_target: 99%}
"""


def test_a_whole_file():
    """Every key of an SLO arrives; what is left out has its default."""
    first, second, third, fresh, calm, own, sliced = parse_slos(WHOLE)
    assert (first.name, first.model, first.description) == ("answers", "flights", "People wait.")
    assert (first.objective, first.period) == (0.999, timedelta(days=28))
    assert (first.indicator.kind, first.indicator.under_ms) == (Kind.LATENCY, 200)
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert first.pairs == (
        Pair(hour, hour / 12, 0.02, Urgency.PAGE),
        Pair(day, hour, 0.1, Urgency.TICKET),
    )
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    assert first.maintenance == (Window(new_year, new_year + day),)
    assert (first.labels, first.min_bad) == ({"team": "ramp"}, 5)
    assert (first.line, first.column) == (3, 5)
    assert (second.budgeting, second.objective, second.pairs) == ("timeslices", 0.95, SLICE_PAIRS)
    assert (second.calendar, second.period) == ("month", timedelta(days=30))
    assert (second.slice, second.no_data) == (timedelta(hours=2), "bad")
    assert (second.indicator.metric, second.indicator.target) == ("mae", 5)
    assert second.indicator.better == "lower"
    assert (third.objective, third.budgeting, third.pairs) == (0.99, "occurrences", EVENT_PAIRS)
    assert fresh.indicator.within == timedelta(minutes=15)
    assert calm.pairs == ()
    assert (own.indicator.kind, own.indicator.good) == (
        Kind.CONDITION,
        "accuracy >= 0.9 && volume > 100",
    )
    assert (sliced.slice_target, sliced.slice) == (0.99, timedelta(hours=1))


def test_files_without_slos():
    """A file of other things, and an empty one, have none."""
    assert parse_slos("groups: []") == ()
    assert parse_slos("") == ()
    assert parse_slos("slos:") == ()


def test_several_documents():
    """Each document may have a list."""
    one = "slos: [{name: a, objective: 99%, sli: availability}]"
    assert [slo.name for slo in parse_slos(one + "\n---\n" + one.replace("a,", "b,"))] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slos: [", "x.yaml, line 1, column 8: this is no YAML"),
        ("- a", "x.yaml, line 1, column 1: the file must hold keys and values"),
        ("slos: {}", "x.yaml, line 1, column 7: slos must be a list"),
        ("slos: [3]", "line 1, column 8: an SLO must hold keys and values"),
        ("slos:\n  - objectve: 1", "line 2, column 5: unknown key 'objectve' in an SLO; did you"),
        ("slos: [{}]", "name is missing"),
        ("slos: [{name: a}]", "sli is missing"),
        ("slos: [{name: 'a b'}]", "'a b' is no name of an SLO"),
        ("slos: [{name: a, name: b}]", "line 1, column 18: the key 'name' stands twice"),
        ("slos: [{name: a, sli: availability}]", "objective is missing"),
        ("slos: [{objective: 99.9}]", "'99.9' is no share; write 99.9% or 0.999, above 0 and un"),
        ("slos: [{objective: 99.9}]", "did you mean 99.9%?"),
        ("slos: [{objective: 100%}]", "'100%' is no share"),
        ("slos: [{window: 30 days}]", "'30 days' is no length of time"),
        ("slos: [{window: 0s}]", "must be longer than none"),
        ("slos: [{sli: latancy}]", "'latancy' is not allowed; use availability, latency, fresh"),
        ("slos: [{sli: latancy}]", "did you mean 'latency'?"),
        ("slos: [{sli: latency}]", "line 1, column 14: the sli of kind latency needs under_ms"),
        ("slos: [{sli: {kind: latency, under_ms: fast}}]", "under_ms: 'fast' is no number"),
        ("slos: [{sli: {kind: latency, under_ms: -1}}]", "under_ms must be above 0"),
        ("slos: [{sli: {metric: f1}}]", "sli has neither `kind` nor `good`"),
        ("slos: [{sli: {kind: drift_free, metric: f1}}]", "unknown key 'metric' in the sli of"),
        ("slos: [{sli: drift_free, budgeting: occurrences}]", "write `budgeting: timeslices`"),
        ("slos: [{budgeting: hours}]", "use occurrences, timeslices"),
        ("slos: [{name: a, objective: 99%, sli: availability, slice: 1h}]", "slice belongs to"),
        ("slos: [{name: a, sli: availability, budgeting: timeslices}]", "slice_target is missing"),
        ("slos: [{name: a, objective: 99%, sli: availability, min_bad: 0}]", "whole number"),
        ("slos: [{name: a, objective: 99%, sli: availability, alerts: [{long: 1h}]}]", "share is"),
        (
            "slos: [{name: a, objective: 99%, sli: availability, maintenance: [now]}]",
            "'now' is no range of time",
        ),
    ],
)
def test_what_is_wrong_is_told(text, said):
    """Line, column, what was written, what is allowed, and the nearest name."""
    with pytest.raises(InputError) as error:
        parse_slos(text, name="x.yaml")
    assert said in str(error.value)


def test_all_at_once():
    """Every problem of a file is told, by its place."""
    text = "slos:\n  - {name: a, objective: 2}\n  - {nme: b}\n  - {name: c, sli: x}\n"
    with pytest.raises(InputError) as error:
        parse_slos(text, name="f")
    lines = str(error.value).splitlines()
    assert [line.split(":")[0].split(",")[1] for line in lines] == sorted(
        line.split(":")[0].split(",")[1] for line in lines
    )
    assert {line.split(",")[1] for line in lines} == {" line 2", " line 3", " line 4"}


def test_alerts_that_cannot_fire_are_refused_with_the_table():
    """At 90 % the fast pair would need 144 % errors; the table says what each objective needs."""
    with pytest.raises(InputError) as error:
        parse_slos("slos:\n  - {name: a, objective: 90%, sli: availability}", name="f")
    told = str(error.value)
    assert told.startswith("f, line 2, column 5: the SLO 'a': the alert on 1h/5m can never fire")
    assert "144 % errors" in told
    assert "80 %   288 %   120 %    60 %    20 %" in told


def test_alerts_that_one_bad_slice_fires_are_refused():
    """Daily slices cannot have the default pairs."""
    with pytest.raises(InputError, match="one bad slice would fire the alert on 1d/2h"):
        parse_slos("slos: [{name: a, sli: drift_free, slice: 1d}]")
    assert parse_slos("slos: [{name: a, sli: drift_free, slice: 1d, alerts: []}]")[0].pairs == ()


def test_names_that_stand_twice():
    """Within a model a name tells one SLO."""
    one = "{name: a, objective: 99%, sli: availability"
    with pytest.raises(InputError, match="the SLO 'a' stands twice, first on line 1"):
        parse_slos(f"slos: [{one}}}, {one}}}]")
    assert len(parse_slos(f"slos: [{one}, model: m}}, {one}, model: n}}]")) == 2


def test_a_huge_file_is_refused():
    """Aliases that multiply end before memory does."""
    text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for before, after in zip("abcdefg", "bcdefgh", strict=True):
        text += f"{after}: &{after} [{','.join(['*' + before] * 10)}]\n"
    with pytest.raises(InputError, match="too many entries"):
        parse_slos(text)
