"""The fields of many statistics of one kind as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.app.alarms.stacked.hours import Fields
from watchkeeper.core.envelope import ERROR_CLASSES, STAGES
from watchkeeper.profiles.categorical import Categorical
from watchkeeper.profiles.classification import Binary
from watchkeeper.profiles.durations import Durations
from watchkeeper.profiles.label_traffic import LabelTraffic
from watchkeeper.profiles.log_grid import BINS
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.regression import Regression
from watchkeeper.profiles.traffic import Traffic
from watchkeeper.profiles.weighted import Moments, Weighted

MOMENTS = ("batch_size", "tokens_in", "tokens_out", "concurrent", "queue_depth")
WEIGHTED = ("rows", "violating", "overflowing", "cache_known", "cache_hits")
LABELS = ("expected", "labelled", "corrected")
BINARY = (
    "rows", "labelled", "unknown", "log_loss", "log_loss_squares", "brier", "brier_squares",
    "outside",
)  # fmt: skip
_NUMERIC = (
    "rows", "nulls", "nans", "negative_infinities", "positive_infinities", "total", "squares",
)  # fmt: skip


def fields_of(statistics: Sequence[Any]) -> Fields:
    """The fields of statistics of one kind that the metrics of this folder read.

    Examples
    --------
    >>> held = fields_of([LabelTraffic(expected=Weighted(2, 2.0, 2.0))])
    >>> held["expected"].tolist()
    [[2.0, 2.0, 2.0]]
    """
    return _FIELDS[type(statistics[0])](statistics) if statistics else {}


def _numeric(parts: Sequence[Numeric]) -> Fields:
    return {
        **_numbers(parts, _NUMERIC),
        "minimum": _ends((part.minimum for part in parts), np.inf),
        "maximum": _ends((part.maximum for part in parts), -np.inf),
        "counts": _small(np.stack([part.counts for part in parts])),
    }


def _categorical(parts: Sequence[Categorical]) -> Fields:
    others = np.empty(len(parts), dtype=object)
    others[:] = [part.others for part in parts]
    return {
        **_numbers(parts, ("rows", "nulls", "other_rows")),
        "counts": _small(np.stack([part.counts for part in parts])),
        "others": others,
    }


def _binary(parts: Sequence[Binary]) -> Fields:
    return {
        **_numbers(parts, BINARY),
        "confusion": np.stack([part.confusion for part in parts]),
        "scores": np.stack([part.counts.sum(axis=1, keepdims=True) for part in parts]),
    }


def _regression(parts: Sequence[Regression]) -> Fields:
    return {
        **_numbers(parts, ("rows", "labelled")),
        "products": np.stack([part.products for part in parts]),
    }


def _traffic(parts: Sequence[Traffic]) -> Fields:
    nothing, untimed = Weighted(), Durations()
    found = {name: _weighted(getattr(part, name) for part in parts) for name in WEIGHTED}
    for name in ERROR_CLASSES:
        found[f"errors.{name}"] = _weighted(part.errors.get(name, nothing) for part in parts)
    for name in MOMENTS:
        found |= _moments(name, [getattr(part, name) for part in parts])
    found |= _durations("latency", [part.latency for part in parts])
    found |= _durations("arrival", [part.arrival for part in parts])
    for name in STAGES:
        found |= _durations(f"stages.{name}", [part.stages.get(name, untimed) for part in parts])
    found["heaviest"] = _ends((part.heaviest for part in parts), -np.inf)
    found["last"] = _ends((part.last for part in parts), -np.inf)
    return found


def _labels(parts: Sequence[LabelTraffic]) -> Fields:
    found = {name: _weighted(getattr(part, name) for part in parts) for name in LABELS}
    found["heaviest"] = _ends((part.heaviest for part in parts), -np.inf)
    return {**found, **_durations("delay", [part.delay for part in parts])}


def _weighted(held: Iterable[Weighted]) -> NDArray[np.float64]:
    return np.array([(one.rows, one.weight, one.squares) for one in held], dtype=np.float64)


def _moments(name: str, held: Sequence[Moments]) -> dict[str, NDArray[Any]]:
    sums = [
        (one.rows, one.weight, one.weight_squares, one.total, one.cross, one.squares)
        for one in held
    ]
    return {
        name: np.array(sums, dtype=np.float64),
        f"{name}.minimum": _ends((one.minimum for one in held), np.inf),
        f"{name}.maximum": _ends((one.maximum for one in held), -np.inf),
    }


def _durations(name: str, held: Sequence[Durations]) -> dict[str, NDArray[Any]]:
    """Moments and histograms over the whole grid."""
    counts = np.zeros((len(held), BINS), dtype=np.int64)
    weighted = any(one.weights.size for one in held)
    weights, squares = np.zeros((2, len(held), BINS if weighted else 0))
    for at, one in enumerate(held):
        bins = slice(one.first, one.first + one.counts.size)
        counts[at, bins] = one.counts
        if weighted:
            weights[at, bins], squares[at, bins] = one.bin_weights, one.bin_squares
    found = _moments(name, [one.moments for one in held])
    found[f"{name}.counts"] = _small(counts)
    if weighted:
        found[f"{name}.weights"], found[f"{name}.squares"] = weights, squares
    return found


def _numbers(parts: Sequence[Any], names: Iterable[str]) -> dict[str, NDArray[Any]]:
    return {name: np.array([getattr(part, name) for part in parts]) for name in names}


def _ends(values: Iterable[float | None], none: float) -> NDArray[np.float64]:
    return np.array([none if value is None else value for value in values], dtype=np.float64)


def _small(counts: NDArray[np.int64]) -> NDArray[Any]:
    """Counts in the fewest bytes that hold them: a year of hours is many."""
    most = int(counts.max(initial=0))
    return counts.astype(np.min_scalar_type(most)) if counts.min(initial=0) >= 0 else counts


_FIELDS: dict[type, Callable[[Any], Fields]] = {
    Numeric: _numeric,
    Categorical: _categorical,
    Binary: _binary,
    Regression: _regression,
    Traffic: _traffic,
    LabelTraffic: _labels,
}
