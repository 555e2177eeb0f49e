"""What is wrong with an SLO before its first event, and how soon it would tell of trouble."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.slo.objective import EVENT_PAIRS, Pair, Slo
from watchkeeper.monitors.slo.wording import percent

_HIGH = 0.5
"""An alert that needs more than this share of errors deserves a second thought."""

OBJECTIVES = (0.999, 0.99, 0.95, 0.90, 0.80)
"""Objectives of the table that a refusal shows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about an SLO.

    Attributes
    ----------
    level
        An `error` keeps the SLO from being loaded.
    text
        What, why, and what to do.
    pair
        The name of the pair that it is about.
    """

    level: Literal["error", "warning"]
    text: str
    pair: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a pair of windows needs, and how soon it tells.

    Attributes
    ----------
    pair
        Which.
    factor
        The burn rate that alerts.
    limit
        The error ratio above which it alerts.
    needed
        Events in the long window so that one bad one does not alert.
    detection
        How long it takes from a clean start, by error ratio: all bad, a tenth bad, and twice the
        budget (each once); None where that ratio never alerts.
    """

    pair: Pair
    factor: float
    limit: float
    needed: int
    detection: tuple[tuple[float, timedelta | None], ...]


def detection_time(slo: Slo, pair: Pair, ratio: float) -> timedelta | None:
    """How long a constant error ratio lasts before a pair alerts; None where it never does.

    The long window began clean, so its ratio reaches the limit after the share `limit / ratio` of
    its length; the short window is there sooner.

    Examples
    --------
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> slo = Slo("answers", 0.999, Indicator(Kind.AVAILABILITY))
    >>> [round(detection_time(slo, pair, 1.0).total_seconds(), 2) for pair in slo.pairs]
    [51.84, 129.6, 259.2, 259.2]
    """
    limit = slo.limit(pair)
    return pair.long * (limit / ratio) if ratio > limit else None


def facts(slo: Slo) -> tuple[Facts, ...]:
    """What each pair of an SLO needs, and how soon it tells."""
    ratios = dict.fromkeys((1.0, 0.1, round(min(1.0, 2 * slo.budget), 12)))
    return tuple(
        Facts(
            pair,
            slo.factor(pair),
            slo.limit(pair),
            slo.needed(pair),
            tuple((ratio, detection_time(slo, pair, ratio)) for ratio in ratios),
        )
        for pair in slo.pairs
    )


def check_slo(slo: Slo, volume: float | None = None) -> tuple[Finding, ...]:
    """What is wrong with an SLO, errors first.

    Parameters
    ----------
    slo
        Any.
    volume
        Events a day, where they are known; slices are counted without.

    Examples
    --------
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> slo = Slo("answers", 0.9, Indicator(Kind.AVAILABILITY))
    >>> print(check_slo(slo)[0].text)
    the alert on 1h/5m can never fire: it needs a burn rate of 14.4, which at an objective of 90 %
    is 144 % errors; raise the objective above 93.06 %, count slices of time (budgeting:
    timeslices) or set `alerts`
    """
    found: list[Finding] = []
    for pair in slo.pairs:
        if min(pair.long, pair.short) <= timedelta() or pair.share <= 0:
            text = f"the alert on {pair.name} needs windows and a share above 0"
            found.append(Finding("error", text, pair.name))
            continue
        found += _of_windows(slo, pair)
        found += _unreachable(slo, pair) or _one_bad(slo, pair, volume)
    return tuple(sorted(found, key=lambda finding: finding.level))


def _of_windows(slo: Slo, pair: Pair) -> Iterable[Finding]:
    if pair.short >= pair.long:
        yield Finding(
            "error",
            f"the short window of the alert on {pair.name} is not the shorter one; leave `short` "
            "out, it is a twelfth of `long`",
            pair.name,
        )
    if pair.long > slo.period:
        yield Finding(
            "error",
            f"the window {format_duration(pair.long)} of an alert is longer than that of the "
            f"objective, {format_duration(slo.period)}; choose a shorter one",
            pair.name,
        )
    if slo.budgeting == "timeslices" and pair.short < slo.slice:
        yield Finding(
            "warning",
            f"the short window of the alert on {pair.name} holds less than one slice of "
            f"{format_duration(slo.slice)}; it is taken for one slice",
            pair.name,
        )


def _unreachable(slo: Slo, pair: Pair) -> list[Finding]:
    factor, limit = slo.factor(pair), slo.limit(pair)
    told = f"which at an objective of {percent(slo.objective)} is {percent(limit)} errors"
    if limit >= 1:
        others = "" if slo.budgeting == "timeslices" else (
            ", count slices of time (budgeting: timeslices)"
        )  # fmt: skip
        text = (
            f"the alert on {pair.name} can never fire: it needs a burn rate of {factor:.4g}, "
            f"{told}; raise the objective above {percent(1 - 1 / factor, 2)}{others} or set "
            "`alerts`"
        )
        return [Finding("error", text, pair.name)]
    if limit >= _HIGH:
        text = f"the alert on {pair.name}: this alert needs {percent(limit)} errors to fire"
        return [Finding("warning", text, pair.name)]
    return []


def _one_bad(slo: Slo, pair: Pair, volume: float | None) -> list[Finding]:
    needed, window = slo.needed(pair), format_duration(pair.long)
    if slo.budgeting == "timeslices":
        held = pair.long / slo.slice
        if held >= needed:
            return []
        spent = slo.slice / (slo.period * slo.budget)
        text = (
            f"one bad slice would fire the alert on {pair.name}: {window} holds {held:g} slices of "
            f"{format_duration(slo.slice)}, and {needed} are needed (one bad slice spends "
            f"{percent(spent)} of the budget); choose a shorter slice, a longer window or a lower "
            "objective, or `alerts: []` and a rule on what is left of the budget"
        )
        return [Finding("error", text, pair.name)]
    if volume is None:
        return []
    held = volume * (pair.long / timedelta(days=1))
    if held >= needed:
        return []
    text = (
        f"too little traffic for the alert on {pair.name}: {window} holds about {held:.3g} events, "
        f"and one bad event is harmless only among {needed}; it will fire only where the lower "
        "bound of the error ratio exceeds its limit and two events are bad"
    )
    return [Finding("warning", text, pair.name)]


def required_errors(pairs: Iterable[Pair] = EVENT_PAIRS, days: int = 30) -> str:
    """The error ratio that each burn rate needs at some objectives, as a table of text.

    Examples
    --------
    >>> print(required_errors())
    objective    14.4       6       3       1
       99.9 %  1.44 %   0.6 %   0.3 %   0.1 %
         99 %  14.4 %     6 %     3 %     1 %
         95 %    72 %    30 %    15 %     5 %
         90 %   144 %    60 %    30 %    10 %
         80 %   288 %   120 %    60 %    20 %
    """
    factors = [pair.factor(timedelta(days=days)) for pair in pairs]
    lines = ["objective" + "".join(f"{factor:>8.3g}" for factor in factors)]
    for objective in OBJECTIVES:
        cells = (percent(factor * (1 - objective)) for factor in factors)
        lines.append(f"{percent(objective):>9}" + "".join(f"{cell:>8}" for cell in cells))
    return "\n".join(lines)
