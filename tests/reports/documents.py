"""Report documents that follow the contract: a realistic one, and the worst that may come.

`comparison()` has the shape and the size of numbers of the flights of New York; `bare()` has null
wherever the contract allows it; `hostile()` has names made to break a renderer; `track()` is the
overview of three windows.
"""

from __future__ import annotations

import copy
from typing import Any

from watchkeeper.app.summary import summarize, summarize_track

Document = dict[str, Any]

HOSTILE = (
    "<script>alert(1)</script>",
    "a|b`c\"d'&amp;]]>",
    "\x1b[31mred\x1b[0m\x00\x07",
    "line\nbreak\r\tand tab",
    "שם עברי \u202e override",
    "[red]markup[/red] *bold* _em_ @someone #1",
    "x" * 300,
    "",
    "\ud800 lone",
)
"""Column names, values and sentences that must not break or mislead any renderer."""


def estimate(value: float | None, **parts: Any) -> Document:
    """An estimate; its interval is a tenth to either side unless given."""
    return {
        "value": value,
        "low": None if value is None else value * 0.9,
        "high": None if value is None else value * 1.1,
        "p_value": None,
        "n_reference": 80789,
        "n_current": 27004,
        **parts,
    }


def judged(
    before: float | None, after: float | None, *, direction: str = "higher", **parts: Any
) -> Document:
    """A performance metric: current, reference, change and status."""
    change = None if before is None or after is None else after - before
    worse = change is not None and (change < 0 if direction == "higher" else change > 0)
    half = 0.01
    rows = parts.pop("n", 26398)
    return {
        **estimate(after, n_reference=parts.pop("n_before", 78000), n_current=rows),
        "low": None if after is None else after - half,
        "high": None if after is None else after + half,
        "reference": {
            "value": before,
            "low": None if before is None else before - half,
            "high": None if before is None else before + half,
            "n": 78000,
        },
        "change": {
            "value": change,
            "low": None if change is None else change - 0.02,
            "high": None if change is None else change + 0.02,
            "p_value": None if change is None else (1e-6 if abs(change) > 0.02 else 0.4),
        },
        "direction": direction,
        "unit": None,
        "status": "fail" if worse and abs(change or 0) > 0.06 else "pass",
        "method": "Wilson score",
        **parts,
    }


def plain(before: float, after: float) -> Document:
    """A number of the current rows with that of the reference, which no check judges."""
    return {
        **estimate(after),
        "reference": {"value": before, "low": None, "high": None, "n": 78000},
        "change": {"value": after - before, "low": None, "high": None, "p_value": None},
    }


def numeric_column(effect: float, *, drifted: bool) -> Document:
    """A numeric column, drifted or not."""
    return {
        "kind": "numeric",
        "role": "feature",
        "verdict": "drifted" if drifted else "stable",
        "change": "relevant" if drifted else "none",
        "psi_reading": "significant" if drifted else "none",
        "effect": {"metric": "ks", "value": effect, "low": effect - 0.01, "high": effect + 0.01},
        "p_value": 1e-12 if drifted else 0.4,
        "p_adjusted": 1e-11 if drifted else 0.6,
        "reason": "Its mean rose from 1.8 to 14.2." if drifted else "Nothing moved.",
        "detectable": {
            "ks": 0.06,
            "mean_shift": 0.15,
            "power": 0.8,
            "text": "a shift of 0.15 reference standard deviations would have been "
            "seen 4 times in 5",
        },
        "metrics": {
            "ks": estimate(effect, p_value=1e-12, bound=0.002),
            "psi": estimate(effect * 3),
            "psi_corrected": estimate(effect * 3 - 0.001),
            "missing_share": estimate(0.001),
        },
        "statistics": {side: side_statistics() for side in ("reference", "current")},
        "new_categories": [],
        "vanished_categories": [],
        "distribution": {
            "kind": "numeric",
            "edges": [0.0, 10.0, 20.0],
            "reference": [0.6, 0.399],
            "current": [0.3, 0.699],
            "missing": [0.001, 0.001],
            "below": [0.0, 0.0],
            "above": [0.0, 0.0],
        },
    }


