"""The state machine: Prometheus' rules one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tests.monitors.steps import LABELS, MINUTE, SIGNS, START, rule, run, seen, states, told
from watchkeeper.core.alert import Severity
from watchkeeper.monitors.instance import Instance
from watchkeeper.monitors.machine import (
    GONE_AFTER,
    Step,
    Turn,
    amend,
    current,
    end,
    last_alerts,
    step,
    step_all,
    vanish,
)
from watchkeeper.monitors.rule import Observation, State, Truth


@pytest.mark.parametrize(
    ("options", "truths", "expected"),
    [
        ({}, "-+-", ".F."),
        ({"for_": 2}, "++++-", "ppFF."),
        ({"for_": 2}, "++-+++", "pp.ppF"),
        ({"for_": 1}, "+-+-+", "p.p.p"),
        ({"keep_firing_for": 2}, "+----", "Frr.."),
        ({"keep_firing_for": 2}, "+-+---+", "FrFrr.F"),
        ({"for_": 1, "keep_firing_for": 1}, "++-+--", "pFrFr."),
    ],
)
def test_states_are_those_of_prometheus(options, truths, expected):
    """`for` counts from the first true, `keep_firing_for` from the first false one."""
    assert states(run(rule(**options), truths)) == expected


@pytest.mark.parametrize(
    ("options", "truths", "clears", "expected"),
    [
        ({}, "+---", " --+", "Frr."),
        ({}, "+-+-", " - +", "FrF."),
        ({"keep_firing_for": 2}, "+-----", " -++++", "Frrr.."),
        ({"keep_firing_for": 2}, "+------", " ++-+++", "Frrrrr."),
        ({"for_": 1}, "+-++", "----", "p.pF"),
        ({}, "++", "++", "FF"),
    ],
)
def test_what_fires_goes_on_until_clear(options, truths, clears, expected):
    """Hysteresis holds what fires, not what is pending; `keep_firing_for` follows it."""
    assert states(run(rule(**options), truths, clears)) == expected[: len(truths)]


@pytest.mark.parametrize(
    ("options", "truths", "expected", "own", "trouble"),
    [
        ({}, "+????+", "FF???F", "111111", "  1110"),
        ({}, "-???--", "..??..", "      ", "  1100"),
        ({"no_data_after": 1}, "?-", "?.", "  ", "10"),
        ({"no_data_after": 0}, "?-", "?.", "  ", "10"),
        ({"no_data_after": 3}, "+???-", "FFF?.", "11110", "   10"),
        ({"for_": 9}, "++??+", "ppp?p", "     ", "   10"),
        ({"for_": 3}, "+?++", "pppF", "   1", "    "),
        ({"no_data": "keep"}, "+????-", "FFFFF.", "111110", "      "),
        ({"no_data": "keep", "for_": 5}, "+????+", "pppppF", "     1", "      "),
        ({"no_data": "ok"}, "+???", "FF..", "1100", "    "),
        ({"no_data": "ok", "keep_firing_for": 2}, "+?????", "FFrr..", "111100", "      "),
        ({"no_data": "ok", "for_": 9}, "++??+", "ppp.p", "     ", "     "),
    ],
)
def test_missing_data_follow_their_policy(options, truths, expected, own, trouble):
    """What fires is not resolved by missing data, but under `ok`; `alert` raises one of its own."""
    steps = run(rule(**options), truths)
    assert states(steps) == expected
    assert told(steps) == own
    assert told(steps, "NoData") == trouble


def test_errors_have_a_policy_and_an_alert_of_their_own():
    """They count with missing data, and one kind takes the place of the other."""
    steps = run(rule(), "+!!??-")
    assert states(steps) == "FF!??."
    assert told(steps, "EvaluationError") == "  1000"
    assert told(steps, "NoData") == "   110"
    assert told(steps) == "111110"
    steps = run(rule(on_error="ok", no_data="keep"), "+!!??")
    assert states(steps) == "FF..."


def test_that_clearing_cannot_be_told_counts_as_missing():
    """Where only `clear` can end an alert, its missing data raise the alert about missing data."""
    steps = run(rule(), "+---+", " ??? ")
    assert states(steps) == "FF??F"
    assert told(steps, "NoData") == "  110"


def test_alerts_about_the_rule_name_it():
    """They carry the labels of the instance, the rule's name and the reason."""
    missing = seen(0, Truth.NO_DATA, note="accuracy rests on 3 rows; 100 are needed")
    done = step(None, missing, rule(no_data_after=1, severity=Severity.P1), LABELS, {})
    [alert] = done.alerts
    assert alert.labels == {**LABELS, "alertname": "NoData", "rulename": "Low", "severity": "P1"}
    assert alert.annotations == {"summary": "Low has no data", "description": missing.note}


