"""A back-test in one row of a table: how many alarms, how long, and how good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from watchkeeper.core.errors import InputError
from watchkeeper.monitors.backtest import Firing, Firings, Span

_HOUR: Final = timedelta(hours=1)
_QUARTER: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Hits:
    """How alarms and incidents meet; they meet where they overlap.

    Attributes
    ----------
    incidents
        How many there were while the rule was evaluated.
    hits, misses
        How many of them met an alarm, and how many none.
    false_alarms
        Alarms that met no incident.
    median_delay_hours
        From the start of an incident that was hit to its first alarm, 0 where one fired already;
        None where none was hit.
    """

    incidents: int
    hits: int
    misses: int
    false_alarms: int
    median_delay_hours: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a back-test comes to.

    Attributes
    ----------
    alert
        The rule's name.
    days
        From the first evaluation to the last.
    alarms, told
        How often it fired, and how often somebody would have been told, which is less where it
        flapped.
    alarms_per_90_days
        None where less than a day was evaluated.
    hours_firing, longest_hours
        How long it fired altogether, and at most at once.
    share_firing
        Of the time that was evaluated.
    pending
        How often it was pending and did not fire.
    flapped
        How often it began to flap.
    hours_no_data, hours_error
        How long an alert about missing data, or about an error, fired.
    against
        Hits and misses; None where no incidents were given.
    """

    alert: str
    days: float
    alarms: int
    told: int
    alarms_per_90_days: float | None
    hours_firing: float
    longest_hours: float
    share_firing: float
    pending: int
    flapped: int
    hours_no_data: float
    hours_error: float
    against: Hits | None = None

    def to_row(self) -> dict[str, Any]:
        """One flat row of a table, hits and misses included.

        >>> row = Summary("Low", 90.0, 2, 1, 2.0, 5.5, 4.0, 0.01, 0, 0, 0.0, 0.0).to_row()
        >>> row["alarms_per_90_days"], "hits" in row
        (2.0, False)
        """
        row = asdict(self)
        return row | (row.pop("against") or {})


def summarise(
    found: Firings,
    incidents: Sequence[tuple[datetime, datetime]] | None = None,
    *,
    grace: timedelta = timedelta(),
) -> Summary:
    """A back-test in one row.

    Parameters
    ----------
    found
        What the rule would have done.
    incidents
        From when to when something was wrong, where that is known.
    grace
        An alarm so long after the end of an incident still belongs to it; the rule's window, for a
        window sees an incident until it has passed.

    Raises
    ------
    InputError
        An incident ends before it begins.

    Examples
    --------
    >>> from datetime import UTC
    >>> def at(hour): return datetime(2026, 1, 1, hour, tzinfo=UTC)
    >>> fired = Firing(at(2), at(3), at(5), None)
    >>> found = Firings("Low", at(0), at(23), 24, (fired,), told=1)
    >>> row = summarise(found, [(at(1), at(4)), (at(10), at(12))]).to_row()
    >>> row["hours_firing"], row["hits"], row["misses"], row["median_delay_hours"]
    (2.0, 1, 1, 2.0)
    """
    length = found.last - found.first if found.first and found.last else timedelta()
    fired = [_hours(one.fired_at, one.until, found.last) for one in found.firings]
    alarms = len(found.firings)
    return Summary(
        alert=found.alert,
        days=length / timedelta(days=1),
        alarms=alarms,
        told=found.told,
        alarms_per_90_days=alarms * (_QUARTER / length) if length >= timedelta(days=1) else None,
        hours_firing=sum(fired),
        longest_hours=max(fired, default=0.0),
        share_firing=sum(fired) / (length / _HOUR) if length else 0.0,
        pending=found.pending,
        flapped=found.flapped,
        hours_no_data=_total(found.no_data, found.last),
        hours_error=_total(found.errors, found.last),
        against=None if incidents is None else _against(found, incidents, grace),
    )


def _hours(start: datetime, until: datetime | None, last: datetime | None) -> float:
    end = until or last or start
    return (end - start) / _HOUR


def _total(spans: Sequence[Span], last: datetime | None) -> float:
    return sum(_hours(span.start, span.until, last) for span in spans)


def _against(
    found: Firings, incidents: Sequence[tuple[datetime, datetime]], grace: timedelta
) -> Hits:
    """Hold alarms against incidents."""
    for start, end in incidents:
        if end < start:
            raise InputError(f"an incident ends at {end:%Y-%m-%d %H:%M}, before it begins")
    if found.first is None or found.last is None:
        return Hits(0, 0, 0, 0, None)
    first, last = found.first, found.last
    known = [(start, end + grace) for start, end in incidents if start <= last and end >= first]
    met = [[one for one in found.firings if _meet(one, start, end)] for start, end in known]
    delays = [
        max(0.0, (alarms[0].fired_at - start) / _HOUR)
        for (start, _), alarms in zip(known, met, strict=True)
        if alarms
    ]
    false = [
        one for one in found.firings if not any(_meet(one, start, end) for start, end in known)
    ]
    hits = len(delays)
    return Hits(len(known), hits, len(known) - hits, len(false), median(delays) if delays else None)


def _meet(firing: Firing, start: datetime, end: datetime) -> bool:
    return firing.fired_at <= end and (firing.until is None or firing.until > start)