def side_statistics() -> Document:
    """The statistics of one side of a numeric column."""
    return {
        "rows": 80789,
        "missing": 81,
        "mean": 1.8,
        "std": 4.0,
        "min": -8.0,
        "max": 20.0,
        "p01": -7.0,
        "p05": -5.0,
        "p25": -1.0,
        "p50": 2.0,
        "p75": 5.0,
        "p95": 9.0,
        "p99": 12.0,
        "zeros": 12,
        "infinities": 0,
        "distinct": 143,
    }


def categorical_column() -> Document:
    """A categorical column with a new category, stable."""
    column = numeric_column(0.02, drifted=False)
    column["kind"] = "categorical"
    column["effect"]["metric"] = "total_variation"
    column["metrics"] = {
        "total_variation": estimate(0.02),
        "chi_squared": estimate(41.0, p_value=0.4),
    }
    column["new_categories"] = [{"value": "ZZ", "rows": 3, "share": 0.0001}]
    column["distribution"] = {
        "kind": "categorical",
        "categories": ["UA", "(other)"],
        "reference": [0.3, 0.7],
        "current": [0.32, 0.6799],
        "missing": [0.0, 0.0],
        "new": [0, 0.0001],
    }
    for side in column["statistics"].values():
        for gone in set(side) - {"rows", "missing", "distinct"}:
            del side[gone]
    return column


def _performance() -> Document:
    def metrics(precision: tuple[float, float], rows: int) -> Document:
        return {
            "precision": judged(*precision, n=rows, n_before=rows * 3),
            "recall": judged(0.52, 0.51, n=rows, n_before=rows * 3),
            "log_loss": judged(0.41, 0.52, direction="lower", n=rows, n_before=rows * 3),
        }

    segments = {
        place: {"rows_reference": rows * 3, "rows_current": rows, "metrics": metrics(pair, rows)}
        for place, pair, rows in (
            ("EWR", (0.62, 0.29), 3000),
            ("JFK", (0.60, 0.59), 3500),
            ("LGA", (0.61, 0.60), 2500),
        )
    }
    for segment in segments.values():
        for metric in segment["metrics"].values():
            metric["reference"]["n"] = segment["rows_reference"]
    bins = [
        {
            "low": 0.0,
            "high": 0.5,
            "mean_score": 0.2,
            "rate": 0.21,
            "rate_low": 0.2,
            "rate_high": 0.22,
            "n": 9000,
        },
        {
            "low": 0.5,
            "high": 1.0,
            "mean_score": None,
            "rate": None,
            "rate_low": None,
            "rate_high": None,
            "n": 0,
        },
    ]
    confidence = {"mean": 0.8, "low_share": 0.1, "below": 0.6, "counts": [1] * 20}
    return {
        "task": "binary",
        "metrics": metrics((0.6132, 0.4811), 9000),
        "segments": {"origin": segments},
        "coverage": {"reference": 0.97, "current": 0.95},
        "confusion": {
            "labels": ["0", "1"],
            "reference": [[60000, 4000], [6000, 8000]],
            "current": [[20000, 2000], [2000, 2398]],
        },
        "calibration": {"reference": bins, "current": bins},
        "roc": {
            "reference": [[0.0, 0.0], [0.2, 0.7], [1.0, 1.0]],
            "current": [[0.0, 0.0], [1.0, 1.0]],
        },
        "pr": {"reference": [[0.0, 1.0], [1.0, 0.2]], "current": [[0.0, 1.0], [1.0, 0.3]]},
        "confidence": {"reference": confidence, "current": confidence},
        "errors": None,
        "classes": None,
        "prediction": {"1": plain(0.2, 0.3)},
        "error_quantiles": None,
        "fairness": {
            "sex": {
                "demographic_parity_difference": judged(0.02, 0.11, direction="lower"),
                "groups": {
                    "F": {
                        "rows": 900,
                        "labelled": 880,
                        "selection_rate": estimate(0.3),
                        "accuracy": estimate(None, note="no labels"),
                    }
                },
            }
        },
    }


def limit(reference: float | None, current: float | None, status: str = "pass") -> Document:
    """A share of a column against its limit."""
    return {"reference": reference, "current": current, "threshold": 0.05, "status": status}


