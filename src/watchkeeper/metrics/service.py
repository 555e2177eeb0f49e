"""All metrics of the traffic of a window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from watchkeeper.core.envelope import ERROR_CLASSES, STAGES
from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.base import Metric
from watchkeeper.metrics.ingest_quality import (
    ARRIVAL_POINTS,
    INGEST,
    arrival_delay_s_at_p,
    freshness_s,
)
from watchkeeper.metrics.service_errors import ERRORS, error_rate_by_class
from watchkeeper.metrics.service_latency import (
    LATENCY,
    POINTS,
    latency_ms_at_p,
    stage_ms_at_p,
)
from watchkeeper.metrics.service_volume import VOLUME, throughput
from watchkeeper.profiles.traffic import Traffic

SERVICE: tuple[Metric, ...] = (*VOLUME, *ERRORS, *LATENCY, *INGEST)
"""Every metric of traffic, in the order in which reports list them."""

_Measure = Callable[[Traffic], Estimate]


def service_metrics(
    traffic: Traffic, *, seconds: float | None, now: float | None
) -> dict[str, Estimate]:
    """Every metric of the traffic of a window, by the name under which reports show it.

    Parameters
    ----------
    traffic
        What was counted.
    seconds
        How long the window is, None where that is not known: `throughput` has no value then.
    now
        The time of asking in seconds since 1970, None where it is not known: `freshness_s` has no
        value then.

    Returns
    -------
    dict[str, Estimate]
        What the rows do not define has the value None and a note that says why.

    Examples
    --------
    >>> found = service_metrics(Traffic(), seconds=3600.0, now=None)
    >>> found["throughput"].value, found["error_rate"].note
    (0.0, 'no predictions')
    """
    found: dict[str, Estimate] = {}
    for metric in SERVICE:
        found |= {name: measure(traffic) for name, measure in _forms(metric, seconds, now).items()}
    return found


def _forms(metric: Metric, seconds: float | None, now: float | None) -> dict[str, _Measure]:
    """The names under which a metric is shown, each with what computes it."""
    if metric.name == "throughput":
        return {metric.name: partial(throughput, seconds=seconds)}
    if metric.name == "freshness_s":
        return {metric.name: partial(freshness_s, now=now)}
    return _FORMS.get(metric.name) or {metric.name: metric.function}


def _points(
    name: str, points: tuple[float, ...], measure: Callable[..., Estimate]
) -> dict[str, _Measure]:
    return {f"{name}@p{point * 100:g}": partial(measure, point=point) for point in points}


_FORMS: dict[str, dict[str, _Measure]] = {
    "error_rate_by_class": {
        f"error_rate@{name}": partial(error_rate_by_class, name=name) for name in ERROR_CLASSES
    },
    "latency_ms_at_p": _points("latency_ms", POINTS, latency_ms_at_p),
    "arrival_delay_s_at_p": _points("arrival_delay_s", ARRIVAL_POINTS, arrival_delay_s_at_p),
    **{
        f"{stage}_ms_at_p": _points(f"{stage}_ms", POINTS, partial(stage_ms_at_p, stage=stage))
        for stage in STAGES
    },
}
