"""All that a page about one model shows, and two versions of it side by side."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from watchkeeper.app.document import Side, assemble
from watchkeeper.app.live.kept import Kept, marker_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.performance import performance_of
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.core.estimate import Estimate
from watchkeeper.core.windows import Window
from watchkeeper.metrics.business import outcome_metrics
from watchkeeper.metrics.labels import label_metrics
from watchkeeper.metrics.performance import compare_performance
from watchkeeper.metrics.service import service_metrics
from watchkeeper.metrics.service_compare import compare_traffic
from watchkeeper.monitors.families import adjust
from watchkeeper.monitors.performance import judge_performance
from watchkeeper.profiles.label_traffic import LabelTraffic
from watchkeeper.profiles.outcome_traffic import OutcomeTraffic
from watchkeeper.profiles.parts import PERFORMANCE, ROWS
from watchkeeper.profiles.profile import Profile
from watchkeeper.profiles.traffic import Traffic

Answer = dict[str, Any]

ALPHA = 0.05
"""Below it, after correction over all metrics, two versions are called different."""


def measure_overview(
    measured: Measured,
    *,
    window: Window,
    now: datetime,
    of_segments: Collection[str] = (PERFORMANCE, ROWS),
    held: Kept | None = None,
) -> Answer:
    """Service, labels, business, performance and the columns' drift in one window.

    Parameters
    ----------
    measured
        Whose.
    window
        What to cover.
    now
        The time of asking.
    of_segments
        What is read of each segment; the drift of every column in every segment is most of the
        work of a report, and left out.
    held
        What was measured before; None to measure all of it now.

    Returns
    -------
    dict
        `rows`; `traffic`, `labels` and `outcomes` (metrics by name); and `report`: the report
        document of the window, with the performance of each segment, without drift in segments.
    """
    free = () if measured.segment is not None else ("traffic", "labels", "outcomes")
    steps = measured.steps(window, None, free=free, held=(PERFORMANCE,))
    parts = steps[0][1] if steps else {}
    traffic = parts.get("traffic", Traffic())
    seconds = (min(window.end, max(now, window.start)) - window.start).total_seconds()
    document: Answer = {
        "model": measured.model,
        "version": measured.version,
        "segment": None if measured.segment is None else ":".join(measured.segment),
        "window": {"start": window.start, "end": window.end},
        "rows": traffic.rows.rows,
        "traffic": _told(service_metrics(traffic, seconds=seconds or 1.0, now=now.timestamp())),
        "labels": _told(label_metrics(parts.get("labels", LabelTraffic()))),
        "outcomes": _told(outcome_metrics(parts.get("outcomes", OutcomeTraffic()))),
        "reference": None if measured.reference is None else measured.reference.as_dict(),
        "report": None,
    }
    if measured.layout is not None:
        page = _held_page(measured, window, now, of_segments, held)
        document["report"] = page
        if measured.segment is not None and page is not None:
            document["rows"] = page["current"]["rows"]
    return document


def _held_page(
    measured: Measured,
    window: Window,
    now: datetime,
    of_segments: Collection[str],
    held: Kept | None,
) -> Answer | None:
    """The page as it was made before, where nothing it is made of was written to since."""
    # A page of a segment tells of all rows too, and who writes to a segment writes to those.
    whole = Measured(measured.model, measured.buckets, measured.reference, measured.version)
    marker = None if held is None else marker_of(whole, window, now)
    if held is None or marker is None:
        return _page(measured, window, now, of_segments)
    # The age of what came last is told to the minute.
    until = int(min(now, window.end).timestamp()) // 60
    key = (
        measured.model, measured.version, measured.segment, window.start, window.end, until,
        tuple(of_segments),
    )  # fmt: skip
    found: Answer | None = held.get(key, marker)
    if found is None:
        found = _page(measured, window, now, of_segments)
        if found is not None:
            held.put(key, marker, found)
    # Who shows it may change it: of what is kept nobody does.
    return None if found is None else dict(found)


def _page(
    measured: Measured, window: Window, now: datetime, of_segments: Collection[str]
) -> Answer | None:
    if measured.segment is not None:
        profile, reference = measured.alone(window), measured.reference_alone(window)
    else:
        profile = measured.profile(window, of_segments=of_segments)
        reference = measured.reference_profile(window, of_segments=of_segments)
    if profile is None or reference is None or not profile.whole.rows:
        return None
    before = Side(_whole_alone(reference), "reference")
    after = Side(_whole_alone(profile), window.name, window.start, window.end)
    page = assemble(before, after, now=min(now, window.end))
    page["performance"] = performance_of(profile.layout, reference, profile)
    return page


def _whole_alone(profile: Profile) -> Profile:
    layout = replace(profile.layout, segments={})
    return replace(profile, layout=layout, segments={})


def measure_report(measured: Measured, *, window: Window, now: datetime) -> Answer:
    """The report document of a window, as `watchkeeper report` makes it of files.

    Raises
    ------
    NotFoundError
        The model has no reference, or no rows in the window.
    """
    if measured.reference is None:
        raise NotFoundError(
            f"model {measured.model!r} has no reference to compare with; set one with `reference:` "
            "in the model file, or PUT /v1/models/MODEL/reference"
        )
    profile = measured.profile(window)
    reference = measured.reference_profile(window)
    if profile is None or reference is None or not profile.whole.rows:
        raise NotFoundError(
            f"model {measured.model!r} has no measured rows between {window.start:%Y-%m-%d %H:%M} "
            f"and {window.end:%Y-%m-%d %H:%M} (UTC), or its reference has none"
        )
    before = Side(reference, "reference")
    after = Side(profile, window.name, window.start, window.end)
    return assemble(before, after, now=min(now, window.end))


def measure_difference(one: Measured, other: Measured, *, window: Window) -> Answer:
    """Two versions over the same window, with a test of each difference.

    Parameters
    ----------
    one, other
        The same model and segment; `other` is judged beside `one`.

    Returns
    -------
    dict
        For each metric both values and the difference with interval, p-value, and p-value adjusted
        over all metrics (Benjamini–Hochberg); `inputs` says whether both saw the same data, for
        else the difference may be that of the traffic.
    """
    if one.version == other.version:
        raise InputError(f"a version is compared with another, not with itself: {one.version!r}")
    sides = [_side(each, window) for each in (one, other)]
    for each, side in zip((one, other), sides, strict=True):
        if not side:
            raise NotFoundError(
                f"version {each.version!r} of model {one.model!r} has no rows in this window"
            )
    before, after = sides
    seconds = (window.end - window.start).total_seconds()
    answer: Answer = {
        "model": one.model,
        "a": one.version,
        "b": other.version,
        "segment": None if one.segment is None else ":".join(one.segment),
        "window": {"start": window.start, "end": window.end},
        "rows": {"a": _rows(before), "b": _rows(after)},
        "service": {},
        "performance": {},
        "inputs": None,
    }
    if "traffic" in before and "traffic" in after:
        answer["service"] = _service(before["traffic"], after["traffic"], seconds)
    layout = one.layout
    if layout is not None and layout.performance is not None:
        held = compare_performance(
            layout.performance, before.get(PERFORMANCE), after.get(PERFORMANCE)
        )
        answer["performance"] = judge_performance(held, layout.model.thresholds)
    _adjust(answer)
    answer["inputs"] = _inputs(one, other, window)
    return answer


def _side(measured: Measured, window: Window) -> Answer:
    free = () if measured.segment is not None else ("traffic", "labels", "outcomes")
    steps = measured.steps(window, None, free=free, held=(PERFORMANCE,))
    return steps[0][1] if steps else {}


def _rows(parts: Answer) -> int:
    if "traffic" in parts:
        return int(parts["traffic"].rows.rows)
    return int(parts[PERFORMANCE].rows) if PERFORMANCE in parts else 0


def _service(before: Traffic, after: Traffic, seconds: float) -> Answer:
    values = [service_metrics(side, seconds=seconds, now=None) for side in (before, after)]
    changes = compare_traffic(before, after, seconds=(seconds, seconds))
    return {
        name: {
            "a": values[0][name].to_dict() if name in values[0] else None,
            "b": values[1][name].to_dict() if name in values[1] else None,
            "change": change.to_dict(),
            "p_value": change.p_value,
        }
        for name, change in changes.items()
    }


def _adjust(answer: Answer) -> None:
    """Write the adjusted p-value beside each, and whether the versions differ."""
    entries = {
        (group, name): entry
        for group in ("service", "performance")
        for name, entry in answer[group].items()
    }
    known = {
        f"{group}\0{name}": entry["p_value"]
        for (group, name), entry in entries.items()
        if entry.get("p_value") is not None
    }
    adjusted = adjust(known, "benjamini-hochberg")
    for (group, name), entry in entries.items():
        p_value = adjusted.get(f"{group}\0{name}")
        entry["p_adjusted"] = p_value
        entry["different"] = None if p_value is None else p_value < ALPHA


def _inputs(one: Measured, other: Measured, window: Window) -> Answer | None:
    """Whether the columns of both versions differ by more than is tolerated."""
    profiles = [
        each.profile(window) if each.segment is None else each.alone(window)
        for each in (one, other)
    ]
    before, after = profiles
    if before is None or after is None:
        return None
    drift = assemble(Side(before, str(one.version)), Side(after, str(other.version)))["drift"]
    return {
        "drifted": [n for n in drift["ranking"] if drift["columns"][n]["verdict"] == "drifted"],
        "columns": {
            name: {
                "verdict": held["verdict"], "effect": held["effect"],
                "p_adjusted": held["p_adjusted"], "reason": held["reason"],
            }
            for name, held in drift["columns"].items()
        },
    }  # fmt: skip


def _told(metrics: dict[str, Estimate]) -> Answer:
    return {name: estimate.to_dict() for name, estimate in metrics.items()}
