"""Whether a metric of labels against predictions has become worse than is tolerated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from watchkeeper.core.estimate import Estimate, Status
from watchkeeper.core.model import Thresholds

Better = Literal["higher", "lower", "none"]
"""Which way a metric is better."""

ABSOLUTE = frozenset({"roc_auc", "roc_auc_macro"})
"""Metrics that are also held to absolute limits."""

UNJUDGED = frozenset({"ece", "mce", "calibration_drift"})
"""Metrics near zero, of which a share says little; a user may set an absolute limit for them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The metric that is judged: its name, how a sentence calls it, and which way is better."""

    name: str
    title: str
    better: Better


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a monitor says of one metric.

    Attributes
    ----------
    status
        Pass, warn, fail or not enough data.
    threshold, operator
        The value of the metric that decided, and how the current value compares to it where it
        breaks the limit; None where no limit can be told.
    message
        One plain sentence.
    """

    status: Status
    threshold: float | None
    operator: str | None
    message: str


_ORDER = (Status.PASS, Status.NOT_ENOUGH_DATA, Status.WARN, Status.FAIL)


def judge_performance(
    entries: Mapping[str, Mapping[str, Any]], thresholds: Thresholds
) -> dict[str, dict[str, Any]]:
    """The metrics of a report with the judgement of each.

    Parameters
    ----------
    entries
        Metrics by name as a report writes them: value, low, high, n_current, `reference`,
        `change` and `direction`.
    thresholds
        The limits.

    Returns
    -------
    dict[str, dict[str, Any]]
        The same with `status`, `message`, `threshold` and `operator`. The status is None where a
        metric is not judged: no way of it is better, it is of `UNJUDGED`, or there is nothing to
        hold it against.

    Examples
    --------
    >>> entry = {"value": 0.6, "low": 0.5, "high": 0.65, "n_current": 900, "reference": None,
    ...     "change": None, "direction": "higher"}
    >>> judge_performance({"roc_auc": entry}, Thresholds())["roc_auc"]["message"]
    'ROC AUC is 0.6; under 0.75 warns, under 0.7 is critical.'
    """
    judged: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        found = None
        if name not in UNJUDGED:
            subject = Subject(name, _title(name), entry["direction"])
            reference, change = entry.get("reference"), entry.get("change")
            found = judge_metric(
                subject,
                None if reference is None else _estimate(reference, reference["n"]),
                _estimate(entry, entry["n_current"]),
                None if change is None else _estimate(change, 0),
                thresholds,
            )
        judged[name] = {**entry, "status": None}
        if found is not None:
            judged[name] |= {
                "status": found.status.value,
                "message": found.message[:1].upper() + found.message[1:] + ".",
                "threshold": found.threshold,
                "operator": found.operator,
            }
    return judged


def _estimate(entry: Mapping[str, Any], rows: int) -> Estimate:
    """What a report writes of an estimate, as one."""
    return Estimate(
        entry["value"],
        entry["low"],
        entry["high"],
        entry.get("p_value"),
        0,
        rows,
        entry.get("note"),
    )


def _title(name: str) -> str:
    """A metric's name in a sentence.

    >>> _title("roc_auc"), _title("p90_absolute_error"), _title("ndcg@5")
    ('ROC AUC', 'p90 absolute error', 'NDCG@5')
    """
    words = []
    for word in name.split("_"):
        stem, at, k = word.partition("@")
        upper = stem in {"auc", "roc", "pr", "mae", "rmse", "mape", "ndcg", "mrr", "ctr", "f1"}
        words.append({"r2": "R²"}.get(stem, stem.upper() if upper else stem) + at + k)
    return " ".join(words)


def judge_metric(
    subject: Subject,
    reference: Estimate | None,
    current: Estimate,
    change: Estimate | None,
    thresholds: Thresholds,
) -> Judgement | None:
    """Hold a metric against its reference and, for an AUC, against absolute limits.

    The null hypothesis is that the metric is no more than `drop_warning` of the reference worse
    (the tolerated drop). It is given up where the 95 % interval of the change lies wholly beyond
    that; then the point estimate says how bad it is: `fail` from `drop_critical` on, else `warn`.
    So ten million rows do not flag a tolerated drop and one hundred rows do not flag luck: of
    windows without change at most 2.5 % are flagged, of windows at exactly the tolerated drop
    2.5 %. A drop beyond the limit that chance explains passes, and the message says so.

    An area under the ROC curve is also held to `auc_warning` and `auc_critical`, by the same
    logic: flagged where its interval lies wholly under `auc_warning`, `fail` where the value lies
    under `auc_critical`. The worse of the two judgements holds.

    Parameters
    ----------
    subject
        The metric; nothing is judged where no way is better.
    reference, current
        The metric with its interval and the rows behind it (`n_current`).
    change
        `current - reference` with its interval.
    thresholds
        The limits, and the rows below which nothing is concluded.

    Returns
    -------
    Judgement | None
        None where there is nothing to hold it against.

    Examples
    --------
    >>> before = Estimate(0.80, 0.79, 0.81, n_current=5000)
    >>> after = Estimate(0.60, 0.58, 0.62, n_current=3000)
    >>> moved = Estimate(-0.20, -0.22, -0.18, 0.0)
    >>> subject = Subject("accuracy", "accuracy", "higher")
    >>> found = judge_metric(subject, before, after, moved, Thresholds())
    >>> print(found.status, found.message)
    fail accuracy fell from 0.8 to 0.6, by 25 % of the reference (22.5 % to 27.5 %);
    5 % is tolerated, 10 % is critical
    """
    if subject.better == "none":
        return None
    found = [_relative(subject, reference, current, change, thresholds)]
    if subject.name in ABSOLUTE:
        found.append(_absolute(subject.title, current, thresholds))
    known = [judgement for judgement in found if judgement is not None]
    return max(known, key=lambda judgement: _ORDER.index(judgement.status), default=None)