def test_labels_are_completed_and_the_severity_label_of_the_rule_wins():
    """`alertname` is the rule; `severity` is the rule's, unless a label says another."""
    fires = seen(0, Truth.TRUE)
    [alert] = step(None, fires, rule(severity=Severity.P0), LABELS, {}).alerts
    assert alert.labels == {**LABELS, "alertname": "Low", "severity": "P0"}
    [alert] = step(None, fires, rule(severity=Severity.P0), {"severity": "page"}, {}).alerts
    assert alert.labels == {"alertname": "Low", "severity": "page"}


def test_what_fires_says_what_it_knows():
    """Evidence is of the last answer; annotations are of the last true one, as in Prometheus."""
    done = step(None, seen(0, Truth.TRUE, value=0.8, low=0.7, rows=50), rule(), LABELS, {"a": "1"})
    [alert] = done.alerts
    assert alert.starts_at == START
    assert alert.evidence == {"value": 0.8, "low": 0.7, "rows": 50}
    done = step(done.instance, seen(1, Truth.NO_DATA, note="none"), rule(), LABELS, {"a": "2"})
    assert done.alerts[0].evidence == {"value": 0.8, "low": 0.7, "rows": 50, "note": "none"}
    done = step(done.instance, seen(2, Truth.FALSE, value=float("nan")), rule(), LABELS, {"a": "3"})
    [alert] = done.alerts
    assert alert.annotations == {"a": "1"}
    assert alert.evidence == {}
    assert (alert.starts_at, alert.ends_at) == (START, START + 2 * MINUTE)


def test_annotations_follow_the_condition_while_it_is_true():
    """The latest true evaluation's are told, as in Prometheus."""
    first = step(None, seen(0, Truth.TRUE), rule(), LABELS, {"a": "1"})
    second = step(first.instance, seen(1, Truth.TRUE), rule(), LABELS, {"a": "2"})
    assert second.alerts[0].annotations == {"a": "2"}


def test_a_resolve_is_handed_on_for_a_quarter_of_an_hour():
    """With the same times; after that, and once it cannot flap, nothing is remembered."""
    steps = run(rule(), "+" + "-" * 30)
    assert told(steps) == "1" + "0" * 16 + " " * 14
    over = [step.alerts[0] for step in steps[1:17]]
    assert all(alert == over[0] for alert in over)
    assert over[0].ends_at == START + MINUTE
    assert steps[24].instance is not None
    assert steps[25].instance is None


def test_a_longer_for_makes_what_fires_pending_and_tells_that_it_is_over():
    """As in Prometheus, but that who was told is told."""
    before = run(rule(for_=1), "+++")
    after = run(rule(for_=5), "+++", instance=before[-1].instance, first=3)
    assert states(after) == "ppF"
    assert told(after) == "001"


def test_flapping_is_told_once():
    """Four changes in 24 evaluations: told as firing until there are fewer; states as ever."""
    steps = run(rule(), "+-+-+-" + "-" * 30)
    assert states(steps) == "F.F.F." + "." * 30
    assert told(steps) == "101111" + "1" * 20 + "0" * 10
    assert [index for index, done in enumerate(steps) if done.began_flapping] == [3]
    assert steps[3].alerts[0].evidence["flapping"] is True
    assert steps[25].alerts[0].evidence["flapping"] is True
    assert "flapping" not in steps[26].alerts[0].evidence
    assert steps[26].alerts[0].ends_at == START + 26 * MINUTE


def test_transitions_are_told_for_the_history():
    """Each change of state, when and why; none where nothing changed."""
    steps = run(rule(for_=1), "-+++-")
    changes = [done.transition for done in steps]
    assert changes[0] is changes[3] is None
    assert [(c.before, c.after) for c in changes if c] == [
        (State.INACTIVE, State.PENDING),
        (State.PENDING, State.FIRING),
        (State.FIRING, State.INACTIVE),
    ]
    assert changes[4].at == START + 4 * MINUTE


