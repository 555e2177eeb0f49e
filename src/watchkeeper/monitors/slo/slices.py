"""Slices of time that were good or bad, in place of events."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from watchkeeper.monitors.slo.burn import Events, without
from watchkeeper.monitors.slo.objective import Slo
from watchkeeper.monitors.truths import FALSE, NO_DATA, TRUE, Truths


def slices(slo: Slo, good: Truths, start: datetime) -> Events:
    """Bad and all slices from what is known of each: TRUE is good, FALSE bad.

    NO_DATA and ERROR, such as slices without labels yet, are left out of both, or bad where the SLO
    says `no_data: bad`.

    Parameters
    ----------
    slo
        An SLO of time slices.
    good
        The codes of consecutive slices.
    start
        When the first of them began.

    Examples
    --------
    >>> from datetime import UTC
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> slo = Slo("fresh", 0.95, Indicator(Kind.FRESHNESS), budgeting="timeslices")
    >>> codes = np.array([TRUE, FALSE, NO_DATA], np.int8)
    >>> found = slices(slo, codes, datetime(2026, 1, 1, tzinfo=UTC))
    >>> found.bad.tolist(), found.total.tolist()
    ([0.0, 1.0, 0.0], [1.0, 1.0, 0.0])
    """
    known = (good == TRUE) | (good == FALSE)
    bad = good == FALSE
    if slo.no_data == "bad":
        known, bad = np.ones(len(good), bool), good != TRUE
    return Events(bad.astype(np.float64), known.astype(np.float64), start, slo.slice)


def event_slices(slo: Slo, events: Events) -> Events:
    """Bad and all slices from events: good where the share of good ones reaches `slice_target`.

    The first slice begins with the first bucket; one that is not over yet does not count. A slice
    without events is one without data. Planned work is taken out of the events first.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> slo = Slo("up", 0.95, Indicator(Kind.AVAILABILITY), budgeting="timeslices",
    ...     slice=timedelta(hours=1), slice_target=0.99)
    >>> bad, total = np.array([0.0, 1, 5, 0, 9]), np.array([100.0, 100, 100, 100, 100])
    >>> events = Events(bad, total, datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=30))
    >>> event_slices(slo, events).bad.tolist()
    [0.0, 1.0]
    """
    events = without(events, slo.maintenance)
    each = max(1, slo.slice // events.bucket)
    count = len(events.bad) // each
    bad, total = (
        held[: count * each].reshape(count, each).sum(axis=1) for held in (events.bad, events.total)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (total - bad) / total
    codes = np.where(share >= (slo.slice_target or 1.0), TRUE, FALSE)
    codes[total == 0] = NO_DATA
    return slices(slo, codes.astype(np.int8), events.start)
