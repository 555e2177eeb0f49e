"""Which segment carries a change of a performance metric.

A metric that is a mean over rows (accuracy, precision over the predicted positives, recall over the
actual ones, MAE, log loss) changes by the sum over the segments of ``w (m₁ − m₀)``, what became
worse inside the segment, and ``(w₁ − w₀) (m − M)``, rows that moved to better or worse segments
(Kitagawa 1955). For other metrics (F1, AUC, RMSE) the same sum is an approximation, which is good
enough to name a segment and is never printed as exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.app.words import name

MISSING, OTHER = "(missing)", "(other)"

_PLACES = {
    "at": {
        "airport", "branch", "depot", "dest", "destination", "hub", "location", "origin", "plant",
        "shop", "site", "station", "store", "terminal", "warehouse",
    },
    "in": {
        "area", "city", "continent", "country", "county", "language", "market", "region", "state",
    },
    "on": {"browser", "channel", "device", "os", "platform", "weekday"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Carrier:
    """The segment in which most of a change happened.

    Attributes
    ----------
    column, value
        The segment.
    part
        Its part of the change, as a share of the change of the whole; above 1 where other
        segments moved the other way.
    weight
        Its share of the rows behind the metric, on average of both sides.
    before, after
        The metric inside the segment.
    """

    column: str
    value: str
    part: float
    weight: float
    before: float
    after: float

    @property
    def phrase(self) -> str:
        """Where it happened, as a sentence says it."""
        return where(self.column, self.value)


def where(column: str, value: str) -> str:
    """A segment in words.

    Examples
    --------
    >>> where("origin", "EWR"), where("sex", "F"), where("origin", "(missing)")
    ('at EWR', 'for sex F', 'where origin is missing')
    """
    if value == MISSING:
        return f"where {name(column)} is missing"
    if value == OTHER:
        return f"for other values of {name(column)}"
    if value[:1].isalpha():
        for preposition, columns in _PLACES.items():
            if column.lower() in columns:
                return f"{preposition} {name(value)}"
    return f"for {name(column)} {name(value)}"


def carrier(performance: Mapping[str, Any], metric: str, *, min_rows: int = 30) -> Carrier | None:
    """The segment that carries the change of a metric, or None where none stands out.

    A segment stands out where it holds at least half of the change, and at least a quarter more of
    it than its rows alone would explain.

    Parameters
    ----------
    performance
        The `performance` part of a report document.
    metric
        A name in its `metrics`.
    min_rows
        A segment with fewer rows on either side is not named, since luck would pick it.
    """
    whole = performance["metrics"].get(metric) or {}
    total = (whole.get("change") or {}).get("value")
    if not total:
        return None
    found: list[Carrier] = []
    for column, values in (performance.get("segments") or {}).items():
        found += [
            part
            for part in _parts(column, values, metric, whole, min_rows)
            if part.part >= 0.5 and part.part >= 1.25 * part.weight
        ]
    return max(found, key=lambda part: part.part - part.weight, default=None)


def _parts(
    column: str,
    values: Mapping[str, Any],
    metric: str,
    whole: Mapping[str, Any],
    min_rows: int,
) -> list[Carrier]:
    """The part of each segment of a column in the change of the whole."""
    measured = []
    for value, segment in values.items():
        estimate = segment["metrics"].get(metric) or {}
        reference = estimate.get("reference") or {}
        before, after = reference.get("value"), estimate.get("value")
        rows = (reference.get("n") or 0, estimate.get("n_current") or 0)
        if before is not None and after is not None and min(rows) > 0:
            measured.append((value, before, after, rows))
    totals = [sum(rows[side] for *_, rows in measured) for side in (0, 1)]
    if len(measured) < 2 or not all(totals):
        return []
    total, middle = whole["change"]["value"], (whole["value"] + whole["reference"]["value"]) / 2
    parts = []
    for value, before, after, rows in measured:
        if min(rows) < min_rows:
            continue
        weights = rows[0] / totals[0], rows[1] / totals[1]
        weight = sum(weights) / 2
        inside = weight * (after - before)
        moved = (weights[1] - weights[0]) * ((before + after) / 2 - middle)
        parts.append(Carrier(column, value, (inside + moved) / total, weight, before, after))
    return parts
