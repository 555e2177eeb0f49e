"""What each threshold of a binary model's score would have decided, from merged profiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from watchkeeper.app.live.measured import Measured
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import Window
from watchkeeper.metrics.intervals import wilson
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.classification import NEGATIVE, POSITIVE, Binary, BinaryLayout
from watchkeeper.profiles.parts import PERFORMANCE

Answer = dict[str, Any]

STEPS = 200
"""About so many thresholds, as even as the edges of the score's bins allow."""


def measure_decisions(measured: Measured, *, window: Window) -> Answer:
    """The confusion matrix at every threshold, in a window and in the reference.

    A row is decided positive where its score is at or above the threshold. Thresholds are edges
    of the score's bins, so all counts are exact; that of the model is among them.

    Raises
    ------
    InputError
        The model is not binary, has no score, or no reference.
    """
    layout = measured.layout.performance if measured.layout is not None else None
    if not isinstance(layout, BinaryLayout) or layout.grid is None:
        raise InputError(
            f"thresholds need a binary model with a score and a reference; {measured.model!r} is "
            "none such"
        )
    read = measured.steps(window, None, free=(), held=(PERFORMANCE,))
    current = read[0][1].get(PERFORMANCE) if read else None
    before = measured.compared_with(window, (PERFORMANCE,)).get(PERFORMANCE)
    places = _places(layout.grid.edges, layout.threshold)
    return {
        "model": measured.model,
        "version": measured.version,
        "segment": None if measured.segment is None else ":".join(measured.segment),
        "window": {"start": window.start, "end": window.end},
        "classes": list(layout.classes),
        "threshold": layout.threshold,
        "thresholds": layout.grid.edges[places].tolist(),
        "current": _decided(current, places),
        "reference": _decided(before, places),
    }


def _places(edges: Floats, threshold: float) -> Ints:
    """Which edges are shown: those next to even steps from 0 to 1, and the model's threshold."""
    wanted = np.append(np.linspace(0.0, 1.0, STEPS + 1), threshold)
    near = np.abs(edges[:, None] - wanted[None, :]).argmin(axis=0)
    found: Ints = np.unique(near[(edges[near] >= 0) & (edges[near] <= 1)]).astype(np.int64)
    return found


def _decided(part: object, places: Ints) -> Answer | None:
    """Counts at each threshold, with precision and recall; None without labelled rows."""
    if not isinstance(part, Binary) or not part.scored:
        return None
    # Bin i + 1 begins at edge i, so all bins after it are at or above that edge.
    above = part.counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, places + 1]
    tp, fp = above[POSITIVE], above[NEGATIVE]
    positives, negatives = int(part.counts[POSITIVE].sum()), int(part.counts[NEGATIVE].sum())
    return {
        "labelled": positives + negatives,
        "rows": int(part.counts.sum()),
        "tp": tp.tolist(),
        "fp": fp.tolist(),
        "fn": (positives - tp).tolist(),
        "tn": (negatives - fp).tolist(),
        "flagged": above.sum(axis=0).tolist(),
        "precision": [_share(hit, hit + miss) for hit, miss in _pairs(tp, fp)],
        "recall": [_share(hit, positives) for hit in tp.tolist()],
    }


def _pairs(one: Ints, other: Ints) -> list[tuple[int, int]]:
    return list(zip(one.tolist(), other.tolist(), strict=True))


def _share(hits: int, rows: int) -> Answer:
    """A share with its interval; None where it is of no rows."""
    if not rows:
        return {"value": None, "low": None, "high": None, "n": 0}
    low, high = wilson(hits, rows)
    return {"value": hits / rows, "low": low, "high": high, "n": rows}
