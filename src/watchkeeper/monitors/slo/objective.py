"""What is promised, over what time, and which burn of its budget alerts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from watchkeeper.core.durations import format_duration
from watchkeeper.core.windows import Window

Budgeting = Literal["occurrences", "timeslices"]
"""What is counted: events, or slices of time that met their target."""

Better = Literal["higher", "lower"]
"""Which way a metric is better."""

Calendar = Literal["week", "month", "quarter", "year"]
"""A period that begins on a round date, in UTC."""

DAYS: Mapping[str, int] = {"week": 7, "month": 30, "quarter": 90, "year": 365}
"""The nominal length of a calendar period, from which factors are computed."""


class Urgency(StrEnum):
    """Whether an alert wakes somebody, or waits for working hours."""

    PAGE = "page"
    TICKET = "ticket"


class Kind(StrEnum):
    """What makes an event, or a slice of time, good."""

    AVAILABILITY = "availability"
    """Predictions that were answered without an error."""
    LATENCY = "latency"
    """Predictions that were answered in time."""
    FRESHNESS = "freshness"
    """Slices in which the last record was recent."""
    QUALITY = "quality"
    """Slices in which a metric met its target."""
    DRIFT_FREE = "drift_free"
    """Slices in which no column had drifted."""
    CONDITION = "condition"
    """Slices in which a condition in the language of rules held."""

    @property
    def by_slice(self) -> bool:
        """Whether it says something of a span of time rather than of an event."""
        return self not in {Kind.AVAILABILITY, Kind.LATENCY}


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is good.

    Attributes
    ----------
    kind
        Of what.
    under_ms
        Of `latency`: answers that took less are good.
    within
        Of `freshness`: the last record is no older.
    metric, target, better
        Of `quality`: the metric, what it must reach, and which way is better.
    good
        Of `condition`: the condition.
    """

    kind: Kind
    under_ms: float | None = None
    within: timedelta | None = None
    metric: str | None = None
    target: float | None = None
    better: Better = "higher"
    good: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two windows over both of which the budget must burn too fast.

    Attributes
    ----------
    long, short
        The windows. The long one gathers evidence, the short one ends the alert soon after the
        trouble ends.
    share
        The share of the period's budget whose loss within the long window alerts.
    urgency
        Of its alerts.

    Examples
    --------
    >>> round(Pair(timedelta(hours=1), timedelta(minutes=5), 0.02).factor(timedelta(days=30)), 10)
    14.4
    """

    long: timedelta
    short: timedelta
    share: float
    urgency: Urgency = Urgency.PAGE

    def factor(self, period: timedelta) -> float:
        """The burn rate that alerts: at 1 the budget lasts just as long as the period."""
        return self.share * (period / self.long)

    @property
    def name(self) -> str:
        """Its windows, long before short.

        >>> Pair(timedelta(hours=1), timedelta(minutes=5), 0.02).name
        '1h/5m'
        """
        return f"{format_duration(self.long)}/{format_duration(self.short)}"


def _pair(hours: int, share: float, urgency: Urgency) -> Pair:
    return Pair(timedelta(hours=hours), timedelta(hours=hours) / 12, share, urgency)


EVENT_PAIRS = (
    _pair(1, 0.02, Urgency.PAGE),
    _pair(6, 0.05, Urgency.PAGE),
    _pair(24, 0.10, Urgency.TICKET),
    _pair(72, 0.10, Urgency.TICKET),
)
"""Pairs for events, of the Google SRE workbook, chapter 5."""

SLICE_PAIRS = (_pair(24, 0.10, Urgency.TICKET), _pair(72, 0.20, Urgency.TICKET))
"""Pairs for slices of time, which are too few for shorter windows."""


@dataclass(frozen=True, slots=True)
class Slo:
    """A service level objective.

    Attributes
    ----------
    name
        Unique for its model.
    objective
        The share that is to be good, in (0, 1).
    indicator
        What is good.
    model
        Which model; all where None.
    description
        For people.
    period
        The length of the window over which the budget holds.
    calendar
        The window begins on a round date; it rolls where None.
    budgeting
        What is counted.
    slice
        Of `timeslices`: how long a slice is.
    slice_target
        Of `timeslices` of events: the share of good ones that makes a slice good.
    no_data
        Whether a slice of which nothing is known is left out or is bad.
    min_bad
        Bad events below which the lower bound of the error ratio must exceed the limit.
    pairs
        Windows that alert; empty for none.
    maintenance
        Planned work: what falls into it does not count.
    labels
        Of its alerts.
    line, column
        Where it stands in its file, from 1; 0 where it stands in none.

    Examples
    --------
    >>> slo = Slo("answers", 0.999, Indicator(Kind.AVAILABILITY))
    >>> print(f"{slo.budget:.4f}", [f"{slo.limit(pair):.4f}" for pair in slo.pairs])
    0.0010 ['0.0144', '0.0060', '0.0030', '0.0010']
    """

    name: str
    objective: float
    indicator: Indicator
    model: str | None = None
    description: str = ""
    period: timedelta = timedelta(days=30)
    calendar: Calendar | None = None
    budgeting: Budgeting = "occurrences"
    slice: timedelta = timedelta(hours=1)
    slice_target: float | None = None
    no_data: Literal["ignore", "bad"] = "ignore"
    min_bad: int = 3
    pairs: tuple[Pair, ...] = EVENT_PAIRS
    maintenance: tuple[Window, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    line: int = 0
    column: int = 0

    @property
    def budget(self) -> float:
        """The share that may be bad."""
        return 1.0 - self.objective

    def factor(self, pair: Pair) -> float:
        """The burn rate at which a pair alerts."""
        return pair.factor(self.period)

    def limit(self, pair: Pair) -> float:
        """The error ratio above which a pair alerts."""
        return self.factor(pair) * self.budget

    def needed(self, pair: Pair) -> int:
        """Events in the long window so that one bad one does not alert.

        >>> slo = Slo("answers", 0.999, Indicator(Kind.AVAILABILITY))
        >>> [slo.needed(pair) for pair in slo.pairs]
        [70, 167, 334, 1000]
        """
        # A floating point error must not turn 1/(f b) = 1000 into 1001, nor 999.99… into 1000.01.
        return math.ceil(round(1 / self.limit(pair), 6))
