"""Rules and evaluations a minute apart, written as signs, for tests of the state machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watchkeeper.monitors.machine import step
from watchkeeper.monitors.rule import Observation, Rule, State, Truth

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LABELS = {"model": "flights", "carrier": "AA"}
SIGNS = {"+": Truth.TRUE, "-": Truth.FALSE, "?": Truth.NO_DATA, "!": Truth.ERROR}
LETTERS = {
    State.INACTIVE: ".",
    State.PENDING: "p",
    State.FIRING: "F",
    State.RECOVERING: "r",
    State.NO_DATA: "?",
    State.ERROR: "!",
}


def rule(**options):
    """A rule whose lengths of time are whole minutes."""
    for name in ("for_", "keep_firing_for"):
        if name in options:
            options[name] = options[name] * MINUTE
    return Rule("Low", "accuracy < 0.9", **options)


def seen(minute, truth, clear=None, **known):
    """An observation at a minute."""
    return Observation(START + minute * MINUTE, truth, clear, **known)


def run(rule, truths, clears=None, instance=None, first=0):
    """The steps of a sequence such as `++-?`, one a minute; `clears` likewise, blank for none."""
    steps = []
    for index, sign in enumerate(truths):
        clear = SIGNS.get(clears[index]) if clears else None
        done = step(instance, seen(first + index, SIGNS[sign], clear), rule, LABELS, {"a": sign})
        instance = done.instance
        steps.append(done)
    return steps


def states(steps):
    """A letter a state."""
    return "".join(LETTERS[s.instance.state] if s.instance else "." for s in steps)


def told(steps, name="Low"):
    """A letter a step: 1 where the alert fires, 0 where it is over, a blank for neither."""
    found = ""
    for done in steps:
        alerts = [alert for alert in done.alerts if alert.name == name]
        found += "".join("1" if alert.ends_at is None else "0" for alert in alerts) or " "
    return found