def _quality() -> Document:
    def score(
        reference: float | None, current: float | None, target: float, status: str | None
    ) -> Document:
        return {
            "reference": reference,
            "current": current,
            "target": target,
            "status": status,
            "n": 27004,
        }

    columns = {
        name: {
            "missing": limit(0.001, 0.47, "fail") if name == "visib" else limit(0.001, 0.001),
            "out_of_range": limit(0.0, 0.001)
            | {"minimum": -8.0, "maximum": 20.0, "source": "reference", "exact": True},
            "unseen": None,
            "infinities": {"reference": 0, "current": 0},
            "nans": {"reference": 0, "current": 0},
            "constant": {"reference": False, "current": False, "status": "pass"},
            "cardinality": limit(16, 17) | {"expected": 16.2, "change": 0.05},
            "pattern": None,
            "length": None,
            "status": "fail" if name == "visib" else "pass",
        }
        for name in ("temp", "dewp", "visib", "carrier", "score")
    }
    return {
        "scores": {
            "completeness": score(0.998, 0.95, 0.99, "fail"),
            "accuracy": score(0.97, 0.96, 0.95, "pass"),
            "consistency": score(1.0, 0.985, 0.98, "pass"),
            "timeliness": score(None, None, 1.0, None),
            "validity": score(1.0, 1.0, 0.99, "pass"),
        },
        "schema": {
            "missing": [],
            "unexpected": ["extra"],
            "retyped": [{"column": "carrier", "expected": "string", "got": "int64"}],
            "status": "fail",
        },
        "columns": columns,
        "rules": [
            {
                "name": "departs before it arrives",
                "expression": "dep_time < arr_time",
                "rows": 27004,
                "failed": 405,
                "unknown": 12,
                "share_passed": 0.985,
                "target": 1.0,
                "status": "warn",
                "severity": "warning",
            }
        ],
        "duplicates": {
            "reference": 0.0,
            "current": 0.0,
            "kind": "rows",
            "exact": False,
            "status": "pass",
        },
    }


def check(group: str, subject: str, metric: str, status: str, **parts: Any) -> Document:
    """One check."""
    return {
        "id": f"{group}.{subject}.{metric}",
        "group": group,
        "subject": subject,
        "metric": metric,
        "segment": None,
        "status": status,
        "value": 0.31,
        "threshold": 0.05,
        "operator": ">",
        "severity": "critical" if status == "fail" else "warning",
        "message": f"{subject} was measured by {metric}.",
        **parts,
    }


def comparison(**parts: Any) -> Document:
    """A binary model in trouble at one of its airports; `parts` replace top-level parts."""
    columns = {
        "temp": numeric_column(0.52, drifted=True),
        "dewp": numeric_column(0.44, drifted=True),
        "visib": numeric_column(0.31, drifted=True),
        "carrier": categorical_column(),
        "score": {**numeric_column(0.21, drifted=True), "role": "score"},
    }
    drift = {
        "alpha": 0.05,
        "correction": "benjamini-hochberg",
        "tolerance": 0.05,
        "ranking": list(columns),
        "columns": columns,
        "reference_warning": None,
        "segments": {
            "origin": {
                "EWR": {
                    "rows_reference": 29000,
                    "rows_current": 9000,
                    "drifted": 1,
                    "columns": {
                        "temp": {
                            "verdict": "drifted",
                            "p_adjusted": 1e-9,
                            "effect": {"metric": "ks", "value": 0.5, "low": 0.4, "high": 0.6},
                        }
                    },
                }
            }
        },
    }
    checks = [
        check(
            "performance",
            "precision",
            "precision",
            "fail",
            value=0.4811,
            threshold=0.55,
            operator="<",
        ),
        check(
            "performance",
            "precision",
            "precision",
            "fail",
            id="performance.precision.precision.origin=EWR",
            segment={"column": "origin", "value": "EWR"},
        ),
        check("drift", "temp", "ks", "fail"),
        check("quality", "visib", "missing", "fail", value=0.47),
        check("rules", "departs before it arrives", "rule", "warn"),
        check("drift", "rare", "ks", "not_enough_data", value=None),
        check("drift", "carrier", "total_variation", "pass", value=0.02),
    ]
    document = {
        "schema_version": "1.0",
        "kind": "comparison",
        "generator": {"name": "watchkeeper", "version": "0.1.0"},
        "model": {
            "name": "late arrivals",
            "task": "binary",
            "label": "late",
            "prediction": None,
            "score": "score",
            "timestamp": "scheduled",
            "classes": ["0", "1"],
            "threshold": 0.5,
            "segments": ["origin"],
            "sensitive": [],
        },
        "reference": {
            "name": "2013-01..2013-03",
            "rows": 80789,
            "labelled": 78000,
            "start": "2013-01-01T05:00:00+00:00",
            "end": "2013-04-01T00:00:00+00:00",
        },
        "current": {
            "name": "2013-04",
            "rows": 27004,
            "labelled": 26398,
            "start": "2013-04-01T00:00:00+00:00",
            "end": "2013-05-01T00:00:00+00:00",
        },
        "checks": checks,
        "drift": drift,
        "performance": _performance(),
        "quality": _quality(),
    }
    document |= copy.deepcopy(parts)
    return {**document, "summary": summarize(document)}


