"""Which rules a model begins with, with the limits that hold where nobody says otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

SCORES: dict[str, tuple[tuple[str, bool], ...]] = {
    "binary": (("accuracy", True), ("f1", True)),
    "multiclass": (("accuracy", True), ("f1_macro", True)),
    "regression": (("mae", False), ("rmse", False)),
    "ranking": (("ndcg_at_10", True), ("mrr", True)),
}
"""The metrics that are held against the reference, by task, and whether more is better."""

_AREAS = {"binary": "roc_auc", "multiclass": "roc_auc_macro"}
_SHORT = {"for": "5m", "keep_firing_for": "5m", "window": "15m", "min_rows": 50, "no_data": "ok"}
_SLOW = {"for": "2d", "keep_firing_for": "2d", "window": "1d", "min_rows": 500, "no_data": "keep"}
_WHERE = "{{ $labels.model }}"
_SHARE = "{{ $value | humanizePercentage }}"
_NUMBER = '{{ printf "%.3g" $value }}'


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a model has that rules can watch.

    Attributes
    ----------
    model
        Its name.
    task
        `binary`, `multiclass`, `regression` or `ranking`; None where it has no labels.
    features
        Its features.
    has_reference
        Whether there is data that it was accepted on.
    has_latency
        Whether its records say how long an answer took.
    has_score
        Whether it gives probabilities.
    prediction
        The column of its predictions.
    segments
        Columns by whose values it is broken down.
    sensitive
        Columns whose groups are to be treated alike.
    """

    model: str
    task: str | None = None
    features: tuple[str, ...] = ()
    has_reference: bool = False
    has_latency: bool = False
    has_score: bool = False
    prediction: str | None = None
    segments: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """One rule of the file.

    Attributes
    ----------
    alert, expr, severity, summary, runbook
        As in a rule; without an `expr`, `further` holds a budget.
    comment
        Lines above it.
    further
        Other keys, in their order.
    off
        Whether it stands in the file as a comment.
    """

    alert: str
    expr: str
    severity: str
    summary: str
    runbook: str
    comment: tuple[str, ...] = ()
    further: dict[str, object] = field(default_factory=dict)
    off: bool = False

    def keys(self) -> dict[str, object]:
        """The rule as the file has it."""
        decided: dict[str, object] = {"expr": self.expr} if self.expr else {}
        return {
            "alert": self.alert,
            **decided,
            **self.further,
            "severity": self.severity,
            "annotations": {"summary": self.summary, "runbook": self.runbook},
        }


@dataclass(frozen=True, slots=True)
class Section:
    """One group of the file."""

    name: str
    interval: str
    comment: tuple[str, ...]
    drafts: tuple[Draft, ...]


def sections_of(portrait: Portrait) -> Iterator[Section]:
    """The groups of rules that fit a model.

    Examples
    --------
    >>> [section.name for section in sections_of(Portrait("m"))]
    ['m: service', 'm: data']
    """
    name = portrait.model
    yield Section(
        f"{name}: service", "1m", ("Whether the service answers, and how fast.",),
        (*_errors(), *(_latency() if portrait.has_latency else ())),
    )  # fmt: skip
    yield Section(
        f"{name}: data", "5m", ("Whether data comes, and is as it should be.",),
        (*_arrival(), *(_quality() if portrait.has_reference else ())),
    )  # fmt: skip
    if portrait.has_reference:
        yield Section(
            f"{name}: drift", "1h", ("Whether data is as it was on the reference.",),
            tuple(_drift(portrait)),
        )  # fmt: skip
    if portrait.task in SCORES:
        comment = ("Whether predictions are right, as far as labels have come.",
                   "A window of 1d and `for: 2d` wait out labels of a single bad day.")  # fmt: skip
        yield Section(f"{name}: performance", "1h", comment, tuple(_performance(portrait)))


def _errors() -> Iterator[Draft]:
    for limit, severity, word in ((0.01, "P2", "warning"), (0.05, "P1", "critical"),
                                  (0.1, "P0", "emergency")):  # fmt: skip
        yield Draft(
            "HighErrorRate", f"error_rate > {limit:g}", severity,
            f"{_WHERE}: {_SHARE} of predictions fail, more than {_percent(limit)}",
            "high-error-rate",
            (f"{_percent(limit)} of errors: {word}.",), dict(_SHORT),
        )  # fmt: skip


