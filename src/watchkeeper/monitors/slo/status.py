"""How an SLO stands now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import numpy as np

from watchkeeper.core.estimate import Estimate, finite
from watchkeeper.monitors.slo.alerting import alerting
from watchkeeper.monitors.slo.burn import Events, burn_rates, error_budgets, without
from watchkeeper.monitors.slo.objective import Pair, Slo
from watchkeeper.monitors.truths import FALSE, TRUE


class Condition(StrEnum):
    """What a pair of windows says."""

    BURNING = "burning"
    FINE = "fine"
    NOT_ENOUGH_TRAFFIC = "not_enough_traffic"


@dataclass(frozen=True, slots=True)
class PairStatus:
    """How a pair of windows stands.

    Attributes
    ----------
    pair
        Which.
    condition
        What it says.
    factor
        The burn rate above which it alerts.
    long, short
        Burn rates with Wilson's interval (95 %) and the events behind them.
    """

    pair: Pair
    condition: Condition
    factor: float
    long: Estimate
    short: Estimate


@dataclass(frozen=True, slots=True)
class SloStatus:
    """How an SLO stands at the end of the last bucket.

    Attributes
    ----------
    slo
        Which.
    remaining
        The share of the error budget that is left; None without events.
    bad, total
        Events of the period so far.
    ratio
        The share of good events, with its interval.
    pairs
        Each pair of windows.
    exhausted_in
        When the budget will be spent, if the last day goes on as it was; None where it lasts to
        the end of the period or longer, zero where it is spent.
    """

    slo: Slo
    remaining: float | None
    bad: float
    total: float
    ratio: Estimate
    pairs: tuple[PairStatus, ...]
    exhausted_in: timedelta | None


def slo_status(slo: Slo, events: Events) -> SloStatus:
    """How an SLO stands at the end of its last bucket.

    Parameters
    ----------
    slo
        The objective.
    events
        Its events or slices, of the whole period or longer; at least one bucket.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> slo = Slo("answers", 0.99, Indicator(Kind.AVAILABILITY))
    >>> total = np.full(720, 1000.0)
    >>> start = datetime(2026, 1, 1, tzinfo=UTC)
    >>> found = slo_status(slo, Events(total * 0.005, total, start, timedelta(hours=1)))
    >>> round(found.remaining, 6), found.pairs[0].condition.value
    (0.5, 'fine')
    """
    kept = without(events, slo.maintenance)
    budgets = error_budgets(slo, events)
    remaining = finite(float(budgets.remaining[-1]))
    whole = burn_rates(kept, [slo.period], 1.0)
    return SloStatus(
        slo,
        remaining,
        float(budgets.bad[-1]),
        float(budgets.total[-1]),
        _good(whole.ratio[0, -1], whole.low[0, -1], whole.high[0, -1], whole.total[0, -1]),
        _pairs(slo, events, kept),
        _exhausted_in(slo, kept, remaining),
    )


def _good(ratio: float, low: float, high: float, total: float) -> Estimate:
    """The share of good events from that of bad ones."""
    if total == 0:
        return Estimate(None, note="no events")
    return Estimate(1 - float(ratio), 1 - float(high), 1 - float(low), n_current=round(total))


def _pairs(slo: Slo, events: Events, kept: Events) -> tuple[PairStatus, ...]:
    codes = alerting(slo, events).pairs
    said = {TRUE: Condition.BURNING, FALSE: Condition.FINE}
    return tuple(
        PairStatus(
            pair,
            said.get(int(codes[row, -1]), Condition.NOT_ENOUGH_TRAFFIC),
            slo.factor(pair),
            *(_burn(slo, kept, window) for window in (pair.long, pair.short)),
        )
        for row, pair in enumerate(slo.pairs)
    )


def _burn(slo: Slo, kept: Events, window: timedelta) -> Estimate:
    held = burn_rates(kept, [window], slo.budget)
    if held.total[0, -1] == 0:
        return Estimate(None, note="no events")
    value, low, high = (float(row[0, -1]) for row in (held.rate, held.low, held.high))
    return Estimate(value, low, high, n_current=round(float(held.total[0, -1])))


def _exhausted_in(slo: Slo, kept: Events, remaining: float | None) -> timedelta | None:
    """The time for which what is left lasts at the burn rate of the last day."""
    if remaining is None:
        return None
    if remaining <= 0:
        return timedelta()
    rate = float(burn_rates(kept, [timedelta(days=1)], slo.budget).rate[0, -1])
    if not np.isfinite(rate) or rate <= 0 or remaining >= rate:
        return None
    return slo.period * (remaining / rate)