def calm() -> Document:
    """A comparison in which nothing went wrong."""
    document = comparison()
    for column in document["drift"]["columns"].values():
        column |= {"verdict": "stable", "change": "none", "psi_reading": "none"}
    document["drift"]["segments"] = {}
    document["performance"] |= {
        "metrics": {"accuracy": judged(0.834, 0.836)},
        "segments": {},
        "fairness": {},
        "coverage": {"reference": 0.97, "current": 0.97},
    }
    quality = document["quality"]
    quality["schema"] = {"missing": [], "unexpected": [], "retyped": [], "status": "pass"}
    quality["rules"] = []
    quality["scores"]["completeness"] |= {"current": 0.998, "status": "pass"}
    quality["columns"]["visib"] |= {"missing": limit(0.001, 0.001), "status": "pass"}
    document["checks"] = [check("drift", "temp", "ks", "pass")]
    document["summary"] = summarize(document)
    return document


def bare() -> Document:
    """Everything that may be null is null, everything that may be empty is empty."""
    nothing = {
        "value": None,
        "low": None,
        "high": None,
        "p_value": None,
        "n_reference": 0,
        "n_current": 0,
        "note": "no rows",
    }
    column = numeric_column(0.1, drifted=False) | {
        "verdict": "not_enough_data",
        "change": "unknown",
        "psi_reading": None,
        "p_value": None,
        "p_adjusted": None,
        "effect": {"metric": "ks", "value": None, "low": None, "high": None},
        "detectable": {"ks": None, "mean_shift": None, "power": 0.8, "text": None},
        "metrics": {"ks": nothing},
        "statistics": {
            side: {
                "rows": 0,
                "missing": 0,
                "infinities": 0,
                "distinct": None,
                "mean": None,
                "std": None,
                "min": None,
                "max": None,
                "p01": None,
                "p05": None,
                "p25": None,
                "p50": None,
                "p75": None,
                "p95": None,
                "p99": None,
            }
            for side in ("reference", "current")
        },
        "distribution": {
            "kind": "numeric",
            "edges": [],
            "reference": [],
            "current": [],
            "missing": [0.0, 0.0],
            "below": [0.0, 0.0],
            "above": [0.0, 0.0],
        },
    }
    document = comparison()
    document |= {
        "model": dict.fromkeys(document["model"])
        | {"name": "m", "classes": [], "segments": [], "sensitive": []},
        "reference": {"name": "r", "rows": 0, "labelled": 0, "start": None, "end": None},
        "current": {"name": "c", "rows": 1, "labelled": 0, "start": None, "end": None},
        "checks": [],
        "drift": document["drift"] | {"ranking": ["x"], "columns": {"x": column}, "segments": {}},
        "performance": None,
        "quality": {
            "scores": {
                name: {"reference": None, "current": None, "target": 0.99, "status": None, "n": 0}
                for name in document["quality"]["scores"]
            },
            "schema": {"missing": [], "unexpected": [], "retyped": [], "status": None},
            "columns": {
                "x": dict.fromkeys(document["quality"]["columns"]["temp"])
                | {"missing": dict.fromkeys(("reference", "current", "threshold", "status"))}
            },
            "rules": [],
            "duplicates": {
                "reference": None,
                "current": None,
                "kind": "rows",
                "exact": False,
                "status": None,
            },
        },
    }
    document["summary"] = summarize(document)
    return document


