"""Comparisons: an everyday one, other tasks, and hostile ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.page_documents.columns import (
    MODEL,
    NASTY,
    NO_MODEL,
    TOLERANCE,
    VERSION,
    Document,
    categorical_column,
    numeric_column,
    unmeasured_column,
)
from tests.page_documents.performance import performance, plain
from tests.page_documents.quality import quality


def document_of(columns: dict[str, Document], **parts: Any) -> Document:
    """A comparison around the given columns."""
    ranking = sorted(columns, key=lambda name: -(columns[name]["effect"]["value"] or 0))
    drifted = [name for name in ranking if columns[name]["verdict"] == "drifted"]
    lacking = [name for name in ranking if columns[name]["verdict"] == "not_enough_data"]
    counts = {"columns": len(columns), "drifted": len(drifted),
              "stable": len(columns) - len(drifted) - len(lacking),
              "not_enough_data": len(lacking)}  # fmt: skip
    most = ", ".join(drifted[:3])
    moved = f"{len(drifted)} of {len(columns)} columns drifted" + (
        f", most: {most}" if most else ""
    )
    checks = [
        {"id": f"drift.{name}", "group": "drift", "subject": name, "metric": "ks", "segment": None,
         "status": "fail", "value": 0.31, "threshold": 0.05, "operator": ">",
         "severity": "warning", "message": f"{name} drifted: its effect is beyond 0.05."}
        for name in drifted[:4]
    ]  # fmt: skip
    base = {
        "schema_version": "1.0", "kind": "comparison", "generator": VERSION,
        "model": MODEL,
        "reference": {"name": "2013-01..2013-03", "rows": 80_789, "labelled": 78_050,
                      "start": "2013-01-01T05:00:00Z", "end": "2013-04-01T00:00:00Z"},
        "current": {"name": "2013-07", "rows": 29_425, "labelled": 27_980,
                    "start": "2013-07-01T00:00:00Z", "end": "2013-08-01T00:00:00Z"},
        "summary": {
            "verdict": "drifted" if drifted else "stable", "status": "fail" if drifted else "pass",
            "headline": f"Precision fell from 0.61 to 0.48, mostly at EWR; {moved}.",
            "sentences": [
                "Precision fell from 0.61 to 0.48 (−0.127, 95 % interval −0.139 to −0.115).",
                "At EWR it fell furthest, from 0.58 to 0.40 on 9,000 labelled flights.",
                f"{moved[0].upper()}{moved[1:]}.",
                "Missing values in dewp rose from 1 % to 9 %, above the 5 % that is allowed.",
                "The data lack the column gust and bring wind_gust, which is new.",
            ],
            "warnings": ["Labels are in for 95.1 % of the current rows; performance is of these."],
            "checks": {"passed": 40, "warned": 0, "failed": len(checks), "not_enough_data": 0},
            "drift": counts,
        },
        "checks": checks,
        "drift": {
            "alpha": 0.05, "correction": "benjamini-hochberg", "tolerance": TOLERANCE,
            "ranking": ranking, "columns": columns,
            "segments": {"origin": {
                value: {"rows_reference": 26_000, "rows_current": 9_000,
                        "drifted": sum(columns[name]["verdict"] == "drifted" for name in ranking),
                        "columns": {name: {key: columns[name][key]
                                           for key in ("verdict", "effect", "p_adjusted")}
                                    for name in ranking[:20]}}
                for value in ("EWR", "JFK", "LGA")}},
        },
        "performance": None,
        "quality": quality(list(columns)[:3]),
    }  # fmt: skip
    return base | parts


WEATHER = ["temp", "dewp", "humid", "wind_speed", "wind_dir", "visib", "pressure", "precip",
           "distance", "hour", "minute", "month_day", "seats", "engines"]  # fmt: skip

CARRIERS = ["AA", "B6", "DL", "EV", "MQ", "UA", "US", "WN", "9E", "FL"]


def comparison(seed: int = 7, *, bins: int = 40) -> Document:
    """What most readers will see: a model that got worse while the weather changed."""
    random = np.random.default_rng(seed)
    shifts = [1.4, 1.1, 0.25, 0.03, 0.06, 0.4, 0.1, 0.02, 0.01, 0.0, 0.015, 0.5, 0.02, 0.0]
    columns = {
        name: numeric_column(random, shift, bins=bins)
        for name, shift in zip(WEATHER, shifts, strict=True)
    }
    columns["carrier"] = categorical_column(random, CARRIERS, 0.05)
    columns["origin"] = categorical_column(random, ["EWR", "JFK", "LGA"], 0.02)
    columns["dest"] = categorical_column(random, [f"D{n:02d}" for n in range(29)] + ["(other)"],
                                         0.2, new=0.031)  # fmt: skip
    columns["tailnum"] = unmeasured_column("categorical")
    columns["score"] = numeric_column(random, 0.3, bins=bins) | {"role": "score"}
    return document_of(
        columns, performance=performance(random), quality=quality([*WEATHER, "carrier"])
    )


def regression(seed: int = 5) -> Document:
    """A model of a number: errors instead of classes."""
    random = np.random.default_rng(seed)
    shown = performance(random)
    metrics = shown["metrics"]

    def metric(value: float, before: float, direction: str, unit: str | None) -> Document:
        return metrics["accuracy"] | {
            "value": value, "low": value * 0.98, "high": value * 1.02, "direction": direction,
            "unit": unit, "method": "delta",
            "reference": {"value": before, "low": before * 0.99, "high": before * 1.01,
                          "n": 78_000},
            "change": {"value": value - before,
                       "low": (value - before) * 0.9,
                       "high": (value - before) * 1.1, "p_value": 1e-6},
        }  # fmt: skip

    edges = np.linspace(-60, 120, 41)
    shares = {side: np.histogram(random.gumbel(mean, 18, 20_000), edges)[0] / 20_000
              for side, mean in (("reference", -2), ("current", 9))}  # fmt: skip
    errors = {"edges": edges.tolist(), **{side: each.tolist() for side, each in shares.items()}}
    found = shown | {
        "task": "regression", "confusion": None, "calibration": None, "roc": None, "pr": None,
        "confidence": None, "prediction": None, "fairness": {}, "errors": errors,
        "error_quantiles": {name: plain(metrics["accuracy"]) | {"value": value} for name, value in
                            (("p05", -31.0), ("p50", 2.4), ("p95", 48.2))},
        "metrics": {"mae": metric(17.2, 12.9, "lower", "minutes"),
                    "rmse": metric(28.1, 21.4, "lower", "minutes"),
                    "r2": metric(0.31, 0.44, "higher", None),
                    "bias": metric(4.4, -0.2, "none", "minutes")},
        "segments": {},
    }  # fmt: skip
    columns = {name: numeric_column(random, shift) for name, shift in (("x", 0.5), ("y", 0.0))}
    return document_of(columns, performance=found, model=MODEL | {"task": "regression"})


def multiclass(seed: int = 6) -> Document:
    """A model of five classes."""
    random = np.random.default_rng(seed)
    labels = ["apple", "pear", "תפוח", "a class with a name that goes on and on", "(other)"]
    shown = performance(random)
    metrics = {name: shown["metrics"][name] for name in ("accuracy", "precision", "recall", "f1")}
    matrix = (random.integers(5, 400, (5, 5)) + np.diag([9_000, 4_000, 2_000, 800, 0])).tolist()
    found = shown | {
        "task": "multiclass", "roc": None, "pr": None, "metrics": metrics,
        "confusion": {"labels": labels, "reference": matrix, "current": matrix},
        "classes": {label: {name: plain(each) for name, each in metrics.items()}
                    for label in labels},
    }  # fmt: skip
    columns = {name: numeric_column(random, shift) for name, shift in (("x", 0.5), ("y", 0.0))}
    return document_of(columns, performance=found, model=MODEL | {"task": "multiclass"})


def hostile(seed: int = 11, *, features: int = 300) -> Document:
    """Everything that breaks pages: markup, right-to-left and endless names, 300 columns, nulls."""
    random = np.random.default_rng(seed)
    columns = {f"feature_{n:03d}": numeric_column(random, n % 9 / 30, bins=12, rows=1_000)
               for n in range(features - 8)}  # fmt: skip
    columns[NASTY] = numeric_column(random, 2.0, bins=12)
    columns["درجة الحرارة العظمى"] = numeric_column(random, 1.7)
    columns["מחיר / יחידה"] = categorical_column(
        random, ["זול", "יקר", NASTY, "", " "], 0.3, new=0.2
    )
    columns["a_column_name_that_somebody_built_from_a_join_of_seven_tables__" * 3] = numeric_column(
        random, 1.5
    )
    columns[""] = numeric_column(random, 0.9)
    columns["100% of a/b?c=d&e#f"] = numeric_column(random, 0.8)
    columns["all missing"] = unmeasured_column()
    columns["one row"] = unmeasured_column("categorical")
    return document_of(columns, performance=performance(random), quality=quality(list(columns)))


def bare() -> Document:
    """One row against one row, everything missing: nothing can be said."""
    document = document_of({"x": unmeasured_column(), "y": unmeasured_column("categorical")})
    side = {"name": "one.csv", "rows": 1, "labelled": 0, "start": None, "end": None}
    return document | {
        "model": NO_MODEL,
        "reference": side,
        "current": side,
        "checks": [],
        "summary": document["summary"] | {
            "verdict": "not_enough_data", "status": "not_enough_data",
            "headline": "Not enough data to compare: one row against one row; 50 are needed.",
            "sentences": [], "warnings": ["The reference (1 row) is too small to compare with."],
        },
    }  # fmt: skip