def _latency() -> Iterator[Draft]:
    yield Draft(
        "HighLatency", "latency_p95 > 200", "P1",
        f"{_WHERE}: 1 answer in 20 takes longer than {_NUMBER} ms", "latency",
        ("Milliseconds. Set it to what the service has promised; it is over below 180.",),
        {"clear": "latency_p95 < 180", **_SHORT, "for": "10m"},
    )  # fmt: skip
    yield Draft(
        "UnusualLatency", "anomaly(latency_p95)", "P3",
        f"{_WHERE}: a P95 of {_NUMBER} ms is unusual for this time of the week", "latency",
        ("Beyond what this hour of the week was in the last 8 weeks. One alert for a day of it:",
         "a calm hour, or one of few rows, does not end it."),
        {"for": "2h", "keep_firing_for": "12h", "window": "1h", "min_rows": 50, "no_data": "keep"},
    )  # fmt: skip


def _arrival() -> Iterator[Draft]:
    yield Draft(
        "NoPredictions",
        'absent(volume, "25h") || (absent(volume, "30m") && anomaly(volume))', "P1",
        f"{_WHERE}: no prediction, at an hour that usually has some", "missing-data",
        ("Nothing for half an hour, and the last whole hour had far less than this hour of the",
         "week usually has: a quiet night is none. Nothing for a day is always told."),
        {"clear": '!absent(volume, "30m")', "for": "30m", "window": "1h", "no_data": "ok"},
    )  # fmt: skip
    yield Draft(
        "Silent", 'absent(volume, "15m")', "P1",
        f"{_WHERE}: no prediction for 15 minutes", "missing-data",
        ("Sooner, for a service that is asked at all hours of all days: take off the signs.",),
        {"keep_firing_for": "5m"}, off=True,
    )  # fmt: skip
    yield Draft(
        "UnusualVolume", "anomaly(volume)", "P3",
        f"{_WHERE}: {{{{ $value }}}} predictions an hour are unusual for this time of the week",
        "missing-data",
        ("Beyond what this hour of the week was in the last 8 weeks.",),
        {"for": "2h", "keep_firing_for": "2h", "window": "1h", "no_data": "ok"},
    )  # fmt: skip
    yield Draft(
        "SchemaViolated", "schema_violation_rate > 0", "P2",
        f"{_WHERE}: {_SHARE} of records do not fit the schema", "missing-data",
        ("A column that is missing, unexpected or of another type: any is told.",),
        {"keep_firing_for": "1h", "window": "1h", "no_data": "ok"},
    )  # fmt: skip
    yield Draft(
        "LateRecords", "arrival_delay_p95 > 3600 && anomaly(arrival_delay_p95)", "P3",
        f"{_WHERE}: 1 record in 20 comes later than {{{{ $value | humanizeDuration }}}}",
        "missing-data",
        ("Timeliness: records come within an hour, or as late as they usually do, such as where",
         "they are loaded once a day."),
        {"for": "10m", "keep_firing_for": "2h", "window": "1h", "min_rows": 20, "no_data": "ok"},
    )  # fmt: skip


def _quality() -> Iterator[Draft]:
    kept = {"keep_firing_for": "2d", "window": "1d", "min_rows": 500, "no_data": "ok"}
    yield Draft(
        "MissingValues", "count(features, missing_share > 0.05) >= 1", "P2",
        f"{_WHERE}: {{{{ $value }}}} features miss values 5 % more often than on the reference",
        "missing-data",
        ("The share of rows without a value, less that of the reference.",), kept,
    )  # fmt: skip
    yield Draft(
        "NewCategories", "count(features, new_category_share > 0.01) >= 1", "P3",
        f"{_WHERE}: {{{{ $value }}}} features have categories that the reference does not know",
        "missing-data",
        ("In more than 1 % of rows.",), kept,
    )  # fmt: skip


def _drift(portrait: Portrait) -> Iterator[Draft]:
    yield Draft(
        "DataDrifted", "", "P2", f"{_WHERE}: the data has drifted", "drift",
        ("Instead of a limit: at most one false alarm in 90 days, over all features together.",),
        {"budget": {"false_alarms": 1, "per": "90d", "confidence": 0.9}},
    )  # fmt: skip
    yield Draft(
        "FeaturesDrifted", "count(features, psi_corrected >= 0.2) >= 1", "P3",
        f"{_WHERE}: {{{{ $value }}}} features have drifted significantly", "drift",
        ("PSI below 0.1 is none, from 0.1 moderate, from 0.2 significant;",
         "psi_corrected leaves out what chance alone makes of few rows."),
        dict(_SLOW),
    )  # fmt: skip
    yield Draft(
        "RetrainForDrift", "count(features, psi_corrected > 0.25) >= 5", "P2",
        f"{_WHERE}: {{{{ $value }}}} features have drifted; consider retraining", "drift",
        ("So many features that retraining is due.",),
        {**_SLOW, "for": "3d"}, off=len(portrait.features) < 5,
    )  # fmt: skip
    if portrait.prediction is not None:
        yield Draft(
            "PredictionsDrifted", f"psi_corrected({_quoted(portrait.prediction)}) >= 0.2", "P2",
            f"{_WHERE}: predictions have drifted for a week (PSI {_NUMBER})", "drift",
            ("Predictions that stay away from those of the reference for a week.",),
            {**_SLOW, "for": "7d"},
        )  # fmt: skip