def unlabelled() -> Document:
    """A performance part in which every number is undefined, since no label has come."""
    document = comparison()
    empty = judged(None, None) | {"status": "not_enough_data", "note": "no labelled rows"}
    document["current"]["labelled"] = 0
    document["performance"] = dict.fromkeys(document["performance"]) | {
        "task": "binary",
        "metrics": {"precision": empty},
        "segments": {
            "origin": {
                "EWR": {"rows_reference": 0, "rows_current": 0, "metrics": {"precision": empty}}
            }
        },
        "coverage": {"reference": None, "current": 0.0},
        "fairness": {},
    }
    document["checks"] = []
    document["summary"] = summarize(document)
    return document


def hostile() -> Document:
    """Hostile names and values in every place that takes its text from the data."""
    document = comparison()
    drift, quality = document["drift"], document["quality"]
    columns = list(drift["columns"].values())
    drift["columns"] = {
        text: copy.deepcopy(columns[i % len(columns)])
        | {"reason": f"{text} moved.", "new_categories": [{"value": text, "rows": 1, "share": 0.1}]}
        for i, text in enumerate(HOSTILE)
    }
    drift["ranking"] = list(HOSTILE)
    quality["columns"] = {text: copy.deepcopy(quality["columns"]["visib"]) for text in HOSTILE}
    quality["schema"]["missing"] = list(HOSTILE)
    quality["rules"] = [
        quality["rules"][0] | {"name": text, "expression": text} for text in HOSTILE
    ]
    performance = document["performance"]
    segment = performance["segments"]["origin"]["EWR"]
    performance["segments"] = {text: {text: copy.deepcopy(segment)} for text in HOSTILE}
    drift["segments"] = {}
    document["checks"] = [
        check(
            "drift",
            text,
            "ks",
            "fail",
            message=f"{text} moved",
            segment={"column": text, "value": text},
        )
        for text in HOSTILE
    ]
    document["model"]["name"] = HOSTILE[0]
    document["current"]["name"] = HOSTILE[2]
    document["summary"] = summarize(document)
    return document


def track() -> Document:
    """Three weeks against one reference; the second has no labels, the third is worse."""
    point = estimate(0.61, low=0.59, high=0.63, status="pass")
    worse = estimate(0.48, low=0.46, high=0.50, status="fail")
    source = comparison()
    points = [point, None, worse]
    windows = [
        {
            "start": f"2013-04-{day:02}T00:00:00+00:00",
            "end": f"2013-04-{day + 7:02}T00:00:00+00:00",
            "name": f"2013-04-{day:02}",
            "rows": 6000,
            "labelled": 0 if index == 1 else 5800,
            "verdict": "drifted" if index else "stable",
            "status": "fail" if index else "pass",
            "drifted": index,
            "headline": "Something happened.",
            "report": None if index == 0 else f"2013-04-{day:02}.html",
        }
        for index, day in enumerate((1, 8, 15))
    ]
    document = {
        "schema_version": "1.0",
        "kind": "track",
        "generator": source["generator"],
        "model": source["model"],
        "reference": source["reference"],
        "every": "7d",
        "windows": windows,
        "performance": {
            "precision": {
                "reference": {"value": 0.61, "low": 0.60, "high": 0.62, "n": 78000},
                "direction": "higher",
                "unit": None,
                "points": points,
            }
        },
        "performance_segments": {"origin": {"EWR": {"precision": points}}},
        "drift": {
            name: {
                "kind": "numeric",
                "role": "feature",
                "metrics": {"ks": [0.01, None, top]},
                "effect_metric": "ks",
                "effect": [0.01, None, top],
                "low": [0.0, None, top - 0.01],
                "high": [0.02, None, top + 0.01],
                "verdicts": ["stable", "not_enough_data", "drifted"],
                "missing": [0.0, None, 0.0],
            }
            for name, top in (("temp", 0.5), ("dewp", 0.4))
        },
        "quality": {"completeness": [0.99, None, 0.95], "timeliness": [None, None, None]},
        "ranking": ["temp", "dewp"],
    }
    return {**document, "summary": summarize_track(document)}


ALL = {
    "comparison": comparison,
    "calm": calm,
    "bare": bare,
    "unlabelled": unlabelled,
    "hostile": hostile,
    "track": track,
}
"""Every kind of document, by name, as functions that make a fresh one."""
