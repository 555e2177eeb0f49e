"""What a detector says of a model after a closed bucket, in numbers and in one sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from watchkeeper.monitors.budget.effects import Effect


class Level(StrEnum):
    """Where a model stands."""

    QUIET = "quiet"
    WATCHING = "watching"
    """A tenth of the evidence that an alarm needs."""
    ALARM = "alarm"
    """From the bucket that raised it until every stream that it named is back or accepted."""
    NO_DATA = "no_data"
    """No stream had data in the bucket, and no alarm stands."""


class Contribution(msgspec.Struct, frozen=True):
    """One stream's part in the evidence.

    Attributes
    ----------
    stream
        Its name.
    log_m
        The logarithm of its own M; None at M = 0.
    share
        Its part of the model's M, 0 to 1.
    """

    stream: str
    log_m: float | None
    share: float


class Verdict(msgspec.Struct, frozen=True):
    """What a closed bucket leaves of a model.

    Attributes
    ----------
    at
        Where the bucket began.
    level
        Quiet, watching, alarm or no data.
    page
        Whether somebody is to be told now. At most once for each alarm.
    amended
        Whether what has been told has changed: more suspects, or late data that withdraw or move
        an alarm.
    ended
        Whether the alarm that stood is over with this bucket.
    log_m
        The logarithm of the evidence; None at 0. In the bucket that raises an alarm, what raised
        it; it begins anew after that.
    threshold
        The evidence at which an alarm is raised.
    contributions
        The streams, those with most evidence first.
    suspects
        The streams of the alarm that stands, each with how far it has moved.
    alarm_at
        The bucket that raised the alarm that stands.
    sentence
        All this in words.
    """

    at: datetime
    level: Level
    page: bool
    amended: bool
    ended: bool
    log_m: float | None
    threshold: float
    contributions: tuple[Contribution, ...]
    suspects: tuple[Effect, ...]
    alarm_at: datetime | None
    sentence: str


def sentence_of(
    level: Level,
    ratio: float,
    suspects: Sequence[Effect],
    titles: Mapping[str, str],
    *,
    ended: bool,
) -> str:
    """What a verdict says in words.

    Parameters
    ----------
    ratio
        The evidence as a share of what an alarm needs.

    Examples
    --------
    >>> sentence_of(Level.QUIET, 0.0123, (), {}, ended=False)
    'no change beyond the tolerance; evidence 1.2 % of what an alarm needs'
    """
    if level is Level.NO_DATA:
        return "no stream had data in this bucket"
    if level is Level.ALARM:
        parts = [_moved(effect, titles.get(effect.stream, effect.stream)) for effect in suspects]
        return "changed beyond the tolerance: " + "; ".join(parts)
    share = f"evidence {_percent(ratio)} of what an alarm needs"
    if level is Level.WATCHING:
        leading = [_moved(effect, titles.get(effect.stream, effect.stream)) for effect in suspects]
        return "; ".join([f"watching: {share}", *leading])
    start = "back to what is tolerated" if ended else "no change beyond the tolerance"
    return f"{start}; {share}"


def _moved(effect: Effect, title: str) -> str:
    verb = "rose" if effect.value >= effect.reference else "fell"
    last = f"in the last {effect.buckets:,} buckets" if effect.buckets > 1 else "in the last bucket"
    form = _percent if effect.unit == "rate" else _number
    ends = (effect.value, effect.low, effect.high, effect.tolerated)
    if effect.unit == "sd" and effect.value < 0:
        ends = (-effect.value, -effect.high, -effect.low, -effect.tolerated)
    value, low, high, limit = (form(number) for number in ends)
    if effect.unit == "psi":
        return f"{title}: corrected PSI {value} ({low} to {high}) {last}, {limit} is tolerated"
    if effect.unit == "sd":
        way = "up" if effect.value >= 0 else "down"
        return (
            f"{title} moved {way} by {value} reference standard deviations "
            f"({low} to {high}) {last}, {limit} is tolerated"
        )
    return (
        f"{title} {verb} from {form(effect.reference)} to {value} ({low} to {high}) {last}, "
        f"{limit} is tolerated"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _percent(share: float) -> str:
    """A share in per cent, two digits of it at least.

    >>> _percent(0.1234), _percent(0.00012)
    ('12.3 %', '0.012 %')
    """
    if share == 0 or math.isinf(share):
        return "0 %" if share == 0 else "far more than 100 %"
    return f"{100 * share:.2g} %" if abs(share) < 0.1 else f"{100 * share:.3g} %"