def test_the_same_evaluation_twice_changes_nothing():
    """As when another process made it too; the alerts are handed on again."""
    first = run(rule(), "+")[0]
    again = step(first.instance, seen(0, Truth.FALSE), rule(), LABELS, {})
    assert again == Step(first.instance, first.alerts)
    unknown = run(rule(no_data_after=1), "?")[0]
    again = step(unknown.instance, seen(0, Truth.ERROR), rule(), LABELS, {})
    assert again == Step(unknown.instance, unknown.alerts)
    options = {"on_error": "ok", "no_data_after": 1}
    resolved = run(rule(**options), "+-", " !")[1]
    again = step(resolved.instance, seen(1, Truth.FALSE, Truth.ERROR), rule(**options), LABELS, {})
    assert again == Step(resolved.instance, resolved.alerts)


def test_what_was_missed_is_made_good():
    """Evaluations without an answer are made again in order, and page for what had been."""
    blind = run(rule(for_=2), "-!!!!")
    assert told(blind, "EvaluationError") == "  111"
    made_good = run(rule(for_=2), "+++-", instance=blind[-1].instance, first=1)
    assert states(made_good) == "ppF."
    assert told(made_good) == "  10"
    assert told(made_good, "EvaluationError") == "0000"
    over = next(a for a in made_good[0].alerts if a.name == "EvaluationError")
    assert over.starts_at <= over.ends_at


def test_a_clock_that_was_set_back_mutes_nothing():
    """After a visit to the year 2036 an alert still fires after `for`, and still resolves."""
    future = 10 * 365 * 24 * 60
    ahead = run(rule(for_=2), "+", first=future)
    back = run(rule(for_=2), "+++--", instance=ahead[-1].instance)
    assert states(back) == "ppF.."
    ahead = run(rule(keep_firing_for=2), "+-", first=future)
    back = run(rule(keep_firing_for=2), "---", instance=ahead[-1].instance)
    assert states(back) == "rr."
    assert all(a.starts_at <= (a.ends_at or START) for s in back for a in s.alerts if a.ends_at)


@pytest.mark.parametrize("back", [1, 3, 10**6, 10**9])
def test_a_clock_that_was_set_back_tells_nothing_anew(back):
    """What fires goes on firing, and what is over stays over."""
    fires = run(rule(for_=2), "+++")[-1].instance
    after = run(rule(for_=2), "++?+", instance=fires, first=2 - back)
    assert states(after) == "FFFF"
    assert told(after) == "1111"
    over = run(rule(), "+-")[-1].instance
    assert told(run(rule(), "--", instance=over, first=1 - back)) == "00"
    blind = step(fires, seen(2 - back, Truth.NO_DATA), rule(for_=2), LABELS, {})
    assert blind.instance.evaluated_at == START + (2 - back) * MINUTE
    seeing = step(blind.instance, seen(2 - back, Truth.TRUE), rule(for_=2), LABELS, {})
    assert (seeing.instance.no_data_count, seeing.instance.state) == (0, State.FIRING)


def test_the_first_year_is_no_trouble():
    """A clock without a battery."""
    fires = run(rule(), "+++")[-1].instance
    first = datetime(1, 1, 1, tzinfo=UTC)
    done = step(fires, Observation(first, Truth.TRUE), rule(), LABELS, {})
    assert (done.instance.state, done.instance.fired_at) == (State.FIRING, first)


def test_new_labels_end_the_alert_that_had_the_old():
    """A rule's severity changes: the old alert is over, the new one fires since when it fired."""
    before = step(None, seen(0, Truth.TRUE), rule(severity=Severity.P2), LABELS, {})
    after = step(before.instance, seen(1, Truth.TRUE), rule(severity=Severity.P0), LABELS, {})
    old, new = after.alerts
    assert (old.labels["severity"], old.ends_at) == ("P2", START + MINUTE)
    assert (new.labels["severity"], new.ends_at, new.starts_at) == ("P0", None, START)
    assert after.transition is None


def test_what_vanished_is_missing_and_at_last_given_up():
    """A segment's value that nobody sends: an alert about it, and in the end nothing fires."""
    done = run(rule(), "+")[0]
    counts = []
    for minute in range(1, GONE_AFTER + 2):
        done = vanish(done.instance, START + minute * MINUTE, rule())
        counts.append(tuple(alert.ends_at is None for alert in done.alerts))
    assert counts[0] == (True,)
    assert counts[1:-1] == [(True, True)] * (GONE_AFTER - 1)
    assert counts[-1] == (False, False)
    assert done.instance is None


