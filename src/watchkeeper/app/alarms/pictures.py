"""A chart of what an alert is about, for messages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from watchkeeper.actions.channels.chart import Chart, draw
from watchkeeper.actions.channels.content import Picture
from watchkeeper.app.alarms.evaluating import Surroundings, to_times
from watchkeeper.app.alarms.source import MeasuredSource
from watchkeeper.core.alert import Alert, Notification
from watchkeeper.core.errors import WatchkeeperError
from watchkeeper.monitors.conditions.outcome import moments
from watchkeeper.monitors.source import Asked

SHOWN = timedelta(days=7)
"""How much of the past a chart shows."""

_STEP = timedelta(hours=1)

log = logging.getLogger("watchkeeper.alarms")


def picture_of(
    notification: Notification, around: Callable[[str], Surroundings], now: datetime
) -> Picture | None:
    """The chart of the first alert of a message that has a series; None where there is none.

    A message without a chart is better than none, so whatever goes wrong is logged.
    """
    for alert in notification.firing:
        series = alert.evidence.get("series")
        model = alert.labels.get("model")
        if isinstance(series, Mapping) and model is not None:
            try:
                return _drawn(alert, series, around(model), now)
            except WatchkeeperError as error:
                log.info("no chart for %s: %s", alert.name, error)
                return None
    return None


def _drawn(
    alert: Alert, series: Mapping[str, Any], around: Surroundings, now: datetime
) -> Picture | None:
    segment = series.get("segment")
    measured = replace(
        around.measured,
        version=series.get("version") or None,
        segment=tuple(segment) if segment else None,
    )
    end = now.replace(minute=0, second=0, microsecond=0)
    times = to_times([end - _STEP * n for n in reversed(range(SHOWN // _STEP))])
    asked = Asked(series["metric"], series.get("column"), timedelta(seconds=series["window_s"]))
    points = MeasuredSource(measured, around.slos).points(asked, times)
    if np.isnan(points.value).all():
        return None
    values = [None if np.isnan(value) else float(value) for value in points.value]
    limit, unit = alert.evidence.get("limit"), str(alert.evidence.get("unit") or "")
    if alert.evidence.get("operator") == "absent" and limit is not None:
        # It is a time, and that of the last record was held against it: not what is drawn here.
        limit, unit = None, ""
    name = str(alert.evidence.get("metric", asked.metric))
    chart = Chart(
        list(zip(moments(times), values, strict=True)),
        title=f"{alert.labels['model']}: {name}",
        limit=limit if isinstance(limit, int | float) else None,
        firing=(max(alert.starts_at, now - SHOWN), now),
        unit=unit,
    )
    return Picture(draw(chart), f"{name} of the last {SHOWN.days} days")
