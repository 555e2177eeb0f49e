"""Silences: for a while, nobody is told of alerts that match."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from watchkeeper.alerts.matchers import Matcher, all_match
from watchkeeper.core.alert import Labels
from watchkeeper.core.errors import ConflictError, InputError


class SilenceState(StrEnum):
    """Before, within and after the time of a silence."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """For a while, nobody is told of alerts that match.

    Attributes
    ----------
    id
        Made by who stores it.
    matchers
        Sets of matchers; an alert is silenced where all of any set match.
    starts_at, ends_at
        The half-open time for which it is in force.
    created_by, comment
        Who, and why.
    updated_at
        When it was last changed.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.alerts.matchers import parse_matchers
    >>> day = datetime(2026, 1, 1, tzinfo=UTC)
    >>> silence = Silence(id="1", matchers=(parse_matchers("team=ml"),), starts_at=day,
    ...     ends_at=day.replace(day=2), created_by="ann", comment="move", updated_at=day)
    >>> silence.state(day).value, silence.mutes({"team": "ml"}, day)
    ('active', True)
    """

    id: str
    matchers: tuple[tuple[Matcher, ...], ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    updated_at: datetime

    def state(self, now: datetime) -> SilenceState:
        """Where it stands."""
        if now < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if now < self.ends_at else SilenceState.EXPIRED

    def mutes(self, labels: Labels, now: datetime) -> bool:
        """Whether it is in force and matches."""
        return self.state(now) is SilenceState.ACTIVE and any(
            all_match(matchers, labels) for matchers in self.matchers
        )


def silenced_by(silences: Iterable[Silence], labels: Labels, now: datetime) -> tuple[Silence, ...]:
    """The silences in force that match labels."""
    return tuple(silence for silence in silences if silence.mutes(labels, now))


def check_silence(silence: Silence, now: datetime) -> None:
    """Refuse a new silence that can do nothing, or that would silence everything.

    Raises
    ------
    InputError
        It has no matchers, or only such as match an alert without labels; or it ends before it
        begins, or has ended.
    """
    if not silence.matchers or not all(silence.matchers):
        raise InputError("a silence needs a matcher, such as alertname=Late")
    if any(all_match(matchers, {}) for matchers in silence.matchers):
        raise InputError(
            "a silence needs a matcher that does not match the empty text, or it would silence "
            "every alert"
        )
    if silence.ends_at <= silence.starts_at:
        raise InputError("a silence ends before it begins; choose a later end")
    if silence.ends_at <= now:
        raise InputError("a silence ends in the past; choose a later end")


def expire(silence: Silence, now: datetime) -> Silence:
    """A silence that is over now.

    Raises
    ------
    ConflictError
        It is over already.
    """
    state = silence.state(now)
    if state is SilenceState.EXPIRED:
        raise ConflictError(f"the silence {silence.id!r} has already ended")
    starts_at = now if state is SilenceState.PENDING else silence.starts_at
    return msgspec.structs.replace(silence, starts_at=starts_at, ends_at=now, updated_at=now)


def change(old: Silence, new: Silence, now: datetime, *, new_id: str) -> tuple[Silence, ...]:
    """What is stored where a silence is posted over another: the last one is in force.

    What was silenced stays on record: a change of matchers, of a past start or of a silence that
    is over ends the old one and begins another under `new_id`.

    Raises
    ------
    InputError
        As for `check_silence`.
    """
    check_silence(new, now)
    state = old.state(now)
    same_start = new.starts_at == old.starts_at
    in_place = new.matchers == old.matchers and (
        (state is SilenceState.ACTIVE and same_start)
        or (state is SilenceState.PENDING and new.starts_at >= now)
    )
    if in_place:
        return (msgspec.structs.replace(new, id=old.id, updated_at=now),)
    begun = msgspec.structs.replace(
        new, id=new_id, starts_at=max(new.starts_at, now), updated_at=now
    )
    return (begun,) if state is SilenceState.EXPIRED else (expire(old, now), begun)
