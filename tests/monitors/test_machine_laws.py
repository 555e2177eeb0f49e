"""The state machine: laws over random sequences."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.monitors.steps import LABELS, MINUTE, START, rule, seen
from watchkeeper.core.alert import Severity
from watchkeeper.monitors.instance import RETENTION, Instance
from watchkeeper.monitors.machine import end, last_alerts, step, vanish
from watchkeeper.monitors.rule import Observation, State, Truth

policies = st.sampled_from(["alert", "keep", "ok"])
rules = st.builds(
    rule,
    for_=st.integers(0, 4),
    keep_firing_for=st.integers(0, 4),
    no_data=policies,
    on_error=policies,
    no_data_after=st.integers(0, 3),
)
truths = st.sampled_from(list(Truth))
gaps = st.sampled_from([1, 1, 1, 1, 2, 3, 0, -1, -3, 100, 10**6, -(10**6)])
moments = st.lists(st.tuples(gaps, truths, st.none() | truths), max_size=60)


def walk(rule, moments):
    """Every step of a random sequence, with what went in."""
    instance, minute = None, 0
    for gap, truth, clear in moments:
        minute += gap
        observation = seen(minute, truth, clear, value=1.0)
        done = step(instance, observation, rule, LABELS, {"a": truth})
        yield instance, observation, done
        instance = done.instance


LEGAL = {
    State.INACTIVE: set(State) - {State.RECOVERING},
    State.PENDING: set(State) - {State.RECOVERING},
    State.FIRING: set(State) - {State.PENDING},
    State.RECOVERING: set(State),
    State.NO_DATA: set(State),
    State.ERROR: set(State),
}


@given(rules, moments)
def test_only_legal_changes(rule, moments):
    """What is pending or inactive cannot recover; what fires becomes pending by reload alone."""
    for before, _, done in walk(rule, moments):
        old = before.state if before else State.INACTIVE
        new = done.instance.state if done.instance else State.INACTIVE
        assert (done.transition is not None) == (old is not new)
        if done.transition is not None:
            assert (done.transition.before, done.transition.after) == (old, new)
            assert new in LEGAL[old]


@given(rules, moments)
def test_what_was_told_as_firing_is_told_as_over_or_still_fires(rule, moments):
    """Per label set, at every moment, with the end never before the start."""
    firing = set()
    for before, observation, done in walk(rule, moments):
        latest = max(observation.at, before.seen_at) if before else observation.at
        now_firing = {a.fingerprint for a in done.alerts if a.ends_at is None}
        now_over = {a.fingerprint for a in done.alerts if a.ends_at is not None}
        assert not now_firing & now_over
        assert firing <= now_firing | now_over
        for alert in done.alerts:
            assert alert.ends_at is None or alert.starts_at <= alert.ends_at <= latest
            assert alert.ends_at is None or observation.at - alert.ends_at <= RETENTION
        firing = now_firing


@given(rules, moments)
def test_pending_is_never_longer_than_for(rule, moments):
    """At a true evaluation that leaves it pending, `for` is not over; a false one leaves none."""
    for _, observation, done in walk(rule, moments):
        kept = done.instance
        if kept is None or kept.state is not State.PENDING or kept.evaluated_at != observation.at:
            continue
        assert observation.at - kept.active_at < rule.for_ or kept.last_true_at != observation.at


@given(rules, moments)
def test_it_fires_and_clears_at_once_where_nothing_waits(rule, moments):
    """A true evaluation leaves pending or firing; a false one, neither."""
    for before, observation, done in walk(rule, moments):
        if before and before.evaluated_at == observation.at:
            continue
        state = done.instance.state if done.instance else State.INACTIVE
        if observation.truth is Truth.TRUE:
            assert state in (State.PENDING, State.FIRING)
        if observation.truth is Truth.FALSE and observation.clear in (None, Truth.TRUE):
            assert state in (State.INACTIVE, State.RECOVERING)
        if observation.truth is Truth.TRUE and not rule.for_:
            assert state is State.FIRING


@given(rules, moments)
def test_json_and_repetition_change_nothing(rule, moments):
    """At every step: written and read it is the same, and the same step gives the same."""
    for before, observation, done in walk(rule, moments):
        copy = msgspec.json.decode(msgspec.json.encode(before), type=Instance | None)
        assert copy == before
        annotations = {"a": observation.truth}
        assert step(copy, observation, rule, LABELS, annotations) == done
        if done.instance is not None:
            again = step(done.instance, observation, rule, LABELS, annotations)
            assert again.instance == done.instance
            assert again.alerts == done.alerts


severities = st.sampled_from(list(Severity))
deeds = st.sampled_from(["step"] * 12 + ["vanish"] * 3 + ["end"])
batches = st.lists(
    st.tuples(rules, severities, st.lists(st.tuples(deeds, gaps, truths), min_size=1, max_size=5)),
    max_size=25,
)


@given(batches)
def test_whatever_comes_who_was_told_that_it_fires_is_told_that_it_is_over(batches):
    """Reloads with other lengths and labels, gone segments and rules, clocks, lost time."""
    instance, minute, firing = None, 0, set()
    for loaded, severity, moments in batches:
        changed = replace(loaded, severity=severity)
        steps = []
        for deed, gap, truth in moments:
            minute += gap
            at = START + minute * MINUTE
            if deed == "step" or instance is None:
                done = step(instance, Observation(at, truth), changed, LABELS, {})
            elif deed == "vanish":
                done = vanish(instance, at, changed)
            else:
                done = end(instance, at)
            instance = done.instance
            steps.append(done)
        alerts = last_alerts(steps)
        now_firing = {alert.fingerprint for alert in alerts if alert.ends_at is None}
        now_over = {alert.fingerprint for alert in alerts if alert.ends_at is not None}
        assert firing <= now_firing | now_over
        firing = now_firing
    if instance is None:
        assert not firing
    else:
        last = end(instance, START + minute * MINUTE)
        assert firing <= {alert.fingerprint for alert in last.alerts if alert.ends_at}
