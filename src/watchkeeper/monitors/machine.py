"""The state machine of one alert of a rule, with Prometheus' meaning of every name it shares.

::

    inactive ──true──▶ pending ──`for` is over──▶ firing ──false──▶ recovering ──▶ inactive
        ▲                 │                          ▲                  │
        └──────false──────┘                          └───────true───────┘

`keep_firing_for` and `clear` hold an alert in recovering; without them it is inactive, which for
what fired means resolved, at the first false evaluation. Missing data and errors are states of
their own, which do not resolve what fires. Time comes in with the observation and in no other way;
everything that the next evaluation needs is in the instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from watchkeeper.core.alert import NAME, SEVERITY, Alert, Labels
from watchkeeper.core.estimate import finite
from watchkeeper.monitors.instance import Instance, Told, alerts_of, is_idle, told_next
from watchkeeper.monitors.rule import Observation, Rule, State, Truth

FLAPS: Final = 4
FLAP_WINDOW: Final = 24
"""An alert flaps that began to fire or ceased to so often in so many evaluations."""

GONE_AFTER: Final = 24
"""Evaluations without a sign after which a series that vanished is given up."""

_ANSWERS: Final = (Truth.TRUE, Truth.FALSE)
_FLIPS: Final = (1 << FLAP_WINDOW) - 1


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state, for the history.

    Attributes
    ----------
    at
        The evaluation that brought it.
    before, after
        The states.
    note
        Why, where there is something to say.
    """

    at: datetime
    before: State
    after: State
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What one evaluation makes of an instance.

    Attributes
    ----------
    instance
        To keep for the next evaluation; None where there is nothing to remember.
    alerts
        To hand on, at every evaluation: what fires has no `ends_at`, what is over has one.
    transition
        The change of state; None where there was none.
    began_flapping
        Whether this evaluation made it flap.
    """

    instance: Instance | None
    alerts: tuple[Alert, ...] = ()
    transition: Transition | None = None
    began_flapping: bool = False


def step(
    instance: Instance | None,
    observation: Observation,
    rule: Rule,
    labels: Labels,
    annotations: Labels,
) -> Step:
    """One evaluation of one alert of a rule.

    `for`, `keep_firing_for` and the time for which a resolved alert is handed on again are those
    of Prometheus. Beyond it:

    - With a `clear` condition what fires goes on firing until that is true; only then does
      `keep_firing_for` begin.
    - After `no_data_after` evaluations in a row without data or with an error, the policy acts.
      Under `alert` an alert about the rule fires and what is pending is dropped; under `ok` the
      condition counts as false; under `keep` nothing happens, as before the policy acts. So
      neither missing data nor errors resolve what fires, except under `ok`.
    - While an alert flaps, its end is not told: it is handed on as firing until it no longer
      flaps, so that it is told once. Its states are as ever.
    - Where a longer `for` makes what fires pending again, it is told as over.
    - An evaluation that was answered already changes nothing. One before the last answer means
      that the clock was set back: all times move back with it, so that nothing waits for the old
      clock and nothing begins anew. One between the last answer and the last evaluation is one
      that had no data then, and is made good.

    Parameters
    ----------
    instance
        What the last step left; None at first.
    observation
        What the condition says, and when.
    rule
        The rule as it is now.
    labels, annotations
        Of the alert, without templates. `alertname` and `severity` are added. Labels that are not
        those of the last step end the alert that had them.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> rule = Rule("Low", "accuracy < 0.9", for_=timedelta(minutes=5))
    >>> noon, done = datetime(2026, 1, 1, 12, tzinfo=UTC), Step(None)
    >>> for minutes, truth in ((0, Truth.TRUE), (5, Truth.TRUE), (6, Truth.FALSE)):
    ...     seen = Observation(noon + timedelta(minutes=minutes), truth)
    ...     done = step(done.instance, seen, rule, {"model": "flights"}, {})
    ...     print(done.transition.after, [alert.ends_at for alert in done.alerts])
    pending []
    firing [None]
    inactive [datetime.datetime(2026, 1, 1, 12, 6, tzinfo=datetime.timezone.utc)]
    """
    at = observation.at
    if instance is None:
        if observation.truth is Truth.FALSE:
            return Step(None)
        instance = Instance(labels=_full(rule, labels), annotations=dict(annotations), since=at)
    elif instance.labels != _full(rule, labels):
        return _relabelled(instance, observation, rule, labels, annotations)
    if _is_known(instance, observation):
        return Step(instance, alerts_of(instance))
    old, truth = _rebased(instance, at), _effective(instance, observation)
    cleared = observation.clear in (None, Truth.TRUE)
    new = _remembered(old, _moved(old, truth, at, rule, cleared=cleared), at)
    new = replace(new, seen_at=at, note=observation.note)
    if truth in _ANSWERS:
        new = _measured(replace(new, evaluated_at=at, no_data_count=0), observation)
    if truth is Truth.TRUE:
        new = replace(new, last_true_at=at, annotations=dict(annotations))
    return _done(old, new, at)


@dataclass(frozen=True, slots=True)
class Turn:
    """What `step` is given for one alert of a rule, the rule apart."""

    instance: Instance | None
    observation: Observation
    labels: Labels
    annotations: Labels


def step_all(turns: Sequence[Turn], rule: Rule) -> list[Step]:
    """One evaluation of all alerts of a rule, none left out, so that its `limit` can be held.

    Where more alerts than the limit would be pending or firing, the evaluation counts as one with
    an error: none is raised, what fires goes on as `on_error` says. Where nothing is remembered
    yet, the first alert stands for all of them, so that the error is told once.

    Examples
    --------
    >>> from datetime import UTC
    >>> noon, rule = datetime(2026, 1, 1, 12, tzinfo=UTC), Rule("Low", "a < 1", limit=1)
    >>> seen = Observation(noon, Truth.TRUE)
    >>> done = step_all([Turn(None, seen, {"c": c}, {}) for c in "abc"], rule)
    >>> [one.instance and one.instance.note for one in done]
    ['3 alerts are more than the limit of 1', None, None]
    """
    done = [step(one.instance, one.observation, rule, one.labels, one.annotations) for one in turns]
    count = sum(one.instance is not None and one.instance.active_at is not None for one in done)
    if not rule.limit or count <= rule.limit:
        return done
    told = f"{count} alerts are more than the limit of {rule.limit}"
    first = all(one.instance is None for one in turns)
    return [
        step(one.instance, _unanswered(one.observation, told), rule, one.labels, one.annotations)
        if one.instance is not None or (first and place == 0)
        else Step(None)
        for place, one in enumerate(turns)
    ]


def last_alerts(steps: Iterable[Step]) -> tuple[Alert, ...]:
    """The alerts to hand on after several evaluations at once: of each alert the last word.

    Only the last step's would not do: what fired before is over in one of them, and after a
    quarter of an hour no later one says so.

    >>> last_alerts([])
    ()
    """
    found = {alert.fingerprint: alert for one in steps for alert in one.alerts}
    return tuple(found.values())


def vanish(instance: Instance, at: datetime, rule: Rule, note: str = "") -> Step:
    """One evaluation of an alert whose series is no longer there, such as a segment's value.

    It counts as missing data. After `GONE_AFTER` evaluations it is given up: what fires is told as
    over, under every policy, for otherwise it would fire for ever.
    """
    if instance.no_data_count >= max(GONE_AFTER, rule.no_data_after):
        return end(instance, at, note or "it has not been seen for long")
    gone = Observation(at, Truth.NO_DATA, note=note or "it is no longer there")
    labels = {name: text for name, text in instance.labels.items() if name != NAME}
    return step(instance, gone, rule, labels, instance.annotations)


def end(instance: Instance, at: datetime, note: str = "the rule is gone") -> Step:
    """Give an instance up, as when its rule or model was removed: all that fires is over.

    Examples
    --------
    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> seen = Observation(noon, Truth.TRUE)
    >>> found = step(None, seen, Rule("Low", "accuracy < 0.9"), {}, {})
    >>> end(found.instance, noon).alerts[0].is_over(noon)
    True
    """
    old = _rebased(instance, at)
    over = replace(
        old,
        note=note,
        told=told_next(old.told, at, None, hold=False),
        told_no_data=told_next(old.told_no_data, at, None, hold=False),
        told_error=told_next(old.told_error, at, None, hold=False),
    )
    change = None
    if old.state is not State.INACTIVE:
        change = Transition(at, old.state, State.INACTIVE, note)
    return Step(None, alerts_of(over), change)


def amend(instance: Instance, observation: Observation) -> Instance:
    """Take up what late data say of an evaluation of the past; nobody is told anew.

    The last evaluation gets its new numbers. An older one is only noted as amended, for what
    followed it is known already. The state stays; the next evaluation, which sees the late data as
    well, may change it.

    Examples
    --------
    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> kept = Instance(labels={}, since=noon, evaluated_at=noon, value=0.8)
    >>> late = amend(kept, Observation(noon, Truth.FALSE, value=0.95))
    >>> late.value, late.amended_at == noon, late.state
    (0.95, True, <State.INACTIVE: 'inactive'>)
    """
    new = replace(instance, amended_at=observation.at)
    if observation.at == instance.evaluated_at and observation.truth in _ANSWERS:
        return _measured(new, observation)
    return new


def current(instance: Instance) -> tuple[Alert, ...]:
    """The alerts to hand on between two evaluations, as the last one left them."""
    return alerts_of(instance)


def _full(rule: Rule, labels: Labels) -> dict[str, str]:
    """The labels of the alert."""
    full = {**labels, NAME: rule.alert}
    if rule.severity is not None:
        full.setdefault(SEVERITY, rule.severity.value)
    return full


def _relabelled(
    instance: Instance, observation: Observation, rule: Rule, labels: Labels, annotations: Labels
) -> Step:
    """A step on new labels: the alert of the old ones is over, the state goes on."""
    ended = end(instance, observation.at, "its labels have changed")
    moved = replace(
        instance, labels=_full(rule, labels), told=None, told_no_data=None, told_error=None
    )
    done = step(moved, observation, rule, labels, annotations)
    alerts = (*(alert for alert in ended.alerts if alert.ends_at is not None), *done.alerts)
    return Step(done.instance, alerts, done.transition, began_flapping=done.began_flapping)


def _is_known(instance: Instance, observation: Observation) -> bool:
    """Whether this evaluation was made before, with no worse an answer."""
    if instance.no_data_count and observation.at == instance.seen_at:
        decisive = observation.clear if observation.truth is Truth.FALSE else observation.truth
        return decisive in (Truth.NO_DATA, Truth.ERROR)
    return observation.at == instance.evaluated_at


def _rebased(instance: Instance, at: datetime) -> Instance:
    """The same after the clock was set back: all times move with it, lengths of time stay."""
    if instance.evaluated_at is None or at >= instance.evaluated_at:
        return instance
    jump = instance.evaluated_at - at

    def back(time: datetime | None) -> datetime | None:
        try:
            return None if time is None else min(time - jump, at)
        except OverflowError:
            return at  # Before the year 1.

    def told(one: Told | None) -> Told | None:
        return None if one is None else Told(back(one.since) or at, back(one.until))

    return replace(
        instance,
        since=back(instance.since) or at,
        seen_at=back(instance.seen_at),
        evaluated_at=at,
        active_at=back(instance.active_at),
        fired_at=back(instance.fired_at),
        resolved_at=back(instance.resolved_at),
        keep_since=back(instance.keep_since),
        last_true_at=back(instance.last_true_at),
        told=told(instance.told),
        told_no_data=told(instance.told_no_data),
        told_error=told(instance.told_error),
    )


def _effective(instance: Instance, observation: Observation) -> Truth:
    """The truth that decides: where only `clear` can tell, that it cannot be told counts."""
    truth, clear = observation.truth, observation.clear
    if truth is Truth.FALSE and instance.fires and clear in (Truth.NO_DATA, Truth.ERROR):
        return clear
    return truth


def _moved(old: Instance, truth: Truth, at: datetime, rule: Rule, *, cleared: bool) -> Instance:
    """The instance in its next state."""
    if truth is Truth.TRUE:
        return _held(old, at, rule)
    if truth is Truth.FALSE:
        return _released(old, at, rule, cleared=cleared)
    return _blind(replace(old, no_data_count=old.no_data_count + 1), truth, at, rule)


def _held(old: Instance, at: datetime, rule: Rule) -> Instance:
    """The condition is true."""
    active_at = old.active_at or at
    new = replace(old, active_at=active_at, keep_since=None)
    if at - active_at < rule.for_:
        resolved_at = at if old.fires else old.resolved_at
        return replace(_in(new, State.PENDING), resolved_at=resolved_at)
    if old.fires:
        return _in(new, State.FIRING)
    return replace(_in(new, State.FIRING), fired_at=at, resolved_at=None)


def _released(old: Instance, at: datetime, rule: Rule, *, cleared: bool) -> Instance:
    """The condition is false."""
    if not old.fires:
        return replace(_in(old, State.INACTIVE), active_at=None, keep_since=None)
    if not cleared:
        return replace(_in(old, State.RECOVERING), keep_since=None)
    keep_since = old.keep_since or at
    if at - keep_since < rule.keep_firing_for:
        return replace(_in(old, State.RECOVERING), keep_since=keep_since)
    return replace(_in(old, State.INACTIVE), active_at=None, keep_since=None, resolved_at=at)


def _blind(old: Instance, truth: Truth, at: datetime, rule: Rule) -> Instance:
    """Nobody knows: the policy decides, once it has waited long enough."""
    policy = rule.no_data if truth is Truth.NO_DATA else rule.on_error
    if old.no_data_count < rule.no_data_after or policy == "keep":
        return _in(old, old.under)
    if policy == "ok":
        return _released(old, at, rule, cleared=True)
    if not old.fires:
        old = replace(_in(old, State.INACTIVE), active_at=None, keep_since=None)
    return replace(old, state=State.NO_DATA if truth is Truth.NO_DATA else State.ERROR)


def _in(instance: Instance, state: State) -> Instance:
    return replace(instance, state=state, under=state)


def _remembered(old: Instance, new: Instance, at: datetime) -> Instance:
    """The new instance with how often it changed and what is told of it."""
    flips = ((old.flips << 1) | (old.fires != new.fires)) & _FLIPS
    flapping = flips.bit_count() >= FLAPS
    begun = new.fired_at if new.fires else None
    no_data = at if new.state is State.NO_DATA else None
    error = at if new.state is State.ERROR else None
    return replace(
        new,
        since=at if new.state is not old.state else old.since,
        flips=flips,
        flapping=flapping,
        told=told_next(old.told, at, begun, hold=flapping),
        told_no_data=told_next(old.told_no_data, at, no_data, hold=False),
        told_error=told_next(old.told_error, at, error, hold=False),
    )


def _unanswered(observation: Observation, note: str) -> Observation:
    return Observation(observation.at, Truth.ERROR, note=note)


def _measured(instance: Instance, observation: Observation) -> Instance:
    """The instance with the numbers of an observation; JSON has no NaN."""
    return replace(
        instance,
        value=finite(observation.value),
        low=finite(observation.low),
        high=finite(observation.high),
        rows=observation.rows,
    )


def _done(old: Instance, new: Instance, at: datetime) -> Step:
    change = None
    if new.state is not old.state:
        change = Transition(at, old.state, new.state, new.note)
    kept = None if is_idle(new) else new
    began = new.flapping and not old.flapping
    return Step(kept, alerts_of(new), change, began_flapping=began)