def _performance(portrait: Portrait) -> Iterator[Draft]:
    scores = SCORES[portrait.task or ""]
    if portrait.has_reference:
        for metric, more in scores:
            yield from _degraded(metric, more=more)
        for column in portrait.segments:
            yield from _by_segment(scores[0][0], column, more=scores[0][1])
    yield from _absolute(portrait, scores[0][0])
    yield Draft(
        "NoLabels", f'absent({scores[0][0]}, "7d")', "P3",
        f"{_WHERE}: no labels for a week, so nobody knows how good it is", "no-labels",
        ("Longer than labels usually take.",), {"keep_firing_for": "1h"},
    )  # fmt: skip
    if portrait.has_score and portrait.has_reference and portrait.task in _AREAS:
        yield Draft(
            "CalibrationDrifted", "calibration_drift > 0.05", "P3",
            f"{_WHERE}: probabilities are off by {_SHARE} more than on the reference",
            "accuracy-drop",
            ("How far probabilities are from shares, less the same on the reference.",),
            dict(_SLOW),
        )  # fmt: skip
    if portrait.task == "binary":
        yield from _fairness(portrait)


def _degraded(metric: str, *, more: bool) -> Iterator[Draft]:
    """Worse than the reference by 5 % warns, by 10 % is critical."""
    way, operator, sign = ("fallen", "<", -1) if more else ("risen", ">", 1)
    for share, severity in ((0.05, "P2"), (0.1, "P1")):
        yield Draft(
            "Degraded", f"{metric} {operator} {1 + sign * share:g} * reference.{metric}", severity,
            f"{_WHERE}: {metric} has {way} to {_NUMBER}, by {_percent(share)} or more",
            "accuracy-drop", further={**_SLOW, "labels": {"metric": metric}},
        )  # fmt: skip


def _by_segment(metric: str, column: str, *, more: bool) -> Iterator[Draft]:
    operator, factor = ("<", 0.9) if more else (">", 1.1)
    yield Draft(
        "SegmentDegraded", f"{metric} {operator} {factor:g} * reference.{metric}", "P3",
        f"{_WHERE}: {metric} is {_NUMBER} in one segment", "accuracy-drop",
        ("One alert for each value of the column.",),
        {**_SLOW, "segment": column, "labels": {"column": _plain(column)}},
    )  # fmt: skip


def _absolute(portrait: Portrait, metric: str) -> Iterator[Draft]:
    """Limits that hold whatever the reference had."""
    area = _AREAS.get(portrait.task or "")
    if area is not None and portrait.has_score:
        for limit, severity in ((0.75, "P2"), (0.7, "P1")):
            yield Draft(
                "LowAUC", f"{area} < {limit:g}", severity,
                f"{_WHERE}: the area under the ROC curve is {_NUMBER}, under {limit:g}",
                "accuracy-drop", further=dict(_SLOW),
            )  # fmt: skip
    if metric == "accuracy":
        yield Draft(
            "Retrain", "accuracy < 0.92", "P2",
            f"{_WHERE}: accuracy has been {_SHARE} or so for three days; consider retraining",
            "accuracy-drop", ("Set it to what the model must reach, and take off the signs.",),
            {**_SLOW, "for": "3d"}, off=True,
        )  # fmt: skip


def _fairness(portrait: Portrait) -> Iterator[Draft]:
    for column in portrait.sensitive:
        for metric in ("demographic_parity_difference", "equal_opportunity_difference"):
            yield Draft(
                "UnevenTreatment", f"{metric}({_quoted(column)}) > 0.1", "P3",
                f"{_WHERE}: groups are treated differently, by {_SHARE}", "accuracy-drop",
                further={**_SLOW, "labels": {"metric": metric, "column": _plain(column)}},
            )  # fmt: skip


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def _quoted(text: str) -> str:
    """A text as CEL has it: JSON's escapes are CEL's too."""
    return json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> str:
    """A text that no template is made of."""
    return text.replace("{{", "{ {")
