"""SLOs as recording and alerting rules of Prometheus, with the names that Sloth gives its own.

Dashboards made for Sloth (such as number 14348 of Grafana's) show them. The rules read two
counters, which the server has on `/metrics`: `watchkeeper_slo_events_total` and
`watchkeeper_slo_bad_events_total`, with the labels `model` and `slo`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.slo.objective import Pair, Slo, Urgency
from watchkeeper.monitors.slo.wording import describe, dump

TOTAL = "watchkeeper_slo_events_total"
"""The counter of all events of an SLO."""

BAD = "watchkeeper_slo_bad_events_total"
"""The counter of its bad events."""

_ERRORS = "slo:sli_error:ratio_rate"
_MATCH = "/ on(sloth_id, sloth_slo, sloth_service) group_left\n"


def prometheus_rules(slos: Iterable[Slo]) -> str:
    """A rule file for Prometheus: for each SLO its error ratios, its budget and its alerts.

    Prometheus knows no calendar, so a calendar period becomes a rolling one of its nominal length,
    and no interval of a share, so an alert asks for the traffic that makes one bad event harmless.

    Examples
    --------
    >>> import yaml
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> text = prometheus_rules([Slo("answers", 0.999, Indicator(Kind.AVAILABILITY), "flights")])
    >>> [group["name"] for group in yaml.safe_load(text)["groups"]]
    ['sloth-slo-sli-recordings-flights-answers', 'sloth-slo-meta-recordings-flights-answers',
     'sloth-slo-alerts-flights-answers']
    """
    groups = [group for slo in slos for group in _groups(slo)]
    return dump([{"groups": groups}])


def _groups(slo: Slo) -> list[dict[str, Any]]:
    name = _identity(slo)["sloth_id"]
    groups = [
        {"name": f"sloth-slo-sli-recordings-{name}", "rules": _ratios(slo)},
        {"name": f"sloth-slo-meta-recordings-{name}", "rules": _meta(slo)},
    ]
    alerts = _alerts(slo)
    if alerts:
        groups.append({"name": f"sloth-slo-alerts-{name}", "rules": alerts})
    return groups


def _identity(slo: Slo) -> dict[str, str]:
    """The labels by which Sloth tells SLOs apart."""
    service = slo.model or "all-models"
    return {
        "sloth_id": f"{service}-{slo.name}",
        "sloth_service": service,
        "sloth_slo": slo.name,
    }


def _labels(slo: Slo) -> dict[str, str]:
    """The labels of an SLO under names that Prometheus takes."""
    return {re.sub(r"^(?=\d)|[^A-Za-z0-9_]", "_", name): held for name, held in slo.labels.items()}


def _selector(labels: Mapping[str, str]) -> str:
    pairs = []
    for name, value in labels.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        pairs.append(f'{name}="{escaped}"')
    return "{" + ", ".join(pairs) + "}"


def _counter(slo: Slo, name: str) -> str:
    model = {} if slo.model is None else {"model": slo.model}
    return name + _selector({**model, "slo": slo.name})


def _windows(slo: Slo) -> list[timedelta]:
    """All windows of alerts, and at least one that is short."""
    found = {window for pair in slo.pairs for window in (pair.long, pair.short)}
    shortest = slo.slice if slo.budgeting == "timeslices" else timedelta(minutes=5)
    return sorted(found or {shortest})


def _ratios(slo: Slo) -> list[dict[str, Any]]:
    """The error ratio over each window; over the period as the mean of the shortest, as Sloth."""
    rules = []
    windows = _windows(slo)
    for window in windows:
        bad, total = (
            f"(sum(rate({_counter(slo, name)}[{format_duration(window)}])))"
            for name in (BAD, TOTAL)
        )
        rules.append(_ratio(slo, window, f"{bad}\n/\n{total}\n"))
    if slo.period not in windows:
        short = f"{_recorded(slo, windows[0])}[{format_duration(slo.period)}]"
        mean = f"sum_over_time({short})\n/ ignoring (sloth_window)\ncount_over_time({short})\n"
        rules.append(_ratio(slo, slo.period, mean))
    return rules


def _ratio(slo: Slo, window: timedelta, expr: str) -> dict[str, Any]:
    length = format_duration(window)
    labels = {**_labels(slo), **_identity(slo), "sloth_window": length}
    return {"record": _ERRORS + length, "expr": expr, "labels": labels}


def _recorded(slo: Slo, window: timedelta) -> str:
    return _ERRORS + format_duration(window) + _selector(_identity(slo))


def _meta(slo: Slo) -> list[dict[str, Any]]:
    """The objective, its budget, and how it burns."""
    own = _selector(_identity(slo))
    budget = f"slo:error_budget:ratio{own}\n"
    days = slo.period / timedelta(days=1)
    exprs = {
        "slo:objective:ratio": f"vector({_number(slo.objective)})",
        "slo:error_budget:ratio": f"vector({_number(slo.budget)})",
        "slo:time_period:days": f"vector({_number(days)})",
        "slo:current_burn_rate:ratio": f"{_recorded(slo, _windows(slo)[0])}\n{_MATCH}{budget}",
        "slo:period_burn_rate:ratio": f"{_recorded(slo, slo.period)}\n{_MATCH}{budget}",
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{own}",
        "sloth_slo_info": "vector(1)",
    }
    labels = {**_labels(slo), **_identity(slo)}
    info = {"sloth_mode": "watchkeeper", "sloth_spec": "watchkeeper", "sloth_version": "none"}
    return [
        {
            "record": record,
            "expr": expr,
            "labels": {**labels, **(info if record == "sloth_slo_info" else {})},
        }
        for record, expr in exprs.items()
    ]


def _alerts(slo: Slo) -> list[dict[str, Any]]:
    """One alert for each urgency: any of its pairs."""
    rules = []
    for urgency in Urgency:
        pairs = [pair for pair in slo.pairs if pair.urgency is urgency]
        if pairs:
            labels = {**_labels(slo), **_identity(slo)}
            labels |= {"severity": urgency.value, "sloth_severity": urgency.value}
            rules.append(
                {
                    "alert": "SloErrorBudgetBurn",
                    "expr": "or ignoring (sloth_window)\n".join(_burns(slo, p) for p in pairs),
                    "labels": labels,
                    "annotations": {
                        "summary": f"({urgency}) {slo.model or 'all models'}: the error budget of "
                        f"{slo.name} burns too fast",
                        "description": slo.description or describe(slo),
                    },
                }
            )
    return rules


def _burns(slo: Slo, pair: Pair) -> str:
    """Both windows are over the limit, and traffic is enough."""
    limit = f"({_number(slo.factor(pair))} * {_number(slo.budget)})"
    over = (f"({_recorded(slo, window)} > {limit})" for window in (pair.short, pair.long))
    both = "\n    and ignoring (sloth_window)\n    ".join(over)
    events = f"sum(increase({_counter(slo, TOTAL)}[{format_duration(pair.long)}]))"
    return f"(\n    {both}\n    and on ()\n    ({events} >= {slo.needed(pair)})\n)\n"


def _number(value: float) -> str:
    """A number as PromQL reads it, without the noise of floating point.

    >>> _number(1 - 0.999)
    '0.001'
    """
    return f"{value:.12g}"
