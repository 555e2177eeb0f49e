"""Where conditions get their numbers: any metric over any windows, asked for many times at once.

Live evaluation asks for one time, a back-test for the hours of a year, a rule's unit test for the
series it was given; conditions cannot tell which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Times: TypeAlias = npt.NDArray[np.datetime64]
"""Ends of windows, `datetime64[s]` in UTC, ascending."""

Floats: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.int64]

Side = Literal["current", "reference"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One series that a condition reads.

    Attributes
    ----------
    metric
        Its name as `metrics.find.find_metric` takes it, such as `latency_ms@p95`.
    column
        For a metric of a column: which.
    window
        What each value is measured over: the half-open `[t - window, t)` of each time.
    offset
        The window ends so much before each time.
    side
        The window itself, or what it is compared with.
    """

    metric: str
    column: str | None = None
    window: timedelta = timedelta(days=1)
    offset: timedelta = timedelta()
    side: Side = "current"


class Points(NamedTuple):
    """A series at the times that were asked for; all arrays have the length of the times.

    `value`, `low` and `high` are NaN where the metric is undefined or has no interval, `rows` is 0
    where there is nothing.
    """

    value: Floats
    low: Floats
    high: Floats
    rows: Counts


class Source(Protocol):
    """Answers for one model, and one version and segment of it where the rule asks for those."""

    def points(self, asked: Asked, times: Times) -> Points:
        """A metric at each time.

        Raises
        ------
        InputError
            The model has no such metric or column.
        """
        ...

    def features(self) -> Sequence[str]:
        """The columns that `count(features, …)` goes through."""
        ...

    def age(self, times: Times) -> Floats:
        """Seconds from the last record before each time; infinite where there was none."""
        ...

    def events(self, name: str, window: timedelta, times: Times) -> tuple[Counts, Counts]:
        """Bad and all events of an SLO in the window before each time.

        Raises
        ------
        InputError
            The model has no such SLO.
        """
        ...

    def constants(self) -> dict[str, Any]:
        """Further names of the model that conditions may use, with their values."""
        ...
