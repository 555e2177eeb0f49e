"""When something that did not arrive is tried again, and when no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from watchkeeper.actions.results import Failed, Result, Sent

FIRST_S = 1.0
"""The pause after the first failure; it doubles with each further one."""

LONGEST_S = 60.0
"""The longest pause of our own."""

LONGEST_ASKED_S = 3600.0
"""The longest pause that a receiver may ask for: none may put off an alert for a day."""

GIVE_UP_AFTER = timedelta(hours=24)
"""Since the first attempt; then the message is dead and somebody must be told."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has been made.

    Attributes
    ----------
    number
        How many were made, this one counted; from 1.
    first_at
        When the first one was.
    """

    number: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """It arrived."""


@dataclass(frozen=True, slots=True)
class Again:
    """It is to be tried again.

    Attributes
    ----------
    at
        Not before.
    """

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It is not tried again: a dead letter.

    Attributes
    ----------
    why
        For those who look after it.
    """

    why: str


Next: TypeAlias = Done | Again | GiveUp


def next_try(attempt: Attempt, result: Result, now: datetime, random: float) -> Next:
    """What to do after an attempt.

    The pause doubles from a second to a minute, and between half and all of it is waited, so that
    many messages do not come back at once. A longer pause that the receiver asks for is kept, up
    to an hour. Whatever was tried for 24 hours is given up, with a last attempt at the end.

    Parameters
    ----------
    attempt
        The one that was made.
    result
        What became of it.
    now
        The time.
    random
        A uniform random number in [0, 1).

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.actions.results import Retry
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> next_try(Attempt(3, noon), Retry(None, "503"), noon, 0.5).at - noon
    datetime.timedelta(seconds=3)
    """
    if isinstance(result, Sent):
        return Done()
    if isinstance(result, Failed):
        return GiveUp(result.why)
    end = attempt.first_at + GIVE_UP_AFTER
    if now >= end:
        tries = "1 attempt" if attempt.number == 1 else f"{attempt.number} attempts"
        return GiveUp(f"given up after 24 hours and {tries}; the last: {result.why}")
    pause = min(LONGEST_S, FIRST_S * 2.0 ** min(attempt.number - 1, 32)) * (0.5 + random / 2)
    asked = min(result.after_s or 0.0, LONGEST_ASKED_S)
    at = now + timedelta(seconds=max(pause, asked))
    return Again(max(now, min(at, end)))
