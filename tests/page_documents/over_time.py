"""A model over many windows."""

from __future__ import annotations

import numpy as np

from tests.page_documents.columns import MODEL, TOLERANCE, VERSION, Document, estimate
from tests.page_documents.comparison import WEATHER


def track(seed: int = 3, *, windows: int = 40, features: int = 18) -> Document:
    """A model over time, with a month that goes wrong, a gap and windows of few rows."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2013-04-01") + 7 * np.arange(windows + 1)
    rows = [0 if n == 12 else 40 if n in (20, 21) else int(random.integers(6_000, 7_500))
            for n in range(windows)]  # fmt: skip
    season = np.sin(np.arange(windows) / windows * np.pi)

    def points(level: float, fall: float) -> list[Document]:
        found = []
        for n in range(windows):
            value = None if not rows[n] else level - fall * season[n] + random.normal(0, 0.008)
            spread = 0.15 if 0 < rows[n] < 100 else 0.015
            found.append(estimate(value, spread, 240_000) | {"n_current": rows[n]})
        return found

    def column(place: int) -> Document:
        effects = [
            None
            if not rows[n]
            else round(
                max(0.004, float(season[n] * 0.6 / (1 + place) + random.normal(0, 0.008))), 4
            )
            for n in range(windows)
        ]
        verdicts = [
            "not_enough_data"
            if each is None or rows[n] < 100
            else "drifted"
            if each > TOLERANCE
            else "stable"
            for n, each in enumerate(effects)
        ]
        return {"kind": "numeric", "role": "feature", "metrics": {"ks": effects}, "effect": effects,
                "low": [None if each is None else each * 0.8 for each in effects],
                "high": [None if each is None else each * 1.2 for each in effects],
                "verdicts": verdicts,
                "missing": [None if not rows[n] else round(0.01 + 0.05 * (place == 1 and n > 25), 3)
                            for n in range(windows)]}  # fmt: skip

    names = (WEATHER + [f"feature_{n:03d}" for n in range(features)])[:features]
    drift = {name: column(place) for place, name in enumerate(names)}
    drifted = [sum(each["verdicts"][n] == "drifted" for each in drift.values())
               for n in range(windows)]  # fmt: skip
    metrics = {"precision": (0.61, 0.14, "higher"), "recall": (0.52, 0.06, "higher"),
               "roc_auc": (0.79, 0.06, "higher"), "log_loss": (0.43, -0.07, "lower")}  # fmt: skip
    return {
        "schema_version": "1.0", "kind": "track", "generator": VERSION,
        "model": MODEL,
        "reference": {"name": "2013-01..2013-03", "rows": 80_789, "labelled": 78_050,
                      "start": "2013-01-01T00:00:00Z", "end": "2013-04-01T00:00:00Z"},
        "every": "7d",
        "summary": {
            "verdict": "drifted", "status": "fail",
            "headline": "Precision was below its reference of 0.61 in 28 of 39 weeks, least in the "
                        "week of 12 August (0.46); temp and dewp drifted from May to November.",
            "sentences": ["The week of 24 June has no rows; two weeks have but 40 each."],
            "warnings": [],
        },
        "windows": [
            {"start": f"{start[n]}T00:00:00Z", "end": f"{start[n + 1]}T00:00:00Z",
             "name": str(start[n]), "rows": rows[n], "labelled": int(rows[n] * 0.95),
             "verdict": "not_enough_data" if rows[n] < 100 else
                        "drifted" if drifted[n] else "stable",
             "status": "fail" if drifted[n] else "pass", "drifted": drifted[n],
             "headline": f"{drifted[n]} of {len(names)} columns drifted." if rows[n] else "No row.",
             "report": f"{start[n]}.html" if rows[n] else None}
            for n in range(windows)
        ],
        "performance": {
            name: {"reference": {"value": level, "low": level - 0.005, "high": level + 0.005,
                                 "n": 78_050},
                   "direction": direction, "unit": None,
                   "points": points(level, fall)}
            for name, (level, fall, direction) in metrics.items()
        },
        "performance_segments": {"origin": {
            value: {"precision": points(0.6, fall)}
            for value, fall in (("EWR", 0.2), ("JFK", 0.05), ("LGA", 0.12))}},
        "drift": drift,
        "quality": {"completeness": [None if not each else 0.985 for each in rows],
                    "validity": [None if not each else 0.99 - 0.001 * n
                                 for n, each in enumerate(rows)]},
        "ranking": names,
    }  # fmt: skip
