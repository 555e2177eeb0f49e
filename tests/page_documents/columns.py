"""Drift of one column, and the parts that all documents share."""

from __future__ import annotations

from typing import Any

import numpy as np

Document = dict[str, Any]

VERSION = {"name": "watchkeeper", "version": "0.1.0"}

TOLERANCE = 0.05

MODEL = {
    "name": "flights-late", "task": "binary", "label": "late", "prediction": "pred",
    "score": "score", "timestamp": "time_hour", "classes": ["on time", "late"], "threshold": 0.5,
    "segments": ["origin", "carrier"], "sensitive": ["sex"],
}  # fmt: skip

NO_MODEL = {
    "name": None, "task": None, "label": None, "prediction": None, "score": None,
    "timestamp": None, "classes": [], "threshold": None, "segments": [], "sensitive": [],
}  # fmt: skip

NASTY = '</script><script>document.title="owned"</script><img src=x onerror=document.title="owned">'


def estimate(value: float | None, spread: float = 0.01, n: int = 80_000, **more: Any) -> Document:
    """A number with an interval of ± `spread`."""
    none = value is None
    found = {
        "value": None if none else round(value, 6),
        "low": None if none else round(value - spread, 6),
        "high": None if none else round(value + spread, 6),
        "p_value": None,
        "n_reference": n,
        "n_current": n // 3,
    }
    return found | more


def numeric_column(
    random: np.random.Generator, shift: float, *, bins: int = 40, rows: int = 20_000
) -> Document:
    """A numeric column whose current values moved by `shift` standard deviations."""
    reference = random.gamma(4.0, 5.0, rows)
    current = random.gamma(4.0, 5.0, rows * 2 // 5) + shift * reference.std()
    low, high = np.quantile(reference, [0.001, 0.999])
    edges = np.linspace(low, high, bins + 1)
    lost = (0.01, 0.01 + abs(shift) * 0.03)
    sides = {}
    for name, values, missing in (("reference", reference, lost[0]), ("current", current, lost[1])):
        keep = 1 - missing
        sides[name] = {
            "shares": (np.histogram(values, edges)[0] / len(values) * keep).round(6).tolist(),
            "below": round(float((values < low).mean() * keep), 6),
            "above": round(float((values > high).mean() * keep), 6),
            "statistics": statistics(values, missing),
        }
    grid = np.sort(np.concatenate([reference, current]))
    gaps = np.searchsorted(np.sort(reference), grid, "right") / len(reference)
    gaps = gaps - np.searchsorted(np.sort(current), grid, "right") / len(current)
    ks = float(np.abs(gaps).max())
    column = drift_of("numeric", "ks", ks)
    column["statistics"] = {side: sides[side]["statistics"] for side in sides}
    column["distribution"] = {
        "kind": "numeric",
        "edges": edges.round(5).tolist(),
        "reference": sides["reference"]["shares"],
        "current": sides["current"]["shares"],
        "missing": [round(part, 6) for part in lost],
        "below": [sides["reference"]["below"], sides["current"]["below"]],
        "above": [sides["reference"]["above"], sides["current"]["above"]],
    }
    return column


def statistics(values: np.ndarray, missing: float) -> Document:
    """The statistics table of one side."""
    quantiles = {
        f"p{q:02d}": float(np.quantile(values, q / 100)) for q in (1, 5, 25, 50, 75, 95, 99)
    }
    return {
        "rows": len(values), "missing": round(len(values) * missing), "mean": float(values.mean()),
        "std": float(values.std()), "min": float(values.min()), "max": float(values.max()),
        **quantiles, "zeros": 0, "infinities": 0, "distinct": len(np.unique(values)),
    }  # fmt: skip


def categorical_column(
    random: np.random.Generator, names: list[str], shift: float, *, new: float = 0.0
) -> Document:
    """A categorical column; `new` is the share of current rows in categories never seen."""
    before = random.dirichlet(np.ones(len(names)) * 3) * 0.99
    after = (1 - shift) * before + shift * np.roll(before, 1)
    after = after * (1 - new)
    distance = float(np.abs(before - after).sum() / 2 + new / 2)
    column = drift_of("categorical", "total_variation", distance)
    column["distribution"] = {
        "kind": "categorical",
        "categories": names,
        "reference": before.round(6).tolist(),
        "current": after.round(6).tolist(),
        "missing": [0.01, 0.01],
        "new": [0, new],
    }
    column["new_categories"] = [{"value": "ZZ", "rows": 412, "share": new}] if new else []
    column["statistics"] = {
        "reference": {"rows": 20_000, "missing": 200, "distinct": len(names)},
        "current": {"rows": 8_000, "missing": 80, "distinct": len(names) + bool(new)},
    }
    return column


def drift_of(kind: str, metric: str, effect: float) -> Document:
    """The verdict and the measures that go with an effect."""
    drifted = effect > TOLERANCE + 0.01
    harmless = not drifted and effect > 0.02
    p = 0.00001 if drifted else 0.4
    names = [
        "ks",
        "wasserstein",
        "psi",
        "psi_corrected",
        "jensen_shannon",
        "kl_divergence",
        "hellinger",
    ]
    metrics = {name: estimate(effect * (1 + place / 3)) for place, name in enumerate(names)}
    metrics["chi_squared"] = estimate(None, note="only for categories")
    metrics["missing_share"] = estimate(0.012, 0.002)
    return {
        "kind": kind,
        "role": "feature",
        "verdict": "drifted" if drifted else "stable",
        "change": "relevant" if drifted else "harmless" if harmless else "none",
        "psi_reading": "significant" if drifted else "none",
        "effect": {"metric": metric, "value": round(effect, 5), "low": round(effect * 0.9, 5),
                   "high": round(effect * 1.1, 5)},
        "p_value": p,
        "p_adjusted": p * 2,
        "reason": f"The values moved by {effect:.2f} of the whole range of shares; missing rose.",
        "detectable": {"ks": 0.06, "mean_shift": 0.15, "power": 0.8,
                       "text": "a shift of 0.15 reference standard deviations would have been seen "
                               "4 times in 5"},
        "metrics": metrics,
        "new_categories": [],
        "vanished_categories": [],
    }  # fmt: skip


def unmeasured_column(kind: str = "numeric") -> Document:
    """A column without a single value: every number is undefined."""
    column = drift_of(kind, "ks", 0.0)
    return column | {
        "verdict": "not_enough_data",
        "change": "unknown",
        "psi_reading": None,
        "effect": {"metric": "ks", "value": None, "low": None, "high": None},
        "p_value": None,
        "p_adjusted": None,
        "reason": "Not enough data: 0 values in the current data; 50 are needed to judge.",
        "detectable": None,
        "metrics": {name: estimate(None) for name in column["metrics"]},
        "statistics": {"reference": {"rows": 1, "missing": 1, "distinct": 0, "mean": None},
                       "current": {"rows": 1, "missing": 1, "distinct": 0, "mean": None}},
        "distribution": None,
    }  # fmt: skip
