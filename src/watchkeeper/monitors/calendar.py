"""What people know of the times in which a model lives: its hours, holidays, accepted levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Calendar:
    """What people know of the times of a series.

    Attributes
    ----------
    time_zone
        Where hours and days are counted, as in the IANA database; UTC where empty.
    holidays
        Dates there that are as Sundays, and teach nothing.
    accepted
        The level since then is the new normal.

    Examples
    --------
    >>> Calendar("America/New_York", frozenset([date(2026, 12, 25)])).zone.key
    'America/New_York'
    """

    time_zone: str = ""
    holidays: frozenset[date] = frozenset()
    accepted: datetime | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone; None for UTC."""
        return ZoneInfo(self.time_zone) if self.time_zone else None


EVERYWHERE = Calendar()
"""Nothing is known: hours of UTC, no holidays."""
