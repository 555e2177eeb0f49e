"""What a reader sees of a column: its distribution on a few common bins, and its statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from watchkeeper.core.errors import ProfileError
from watchkeeper.core.estimate import finite
from watchkeeper.core.model import Column
from watchkeeper.profiles.base import Floats
from watchkeeper.profiles.categorical import Categorical, Vocabulary
from watchkeeper.profiles.grid import Grid
from watchkeeper.profiles.layout import OTHER, Axis
from watchkeeper.profiles.numeric import Numeric
from watchkeeper.profiles.profile import ColumnStatistic

BINS = 32
"""Bins in the picture of a numeric column."""

CATEGORIES = 30
"""Bars in the picture of a categorical column."""

_QUANTILES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95,
              "p99": 0.99}  # fmt: skip


def distribution(
    column: Column, axis: Axis, reference: ColumnStatistic, current: ColumnStatistic
) -> dict[str, Any]:
    """The shares of both sides on common bins; with missing values they add up to 1."""
    match axis, reference, current:
        case Grid(), Numeric(), Numeric():
            return {"kind": str(column.kind), **_numeric(axis, reference, current)}
        case Vocabulary(), Categorical(), Categorical():
            return {"kind": "categorical", **_categorical(axis, reference, current)}
    raise ProfileError(f"column {column.name!r} was not counted as its layout says")


def over_time(
    column: Column, axis: Axis, reference: ColumnStatistic | None, steps: Sequence[ColumnStatistic]
) -> dict[str, Any]:
    """The shares of many steps, and of the reference, on common bins.

    Returns
    -------
    dict
        `kind`; `edges` of numbers or `categories`, the other None; `reference` and each of
        `steps`: `shares`, and beside them `missing`, `below`, `above` and `new`.
    """
    sides = [*steps, *([] if reference is None else [reference])]
    if isinstance(axis, Grid):
        numbers = [side for side in sides if isinstance(side, Numeric)]
        edges = _display_edges(axis, numbers)
        told = [_binned(axis, edges, side) for side in numbers]
        bins: dict[str, Any] = {"edges": edges.tolist(), "categories": None}
    else:
        words = [side for side in sides if isinstance(side, Categorical)]
        shown, names = _displayed(axis, words)
        known = reference.others if isinstance(reference, Categorical) else {}
        told = [_counted(axis, shown, known, side) for side in words]
        if any(side["shares"][-1] for side in told):
            names.append(OTHER)
        else:
            told = [{**side, "shares": side["shares"][:-1]} for side in told]
        bins = {"edges": None, "categories": names}
    if len(told) != len(sides):
        raise ProfileError(f"column {column.name!r} was not counted as its layout says")
    before = None if reference is None else told.pop()
    return {"kind": str(column.kind), **bins, "reference": before, "steps": told}


def statistics(axis: Axis, held: ColumnStatistic) -> dict[str, Any]:
    """Rows, missing values, and what describes the rest."""
    if isinstance(held, Categorical) or not isinstance(axis, Grid):
        distinct = held.distinct() if isinstance(held, Categorical) else None
        return {"rows": held.rows, "missing": held.nulls, "distinct": distinct}
    return {
        "rows": held.rows,
        "missing": held.missing,
        "infinities": held.infinities,
        "mean": held.mean(axis),
        "std": held.std(axis),
        "min": held.minimum,
        "max": held.maximum,
        **{name: finite(held.quantile(axis, share)) for name, share in _QUANTILES.items()},
        "distinct": int(np.count_nonzero(held.counts)) if axis.discrete else None,
    }


def _numeric(grid: Grid, reference: Numeric, current: Numeric) -> dict[str, Any]:
    edges = _display_edges(grid, (reference, current))
    out: dict[str, Any] = {"edges": [float(f"{edge:.6g}") for edge in edges]}
    if np.unique(out["edges"]).size != len(edges):
        out["edges"] = edges.tolist()
    below, above, missing = [], [], []
    for name, side in (("reference", reference), ("current", current)):
        rows = max(side.rows, 1)
        upto = side.below(grid, edges)
        out[name] = _shares(np.diff(upto) / rows)
        below.append(_share((upto[0] + side.negative_infinities) / rows))
        above.append(_share((side.finite - upto[-1] + side.positive_infinities) / rows))
        missing.append(_share(side.missing / rows))
    return {**out, "missing": missing, "below": below, "above": above}


def _binned(grid: Grid, edges: Floats, side: Numeric) -> dict[str, Any]:
    """One side of a numeric column as shares."""
    rows = max(side.rows, 1)
    upto = side.below(grid, edges)
    return {
        "shares": _shares(np.diff(upto) / rows),
        "missing": _share(side.missing / rows),
        "below": _share((upto[0] + side.negative_infinities) / rows),
        "above": _share((side.finite - upto[-1] + side.positive_infinities) / rows),
        "new": 0.0,
    }


def _displayed(
    vocabulary: Vocabulary, sides: Sequence[Categorical]
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], list[str]]:
    """The most frequent categories of any side, in the order of the vocabulary."""
    shares = np.stack([side.counts / max(side.rows, 1) for side in sides])
    shown = np.sort(np.argsort(-shares.max(axis=0), kind="stable")[:CATEGORIES]).astype(np.int64)
    return shown, [vocabulary.values[index] for index in shown.tolist()]


def _counted(
    vocabulary: Vocabulary,
    shown: np.ndarray[Any, np.dtype[np.int64]],
    known: Mapping[str, int],
    side: Categorical,
) -> dict[str, Any]:
    """One side of a categorical column as shares; the last share is that of all not shown."""
    rows = max(side.rows, 1)
    new = sum(count for value, count in side.others.items() if value not in known)
    new += side.other_rows - sum(side.others.values()) if not known else 0
    rest = np.setdiff1d(np.arange(len(vocabulary.values)), shown)
    left = int(side.counts[rest].sum()) + side.other_rows - new
    return {
        "shares": _shares(np.append(side.counts[shown], left) / rows),
        "missing": _share(side.nulls / rows),
        "below": 0.0,
        "above": 0.0,
        "new": _share(new / rows),
    }


def _display_edges(grid: Grid, sides: Sequence[Numeric]) -> Floats:
    """Equal bins over the middle 99 % of all sides; a bin a value for a few whole numbers."""
    lows = [q for side in sides if (q := side.quantile(grid, 0.005)) is not None]
    highs = [q for side in sides if (q := side.quantile(grid, 0.995)) is not None]
    if not lows:
        return np.array([0.0, 1.0])
    low, high = min(lows), max(highs)
    values = grid.edges[:-1][grid.atoms[1:-1]]
    whole = grid.discrete and bool(np.all(values == np.round(values)))
    if whole and high - low < 2 * BINS:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    inside = values[(values >= low) & (values <= high)]
    if grid.discrete and inside.size > 1 and high <= grid.high and low >= grid.low:
        return _between(inside)
    if not high > low:
        spread = max(abs(low) * 1e-6, 0.5 if abs(low) < 1e12 else 0.0)
        return np.array([low - spread, low + spread])
    edges = np.linspace(low, high, BINS + 1)
    edges[-1] = np.nextafter(high, np.inf)
    return np.unique(edges)


def _between(values: Floats) -> Floats:
    """Edges halfway between a few values, several of them in a bin where they are many."""
    middles = (values[1:] + values[:-1]) / 2
    ends = values[0] - (middles[0] - values[0]), values[-1] + (values[-1] - middles[-1])
    edges = np.concatenate(([ends[0]], middles, [ends[1]]))
    every = -(-(edges.size - 1) // BINS)
    return np.append(edges[:-1:every], edges[-1])


def _categorical(
    vocabulary: Vocabulary, reference: Categorical, current: Categorical
) -> dict[str, Any]:
    """The most frequent categories of either side, the rest together, and what is new."""
    before, now = max(reference.rows, 1), max(current.rows, 1)
    known = len(vocabulary.values)
    shares = np.stack((reference.counts / before, current.counts / now))
    shown = np.sort(np.argsort(-shares.max(axis=0), kind="stable")[:CATEGORIES])
    rest = np.setdiff1d(np.arange(known), shown)
    names = [vocabulary.values[index] for index in shown.tolist()]
    new = sum(n for value, n in current.others.items() if value not in reference.others)
    new += current.other_rows - sum(current.others.values())
    if reference.truncated:
        new = 0
    sides = [shares[0][shown], shares[1][shown]]
    left = [
        shares[0][rest].sum() + reference.other_rows / before,
        shares[1][rest].sum() + (current.other_rows - new) / now,
    ]
    if any(left):
        names.append(OTHER)
        sides = [np.append(side, share) for side, share in zip(sides, left, strict=True)]
    return {
        "categories": names,
        "reference": _shares(sides[0]),
        "current": _shares(sides[1]),
        "missing": [_share(reference.nulls / before), _share(current.nulls / now)],
        "new": [0.0, _share(new / now)],
    }


def _share(value: float) -> float:
    """A share to four digits: a picture needs no more."""
    return float(f"{value:.4g}")


def _shares(values: Floats) -> list[float]:
    return [_share(value) for value in values.tolist()]
