"""What stands for a verdict, a status and a segment, in every format; numbers are `app.words`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.app.words import (
    UNDEFINED,
    counted,
    metric_title,
    name,
    number,
    pair,
    percent,
    signed,
)

STATUS = {
    "pass": "passed",
    "warn": "warning",
    "fail": "failed",
    "not_enough_data": "not enough data",
}
SYMBOL = {"pass": "✓", "warn": "▲", "fail": "✗", "not_enough_data": "○"}
"""A shape for each status, so that colour is never alone."""

_VERDICT = {"drifted": "drifted", "stable": "stable", "not_enough_data": "not enough data"}


def verdict(column: Mapping[str, Any]) -> str:
    """The verdict of a column of `drift` in words.

    >>> verdict({"verdict": "stable", "change": "harmless"})
    'changed, harmless'
    """
    if column["verdict"] == "stable" and column.get("change") == "harmless":
        return "changed, harmless"
    return _VERDICT.get(column["verdict"], "unknown")


def status(value: str | None) -> str:
    """A status in words, with its shape.

    >>> status("fail"), status(None)
    ('✗ failed', '')
    """
    return f"{SYMBOL[value]} {STATUS[value]}" if value in STATUS else ""


def segment(place: Mapping[str, str] | None) -> str:
    """The segment of a check; '' for all rows.

    >>> segment({"column": "origin", "value": "EWR"}), segment(None)
    ('origin = EWR', '')
    """
    return f"{name(place['column'])} = {name(place['value'])}" if place else ""


def subject(check: Mapping[str, Any]) -> str:
    """What a check is about: the column, metric, score or rule, and its segment."""
    metric = check.get("metric")
    shown = name(check["subject"])
    if check["group"] == "performance" and metric == check["subject"]:
        shown = metric_title(check["subject"])
    elif metric and metric != check["subject"] and check["group"] in {"drift", "quality"}:
        shown = f"{shown}, {metric_title(metric)}"
    place = segment(check.get("segment"))
    return f"{shown} ({place})" if place else shown


def both(before: float | None, after: float | None) -> tuple[str, str]:
    """A value before and after; each side that is undefined says so."""
    if before is None or after is None:
        return number(before), number(after)
    return pair(before, after)


def change(estimate: Mapping[str, Any]) -> str:
    """The difference of a performance metric, with its direction and whether that is worse."""
    value = (estimate.get("change") or {}).get("value")
    if value is None:
        return UNDEFINED
    direction = estimate.get("direction")
    low, high = (estimate["change"].get(edge) for edge in ("low", "high"))
    shown = signed(value, digits=2)
    if direction not in {"higher", "lower"} or value == 0 or low is None or high is None:
        return shown
    if low <= 0 <= high:
        return f"{shown} within chance"
    return f"{shown} {'worse' if (value < 0) == (direction == 'higher') else 'better'}"


def score(title: str, value: float | None) -> str:
    """A quality score: hours for timeliness, else a share."""
    if title == "timeliness":
        return f"{number(value)} h" if value is not None else UNDEFINED
    return percent(value)


def side(part: Mapping[str, Any]) -> str:
    """The name and the rows of one side of a comparison."""
    labelled = part.get("labelled") or 0
    note = f", {counted(labelled, 'label')}" if labelled else ""
    return f"{name(part['name'])} ({counted(part['rows'], 'row')}{note})"
