"""Times on the wall of a place as instants, in order even where clocks change.

Rotations are arithmetic on wall-clock times, without a zone; only the result becomes an instant. So
a hand-over at 09:00 is at 09:00 on both sides of a change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=65536)
def instant(wall: datetime, place: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in a place first show a wall-clock time or go past it.

    A time that occurs twice is taken at its first occurrence. A time that is skipped is the instant
    of the change. So an earlier wall-clock time never gives a later instant.

    Parameters
    ----------
    wall
        Without a zone.
    place
        The zone.

    Examples
    --------
    >>> zurich = ZoneInfo("Europe/Zurich")
    >>> instant(datetime(2026, 3, 29, 9), zurich).isoformat()
    '2026-03-29T07:00:00+00:00'
    >>> instant(datetime(2026, 3, 29, 2, 30), zurich).isoformat()  # skipped: clocks go to 03:00
    '2026-03-29T01:00:00+00:00'
    >>> instant(datetime(2026, 10, 25, 2, 30), zurich).isoformat()  # twice: in summer time
    '2026-10-25T00:30:00+00:00'
    """
    first = wall.replace(tzinfo=place, fold=0)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    if before is None or after is None or after <= before:  # No change, or clocks go back.
        return first.astimezone(UTC)
    low = (wall - after).replace(tzinfo=UTC)  # Before the change, since clocks go forward …
    high = (wall - before).replace(tzinfo=UTC)  # … and after it.
    while high - low > _SECOND:
        middle = low + ((high - low) / 2 // _SECOND) * _SECOND
        if middle.astimezone(place).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def on_the_wall(at: datetime, place: ZoneInfo) -> datetime:
    """What clocks in a place show at an instant, without a zone."""
    return at.astimezone(place).replace(tzinfo=None)