def test_what_is_given_up_is_told_as_over():
    """Its own alert and that about missing data, at once, and nothing that was never told."""
    done = end(run(rule(), "+??")[-1].instance, START + 9 * MINUTE)
    assert [(a.name, a.ends_at) for a in done.alerts] == [
        ("Low", START + 9 * MINUTE),
        ("NoData", START + 9 * MINUTE),
    ]
    assert done.transition.after is State.INACTIVE
    pending = end(run(rule(for_=5), "+")[-1].instance, START)
    assert pending.alerts == ()


def together(rule, held, truths, minute):
    """One evaluation of alerts that a letter tells apart."""
    turns = [
        Turn(held.get(letter), seen(minute, SIGNS[sign]), {"of": letter}, {})
        for letter, sign in truths.items()
    ]
    return dict(zip(truths, step_all(turns, rule), strict=True))


def test_more_alerts_than_the_limit_are_an_error():
    """None is raised, what fires goes on, and the error is told once for each that is known."""
    limited = rule(limit=2)
    done = together(limited, {}, {"a": "+", "b": "+", "c": "-"}, 0)
    assert [len(done[letter].alerts) for letter in "abc"] == [1, 1, 0]
    for minute in (1, 2):
        held = {letter: one.instance for letter, one in done.items()}
        done = together(limited, held, {"a": "+", "b": "-", "c": "+", "d": "+"}, minute)
    assert [[alert.name for alert in done[letter].alerts] for letter in "abcd"] == [
        ["Low", "EvaluationError"],
        ["Low", "EvaluationError"],
        [],
        [],
    ]
    assert done["a"].instance.note == "3 alerts are more than the limit of 2"
    held = {letter: one.instance for letter, one in done.items()}
    done = together(limited, held, {"a": "+", "b": "-", "c": "-", "d": "+"}, 3)
    assert [done[letter].instance and done[letter].instance.state for letter in "abcd"] == [
        State.FIRING,
        State.INACTIVE,
        None,
        State.FIRING,
    ]


def test_pending_alerts_count_to_the_limit_and_without_a_limit_all_fire():
    """As in Prometheus; the first alert stands for all where nothing is known."""
    limited = rule(limit=1, for_=5, no_data_after=1)
    done = together(limited, {}, {"a": "+", "b": "+"}, 0)
    assert [alert.name for alert in done["a"].alerts] == ["EvaluationError"]
    assert done["b"] == Step(None)
    done = together(rule(), {}, dict.fromkeys("abcdef", "+"), 0)
    assert all(one.instance.state is State.FIRING for one in done.values())


def test_of_several_evaluations_each_alert_has_the_last_word():
    """What was over long before the last of them is told as over all the same."""
    before = run(rule(), "+")[0]
    steps = run(rule(), "-" * 40, instance=before.instance, first=1)
    assert steps[-1].alerts == ()
    [over] = last_alerts(steps)
    assert over.ends_at == START + MINUTE
    [again] = last_alerts(run(rule(), "-" * 40 + "+", instance=before.instance, first=1))
    assert again.ends_at is None


def test_late_data_amend_and_do_not_tell():
    """The last evaluation gets the new numbers; the alerts that fire stay those that fire."""
    done = run(rule(), "+")[0]
    late = amend(done.instance, seen(0, Truth.FALSE, value=0.95, rows=200))
    assert (late.state, late.value, late.rows) == (State.FIRING, 0.95, 200)
    [alert] = current(late)
    assert alert.ends_at is None
    assert alert.evidence["amended_at"] == START.isoformat()
    older = amend(done.instance, seen(-5, Truth.TRUE, value=0.1))
    assert older.value == done.instance.value
    assert older.amended_at == START - 5 * MINUTE


def test_instances_of_an_older_version_are_read():
    """Every field that may be added later has a default."""
    text = b'{"labels":{"alertname":"Low"},"since":"2026-01-01T00:00:00Z"}'
    read = msgspec.json.decode(text, type=Instance)
    assert read == Instance(labels={"alertname": "Low"}, since=START)
