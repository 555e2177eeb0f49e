"""Performance of a model that got worse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.page_documents.columns import Document, estimate


def plain(metric: Document) -> Document:
    """The part of a metric that has no better direction and no check."""
    return {key: metric[key] for key in (*estimate(0.0), "reference", "change")}


def performance(random: np.random.Generator) -> Document:
    """The performance of a binary classifier that got worse."""
    before = {"precision": 0.61, "recall": 0.52, "f1": 0.561, "accuracy": 0.81, "roc_auc": 0.79,
              "pr_auc": 0.58, "log_loss": 0.43, "brier": 0.139, "ece": 0.021}  # fmt: skip
    after = {"precision": 0.483, "recall": 0.498, "f1": 0.490, "accuracy": 0.788, "roc_auc": 0.741,
             "pr_auc": 0.47, "log_loss": 0.497, "brier": 0.158, "ece": 0.064}  # fmt: skip
    lower = {"log_loss", "brier", "ece"}

    def metric(name: str, shift: float = 0.0, spread: float = 0.012) -> Document:
        now, then = after[name] + shift, before[name] + shift / 3
        moved = round(now - then, 4)
        return estimate(now, spread, 27_000) | {
            "reference": {"value": then, "low": then - spread / 2, "high": then + spread / 2,
                          "n": 78_000},
            "change": {"value": moved, "low": moved - spread, "high": moved + spread,
                       "p_value": 0.0001},
            "direction": "lower" if name in lower else "higher",
            "unit": "share" if name not in lower else None,
            "status": "fail" if name == "precision" else "pass",
            "method": "Wilson score",
        }  # fmt: skip

    origins = {"EWR": -0.08, "JFK": 0.01, "LGA": -0.02}
    bins = np.linspace(0, 1, 11)
    curve = np.linspace(0, 1, 50)

    def calibration(skew: float) -> list[Document]:
        return [
            {"low": round(float(low), 2), "high": round(float(low + 0.1), 2),
             "mean_score": round(float(low + 0.05), 3),
             "rate": round(float((low + 0.05) ** skew), 4),
             "rate_low": round(max(0.0, float((low + 0.05) ** skew - 0.02 - low / 20)), 4),
             "rate_high": round(float((low + 0.05) ** skew + 0.02 + low / 20), 4),
             "n": int(20_000 * (1 - low) ** 5) + 12}
            for low in bins[:-1]
        ]  # fmt: skip

    def points(height: Callable[[np.ndarray], np.ndarray]) -> list[list[float]]:
        return np.column_stack([curve, height(curve)]).round(4).tolist()

    return {
        "task": "binary",
        "metrics": {name: metric(name) for name in before},
        "segments": {
            "origin": {
                value: {"rows_reference": 26_000, "rows_current": 9_000,
                        "metrics": {name: metric(name, shift) for name in list(before)[:4]}}
                for value, shift in origins.items()
            },
            "carrier": {
                value: {"rows_reference": 4_000, "rows_current": int(random.integers(8, 1_500)),
                        "metrics": {name: metric(name, float(random.normal(0, 0.04)), 0.05)
                                    for name in list(before)[:4]}}
                for value in ("AA", "B6", "DL", "EV", "MQ", "UA", "US", "WN")
            },
        },
        "coverage": {"reference": 0.966, "current": 0.951},
        "confusion": {"labels": ["on time", "late"],
                      "reference": [[55_210, 5_012], [8_556, 9_272]],
                      "current": [[18_402, 3_006], [3_205, 3_180]]},
        "calibration": {"reference": calibration(1.05), "current": calibration(1.4)},
        "roc": {"reference": points(lambda x: x**0.28), "current": points(lambda x: x**0.36)},
        "pr": {"reference": points(lambda x: 1 - 0.78 * x**1.3),
               "current": points(lambda x: 0.92 - 0.72 * x)},
        "confidence": {
            side: {"mean": mean, "low_share": low, "below": 0.6,
                   "counts": [0] * 10 + [900, 1_000, 1_300, 1_700, 2_100, 2_600, 3_300, 4_000,
                                         4_200, 1_100]}
            for side, mean, low in (("reference", 0.79, 0.1), ("current", 0.77, 0.15))
        },
        "prediction": {label: plain(metric("accuracy")) for label in ("on time", "late")},
        "classes": None,
        "errors": None,
        "error_quantiles": None,
        "fairness": {
            "sex": {
                "demographic_parity_difference": metric("ece"),
                "equal_opportunity_difference": metric("ece", 0.02),
                "groups": {
                    "F": {"rows": 13_000, "labelled": 12_400, "selection_rate": estimate(0.21),
                          "tpr": estimate(0.5), "fpr": estimate(0.13)},
                    "M": {"rows": 14_000, "labelled": 13_100, "selection_rate": estimate(0.27),
                          "tpr": estimate(0.55), "fpr": None},
                },
            }
        },
    }  # fmt: skip
