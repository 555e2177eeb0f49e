"""SLOs written as OpenSLO v1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.slo.objective import Indicator, Kind, Pair, Slo
from watchkeeper.monitors.slo.openslo import ANNOTATION, VERSION
from watchkeeper.monitors.slo.wording import describe, dump, write_pairs

_SHORT = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
_TARGET = "watchkeeper"


def write_openslo(slos: Iterable[Slo]) -> str:
    """SLOs as documents of OpenSLO v1; `parse_openslo` gives equal ones back.

    Pairs of windows stand in annotations; for other tools each is an alert policy on its long
    window too.

    Examples
    --------
    >>> slo = Slo("answers", 0.999, Indicator(Kind.AVAILABILITY), "flights")
    >>> [line for line in write_openslo([slo]).splitlines() if line.startswith("kind")]
    ['kind: Service', 'kind: AlertNotificationTarget', 'kind: SLO']
    """
    slos = list(slos)
    services = sorted({slo.model or "all-models" for slo in slos})
    documents = [_object("Service", name, name, {"description": f"The model {name}."})
                 for name in services]  # fmt: skip
    if any(slo.pairs for slo in slos):
        target = {"target": "watchkeeper", "description": "Alerts are routed by Watchkeeper."}
        documents.append(_object("AlertNotificationTarget", _TARGET, _TARGET, target))
    return dump([*documents, *map(_slo, slos)])


def resource_name(name: str) -> str:
    """A name as OpenSLO takes it: lower case, digits and '-', at most 63 (RFC 1123).

    >>> resource_name("P95_latency.EU")
    'p95-latency-eu'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:63].strip("-") or "unnamed"


def _object(kind: str, name: str, title: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": resource_name(name), "displayName": title}
    return {"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _slo(slo: Slo) -> dict[str, Any]:
    made = _object("SLO", slo.name, slo.name, {})
    metadata = made["metadata"]
    if slo.labels:
        metadata["labels"] = dict(slo.labels)
    metadata["annotations"] = _annotations(slo)
    made["spec"] = {
        "description": slo.description,
        "service": slo.model or "all-models",
        "indicator": {
            "metadata": {"name": resource_name(f"{slo.name}-sli"), "displayName": describe(slo)},
            "spec": _sli(slo.indicator),
        },
        "timeWindow": [_window(slo)],
        "budgetingMethod": slo.budgeting.capitalize(),
        "objectives": [_objective(slo)],
        "alertPolicies": [_policy(slo, pair) for pair in slo.pairs],
    }
    return made


def _annotations(slo: Slo) -> dict[str, str]:
    notes = {"name": slo.name, "alerts": write_pairs(slo.pairs), "min-bad": str(slo.min_bad)}
    if slo.model is None:
        notes["all-models"] = "true"
    if slo.no_data == "bad":
        notes["no-data"] = "bad"
    if slo.maintenance:
        notes["maintenance"] = ";".join(
            f"{window.start.isoformat()}..{window.end.isoformat()}" for window in slo.maintenance
        )
    return {ANNOTATION + key: value for key, value in notes.items()}


def _sli(indicator: Indicator) -> dict[str, Any]:
    """The indicator as a ratio of good slices or events to all."""
    spec: dict[str, Any] = {"kind": indicator.kind.value}
    if indicator.kind is Kind.QUALITY:
        return {"thresholdMetric": _source({"metric": indicator.metric})}
    if indicator.under_ms is not None:
        spec["under_ms"] = indicator.under_ms
    if indicator.within is not None:
        spec["within"] = format_duration(indicator.within)
    if indicator.good is not None:
        spec["good"] = indicator.good
    return {"ratioMetric": {"counter": True, "good": _source(spec),
                            "total": _source({"kind": "all"})}}  # fmt: skip


def _source(spec: dict[str, Any]) -> dict[str, Any]:
    return {"metricSource": {"type": "Watchkeeper", "spec": spec}}


def _window(slo: Slo) -> dict[str, Any]:
    if slo.calendar is None:
        return {"duration": _length(slo.period), "isRolling": True}
    begin = {"startTime": "2024-01-01 00:00:00", "timeZone": "UTC"}
    return {"duration": _SHORT[slo.calendar], "isRolling": False, "calendar": begin}


def _objective(slo: Slo) -> dict[str, Any]:
    made: dict[str, Any] = {"displayName": slo.name}
    if slo.indicator.kind is Kind.QUALITY:
        made["op"] = "gte" if slo.indicator.better == "higher" else "lte"
        made["value"] = slo.indicator.target
    made["target"] = slo.objective
    if slo.budgeting == "timeslices":
        made["timeSliceTarget"] = slo.slice_target or 1.0
        made["timeSliceWindow"] = _length(slo.slice)
    return made


def _policy(slo: Slo, pair: Pair) -> dict[str, Any]:
    """The long window of a pair as the one condition of a policy."""
    name = resource_name(f"{slo.name}-{pair.urgency}-{format_duration(pair.long)}")
    condition = {
        "kind": "burnrate",
        "threshold": round(slo.factor(pair), 9),
        "lookbackWindow": _length(pair.long),
        "alertAfter": "0m",
    }
    spec = {
        "alertWhenBreaching": True,
        "alertWhenResolved": True,
        "alertWhenNoData": False,
        "conditions": [
            {
                "kind": "AlertCondition",
                "metadata": {"name": name},
                "spec": {"severity": pair.urgency.value, "condition": condition},
            }
        ],
        "notificationTargets": [{"targetRef": _TARGET}],
    }
    return {"kind": "AlertPolicy", "metadata": {"name": name}, "spec": spec}


def _length(length: timedelta) -> str:
    """A length in the shorthand of OpenSLO: one number and one unit, down to minutes.

    >>> _length(timedelta(days=30)), _length(timedelta(minutes=150))
    ('30d', '150m')
    """
    for unit, size in (("d", timedelta(days=1)), ("h", timedelta(hours=1))):
        if length % size == timedelta():
            return f"{length // size}{unit}"
    return f"{max(1, round(length / timedelta(minutes=1)))}m"
