"""The traffic of two sets of rows beside each other, such as that of two versions."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.core.envelope import ERROR_CLASSES
from watchkeeper.core.estimate import Estimate
from watchkeeper.metrics.intervals import compare_metric
from watchkeeper.metrics.proportions import change_p
from watchkeeper.metrics.service import service_metrics
from watchkeeper.metrics.service_intervals import effective_rows
from watchkeeper.profiles.traffic import Traffic
from watchkeeper.profiles.weighted import Weighted

_Parts = tuple[Weighted, Weighted]


def compare_traffic(
    reference: Traffic, current: Traffic, *, seconds: tuple[float | None, float | None]
) -> dict[str, Estimate]:
    """How far each metric of traffic lies from that of other rows, such as another version's.

    Parameters
    ----------
    reference, current
        Two independent sets of rows.
    seconds
        The length of the window of either.

    Returns
    -------
    dict[str, Estimate]
        `current - reference` by the names of `service_metrics` (but `freshness_s`), with interval
        and p-value as `compare_metric` has them. For shares the p-value is Fisher's exact one.
        A difference of quantiles smaller than the bins can show is never significant.

    Examples
    --------
    >>> rows, few, many = (Weighted(n, float(n), float(n)) for n in (1000, 10, 40))
    >>> before = Traffic(rows=rows, errors={"timeout": few})
    >>> after = Traffic(rows=rows, errors={"timeout": many})
    >>> found = compare_traffic(before, after, seconds=(3600, 3600))["error_rate"]
    >>> round(found.value, 3), found.p_value < 0.001
    (0.03, True)
    """
    before = service_metrics(reference, seconds=seconds[0], now=None)
    after = service_metrics(current, seconds=seconds[1], now=None)
    changes = {
        name: compare_metric(before[name], estimate)
        for name, estimate in after.items()
        if name != "freshness_s"
    }
    first, second = _shares(reference), _shares(current)
    for name, parts in second.items():
        if changes[name].value is not None:
            p_value = change_p(*_as_counts(parts), *_as_counts(first[name]))
            changes[name] = replace(changes[name], p_value=p_value)
    return changes


def _shares(traffic: Traffic) -> dict[str, _Parts]:
    """The rows behind each metric that is a share."""
    return {
        "error_rate": (traffic.failed, traffic.rows),
        **{
            f"error_rate@{name}": (traffic.errors.get(name, Weighted()), traffic.rows)
            for name in ERROR_CLASSES
        },
        "cache_hit_rate": (traffic.cache_hits, traffic.cache_known),
        "schema_violation_rate": (traffic.violating, traffic.rows),
        "overflow_rate": (traffic.overflowing, traffic.rows),
    }


def _as_counts(parts: _Parts) -> tuple[float, float]:
    """A share as hits among rows that are as sure as the weighted ones."""
    hits, whole = parts
    rows = effective_rows(hits, whole)
    return hits.weight / whole.weight * rows, rows
