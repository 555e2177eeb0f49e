"""What a report says about performance: which metric got worse, by how much, and for whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.app.carriers import Carrier, carrier
from watchkeeper.app.words import (
    count,
    joined,
    metric_title,
    name,
    number,
    pair,
    percent,
    sentence,
    signed,
)

_COMMON = (
    "precision", "recall", "f1", "accuracy", "balanced_accuracy", "roc_auc", "pr_auc", "mae",
    "rmse", "mape", "r2", "bias", "ndcg", "mrr", "ctr",
)  # fmt: skip
"""Metrics that a reader knows; others make the headline only where none of these changed."""

_RANK = {"fail": 0, "warn": 1}


@dataclass(frozen=True, slots=True)
class Change:
    """How one metric changed from the reference to the current rows.

    Attributes
    ----------
    metric
        Its name in the document.
    before, after, low, high
        Both values, and the interval of the change.
    rows
        Current rows behind it.
    worse
        Whether the change is for the worse; None where the metric has no better direction.
    certain
        Whether the interval of the change leaves out no change at all.
    status, direction
        Of the check, and which way is better.
    """

    metric: str
    before: float
    after: float
    low: float | None
    high: float | None
    rows: int
    worse: bool | None
    certain: bool
    status: str | None
    direction: str

    @property
    def moved(self) -> str:
        """The change in words, without who carries it."""
        before, after = pair(self.before, self.after)
        verb = "fell" if self.after < self.before else "rose"
        # Where lower is better, or a negative number is as bad as a positive one, the verb
        # alone does not tell a reader whether to worry.
        judged = {True: " (worse)", False: " (better)", None: ""}[self.worse]
        hint = judged if self.direction != "higher" else ""
        return f"{metric_title(self.metric)} {verb} from {before} to {after}{hint}"


def changes(performance: Mapping[str, Any] | None) -> list[Change]:
    """The metrics that are known on both sides, the one to worry about most first."""
    found = []
    for metric, estimate in (performance or {}).get("metrics", {}).items():
        before = (estimate.get("reference") or {}).get("value")
        after = estimate.get("value")
        if before is not None and after is not None:
            found.append(_change(metric, before, after, estimate))
    return sorted(found, key=_urgency)


def _change(metric: str, before: float, after: float, estimate: Mapping[str, Any]) -> Change:
    change = estimate.get("change") or {}
    low, high, p = change.get("low"), change.get("high"), change.get("p_value")
    if low is not None and high is not None:
        certain = low > 0 or high < 0
    else:
        certain = p is not None and p < 0.05
    direction = estimate.get("direction") or "none"
    worse = None
    if direction in {"higher", "lower"}:
        worse = after < before if direction == "higher" else after > before
    rows = estimate.get("n_current") or 0
    return Change(
        metric, before, after, low, high, rows, worse, certain, estimate.get("status"), direction
    )


def _urgency(change: Change) -> tuple[int, int, int, float]:
    """Known metrics whose check did not hold; then failed before warned; then by relative size."""
    bad = change.worse and (change.certain or change.status in _RANK)
    common = change.metric.partition("@")[0].removesuffix("_macro") in _COMMON
    size = abs(change.after - change.before) / max(abs(change.before), 1e-12)
    known = common and (change.status in _RANK or not bad)
    return (0 if bad else 1, 0 if known else 1, _RANK.get(change.status or "", 2), -size)


def leading(performance: Mapping[str, Any] | None) -> Change | None:
    """The metric that the headline is about: the worst change, else the first known metric."""
    found = changes(performance)
    if not found:
        return None
    first = found[0]
    if _bad(first):
        return first
    # Nothing got worse: name the metric that a reader knows best, in the order of the document.
    return min(found, key=lambda change: change.metric not in {"accuracy", "mae", "ndcg@10"})


def _bad(change: Change) -> bool:
    return bool(change.worse) and (change.certain or change.status in _RANK)


def performance_headline(document: Mapping[str, Any]) -> str:
    """The performance half of the headline; '' where the data has no labels at all."""
    performance = document.get("performance")
    change = leading(performance)
    if change is None:
        labels = (document.get("model") or {}).get("label")
        return "no labels yet, so performance is unknown" if labels else ""
    if _bad(change):
        held = carrier(performance or {}, change.metric)
        return change.moved + (f", mostly {held.phrase}" if held else "")
    if change.certain and change.worse is False:
        return change.moved
    return f"{metric_title(change.metric)} held at {number(change.after)}"


def performance_sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """All that is to say about performance, the worst first."""
    performance = document.get("performance")
    change = leading(performance)
    if performance is None or change is None:
        if performance is not None or (document.get("model") or {}).get("label"):
            yield _unknown(document)
        return
    if _bad(change):
        yield from _worse(performance, change)
    elif change.certain and change.worse is False:
        yield sentence(f"{change.moved} ({_detail(change)})")
    else:
        yield sentence(
            f"{metric_title(change.metric)} held: "
            f"{' before, '.join(pair(change.before, change.after))} now ({_detail(change)})"
        )
    others = [other for other in changes(performance) if other.metric != change.metric]
    yield from _others("also worse", [other for other in others if _bad(other)])
    yield from _others("better", [o for o in others if o.worse is False and o.certain])
    yield from _coverage(performance)
    yield from _fairness(performance)


def _unknown(document: Mapping[str, Any]) -> str:
    rows = (document.get("current") or {}).get("rows") or 0
    return (
        f"None of the {count(rows)} current rows has a label yet, so performance is unknown; "
        "compare again when labels have come."
    )


def _detail(change: Change) -> str:
    """The size of the change, its interval and the rows behind it."""
    parts = [signed(change.after - change.before, digits=2)]
    if change.low is not None and change.high is not None:
        low, high = signed(change.low, digits=2), signed(change.high, digits=2)
        parts.append(f"95 % interval {low} to {high}")
    return ", ".join([*parts, f"{count(change.rows)} rows"])


def _worse(performance: Mapping[str, Any], change: Change) -> Iterator[str]:
    held = carrier(performance, change.metric)
    place = f", mostly {held.phrase}" if held else ""
    luck = "" if change.certain else "; chance may explain it"
    yield sentence(f"{change.moved}{place} ({_detail(change)}){luck}")
    if held:
        yield _carried(held)


def _carried(held: Carrier) -> str:
    """What happened inside the segment that carries the change."""
    before, after = pair(held.before, held.after)
    part = "all" if held.part >= 0.995 else percent(round(held.part, 2))
    verb = "fell" if held.after < held.before else "rose"
    return sentence(
        f"{held.phrase} it {verb} from {before} to {after}, which is {part} of the change from "
        f"{percent(round(held.weight, 2))} of the rows"
    )


def _others(lead: str, found: list[Change]) -> Iterator[str]:
    if not found:
        return
    shown = [
        f"{metric_title(change.metric)} ({' to '.join(pair(change.before, change.after))})"
        for change in found[:4]
    ]
    if len(found) > 4:
        shown.append(f"{len(found) - 4} more")
    yield sentence(f"{lead}: {joined(shown)}")


def _coverage(performance: Mapping[str, Any]) -> Iterator[str]:
    coverage = performance.get("coverage") or {}
    before, now = coverage.get("reference"), coverage.get("current")
    if now is not None and now < 0.9 and (before is None or now < before - 0.01):
        earlier = f" ({percent(before)} in the reference)" if before is not None else ""
        yield f"Only {percent(now)} of the current rows have a label so far{earlier}."


def _fairness(performance: Mapping[str, Any]) -> Iterator[str]:
    """Differences between groups that a check did not let pass."""
    for attribute, part in (performance.get("fairness") or {}).items():
        for metric, estimate in part.items():
            if metric == "groups" or estimate.get("status") not in _RANK:
                continue
            before = (estimate.get("reference") or {}).get("value")
            earlier = f" ({number(before)} in the reference)" if before is not None else ""
            yield sentence(
                f"between groups of {name(attribute)}, the {metric_title(metric)} is "
                f"{number(estimate['value'])}{earlier}"
            )
