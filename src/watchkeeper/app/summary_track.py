"""The summary of a model followed over time: when it got worse, and how often the data drifted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.app.words import count, counted, listing, metric_title, name, pair, sentence

_COMMON = ("precision", "recall", "f1", "accuracy", "roc_auc", "mae", "rmse", "ndcg@10")
_WORST = ("fail", "warn", "pass", "not_enough_data")


def summarize_track(document: Mapping[str, Any]) -> dict[str, Any]:
    """The `summary` of a track document from all its other parts.

    Parameters
    ----------
    document
        A report document of kind `track`; its `summary` is not read.
    """
    windows = document["windows"]
    verdicts = {window["verdict"] for window in windows}
    verdict = next((v for v in ("drifted", "stable") if v in verdicts), "not_enough_data")
    statuses = {window.get("status") for window in windows}
    performance = _performance(document)
    told = [*performance[:1], _drift(document), _failed(windows)]
    found = [part for part in told if part]
    return {
        "verdict": verdict,
        "status": next((status for status in _WORST if status in statuses), "not_enough_data"),
        "headline": sentence("; ".join(found)) if found else "No window has rows to compare.",
        "sentences": [*map(sentence, performance), *_sentences(document)],
        "warnings": list(_warnings(document)),
    }


def _performance(document: Mapping[str, Any]) -> list[str]:
    """What to say about each metric that got worse, the most often worse first."""
    worse = [
        (metric, part, bad)
        for metric, part in (document["performance"] or {}).items()
        if (bad := _bad_windows(part))
    ]
    worse.sort(key=lambda item: (item[0] not in _COMMON, -len(item[2])))
    if worse:
        return [_fell(document, *item) for item in worse[:4]]
    for metric in (*_COMMON, *(document["performance"] or {})):
        part = (document["performance"] or {}).get(metric)
        if part and any(point and point["value"] is not None for point in part["points"]):
            return [f"{metric_title(metric)} held in every window"]
    return []


def _bad_windows(part: Mapping[str, Any]) -> list[int]:
    """Windows in which a check failed, or the metric's interval lies beyond the reference's."""
    reference = part["reference"] or {}
    bad = []
    for index, point in enumerate(part["points"]):
        if not point or point.get("value") is None:
            continue
        beyond = False
        if part["direction"] == "higher" and None not in (point["high"], reference.get("low")):
            beyond = point["high"] < reference["low"]
        elif part["direction"] == "lower" and None not in (point["low"], reference.get("high")):
            beyond = point["low"] > reference["high"]
        if beyond or point.get("status") == "fail":
            bad.append(index)
    return bad


def _fell(document: Mapping[str, Any], metric: str, part: Mapping[str, Any], bad: list[int]) -> str:
    windows, points = document["windows"], part["points"]
    judged = sum(bool(point) and point["value"] is not None for point in points)
    sign = 1 if part["direction"] == "lower" else -1
    worst = max(bad, key=lambda index: sign * points[index]["value"])
    text = (
        f"{metric_title(metric)} was worse than the reference in {count(len(bad))} of "
        f"{counted(judged, 'window')}, first in {name(windows[bad[0]]['name'])}"
    )
    before = (part["reference"] or {}).get("value")
    if before is not None:
        reference, lowest = pair(before, points[worst]["value"])
        text += (
            f", at worst {lowest} in {name(windows[worst]['name'])} ({reference} in the reference)"
        )
    return text


def _drift(document: Mapping[str, Any]) -> str:
    windows = document["windows"]
    drifted = [window for window in windows if window["verdict"] == "drifted"]
    if not windows:
        return ""
    total = counted(len(windows), "window")
    if not drifted:
        unsure = sum(window["verdict"] == "not_enough_data" for window in windows)
        return f"no drift in {total}" + (f" ({count(unsure)} not enough data)" if unsure else "")
    most = [column for column in document["ranking"] if _times(document, column)]
    return f"drift in {count(len(drifted))} of {total}" + (
        f", most: {listing(most[:3])}" if most else ""
    )


def _failed(windows: Sequence[Mapping[str, Any]]) -> str:
    """In how many windows a check failed, and where to look first."""
    failed = [window for window in windows if window.get("status") == "fail"]
    if not failed:
        return ""
    first = name(failed[0]["name"])
    return (
        f"checks failed in {count(len(failed))} of {counted(len(windows), 'window')}, first {first}"
    )


def _times(document: Mapping[str, Any], column: str) -> int:
    return sum(verdict == "drifted" for verdict in document["drift"][column]["verdicts"])


def _sentences(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (sentence(text) for text in (_drift(document), _failed(document["windows"])) if text)
    for column in document["ranking"][:3]:
        part = document["drift"][column]
        times = _times(document, column)
        if times:
            first = part["verdicts"].index("drifted")
            start = name(document["windows"][first]["name"])
            yield f"{name(column)}: drifted in {counted(times, 'window')}, first in {start}."


def _warnings(document: Mapping[str, Any]) -> Iterator[str]:
    empty = [
        window["name"] for window in document["windows"] if window["verdict"] == "not_enough_data"
    ]
    if empty:
        yield f"Not enough data to judge {counted(len(empty), 'window')}: {listing(empty)}."
    unlabelled = [window["name"] for window in document["windows"] if not window["labelled"]]
    if unlabelled and (document["performance"] or (document["model"] or {}).get("label")):
        yield (
            f"{counted(len(unlabelled), 'window')} without labels, where performance is unknown: "
            f"{listing(unlabelled)}."
        )
