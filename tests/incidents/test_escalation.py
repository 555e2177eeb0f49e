"""Escalation: who is told when, what holds it, and that nothing is lost over a restart."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.incidents.oncall.escalation import (
    Chain,
    Condition,
    Escalation,
    Status,
    Step,
    Target,
    escalate,
    start,
    stop,
)
from watchkeeper.incidents.oncall.people import Directory, User
from watchkeeper.incidents.oncall.schedule import Hours, Layer, Rotation, Schedule

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)  # A Monday.
MINUTE = timedelta(minutes=1)


def step(name, wait=5, **when):
    """A step that tells one user."""
    return Step((Target("user", name),), wait * MINUTE, Condition(**when))


def play(chain, minutes, *, held=(), severity="P1", every=1, directory=None):
    """Who is told at which minute, when it is looked at each minute, through JSON each time."""
    state, told = start(chain, severity, T0), []
    for minute in range(0, minutes, every):
        found = escalate(
            state, T0 + minute * MINUTE, acknowledged=minute in held, directory=directory
        )
        told += [(minute, target.name) for target in found.notify]
        state = msgspec.json.decode(msgspec.json.encode(found.state), type=Escalation)
    return told, state


THREE = Chain("c", (step("ana"), step("bo", 10), step("cy", 0)))


def test_step_by_step():
    """Each after the wait of the one before; then it has ended."""
    told, state = play(THREE, 60)
    assert told == [(0, "ana"), (5, "bo"), (15, "cy")]
    assert state.status is Status.EXHAUSTED


def test_repeat():
    """The chain is gone through again as often as it says."""
    told, state = play(Chain("c", (step("ana"), step("bo")), repeat=2), 120)
    assert told == [(m, n) for m, n in zip(range(0, 30, 5), ["ana", "bo"] * 3, strict=True)]
    assert state.status is Status.EXHAUSTED


def test_an_acknowledgement_holds_it_and_its_expiry_goes_on():
    """Where it stood, at once: nobody is told twice, nobody is left out."""
    told, state = play(THREE, 60, held=range(3, 30))
    assert told == [(0, "ana"), (30, "bo"), (40, "cy")]
    assert play(THREE, 32, held=range(3, 30))[1].status is Status.RUNNING
    told, state = play(THREE, 60, held=range(3, 60))
    assert (told, state.status, state.next_at) == ([(0, "ana")], Status.HELD, None)


def test_what_is_over_tells_nobody():
    """Stopped is stopped."""
    state = stop(start(THREE, "P0", T0))
    found = escalate(state, T0 + 60 * MINUTE, acknowledged=False)
    assert (found.notify, found.next_at, found.state.status) == ((), None, Status.STOPPED)


def test_a_long_restart_tells_one_at_a_time():
    """After two hours down the next one is told and given their time, not all at once."""
    first = escalate(start(THREE, "P1", T0), T0, acknowledged=False)
    late = T0 + 120 * MINUTE
    second = escalate(first.state, late, acknowledged=False)
    assert ([t.name for t in second.notify], second.next_at) == (["bo"], late + 10 * MINUTE)


def test_a_clock_that_goes_back_tells_nobody_twice():
    """The deadline is a time: before it nothing happens."""
    first = escalate(start(THREE, "P1", T0), T0, acknowledged=False)
    assert escalate(first.state, T0 - 60 * MINUTE, acknowledged=False).notify == ()


def test_conditions():
    """A step for another severity or another time of day is passed over at once."""
    chain = Chain(
        "c",
        (
            step("only-p0", severities=("P0", "SEV-0")),
            step("night", hours=(Hours(start=time(22), end=time(6)),), zone="Europe/Zurich"),
            step("day", hours=(Hours((0, 1, 2, 3, 4), time(9), time(17)),), zone="Europe/Zurich"),
        ),
    )
    assert play(chain, 30)[0] == [(0, "day")]
    assert play(chain, 30, severity="P0")[0] == [(0, "only-p0"), (5, "day")]


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-03-06T21:59", False), ("2026-03-06T22:00", True), ("2026-03-07T05:59", True),
        ("2026-03-07T06:00", False), ("2026-03-07T23:00", False), ("2026-03-08T01:00", False),
    ],
)  # fmt: skip
def test_friday_night(at, holds):
    """Hours past midnight belong to the day on which they begin."""
    condition = Condition(hours=(Hours((4,), time(22), time(6)),))
    assert condition.holds("P0", datetime.fromisoformat(at).replace(tzinfo=UTC)) is holds


def directory(begins):
    """A schedule that has nobody before a time, and two users."""
    rotation = Rotation(("ana",), begins, timedelta(days=1))
    primary = Schedule("primary", "UTC", (Layer("l", rotation),))
    return Directory({"ana": User("ana"), "bo": User("bo")}, {"primary": primary})


def test_a_gap_in_a_schedule_costs_no_time():
    """A step that reaches nobody is passed over at once, and named."""
    primary = Step((Target("schedule", "primary"),))
    chain = Chain("c", (primary, step("bo")))
    empty = directory(datetime(2030, 1, 1))  # noqa: DTZ001  # on the wall
    found = escalate(start(chain, "P1", T0), T0, acknowledged=False, directory=empty)
    assert ([t.name for t in found.notify], found.missed) == (["bo"], ("primary",))
    gone = Chain("c", (step("zoe"), step("bo")))
    found = escalate(start(gone, "P1", T0), T0, acknowledged=False, directory=empty)
    assert ([t.name for t in found.notify], found.missed) == (["bo"], ("zoe",))
    full = directory(datetime(2026, 1, 1))  # noqa: DTZ001  # on the wall
    found = escalate(start(chain, "P1", T0), T0, acknowledged=False, directory=full)
    assert ([t.name for t in found.notify], found.missed) == (["primary"], ())


def test_it_never_ends_in_silence():
    """Where nobody could be told it looks again, until somebody can."""
    chain = Chain("c", (Step((Target("schedule", "primary"),)),))
    begins = (T0 + 22 * MINUTE).replace(tzinfo=None)
    told, state = play(chain, 60, directory=directory(begins))
    assert told == [(25, "primary")]
    assert state.status is Status.EXHAUSTED


CHAIN = st.builds(
    lambda waits, repeat: Chain("c", tuple(step(str(n), w) for n, w in enumerate(waits)), repeat),
    st.lists(st.integers(0, 20), min_size=1, max_size=10),
    st.integers(0, 3),
)


@settings(max_examples=300, deadline=None)
@given(CHAIN, st.lists(st.tuples(st.integers(-5, 30), st.booleans()), max_size=80))
def test_laws_of_any_history(chain, looks):
    """Whatever the looks and acknowledgements: in order, each once a round, none while held."""
    state, now, told, since = start(chain, "P1", T0), T0, [], None
    for minutes, acknowledged in looks:
        now += minutes * MINUTE
        found = escalate(state, now, acknowledged=acknowledged)
        assert not (acknowledged and found.notify)
        assert escalate(found.state, now, acknowledged=True).notify == ()
        if found.notify:
            if since is not None and state.status is Status.RUNNING:
                assert now >= since
            since = found.next_at
        told += [target.name for target in found.notify]
        state = msgspec.json.decode(msgspec.json.encode(found.state), type=Escalation)
        assert state == found.state
    everybody = [str(n) for n in range(len(chain.steps))] * (chain.repeat + 1)
    assert told == everybody[: len(told)]
    assert (state.status is Status.EXHAUSTED) <= (told == everybody)
