"""Data quality with some checks broken."""

from __future__ import annotations

from tests.page_documents.columns import Document


def quality(columns: list[str]) -> Document:
    """Scores, schema, columns and rules, some of them broken."""

    def column(place: int) -> Document:
        broken = place == 2
        return {
            "missing": {"reference": 0.01, "current": 0.09 if broken else 0.012, "threshold": 0.05,
                        "status": "fail" if broken else "pass"},
            "out_of_range": {"reference": 0.0, "current": 0.0031, "threshold": 0.01,
                             "status": "pass"} if place % 2 else None,
            "unseen": None,
            "infinities": {"reference": 0, "current": 3 if place == 4 else 0},
            "nans": {"reference": 0, "current": 0},
            "constant": {"reference": False, "current": place == 5,
                         "status": "warn" if place == 5 else "pass"},
            "cardinality": None if place % 2 else {"reference": 16, "current": 15,
                                                   "threshold": 0.1, "status": "pass"},
            "pattern": None,
            "length": None,
            "status": "fail" if broken else "warn" if place == 5 else "pass",
        }  # fmt: skip

    return {
        "scores": {
            "completeness": {"reference": 0.985, "current": 0.952, "target": 0.99,
                             "status": "fail", "n": 480_000},
            "accuracy": {"reference": 0.999, "current": 0.9962, "target": 0.95, "status": "pass",
                         "n": 240_000},
            "consistency": {"reference": 1.0, "current": 0.99996, "target": 0.99,
                            "status": "pass", "n": 54_000},
            "timeliness": {"reference": None, "current": None, "target": 24, "status": None,
                           "n": 0},
            "validity": {"reference": 0.997, "current": 0.981, "target": 0.95, "status": "pass",
                         "n": 54_000},
        },
        "schema": {"missing": ["gust"], "unexpected": ["wind_gust"],
                   "retyped": [{"column": "flight", "expected": "bigint", "got": "string"}],
                   "status": "fail"},
        "columns": {name: column(place) for place, name in enumerate(columns)},
        "rules": [
            {"name": "positive distance", "expression": "distance > 0", "rows": 27_000,
             "failed": 0, "unknown": 0, "share_passed": 1.0, "target": 1.0, "status": "pass",
             "severity": "critical"},
            {"name": "arrives after it departs",
             "expression": "arr_time > dep_time || arr_time < 600",
             "rows": 27_000, "failed": 318, "unknown": 411, "share_passed": 0.988, "target": 0.99,
             "status": "fail", "severity": "warning"},
        ],
        "duplicates": {"reference": 0.0, "current": 0.00042, "kind": "rows", "exact": True,
                       "status": "pass"},
    }  # fmt: skip
