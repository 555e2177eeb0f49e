"""The page that a colleague would write: a report document in, its summary out.

Nothing is measured here: the numbers are those of the document, so the sentence never says other
than the tables below it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from watchkeeper.app.findings_data import (
    drift_headline,
    drift_sentences,
    quality_headline,
    quality_sentences,
)
from watchkeeper.app.findings_performance import performance_headline, performance_sentences
from watchkeeper.app.summary_track import summarize_track
from watchkeeper.app.words import sentence

__all__ = ["summarize", "summarize_track"]

Summary = dict[str, Any]


def summarize(document: Mapping[str, Any], *, min_rows: int = 100) -> Summary:
    """The `summary` of a comparison document from all its other parts.

    Parameters
    ----------
    document
        A report document of kind `comparison`; its `summary` is not read.
    min_rows
        Rows with a value that each side needs for a verdict.

    Returns
    -------
    dict
        `verdict`, `status`, `headline`, `sentences` (strongest first), `warnings`, and the counts
        of `checks` and of columns by verdict (`drift`).
    """
    drift = _drift_counts(document["drift"])
    return {
        "verdict": _verdict(drift),
        "status": _status(document["checks"], _verdict(drift)),
        "headline": _headline(document),
        "sentences": [
            *performance_sentences(document),
            *drift_sentences(document, min_rows=min_rows),
            *quality_sentences(document["quality"]),
        ],
        "warnings": list(_warnings(document)),
        "checks": _check_counts(document["checks"]),
        "drift": drift,
    }


def _headline(document: Mapping[str, Any]) -> str:
    performance = performance_headline(document)
    drift = drift_headline(document["drift"])
    quality = quality_headline(document)
    found = [part for part in (performance, drift, quality) if part]
    return sentence("; ".join(found)) if found else "There is nothing to compare."


def _drift_counts(drift: Mapping[str, Any]) -> dict[str, int]:
    found = Counter(
        column["verdict"] for column in drift["columns"].values() if column["role"] != "timestamp"
    )
    kinds = ("drifted", "stable", "not_enough_data")
    return {"columns": sum(found.values()), **{kind: found[kind] for kind in kinds}}


def _verdict(drift: Mapping[str, int]) -> str:
    """Drifted where any column did; not enough data where no column could be judged."""
    if drift["drifted"]:
        return "drifted"
    return "stable" if drift["stable"] else "not_enough_data"


def _check_counts(checks: list[Mapping[str, Any]]) -> dict[str, int]:
    found = Counter(check["status"] for check in checks)
    return {
        "passed": found["pass"],
        "warned": found["warn"],
        "failed": found["fail"],
        "not_enough_data": found["not_enough_data"],
    }


def _status(checks: list[Mapping[str, Any]], verdict: str) -> str:
    """The worst status; where nothing failed, 'not enough data' only if that is all there is."""
    found = {check["status"] for check in checks}
    for status in ("fail", "warn", "pass", "not_enough_data"):
        if status in found:
            if status == "pass" and verdict == "not_enough_data":
                return "not_enough_data"
            return status
    return "not_enough_data" if verdict == "not_enough_data" else "pass"


def _warnings(document: Mapping[str, Any]) -> Iterator[str]:
    """What makes the comparison itself less trustworthy than it looks."""
    reference, current = document["reference"], document["current"]
    yield from _small_reference(reference.get("rows") or 0, document["drift"])
    performance = document.get("performance")
    if performance and not reference.get("labelled") and current.get("labelled"):
        yield "The reference has no labels, so no change of performance can be told."
    if _overlap(reference, current):
        yield (
            "The reference and the current data overlap in time; rows in both hide drift. "
            "Compare ranges that do not overlap."
        )


def _small_reference(rows: int, drift: Mapping[str, Any]) -> Iterator[str]:
    """Pass on that the reference is small, where that can hide drift.

    The largest distance between `n` rows and what they come from stays below 1.36/√n in 19 of 20
    samples (Kolmogorov's limit). Under half of the tolerance it costs hardly any power.
    """
    text, tolerance = drift.get("reference_warning"), drift.get("tolerance")
    if text and rows and tolerance and 1.36 / math.sqrt(rows) > tolerance / 2:
        yield sentence(text)


def _overlap(reference: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    """Whether both sides hold times of one range."""
    edges = [reference.get("start"), reference.get("end"), current.get("start"), current.get("end")]
    if not all(edges):
        return False
    first, last, start, end = (datetime.fromisoformat(str(edge)) for edge in edges)
    return max(first, start) < min(last, end)
