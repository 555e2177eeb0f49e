"""When a budget burns so fast that somebody must know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watchkeeper.monitors.slo.burn import Z_ONE_SIDED, Events, wilson, window_sums, without
from watchkeeper.monitors.slo.objective import Pair, Slo, Urgency
from watchkeeper.monitors.source import Floats
from watchkeeper.monitors.truths import FALSE, NO_DATA, TRUE, Truths

_FEWEST = 2
"""One bad event never alerts, whatever its share."""


@dataclass(frozen=True, slots=True)
class Alerting:
    """Whether an SLO alerts at the end of each bucket.

    Attributes
    ----------
    pairs
        Codes of each pair: a row each.
    long, short
        The burn rate over the windows of each pair; NaN without events.
    low
        The lower end of the burn rate over the long window (95 %, one-sided).
    total, bad
        Events in the long window of each pair.
    """

    slo: Slo
    pairs: Truths
    long: Floats
    short: Floats
    low: Floats
    total: Floats
    bad: Floats

    def of(self, urgency: Urgency | None = None) -> Truths:
        """The codes of all pairs of an urgency together: TRUE where any of them is.

        NO_DATA stands where no pair has traffic enough to tell.
        """
        chosen = [i for i, p in enumerate(self.slo.pairs) if urgency in {None, p.urgency}]
        if not chosen:
            return np.full(self.pairs.shape[1], NO_DATA, np.int8)
        codes = self.pairs[chosen]
        some = np.where((codes == FALSE).any(axis=0), FALSE, NO_DATA)
        return np.where((codes == TRUE).any(axis=0), TRUE, some).astype(np.int8)


def alerting(slo: Slo, events: Events) -> Alerting:
    """Judge each pair of an SLO at the end of each bucket.

    A pair alerts where the error ratio of both windows exceeds its factor times the budget. With
    fewer events than make one bad one harmless, or fewer bad ones than `min_bad`, the lower end of
    Wilson's interval (95 %, one-sided) stands in for the ratio of the long window, and two events
    must be bad; where that does not alert, the code is NO_DATA for too little traffic.

    Parameters
    ----------
    slo
        The objective.
    events
        Its events by bucket, or its slices as `slices` makes them.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> slo = Slo("answers", 0.99, Indicator(Kind.AVAILABILITY))
    >>> bad, total = np.array([0.0, 60.0, 0.0]), np.full(3, 300.0)
    >>> events = Events(bad, total, datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1))
    >>> alerting(slo, events).of(Urgency.PAGE).tolist()
    [0, 1, 0]
    """
    events = without(events, slo.maintenance)
    size = (len(slo.pairs), len(events.bad))
    made = Alerting(slo, np.empty(size, np.int8), *(np.empty(size) for _ in range(5)))
    for row, pair in enumerate(slo.pairs):
        bad, total = (window_sums(n, events.steps(pair.long)) for n in (events.bad, events.total))
        last = [window_sums(n, events.steps(pair.short)) for n in (events.bad, events.total)]
        ratio, low, _ = wilson(bad, total, Z_ONE_SIDED)
        short = wilson(last[0], last[1], Z_ONE_SIDED)[0]
        made.pairs[row] = _codes(slo, pair, (bad, total), (ratio, low, short))
        made.long[row], made.short[row] = ratio / slo.budget, short / slo.budget
        made.low[row] = low / slo.budget
        made.bad[row], made.total[row] = bad, total
    return made


def _codes(
    slo: Slo, pair: Pair, counts: tuple[Floats, Floats], ratios: tuple[Floats, Floats, Floats]
) -> Truths:
    (bad, total), (ratio, low, short) = counts, ratios
    limit = slo.limit(pair)
    traffic = total >= slo.needed(pair)
    sure = traffic & (bad >= slo.min_bad)
    burns = np.where(sure, ratio > limit, (low > limit) & (bad >= _FEWEST)) & (short > limit)
    quiet = np.where(traffic, FALSE, NO_DATA)
    return np.where(burns, TRUE, quiet).astype(np.int8)
