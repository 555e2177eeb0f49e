"""A rule: what is watched, when it alerts, and what the alert says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from watchkeeper.core.alert import Severity
from watchkeeper.monitors.calendar import EVERYWHERE, Calendar

Policy = Literal["alert", "keep", "ok"]
"""What missing data or an error makes of a rule: an alert of its own, the state as it was, or the
state as if the condition were false."""


class Truth(StrEnum):
    """What a condition says at one time."""

    TRUE = "true"
    FALSE = "false"
    NO_DATA = "no_data"
    """No value, or fewer rows than the rule asks for: neither bad nor fine."""
    ERROR = "error"


class State(StrEnum):
    """Where an alert of a rule stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    """No longer true, and kept firing for a while (`keep_firing_for`) or until the clear limit."""
    NO_DATA = "no_data"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Budget:
    """How many false alarms a model may raise in how long, instead of a threshold.

    Attributes
    ----------
    false_alarms, per
        At most so many in so long …
    confidence
        … in this share of all such spans.
    watch
        Metrics that are watched; empty: all that the model has.
    """

    false_alarms: float = 1.0
    per: timedelta = timedelta(days=90)
    confidence: float = 0.9
    watch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a group.

    Attributes
    ----------
    alert
        Its name, and that of its alerts.
    expr
        The condition in CEL; empty where `budget` decides.
    for_
        How long the condition must hold before the alert fires.
    keep_firing_for
        How long the alert fires on after the condition was last true.
    window
        What a metric is measured over, up to the time of evaluation.
    segment
        A column: one alert for each of its values.
    by_version
        One alert for each version of the model.
    min_rows
        Fewer rows than this behind a metric are no data.
    clear
        A second condition: what fires goes on firing until this one is true (hysteresis).
    no_data, no_data_after
        The policy, and how many evaluations without data it waits for.
    on_error
        The policy where the condition cannot be evaluated.
    severity
        Becomes the label `severity`.
    labels, annotations
        Of its alerts; values may hold templates.
    limit
        The most alerts it may have at once; more is an error, and none is raised.
    budget
        The false-alarm budget that decides instead of a condition.
    calendar
        What people know of the times of its series, for `anomaly`.
    allow_noisy
        Whether it may be put in force although it would have fired again and again.
    line, column
        Where it stands in its file, from 1; 0 where it stands in none.
    """

    alert: str
    expr: str = ""
    for_: timedelta = timedelta()
    keep_firing_for: timedelta = timedelta()
    window: timedelta = timedelta(days=1)
    segment: str | None = None
    by_version: bool = False
    min_rows: int = 1
    clear: str | None = None
    no_data: Policy = "alert"
    no_data_after: int = 2
    on_error: Policy = "alert"
    severity: Severity | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    limit: int = 0
    budget: Budget | None = None
    calendar: Calendar = EVERYWHERE
    allow_noisy: bool = False
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together.

    Attributes
    ----------
    name
        Unique in its file.
    model
        Which model they watch; every model where None.
    interval
        How often they are evaluated.
    rules
        In order.
    labels
        Of all their alerts.
    calendar
        The time zone and the holidays of all of them.
    """

    name: str
    rules: tuple[Rule, ...]
    model: str | None = None
    interval: timedelta = timedelta(minutes=1)
    labels: Mapping[str, str] = field(default_factory=dict)
    calendar: Calendar = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule's condition says of one series at one time.

    Attributes
    ----------
    at
        The time of evaluation.
    truth
        The condition.
    clear
        The rule's `clear` condition; None where it has none.
    value, low, high
        The number that was compared, and its interval.
    rows
        The rows behind it.
    note
        Why there is no data, or what the error is.
    """

    at: datetime
    truth: Truth
    clear: Truth | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    note: str = ""
