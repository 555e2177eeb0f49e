"""Whom to tell next, as long as nobody takes it: a state machine whose only timer is a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from watchkeeper.files.zones import zone
from watchkeeper.incidents.oncall.people import Contact, Directory
from watchkeeper.incidents.oncall.schedule import Hours
from watchkeeper.incidents.oncall.walltime import on_the_wall

MAX_STEPS = 10
MAX_REPEAT = 3
WAIT = timedelta(minutes=5)


class Target(msgspec.Struct, frozen=True):
    """Whom to tell: a user, whoever a schedule names then, or a receiver of the routing file."""

    kind: Literal["user", "schedule", "receiver"]
    name: str


class Condition(msgspec.Struct, frozen=True):
    """When a step counts; a step whose condition does not hold is passed over at once.

    Attributes
    ----------
    severities
        Of the alert or incident; all where empty.
    hours, zone
        Only then, on the wall of the zone; always where empty.
    """

    severities: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = ()
    zone: str = "UTC"

    def holds(self, severity: str, at: datetime) -> bool:
        """Whether it does, for a severity at a time."""
        if self.severities and severity not in self.severities:
            return False
        wall = on_the_wall(at, zone(self.zone))
        return not self.hours or any(within(hours, wall) for hours in self.hours)


class Step(msgspec.Struct, frozen=True):
    """Tell some, and give them a while."""

    notify: tuple[Target, ...]
    wait: timedelta = WAIT
    when: Condition = Condition()


class Chain(msgspec.Struct, frozen=True):
    """Steps, and how many times they are gone through again when nobody answers."""

    name: str
    steps: tuple[Step, ...]
    repeat: int = 0


class Status(StrEnum):
    """Where an escalation stands."""

    RUNNING = "running"
    HELD = "held"
    """Somebody has acknowledged; it goes on where it was if that expires."""
    STOPPED = "stopped"
    """It is over: what it was about is."""
    EXHAUSTED = "exhausted"
    """Everybody was told, and nobody answered."""


class Escalation(msgspec.Struct, frozen=True):
    """An escalation as it stands; it holds its chain, so that what was begun goes on as begun.

    Attributes
    ----------
    chain, severity, started_at
        What it was started with.
    status
        Where it stands.
    step, round
        The step that comes next, from 0, and how often the chain was gone through before.
    next_at
        When it goes on; None where it does not.
    told
        How many steps have told somebody.
    """

    chain: Chain
    severity: str
    started_at: datetime
    status: Status = Status.RUNNING
    step: int = 0
    round: int = 0
    next_at: datetime | None = None
    told: int = 0


class Escalated(NamedTuple):
    """What comes of a look at an escalation.

    Attributes
    ----------
    state
        To be stored in one transaction with the messages to `notify`.
    notify
        Whom to tell now, as targets of the chain.
    next_at
        When to look again; None where nothing is due.
    missed
        Schedules on which nobody is on call, and users who are gone, of the steps that were looked
        at: a gap that somebody should be told of.
    """

    state: Escalation
    notify: tuple[Target, ...]
    next_at: datetime | None
    missed: tuple[str, ...] = ()


def contacts_of(target: Target, directory: Directory, at: datetime) -> tuple[Contact, ...]:
    """The ways to reach whom a target stands for at a time, in the order in which they are tried.

    Examples
    --------
    >>> from watchkeeper.incidents.oncall.people import User
    >>> ana = User("ana", contacts=(Contact("email", "ana@example.com"),))
    >>> at = datetime.fromisoformat("2026-01-01T00:00Z")
    >>> contacts_of(Target("user", "ana"), Directory({"ana": ana}), at)[0].address
    'ana@example.com'
    """
    if target.kind == "receiver":
        return (Contact("receiver", target.name),)
    if target.kind == "schedule":
        user = directory.on_call(target.name, at)
    else:
        user = directory.users.get(target.name)
    return () if user is None else user.contacts


def start(chain: Chain, severity: str, now: datetime) -> Escalation:
    """An escalation whose first step is due."""
    return Escalation(chain, severity, now, next_at=now)


def stop(state: Escalation) -> Escalation:
    """The escalation of something that is over."""
    return msgspec.structs.replace(state, status=Status.STOPPED, next_at=None)


def escalate(
    state: Escalation,
    now: datetime,
    *,
    acknowledged: bool,
    directory: Directory | None = None,
) -> Escalated:
    """Whom to tell now.

    May be called at any time and as often as one likes: before `next_at` nothing happens. Late, as
    after a restart, it tells one step and gives that its whole wait, rather than all who were
    missed at once.

    Parameters
    ----------
    state
        As it stands.
    now
        The time.
    acknowledged
        Whether somebody has it, now.
    directory
        Who is on call. A step that would reach nobody is passed over at once; without a directory
        every target counts as reached. While nobody at all could be told it looks again every five
        minutes, and does not end.

    Examples
    --------
    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> chain = Chain("default", (Step((Target("user", "ana"),)), Step((Target("user", "bo"),))))
    >>> first = escalate(start(chain, "P1", at), at, acknowledged=False)
    >>> [target.name for target in first.notify], f"{first.next_at:%H:%M}"
    (['ana'], '00:05')
    >>> escalate(first.state, first.next_at, acknowledged=True).state.status.value
    'held'
    """
    if state.status in {Status.STOPPED, Status.EXHAUSTED}:
        return Escalated(state, (), None)
    if acknowledged:
        held = msgspec.structs.replace(state, status=Status.HELD, next_at=None)
        return Escalated(held, (), None)
    if state.status is Status.HELD:  # What was acknowledged no longer is: go on, now.
        state = msgspec.structs.replace(state, status=Status.RUNNING, next_at=now)
    if state.next_at is not None and now < state.next_at:
        return Escalated(state, (), state.next_at)
    return _go_on(state, now, directory)


def _go_on(state: Escalation, now: datetime, directory: Directory | None) -> Escalated:
    """Go to the next step that reaches somebody, at most once through what is left."""
    chain, missed = state.chain, []
    step, turn = state.step, state.round
    for _ in range(len(chain.steps) * (chain.repeat + 1) + 1):
        if step >= len(chain.steps):
            step, turn = 0, turn + 1
        if turn > chain.repeat or not chain.steps:
            break
        current = chain.steps[step]
        step += 1
        if not current.when.holds(state.severity, now):
            continue
        reached, nobody = _reached(current.notify, now, directory)
        missed += nobody
        if reached:
            after = msgspec.structs.replace(
                state, step=step, round=turn, next_at=now + current.wait, told=state.told + 1
            )
            return Escalated(after, reached, after.next_at, tuple(dict.fromkeys(missed)))
    if (
        not state.told and chain.steps
    ):  # Never end in silence: look again when hours or shifts change.
        again = msgspec.structs.replace(state, step=0, round=0, next_at=now + WAIT)
        return Escalated(again, (), again.next_at, tuple(dict.fromkeys(missed)))
    done = msgspec.structs.replace(
        state, status=Status.EXHAUSTED, step=step, round=turn, next_at=None
    )
    return Escalated(done, (), None, tuple(dict.fromkeys(missed)))


def _reached(
    targets: Iterable[Target], now: datetime, directory: Directory | None
) -> tuple[tuple[Target, ...], list[str]]:
    """The targets behind which there is somebody, and the names behind which there is nobody."""
    if directory is None:
        return tuple(targets), []
    reached, nobody = [], []
    for target in targets:
        there = target.kind == "receiver" or target.name in directory.users
        if target.kind == "schedule":
            there = directory.on_call(target.name, now) is not None
        if there:
            reached.append(target)
        else:
            nobody.append(target.name)
    return tuple(reached), nobody


def within(hours: Hours, wall: datetime) -> bool:
    """Whether a wall-clock time is in the hours of a weekday, or in those of the day before."""
    at, today = wall.time(), wall.weekday()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= at < hours.end
    late = today in hours.days and at >= hours.start
    return late or ((today - 1) % 7 in hours.days and at < hours.end)
