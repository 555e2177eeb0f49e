"""SLOs over what is measured: their events, and the rules that watch their budgets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.spans import HOUR, hour_before
from watchkeeper.core.alert import Severity
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError, RuleError
from watchkeeper.core.windows import Window
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.evaluating import evaluate
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.conditions.outcome import moments
from watchkeeper.monitors.conditions.plan import Condition
from watchkeeper.monitors.rule import Group, Rule
from watchkeeper.monitors.slo.formats import slos_in
from watchkeeper.monitors.slo.objective import Kind, Slo, Urgency
from watchkeeper.monitors.source import Asked, Counts, Source, Times
from watchkeeper.monitors.truths import FALSE, TRUE, Truths
from watchkeeper.profiles.log_grid import MILLISECONDS
from watchkeeper.profiles.traffic import Traffic

SLOS = "slos"
"""The kind of SLO files."""

BURNING = "ErrorBudgetBurn"
"""The name of the alerts of SLOs."""

_SEVERITY = {Urgency.PAGE: Severity.P1, Urgency.TICKET: Severity.P2}
_EXACT = timedelta(hours=6)
"""Windows up to this length are counted by the minute where minutes are kept."""


@dataclass(frozen=True)
class SloEvents:
    """Counts bad and all events of a model's SLOs.

    Attributes
    ----------
    slos
        By name.
    minutes
        As in `MeasuredSource`.
    conditions
        What slices are judged by, by the name of the SLO.
    """

    slos: Mapping[str, Slo]
    minutes: datetime | None = None
    conditions: Mapping[str, Condition] = field(default_factory=dict)

    def constants(self) -> dict[str, Any]:
        """What conditions read of SLOs."""
        return {"slo": {name: {"objective": slo.objective} for name, slo in self.slos.items()}}

    def count(
        self, name: str, measured: Measured, source: Source, window: timedelta, times: Times
    ) -> tuple[Counts, Counts]:
        """Bad and all events of an SLO in the window before each time.

        Raises
        ------
        InputError
            There is no such SLO, or the model does not have what it is about.
        """
        slo = self.slos.get(name)
        if slo is None:
            raise InputError(f"model {measured.model!r} has no SLO {name!r}")
        if slo.budgeting == "timeslices":
            return self._slices(slo, source, window, times)
        counted = [
            _events(slo, self._traffic(measured, moment, window)) for moment in moments(times)
        ]
        bad, total = zip(*counted, strict=True) if counted else ((), ())
        return np.array(bad, dtype=np.int64), np.array(total, dtype=np.int64)

    def _traffic(self, measured: Measured, end: datetime, window: timedelta) -> Traffic:
        start = end - window
        if self.minutes is not None and window <= _EXACT and start >= self.minutes:
            read = measured.minutes(Window(start, end), None)
        else:
            last = hour_before(end)
            whole = Window(hour_before(start), last if last == end else last + HOUR)
            read = measured.steps(whole, None, free=("traffic",), held=())
        found: Traffic = read[0][1]["traffic"] if read else Traffic()
        return found

    def _slices(
        self, slo: Slo, source: Source, window: timedelta, times: Times
    ) -> tuple[Counts, Counts]:
        """Slices that were bad, and those of which something is known."""
        step = np.timedelta64(int(slo.slice.total_seconds()), "s")
        first = times[0] - np.timedelta64(int(window.total_seconds()), "s")
        begin = (first.astype(np.int64) // step.astype(np.int64)) * step.astype(np.int64)
        count = int((times[-1].astype(np.int64) - begin) // step.astype(np.int64))
        ends = (begin + np.arange(1, count + 1) * step.astype(np.int64)).astype("datetime64[s]")
        if not len(ends):
            nothing = np.zeros(len(times), dtype=np.int64)
            return nothing, nothing
        good = self._judged(slo, source, ends)
        bad = good == FALSE
        known = bad | (good == TRUE)
        if slo.no_data == "bad":
            known, bad = np.ones(len(good), bool), good != TRUE
        return _between(bad, ends, times, window), _between(known, ends, times, window)

    def _judged(self, slo: Slo, source: Source, ends: Times) -> Truths:
        """Whether each slice was good."""
        indicator = slo.indicator
        if indicator.kind is Kind.FRESHNESS and indicator.within is not None:
            fresh = source.age(ends) <= indicator.within.total_seconds()
            return np.where(fresh, np.int8(TRUE), np.int8(FALSE))
        if indicator.kind is Kind.QUALITY and indicator.metric and indicator.target is not None:
            points = source.points(Asked(indicator.metric, window=slo.slice), ends)
            met = (
                points.value >= indicator.target
                if indicator.better == "higher"
                else points.value <= indicator.target
            )
            known = ~np.isnan(points.value)
            return np.where(known, met.astype(np.int8), np.int8(2)).astype(np.int8)
        condition = self.conditions.get(slo.name)
        if condition is None:
            raise InputError(f"the SLO {slo.name!r} of {indicator.kind} cannot be counted here")
        return evaluate(condition, source, ends, window=slo.slice).truth


def _events(slo: Slo, traffic: Traffic) -> tuple[int, int]:
    """Bad and all events of an SLO of events; what is sampled counts for those it stands for."""
    if slo.indicator.kind is Kind.LATENCY and slo.indicator.under_ms is not None:
        held = traffic.latency
        counts = held.weights if held.weights.size else held.counts
        # A bin that the limit lies in is good: its answers may all have been in time.
        over = int(np.searchsorted(MILLISECONDS.edges, slo.indicator.under_ms, side="right")) + 1
        bad = counts[max(over - held.first, 0) :].sum() if counts.size else 0
        return round(float(bad)), round(float(counts.sum()))
    return round(traffic.failed.weight), round(traffic.rows.weight)


def _between(flags: Any, ends: Times, times: Times, window: timedelta) -> Counts:
    sums = np.concatenate([[0], np.cumsum(flags.astype(np.int64))])
    length = np.timedelta64(int(window.total_seconds()), "s")
    last = np.searchsorted(ends, times, side="right")
    first = np.searchsorted(ends, times - length, side="right")
    counts: Counts = sums[last] - sums[first]
    return counts


def slo_group(slo: Slo, model: str) -> Group:
    """The rules that watch the budget of an SLO: one for each pair of windows.

    Both windows must burn too fast, the long one by the lower end of its interval, so that one bad
    event among few alerts nobody.

    Examples
    --------
    >>> from watchkeeper.monitors.slo.objective import Indicator
    >>> slo = Slo("answers", 0.999, Indicator(Kind.AVAILABILITY))
    >>> group = slo_group(slo, "flights")
    >>> group.rules[0].expr
    'low(burn_rate("answers", "1h")) > 14.4 && burn_rate("answers", "5m") > 14.4'
    >>> [str(rule.severity) for rule in group.rules]
    ['P1', 'P1', 'P2', 'P2']
    """
    return Group(
        f"slo: {slo.name}",
        tuple(_rule(slo, pair) for pair in slo.pairs),
        model=model,
        interval=timedelta(minutes=1) if slo.budgeting == "occurrences" else timedelta(minutes=15),
    )


def _rule(slo: Slo, pair: Any) -> Rule:
    factor = f"{slo.factor(pair):.6g}"
    long, short = format_duration(pair.long), format_duration(pair.short)
    asked = f'burn_rate("{slo.name}", "{{}}")'
    return Rule(
        alert=BURNING,
        expr=f"low({asked.format(long)}) > {factor} && {asked.format(short)} > {factor}",
        severity=_SEVERITY[pair.urgency],
        no_data="ok",
        labels={**slo.labels, "slo": slo.name, "window": pair.name},
        annotations={
            "summary": f"{{{{ $labels.model }}}}: the budget of {slo.name} "
            f'({slo.objective * 100:g} %) burns {{{{ printf "%.1f" $value }}}} times too fast',
            "description": slo.description
            or f"At {factor} times, {pair.share:.0%} of the budget of "
            f"{format_duration(slo.period)} is gone within {long}.",
        },
    )


def conditions_of(slos: Mapping[str, Slo], vocabulary: Vocabulary) -> dict[str, Condition]:
    """What the slices of SLOs are judged by; those that cannot be on a model are left out."""
    found: dict[str, Condition] = {}
    for name, slo in slos.items():
        text = slo.indicator.good
        if slo.indicator.kind is Kind.DRIFT_FREE:
            text = "count(features, psi_corrected >= 0.2) == 0"
        if text is not None:
            with contextlib.suppress(RuleError):
                found[name] = compile_condition(text, vocabulary)
    return found


def read_slos(texts: Iterable[tuple[str, str]]) -> list[Slo]:
    """The SLOs of files that were applied; a file that cannot be read is passed over."""
    found: list[Slo] = []
    for name, text in texts:
        try:
            found += slos_in(text, name=name)
        except InputError:
            continue
    return found


def of_model(slos: Iterable[Slo], model: str) -> dict[str, Slo]:
    """The SLOs that hold for a model, by name."""
    return {slo.name: slo for slo in slos if slo.model in (None, model)}
