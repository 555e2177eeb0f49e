"""Hours that were measured before there were minutes, marked so that they get theirs."""

from __future__ import annotations

from datetime import datetime

from watchkeeper.store.buckets import Buckets, minutes_since

MINUTES = "minutes"
"""Kept beside the followed versions: 0 once the hours of the last days were measured or marked."""


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
