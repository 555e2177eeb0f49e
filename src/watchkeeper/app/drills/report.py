"""What a drill is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.app.drills.spelling import Injection
from watchkeeper.app.drills.trying import FINE, FINE_HOURS
from watchkeeper.app.drills.verdicts import Verdict
from watchkeeper.app.live.spans import HOUR

MAX_ROWS = 500_000
"""Rows from the injection on; more are cut off at the end, so that a drill ends in time."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drilled.

    Attributes
    ----------
    model
        The model.
    injections
        Each is a drill of its own.
    window
        Which traffic: as everywhere, such as `latest:7d`; cut to the hours with data.
    at
        When the harm begins; the middle of the window where None.
    rules
        The text of a rule file and its name; None for the rules and SLOs in force.
    seed
        Chooses the rows: the same seed, the same rows.
    max_rows
        See `MAX_ROWS`.
    expected
        Names of rules, groups or SLOs, each of which is to notice one of the injections.
    """

    model: str
    injections: Sequence[Injection]
    window: str = "latest:7d"
    at: datetime | None = None
    rules: tuple[str, str] | None = None
    seed: int = 0
    max_rows: int = MAX_ROWS
    expected: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Drilled:
    """What came of one injection.

    Attributes
    ----------
    injection
        What was done.
    rows
        To how many rows.
    verdicts
        What each alert made of it.
    """

    injection: Injection
    rows: int
    verdicts: tuple[Verdict, ...]

    @property
    def noticed(self) -> tuple[Verdict, ...]:
        """The alerts that noticed, the first in front."""
        found = [one for one in self.verdicts if one.delay is not None]
        return tuple(sorted(found, key=lambda one: (one.delay, one.severity, one.alert)))

    def to_dict(self) -> Answer:
        """As JSON has it."""
        first = self.noticed[0] if self.noticed else None
        return {
            "injection": self.injection.text,
            "rows": self.rows,
            "noticed": first is not None,
            "first_alert": None if first is None else first.alert,
            "delay_s": None if first is None else first.to_dict()["delay_s"],
            "alerts": [one.to_dict() for one in self.verdicts],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all injections.

    Attributes
    ----------
    model
        The model.
    start, at, end
        The traffic, and when the harm began.
    cut
        Whether the window was cut, since it held too many rows.
    rows
        Rows that were measured anew: those from the harm on, and of the hours before it.
    rules
        How many rules were tried.
    label_delay
        How long a label takes, the median; None without labels.
    drills
        One for each injection.
    seconds
        How long it took.
    expected
        What was to notice something.
    """

    model: str
    start: datetime
    at: datetime
    end: datetime
    cut: bool
    rows: int
    rules: int
    label_delay: timedelta | None
    drills: tuple[Drilled, ...]
    seconds: float
    expected: tuple[str, ...] = ()

    @property
    def missed(self) -> tuple[str, ...]:
        """What was to notice something, and noticed nothing."""
        noticed = {name for one in self.drills for v in one.noticed for name in v.names}
        return tuple(name for name in self.expected if name not in noticed)

    @property
    def unnoticed(self) -> tuple[Drilled, ...]:
        """What nobody noticed."""
        return tuple(one for one in self.drills if not one.noticed)

    def to_dict(self) -> Answer:
        """As JSON has it."""
        delay = self.label_delay
        return {
            "drill": True,
            "model": self.model,
            "start": self.start.isoformat(),
            "at": self.at.isoformat(),
            "end": self.end.isoformat(),
            "step_s": HOUR.total_seconds(),
            "first_step_s": FINE.total_seconds(),
            "first_step_for_s": FINE_HOURS.total_seconds(),
            "cut": self.cut,
            "rows": self.rows,
            "rules": self.rules,
            "label_delay_s": None if delay is None else delay.total_seconds(),
            "drills": [one.to_dict() for one in self.drills],
            "unnoticed": [one.injection.text for one in self.unnoticed],
            "expected": list(self.expected),
            "missed": list(self.missed),
            "seconds": round(self.seconds, 2),
        }
