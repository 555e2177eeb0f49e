"""What must survive a restart: groups of alerts, and who has been told what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from watchkeeper.core.alert import Alert

Why = Literal["inhibited", "muted", "silenced"]
"""What keeps an alert from being told: another alert, the hour, a silence."""

CLOCK_SLACK = timedelta(minutes=1)
"""By how much two clocks may differ before one of them is taken to have been set back."""


class GroupState(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that are told together.

    Attributes
    ----------
    key
        Its name: the route and the labels that the alerts share.
    route
        The key of its route.
    receiver
        Who is told.
    labels
        What the alerts share.
    alerts
        By fingerprint: all that fire, and those that are over and not yet looked at.
    next_flush
        When it is to be looked at next.
    seen
        When `next_flush` was set; tells a clock that was set back.
    created
        When its first alert came.
    ended
        Fingerprints of alerts that are over, whatever a clock says that was set back since.
    moved
        Fingerprints of alerts that a new configuration puts elsewhere.
    withheld
        Alerts that fired at the last look and were not to be told, and why.
    """

    key: str
    route: str
    receiver: str
    labels: dict[str, str]
    alerts: dict[str, Alert]
    next_flush: datetime
    seen: datetime
    created: datetime
    ended: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    withheld: dict[str, Why] = {}

    def due(self, now: datetime) -> bool:
        """Whether it is to be looked at: its time has come, or the clock was set back.

        Examples
        --------
        >>> from datetime import UTC
        >>> at = datetime(2026, 1, 1, tzinfo=UTC)
        >>> group = GroupState(key="k", route="{}", receiver="ml", labels={}, alerts={},
        ...     next_flush=at + timedelta(minutes=5), seen=at, created=at)
        >>> group.due(at), group.due(at + timedelta(minutes=5)), group.due(at - timedelta(days=1))
        (False, True, True)
        """
        planned = max(self.next_flush - self.seen, timedelta())
        return now >= self.next_flush or self.next_flush - now > planned + CLOCK_SLACK

    def is_over(self, fingerprint: str, now: datetime) -> bool:
        """Whether one of its alerts no longer fires here."""
        return (
            fingerprint in self.ended
            or fingerprint in self.moved
            or self.alerts[fingerprint].is_over(now)
        )

    def firing(self, now: datetime) -> dict[str, Alert]:
        """Its alerts that fire, by fingerprint."""
        return {
            fingerprint: alert
            for fingerprint, alert in self.alerts.items()
            if not self.is_over(fingerprint, now)
        }


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What one receiver has been told of one group.

    Attributes
    ----------
    group_key, receiver
        Which.
    firing
        Fingerprints of alerts of which the receiver is to be told the end: their beginning has
        been decided to be told, and their end has not.
    resolved
        Fingerprints whose end the last message told.
    at
        When the last message was decided.
    reason
        Why it was.
    known
        By channel of the receiver, fingerprints of alerts that fire as far as it can know: told,
        and delivered.
    acknowledged
        Fingerprints that somebody has taken on …
    acknowledged_by, acknowledged_at, acknowledged_until
        … who, when, and until when repeats wait.
    """

    group_key: str
    receiver: str
    firing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    at: datetime | None = None
    reason: str = ""
    known: dict[str, tuple[str, ...]] = {}
    acknowledged: tuple[str, ...] = ()
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_until: datetime | None = None

    @property
    def is_spent(self) -> bool:
        """Whether it can be forgotten once its group is gone."""
        return not self.firing and not any(self.known.values())

    def taken_on(self, now: datetime) -> frozenset[str]:
        """Fingerprints whose repeats wait at a time."""
        until = self.acknowledged_until
        in_force = until is not None and now < until
        return frozenset(self.acknowledged) if in_force else frozenset()
