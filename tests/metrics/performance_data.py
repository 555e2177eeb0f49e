"""Rows of each task, and their layout and statistic."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from watchkeeper.core.model import Model, Task
from watchkeeper.profiles.performance import fit_performance, measure_performance

BINARY = Model("m", (), task=Task.BINARY, label="y", prediction="p", score="s")
NAMES = ("a", "b", "c", "d")
MULTICLASS = Model(
    "m",
    (),
    task=Task.MULTICLASS,
    label="y",
    prediction="p",
    scores=tuple((name, f"s_{name}") for name in NAMES),
)
REGRESSION = Model("m", (), task=Task.REGRESSION, label="y", prediction="p")
RANKING = Model("m", (), task=Task.RANKING, label="y", score="s", group="q", ranks=(3, 5))


def held(model, rows, reference=None):
    """The layout that the reference (or the rows) gives, and the statistic of the rows."""
    rows = pa.record_batch(rows) if isinstance(rows, dict) else rows
    sample = rows if reference is None else reference
    sample = pa.record_batch(sample) if isinstance(sample, dict) else sample
    layout = fit_performance(model, pa.Table.from_batches([sample]))
    assert layout is not None
    return layout, measure_performance(layout, model, rows)


def binary_rows(rng, n, *, base=-1.0, separation=1.5):
    """Calibrated scores: normal features shifted by the class, and the posterior."""
    y = rng.random(n) < 1 / (1 + np.exp(-base))
    x = rng.normal(size=n) + separation * y
    score = 1 / (1 + np.exp(-(separation * x - separation**2 / 2 + base)))
    return {"y": y.astype(np.int64), "s": score, "p": (score >= 0.5).astype(np.int64)}


def multiclass_rows(rng, n, *, sharpness=2.0):
    """Calibrated probabilities of four classes, the last one rare."""
    z = rng.normal(size=(n, 4)) * sharpness + np.array([1.0, 0.0, 0.0, -2.0])
    chances = np.exp(z)
    chances /= chances.sum(axis=1, keepdims=True)
    y = (chances.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, 3)
    names = np.array(NAMES)
    columns = {f"s_{name}": chances[:, place] for place, name in enumerate(NAMES)}
    return {"y": names[y], "p": names[chances.argmax(axis=1)], **columns}


def chances_of(rows):
    """The probabilities of multi-class rows, shape (rows, classes)."""
    return np.stack([rows[f"s_{name}"] for name in NAMES], axis=1)


def regression_rows(rng, n):
    """Skewed positive labels with errors of uneven size."""
    y = 5 + rng.gamma(2.0, 10.0, n)
    return {"y": y, "p": y + rng.normal(size=n) * 3 * np.exp(0.3 * rng.normal(size=n))}


def ranking_rows(rng, queries, *, size=10):
    """Graded relevance, rare, and scores that know of it."""
    n = queries * size
    y = (rng.random(n) < 0.15) * rng.integers(1, 4, n)
    return {"q": np.repeat(np.arange(queries), size), "y": y, "s": 0.7 * y + rng.normal(size=n)}
