"""One model in one line: what a list of models shows of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.app.findings_performance import leading
from watchkeeper.app.live.kept import Kept
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.overview import measure_overview
from watchkeeper.app.live.questions import SeriesQuery
from watchkeeper.app.live.series import measure_series
from watchkeeper.core.windows import Window

Answer = dict[str, Any]

STEPS = 48
"""At most so many points in a small chart."""

IN_HOURS = "timeliness"
"""The one score that is no share."""

_LENGTHS = (1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 672)  # hours
_TRAFFIC = ("prediction_count", "throughput", "error_rate", "latency_ms@p95")
_LABELS = ("label_coverage", "label_delay_s@p50")


def measure_glance(
    measured: Measured, *, window: Window, now: datetime, held: Kept | None = None
) -> Answer:
    """Traffic, performance, drift, quality and labels of a model in one window, in short.

    Parameters
    ----------
    measured
        The model.
    window
        What to cover.
    now
        The time of asking.
    held
        As of `measure_overview`.

    Returns
    -------
    dict
        `service` and `labels`: some metrics by name. `performance`: the one metric that the
        headline is about, beside its reference. `drift`, `quality`, `verdict`, `headline`: of the
        report of the window. `series`: volume and that metric over time.
    """
    page = measure_overview(
        replace(measured, segment=None), window=window, now=now, of_segments=(), held=held
    )
    report = page["report"]
    found: Answer = {
        "model": measured.model,
        "window": page["window"],
        "rows": page["rows"],
        "service": {name: page["traffic"].get(name) for name in _TRAFFIC},
        "labels": {name: page["labels"].get(name) for name in _LABELS},
        "verdict": None, "status": None, "headline": None, "performance": None, "drift": None,
        "quality": None,
    }  # fmt: skip
    names = ["prediction_count"]
    if report is not None:
        found |= _of_report(report)
        if found["performance"] is not None:
            names.append(found["performance"]["metric"])
    query = SeriesQuery(tuple(names), step=step_of(window))
    told = measure_series(measured, query, window=window, now=now)
    found["step_s"] = told["step_s"]
    found["series"] = told["series"]
    return found


def step_of(window: Window) -> str:
    """The shortest usual step that gives few points.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> step_of(Window(at, at + timedelta(days=1))), step_of(Window(at, at + timedelta(days=30)))
    ('1h', '24h')
    """
    hours = (window.end - window.start) / timedelta(hours=1)
    length = next((each for each in _LENGTHS if hours / each <= STEPS), _LENGTHS[-1])
    return f"{length}h"


def _of_report(report: Answer) -> Answer:
    summary = report["summary"]
    scores = (report.get("quality") or {}).get("scores") or {}
    worst = min(
        (item for item in scores.items() if item[0] != IN_HOURS and _lag(item[1]) is not None),
        key=lambda item: _lag(item[1]) or 0.0,
        default=None,
    )
    return {
        "verdict": summary["verdict"],
        "status": summary["status"],
        "headline": summary["headline"],
        "performance": _performance(report.get("performance")),
        "drift": {**summary["drift"], "top": _top(report["drift"])},
        "quality": None if worst is None else {"score": worst[0], **worst[1]},
    }


def _lag(score: Answer) -> float | None:
    """How far a score is from its target; None where there is none."""
    current, target = score.get("current"), score.get("target")
    return None if current is None or target is None else float(current) - float(target)


def _performance(performance: Answer | None) -> Answer | None:
    change = leading(performance)
    if change is None or performance is None:
        return None
    held = performance["metrics"][change.metric]
    return {
        "metric": change.metric, "value": held["value"], "low": held["low"], "high": held["high"],
        "n_current": held.get("n_current"), "reference": change.before, "worse": change.worse,
        "certain": change.certain, "status": change.status, "direction": change.direction,
    }  # fmt: skip


def _top(drift: Answer) -> str | None:
    """The column that drifted most; None where none did."""
    columns = drift["columns"]
    return next((name for name in drift["ranking"] if columns[name]["verdict"] == "drifted"), None)
