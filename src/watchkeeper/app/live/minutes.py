"""Hours whose rows are measured again, by the minute too: which, and how many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watchkeeper.store.buckets import Buckets, minutes_since

MINUTES = "minutes"
"""Kept beside the followed versions: 0 once the hours of the last days were measured or marked."""

_AT_ONCE = 6
"""Hours that are held by the minute at once: 90 MB with a hundred versions that all answer."""


def begin_minutes(model: str, buckets: Buckets, at: datetime) -> None:
    """Mark the hours of the last days as stale where an earlier release has measured them.

    They are profiled again from their rows. Until then they have no minutes, rather than those of
    some of their rows.

    Parameters
    ----------
    model
        The model's name.
    buckets
        The store; nobody else writes to it.
    at
        The time now.
    """
    if buckets.followed(model, MINUTES) >= 0:
        return
    since = minutes_since(at)
    span = buckets.span(model, layout="")
    hours: list[datetime] = []
    if span is not None and span[1] > since:
        held = buckets.buckets(model, layout="", start=since, end=span[1])
        hours = [bucket.start for bucket in held if bucket.hours == 1]
    with buckets.transaction(now=at) as change:
        change.stale(model, hours, "rows")
        change.follow(model, MINUTES, 0)


def few_with_minutes(hours: Sequence[datetime], at: datetime) -> list[datetime]:
    """The first of the hours, so many that their minutes fit memory.

    Parameters
    ----------
    hours
        In ascending order, at least one.
    at
        The time now.

    Examples
    --------
    >>> from datetime import UTC
    >>> hours = [datetime(2026, 3, 7, hour, tzinfo=UTC) for hour in range(24)]
    >>> len(few_with_minutes(hours, datetime(2026, 3, 8, tzinfo=UTC)))
    6
    >>> len(few_with_minutes(hours, datetime(2026, 3, 10, 23, tzinfo=UTC)))
    24
    """
    older = sum(hour < minutes_since(at) for hour in hours)
    return list(hours[: older + _AT_ONCE])