def _relative(
    subject: Subject,
    reference: Estimate | None,
    current: Estimate,
    change: Estimate | None,
    thresholds: Thresholds,
) -> Judgement | None:
    """Hold the change against the tolerated drop."""
    if reference is None or change is None:
        return None
    title, limit, critical = subject.title, thresholds.drop_warning, thresholds.drop_critical
    before, after = reference.value, current.value
    reason = _undecidable(title, reference, current, change, thresholds.min_rows)
    if reason is not None or before is None or after is None or change.value is None:
        return Judgement(Status.NOT_ENOUGH_DATA, None, None, reason or title)
    sign = -1.0 if subject.better == "higher" else 1.0
    operator = "<" if subject.better == "higher" else ">"
    worse, *ends = (sign * (end or 0.0) / before for end in (change.value, change.low, change.high))
    least, most = sorted(ends)
    told = _told(title, before, after, worse, least, most)
    if least > limit:
        status = Status.FAIL if worse >= critical else Status.WARN
        message = f"{told}; {_percent(limit)} is tolerated, {_percent(critical)} is critical"
        broken = critical if status is Status.FAIL else limit
        return Judgement(status, before * (1 + sign * broken), operator, message)
    if worse > limit:
        told = f"{told}: more than the tolerated {_percent(limit)}, but within sampling error"
    return Judgement(Status.PASS, before * (1 + sign * limit), operator, told)


def _undecidable(
    title: str, reference: Estimate, current: Estimate, change: Estimate, min_rows: int
) -> str | None:
    """Why no drop can be told from these estimates; None where it can."""
    for side, estimate in (("reference", reference), ("current", current)):
        if estimate.value is None or estimate.n_current < min_rows:
            return _too_few(title, f"the {side} data", estimate, min_rows)
    if reference.value is not None and reference.value <= 0:
        return (
            f"{title} was {_number(reference.value)} on the reference, of which no share can be "
            "taken; set an absolute limit for it"
        )
    if change.low is None or change.high is None:
        return f"{title} has no confidence interval here, so its change cannot be told from luck"
    return None


def _absolute(title: str, current: Estimate, thresholds: Thresholds) -> Judgement | None:
    """Hold an area under the ROC curve against its limits."""
    warning, critical = thresholds.auc_warning, thresholds.auc_critical
    if current.value is None or current.n_current < thresholds.min_rows:
        message = _too_few(title, "the current data", current, thresholds.min_rows)
        return Judgement(Status.NOT_ENOUGH_DATA, warning, "<", message)
    told = f"{title} is {_number(current.value)}"
    if current.high is None:
        message = f"{told}, without a confidence interval"
        return Judgement(Status.NOT_ENOUGH_DATA, warning, "<", message)
    if current.high < warning:
        status = Status.FAIL if current.value < critical else Status.WARN
        message = f"{told}; under {warning:g} warns, under {critical:g} is critical"
        limit = critical if status is Status.FAIL else warning
        return Judgement(status, limit, "<", message)
    if current.value < warning:
        message = f"{told}: under {warning:g}, but within sampling error"
        return Judgement(Status.PASS, warning, "<", message)
    return Judgement(Status.PASS, warning, "<", told)


def _told(  # private, and all of it stands in one sentence
    title: str, before: float, after: float, worse: float, least: float, most: float
) -> str:
    """From where to where a metric went, and by which share of the reference."""
    if _number(before) == _number(after):
        return f"{title} stayed at {_number(after)}"
    verb = "rose" if after > before else "fell"
    share, ends = abs(worse), (least, most) if worse > 0 else (-most, -least)
    span = " to ".join(_percent(end) for end in ends)
    return (
        f"{title} {verb} from {_number(before)} to {_number(after)}, "
        f"by {_percent(share)} of the reference ({span})"
    )


def _too_few(title: str, side: str, estimate: Estimate, min_rows: int) -> str:
    """Why nothing is concluded."""
    if estimate.n_current < min_rows:
        rows = estimate.n_current
        return f"{title} rests on {rows:,} rows of {side}; at least {min_rows:,} are needed"
    return f"{title} is undefined on {side}: {estimate.note or 'no rows'}"


def _number(value: float) -> str:
    """A number to three significant digits, more for those close to 1.

    >>> _number(0.61234), _number(12345.6), _number(0.99912)
    ('0.612', '12,346', '0.99912')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 3
    if 0.9 <= abs(value) < 1:
        digits = min(8, 1 - math.floor(math.log10(1 - abs(value))))
    return f"{value:.{digits}g}"


def _percent(share: float) -> str:
    """A share in per cent, to one decimal below 100 %.

    >>> _percent(0.213), _percent(0.05)
    ('21.3 %', '5 %')
    """
    return f"{share * 100:.0f} %" if abs(share) >= 1 else f"{round(share * 100, 1):g} %"
