"""Slices of time that were good or bad, in place of events."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from watchkeeper.monitors.slo.burn import Events, without
from watchkeeper.monitors.slo.objective import Indicator, Slo
from watchkeeper.monitors.source import Counts, Floats
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


def met_target(indicator: Indicator, values: Floats, rows: Counts, min_rows: int = 1) -> Truths:
    """Whether a metric met the target of a `quality` indicator, slice by slice.

    NO_DATA where it has no value, or fewer than `min_rows` rows behind it.

    Examples
    --------
    >>> from watchkeeper.monitors.slo.objective import Kind
    >>> accurate = Indicator(Kind.QUALITY, metric="accuracy", target=0.9)
    >>> met_target(accurate, np.array([0.95, 0.9, 0.8, np.nan]), np.array([9, 9, 9, 0])).tolist()
    [1, 1, 0, 2]
    """
    target = np.nan if indicator.target is None else indicator.target
    good = values >= target if indicator.better == "higher" else values <= target
    codes = np.where(good, TRUE, FALSE)
    codes[np.isnan(values) | (rows < min_rows)] = NO_DATA
    return codes.astype(np.int8)


def was_fresh(indicator: Indicator, ages: Floats) -> Truths:
    """Whether the last record was recent enough at each slice's end, from its age in seconds.

    An infinite age, that of no record ever, is NO_DATA: nothing was promised yet.

    Examples
    --------
    >>> from datetime import timedelta
    >>> from watchkeeper.monitors.slo.objective import Kind
    >>> fresh = Indicator(Kind.FRESHNESS, within=timedelta(minutes=15))
    >>> was_fresh(fresh, np.array([60.0, 900.0, 901.0, np.inf])).tolist()
    [1, 1, 0, 2]
    """
    within = indicator.within.total_seconds() if indicator.within else 3600.0
    codes = np.where(ages <= within, TRUE, FALSE)
    codes[~np.isfinite(ages)] = NO_DATA
    return codes.astype(np.int8)
