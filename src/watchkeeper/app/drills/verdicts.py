"""What a rule made of an injection: two back-tests of the same alert held side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.backtest import Firings
from watchkeeper.monitors.rule import Rule

Outcome: TypeAlias = Literal["noticed", "fired before", "fires anyway", "silent", "error"]

Times = tuple[datetime, datetime | None]
"""From when to when an alert fires; None: it still does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one alert of a rule made of an injection.

    Attributes
    ----------
    group, alert, severity, condition, version, segment
        Which.
    outcome
        `noticed`: it fires, and would not without the injection. `fired before`: it fired when the
        injection began. `fires anyway`: it fires later, with the injection or without. `silent`:
        it does not fire. `error`: it cannot be evaluated.
    fired_at
        When it noticed.
    delay
        From the injection to then.
    because
        `condition`, or `no data` or `error` where the alert is about those.
    note
        Why it was silent, or what is wrong, where that is known.
    """

    group: str
    alert: str
    severity: str
    condition: str
    version: str
    segment: str
    outcome: Outcome
    fired_at: datetime | None = None
    delay: timedelta | None = None
    because: str = ""
    note: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What it can be called: the rule, its group, the SLO that it watches."""
        return frozenset({self.alert, self.group, self.group.removeprefix("slo: ")})

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "group": self.group,
            "alert": self.alert,
            "severity": self.severity or None,
            "condition": self.condition,
            "version": self.version or None,
            "segment": self.segment or None,
            "outcome": self.outcome,
            "fired_at": None if self.fired_at is None else self.fired_at.isoformat(),
            "delay_s": None if self.delay is None else self.delay.total_seconds(),
            "because": self.because or None,
            "note": self.note or None,
        }


@dataclass(frozen=True, slots=True)
class Alerting:
    """One alert of a rule, and what it would have done.

    Attributes
    ----------
    number
        Which group and rule, of all that are tried.
    group, rule, version, segment
        Which.
    firings
        None where it cannot be evaluated.
    error
        Why it cannot, or why it has never said anything.
    """

    number: tuple[int, int]
    group: str
    rule: Rule
    version: str
    segment: str
    firings: Firings | None
    error: str = ""

    @property
    def key(self) -> tuple[tuple[int, int], str, str]:
        """What tells it from every other."""
        return self.number, self.version, self.segment


def judge(
    before: Sequence[Alerting], after: Sequence[Alerting], at: datetime, end: datetime
) -> list[Verdict]:
    """What each alert made of an injection.

    Parameters
    ----------
    before, after
        What the alerts would have done without it and with it.
    at, end
        When the injection began, and the last time of evaluation.
    """
    without = {one.key: one for one in before}
    return [_verdict(without.get(one.key), one, at, end) for one in after]


def _verdict(before: Alerting | None, after: Alerting, at: datetime, end: datetime) -> Verdict:
    rule = after.rule
    outcome: Outcome = "silent"
    fired_at, because, note = None, "", ""
    if after.firings is None:
        outcome, note = "error", after.error
    elif found := _first_new(None if before is None else before.firings, after.firings, at):
        outcome, (fired_at, because) = "noticed", found
    else:
        spans = _spans(after.firings)
        if any(_covers(span, at) for span, _ in spans):
            outcome = "fired before"
        elif any(span[0] >= at for span, _ in spans):
            outcome = "fires anyway"
        else:
            note = after.error or _why_silent(rule, at, end)
    return Verdict(
        after.group, rule.alert, str(rule.severity or ""), rule.expr or "budget", after.version,
        after.segment, outcome, fired_at, None if fired_at is None else fired_at - at, because,
        note,
    )  # fmt: skip


def _why_silent(rule: Rule, at: datetime, end: datetime) -> str:
    if rule.for_ > end - at:
        return (
            f"it waits for {format_duration(rule.for_)}, longer than the drill "
            f"({format_duration(end - at)})"
        )
    return ""


def _first_new(before: Firings | None, after: Firings, at: datetime) -> tuple[datetime, str] | None:
    """When the alert first fires where it would not have fired, and what about."""
    usual = [span for span, _ in _spans(before)]
    found = [
        (moment, because)
        for span, because in _spans(after)
        if (moment := _first_outside(span, usual, at)) is not None
    ]
    return min(found, default=None)


def _first_outside(span: Times, usual: Iterable[Times], at: datetime) -> datetime | None:
    """The first moment of a span from `at` on that none of the usual spans covers."""
    moment = max(span[0], at)
    for held in sorted(usual, key=lambda one: one[0]):
        if _covers(held, moment):
            if held[1] is None:
                return None
            moment = held[1]
    return moment if _covers(span, moment) else None


def _covers(span: Times, at: datetime) -> bool:
    return span[0] <= at and (span[1] is None or at < span[1])


def _spans(firings: Firings | None) -> list[tuple[Times, str]]:
    """When somebody is told of something, and of what."""
    if firings is None:
        return []
    return [
        *(((one.fired_at, one.until), "condition") for one in firings.firings),
        *(((one.start, one.until), "no data") for one in firings.no_data),
        *(((one.start, one.until), "error") for one in firings.errors),
    ]
