"""Times at which nothing runs: hours of weekdays, and stretches of the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from watchkeeper.files.zones import zone as zone_of
from watchkeeper.incidents.oncall.escalation import within
from watchkeeper.incidents.oncall.schedule import Hours


class Closed(msgspec.Struct, frozen=True):
    """A time at which nothing runs, on the wall of a zone; either hours or a stretch.

    Attributes
    ----------
    reason
        Why, as whoever is refused is told.
    zone
        An IANA name.
    hours
        Hours of weekdays; None of a stretch.
    start, end
        Of a stretch, without a zone; the end is left out.
    """

    reason: str
    zone: str = "UTC"
    hours: Hours | None = None
    start: datetime | None = None
    end: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is that time.

        >>> from datetime import UTC
        >>> night = Closed("at night", "Europe/Zurich", start=datetime(2026, 1, 1, 22),
        ...     end=datetime(2026, 1, 2, 6))
        >>> night.holds(datetime(2026, 1, 1, 20, 59, tzinfo=UTC))
        False
        >>> night.holds(datetime(2026, 1, 1, 21, tzinfo=UTC))
        True
        """
        wall = now.astimezone(zone_of(self.zone)).replace(tzinfo=None)
        if self.hours is not None:
            return within(self.hours, wall)
        begun = self.start is None or self.start <= wall
        return begun and (self.end is None or wall < self.end)

    @property
    def said(self) -> str:
        """Why, and until when where that is one time."""
        until = f" until {self.end:%Y-%m-%d %H:%M} ({self.zone})" if self.end else ""
        return f"{self.reason}{until}"


def closed_now(closed: Iterable[Closed], now: datetime) -> Closed | None:
    """The first of several that holds now; None where none does."""
    return next((one for one in closed if one.holds(now)), None)
